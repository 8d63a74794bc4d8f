// One run: how far it is, its scores with their intervals, and what became of each question. While it goes on it keeps itself up to date.
import { api } from "./api.js";
import { byId, fill, h } from "./dom.js";
import { ago, moment } from "./format.js";
import { calibrationShown, labelChoices } from "./eval-labels.js";
import { intervals } from "./intervals.js";
import { ask, attempt, may, oneAtATime, refusal, toast } from "./page.js";
import { modelNames } from "./eval-target.js";
import { isOpen, money, outcomeMark, runMark, scoreFigure, scoreMark, scoreSays, scoreWord, signed, targetWord } from "./eval-words.js";

const againMs = 2000;
const pageSize = 50;
const root = byId("run");
const id = root.dataset.run;
const mayWrite = may("documents:write");

let run = null;
let names = new Map();
/** Number of the last question whose result is shown. */
let last = 0;
let cursor = null;
let timer = 0;

const buttons = h("div", { class: "actions" });
const live = h("p", { class: "live-state", role: "status", hidden: true });
const note = h("div", {});
const state = h("div", {});
const summary = h("div", {});
const calibration = h("div", {});
const results = h("ol", { class: "results", "aria-label": "Results" });
const resultsNote = h("div", {});
const more = h("p", { class: "more", hidden: true });

function draw() {
  document.title = `Run of ${run.dataset_name} · Chancery`;
  const open = isOpen(run.state);
  live.hidden = !open;
  live.dataset.state = "live";
  if (open && live.textContent !== "Live") live.textContent = "Live";
  const wanted = open && mayWrite ? "open" : "ended";
  if (buttons.dataset.for !== wanted) {
    buttons.dataset.for = wanted;
    fill(buttons, wanted === "open" ? h("button", { type: "button", class: "button danger", onclick: oneAtATime(cancel) }, "Cancel the run")
      : h("a", { class: "button", href: `/evaluation/datasets/${run.dataset_id}` }, "Compare with another run"));
  }
  const share = run.total > 0 ? run.asked / run.total : 0;
  fill(state,
    h("p", { class: "rollout-head" }, runMark(run.state), h("span", {}, targetWord(run.target, names)),
      h("span", { class: "quiet" }, [judgedBy(), run.target.tags?.length > 0 && `only tagged ${run.target.tags.join(", ")}`, run.origin === "nightly" ? "begun by night" : "begun by hand", ago(run.created_at)].filter(Boolean).join(" · "))),
    open && h("progress", { class: "far", max: 1, value: share, "aria-label": `${run.asked} of ${run.total} questions` }),
    h("dl", { class: "run-facts" },
      fact("Questions", run.asked === run.total ? String(run.total) : `${run.asked} of ${run.total}`, [run.repeats > 1 && `each ${run.repeats} times`, run.failed > 0 && `${run.failed} without an answer`].filter(Boolean).join(", ")),
      fact("Cost", money(run.cost_usd), run.cost_cap_usd !== undefined && run.cost_cap_usd !== null && `of ${money(run.cost_cap_usd)} at most`),
      fact("Tokens", (run.input_tokens + run.output_tokens).toLocaleString("en"), `${run.output_tokens.toLocaleString("en")} of them written`),
      fact("Began", run.started_at ? moment(run.started_at) : "Not yet", run.ended_at && `ended ${moment(run.ended_at)}`)),
    run.judging?.same_family && h("p", { class: "notice" }, h("span", {}, "The judge is of the same family of models as the one that is asked: models think well of their like. Name a judge of another maker, or compare this one with people's labels.")),
    run.failure && h("p", { class: "notice bad" }, h("span", { dir: "auto" }, run.failure)),
    run.state === "over_cap" && h("p", { class: "notice" }, h("span", {}, "It reached its limit before its end: the scores are of the questions that were asked.")),
    run.regressions?.length > 0 && h("div", { class: "notice bad", role: "alert" }, h("div", {}, h("p", {}, "Surely lower than the night before:"),
      h("ul", {}, run.regressions.map((one) => h("li", {}, `${scoreWord(one.name)}: ${scoreFigure(one.before)} → ${scoreFigure(one.after)} (${signed(one.low)} to ${signed(one.high)})`))))));
  drawSummary();
}

/** Who judges, and by which versions of what judges are told: those that were shipped go without saying. */
function judgedBy() {
  if (!run.judging) return null;
  const own = (run.judges ?? []).filter((judge) => judge.version > 1).map((judge) => `${judge.criterion} version ${judge.version}`);
  const model = run.judging.model ? names.get(run.judging.model) ?? run.judging.model : "a model";
  return `judged by ${model}${own.length > 0 ? `, told by ${own.join(", ")}` : ""}`;
}

const fact = (term, value, aside) => h("div", {}, h("dt", {}, term), h("dd", {}, value, aside && h("span", { class: "aside" }, aside)));

function drawSummary() {
  if (!run.scores) return fill(summary, h("p", { class: "quiet" }, isOpen(run.state) ? "Scores stand here once it has ended." : "It ended before there was anything to score."));
  const scored = run.scores.filter((one) => one.count + one.failed > 0);
  const unseen = run.scores.filter((one) => one.count + one.failed === 0);
  if (scored.length === 0) return fill(summary, h("p", { class: "quiet" }, "No question says what a good answer is, so that there is nothing to score."));
  return fill(summary,
    h("div", { class: "figures cards", tabindex: "0", role: "group", "aria-label": "Scores" }, h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Score"), h("th", { scope: "col" }, "Mean"), h("td", { class: "drawn" }), h("th", { scope: "col" }, "Of"), h("th", { scope: "col" }, "Failed"), h("th", { scope: "col" }, "Coverage"))),
      h("tbody", {}, scored.map((one) => {
        const known = one.mean !== undefined && one.mean !== null;
        return h("tr", { "data-score": one.name }, h("th", { scope: "row" }, scoreWord(one.name), h("span", { class: "aside" }, scoreSays(one.name))),
          h("td", { "data-head": "Mean" }, known ? h("span", {}, scoreFigure(one.mean), h("span", { class: "aside" }, `${scoreFigure(one.low)} to ${scoreFigure(one.high)}${one.spread === undefined || one.spread === null ? "" : `, ±${scoreFigure(one.spread)} between times`}`)) : h("span", { class: "empty-cell" }, "–")),
          h("td", { class: "drawn" }, known && intervals([{ kind: "new", low: one.low, high: one.high, at: one.mean }], { most: 1 })),
          h("td", { "data-head": "Of" }, h("span", {}, String(one.count), one.not_applicable > 0 && h("span", { class: "aside" }, `${one.not_applicable} not applicable`))),
          h("td", { "data-head": "Failed", class: one.failed > 0 ? "failed-count" : null }, String(one.failed)),
          h("td", { "data-head": "Coverage", class: one.coverage < 0.9 ? "failed-count" : null }, `${Math.round(one.coverage * 100)} %`));
      })))),
    h("p", { class: "quiet" }, `Means with 95 % intervals, over the questions that have a number. A failure is never counted as 0; coverage is the share with a number among those that should have one.${unseen.length > 0 ? ` Not applicable here: ${unseen.map((one) => scoreWord(one.name).toLowerCase()).join(", ")}.` : ""}`));
}

function resultRow(one) {
  const answer = one.withheld ? h("p", { class: "quiet" }, "Withheld: it was made from a document that you may not read.") : one.answer ? h("p", { class: "answer-words", dir: "auto" }, one.answer) : null;
  const places = one.places ?? [];
  return h("li", { class: "result", "data-number": one.number },
    h("span", { class: "number" }, String(one.number)),
    h("div", {},
      h("p", { class: "asked-words", dir: "auto" }, one.question),
      h("p", { class: "facts" }, outcomeMark(one.outcome), h("span", { class: "fact" }, `${(one.duration_ms / 1000).toFixed(1)} s`), one.cost_usd > 0 && h("span", { class: "fact" }, money(one.cost_usd)), one.model && h("span", { class: "fact" }, names.get(one.model) ?? one.model)),
      one.error && h("p", { class: "why", dir: "auto" }, one.error),
      h("ul", { class: "scores", "aria-label": `Scores of question ${one.number}` }, one.scores.filter((score) => score.state !== "not_applicable").map(scoreMark),
        one.scores.some((score) => score.state === "not_applicable") && h("li", { class: "score not_applicable", title: one.scores.filter((score) => score.state === "not_applicable").map((score) => scoreWord(score.name)).join(", ") }, `${one.scores.filter((score) => score.state === "not_applicable").length} not applicable`)),
      mayWrite && labelChoices(id, one, calibrate),
      one.scores.filter((score) => score.state === "failed").map((score) => h("p", { class: "why", dir: "auto" }, `${scoreWord(score.name)} failed: ${score.reason}`)),
      (answer || places.length > 0 || one.notes?.length > 0) && h("details", { class: "said-more" }, h("summary", {}, answer && !one.withheld ? "The answer, and where it stands" : places.length > 0 ? "What was found" : "More"),
        answer,
        one.notes?.length > 0 && h("div", {}, h("h3", {}, "Supported by no passage"), h("ul", { class: "notes" }, one.notes.map((text) => h("li", { dir: "auto" }, text)))),
        places.length > 0 && h("ol", { class: "places-found" }, places.map((place) => h("li", {}, h("a", { href: `/documents/${place.document_id}?page=${place.page}`, dir: "auto" }, place.title), h("span", { class: "quiet" }, `, page ${place.page}`),
          place.is_expected !== undefined && place.is_expected !== null && h("span", { class: `tag${place.is_expected ? " expected-tag" : ""}` }, place.is_expected ? "expected" : "not expected"), h("blockquote", { dir: "auto" }, place.quote)))))));
}

async function calibrate() {
  if (run.judging) fill(calibration, calibrationShown((await api.get(`/eval/runs/${id}/calibration`)).criteria));
}

/** The results from after the last one that is shown; those that are there stay as they are. */
async function append() {
  const page = await api.get(`/eval/runs/${id}/results?limit=${pageSize}${last > 0 ? `&cursor=${last}` : ""}`);
  results.append(...page.items.map(resultRow));
  last = page.items.at(-1)?.number ?? last;
  cursor = page.next_cursor;
  results.hidden = results.children.length === 0;
  fill(resultsNote, results.children.length === 0 && h("p", { class: "quiet" }, isOpen(run.state) ? "They come in one by one." : "No question was asked."));
  offerMore();
}

function offerMore() {
  more.hidden = !cursor && run.asked <= results.children.length;
  if (!more.hidden && more.children.length === 0) fill(more, h("button", { type: "button", class: "button", onclick: oneAtATime(() => attempt(append)) }, "Show more"));
}

async function follow() {
  clearTimeout(timer);
  try {
    run = await api.get(`/eval/runs/${id}`);
    // Whoever looks at the first ones is not given all of them: more come by the button.
    if (results.children.length < pageSize) await append();
    else offerMore();
    draw();
    fill(note);
  } catch (fault) {
    live.dataset.state = "off";
    live.textContent = "Not live";
    fill(note, refusal(fault, follow));
    return;
  }
  if (isOpen(run.state) && !document.hidden) timer = setTimeout(follow, againMs);
}

const cancel = () => attempt(async () => {
  const yes = await ask({ title: "Cancel this run?", text: "Its results so far stay.", yes: "Cancel the run", danger: true });
  if (yes === null) return;
  run = await api.post(`/eval/runs/${id}/cancel`);
  toast("The run has ended.");
  draw();
  buttons.querySelector("a, button")?.focus();
});

async function start() {
  fill(root, h("p", { class: "quiet" }, "Loading…"));
  try {
    [run, names] = await Promise.all([api.get(`/eval/runs/${id}`), modelNames()]);
  } catch (fault) {
    fill(root, h("h1", {}, "Run"), fault.status === 404
      ? h("div", { class: "empty" }, h("h2", {}, "This run is not there"), h("p", {}, "It was deleted with its dataset, or it never was."), h("a", { class: "button", href: "/evaluation" }, "All runs"))
      : refusal(fault, start));
    return;
  }
  fill(root, h("p", { class: "crumb" }, h("a", { href: "/evaluation" }, "Evaluation"), " / ", h("a", { href: `/evaluation/datasets/${run.dataset_id}`, dir: "auto" }, run.dataset_name)),
    h("div", { class: "page-head" }, h("div", { class: "title-line" }, h("h1", {}, `Run of ${moment(run.created_at)}`), live), buttons), note, state,
    h("section", { "aria-labelledby": "scores-title" }, h("h2", { id: "scores-title" }, "Scores"), summary), calibration,
    h("section", { "aria-labelledby": "results-title" }, h("h2", { id: "results-title" }, "Question by question"), resultsNote, results, more));
  draw();
  await follow();
  await attempt(calibrate);
}

document.addEventListener("visibilitychange", () => { if (!document.hidden && run && isOpen(run.state)) follow(); });
document.addEventListener("chancery:back", () => { if (run) follow(); });
await start();
