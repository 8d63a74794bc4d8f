// A page's text as people read it: headings, lists, tables, slides, sheets, built as elements from the blocks that the
// server names. The text itself is never parsed as HTML.
import { h } from "./dom.js";
import * as markdown from "./markdown.js";

const sheets = new Set([
  "text/csv",
  "text/tab-separated-values",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
]);
const slides = "application/vnd.openxmlformats-officedocument.presentationml.presentation";
const cells = /^([A-Z]{1,3})(\d+):[A-Z]{1,3}\d+$/;

/**
 * @typedef {{from: number, to: number, style?: string, look?: string}} Slice a stretch of the page's text that is shown,
 *   in an element of that name and class
 */

/**
 * @param {any} page as the API answers it
 * @param {string} mediaType
 * @param {{start?: number, end?: number}} passage what to mark
 * @param {number} level of the heading above the page
 */
export function pageOf(page, mediaType, passage, level) {
  const draw = new Drawing(page, mediaType, passage, level);
  return h("div", { class: `text-page ${lookOf(mediaType)}` }, draw.all());
}

function lookOf(mediaType) {
  if (sheets.has(mediaType)) return "sheet";
  return { [slides]: "slide", "text/plain": "plain", "text/markdown": "flow reflowed" }[mediaType] ?? "flow";
}

/** Where the passage stands, for a person: the places of the blocks that it touches. */
export function placeOf(page, passage) {
  if (!(passage.end > passage.start)) return null;
  const touched = (page.blocks ?? []).filter((block) => block.place && block.start < passage.end && block.start + block.length > passage.start);
  if (touched.length > 0 && touched.every((block) => block.place === "Line")) return linesOf(page.text, passage, touched[0], touched.at(-1));
  const names = [...new Set(touched.map((block) => block.place))];
  return names.length > 2 ? `${names[0]} – ${names.at(-1)}` : names.join(", ") || null;
}

/** A text's places are its lines: the row of a block is its first one. */
function linesOf(text, passage, first, last) {
  const line = (block, at) => block.row + (text.slice(block.start, at).match(/\n/g) ?? []).length;
  const end = text.slice(last.start, Math.min(passage.end, last.start + last.length)).trimEnd().length;
  const [from, to] = [line(first, Math.max(passage.start, first.start)), line(last, last.start + end)];
  return from === to ? `Line ${from}` : `Lines ${from}–${to}`;
}

class Drawing {
  constructor(page, mediaType, passage, level) {
    this.above = level;
    this.last = level;
    this.text = page.text;
    this.blocks = page.blocks ?? [];
    this.isMarkdown = mediaType === "text/markdown";
    this.isPlain = mediaType === "text/plain";
    this.isSheet = sheets.has(mediaType);
    this.start = passage.start ?? 0;
    this.end = passage.end ?? 0;
  }

  all() {
    const nodes = [];
    let at = 0;
    for (let i = 0; i < this.blocks.length; i++) {
      const block = this.blocks[i];
      // Blocks of a broken page are not trusted to be in order.
      if (block.start < at || block.start + block.length > this.text.length) continue;
      nodes.push(...this.between(at, block.start));
      at = block.start + block.length;
      if (block.kind === "list_item") {
        const items = [block];
        for (let next = this.blocks[i + 1]; next?.kind === "list_item" && this.follows(at, next); next = this.blocks[i + 1]) {
          items.push(next);
          at = next.start + next.length;
          i++;
        }
        // Where a list begins in its depth, the shallower items after it do not hang in the air.
        nodes.push(this.list(items, 0, Math.min(...items.map((one) => one.level))).element);
      } else nodes.push(this.block(block));
    }
    nodes.push(...this.between(at, this.text.length));
    return nodes;
  }

  /** Whether nothing but blanks stands before it. */
  follows(at, block) {
    return block.start >= at && block.start + block.length <= this.text.length && this.text.slice(at, block.start).trim() === "";
  }

  /** Text that no block claims is shown all the same. */
  between(from, to) {
    const text = this.text.slice(from, to);
    if ((this.isMarkdown ? text.replace(/^[ \t]*>[ \t>]*/gm, "") : text).trim() === "") return [];
    if (this.isMarkdown && markdown.isRule(text)) return [h("hr")];
    const inside = { from: from + text.length - text.trimStart().length, to: from + text.trimEnd().length };
    return [h("p", { class: "unclaimed", dir: "auto" }, this.run([inside]))];
  }

  block(block) {
    const { start, length } = block;
    const end = start + length;
    const inside = this.isMarkdown ? markdown.slices(this.text, block) : [{ from: start, to: end }];
    const attributes = { dir: "auto", "data-place": block.place, class: this.isMarkdown && markdown.isQuoted(this.text, start) ? "quoted" : null };
    switch (block.kind) {
      case "heading":
        // A page may begin in the middle of a document: no level is left out.
        this.last = Math.min(6, this.above + Math.max(1, block.level), this.last + 1);
        return h(`h${this.last}`, { ...attributes, class: `level-${block.level}` }, this.run(inside));
      case "table":
        return this.table(block);
      case "code":
        return h("pre", { ...attributes, tabindex: 0, role: "region", "aria-label": "Code" }, h("code", {}, this.run(inside)));
      case "note":
        return h("aside", { ...attributes, class: "note", "aria-label": "Note" }, this.run(inside));
      case "furniture":
        return h("p", { ...attributes, class: "furniture" }, this.run(inside));
      case "caption":
        return h("p", { ...attributes, class: "caption" }, this.run(inside));
      default:
        return h("p", attributes, this.run(inside));
    }
  }

  /** Items of one depth; deeper ones stand in the item before them. */
  list(items, at, level) {
    const element = h("ul");
    while (at < items.length && items[at].level >= level) {
      const item = items[at];
      if (item.level > level && element.lastElementChild) {
        const inner = this.list(items, at, item.level);
        element.lastElementChild.append(inner.element);
        at = inner.at;
        continue;
      }
      const { marker, slices } = markdown.item(this.text, item, this.isMarkdown);
      element.append(h("li", { dir: "auto", "data-place": item.place }, h("span", { class: "marker", "aria-hidden": marker === "•" ? "true" : null }, marker), h("div", {}, this.run(slices))));
      at++;
    }
    return { element, at };
  }

  table(block) {
    const rows = this.isMarkdown ? markdown.rows(this.text, block) : this.rows(block);
    // Columns that a text sets apart by blanks stay below each other as they were written.
    if (rows.length === 0 || (this.isPlain && rows.every((row) => row.length < 2))) {
      return h("pre", { dir: "auto", tabindex: 0, role: "region", "aria-label": "Table" }, this.run([{ from: block.start, to: block.start + block.length }]));
    }
    const range = cells.exec(block.place ?? "");
    const isGrid = this.isSheet || range;
    // Of a text the row is a line of the file, not of the table.
    const isOfLines = block.place === "Line";
    const first = isOfLines ? 1 : block.row || Number(range?.[2] ?? 1);
    const width = Math.max(...rows.map((row) => row.length));
    const left = range ? numberOf(range[1]) : 1;
    const body = rows.map((row, at) => {
      // Sheets have their own heads; a table's first row is one where there are others below.
      const isHead = !isGrid && at === 0 && rows.length > 1 && first <= 1;
      const drawn = row.map((cell) => h(isHead ? "th" : "td", { dir: "auto", scope: isHead ? "col" : null }, this.run(this.isMarkdown ? markdown.inlineSlices(this.text, cell.from, cell.to) : [cell])));
      // A row that is cut short has empty cells at its end.
      for (let missing = row.length; missing < width; missing++) drawn.push(h(isHead ? "th" : "td"));
      const line = h("tr", {}, isGrid && h("th", { scope: "row", class: "number" }, first + at), drawn);
      if (line.querySelector("mark")) line.classList.add("cited");
      return line;
    });
    const head = isGrid && h("thead", {}, h("tr", {}, h("td", { class: "corner" }), Array.from({ length: width }, (_, at) => h("th", { scope: "col" }, letters(left + at)))));
    return h("div", { class: isGrid ? "table grid" : "table", tabindex: 0, role: "region", "aria-label": (isOfLines ? null : block.place) ?? "Table", "data-place": block.place },
      h("table", {}, head, h("tbody", {}, body)));
  }

  /** Lines are rows, tabs stand between cells. */
  rows(block) {
    const rows = [];
    let from = block.start;
    for (const line of this.text.slice(block.start, block.start + block.length).split("\n")) {
      const row = [];
      let at = from;
      for (const cell of line.split("\t")) {
        row.push({ from: at, to: at + cell.length });
        at += cell.length + 1;
      }
      if (line !== "") rows.push(row);
      from += line.length + 1;
    }
    return rows;
  }

  /** @param {Slice[]} slices */
  run(slices) {
    return slices.flatMap((slice) => {
      const nodes = this.marked(slice.from, slice.to);
      return slice.style ? [h(slice.style, { class: slice.look }, nodes)] : nodes;
    });
  }

  marked(from, to) {
    const start = Math.max(from, this.start);
    const end = Math.min(to, this.end);
    const nodes = start < end ? [this.text.slice(from, start), h("mark", {}, this.text.slice(start, end)), this.text.slice(end, to)] : [this.text.slice(from, to)];
    return nodes.filter((one) => one !== "");
  }
}

const numberOf = (name) => [...name].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0);

/** 1 is A, 27 is AA. */
function letters(number) {
  let name = "";
  for (let rest = number; rest > 0; rest = Math.floor((rest - 1) / 26)) name = String.fromCharCode(65 + ((rest - 1) % 26)) + name;
  return name;
}
