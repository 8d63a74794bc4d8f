// A clause's words: shown with its references as links, edited with them as numbers.
import { h } from "./dom.js";

const stored = /\{\{clause:([0-9a-f-]{36})\}\}/gi;
const typed = /\{\{([^{}\n]{1,60})\}\}/g;

/**
 * The stored words in pieces: plain ones, and references with the number that they are shown as.
 * @param {any} clause
 * @returns {Array<{text: string, clause?: string, start: number}>} start counts in the stored words
 */
export function pieces(clause) {
  const found = [];
  let at = 0;
  let shownAt = 0;
  const marks = [...clause.source.matchAll(stored)];
  marks.forEach((mark, index) => {
    const before = clause.source.slice(at, mark.index);
    if (before) found.push({ text: before, start: at });
    shownAt += before.length;
    at = mark.index + mark[0].length;
    // The number ends where the words that follow it in the store begin.
    const after = clause.source.slice(at, marks[index + 1]?.index ?? clause.source.length);
    const end = after ? clause.text.indexOf(after, shownAt) : index === marks.length - 1 ? clause.text.length : shownAt;
    found.push({ text: end < 0 ? mark[0] : clause.text.slice(shownAt, end), clause: mark[1].toLowerCase(), start: mark.index });
    if (end >= 0) shownAt = end;
  });
  if (at < clause.source.length) found.push({ text: clause.source.slice(at), start: at });
  return found;
}

/**
 * Paragraphs of a clause with references as links, and places marked.
 * @param {any} clause
 * @param {Array<{start: number, end: number, name: string}>} marks in the stored words
 */
export function paragraphs(clause, marks) {
  if (!clause.text) return [];
  const lines = [[]];
  const isMarked = (at) => marks.some((mark) => at >= mark.start && at < mark.end);
  for (const piece of pieces(clause)) {
    if (piece.clause) {
      const link = h("a", { class: "reference", href: `#c-${piece.clause}` }, piece.text);
      lines.at(-1).push(isMarked(piece.start) ? h("mark", {}, link) : link);
      continue;
    }
    // Cut where a line or a mark begins or ends.
    const cuts = [...new Set([0, piece.text.length, ...marks.flatMap((mark) => [mark.start - piece.start, mark.end - piece.start])])].filter((cut) => cut >= 0 && cut <= piece.text.length).sort((one, other) => one - other);
    for (let i = 0; i + 1 < cuts.length; i++) {
      piece.text.slice(cuts[i], cuts[i + 1]).split("\n").forEach((part, line) => {
        if (line > 0) lines.push([]);
        if (part) lines.at(-1).push(isMarked(piece.start + cuts[i]) ? h("mark", {}, part) : part);
      });
    }
  }
  return lines.map((line) => h("p", { dir: "auto" }, line));
}

/**
 * How references are written while words are edited: {{4.2}} for a clause that has a number, as stored for one that has none.
 * @param {any[]} clauses
 */
export function referencing(clauses) {
  const numbers = new Map(clauses.filter((one) => one.reference).map((one) => [one.id, one.reference]));
  const ids = new Map([...numbers].map(([id, number]) => [number, id]));
  return {
    /** @param {string} source */
    toTyped: (source) => source.replace(stored, (whole, id) => (numbers.has(id.toLowerCase()) ? `{{${numbers.get(id.toLowerCase())}}}` : whole)),
    /** @param {string} text */
    toSource: (text) => text.replace(typed, (whole, number) => (ids.has(number.trim()) ? `{{clause:${ids.get(number.trim())}}}` : whole)),
  };
}
