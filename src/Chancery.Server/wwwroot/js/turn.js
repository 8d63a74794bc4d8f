// One place of a conversation: a question with its answer and sources, and the earlier takes of it.
import { renderAnswer } from "./answer.js";
import { fill, h, icon } from "./dom.js";
import { Thumbs } from "./thumbs.js";
import { plural } from "./format.js";
import { Reasoning } from "./reasoning.js";

let turns = 0;

/** Where a citation leads, as people say it: "Page 3", "Slide 3", "Sheet Costs, B4:D9". @param {any} citation */
export function placeOf(citation) {
  const { page_label: label, place } = citation;
  if (label && place) return place.startsWith(label) ? place : `${label}, ${place}`;
  return label ?? place ?? `Page ${citation.page}`;
}

/** An answer as plain text, its sources numbered below. @param {{text: string, citations: any[]}} take */
export function asText(take) {
  const sources = [...take.citations].sort((a, b) => a.number - b.number)
    .map((citation) => `[${citation.number}] ${citation.title}, ${placeOf(citation)} (version ${citation.version}): “${citation.quote.replaceAll(/\s+/g, " ").trim()}”`);
  return [take.text.trim(), sources.length > 0 && `Sources\n${sources.join("\n")}`].filter(Boolean).join("\n\n");
}

/** A question as it was asked, and what became of it. */
class Take {
  constructor(question, asked) {
    this.question = question;
    this.asked = asked ?? {};
    this.questionId = null;
    this.text = "";
    /** @type {any[]} */
    this.citations = [];
    this.unsupported = [];
    this.reasoning = new Reasoning();
    this.outcome = null;
    this.state = "asking";
  }
}

export class Turn {
  /**
   * @param {{show: (citation: any, opener: HTMLElement) => void, again?: (turn: Turn) => void, edit?: (turn: Turn) => void,
   *   copied?: (text: string) => void, rate?: (answer: string, feedback: {rating: string, comment?: string} | null) => Promise<void>, modelName: (id: string) => string, about?: (asked: any) => string[]}} page
   */
  constructor(page) {
    this.page = page;
    /** @type {Take[]} */
    this.takes = [];
    this.at = -1;
    this.threadId = null;
    this.id = ++turns;
    this.heading = h("h2", { id: `question-${this.id}` });
    this.about = h("p", { class: "asked-about", hidden: true });
    this.note = h("div", { class: "answer-note" });
    this.thinking = h("div", { class: "thinking" });
    this.answer = h("div", { class: "answer" });
    this.foot = h("div", { class: "answer-foot" });
    this.main = h("div", {}, this.note, this.thinking, this.answer, this.foot);
    this.sources = h("aside", { class: "sources", "aria-label": `Sources of answer ${this.id}`, hidden: true });
    this.element = h("article", { class: "turn", "aria-labelledby": `question-${this.id}` },
      this.heading, this.about, h("div", { class: "turn-body" }, this.main, this.sources));
  }

  get take() {
    return this.takes[this.at];
  }

  get question() {
    return this.take.question;
  }

  /** A question that takes this place; what stood here stays readable. */
  begin(question, asked) {
    // What never reached the server is nowhere to be read again.
    if (this.last && !this.last.questionId) this.takes.pop();
    this.takes.push(new Take(question, asked));
    this.at = this.takes.length - 1;
    this.draw();
  }

  /** An exchange that was stored. @param {any} message the question @param {any} [answer] */
  stored(message, answer) {
    const take = new Take(message.content, message.asked);
    take.questionId = message.id;
    this.threadId = message.thread_id;
    this.takes.push(take);
    this.at = this.takes.length - 1;
    if (answer) this.settle(take, answer);
    else take.state = "stopped";
  }

  /** The server knows the question now. */
  known(retrieval) {
    this.last.questionId = retrieval.question_id;
    this.threadId = retrieval.thread_id;
  }

  get last() {
    return this.takes.at(-1);
  }

  /** What happens before the first word. @param {string} text */
  status(text) {
    this.statusText = text;
    if (this.last.text === "" && this.take === this.last) fill(this.answer, h("p", { class: "status-line" }, text));
  }

  /** A step of the model's, before its answer. @param {any} step */
  reason(step) {
    this.last.reasoning.add(step);
    if (this.take === this.last) this.drawReasoning();
  }

  /** @param {string} delta */
  write(delta) {
    if (this.last.text === "") this.last.reasoning.close();
    this.last.text += delta;
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      if (this.last.state === "asking" && this.take === this.last) this.drawAnswer();
    });
  }

  cite(citation) {
    this.last.citations.push(citation);
    if (this.take !== this.last) return;
    this.drawSources();
    if (this.last.text !== "") this.drawAnswer();
  }

  /** The whole answer, as the server stored it. */
  finish(result) {
    this.settle(this.last, result);
    this.draw();
  }

  settle(take, result) {
    take.text = result.answer ?? result.content ?? take.text;
    take.citations = result.citations ?? take.citations;
    take.unsupported = result.unsupported_sentences ?? [];
    take.reasoning.settle(result.reasoning_steps ?? []);
    take.outcome = result.outcome;
    take.model = result.model;
    take.degraded = result.degraded;
    take.truncated = result.truncated;
    take.similarity = result.similarity;
    take.traceId = result.trace_id;
    take.withheld = result.withheld;
    take.answerId = result.message_id ?? result.id;
    if (this.page.rate && take.answerId) take.thumbs = new Thumbs("this answer", result.feedback, (feedback) => this.page.rate(take.answerId, feedback), { shares: true });
    take.state = "done";
  }

  stopped() {
    this.last.state = "stopped";
    this.draw();
  }

  /** @param {any} fault */
  fail(fault) {
    this.last.state = "broken";
    this.last.fault = fault;
    this.draw();
  }

  turnTo(at) {
    this.at = at;
    this.draw();
    this.foot.querySelector(".takes button:not(:disabled)")?.focus();
  }

  draw() {
    const take = this.take;
    fill(this.heading, take.question);
    const about = this.page.about?.(take.asked) ?? [];
    fill(this.about, about.join(" · "));
    this.about.hidden = about.length === 0;
    this.element.dataset.outcome = take.outcome ?? take.state;
    this.drawNote();
    this.drawReasoning();
    this.drawAnswer();
    this.drawSources();
    this.drawFoot();
  }

  /** What is out of the ordinary stands above the answer, so that nobody reads on without knowing. */
  drawNote() {
    const take = this.take;
    const say = (kind, strong, text, ...more) => h("div", { class: `notice ${kind}`, role: kind === "bad" && take.state === "broken" ? "alert" : null }, icon("alert"), h("span", {}, h("strong", {}, strong), ` ${text}`, more.flat()));
    if (take.state === "broken") {
      const link = take.fault.code === "provider-key-refused" && [" ", h("a", { href: "/settings#model-keys" }, "Go to your model keys")];
      return fill(this.note, say("bad", take.text === "" ? "There is no answer." : "The answer broke off.", take.fault.message, link));
    }
    if (take.state !== "done") return fill(this.note);
    if (take.withheld) return fill(this.note, say("", "This answer is not shown.", "It rests on a document that was deleted, or that you may not read."));
    if (take.outcome === "failed") return fill(this.note, say("bad", "There is no answer.", take.text, take.traceId && ` The operator finds it by ${take.traceId}.`));
    if (take.degraded) return fill(this.note, say("", "The model did not answer.", take.outcome === "unsupported" ? "Nothing was found to quote in its place." : "These are quotes from your documents instead."));
    if (take.outcome === "blocked") return fill(this.note, say("bad", "This answer was stopped.", "It would have told a secret, or our own instructions."));
    if (take.outcome === "partial") return fill(this.note, say("", "This answer is not whole.", "It was stopped, or it broke off."));
    if (take.truncated) return fill(this.note, say("", "This answer ends early.", "The model reached the longest answer that it may give."));
    if (take.similarity) return fill(this.note, say("", "You asked this before, in other words.", `Both are ${Math.floor(take.similarity * 100)} % alike. Ask again for a new answer.`));
    return fill(this.note);
  }

  drawReasoning() {
    const shown = this.take.reasoning.element;
    // Put in anew it would lose the focus of who reads in it.
    if (this.thinking.firstChild !== shown) fill(this.thinking, shown);
  }

  drawAnswer() {
    const take = this.take;
    this.answer.classList.toggle("streaming", take.state === "asking" && take.text !== "");
    if (take.state === "asking" && take.text === "") fill(this.answer, h("p", { class: "status-line" }, this.statusText ?? ""));
    else if (take.withheld || take.outcome === "failed") fill(this.answer);
    else if (take.outcome === "unsupported") {
      fill(this.answer, h("div", { class: "nothing" },
        h("strong", {}, "Not in your documents"),
        h("p", {}, take.text || "Nothing that you can see supports an answer to this."),
        h("p", {}, "Try other words, choose other documents, or upload the one that says it.")));
    } else fill(this.answer, renderAnswer(take.text, { citation: (number) => this.chip(number), unsupported: take.unsupported }));
  }

  drawFoot() {
    const take = this.take;
    if (take.state === "asking") return fill(this.foot);
    const quotes = take.model === "extractive" && !take.degraded;
    const notes = [
      take.state === "stopped" && "Stopped",
      take.outcome !== "unsupported" && take.outcome !== "failed" && take.model && !take.degraded && this.page.modelName(take.model),
      quotes && take.outcome === "answered" && "word for word",
      take.unsupported.length > 0 && `${plural(take.unsupported.length, "sentence")} without support in the sources`,
    ].filter(Boolean);
    const action = (label, picture, act, text) => h("button", { type: "button", class: text ? "button small" : "button bare", "aria-label": text ? null : label, title: text ? null : label, onclick: act }, icon(picture), text && label);
    const isUnanswered = take.state !== "done" || take.outcome === "failed";
    const isRated = take.thumbs && !take.withheld && !isUnanswered;
    fill(this.foot,
      this.drawTakes(),
      notes.length > 0 && h("span", {}, notes.join(" · ")),
      h("div", { class: "answer-actions" },
        isRated && take.thumbs.buttons,
        this.page.again && action("Ask again", "repeat", () => this.page.again(this), isUnanswered),
        this.page.edit && action("Edit the question and ask", "edit", () => this.page.edit(this)),
        this.page.copied && take.text !== "" && !take.withheld && action("Copy the answer with its sources", "copy", () => this.page.copied(asText(take)))),
      isRated && take.thumbs.words);
  }

  drawTakes() {
    const count = this.takes.length;
    if (count < 2) return null;
    const step = (label, picture, to) => h("button", { type: "button", class: "button bare", "aria-label": label, disabled: to < 0 || to >= count, onclick: () => this.turnTo(to) }, icon(picture));
    return h("div", { class: "takes", role: "group", "aria-label": "Versions of this question" },
      step("Earlier version", "prev", this.at - 1), h("span", { "aria-live": "polite" }, `${this.at + 1} of ${count}`), step("Later version", "next", this.at + 1));
  }

  chip(number) {
    const citation = this.take.citations.find((one) => one.number === number);
    if (!citation) return h("span", { class: "cite-gone" }, `[${number}]`);
    const chip = h("button", {
      type: "button", class: "cite", "data-number": number, "aria-expanded": "false",
      "aria-label": `Source ${number}: ${citation.title}, ${placeOf(citation)}`,
      onclick: () => this.page.show(citation, chip), ...this.link(number),
    }, number);
    return chip;
  }

  drawSources() {
    const shown = [...this.take.citations].sort((a, b) => a.number - b.number);
    this.sources.hidden = shown.length === 0 || this.take.outcome === "unsupported" || this.take.outcome === "failed";
    fill(this.sources, h("h3", {}, plural(shown.length, "source")), shown.map((citation) => {
      const card = h("button", {
        type: "button", class: "source", "data-number": citation.number, "aria-expanded": "false",
        onclick: () => this.page.show(citation, card), ...this.link(citation.number),
      },
        h("span", { class: "number" }, citation.number),
        h("span", { class: "title" }, citation.title),
        h("span", { class: "page" }, placeOf(citation)),
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
