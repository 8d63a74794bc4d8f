// A contract's revisions on a line of time, and any two of them compared.
import { api } from "./api.js";
import { exportButton } from "./contract-actions.js";
import { differenceRows, differenceSays } from "./contract-diff.js";
import { sourceWord } from "./contract-words.js";
import { byId, fill, h, icon } from "./dom.js";
import { ago, moment, plural } from "./format.js";
import { ask, attempt, may, oneAtATime, refusal, toast } from "./page.js";

const root = byId("revisions");
const id = root.dataset.contract;
const search = new URLSearchParams(location.search);
const mayWrite = may("contracts:write");
const pageSize = 50;

let contract = null;
/** Newest first. @type {any[]} */
let revisions = [];
let cursor = null;
let view = search.get("view") === "sides" ? "sides" : "inline";
let compared = null;
let ticket;

const line = h("ol", { class: "timeline", "aria-label": "Revisions, newest first" });
const more = h("button", { type: "button", class: "button small", hidden: true }, "Show older ones");
const from = h("select", { id: "from" });
const to = h("select", { id: "to" });
const summary = h("p", { class: "quiet", role: "status" });
const note = h("div");
const rows = h("ol", { class: "diff", "aria-label": "What differs", tabindex: "0" });
const exporting = h("span", { class: "exporting" });
const views = h("div", { class: "theme view-choice", role: "radiogroup", "aria-label": "How it is shown" }, [["inline", "In one text"], ["sides", "Side by side"]].map(([value, label]) =>
  h("label", {}, h("input", { type: "radio", name: "view", value, checked: value === view, onchange: () => { view = value; toAddress(); show(); } }), h("span", {}, label))));

function toAddress() {
  history.replaceState(null, "", `?${new URLSearchParams({ from: from.value, to: to.value, ...(view === "sides" ? { view } : {}) })}`);
}

function choices() {
  for (const select of [from, to]) {
    const chosen = select.value;
    fill(select, revisions.map((one) => h("option", { value: one.number }, `${one.number} · ${sourceWord(one.source)}, ${moment(one.created_at)}`)));
    if (chosen) select.value = chosen;
  }
}

async function loadPage(after) {
  const page = await api.get(`/contracts/${id}/revisions?limit=${pageSize}${after ? `&cursor=${after}` : ""}`);
  revisions = after ? [...revisions, ...page.items] : page.items;
  cursor = page.next_cursor;
  more.hidden = !cursor;
  choices();
}

function layout() {
  const title = contract.title || "Untitled";
  document.title = `Revisions of ${title} · Chancery`;
  for (const select of [from, to]) select.addEventListener("change", () => { toAddress(); compare(); });
  const swap = h("button", { type: "button", class: "button", onclick: () => { [from.value, to.value] = [to.value, from.value]; toAddress(); compare(); } }, "Swap");
  fill(root, h("p", { class: "crumb" }, h("a", { href: "/contracts" }, "Contracts"), " / ", h("a", { href: `/contracts/${id}`, dir: "auto" }, title)),
    h("div", { class: "page-head" }, h("h1", {}, "Revisions"), exporting),
    h("div", { class: "revisions-grid" },
      h("section", { class: "timeline-part", "aria-labelledby": "timeline-title" }, h("h2", { id: "timeline-title", class: "hidden" }, "Line of time"), line, more),
      h("section", { class: "compared", "aria-labelledby": "compared-title" }, h("h2", { id: "compared-title", class: "hidden" }, "Comparison"),
        h("div", { class: "compare-choices" }, h("div", { class: "field" }, h("label", { for: "from" }, "From"), from), h("div", { class: "field" }, h("label", { for: "to" }, "To"), to), swap, views),
        summary, note, rows)));
}

function drawLine() {
  fill(line, revisions.map(revisionRow));
}

function revisionRow(one) {
  const counts = [one.changed > 0 && `${one.changed} changed`, one.inserted > 0 && `${one.inserted} new`, one.deleted > 0 && `${one.deleted} deleted`].filter(Boolean);
  const tokens = one.input_tokens + one.output_tokens;
  const work = one.model ? [one.model, tokens > 0 && plural(tokens, "token"), tokens > 0 && `$${one.cost_usd.toFixed(4)}${one.is_estimated ? " estimated" : ""}`, one.prompt_version && `prompt ${one.prompt_version}`].filter(Boolean) : [];
  const isLatest = one.number === revisions[0].number;
  const isShown = [from.value, to.value].includes(String(one.number));
  return h("li", { class: `revision ${one.source}${isShown ? " shown" : ""}`, "data-number": one.number },
    h("div", { class: "revision-head" }, h("h3", {}, `Revision ${one.number}`), h("span", { class: "tag" }, sourceWord(one.source)), isLatest && h("span", { class: "tag latest" }, "latest")),
    h("p", { class: "quiet" }, h("bdi", {}, one.author), ", ", h("time", { datetime: one.created_at, title: moment(one.created_at) }, ago(one.created_at)), one.base && one.base !== one.number - 1 ? `, from revision ${one.base}` : ""),
    one.instruction && h("blockquote", { dir: "auto" }, one.instruction),
    one.note && h("p", { class: "quiet", dir: "auto" }, one.note),
    (counts.length > 0 || work.length > 0) && h("p", { class: "quiet work" }, [...(counts.length > 0 ? [`Clauses: ${counts.join(", ")}`] : []), ...work].join(" · ")),
    h("div", { class: "buttons" },
      one.number > 1 && h("button", { type: "button", class: "button small", "aria-label": `What changed in revision ${one.number}`, onclick: () => choose(one.number - 1, one.number) }, "What changed"),
      !isLatest && h("button", { type: "button", class: "button small", "aria-label": `To the latest, from revision ${one.number}`, onclick: () => choose(one.number, revisions[0].number) }, "To the latest"),
      mayWrite && !isLatest && h("button", { type: "button", class: "button small", "aria-label": `Restore revision ${one.number}`, onclick: () => restore(one.number) }, icon("repeat"), "Restore")));
}

function choose(earlier, later) {
  for (const number of [earlier, later]) {
    // One that is further back than what was loaded.
    for (const select of [from, to]) if (![...select.options].some((option) => option.value === String(number))) select.append(h("option", { value: number }, `${number}`));
  }
  from.value = String(earlier);
  to.value = String(later);
  toAddress();
  compare().then(() => byId("compared-title").parentElement.scrollIntoView({ block: "nearest" }));
}

async function compare() {
  const mine = (ticket = {});
  fill(note);
  fill(summary, "Comparing…");
  for (const row of line.children) row.classList.toggle("shown", [from.value, to.value].includes(row.dataset.number));
  fill(exporting, exportButton(id, contract.revision, { from: Number(from.value), to: Number(to.value) }));
  rows.setAttribute("aria-busy", "true");
  try {
    const found = await api.get(`/contracts/${id}/diff?from=${from.value}&to=${to.value}`);
    if (mine !== ticket) return;
    compared = found.difference;
    show();
  } catch (fault) {
    if (mine !== ticket) return;
    compared = null;
    fill(rows);
    fill(summary);
    fill(note, refusal(fault, compare));
  }
  rows.removeAttribute("aria-busy");
}

function show() {
  if (!compared) return;
  const isSame = compared.head.length === 0 && compared.clauses.every((clause) => clause.kind === "same");
  fill(summary, differenceSays(compared));
  fill(rows, isSame ? null : differenceRows(compared, view));
  rows.classList.toggle("in-sides", view === "sides");
  fill(note, isSame && h("div", { class: "empty" }, h("h2", {}, from.value === to.value ? "One and the same revision" : "Both say the same"), h("p", {}, revisions.length > 1 ? "Choose two others to see what differs." : "There is one revision yet; what is changed will be shown here.")));
}

async function restore(number) {
  const yes = await ask({ title: `Restore revision ${number}?`, text: "It becomes the latest again, as a new revision. Nothing that came between is lost.", yes: "Restore" });
  if (yes === null) return;
  await attempt(async () => {
    const answer = await api.post(`/contracts/${id}/revisions/${number}/restore`);
    contract = answer.revision.contract;
    await loadPage("");
    drawLine();
    choose(contract.revision - 1, contract.revision);
    toast(`Revision ${number} is the latest again, as revision ${contract.revision}.`);
    line.querySelector("button")?.focus();
  });
}

more.addEventListener("click", oneAtATime(() => attempt(async () => {
  const last = revisions.length;
  await loadPage(cursor);
  drawLine();
  line.children[last]?.querySelector("button")?.focus();
})));

async function start() {
  fill(root, h("p", { class: "quiet" }, "Loading…"));
  try {
    const [found] = await Promise.all([api.get(`/contracts/${id}`), loadPage("")]);
    contract = found.contract;
  } catch (fault) {
    fill(root, h("h1", {}, "Revisions"), fault.status === 404
      ? h("div", { class: "empty" }, h("h2", {}, "This contract is not there"), h("p", {}, "It was deleted, or it is not open to you."), h("a", { class: "button", href: "/contracts" }, "All contracts"))
      : refusal(fault, start));
    return;
  }
  layout();
  const known = (name, otherwise) => {
    const number = Number(search.get(name));
    return Number.isInteger(number) && number >= 1 && number <= contract.revision ? number : otherwise;
  };
  choose(known("from", Math.max(1, contract.revision - 1)), known("to", contract.revision));
  drawLine();
}

await start();
