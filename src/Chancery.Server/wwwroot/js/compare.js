// What changed between two versions: /documents/{id}/compare?from&to. Side by side where there is room, one below the
// other where there is not.
import { api } from "./api.js";
import { byId, fill, h } from "./dom.js";
import { moment, plural } from "./format.js";
import { refusal } from "./page.js";

const root = byId("compare");
const id = root.dataset.document;
const search = new URLSearchParams(location.search);
const rows = h("ol", { class: "changes", "aria-label": "Changes" });
const summary = h("p", { class: "quiet", role: "status" });
const note = h("div");
const more = h("button", { type: "button", class: "button", hidden: true }, "Show more changes");
const from = h("select", { id: "from", name: "from" });
const to = h("select", { id: "to", name: "to" });
const title = h("h1", { dir: "auto" }, "Compare versions");
let ticket;

function layout(document, versions) {
  const choices = (select, chosen) => {
    fill(select, versions.map((one) => h("option", { value: one.version }, `Version ${one.version}, ${moment(one.uploaded_at)}${one.version === document.current_version ? " (current)" : ""}`)));
    select.value = String(chosen);
  };
  const known = (name, otherwise) => versions.find((one) => String(one.version) === search.get(name))?.version ?? otherwise;
  choices(to, known("to", versions[0].version));
  choices(from, known("from", (versions[1] ?? versions[0]).version));
  const swap = h("button", { type: "button", class: "button small", onclick: () => { [from.value, to.value] = [to.value, from.value]; load(); } }, "Swap");
  for (const select of [from, to]) select.addEventListener("change", load);
  fill(title, document.title);
  globalThis.document.title = `${document.title}, compared · Chancery`;
  fill(root, h("p", { class: "crumb" }, h("a", { href: `/documents/${id}` }, "Back to the document")),
    h("div", { class: "page-head" }, title),
    h("div", { class: "compare-choices" }, h("div", { class: "field" }, h("label", { for: "from" }, "From"), from), h("div", { class: "field" }, h("label", { for: "to" }, "To"), to), swap),
    summary, note, rows, h("p", { class: "more" }, more));
}

async function load() {
  const mine = (ticket = {});
  history.replaceState(null, "", `?from=${from.value}&to=${to.value}`);
  fill(rows);
  fill(note);
  fill(summary, "Comparing…");
  more.hidden = true;
  rows.setAttribute("aria-busy", "true");
  try {
    const first = await part(1);
    if (mine !== ticket) return;
    describe(first);
    show(first, mine);
  } catch (fault) {
    if (mine !== ticket) return;
    fill(summary);
    fill(note, refusal(fault, fault.status === 409 || fault.status === 422 ? undefined : load));
  }
  rows.removeAttribute("aria-busy");
}

const part = (number) => api.get(`/docs/${id}/versions/${from.value}/diff/${to.value}?part=${number}`);

function describe({ counts, rows: found }) {
  if (found.length === 0) {
    fill(summary);
    fill(note, h("div", { class: "empty" }, h("h2", {}, "The texts are the same"), h("p", {}, "What differs, if anything, is how the files look.")));
    return;
  }
  const said = [counts.changed > 0 && `${plural(counts.changed, "line")} changed`, counts.added > 0 && `${counts.added.toLocaleString("en")} added`, counts.removed > 0 && `${counts.removed.toLocaleString("en")} removed`, `${counts.same.toLocaleString("en")} the same`];
  fill(summary, said.filter(Boolean).join(" · "));
  if (!counts.exact) fill(note, h("p", { class: "notice" }, "The versions differ so much that some parts are shown as replaced whole."));
}

function show(answer, mine) {
  rows.append(...beside(answer.rows).map(rowOf));
  more.hidden = answer.part >= answer.parts;
  fill(more, `Show more changes (part ${answer.part + 1} of ${answer.parts})`);
  more.onclick = async () => {
    more.disabled = true;
    try {
      const next = await part(answer.part + 1);
      if (mine !== ticket) return;
      const last = rows.lastElementChild;
      show(next, mine);
      const focus = last.nextElementSibling;
      focus?.setAttribute("tabindex", "-1");
      focus?.focus();
    } catch (fault) {
      fill(note, refusal(fault));
    }
    more.disabled = false;
  };
}

/** What was removed and what was added in its place stand in the same rows. */
function beside(found) {
  const made = [];
  for (const row of found) {
    const free = row.kind === "added" ? firstFree(made) : -1;
    if (free < 0) made.push({ ...row });
    else made[free] = { ...made[free], kind: "replaced", now: row.now };
  }
  return made;
}

/** The first of the removed rows at the end that has nothing beside it; -1 when there is none. */
function firstFree(made) {
  let at = made.length;
  while (at > 0 && made[at - 1].kind === "removed") at--;
  return at < made.length ? at : -1;
}

function rowOf(row) {
  if (row.kind === "gap") return h("li", { class: "gap" }, `${plural(row.skipped, "line")} the same`);
  if (row.kind === "same") return h("li", { class: "same" }, side(row.old, "old", null), side(row.now, "now", null));
  return h("li", { class: row.kind },
    row.old ? side(row.old, "old", "Removed: ") : h("div", { class: "side old none" }),
    row.now ? side(row.now, "now", "Added: ") : h("div", { class: "side now none" }));
}

function side(line, name, words) {
  const whole = line.spans.every((span) => !span.changed);
  const tag = { old: "del", now: "ins" }[name];
  const text = line.spans.map((span) => (span.changed ? h("mark", {}, span.text) : span.text));
  return h("div", { class: `side ${name}` }, h("span", { class: "at" }, h("span", { class: "hidden" }, "Page "), line.page),
    words ? h(tag, { dir: "auto", class: whole ? "whole" : null }, h("span", { class: "hidden" }, words), text) : h("span", { class: "line", dir: "auto" }, text));
}

async function start() {
  fill(root, h("p", { class: "quiet" }, "Loading…"));
  try {
    const [document, { items }] = await Promise.all([api.get(`/docs/${id}`), api.get(`/docs/${id}/versions?limit=1000`)]);
    layout(document, items);
    await load();
  } catch (fault) {
    fill(root, h("h1", {}, "Compare versions"), fault.status === 404 ? h("p", { class: "notice" }, "This document is not there any more.") : refusal(fault, start));
  }
}

await start();
