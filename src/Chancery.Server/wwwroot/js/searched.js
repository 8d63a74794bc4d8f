// How a search that was written down is told to people: on the list and on its own page.
import { plural } from "./format.js";

const modes = { hybrid: "words and meaning", lexical: "words only" };
const engines = { memory: "in memory", postgres: "PostgreSQL" };

/** @param {string} mode */
export const modeWord = (mode) => modes[mode] ?? mode;

/** @param {string} engine */
export const engineWord = (engine) => engines[engine] ?? engine;

/** @param {number} ms */
export const time = (ms) => (ms < 10 ? `${ms.toFixed(1)} ms` : ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

/** @param {number} score */
export const score = (score) => (score >= 10 ? score.toFixed(1) : score.toFixed(3));

const day = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });

/** What a search was narrowed to, a sentence each. @param {any} wish @returns {string[]} */
export function narrowed(wish) {
  const some = (values, one) => values?.length > 0 && `in ${plural(values.length, one)}`;
  return [
    some(wish.documents, "document"),
    some(wish.collections, "collection"),
    wish.tags?.length > 0 && `tagged ${wish.tags.map((tag) => `“${tag}”`).join(" or ")}`,
    wish.from && `of documents since ${day.format(new Date(wish.from))}`,
    wish.to && `of documents before ${day.format(new Date(wish.to))}`,
    wish.threshold !== undefined && wish.threshold !== null && `similarity above ${wish.threshold}`,
  ].filter(Boolean);
}
