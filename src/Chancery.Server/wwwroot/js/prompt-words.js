// Prompts and rollouts in words for people.
import { h } from "./dom.js";

const states = { running: "Running", complete: "In production", rolled_back: "Rolled back", killed: "Stopped at once" };
const looks = { running: "working", complete: "ready", rolled_back: "failed", killed: "failed" };
const units = { conversation: "conversations", user: "people", organization: "organisations" };
const policies = { sequential: "A test at any time", daily_error_rate: "Under 5 % errors each midnight" };
const metrics = {
  error: "Failed, or could not be used", prompt_fault: "Could not be used", guard_hit: "Held back by a guard", latency: "Slower than most before",
  cost: "Dearer than most before", thumbs_down: "Thumbs down", low_judgement: "Scored low",
  unfaithful: "Found unfaithful by a judge", judge_failure: "Got no score from the judge",
};
const outcomes = { succeeded: "Succeeded", failed: "Failed", faulty: "Could not be used", guarded: "Held back by a guard" };
const outcomeLooks = { succeeded: "ready", failed: "failed", faulty: "failed", guarded: "working" };
const events = { started: "Began", advanced: "Went on", asked: "Asked a person", complete: "Came into production", rolled_back: "Rolled back", killed: "Stopped at once" };
const waits = {
  dwelling: ["Waits for its time", "The share stays for a least time, whatever the figures are."],
  gathering: ["Gathers uses", "More uses of the new version are needed before it goes on."],
  leaning: ["Looks closer", "There are enough uses, but the figures lean towards harm. More of them will tell."],
  not_due: ["Waits for midnight", "The daily rule looks at 0:00 UTC."],
  complete: ["Everybody has it", "The new version is in production."],
  low_traffic: ["Waits for a person", "Too few uses came to decide. It goes on when somebody says so."],
  undecided: ["Waits for a person", "It is still not clear whether the new version does harm. It goes on when somebody says so."],
  judging: ["Waits for the judge", "There are enough uses, but the judge gave too few scores, or none of too many answers."],
  unjudged: ["Waits for a person", "The judge gave too few scores, or none of too many answers. It goes on when somebody says so."],
};
const judgings = {
  too_few: "In this stage it gave too few scores of either version: nothing goes on by itself.",
  failing: "It gives no score of more than a tenth of either version's answers: in this stage harm would hardly show, and nothing goes on by itself.",
  compared: "What it says of both versions is compared.",
};
const types = { text: "Text", number: "Number", boolean: "Yes or no", choice: "Choice" };

/** @param {string} state */
export const stateMark = (state) => h("span", { class: `state ${looks[state] ?? "idle"}` }, states[state] ?? state);
/** How a use ended; null until it is known. @param {string | null} [outcome] */
export const outcomeMark = (outcome) => h("span", { class: `state ${outcome ? outcomeLooks[outcome] : "idle"}` }, outcome ? outcomes[outcome] : "Not told yet");
/** @param {string} unit */
export const unitWord = (unit) => units[unit] ?? unit;
export const unitNames = Object.entries({ conversation: "A conversation", user: "A person", organization: "The organisation" });
/** @param {string} policy */
export const policyWord = (policy) => policies[policy] ?? policy;
export const policyNames = Object.entries(policies);
/** What is counted as bad. @param {string} metric */
export const metricWord = (metric) => metrics[metric] ?? metric;
/** @param {string} kind */
export const eventWord = (kind) => events[kind] ?? kind;
/** What a rollout waits for: in short, and in a sentence. @param {string} waiting @returns {[string, string]} */
export const waitWords = (waiting) => waits[waiting] ?? [waiting, ""];
/** Whether what a judge says decides. @param {string} judging */
export const judgingWord = (judging) => judgings[judging] ?? "";
export const typeNames = Object.entries(types);
/** @param {string} type */
export const typeWord = (type) => types[type] ?? type;

/** A share of one in percent, as exactly as its size asks for. @param {number} part */
export const percent = (part) => `${(part * 100).toLocaleString("en", { maximumFractionDigits: part !== 0 && part < 0.1 ? 2 : 1 })} %`;
/** @param {number} hours */
export function hoursWord(hours) {
  if (hours < 1) return `${Math.round(hours * 60)} min`;
  return hours < 48 ? `${Math.round(hours * 10) / 10} h` : `${Math.round(hours / 2.4) / 10} days`;
}
