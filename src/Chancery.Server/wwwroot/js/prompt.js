// One prompt: its versions, what each says and how they differ, its labels and its uses.
import { api } from "./api.js";
import { byId, fill, h, icon } from "./dom.js";
import { ago, moment } from "./format.js";
import { ask, attempt, may, menuButton, oneAtATime, refusal, toast } from "./page.js";
import { differenceRows, differenceSays, versionRows } from "./prompt-diff.js";
import { labelsOf } from "./prompt-labels.js";
import { tryVersion } from "./prompt-try.js";
import { usesOf } from "./prompt-uses.js";
import { percent, waitWords } from "./prompt-words.js";

const root = byId("prompt");
const id = root.dataset.prompt;
const search = new URLSearchParams(location.search);
const mayWrite = may("prompts:write");
const mayPublish = may("prompts:publish");
const pageSize = 50;

let prompt = null;
let rollout = null;
/** What this release ships and no version says. */
let shipped = null;
let release = null;
/** Newest first. @type {any[]} */
let versions = [];
let cursor = null;
let view = ["inline", "sides"].includes(search.get("view")) ? search.get("view") : "text";

const head = h("div", { class: "page-head" });
const description = h("p", { class: "lead", dir: "auto" });
const rolling = h("div", { class: "rolling", hidden: true });
const news = h("div", {});
const line = h("ol", { class: "timeline", "aria-label": "Versions, newest first" });
const more = h("button", { type: "button", class: "button small", hidden: true }, "Show older ones");
const from = h("select", { id: "from" });
const to = h("select", { id: "to" });
const fromField = h("div", { class: "field" }, h("label", { for: "from" }, "From"), from);
const toLabel = h("label", { for: "to" }, "To");
const summary = h("p", { class: "quiet", role: "status" });
const note = h("div", {});
const rows = h("ol", { class: "diff", "aria-label": "What it says", tabindex: "0" });
const views = h("div", { class: "theme view-choice", role: "radiogroup", "aria-label": "What is shown" }, [["text", "One version"], ["inline", "In one text"], ["sides", "Side by side"]].map(([value, label]) =>
  h("label", {}, h("input", { type: "radio", name: "view", value, checked: value === view, onchange: () => { view = value; show(); } }), h("span", {}, label))));
const tryIt = h("button", { type: "button", class: "button", onclick: () => tryVersion(id, versionOf(to.value)) }, "Fill it in");
const labels = labelsOf(id, () => prompt, reload);
const uses = usesOf(id, () => prompt);

const versionOf = (number) => versions.find((one) => one.number === Number(number));

async function loadPage(after) {
  const page = await api.get(`/prompts/${id}/versions?limit=${pageSize}${after ? `&cursor=${after}` : ""}`);
  versions = after ? [...versions, ...page.items] : page.items;
  cursor = page.next_cursor;
  more.hidden = !cursor;
  for (const select of [from, to]) {
    const chosen = select.value;
    fill(select, versions.map((one) => h("option", { value: one.number }, `Version ${one.number}${one.number === prompt.production ? " (in production)" : ""}`)));
    if (chosen) select.value = chosen;
  }
}

/** Whose words are in use, and how far those of this release have come. */
function releaseSays() {
  if (!release) return "the one whose words you kept or changed.";
  return release.state === "running"
    ? `the one before. They are being rolled out: ${percent(release.percent / 100)} have them so far.`
    : "the one before. They were turned back, and nobody has them.";
}

async function loadPrompt() {
  ({ prompt, shipped = null, release = null } = await api.get(`/prompts/${id}`));
  rollout = prompt.rollout ? await api.get(`/prompts/${id}/rollout`) : null;
}

async function reload() {
  await loadPrompt();
  await loadPage("");
  draw();
}

function layout() {
  for (const select of [from, to]) select.addEventListener("change", show);
  fill(root, h("p", { class: "crumb" }, h("a", { href: "/prompts" }, "Prompts")), head, description, news, rolling,
    h("div", { class: "revisions-grid" },
      h("div", { class: "prompt-side" },
        h("section", { class: "timeline-part", "aria-labelledby": "versions-title" }, h("h2", { id: "versions-title" }, "Versions"), line, more),
        labels.place),
      h("section", { class: "compared", "aria-labelledby": "compared-title" }, h("h2", { id: "compared-title", class: "hidden" }, "What it says"),
        h("div", { class: "compare-choices" }, fromField, h("div", { class: "field" }, toLabel, to), tryIt, views), summary, note, rows)),
    uses.place);
}

function draw() {
  document.title = `${prompt.name} · Chancery`;
  fill(head, h("h1", { dir: "auto" }, prompt.name), h("div", { class: "actions" },
    h("a", { class: "button", href: `/prompts/${id}/rollout` }, icon("steps"), prompt.rollout ? "Rollout" : "Rollouts"),
    mayWrite && h("a", { class: "button primary", href: `/prompts/${id}/edit` }, icon("edit"), "New version"),
    (mayWrite || mayPublish) && menuButton("More about this prompt", () => [
      mayWrite && !prompt.is_shipped && { label: "Rename", act: rename },
      mayWrite && !prompt.is_shipped && { label: "Describe", act: describe },
      mayPublish && prompt.follows_releases && { label: "Keep these words", act: keep },
      mayPublish && { label: prompt.is_shipped ? "Back to what was shipped" : "Delete", danger: true, act: remove },
    ])));
  fill(description, prompt.description);
  description.hidden = !prompt.description;
  rolling.hidden = !rollout;
  if (rollout) {
    const [wait] = waitWords(rollout.waiting);
    fill(rolling, h("span", { class: "state working" }, `Rolled out to ${percent(rollout.percent / 100)}`),
      h("span", {}, `Version ${rollout.treatment.version} beside version ${rollout.control.version}. ${wait}.`),
      h("a", { class: "button small", href: `/prompts/${id}/rollout` }, "See how it does"));
  }
  fill(news, shipped && h("div", { class: "notice", role: "status" }, icon("alert"),
    h("p", {}, `This release of Chancery ships other words for this prompt than ${releaseSays()}`),
    h("button", { type: "button", class: "button small", onclick: compareShipped }, "What differs from production"),
    mayWrite && h("a", { class: "button small", href: `/prompts/${id}/edit?from=shipped` }, "Take it as a version")));
  fill(line, versions.map(versionRow));
  labels.draw();
}

/** Shown in the place of two versions, until others are chosen. */
const compareShipped = () => attempt(async () => {
  const production = versionOf(prompt.production) ?? await api.get(`/prompts/${id}/versions/${prompt.production}`);
  const isBeside = view === "sides";
  fill(summary, `From version ${prompt.production}, in production, to what is shipped. ${differenceSays(production.content, shipped)}`);
  fill(note);
  fill(rows, differenceRows(production.content, shipped, isBeside ? "sides" : "inline"));
  rows.classList.toggle("in-sides", isBeside);
  rows.setAttribute("aria-label", "What differs from what is shipped");
  for (const row of line.children) row.classList.remove("shown");
  byId("compared-title").parentElement.scrollIntoView({ block: "nearest" });
});

function versionRow(one) {
  const isShown = one.number === Number(to.value) || (view !== "text" && one.number === Number(from.value));
  const pointed = prompt.labels.filter((label) => label.version === one.number);
  return h("li", { class: `revision${isShown ? " shown" : ""}`, "data-number": one.number },
    h("div", { class: "revision-head" }, h("h3", {}, `Version ${one.number}`),
      pointed.map((label) => h("span", { class: label.name === "production" ? "tag latest" : "tag" }, label.name)),
      rollout?.treatment.version === one.number && h("span", { class: "tag" }, `rolled out to ${percent(rollout.percent / 100)}`)),
    h("p", { class: "quiet" }, h("bdi", {}, one.author), one.created_at && [", ", h("time", { datetime: one.created_at, title: moment(one.created_at) }, ago(one.created_at))]),
    one.why && h("blockquote", { dir: "auto" }, one.why),
    h("div", { class: "buttons" },
      h("button", { type: "button", class: "button small", "aria-label": `Show version ${one.number}`, onclick: () => choose(null, one.number) }, "Show"),
      one.number > 1 && h("button", { type: "button", class: "button small", "aria-label": `What changed in version ${one.number}`, onclick: () => choose(one.number - 1, one.number) }, "What changed"),
      mayWrite && h("a", { class: "button small", href: `/prompts/${id}/edit?from=${one.number}`, "aria-label": `Edit from version ${one.number}` }, icon("edit"), "Edit"),
      mayPublish && !rollout && one.number !== prompt.production && h("a", { class: "button small", href: `/prompts/${id}/rollout?version=${one.number}`, "aria-label": `Roll out version ${one.number}` }, icon("steps"), "Roll out")));
}

async function choose(earlier, later) {
  await attempt(async () => {
    // One that is further back than what was loaded.
    while (cursor && [earlier, later].some((number) => number && !versionOf(number))) await loadPage(cursor);
    if (earlier && view === "text") view = "inline";
    if (!earlier) view = "text";
    if (earlier) from.value = String(earlier);
    to.value = String(later);
    views.querySelector(`[value="${view}"]`).checked = true;
    show();
    byId("compared-title").parentElement.scrollIntoView({ block: "nearest" });
  });
}

function show() {
  const [before, now] = [versionOf(from.value), versionOf(to.value)];
  history.replaceState(null, "", `?${new URLSearchParams({ ...(view === "text" ? {} : { view, from: from.value }), to: to.value })}`);
  fromField.hidden = view === "text";
  tryIt.hidden = view !== "text";
  fill(toLabel, view === "text" ? "Version" : "To");
  for (const row of line.children) row.classList.toggle("shown", row.dataset.number === to.value || (view !== "text" && row.dataset.number === from.value));
  rows.setAttribute("aria-label", view === "text" ? "What it says" : "What differs");
  if (view === "text") {
    fill(summary, h("bdi", {}, now.author), now.created_at ? `, ${moment(now.created_at)}` : "");
    fill(note);
    return fill(rows, versionRows(now));
  }
  const isSame = before.sha256 === now.sha256;
  fill(summary, isSame ? "" : differenceSays(before.content, now.content));
  fill(rows, isSame ? null : differenceRows(before.content, now.content, view));
  rows.classList.toggle("in-sides", view === "sides");
  return fill(note, isSame && h("div", { class: "empty" }, h("h2", {}, "One and the same version"),
    h("p", {}, prompt.latest > 1 ? "Choose two others to see what differs." : "There is one version yet; what is changed will be shown here.")));
}

const rename = () => attempt(async () => {
  const name = await ask({ title: "Rename this prompt", text: "Programs that ask for it by its id go on as before.", label: "Name", value: prompt.name, yes: "Rename" });
  if (!name) return;
  await api.patch(`/prompts/${id}`, { name });
  await reload();
});

const describe = () => attempt(async () => {
  const text = await ask({ title: "What is it for?", label: "Description", value: prompt.description, yes: "Save" });
  if (text === null) return;
  await api.patch(`/prompts/${id}`, { description: text });
  await reload();
});

const keep = () => attempt(async () => {
  const yes = await ask({ title: "Keep these words?", text: "A later release of Chancery may say it in others. You are told of them here then, and everybody gets yours until you take them as a version.", yes: "Keep them" });
  if (yes === null) return;
  await api.put(`/prompts/${id}/labels/production`, { version: 1, expected: 1, why: "Kept as it was shipped" });
  toast("Releases leave it as it is.");
  await reload();
});

const remove = () => attempt(async () => {
  const yes = await ask(prompt.is_shipped
    ? { title: "Go back to what was shipped?", text: "All versions of your own, their rollouts and uses are deleted, and everybody gets the shipped text at once. They cannot be brought back.", yes: "Go back", danger: true }
    : { title: `Delete ${prompt.name}?`, text: "Its versions, rollouts and uses are deleted with it, and programs that use it get an error. It cannot be brought back.", yes: "Delete", danger: true });
  if (yes === null) return;
  await api.remove(`/prompts/${id}`);
  if (!prompt.is_shipped) return location.assign("/prompts");
  toast("It is as it was shipped.");
  from.value = to.value = "1";
  await start();
});

more.addEventListener("click", oneAtATime(() => attempt(async () => {
  const last = versions.length;
  await loadPage(cursor);
  fill(line, versions.map(versionRow));
  line.children[last]?.querySelector("button")?.focus();
})));

async function start() {
  fill(root, h("p", { class: "quiet" }, "Loading…"));
  try {
    await loadPrompt();
    await loadPage("");
  } catch (fault) {
    fill(root, h("h1", {}, "Prompt"), fault.status === 404
      ? h("div", { class: "empty" }, h("h2", {}, "This prompt is not there"), h("p", {}, "It was deleted, or it never was."), h("a", { class: "button", href: "/prompts" }, "All prompts"))
      : refusal(fault, start));
    return;
  }
  layout();
  const known = (name, otherwise) => {
    const number = Number(search.get(name));
    return versionOf(number) ? number : otherwise;
  };
  from.value = String(known("from", versions.length > 1 ? versions[1].number : versions[0].number));
  to.value = String(known("to", versions[0].number));
  draw();
  show();
  await uses.load();
}

await start();
