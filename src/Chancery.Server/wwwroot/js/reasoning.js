// How a model came to its answer: its steps, in a panel that folds away once the answer is there.
import { renderAnswer } from "./answer.js";
import { h } from "./dom.js";
import { plural } from "./format.js";

export class Reasoning {
  constructor() {
    /** @type {any[]} */
    this.steps = [];
    this.panel = null;
    this.touched = false;
  }

  /** Null while there is no step. @returns {HTMLElement | null} */
  get element() {
    return this.steps.length > 0 ? this.panel : null;
  }

  /** @param {any} step */
  add(step) {
    this.steps.push(step);
    this.make(true);
    this.list.append(draw(step));
    this.count.textContent = plural(this.steps.length, "step");
  }

  /** The answer begins: whoever has not opened it themselves reads that. */
  close() {
    if (this.panel && !this.touched) this.panel.open = false;
  }

  /** What is stored takes the place of what was streamed. @param {any[]} steps */
  settle(steps) {
    this.close();
    if (steps.length === this.steps.length) return;
    this.steps = [];
    this.list?.replaceChildren();
    for (const step of steps) this.add(step);
    this.close();
  }

  make(open) {
    if (this.panel) return;
    this.list = h("ol", { class: "steps" });
    this.count = h("span", { class: "count" });
    this.panel = h("details", { class: "reasoning", open },
      h("summary", { onclick: () => { this.touched = true; } }, h("strong", {}, "Reasoning Process:"), " ", this.count),
      h("p", { class: "hint" }, "What the model wrote on the way. Only its answer is checked against your documents."),
      this.list);
  }
}

function draw(step) {
  const plain = { citation: (number) => document.createTextNode(`[${number}]`) };
  return h("li", {},
    h("div", { class: "step-head" },
      h("strong", {}, `Step ${step.number}`),
      step.confidence !== undefined && h("span", { class: "confidence" }, `Confidence: ${Math.round(step.confidence * 100)}%`)),
    step.thought && h("div", { class: "thought" }, ...renderAnswer(step.thought, plain)),
    step.action && h("p", { class: "action" }, h("strong", {}, "Action:"), ` ${step.action}`));
}
