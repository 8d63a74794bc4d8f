// What a version of a prompt says, and what differs between two: in one text, or side by side.
import { h } from "./dom.js";
import { typeWord } from "./prompt-words.js";
import { wordDiff } from "./word-diff.js";

const placeholder = /(\{\{ ?[a-z][a-z0-9_]{0,49} ?\}\})/;
const parts = [["system", "System"], ["text", "Text"]];

/** A text with its variables set off. @param {string} text */
const marked = (text) => text.split(placeholder).map((part, i) => (i % 2 === 1 ? h("span", { class: "variable" }, part) : part));

/** @param {any} variable */
export const variableSays = ({ type, default: usual, choices, description }) =>
  [type === "choice" ? `One of ${choices.join(", ")}` : typeWord(type), usual !== undefined && usual !== null ? `“${usual}” when left out` : "has to be given", description].filter(Boolean).join(" · ");

/** @param {any} content */
const asked = (content) => [
  content.model && ["Model", content.model],
  content.temperature !== undefined && content.temperature !== null && ["Temperature", String(content.temperature)],
  content.max_tokens && ["Most tokens", content.max_tokens.toLocaleString("en")],
].filter(Boolean);

/** One version as rows of a list. @param {any} version */
export function versionRows({ content, sha256 }) {
  const how = asked(content);
  return [
    ...parts.filter(([part]) => content[part].trim()).map(([part, name]) => h("li", { class: "words" }, h("h3", {}, name), h("pre", { dir: "auto" }, marked(content[part])))),
    content.variables?.length > 0 && h("li", { class: "words" }, h("h3", {}, "Variables"),
      h("ul", { class: "variables" }, content.variables.map((one) => h("li", {}, h("code", {}, one.name), h("span", { class: "quiet", dir: "auto" }, ` ${variableSays(one)}`))))),
    how.length > 0 && h("li", { class: "words" }, h("h3", {}, "Asked with"), h("dl", { class: "asked-how" }, how.map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, value))))),
    h("li", { class: "words" }, h("p", { class: "hash" }, `SHA-256 ${sha256}`)),
  ];
}

const textOf = (variable) => `${variable.name}: ${variableSays(variable)}`;

/** Everything that a version says as named texts. */
const fieldsOf = (content) => [
  ...parts.map(([part, name]) => [name, content[part]]),
  ["Variables", (content.variables ?? []).map(textOf).join("\n")],
  ["Asked with", asked(content).map(([term, value]) => `${term}: ${value}`).join("\n")],
];

const words = (changes, side) => changes.map(({ kind, text }) => {
  if (kind === "kept") return text;
  if (kind === "deleted") return side === "to" ? null : h("del", {}, text);
  return side === "from" ? null : h("ins", {}, text);
});

/**
 * What differs as rows of a list; empty where both say the same.
 * @param {any} from @param {any} to contents @param {"inline" | "sides"} view
 */
export function differenceRows(from, to, view) {
  const now = fieldsOf(to);
  return fieldsOf(from).map(([name, before], i) => {
    const after = now[i][1];
    if (before === after) return before.trim() ? h("li", { class: "diff-gap" }, `${name}: the same`) : null;
    const changes = wordDiff(before, after);
    return h("li", { class: "diff-row changed" }, h("div", { class: "diff-kind" }, h("span", {}, name)),
      view === "inline" ? h("p", { class: "diff-words", dir: "auto" }, words(changes, "both"))
        : h("div", { class: "diff-sides" }, ["from", "to"].map((side) => {
          const text = words(changes, side);
          return text.some(Boolean) ? h("p", { class: `diff-text diff-words ${side}`, dir: "auto" }, text) : h("div", { class: "diff-text none" });
        })));
  }).filter(Boolean);
}

/** How much differs, in a sentence. */
export function differenceSays(from, to) {
  let come = 0;
  let gone = 0;
  const now = fieldsOf(to);
  const count = (text) => text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0;
  fieldsOf(from).forEach(([, before], i) => {
    for (const { kind, text } of before === now[i][1] ? [] : wordDiff(before, now[i][1])) {
      if (kind === "inserted") come += count(text);
      if (kind === "deleted") gone += count(text);
    }
  });
  return `${come.toLocaleString("en")} ${come === 1 ? "word" : "words"} new · ${gone.toLocaleString("en")} gone`;
}
