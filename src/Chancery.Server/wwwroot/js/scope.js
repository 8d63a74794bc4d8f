// What the next question is asked of: documents, collections, tags; everything when nothing is chosen.
import { api } from "./api.js";
import { byId, fill, h, icon } from "./dom.js";
import { plural } from "./format.js";
import { refusal } from "./page.js";

const shown = 30;
const waitMs = 150;
/** The most that a question takes, as the API says. */
const most = { documents: 100, collections: 50, tags: 50 };

/** Names by id, for what was chosen in earlier questions, too. @type {Map<string, string>} */
const names = new Map();

export class Scope {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    /** Value → name. @type {{documents: Map<string, string>, collections: Map<string, string>, tags: Map<string, string>}} */
    this.chosen = { documents: new Map(), collections: new Map(), tags: new Map() };
    this.button = byId("scope-button");
    this.box = byId("scope");
    this.button.addEventListener("click", () => this.open());
    this.draw();
  }

  /** As the API takes it. */
  get filters() {
    const given = (kind) => (this.chosen[kind].size > 0 ? [...this.chosen[kind].keys()] : undefined);
    return { documents: given("documents"), collections: given("collections"), tags: given("tags") };
  }

  /** @param {{id: string, title: string}} document */
  only(document) {
    for (const kind of Object.keys(this.chosen)) this.chosen[kind].clear();
    this.choose("documents", document.id, document.title, true);
  }

  choose(kind, value, name, on) {
    names.set(value, name);
    if (on) this.chosen[kind].set(value, name);
    else this.chosen[kind].delete(value);
    this.draw();
    this.changed();
  }

  clear() {
    for (const kind of Object.keys(this.chosen)) this.chosen[kind].clear();
    this.draw();
    this.changed();
  }

  draw() {
    const all = Object.entries(this.chosen).flatMap(([kind, values]) => [...values].map(([value, name]) => ({ kind, value, name })));
    fill(this.button, icon("scope"), h("span", {}, all.length === 0 ? "All documents" : summary(this.filters)));
    this.button.setAttribute("aria-label", all.length === 0 ? "Asked of: all documents. Choose" : `Asked of: ${summary(this.filters)}. Choose`);
    this.button.classList.toggle("on", all.length > 0);
    this.box.hidden = all.length === 0;
    const words = { documents: "", collections: "Collection ", tags: "Tag " };
    fill(this.box, all.slice(0, 8).map(({ kind, value, name }) => h("span", { class: "chip" }, h("span", {}, `${words[kind]}${name}`),
      h("button", { type: "button", "aria-label": `Do not ask ${words[kind].toLowerCase()}${name} only`, onclick: () => {
        this.choose(kind, value, name, false);
        byId("question").focus();
      } }, icon("close")))), all.length > 8 && h("span", { class: "quiet" }, `and ${all.length - 8} more`));
  }

  /** A dialog with all there is to choose from. */
  open() {
    const note = h("p", { class: "quiet", role: "status" });
    const place = { collections: h("div", { class: "choices" }), tags: h("div", { class: "choices" }), documents: h("div", { class: "choices" }) };
    const search = h("input", { type: "search", id: "scope-search", maxlength: 200, autocomplete: "off", placeholder: "Find by title" });
    const group = (kind, title, ...before) => h("fieldset", { class: "choice-group", "data-kind": kind }, h("legend", {}, title), before, place[kind]);
    const dialog = h("dialog", { class: "ask wide scope-dialog", "aria-labelledby": "scope-title" },
      h("h2", { id: "scope-title" }, "What to ask"),
      h("p", { class: "quiet" }, "Answers rest only on what you choose. Choices of different kinds narrow each other: a document has to fit them all."),
      group("collections", "Collections"), group("tags", "Tags"),
      group("documents", "Documents", h("div", { class: "search-box" }, icon("search"), h("label", { class: "hidden", for: "scope-search" }, "Find documents by title"), search)),
      note,
      h("div", { class: "buttons" },
        h("button", { type: "button", class: "button", onclick: () => { this.clear(); dialog.close(); } }, "Ask all documents"),
        h("button", { type: "button", class: "button primary", onclick: () => dialog.close() }, "Done")));
    dialog.addEventListener("close", () => {
      dialog.remove();
      byId("question").focus();
    });

    const option = (kind, value, name) => {
      const box = h("input", { type: "checkbox", checked: this.chosen[kind].has(value), onchange: () => {
        if (box.checked && this.chosen[kind].size >= most[kind]) {
          box.checked = false;
          fill(note, `A question takes at most ${plural(most[kind], kind.slice(0, -1))}.`);
          return;
        }
        this.choose(kind, value, name, box.checked);
        fill(note, summary(this.filters));
      } });
      return h("label", { class: "check choice" }, box, h("span", {}, name));
    };
    const latest = {};
    const load = async (kind, path, read, empty) => {
      const mine = (latest[kind] = {});
      try {
        const page = await api.get(path);
        // A later question of the same kind may have been answered before.
        if (mine !== latest[kind]) return;
        const items = page.items.map(read);
        const left = [...this.chosen[kind]].filter(([value]) => !items.some((item) => item.value === value)).map(([value, name]) => ({ value, name }));
        fill(place[kind], items.length + left.length > 0
          ? [...left, ...items].map((item) => option(kind, item.value, item.name))
          : h("p", { class: "quiet" }, empty));
        if (page.next_cursor && kind === "documents") place[kind].append(h("p", { class: "quiet" }, "There are more: find them by title."));
      } catch (fault) {
        if (mine === latest[kind]) fill(place[kind], refusal(fault, () => load(kind, path, read, empty)));
      }
    };
    const documents = () => load("documents", `/docs?${new URLSearchParams({ limit: String(shown), state: "ready", ...(search.value.trim() ? { q: search.value.trim() } : {}) })}`,
      (one) => ({ value: one.id, name: one.title }), search.value.trim() ? "No document has such a title." : "No document is ready yet.");
    let timer = 0;
    search.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(documents, waitMs);
    });
    for (const kind of Object.keys(place)) fill(place[kind], h("p", { class: "quiet" }, "Loading…"));
    document.body.append(dialog);
    dialog.showModal();
    load("collections", "/collections?limit=100", (one) => ({ value: one.id, name: one.name }), "There are no collections.");
    load("tags", "/tags?limit=100", (one) => ({ value: one.tag ?? one.name, name: one.tag ?? one.name }), "No document has a tag.");
    documents();
  }
}

/** "2 documents, 1 tag". @param {any} filters */
function summary(filters) {
  const parts = ["documents", "collections", "tags"].filter((kind) => filters[kind]?.length > 0).map((kind) => plural(filters[kind].length, kind.slice(0, -1)));
  return parts.length > 0 ? parts.join(", ") : "All documents";
}

/** What a question was asked of and how, in a few words; none when nothing was chosen. @param {any} asked @returns {string[]} */
export function describe(asked) {
  const parts = [];
  if (asked.documents?.length === 1 && names.has(asked.documents[0])) parts.push(`Asked of “${names.get(asked.documents[0])}”`);
  else if (asked.documents?.length > 0) parts.push(`Asked of ${plural(asked.documents.length, "document")}`);
  if (asked.collections?.length > 0) parts.push(asked.collections.every((id) => names.has(id)) ? `Collection ${asked.collections.map((id) => names.get(id)).join(", ")}` : plural(asked.collections.length, "collection"));
  if (asked.tags?.length > 0) parts.push(`Tag ${asked.tags.join(", ")}`);
  return parts;
}
