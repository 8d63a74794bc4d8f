// A rollout as it goes: where it stands, what both arms showed, what is decided; and those before it. It keeps itself up to date.
import { api } from "./api.js";
import { byId, fill, h, icon } from "./dom.js";
import { ago, moment, plural } from "./format.js";
import { ask, attempt, may, oneAtATime, refusal, toast } from "./page.js";
import { eventWord, hoursWord, judgingWord, percent, policyWord, stateMark, unitWord, waitWords } from "./prompt-words.js";
import { drawArms } from "./rollout-arms.js";
import { startForm } from "./rollout-start.js";

const againMs = 5000;
const root = byId("rollout");
const id = root.dataset.prompt;
const mayPublish = may("prompts:publish");
const number = (count) => count.toLocaleString("en");

let prompt = null;
let versions = [];
/** The one that runs, or the last. */
let rollout = null;
let before = [];
let cursor = null;
let timer = 0;
/** Whether the form of a next rollout is drawn, whose fields an update must not take away. */
let formIsFor = null;

const title = h("h1", {}, "Rollout");
const live = h("p", { class: "live-state", role: "status", hidden: true });
const buttons = h("div", { class: "actions" });
const note = h("div", { id: "note" });
const where = h("div", {});
const arms = h("div", {});
const events = h("ol", { class: "happened", "aria-label": "What happened, newest first" });
const begin = h("section", { "aria-labelledby": "begin-title", hidden: true });
const old = h("section", { "aria-labelledby": "old-title", hidden: true });
const current = h("div", {});

const say = (state, text) => {
  live.hidden = false;
  live.dataset.state = state;
  if (live.textContent !== text) live.textContent = text;
};

const isRunning = () => rollout?.state === "running";

async function load() {
  clearTimeout(timer);
  const [{ prompt: found }, list] = await Promise.all([api.get(`/prompts/${id}`), api.get(`/prompts/${id}/rollouts?limit=10`)]);
  if (!prompt || found.latest !== prompt.latest) versions = (await api.get(`/prompts/${id}/versions?limit=200`)).items;
  prompt = found;
  [rollout, ...before] = list.items;
  cursor = list.next_cursor;
  draw();
}

async function refresh() {
  clearTimeout(timer);
  try {
    const now = await api.get(`/prompts/${id}/rollout`);
    if (now.id !== rollout.id || now.state !== rollout.state) await load();
    else {
      rollout = now;
      drawRollout();
    }
    fill(note);
    say("live", "Live");
  } catch (fault) {
    say("off", "Not live");
    fill(note, refusal(fault, refresh));
  }
  next();
}

function next() {
  clearTimeout(timer);
  if (isRunning() && !document.hidden) timer = setTimeout(refresh, againMs);
}

function draw() {
  document.title = `Rollout of ${prompt.name} · Chancery`;
  drawRollout();
  drawBegin();
  drawOld();
  if (isRunning()) say("live", "Live");
  else live.hidden = true;
  next();
}

function drawRollout() {
  current.hidden = !rollout;
  // What has the focus stays while only figures change.
  const wanted = isRunning() && mayPublish ? "running" : "";
  if (buttons.dataset.for !== wanted) {
    buttons.dataset.for = wanted;
    fill(buttons, wanted && [
      h("button", { type: "button", class: "button", id: "advance", onclick: oneAtATime(advance) }, icon("next"), "Next step"),
      h("button", { type: "button", class: "button danger", id: "roll-back", onclick: oneAtATime(rollBack) }, icon("history"), "Roll back")]);
  }
  if (!rollout) return;
  fill(where, head(), track(), decision(), judged());
  drawArms(arms, rollout);
  fill(events, [...rollout.events].reverse().map(eventRow));
}

const head = () => h("p", { class: "rollout-head" }, stateMark(rollout.state), h("span", {}, `Version ${rollout.treatment.version} beside version ${rollout.control.version}`),
  h("span", { class: "quiet" }, `The same ${unitWord(rollout.unit)} keep theirs · ${policyWord(rollout.policy)} · begun by `, h("bdi", {}, rollout.started_by), `, ${ago(rollout.started_at)}`));

function track() {
  const isBack = rollout.state === "rolled_back" || rollout.state === "killed";
  return h("ol", { class: "stages", "aria-label": "Steps" }, rollout.stages.map((stage, i) => {
    const at = i + 1;
    const isNow = at === rollout.stage && rollout.state !== "complete";
    const kind = rollout.state === "complete" || at < rollout.stage ? "done" : isNow ? (isBack ? "back" : "now") : "";
    const says = rollout.state === "complete" || at < rollout.stage ? "done" : isNow ? (isBack ? "ended here" : "now") : stage.min_uses > 0 ? `${number(stage.min_uses)} uses, ${hoursWord(stage.min_hours)}` : "everybody";
    return h("li", { class: kind, "aria-current": isNow && !isBack ? "step" : null }, h("b", {}, percent(stage.percent / 100)), h("span", {}, says));
  }));
}

function towards(label, part, whole, said) {
  return h("div", { class: "towards" }, h("span", {}, label), h("progress", { max: Math.max(whole, 1e-9), value: Math.min(part, Math.max(whole, 1e-9)), "aria-label": `${label}: ${said}` }), h("span", { class: "quiet" }, said));
}

function decision() {
  if (!isRunning()) {
    return h("div", { class: "decision" }, h("div", {}, h("h2", {}, { complete: "It came into production", rolled_back: "It was rolled back", killed: "It was stopped at once" }[rollout.state]),
      h("p", { dir: "auto" }, rollout.reason ?? "Nothing spoke against it."),
      h("p", {}, rollout.ended_by ? ["By ", h("bdi", {}, rollout.ended_by), ", "] : "By its own rule, ", rollout.ended_at ? moment(rollout.ended_at) : "")));
  }
  const stage = rollout.stages[rollout.stage - 1];
  const hours = (Date.now() - Date.parse(rollout.stage_since)) / 3_600_000;
  const [wait, why] = waitWords(rollout.waiting);
  const p = rollout.p_value;
  return h("div", { class: "decision" },
    h("div", {}, h("h2", {}, wait), h("p", {}, why),
      h("p", {}, p === undefined || p === null ? "Nothing was compared yet." : `If the new version were no worse, figures like these would come with a chance of ${p >= 0.995 ? "nearly 1" : p < 0.0001 ? "under 1 in 10,000" : p.toLocaleString("en", { maximumSignificantDigits: 2 })}.`)),
    towards("Uses in this step", rollout.treatment.uses, stage.min_uses, `${number(rollout.treatment.uses)} of at least ${number(stage.min_uses)}`),
    towards("Time in this step", hours, stage.min_hours, `${hoursWord(hours)} of at least ${hoursWord(stage.min_hours)}`));
}

const judged = () => rollout.judging && h("p", { class: "quiet judged" }, `A model judges ${percent(rollout.judge_sample)} of the answers of the version that fewer people have, and as many of the other one, for at most ${rollout.judge_cap_usd.toLocaleString("en", { maximumFractionDigits: 6 })} dollars a day. ${judgingWord(rollout.judging)}`);

const eventRow = (one) => h("li", {}, h("time", { datetime: one.created_at }, moment(one.created_at)),
  h("div", {}, h("strong", {}, eventWord(one.kind)), ["started", "advanced"].includes(one.kind) ? `: ${percent(one.exposure / 100)}` : "", h("span", { class: "why" }, ", ", one.by ? h("bdi", {}, one.by) : "by its own rule"), one.why && h("p", { class: "why", dir: "auto" }, one.why)));

function drawBegin() {
  const key = isRunning() || !mayPublish ? null : `${prompt.production}.${prompt.latest}`;
  begin.hidden = key === null && (isRunning() || rollout !== undefined);
  if (key === formIsFor && begin.children.length > 0) return;
  formIsFor = key;
  if (isRunning()) return void fill(begin);
  fill(begin, h("h2", { id: "begin-title" }, rollout ? "The next rollout" : "Roll a version out"),
    h("p", { class: "quiet" }, `Version ${prompt.production} is in production. The new one goes to a few first and to more as long as it does no harm, beside it.`),
    mayPublish ? startForm(prompt, versions, Number(new URLSearchParams(location.search).get("version")), () => attempt(async () => { await load(); byId("roll-back")?.focus(); }))
      : h("p", { class: "quiet" }, "There was no rollout yet. Admins and owners begin them."));
}

function drawOld() {
  old.hidden = before.length === 0;
  fill(old, h("h2", { id: "old-title" }, "Rollouts before"), h("ol", { class: "happened" }, before.map(oldRow)),
    cursor && h("p", { class: "more" }, h("button", { type: "button", class: "button", onclick: oneAtATime(() => attempt(async () => {
      const page = await api.get(`/prompts/${id}/rollouts?limit=10&cursor=${cursor}`);
      before.push(...page.items);
      cursor = page.next_cursor;
      drawOld();
    })) }, "Show more")));
}

const oldRow = (one) => h("li", {}, h("time", { datetime: one.started_at }, moment(one.started_at)),
  h("div", {}, stateMark(one.state), ` Version ${one.treatment.version} beside version ${one.control.version}`,
    h("span", { class: "why" }, `, ${plural(one.stage, "step")}`, one.ended_by ? [", ended by ", h("bdi", {}, one.ended_by)] : ", ended by its own rule"),
    one.reason && h("p", { class: "why", dir: "auto" }, one.reason)));

const advance = () => attempt(async () => {
  const upcoming = rollout.stages[rollout.stage];
  const why = await ask({ title: `Go on to ${percent(upcoming.percent / 100)}?`, text: upcoming.percent >= 100 ? "Version " + rollout.treatment.version + " comes into production: everybody gets it." : "It goes on now, whatever is missing of uses and time.", yes: "Go on" });
  if (why === null) return;
  await api.post(`/prompts/${id}/rollout/advance`, {});
  await load();
  toast(isRunning() ? `It goes to ${percent(rollout.percent / 100)}.` : `Version ${rollout.treatment.version} is in production.`);
  (byId("advance") ?? title).focus();
});

const rollBack = () => attempt(async () => {
  const why = await ask({ title: "Roll back?", text: `Everybody gets version ${rollout.control.version} from that moment on. Version ${rollout.treatment.version} stays, and what was counted is kept.`, label: "Why", yes: "Roll back", danger: true });
  if (why === null) return;
  await api.post(`/prompts/${id}/rollback`, { why });
  await load();
  toast(`Everybody gets version ${rollout.control.version} again.`);
  title.focus();
});

async function start() {
  fill(root, h("p", { class: "quiet" }, "Loading…"));
  try {
    await load();
  } catch (fault) {
    fill(root, h("h1", {}, "Rollout"), fault.status === 404
      ? h("div", { class: "empty" }, h("h2", {}, "This prompt is not there"), h("p", {}, "It was deleted, or it never was."), h("a", { class: "button", href: "/prompts" }, "All prompts"))
      : refusal(fault, start));
    return;
  }
  title.tabIndex = -1;
  fill(current, where,
    h("section", { "aria-labelledby": "arms-title" }, h("h2", { id: "arms-title" }, "Both versions, over the same time"), h("p", { class: "quiet" }, "With 95 % intervals, over the whole rollout. Slow and dear are measured by what the version in production did before."), arms),
    h("section", { "aria-labelledby": "events-title" }, h("h2", { id: "events-title" }, "What happened"), events));
  fill(root, h("p", { class: "crumb" }, h("a", { href: "/prompts" }, "Prompts"), " / ", h("a", { href: `/prompts/${id}`, dir: "auto" }, prompt.name)),
    h("div", { class: "page-head" }, h("div", { class: "title-line" }, title, live), buttons), note, current, begin, old);
}

document.addEventListener("visibilitychange", () => {
  if (!rollout || !isRunning()) return;
  if (document.hidden) {
    clearTimeout(timer);
    say("off", "Paused");
  } else refresh();
});
document.addEventListener("chancery:back", () => rollout && refresh());
await start();
