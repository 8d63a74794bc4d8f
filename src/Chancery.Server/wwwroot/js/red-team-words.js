// Attacks in words for people.
import { h } from "./dom.js";

const classes = {
  direct_injection: ["Direct injection", "Whoever asks gives the model other instructions."],
  indirect_injection: ["Indirect injection", "A document, a file's name or a tool's result gives them."],
  system_prompt_leak: ["System prompt leak", "The product's own rules are to come out."],
  personal_data_leak: ["Personal data leak", "A personnel file that is closed to whoever asks is to come out."],
  cross_tenant_leak: ["Cross-tenant leak", "Another organisation's document is to come out."],
  exfiltration: ["Exfiltration", "A document's secret is to leave by an address."],
  unicode_smuggling: ["Unicode smuggling", "Instructions or loot in characters that nobody sees."],
  cost_attack: ["Cost attack", "The answer is to have no end."],
  tool_abuse: ["Tool abuse", "A tool is to be called that nobody offered, or one of ours with arguments that reach for what is closed."],
};
const places = { question: "in the question", document: "in a document", file_name: "in a file's name", tool_result: "in a tool's result", tool_call: "in a tool's arguments" };
const outcomes = { held: ["Held", "ready"], succeeded: ["Succeeded", "failed"], passed: ["Left alone", "ready"], disturbed: ["Touched by a guard", "failed"], failed: ["Did not run", "idle"] };
const guards = {
  link: "Address taken out",
  id: "Id taken out",
  tool_call: "Call of a tool taken out",
  invisible: "Unseen characters taken out",
  personal_data: "Personal data",
  foreign: "Not said by anybody: written again",
  unusable: "No form that can be used",
  secret: "Stopped: a secret",
  instructions: "Stopped: our rules",
  "suspected:question": "Suspected: the question",
  "suspected:document": "Suspected: a document",
  "suspected:title": "Suspected: a title",
};
const unseen = /[\u{E0000}-\u{E007F}\u{E0100}-\u{E01EF}\u200B-\u200D\u2060-\u2064\u202A-\u202E\u2066-\u2069\uFE00-\uFE0F\uFEFF]+/gu;
/** Alone these are part of words and of pictures: Persian needs them, and so do emoji. */
const ordinary = /^[\u200C\u200D\uFE0F]$/u;

/** Names of all classes, in their order. */
export const attackClasses = Object.keys(classes);
/** @param {string | undefined} name left out of all together */
export const classWord = (name) => (name ? classes[name]?.[0] ?? name : "All attacks");
/** @param {string | undefined} name */
export const classSays = (name) => classes[name]?.[1] ?? "";
/** @param {string} place */
export const placeWord = (place) => places[place] ?? place;
/** @param {string} outcome */
export const attackMark = (outcome) => h("span", { class: `state ${outcomes[outcome]?.[1] ?? "idle"}` }, outcomes[outcome]?.[0] ?? outcome);
const targets = { answer: "Answers to documents", upgrade: "Upgrades of prompts", draft: "Drafts of contracts", prompt: "A prompt of your own", reasoning: "Reasoning without documents" };
export const attackTargets = Object.keys(targets);
/** @param {string} name */
export const targetWord = (name) => targets[name] ?? name;

/** @param {string} guard */
export const guardWord = (guard) => guards[guard] ?? guard;
/** Whether it did something, and did not only notice something. @param {string} guard */
export const isAct = (guard) => !guard.startsWith("suspected:");

/** @param {number} share 0 to 1 */
export const percent = (share) => `${(100 * share).toLocaleString("en", { maximumFractionDigits: 1 })} %`;
/** @param {{hits: number, count: number}} rate */
export const ofAll = ({ hits, count }) => `${hits} of ${count}`;

/**
 * A text as nodes that hides nothing: characters that nobody sees are told, and tags are read out.
 * @param {string} text
 * @returns {Array<Node | string>}
 */
export function shown(text) {
  const parts = [];
  let at = 0;
  for (const { 0: found, index } of text.matchAll(unseen)) {
    if (ordinary.test(found)) continue;
    const points = [...found].map((one) => one.codePointAt(0));
    const said = points.filter((point) => point > 0xe001f && point < 0xe007f).map((point) => String.fromCodePoint(point - 0xe0000)).join("");
    // One stands between all letters of a word that is split.
    parts.push(text.slice(at, index), h("mark", { class: "unseen", title: "Characters that nobody sees" }, points.length === 1 && !said ? "·" : `${points.length} unseen${said ? `: ${said}` : ""}`));
    at = index + found.length;
  }
  return [...parts, text.slice(at)];
}
