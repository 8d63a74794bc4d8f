// One question and its answer, with the sources in the margin.
import { renderAnswer } from "./answer.js";
import { fill, h, icon } from "./dom.js";
import { plural } from "./format.js";

let turns = 0;

/** A question, and the place where its answer appears. */
export class Turn {
  /**
   * @param {string} question
   * @param {{show: (citation: any, opener: HTMLElement) => void, retry: (turn: Turn) => void, modelName: (id: string) => string}} page
   */
  constructor(question, page) {
    this.question = question;
    this.page = page;
    this.text = "";
    /** @type {any[]} */
    this.citations = [];
    this.id = ++turns;
    this.answer = h("div", { class: "answer" });
    this.foot = h("div", { class: "answer-foot" });
    this.main = h("div", {}, this.answer, this.foot);
    this.sources = h("aside", { class: "sources", "aria-label": `Sources of answer ${this.id}`, hidden: true });
    this.element = h("article", { class: "turn", "aria-labelledby": `question-${this.id}` },
      h("h2", { id: `question-${this.id}` }, question),
      h("div", { class: "turn-body" }, this.main, this.sources));
  }

  /** What happens before the first word. @param {string} text */
  status(text) {
    if (this.text === "") fill(this.answer, h("p", { class: "status-line" }, text));
  }

  /** @param {string} delta */
  write(delta) {
    this.text += delta;
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      if (this.ended) return;
      this.answer.classList.add("streaming");
      this.draw();
    });
  }

  cite(citation) {
    this.citations.push(citation);
    this.drawSources();
    if (this.text !== "") this.draw();
  }

  /** The whole answer, as the server stored it. */
  finish(result) {
    this.end();
    this.text = result.answer ?? result.content ?? this.text;
    this.citations = result.citations ?? this.citations;
    this.unsupported = result.unsupported_sentences ?? [];
    if (result.outcome === "unsupported") return this.nothing();
    this.draw();
    this.drawSources();
    const notes = [
      result.model && this.page.modelName(result.model),
      result.degraded && "The model did not answer: these are quotes from your documents",
      (result.outcome === "partial" || result.truncated) && "Broken off before the end",
      this.unsupported.length > 0 && `${plural(this.unsupported.length, "sentence")} without support in the sources`,
    ].filter(Boolean);
    fill(this.foot, h("span", {}, notes.join(" · ")));
  }

  nothing() {
    fill(this.answer, h("div", { class: "nothing" },
      h("strong", {}, "Not in your documents"),
      h("p", {}, this.text || "Nothing that you can see supports an answer to this."),
      h("p", {}, "Try other words, or upload the document that says it.")));
    fill(this.foot);
    this.sources.hidden = true;
  }

  stopped() {
    this.end();
    if (this.text === "") fill(this.answer);
    else this.draw();
    fill(this.foot, h("span", {}, "Stopped"), this.again());
  }

  /** @param {Error} fault */
  fail(fault) {
    this.end();
    if (this.text === "") fill(this.answer);
    else this.draw();
    fill(this.foot);
    this.main.append((this.error = h("div", { class: "notice bad", role: "alert" }, icon("alert"), h("span", {}, fault.message), this.again())));
  }

  again() {
    return h("button", { type: "button", class: "button small", onclick: () => this.page.retry(this) }, "Ask again");
  }

  reset() {
    this.ended = false;
    this.text = "";
    this.citations = [];
    this.unsupported = [];
    this.error?.remove();
    fill(this.foot);
    fill(this.answer);
    this.drawSources();
  }

  end() {
    this.ended = true;
    this.answer.classList.remove("streaming");
  }

  draw() {
    fill(this.answer, renderAnswer(this.text, { citation: (number) => this.chip(number), unsupported: this.unsupported }));
  }

  chip(number) {
    const citation = this.citations.find((one) => one.number === number);
    if (!citation) return h("span", { class: "cite-gone" }, `[${number}]`);
    const chip = h("button", {
      type: "button", class: "cite", "data-number": number, "aria-expanded": "false",
      "aria-label": `Source ${number}: ${citation.title}, page ${citation.page}`,
      onclick: () => this.page.show(citation, chip), ...this.link(number),
    }, number);
    return chip;
  }

  drawSources() {
    const shown = [...this.citations].sort((a, b) => a.number - b.number);
    this.sources.hidden = shown.length === 0;
    fill(this.sources, h("h3", {}, plural(shown.length, "source")), shown.map((citation) => {
      const card = h("button", {
        type: "button", class: "source", "data-number": citation.number, "aria-expanded": "false",
        onclick: () => this.page.show(citation, card), ...this.link(citation.number),
      },
        h("span", { class: "number" }, citation.number),
        h("span", { class: "title" }, citation.title),
        h("span", { class: "page" }, `Page ${citation.page}`),
        h("span", { class: "quote" }, citation.quote));
      return card;
    }));
  }

  /** Chip and card light up together. */
  link(number) {
    const light = (on) => () => {
      for (const one of this.element.querySelectorAll(`[data-number="${number}"]`)) one.classList.toggle("linked", on);
    };
    return { onpointerenter: light(true), onpointerleave: light(false), onfocus: light(true), onblur: light(false) };
  }
}
