// Which documents are selected: by box, by range with Shift, all that are shown, all that match.
import { byId, fill } from "./dom.js";
import { plural } from "./format.js";

export class Selection {
  /** @param {() => HTMLElement[]} rows those that are shown, in order @param {() => void} changed */
  constructor(rows, changed) {
    /** Documents by id; those of other pages are known by id only. @type {Map<string, any>} */
    this.chosen = new Map();
    this.rows = rows;
    this.changed = changed;
    this.last = null;
    this.all = byId("all");
    this.all?.addEventListener("change", () => this.setAll(this.all.checked));
  }

  get ids() {
    return [...this.chosen.keys()];
  }

  get size() {
    return this.chosen.size;
  }

  has(id) {
    return this.chosen.has(id);
  }

  /** A box was clicked, perhaps with Shift from the last one. */
  click(row, event) {
    const wanted = row.box.checked;
    const rows = this.rows();
    const from = event.shiftKey && this.last?.isConnected ? rows.indexOf(this.last) : -1;
    const to = rows.indexOf(row);
    const range = from < 0 ? [row] : rows.slice(Math.min(from, to), Math.max(from, to) + 1);
    for (const one of range) this.put(one, wanted);
    this.last = row;
    this.show();
  }

  setAll(wanted) {
    for (const row of this.rows()) this.put(row, wanted);
    if (!wanted) this.chosen.clear();
    this.show();
  }

  /** Documents that may be on other pages. */
  choose(documents) {
    for (const document of documents) this.chosen.set(document.id, document);
    for (const row of this.rows()) row.box.checked = this.has(row.document.id);
    this.show();
  }

  clear() {
    this.setAll(false);
  }

  /** Rows were drawn anew or went away. */
  show() {
    const rows = this.rows();
    for (const row of rows) row.classList.toggle("selected", this.has(row.document.id));
    if (this.all) {
      const count = rows.filter((row) => this.has(row.document.id)).length;
      this.all.disabled = rows.length === 0;
      this.all.checked = rows.length > 0 && count === rows.length;
      this.all.indeterminate = count > 0 && count < rows.length;
    }
    this.changed();
  }

  put(row, wanted) {
    if (!row.box) return;
    row.box.checked = wanted;
    if (wanted) this.chosen.set(row.document.id, row.document);
    else this.chosen.delete(row.document.id);
  }

  /** @param {HTMLElement} place */
  describe(place) {
    fill(place, `${plural(this.size, "document")} selected`);
  }
}
