// People call a judged answer good or bad; beside what the judge said, that tells how far to go by it.
import { api } from "./api.js";
import { h } from "./dom.js";
import { scoreFigure } from "./eval-words.js";
import { attempt, oneAtATime } from "./page.js";

const criteria = [["relevance", "Relevant"], ["faithfulness", "Faithful"], ["helpfulness", "Helpful"]];
const word = Object.fromEntries(criteria);
/** As the calibration reads it: from 4 of 5 on a judge calls an answer good. */
const faces = [["good", "Yes"], ["bad", "No"]];
const little = 0.6;

const isJudged = (result, criterion) => result.scores.some((score) => score.name === `judge_${criterion}` && score.state !== "not_applicable");

/**
 * Buttons for what the judge judged; null where it judged nothing, or the answer is withheld. The same button again takes the label back.
 * @param {string} run @param {any} result @param {() => Promise<void>} changed
 */
export function labelChoices(run, result, changed) {
  const judged = criteria.filter(([criterion]) => isJudged(result, criterion));
  if (result.withheld || judged.length === 0) return null;
  const given = { ...result.labels };
  return h("div", { class: "label-choices" }, h("p", { class: "quiet" }, "And you?"), judged.map(([criterion, name]) => {
    const buttons = faces.map(([label, face]) => h("button", {
      type: "button", class: "button small", "data-label": label, "aria-pressed": String(given[criterion] === label), "aria-label": `${name}: ${face.toLowerCase()}, question ${result.number}`,
      onclick: oneAtATime(() => attempt(async () => {
        const address = `/eval/runs/${run}/results/${result.question_id}/labels/${criterion}`;
        if (given[criterion] === label) {
          await api.remove(address);
          delete given[criterion];
        } else {
          await api.put(address, { label });
          given[criterion] = label;
        }
        for (const button of buttons) button.setAttribute("aria-pressed", String(given[criterion] === button.dataset.label));
        await changed();
      })),
    }, face));
    return h("span", { class: "label-choice", role: "group", "aria-label": `${name}, question ${result.number}` }, h("span", {}, name), buttons);
  }));
}

/** How the judge stands beside the labels; null before the first. @param {any[]} rows of the calibration */
export function calibrationShown(rows) {
  if (rows.length === 0) return null;
  const share = (value) => value === undefined || value === null ? h("span", { class: "empty-cell" }, "–") : `${Math.round(value * 100)} %`;
  const weak = rows.filter((one) => one.kappa === undefined || one.kappa === null || one.kappa < little);
  return h("section", { "aria-labelledby": "judge-title" }, h("h2", { id: "judge-title" }, "The judge beside people"),
    h("div", { class: "figures cards", tabindex: "0", role: "group", "aria-label": "The judge beside people" }, h("table", {},
      h("thead", {}, h("tr", {}, ["Criterion", "Labels", "Same word", "Kappa", "Good only to the judge", "Bad only to the judge"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, rows.map((one) => h("tr", { "data-criterion": one.criterion }, h("th", { scope: "row" }, word[one.criterion] ?? one.criterion),
        h("td", { "data-head": "Labels" }, String(one.labels)), h("td", { "data-head": "Same word" }, share(one.agreement)),
        h("td", { "data-head": "Kappa" }, one.kappa === undefined || one.kappa === null ? h("span", { class: "empty-cell" }, "–")
          : h("span", {}, scoreFigure(one.kappa), one.low !== undefined && one.low !== null && h("span", { class: "aside" }, `${scoreFigure(one.low)} to ${scoreFigure(one.high)}`))),
        h("td", { "data-head": "Good only to the judge" }, String(one.falsely_good)), h("td", { "data-head": "Bad only to the judge" }, String(one.falsely_bad))))))),
    h("p", { class: "quiet" }, `Kappa is agreement beyond chance, with its 95 % interval. Below ${scoreFigure(little)} a judge decides little${weak.length > 0 ? `, as here: ${weak.map((one) => (word[one.criterion] ?? one.criterion).toLowerCase()).join(", ")}` : ""}. Label fifty answers, good and bad ones, before you go by it.`));
}
