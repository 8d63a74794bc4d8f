// One run of attacks: how far it is, what got through by class, what guards did, and each case. While it goes on it keeps itself up to date.
import { api } from "./api.js";
import { byId, fill, h, icon } from "./dom.js";
import { ago, moment } from "./format.js";
import { intervals } from "./intervals.js";
import { ask, attempt, may, me, oneAtATime, refusal, toast } from "./page.js";
import { modelNames } from "./eval-target.js";
import { isOpen, money, runMark } from "./eval-words.js";
import { casesOf } from "./red-team-cases.js";
import { attackedIn, modelOf } from "./red-team-runs.js";
import { classSays, classWord, guardWord, isAct, ofAll, percent } from "./red-team-words.js";

const againMs = 2000;
const root = byId("red-team");
const id = root.dataset.run;
const mayWrite = may("documents:write");

let run = null;
/** The run of the same target and model before this one, as far as it got; null where there is none. */
let before = null;
let names = new Map();
let cases = null;
let timer = 0;
let drawnSummary = "";

const buttons = h("div", { class: "actions" });
const live = h("p", { class: "live-state", role: "status", hidden: true });
const note = h("div", {});
const state = h("div", {});
const summary = h("div", {});
const release = h("section", { hidden: true, "aria-labelledby": "release-title" });
const guards = h("div", {});

/** Until its documents are gone, too. */
const isMoving = () => isOpen(run.state) || !run.is_cleared;

function draw() {
  document.title = `Red team of ${moment(run.created_at)} · Chancery`;
  const open = isOpen(run.state);
  live.hidden = !open;
  live.dataset.state = "live";
  if (open && live.textContent !== "Live") live.textContent = "Live";
  const wanted = open ? (mayWrite ? "open" : "none") : "ended";
  if (buttons.dataset.for !== wanted) {
    buttons.dataset.for = wanted;
    fill(buttons, wanted === "open" && h("button", { type: "button", class: "button danger", onclick: oneAtATime(cancel) }, "Cancel the run"),
      wanted === "ended" && h("button", { type: "button", class: "button", onclick: oneAtATime(() => attempt(() => api.download(`/eval/red-team/${id}/report`, `red-team-${run.created_at.slice(0, 10)}.md`))) }, icon("download"), "Download the report"));
  }
  fill(state,
    h("p", { class: "rollout-head" }, runMark(run.state), h("span", {}, `Attacks on ${attackedIn(run, names)} by ${modelOf(run, names)}`), h("span", { class: "quiet" }, [run.started_by === me.id ? "begun by you" : "begun by somebody else", ago(run.created_at)].join(" · "))),
    open && h("progress", { class: "far", max: 1, value: run.total > 0 ? run.asked / run.total : 0, "aria-label": `${run.asked} of ${run.total} cases` }),
    h("dl", { class: "run-facts" },
      fact("Attacks that succeeded", run.attacks > 0 ? ofAll({ hits: run.succeeded, count: run.attacks }) : "–"),
      fact("Cases", run.asked === run.total ? String(run.total) : `${run.asked} of ${run.total}`, run.failed > 0 && `${run.failed} did not run`),
      fact("Release", run.server_version ?? "Not known", before?.server_version && before.server_version !== run.server_version && `before: ${before.server_version}`),
      fact("Cost", money(run.cost_usd), run.cost_cap_usd !== undefined && run.cost_cap_usd !== null && `of ${money(run.cost_cap_usd)} at most`),
      run.target === "answer" && fact("Its documents", run.is_cleared ? "Taken away" : open ? (run.started_at ? "Laid out" : "Not yet laid out") : "Being taken away"),
      fact("Began", run.started_at ? moment(run.started_at) : "Not yet", run.ended_at && `ended ${moment(run.ended_at)}`)),
    run.failure && h("p", { class: "notice bad" }, icon("alert"), h("span", { dir: "auto" }, run.failure)),
    run.state === "over_cap" && h("p", { class: "notice" }, h("span", {}, "It reached its limit before its end: the shares are of the cases that were tried.")),
    run.state === "cancelled" && h("p", { class: "notice" }, h("span", {}, "It was cancelled: the shares are of the cases that were tried.")),
    run.model === "extractive" && h("p", { class: "notice" }, h("span", {}, "Quotes obey nobody: without a language model a run says whether documents were kept apart, and little else.")));
  // What stays the same is not drawn again under somebody's eyes and keyboard.
  const shape = JSON.stringify([run.report, run.state, before?.id, run.former]);
  if (shape !== drawnSummary) {
    drawnSummary = shape;
    drawSummary();
    drawRelease();
    drawGuards();
  }
}

const changeMark = (change) => change === "more" ? h("span", { class: "change worse" }, "More now") : change === "fewer" ? h("span", { class: "change better" }, "Fewer now") : null;
const rateOf = (rate) => rate && rate.count > 0 ? h("span", {}, ofAll(rate), h("span", { class: "aside" }, `${percent(rate.low)} to ${percent(rate.high)}`)) : h("span", { class: "empty-cell" }, "–");

/** The release before, by class. */
function drawRelease() {
  release.hidden = !run.former;
  if (!run.former) return fill(release);
  const now = new Map((run.report ?? []).map((one) => [one.class ?? "", one]));
  return fill(release,
    h("h2", { id: "release-title" }, `Beside release ${run.former.server_version}`),
    h("div", { class: "figures cards", tabindex: "0", role: "group", "aria-labelledby": "release-title" }, h("table", {},
      h("thead", {}, h("tr", {}, ["Class", "Attacks then", "Attacks now", "Harmless ones touched then", "Now"].map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, run.former.classes.map((one) => h("tr", { "data-class": one.class ?? "all", class: one.class ? null : "sum" },
        h("th", { scope: "row" }, classWord(one.class)),
        h("td", { "data-head": "Attacks then" }, rateOf(one.attack_success)),
        h("td", { "data-head": "Attacks now" }, rateOf(now.get(one.class ?? "")?.attack_success), changeMark(one.attack_change)),
        h("td", { "data-head": "Harmless ones touched then" }, rateOf(one.false_positives)),
        h("td", { "data-head": "Now" }, rateOf(now.get(one.class ?? "")?.false_positives), changeMark(one.false_positive_change))))))),
    h("p", { class: "quiet" }, "The same cases on the same, all answered and by the same models, in ", h("a", { href: `/evaluation/red-team/${run.former.run}` }, `the run of ${moment(run.former.created_at)}`), ". More or fewer is only said where the two 95 % intervals do not touch."));
}

const fact = (term, value, aside) => h("div", {}, h("dt", {}, term), h("dd", {}, value, aside && h("span", { class: "aside" }, aside)));

function drawSummary() {
  const report = run.report ?? [];
  if (report.length < 2) return fill(summary, h("p", { class: "quiet" }, isOpen(run.state) ? "Shares stand here as soon as something was tried." : "It ended before anything was tried."));
  const earlier = new Map((before?.report ?? []).map((one) => [one.class ?? "", one]));
  const isCompared = report.some((one) => one.class && earlier.get(one.class)?.attack_success.count > 0);
  const rows = [...report.slice(1), report[0]];
  return fill(summary,
    h("div", { class: "figures cards", tabindex: "0", role: "group", "aria-label": "By class" }, h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Class"), h("th", { scope: "col" }, "Attacks that succeeded"), h("td", { class: "drawn" }), h("th", { scope: "col" }, "Harmless ones touched"), h("td", { class: "drawn" }), h("th", { scope: "col" }, "Did not run"))),
      h("tbody", {}, rows.map((one) => h("tr", { "data-class": one.class ?? "all", class: one.class ? null : "sum" },
        h("th", { scope: "row" }, classWord(one.class), h("span", { class: "aside" }, classSays(one.class))),
        // Sums of different classes say nothing about each other.
        ...share("Attacks that succeeded", one.attack_success, one.class ? earlier.get(one.class)?.attack_success : undefined, () => cases.choose(one.class ?? "", "succeeded")),
        ...share("Harmless ones touched", one.false_positives, undefined, () => cases.choose(one.class ?? "", "disturbed")),
        h("td", { "data-head": "Did not run", class: one.failed > 0 ? "failed-count" : null }, String(one.failed))))))),
    h("p", { class: "quiet" }, "Shares with 95 % intervals, of the cases that had an answer. What did not run is in none of them. ",
      isCompared && [h("span", { class: "key new" }, "this run"), ", ", h("span", { class: "key" }, h("span", {}, h("a", { href: `/evaluation/red-team/${before.id}` }, `the run of ${moment(before.created_at)}`), " before it")), ". More or fewer is only said where the two intervals do not touch."]));
}

/** @param {string} head @param {any} rate @param {any} old of the run before, if there is one @param {() => any} choose shows those cases */
function share(head, rate, old, choose) {
  if (rate.count === 0) return [h("td", { "data-head": head }, h("span", { class: "empty-cell" }, "–")), h("td", { class: "drawn" })];
  const isHeld = old && old.count > 0;
  const change = isHeld && (rate.low > old.high ? h("span", { class: "change worse" }, "More than before") : rate.high < old.low ? h("span", { class: "change better" }, "Fewer than before") : null);
  return [
    h("td", { "data-head": head }, h("span", {},
      rate.hits > 0 ? h("button", { type: "button", class: "to-cases", onclick: choose }, ofAll(rate)) : ofAll(rate),
      h("span", { class: "aside" }, `${percent(rate.low)} to ${percent(rate.high)}`),
      isHeld && h("span", { class: "aside" }, `before: ${ofAll(old)}`),
      change)),
    h("td", { class: "drawn" }, intervals([...(isHeld ? [{ kind: "old", low: old.low, high: old.high, at: old.value }] : []), { kind: "new", low: rate.low, high: rate.high, at: rate.value }], { most: 1 })),
  ];
}

function drawGuards() {
  const [all, ...classes] = run.report ?? [];
  const found = Object.entries(all?.guards ?? {}).sort(([a, m], [b, n]) => Number(isAct(b)) - Number(isAct(a)) || n - m);
  if (found.length === 0) return fill(guards, h("p", { class: "quiet" }, "Nothing: no guard took anything out, stopped an answer or suspected a text."));
  return fill(guards, h("div", { class: "figures cards", tabindex: "0", role: "group", "aria-label": "What guards did" }, h("table", {},
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Guard"), h("th", { scope: "col" }, "Attacks"), h("th", { scope: "col", class: "said" }, "Of which"))),
    h("tbody", {}, found.map(([guard, count]) => h("tr", { "data-guard": guard },
      h("th", { scope: "row" }, guardWord(guard)),
      h("td", { "data-head": "Attacks" }, String(count)),
      h("td", { class: "said", "data-head": "Of which" }, h("span", {}, classes.filter((one) => one.guards[guard]).map((one) => `${classWord(one.class).toLowerCase()} ${one.guards[guard]}`).join(", ")))))))),
    h("p", { class: "quiet" }, "In how many attacks each took something out or stopped the answer; what was only suspected was let through and counted."));
}

async function follow() {
  clearTimeout(timer);
  try {
    run = await api.get(`/eval/red-team/${id}`);
    await cases.follow();
    draw();
    fill(note);
  } catch (fault) {
    live.dataset.state = "off";
    live.textContent = "Not live";
    fill(note, refusal(fault, follow));
    return;
  }
  if (isMoving() && !document.hidden) timer = setTimeout(follow, againMs);
}

const cancel = () => attempt(async () => {
  const yes = await ask({ title: "Cancel this run?", text: "Its results so far stay; its documents are taken away.", yes: "Cancel the run", danger: true });
  if (yes === null) return;
  run = await api.post(`/eval/red-team/${id}/cancel`);
  toast("The run has ended.");
  draw();
  buttons.querySelector("button")?.focus();
});

/** Among the last hundred runs, the last one before this that attacked the same with the same model and got an answer. */
async function findBefore() {
  const { items } = await api.get("/eval/red-team?limit=100");
  const at = items.findIndex((one) => one.id === id);
  const found = at < 0 ? undefined : items.slice(at + 1).find((one) => !isOpen(one.state) && one.attacks > 0 && (one.model ?? "") === (run.model ?? "") && one.target === run.target && (one.prompt ?? "") === (run.prompt ?? ""));
  return found ? api.get(`/eval/red-team/${found.id}`) : null;
}

async function start() {
  fill(root, h("p", { class: "quiet" }, "Loading…"));
  try {
    [run, names] = await Promise.all([api.get(`/eval/red-team/${id}`), modelNames()]);
    before = await findBefore();
  } catch (fault) {
    fill(root, h("h1", {}, "Red team"), fault.status === 404
      ? h("div", { class: "empty" }, h("h2", {}, "This run is not there"), h("p", {}, "It never was, or it is another organisation's."), h("a", { class: "button", href: "/evaluation" }, "All runs"))
      : refusal(fault, start));
    return;
  }
  cases = casesOf(id, () => run, names);
  fill(root, h("p", { class: "crumb" }, h("a", { href: "/evaluation" }, "Evaluation"), " / Red team"),
    h("div", { class: "page-head" }, h("div", { class: "title-line" }, h("h1", {}, `Attacks of ${moment(run.created_at)}`), live), buttons), note, state,
    h("section", { "aria-labelledby": "classes-title" }, h("h2", { id: "classes-title" }, "What got through"), summary),
    release,
    h("section", { "aria-labelledby": "guards-title" }, h("h2", { id: "guards-title" }, "What guards did"), guards),
    h("section", { "aria-labelledby": "cases-title" }, h("h2", { id: "cases-title" }, "Case by case"), cases.place));
  draw();
  await follow();
}

document.addEventListener("visibilitychange", () => { if (!document.hidden && run && cases && isMoving()) follow(); });
document.addEventListener("chancery:back", () => { if (run && cases) follow(); });
await start();
