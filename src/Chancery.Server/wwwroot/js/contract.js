// One contract, clause by clause: read, edited in place, asked to be changed, commented on and checked.
import { api } from "./api.js";
import { askForChange, openProposal, resumeChange } from "./contract-ask.js";
import { contractActions } from "./contract-actions.js";
import { clauseEditor, keptEdit } from "./contract-edit.js";
import { drawHead } from "./contract-head.js";
import { Side } from "./contract-side.js";
import { paragraphs } from "./contract-text.js";
import { clauseName } from "./contract-words.js";
import { byId, fill, h, icon } from "./dom.js";
import { draft, keepDraft } from "./drafts.js";
import { plural } from "./format.js";
import { attempt, may, menuButton, refusal, toast } from "./page.js";
import { every } from "./rows.js";
import { selectionBar } from "./contract-selection.js";

const root = byId("contract");
const id = root.dataset.contract;
const narrow = matchMedia("(max-width: 64rem)");
const mayWrite = may("contracts:write");
const freshPlace = `contract.${id}.fresh`;

/** What the page knows; the modules of the page share it. */
const state = {
  id, mayWrite, view: null, comments: [], findings: null, proposals: [], playbook: "",
  /** Members and groups by id. @type {Map<string, {id: string, name: string}>} */
  people: new Map(),
  /** The clause that the side tells of. @type {string | null} */
  current: null,
  clause: (clause) => state.view.clauses.find((one) => one.id === clause),
  take, select, edit, insert, ask: (clauses, words) => askForChange(state, clauses, words),
  proposal: (proposal) => openProposal(state, proposal),
  loadComments, loadFindings, loadProposals, goTo, redraw: () => draw(),
};

/** Forms that are open, by clause. @type {Map<string, any>} */
const editors = new Map();
/** Clauses that are being made and stand nowhere yet. @type {any[]} */
let fresh = [];

const head = h("header", { class: "contract-head" });
const strip = h("div", { class: "contract-strip" });
const outlineList = h("ol", { class: "outline-list" });
const outline = h("details", { class: "outline" }, h("summary", {}, icon("list"), "Clauses"), h("nav", { "aria-label": "Clauses" }, outlineList));
const paper = h("article", { class: "paper", "aria-label": "The contract" });
const side = new Side(state, narrow);

async function start() {
  fill(root, h("p", { class: "quiet loading" }, "Loading…"));
  try {
    state.view = await api.get(`/contracts/${id}`);
  } catch (fault) {
    fill(root, h("h1", { class: "hidden" }, "Contract"), fault.status === 404
      ? h("div", { class: "empty" }, h("h2", {}, "This contract is not there"), h("p", {}, "It was deleted, or it is not open to you."), h("a", { class: "button", href: "/contracts" }, "All contracts"))
      : refusal(fault, start));
    return;
  }
  fill(root, head, strip, h("div", { class: "contract-grid" }, outline, paper, side.element));
  outline.open = !narrow.matches;
  narrow.addEventListener("change", () => { outline.open = !narrow.matches; });
  reopen();
  draw();
  showNotes();
  side.start();
  if (mayWrite) selectionBar(paper, state);
  if (location.hash.startsWith("#c-")) goTo(location.hash.slice(3));
  await Promise.all([loadComments(), loadFindings(), loadProposals(), loadPeople()]);
  await resumeChange(state);
}

/** A new text of the contract. @param {any} view */
function take(view) {
  if (!view) return;
  state.view = view;
  if (state.current && !state.clause(state.current)) state.current = null;
  draw();
  loadFindings();
  loadProposals();
}

function draw() {
  const focused = document.activeElement;
  const at = focused?.closest?.(".clause")?.dataset.id;
  const control = at && [...focused.closest(".clause").querySelectorAll("button, a, input, textarea")].indexOf(focused);
  const title = state.view.title || "Untitled";
  document.title = `${title} · Chancery`;
  fill(head, drawHead(state), contractActions(state));
  drawOutline();
  const before = scrollY;
  const rows = [];
  for (const clause of state.view.clauses) {
    const added = fresh.filter((one) => one.shownBefore === clause.id);
    rows.push(...added.map(freshRow), drawClause(clause));
  }
  rows.push(...fresh.filter((one) => !one.shownBefore || !state.clause(one.shownBefore)).map(freshRow));
  fill(paper, paperHead(), rows, rows.length === 0 && h("p", { class: "quiet" }, "It has no clauses yet."),
    mayWrite && state.view.clauses.length === 0 && h("button", { type: "button", class: "button", onclick: () => insert(null, "under") }, icon("plus"), "Add a clause"));
  scrollTo({ top: before, behavior: "instant" });
  side.draw();
  if (at && !root.contains(document.activeElement)) {
    const row = byId(`c-${at}`);
    ([...(row?.querySelectorAll("button, a, input, textarea") ?? [])][control] ?? row)?.focus({ preventScroll: true });
  }
}

function paperHead() {
  const { title, parties } = state.view;
  return h("header", { class: "paper-head" }, h("h1", { dir: "auto" }, title || "Untitled"),
    parties.length > 0 && h("ul", { class: "paper-parties", "aria-label": "Parties" }, parties.map((party) =>
      h("li", { dir: "auto" }, h("strong", {}, party.name), party.role && h("span", {}, ` (${party.role})`), party.address && h("small", {}, party.address)))));
}

function drawOutline() {
  const named = state.view.clauses.filter((clause) => clause.depth < 2 && (clause.heading || clause.depth === 0));
  fill(outlineList, named.map((clause) => h("li", { class: `depth-${clause.depth}` },
    h("a", { href: `#c-${clause.id}`, "aria-current": clause.id === state.current ? "true" : null, onclick: (event) => {
      event.preventDefault();
      if (narrow.matches) outline.open = false;
      goTo(clause.id);
    } }, h("span", { class: "label" }, clause.label), h("span", { dir: "auto" }, clause.heading || clause.text.slice(0, 60) || "Empty")))));
}

const findingsOf = (clause) => (state.findings ?? []).filter((one) => one.finding.clause_id === clause.id);

function drawClause(clause) {
  if (editors.has(clause.id)) return h("section", { class: `clause depth-${Math.min(clause.depth, 5)} editing`, id: `c-${clause.id}`, "data-id": clause.id }, editors.get(clause.id).element);
  const level = Math.min(6, clause.depth + 2);
  const found = findingsOf(clause);
  const marks = found.map(({ finding }) => finding).filter((one) => one.length > 0 && one.part !== "heading").map((one) => ({ start: one.start, end: one.start + one.length, name: one.message }));
  const remarks = state.comments.filter((one) => one.clause_id === clause.id && !one.reply_to && !one.resolved_at);
  const name = clauseName(clause);
  const badges = [
    remarks.length > 0 && badge("chat", plural(remarks.length, "comment"), () => { select(clause.id); side.open("comments"); }),
    found.length > 0 && badge("alert", plural(found.length, "finding"), () => { select(clause.id); side.open("checks"); }),
  ].filter(Boolean);
  return h("section", {
    class: `clause depth-${Math.min(clause.depth, 5)}${clause.id === state.current ? " current" : ""}`, id: `c-${clause.id}`, "data-id": clause.id, tabindex: "-1",
    onclick: (event) => { if (!event.target.closest("a, button, [role=menu]") && getSelection().isCollapsed) select(clause.id); },
    ondblclick: (event) => { if (mayWrite && !event.target.closest("a, button")) edit(clause.id); },
  },
    h("div", { class: "clause-tools" },
      h("button", { type: "button", class: "button small tool", "aria-label": `About clause ${name}`, "aria-pressed": String(clause.id === state.current), onclick: () => { select(clause.id); side.open("clause"); } }, "About"),
      mayWrite && h("button", { type: "button", class: "button small tool", "aria-label": `Edit clause ${name}`, onclick: () => edit(clause.id) }, icon("edit"), "Edit"),
      mayWrite && h("button", { type: "button", class: "button small tool", "aria-label": `Ask for a change of clause ${name}`, onclick: () => state.ask([clause.id], "") }, "Ask"),
      menuButton(`Actions for clause ${name}`, () => clauseMenu(clause))),
    clause.heading && h(`h${level}`, {}, clause.label && h("span", { class: "label" }, clause.label), " ", h("span", { dir: "auto" }, clause.heading)),
    h("div", { class: "clause-words" }, !clause.heading && clause.label && h("span", { class: "label" }, clause.label), h("div", {}, paragraphs(clause, marks), !clause.text && !clause.heading && h("p", { class: "quiet" }, "Empty"))),
    badges.length > 0 && h("p", { class: "badges" }, badges));
}

const badge = (picture, text, act) => h("button", { type: "button", class: `badge ${picture}`, onclick: act }, icon(picture), text);

function clauseMenu(clause) {
  const siblings = state.view.clauses.filter((one) => (one.parent_id ?? null) === (clause.parent_id ?? null));
  const at = siblings.indexOf(clause);
  const change = (edits, said) => attempt(async () => {
    const from = state.view.revision.number;
    const answer = await api.postFrom(from, `/contracts/${id}/edits`, { edits });
    take(answer.revision);
    toast(said, { label: "Undo", act: () => attempt(async () => {
      take((await api.postFrom(answer.revision.revision.number, `/contracts/${id}/revisions/${from}/restore`)).revision);
    }) });
  });
  return [
    { label: "Sources and comments", act: () => { select(clause.id); side.open("clause"); } },
    { label: "Comment", act: () => { select(clause.id); side.open("comments", true); } },
    mayWrite && { label: "Edit", act: () => edit(clause.id) },
    mayWrite && { label: "Ask for a change", act: () => state.ask([clause.id], "") },
    mayWrite && { label: "Add a clause after it", act: () => insert(clause, "after") },
    mayWrite && { label: "Add a clause under it", act: () => insert(clause, "under") },
    mayWrite && at > 0 && { label: "Move up", act: () => change([{ op: "move", clause: clause.id, place: "before", near: siblings[at - 1].id }], "The clause was moved.") },
    mayWrite && at < siblings.length - 1 && { label: "Move down", act: () => change([{ op: "move", clause: clause.id, place: "after", near: siblings[at + 1].id }], "The clause was moved.") },
    mayWrite && { label: "Delete the clause", danger: true, act: () => change([{ op: "delete", clause: clause.id }], "The clause was deleted.") },
  ];
}

// Editing

function open(clause) {
  editors.set(clause.id, clauseEditor(state, clause, { saved, closed }));
}

/** Goes on with what was typed before a reload. */
function reopen() {
  if (!mayWrite) return;
  for (const clause of state.view.clauses) if (keptEdit(id, clause.id)) open(clause);
  fresh = JSON.parse(draft(freshPlace) || "[]").filter((one) => keptEdit(id, one.id) && (!one.near || state.clause(one.near)));
  fresh.forEach(open);
}

/** @param {string} clause */
function edit(clause) {
  if (!editors.has(clause)) {
    open(state.clause(clause));
    draw();
  }
  editors.get(clause).focus();
}

/** A clause that is to be. @param {any | null} near @param {"after" | "under"} place */
function insert(near, place) {
  const isWithin = (one) => {
    for (let at = one; at; at = at.parent_id && state.clause(at.parent_id)) if (at.id === near?.id) return true;
    return false;
  };
  const all = state.view.clauses;
  const next = near && all.slice(all.findIndex((one) => one.id === near.id) + 1).find((one) => !isWithin(one));
  const clause = { id: `new-${crypto.getRandomValues(new Uint32Array(1))[0]}`, isNew: true, place, near: near?.id ?? null, heading: "", source: "", text: "", shownBefore: next?.id ?? null, depth: (near?.depth ?? -1) + (place === "under" ? 1 : 0) };
  fresh.push(clause);
  keepDraft(freshPlace, JSON.stringify(fresh));
  open(clause);
  draw();
  editors.get(clause.id).focus();
}

const freshRow = (clause) => h("section", { class: `clause depth-${Math.min(Math.max(clause.depth, 0), 5)} editing`, "data-id": clause.id }, editors.get(clause.id).element);

function saved(answer, clause) {
  closed(clause, answer.revision);
  if (answer.merged) toast("Saved. Others changed the contract meanwhile: both changes are in it.");
  else if (answer.revision) toast(`Saved as revision ${answer.revision.revision.number}.`);
}

function closed(clause, view) {
  editors.delete(clause.id);
  fresh = fresh.filter((one) => one.id !== clause.id);
  keepDraft(freshPlace, fresh.length > 0 ? JSON.stringify(fresh) : "");
  if (view) take(view);
  else draw();
  const row = byId(`c-${clause.id}`) ?? (clause.near && byId(`c-${clause.near}`));
  // Which of its buttons there are depends on the room.
  ([...(row?.querySelectorAll(".clause-tools button") ?? [])].find((button) => button.checkVisibility()) ?? row)?.focus({ preventScroll: true });
}

addEventListener("beforeunload", (event) => {
  if ([...editors.values()].some((one) => one.isChanged())) event.preventDefault();
});

// What the page tells beside the text

/** @param {string | null} clause */
function select(clause) {
  state.current = clause;
  for (const row of paper.querySelectorAll(".clause.current")) row.classList.remove("current");
  const row = clause && byId(`c-${clause}`);
  row?.classList.add("current");
  for (const button of paper.querySelectorAll(".tool[aria-pressed]")) button.setAttribute("aria-pressed", String(button.closest(".clause").dataset.id === clause));
  for (const link of outlineList.querySelectorAll("a")) {
    if (clause && link.getAttribute("href") === `#c-${clause}`) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  side.draw();
}

/** @param {string} clause */
function goTo(clause) {
  const row = byId(`c-${clause}`);
  if (!row) return toast("This clause is not there any more.");
  side.close();
  select(clause);
  row.scrollIntoView({ block: "start" });
  (row.querySelector("textarea") ?? row).focus({ preventScroll: true });
}

paper.addEventListener("click", (event) => {
  const link = event.target.closest("a.reference");
  if (!link) return;
  event.preventDefault();
  goTo(link.hash.slice(3));
});

async function loadComments() {
  await side.loading("comments", async () => { state.comments = (await api.get(`/contracts/${id}/comments`)).items; });
  redrawClauses();
}

async function loadFindings() {
  await side.loading("checks", async () => { state.findings = (await api.get(`/contracts/${id}/review${state.playbook && `?playbook=${state.playbook}`}`)).findings; });
  redrawClauses();
}

/** Comments and findings are drawn into the clauses; forms stay as they are. */
function redrawClauses() {
  const told = new Set([...state.comments.map((one) => one.clause_id), ...(state.findings ?? []).map((one) => one.finding.clause_id)]);
  for (const clause of state.view.clauses) {
    const row = byId(`c-${clause.id}`);
    if (!row || (!told.has(clause.id) && !row.querySelector(".badges, mark")) || editors.has(clause.id) || row.contains(document.activeElement) && document.activeElement !== row) continue;
    const focused = document.activeElement === row;
    const drawn = drawClause(clause);
    row.replaceWith(drawn);
    if (focused) drawn.focus({ preventScroll: true });
  }
  side.draw();
}

async function loadProposals() {
  if (!mayWrite) return;
  try {
    state.proposals = (await api.get(`/contracts/${id}/proposals?state=open`)).items;
  } catch (fault) {
    fill(strip, refusal(fault, loadProposals));
    return;
  }
  fill(strip, state.proposals.map((one) => h("div", { class: "notice proposal" }, icon("edit"),
    h("p", {}, h("strong", {}, "Proposed: "), h("span", { dir: "auto" }, one.instruction ?? one.note ?? "a change"), h("span", { class: "quiet" }, ` by ${one.author}`)),
    h("button", { type: "button", class: "button small", onclick: () => state.proposal(one.id) }, "Look at it"))));
}

/** What the draft or the import had to tell. */
function showNotes() {
  const place = `contract.${id}.notes`;
  const kept = draft(place);
  if (!kept) return;
  keepDraft(place, "");
  const note = h("div", { class: "notice notes", role: "status" }, icon("alert"), h("ul", {}, JSON.parse(kept).map((text) => h("li", { dir: "auto" }, text))),
    h("button", { type: "button", class: "button bare", "aria-label": "Dismiss these notes", onclick: () => { note.remove(); paper.focus(); } }, icon("close")));
  head.after(note);
}

async function loadPeople() {
  await attempt(async () => {
    const [members, groups] = await Promise.all([every("/members"), every("/groups").catch(() => [])]);
    for (const one of members) state.people.set(one.user_id, { id: one.user_id, name: one.name || one.email });
    for (const one of groups) state.people.set(one.id, { id: one.id, name: one.name });
    side.draw();
  });
}

const loadAgain = () => {
  if (!state.view) start();
};
addEventListener("online", loadAgain);
document.addEventListener("chancery:back", loadAgain);

await start();
