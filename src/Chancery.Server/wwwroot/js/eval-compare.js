// Two runs of a dataset, each question with itself: /evaluation/compare?a&b. What changed, how surely, and on which questions most.
import { api } from "./api.js";
import { byId, fill, h } from "./dom.js";
import { moment, plural } from "./format.js";
import { intervals } from "./intervals.js";
import { refusal } from "./page.js";
import { modelNames } from "./eval-target.js";
import { outcomeMark, scoreFigure, scoreSays, scoreWord, signed, targetWord, verdictMark } from "./eval-words.js";

/** So many questions of a run are looked at for those that changed most. */
const mostResults = 2000;
const pageSize = 500;
const shownMost = 20;
const root = byId("eval-compare");
const search = new URLSearchParams(location.search);

let names = new Map();
let results = null;
let ticket;

const before = h("select", { id: "before" });
const after = h("select", { id: "after" });
const note = h("div", {});
const crumb = h("p", { class: "crumb" });
const table = h("div", {});
const changed = h("section", { "aria-labelledby": "changed-title", hidden: true });

async function compare() {
  const mine = (ticket = {});
  history.replaceState(null, "", `?${new URLSearchParams({ a: before.value, b: after.value })}`);
  table.setAttribute("aria-busy", "true");
  try {
    const found = await api.get(`/eval/compare?a=${before.value}&b=${after.value}`);
    if (mine !== ticket) return;
    fill(note);
    drawScores(found);
    changed.hidden = false;
    fill(changed, h("h2", { id: "changed-title" }, "Questions that changed most"), h("p", { class: "quiet", role: "status" }, "Reading the results…"));
    const both = await Promise.all([resultsOf(found.before.id), resultsOf(found.after.id)]);
    if (mine !== ticket) return;
    results = both;
    drawChanged(found);
  } catch (fault) {
    if (mine !== ticket) return;
    fill(table);
    changed.hidden = true;
    fill(note, refusal(fault, compare));
  }
  table.removeAttribute("aria-busy");
}

async function resultsOf(id) {
  const all = new Map();
  let cursor = "";
  do {
    const page = await api.get(`/eval/runs/${id}/results?limit=${pageSize}${cursor && `&cursor=${cursor}`}`);
    for (const one of page.items) all.set(one.question_id, one);
    cursor = page.next_cursor ?? "";
  } while (cursor && all.size < mostResults);
  return all;
}

function drawScores({ scores }) {
  if (scores.length === 0) return fill(table, h("div", { class: "empty small" }, h("h3", {}, "There is nothing to compare"), h("p", {}, "Neither run has a score.")));
  const reach = Math.max(0.05, ...scores.flatMap((one) => [Math.abs(one.low ?? 0), Math.abs(one.high ?? 0)]));
  return fill(table,
    h("div", { class: "figures cards", tabindex: "0", role: "group", "aria-label": "Scores of both" }, h("table", {},
      h("thead", {}, h("tr", {}, ["Score", "Before", "After", "Difference"].map((text) => h("th", { scope: "col" }, text)), h("td", { class: "drawn" }), ["Better / worse", "p"].map((text) => h("th", { scope: "col" }, text)), h("th", { scope: "col", class: "said" }, "Verdict"))),
      h("tbody", {}, scores.map((one) => {
        const known = one.difference !== undefined && one.difference !== null;
        const none = h("span", { class: "empty-cell" }, "–");
        return h("tr", { "data-score": one.name }, h("th", { scope: "row" }, scoreWord(one.name), h("span", { class: "aside" }, scoreSays(one.name))),
          h("td", { "data-head": "Before" }, known ? scoreFigure(one.before) : none), h("td", { "data-head": "After" }, known ? scoreFigure(one.after) : none.cloneNode(true)),
          h("td", { "data-head": "Difference" }, known ? h("span", {}, signed(one.difference), h("span", { class: "aside" }, `${signed(one.low)} to ${signed(one.high)}`)) : none.cloneNode(true)),
          h("td", { class: "drawn" }, known && intervals([{ kind: "new", low: one.low, high: one.high, at: one.difference }], { least: -reach, most: reach, zero: true })),
          h("td", { "data-head": "Better / worse" }, h("span", {}, `${one.better} / ${one.worse}`, h("span", { class: "aside" }, `of ${plural(one.pairs, "pair")}${one.unpaired > 0 ? `, ${one.unpaired} alone` : ""}`))),
          h("td", { "data-head": "p" }, known ? one.p_value.toLocaleString("en", { maximumSignificantDigits: 2 }) : none.cloneNode(true)),
          h("td", { class: "said", "data-head": "Verdict" }, verdictMark(one.verdict)));
      })))),
    h("p", { class: "quiet" }, "The difference with its 95 % interval (paired bootstrap), p of the exact sign test. Several scores are several looks: of twenty that did not change, one misleads."));
}

const numberOf = (result, name) => result?.scores.find((one) => one.name === name && one.state === "number")?.value;

function drawChanged({ scores }) {
  const [old, now] = results;
  const measured = scores.filter((one) => one.pairs > 0);
  if (measured.length === 0) return void (changed.hidden = true);
  const moved = [...measured].sort((one, other) => other.better + other.worse - one.better - one.worse)[0];
  const list = h("ol", { class: "results", "aria-label": "Questions that changed most" });
  const says = h("p", { class: "quiet", role: "status" });
  const choice = h("select", { id: "by-score", onchange: show }, measured.map((one) => h("option", { value: one.name, selected: one === moved }, scoreWord(one.name))));
  const isPart = [old, now].some((one) => one.size >= mostResults);

  function show() {
    const rows = [...now.values()].map((result) => ({ now: result, old: old.get(result.question_id), change: numberOf(result, choice.value) - numberOf(old.get(result.question_id), choice.value) }))
      .filter((row) => row.change).sort((one, other) => Math.abs(other.change) - Math.abs(one.change) || one.now.number - other.now.number);
    fill(says, rows.length === 0 ? "By this score no question changed." : `${plural(rows.length, "question")} changed${rows.length > shownMost ? `; the ${shownMost} that changed most are shown` : ""}.${isPart ? ` Of the first ${mostResults.toLocaleString("en")} questions.` : ""}`);
    fill(list, rows.slice(0, shownMost).map((row) => h("li", { class: "result", "data-number": row.now.number },
      h("span", { class: "number" }, String(row.now.number)),
      h("div", {}, h("p", { class: "asked-words", dir: "auto" }, row.now.question),
        h("p", { class: "facts" }, h("span", { class: `change ${row.change > 0 ? "better" : "worse"}` }, `${signed(row.change)}`), h("span", {}, `${scoreFigure(numberOf(row.old, choice.value))} → ${scoreFigure(numberOf(row.now, choice.value))}`)),
        h("details", { class: "said-more" }, h("summary", {}, "Both answers"), h("div", { class: "diff-sides" }, [["Before", row.old], ["After", row.now]].map(([label, one]) => h("section", {}, h("h3", {}, label, " ", outcomeMark(one.outcome)),
          h("p", { class: "answer-words", dir: "auto" }, one.withheld ? "Withheld: it was made from a document that you may not read." : (one.answer ?? one.error ?? "No answer.")))))))))); 
    list.hidden = rows.length === 0;
  }

  fill(changed, h("div", { class: "section-head" }, h("h2", { id: "changed-title" }, "Questions that changed most"), h("div", { class: "field by" }, h("label", { for: "by-score" }, "By"), choice)), says, list);
  show();
}

async function start() {
  fill(root, h("p", { class: "quiet" }, "Loading…"));
  try {
    const [a, b] = [search.get("a"), search.get("b")];
    if (!a || !b) throw Object.assign(new Error("Choose two runs of a dataset first."), { status: 404 });
    const found = await api.get(`/eval/compare?a=${encodeURIComponent(a)}&b=${encodeURIComponent(b)}`);
    const [runs, known] = await Promise.all([api.get(`/eval/runs?dataset=${found.before.dataset_id}&limit=100`), modelNames()]);
    names = known;
    const all = [...new Map([...runs.items, found.before, found.after].map((one) => [one.id, one])).values()].sort((one, other) => other.created_at.localeCompare(one.created_at));
    for (const [select, chosen] of [[before, found.before.id], [after, found.after.id]]) {
      fill(select, all.map((one) => h("option", { value: one.id, selected: one.id === chosen }, `${moment(one.created_at)}, ${targetWord(one.target, names)}`)));
      select.addEventListener("change", compare);
    }
    fill(crumb, h("a", { href: "/evaluation" }, "Evaluation"), " / ", h("a", { href: `/evaluation/datasets/${found.before.dataset_id}`, dir: "auto" }, found.before.dataset_name));
  } catch (fault) {
    fill(root, h("h1", {}, "Compare runs"), fault.status === 404 || fault.status === 400
      ? h("div", { class: "empty" }, h("h2", {}, "There are no two runs to compare"), h("p", {}, "Choose two runs of one dataset in the list."), h("a", { class: "button", href: "/evaluation" }, "All runs"))
      : refusal(fault, start));
    return;
  }
  const swap = h("button", { type: "button", class: "button", onclick: () => { [before.value, after.value] = [after.value, before.value]; compare(); } }, "Swap");
  fill(root, crumb, h("h1", {}, "Compare runs"),
    h("div", { class: "run-choices" }, h("div", { class: "field" }, h("label", { for: "before" }, "Before"), before), h("div", { class: "field" }, h("label", { for: "after" }, "After"), after), swap),
    note, table, changed);
  await compare();
}

await start();
