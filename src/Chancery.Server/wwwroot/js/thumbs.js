// Thumbs up or down, and in words why. The same thumb again takes it back.
import { fill, h, icon } from "./dom.js";
import { attempt, oneAtATime } from "./page.js";

const faces = [["up", "thumb-up", "Good"], ["down", "thumb-down", "Bad"]];
let forms = 0;

export class Thumbs {
  /**
   * @param {string} what "this answer"
   * @param {{rating: string, comment?: string, shared?: boolean} | null | undefined} given what was said before
   * @param {(feedback: {rating: string, comment?: string, share?: boolean} | null) => Promise<void>} save null takes it back
   * @param {{shares?: boolean}} [options] whether it may be given away for evaluation
   */
  constructor(what, given, save, { shares = false } = {}) {
    this.given = given ?? null;
    this.save = save;
    const id = `thumbs-${++forms}`;
    this.choices = faces.map(([rating, picture, label]) => h("button", {
      type: "button", class: "button bare thumb", "data-rating": rating, "aria-label": `${label}: ${what}`, title: label, onclick: oneAtATime(() => this.choose(rating)),
    }, icon(picture)));
    this.buttons = h("span", { class: "thumbs", role: "group", "aria-label": `What do you think of ${what}?` }, this.choices);
    this.comment = h("input", { id, maxlength: 2000, autocomplete: "off" });
    this.label = h("label", { for: id });
    this.share = h("input", { type: "checkbox", checked: given?.shared === true });
    this.form = h("form", { class: "thumbs-form", hidden: true, onsubmit: (event) => { event.preventDefault(); this.send(); } }, this.label, h("div", { class: "with-button" }, this.comment, h("button", { class: "button small" }, "Send")),
      shares && h("label", { class: "check" }, this.share, "Question and answer may be used to try the product, without my name"));
    this.send = oneAtATime(() => this.tell());
    this.said = h("p", { class: "quiet", role: "status" });
    this.words = h("div", { class: "thumbs-words" }, this.said, this.form);
    this.draw();
  }

  draw() {
    for (const one of this.choices) one.setAttribute("aria-pressed", String(this.given?.rating === one.dataset.rating));
    fill(this.label, this.given?.rating === "down" ? "What is wrong with it?" : "What is good about it?");
  }

  async choose(rating) {
    const next = this.given?.rating === rating ? null : { rating };
    const done = await attempt(async () => {
      await this.save(next);
      return true;
    });
    if (!done) return;
    this.given = next;
    this.form.hidden = next === null;
    this.comment.value = "";
    this.share.checked = false;
    fill(this.said, next === null ? "Taken back." : "Thank you.");
    this.draw();
  }

  /** Says why, with the thumb that stands. */
  async tell() {
    const comment = this.comment.value.trim();
    if (!this.given || (comment === "" && !this.share.checked)) return;
    const next = { rating: this.given.rating, ...(comment ? { comment } : {}), ...(this.share.checked ? { share: true } : {}) };
    const done = await attempt(async () => {
      await this.save(next);
      return true;
    });
    if (!done) return;
    this.given = next;
    this.form.hidden = true;
    fill(this.said, next.share ? "Thank you. Whoever makes datasets sees the question and the answer now." : "Thank you. What you wrote is kept with the answer.");
    this.choices.find((one) => one.dataset.rating === next.rating)?.focus();
  }
}
