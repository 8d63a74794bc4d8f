// Runs as a table; two of one dataset are chosen to be compared.
import { api } from "./api.js";
import { fill, h } from "./dom.js";
import { moment } from "./format.js";
import { attempt, oneAtATime, refusal } from "./page.js";
import { modelNames } from "./eval-target.js";
import { isOpen, money, runMark, scoreFigure, scoreWord, targetWord } from "./eval-words.js";

const againMs = 4000;
const pageSize = 20;
/** What a run is told by in a line, if it has it. */
const telling = ["contains_answer", "token_f1", "judge_faithfulness", "refusal_correct", "ndcg_at_10", "support"];

/**
 * @param {HTMLElement} place @param {string} [dataset] only its runs
 * @returns {{load: () => Promise<void>}}
 */
export function runsIn(place, dataset) {
  let runs = [];
  let cursor = null;
  let names = new Map();
  let timer = 0;
  /** Oldest choice first, two at most. @type {string[]} */
  let chosen = [];
  const path = (after) => `/eval/runs?${new URLSearchParams({ limit: String(pageSize), ...(dataset ? { dataset } : {}), ...(after ? { cursor: after } : {}) })}`;

  async function load() {
    clearTimeout(timer);
    try {
      const [page, known] = await Promise.all([api.get(path("")), modelNames()]);
      names = known;
      runs = page.items;
      cursor = page.next_cursor;
      draw();
    } catch (fault) {
      fill(place, refusal(fault, load));
    }
    place.removeAttribute("aria-busy");
    if (runs.some((one) => isOpen(one.state)) && !document.hidden) timer = setTimeout(follow, againMs);
  }

  /** Rows change and nobody's focus does. */
  async function follow() {
    if (place.contains(document.activeElement)) timer = setTimeout(follow, againMs);
    else await load();
  }

  function draw() {
    if (runs.length === 0) {
      return fill(place, h("div", { class: "empty small" }, h("h3", {}, "No runs yet"), h("p", {}, dataset ? "Ask its questions to see how good the answers are." : "Open a dataset to ask its questions.")));
    }
    const ofOne = (run) => chosen.length === 0 || runs.find((one) => one.id === chosen[0])?.dataset_id === run.dataset_id;
    return fill(place,
      h("div", { class: "figures cards", tabindex: "0", role: "group", "aria-label": "Runs" }, h("table", {},
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Run"), h("th", { scope: "col", class: "said" }, "Of"), h("th", { scope: "col", class: "said" }, "State"), h("th", { scope: "col" }, "Questions"), h("th", { scope: "col" }, "Score"), h("th", { scope: "col" }, "Cost"), h("th", { scope: "col" }, "Compare"))),
        h("tbody", {}, runs.map((run) => rowOf(run, ofOne(run)))))),
      h("div", { class: "compare-bar" }, h("p", { class: "quiet", role: "status" }, chosen.length === 2 ? "Two are chosen." : chosen.length === 1 ? "Choose another one of the same dataset." : "Choose two of a dataset to compare them."),
        chosen.length === 2 && h("a", { class: "button small", href: `/evaluation/compare?${pair()}` }, "Compare them")),
      cursor && h("p", { class: "more" }, h("button", { type: "button", class: "button", onclick: oneAtATime(() => attempt(async () => {
        const page = await api.get(path(cursor));
        runs.push(...page.items);
        cursor = page.next_cursor;
        draw();
      })) }, "Show more")));
  }

  /** The older one is what the newer is held against. */
  function pair() {
    const [a, b] = runs.filter((one) => chosen.includes(one.id)).sort((one, other) => one.created_at.localeCompare(other.created_at));
    return new URLSearchParams({ a: a.id, b: b.id });
  }

  function rowOf(run, canCompare) {
    const score = telling.map((name) => run.scores?.find((one) => one.name === name && one.mean !== null && one.mean !== undefined)).find(Boolean);
    const box = h("input", { type: "checkbox", id: `choose-${run.id}`, "aria-label": `Compare the run of ${moment(run.created_at)}`, checked: chosen.includes(run.id), disabled: !canCompare || isOpen(run.state), onchange: () => {
      chosen = box.checked ? [...chosen, run.id].slice(-2) : chosen.filter((one) => one !== run.id);
      draw();
      document.getElementById(box.id)?.focus();
    } });
    return h("tr", { "data-id": run.id },
      h("th", { scope: "row" }, h("a", { href: `/evaluation/runs/${run.id}` }, moment(run.created_at)), run.origin === "nightly" && h("span", { class: "aside" }, "by night")),
      h("td", { class: "said", "data-head": "Of" }, h("span", {}, !dataset && h("bdi", {}, run.dataset_name), h("span", { class: dataset ? "" : "aside" }, targetWord(run.target, names)))),
      h("td", { class: "said", "data-head": "State" }, runMark(run.state)),
      h("td", { "data-head": "Questions" }, h("span", {}, isOpen(run.state) || run.asked < run.total ? `${run.asked} of ${run.total}` : String(run.total), run.failed > 0 && h("span", { class: "aside" }, `${run.failed} without an answer`))),
      h("td", { "data-head": "Score" }, score ? h("span", {}, scoreFigure(score.mean), h("span", { class: "aside" }, scoreWord(score.name).toLowerCase())) : h("span", { class: "empty-cell" }, "–")),
      h("td", { "data-head": "Cost" }, money(run.cost_usd)),
      h("td", { "data-head": "Compare" }, box));
  }

  document.addEventListener("visibilitychange", () => { if (!document.hidden && runs.some((one) => isOpen(one.state))) follow(); });
  return { load };
}
