// Beside the contract: what a clause is built on, what people say of it, what checks find. A column where there is room,
// a sheet above the page where there is not.
import { checksPanel } from "./contract-checks.js";
import { commentsPanel } from "./contract-comments.js";
import { clauseName, typeWord } from "./contract-words.js";
import { fill, h, icon } from "./dom.js";
import { refusal } from "./page.js";

const tabs = [["clause", "Clause"], ["comments", "Comments"], ["checks", "Checks"]];
const origins = { document: "Document", contract: "Contract", library: "Clause library", template: "Template", model: "The model’s own words", hidden: "A source that is not open to you" };

export class Side {
  #state;
  #narrow;
  #tab = "clause";
  /** What could not be loaded, by tab. @type {Map<string, {fault: Error, again: () => void}>} */
  #faults = new Map();
  #buttons = new Map();
  #panel;
  #commenting;

  /** @param {any} state @param {MediaQueryList} narrow */
  constructor(state, narrow) {
    this.#state = state;
    this.#narrow = narrow;
    this.#commenting = commentsPanel(state);
    this.#panel = h("div", { class: "side-panel", id: "side-panel", role: "tabpanel", tabindex: "0" });
    const list = h("div", { class: "side-tabs", role: "tablist", "aria-label": "About the contract" }, tabs.map(([name, label]) => {
      const button = h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "side-panel", onclick: () => this.#show(name) }, label);
      this.#buttons.set(name, button);
      return button;
    }));
    list.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const at = tabs.findIndex(([name]) => name === this.#tab);
      this.#show(tabs[(at + step + tabs.length) % tabs.length][0]);
      this.#buttons.get(this.#tab).focus();
    });
    const close = h("button", { type: "button", class: "button bare side-close", "aria-label": "Close", onclick: () => this.close() }, icon("close"));
    this.element = h("dialog", { class: "contract-side", "aria-label": "About the contract" }, h("div", { class: "side-head" }, list, close), this.#panel);
    state.openSide = (tab, isWriting) => this.open(tab ?? this.#tab, isWriting);
    narrow.addEventListener("change", () => this.#place());
  }

  start() {
    this.#place();
    this.draw();
  }

  /** A column is always open; showing it must not take the focus. */
  #place() {
    if (this.element.open) this.element.close();
    if (!this.#narrow.matches) this.element.setAttribute("open", "");
  }

  /** @param {string} tab @param {boolean} [isWriting] whether the cursor goes into a new comment */
  open(tab, isWriting = false) {
    this.#show(tab);
    if (this.#narrow.matches && !this.element.open) this.element.showModal();
    if (isWriting) this.#commenting.focus();
    else if (!this.#narrow.matches) this.#panel.focus({ preventScroll: true });
  }

  close() {
    if (this.#narrow.matches && this.element.open) this.element.close();
  }

  /** Runs what a tab needs, and says there what went wrong. @param {string} tab @param {() => Promise<any>} load */
  async loading(tab, load) {
    const run = async () => {
      try {
        await load();
        this.#faults.delete(tab);
      } catch (fault) {
        this.#faults.set(tab, { fault, again: async () => { await run(); this.draw(); } });
      }
    };
    await run();
  }

  #show(tab) {
    this.#tab = tab;
    this.draw();
  }

  draw() {
    const state = this.#state;
    if (!state.view) return;
    const open = state.comments.filter((one) => !one.reply_to && !one.resolved_at).length;
    const counts = { comments: open, checks: state.findings?.length ?? 0 };
    for (const [name, label] of tabs) {
      const button = this.#buttons.get(name);
      fill(button, label, counts[name] > 0 && h("span", { class: "count" }, counts[name].toLocaleString("en")));
      button.setAttribute("aria-selected", String(name === this.#tab));
      button.tabIndex = name === this.#tab ? 0 : -1;
    }
    this.#panel.setAttribute("aria-labelledby", `tab-${this.#tab}`);
    const failed = this.#faults.get(this.#tab);
    if (failed) return fill(this.#panel, refusal(failed.fault, failed.again));
    if (this.#tab === "comments") return this.#commenting.draw(this.#panel);
    fill(this.#panel, this.#tab === "checks" ? checksPanel(state) : this.#clause());
  }

  #clause() {
    const { view, current } = this.#state;
    const clause = current && this.#state.clause(current);
    if (!clause) {
      return [h("h2", {}, "No clause is chosen"), h("p", { class: "quiet" }, "Choose one in the text or the list to see what it was built on."),
        h("dl", { class: "side-facts" },
          h("dt", {}, "Clauses"), h("dd", {}, view.clauses.length.toLocaleString("en")),
          view.revision.instruction && [h("dt", {}, "Asked for"), h("dd", { dir: "auto" }, view.revision.instruction)],
          view.revision.model && [h("dt", {}, "Written by"), h("dd", {}, view.revision.model)],
          view.revision.note && [h("dt", {}, "Note"), h("dd", { dir: "auto" }, view.revision.note)])];
    }
    const remarks = this.#state.comments.filter((one) => one.clause_id === clause.id && !one.reply_to).length;
    const found = (this.#state.findings ?? []).filter((one) => one.finding.clause_id === clause.id).length;
    return [
      h("h2", { dir: "auto" }, clauseName(clause)), clause.type && h("p", { class: "quiet" }, typeWord(clause.type).replaceAll("_", " ")),
      h("section", { "aria-labelledby": "built-title" }, h("h3", { id: "built-title" }, "Built on"),
        clause.built_on.length > 0 ? h("ul", { class: "origins" }, clause.built_on.map(originRow)) : h("p", { class: "quiet" }, "Nothing is known of where these words come from: a person wrote them, or they came with a file.")),
      h("div", { class: "buttons" },
        h("button", { type: "button", class: "button small", onclick: () => this.open("comments", true) }, remarks > 0 ? `Comments (${remarks})` : "Comment"),
        found > 0 && h("button", { type: "button", class: "button small", onclick: () => this.open("checks") }, `Findings (${found})`)),
    ];
  }
}

function originRow(origin) {
  const search = new URLSearchParams();
  for (const name of ["version", "page", "start", "end"]) if (origin[name] !== undefined && origin[name] !== null) search.set(name, String(origin[name]));
  const href = origin.document_id ? `/documents/${origin.document_id}?${search}` : origin.contract_id ? `/contracts/${origin.contract_id}${origin.clause_id ? `#c-${origin.clause_id}` : ""}` : null;
  const title = origin.title ?? origins[origin.kind] ?? origin.kind;
  return h("li", {},
    h("p", { class: "origin-kind" }, origins[origin.kind] ?? origin.kind, origin.page ? `, page ${origin.page}` : "", origin.is_supported === true && h("span", { class: "supported yes" }, icon("check"), "words found there"), origin.is_supported === false && h("span", { class: "supported no" }, icon("alert"), "words not found there")),
    origin.title && h("p", { dir: "auto" }, href ? h("a", { href }, title) : title),
    origin.excerpt && h("blockquote", { dir: "auto" }, origin.excerpt));
}
