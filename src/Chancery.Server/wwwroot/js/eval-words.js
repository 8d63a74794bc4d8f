// Evaluation in words for people.
import { h } from "./dom.js";

const states = { queued: "Waits", running: "Running", done: "Done", failed: "Failed", cancelled: "Cancelled", over_cap: "Reached its limit" };
const looks = { queued: "working", running: "working", done: "ready", failed: "failed", cancelled: "idle", over_cap: "failed" };
const scores = {
  ndcg_at_10: ["Ranking (nDCG@10)", "Whether the expected places are found, and how early."],
  recall_at_10: ["Found among ten", "The share of expected places among the ten best passages."],
  reciprocal_rank: ["First one found", "One over the place of the first expected passage."],
  exact_match: ["Exact match", "The answer beside the expected one, after case, punctuation and articles."],
  token_f1: ["Same words", "How many words the answer and the expected one share (F1)."],
  contains_answer: ["Contains the answer", "Whether an expected answer stands in it, word by word."],
  citation_precision: ["Citations right", "The share of its citations that are expected places."],
  citation_recall: ["Citations complete", "The share of expected places that it cites."],
  refusal_correct: ["Refused rightly", "Refused what the documents do not hold, and nothing else."],
  support: ["Supported", "The share of its sentences that stand in the passages, found without a model."],
  judge_relevance: ["Judged relevant", "What a model says, 1 to 5 as 0 to 1."],
  judge_faithfulness: ["Judged faithful", "What a model says, 1 to 5 as 0 to 1."],
  judge_helpfulness: ["Judged helpful", "What a model says, 1 to 5 as 0 to 1."],
  judge_preference: ["Preferred", "Better than the other run's answer: 1, worse: 0, neither in both orders: a half."],
};
const outcomes = { answered: ["Answered", "ready"], unsupported: ["Refused", "idle"], failed: ["No answer", "failed"], searched: ["Searched", "ready"] };
const verdicts = { better: ["Better", "ready"], worse: ["Worse", "failed"], unclear: ["Not clear", "idle"] };

/** @param {string} state */
export const runMark = (state) => h("span", { class: `state ${looks[state] ?? "idle"}` }, states[state] ?? state);
/** @param {string} state */
export const isOpen = (state) => state === "queued" || state === "running";
/** @param {string} name */
export const scoreWord = (name) => scores[name]?.[0] ?? name;
/** @param {string} name */
export const scoreSays = (name) => scores[name]?.[1] ?? "";
/** @param {string} outcome */
export const outcomeMark = (outcome) => h("span", { class: `state ${outcomes[outcome]?.[1] ?? "idle"}` }, outcomes[outcome]?.[0] ?? outcome);
/** @param {string} verdict */
export const verdictMark = (verdict) => h("span", { class: `state ${verdicts[verdict]?.[1] ?? "idle"}` }, verdicts[verdict]?.[0] ?? verdict);

/** What is asked, in short. @param {any} target @param {Map<string, string>} [models] names of models and prompts by id */
export function targetWord(target, models = new Map()) {
  if (target.kind === "search") return "Search alone";
  if (target.kind === "prompt") return `Prompt ${models.get(target.prompt) ?? target.prompt}, version ${target.prompt_version ?? "in production"}`;
  const made = { upgrade: "Upgrades", draft: "Drafts", reasoning: "Reasoning" }[target.kind];
  if (made) return `${made}${target.model ? ` by ${models.get(target.model) ?? target.model}` : ""}, ${target.prompt_version ? `version ${target.prompt_version} of the prompt` : "by the prompt in production"}`;
  const how = target.prompt_version ? `, version ${target.prompt_version} of their prompt` : "";
  return (target.model ? `Answers by ${models.get(target.model) ?? target.model}` : "Answers by the default model") + how;
}

/** @param {number} value 0 to 1 */
export const scoreFigure = (value) => value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
/** With its sign. @param {number} value */
export const signed = (value) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${scoreFigure(Math.abs(value))}`;
/** @param {number} dollars */
export const money = (dollars) => `$${dollars.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: dollars !== 0 && Math.abs(dollars) < 1 ? 6 : 2 })}`;

/** One score: a figure, nothing to look at, or a failure, which is no 0. @param {any} score */
export function scoreMark({ name, state, value, reason, cached }) {
  const said = { number: () => scoreFigure(value), not_applicable: () => "not applicable", failed: () => "failed" }[state]();
  return h("li", { class: `score ${state}${state === "number" && value < 0.5 ? " low" : ""}`, title: state === "failed" ? reason : `${scoreSays(name)}${cached ? " As said before of the same: nothing was paid for it." : ""}` }, h("span", {}, scoreWord(name)), h("b", {}, said));
}
