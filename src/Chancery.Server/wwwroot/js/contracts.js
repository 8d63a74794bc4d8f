// The organisation's contracts: filters, list, deleting with a way back.
import { api } from "./api.js";
import { partyNames, statusMark, typeNames, typeWord } from "./contract-words.js";
import { byId, fill, h, icon, keepingFocus } from "./dom.js";
import { ago, date, plural } from "./format.js";
import { attempt, may, me, menuButton, oneAtATime, refusal, toast } from "./page.js";

const pageSize = 50;
const list = byId("list");
const filters = byId("filters");
const note = byId("list-note");
const more = byId("more");
const mayWrite = may("contracts:write");

/** Names of people by id. @type {Map<string, string>} */
const people = new Map();
let cursor = null;
let asked = null;

// What is asked for stands in the address: a reload and a shared link show the same.

const given = () => [...new FormData(filters)].filter(([, value]) => value !== "").map(([name, value]) => [name, String(value)]);

function toAddress() {
  const search = new URLSearchParams(given());
  history.replaceState(null, "", search.size > 0 ? `?${search}` : location.pathname);
  const count = given().filter(([name]) => name !== "q").length;
  fill(byId("filter-count"), count > 0 ? ` (${count})` : "");
}

function fromAddress() {
  const type = filters.elements.type;
  for (const [value, label] of typeNames) type.append(h("option", { value }, label));
  for (const [name, value] of new URLSearchParams(location.search)) {
    const field = filters.elements[name];
    if (!field) continue;
    if (field === type) knowType(value);
    field.value = value;
  }
  if (given().some(([name]) => name !== "q")) openFilters(true);
  toAddress();
}

/** Types are the organisation's own: those that turn up can be chosen, too. @param {string} value */
function knowType(value) {
  const { type } = filters.elements;
  if (value && ![...type.options].some((option) => option.value === value)) type.append(h("option", { value }, typeWord(value)));
}

function openFilters(open) {
  byId("filter-button").setAttribute("aria-expanded", String(open));
  filters.classList.toggle("open", open);
}

const pageAfter = (after) => {
  const search = new URLSearchParams(given());
  search.set("limit", String(pageSize));
  if (after) search.set("cursor", after);
  return search;
};

async function load() {
  asked?.abort();
  const request = (asked = new AbortController());
  list.setAttribute("aria-busy", "true");
  if (list.children.length === 0) fill(list, [1, 2, 3, 4].map(() => h("li", { class: "skeleton" })));
  try {
    const page = await api.get(`/contracts?${pageAfter("")}`, request.signal);
    keepingFocus(list, () => {
      fill(list);
      show(page);
    });
  } catch (fault) {
    if (fault.name === "AbortError") return;
    fill(list);
    fill(byId("count"));
    more.hidden = true;
    fill(note, refusal(fault, load));
  }
  list.removeAttribute("aria-busy");
}

function show(page) {
  for (const one of page.items) {
    knowType(one.type);
    list.append(rowOf(one));
  }
  cursor = page.next_cursor;
  more.hidden = !cursor;
  describe();
}

function describe() {
  const shown = list.children.length;
  fill(byId("count"), shown === 0 ? "" : cursor ? `The ${plural(shown, "contract")} that changed last` : plural(shown, "contract"));
  if (shown > 0) return fill(note);
  if (given().length > 0) {
    return fill(note, h("div", { class: "empty" }, h("h2", {}, "No contract matches"), h("p", {}, "Try another word, or show all of them."),
      h("button", { type: "button", class: "button", onclick: showAll }, "Show all")));
  }
  return fill(note, h("div", { class: "empty" }, h("h2", {}, "No contracts yet"),
    h("p", {}, mayWrite
      ? "Say in your own words what you need, and a draft is put together of your organisation’s clauses. Or import a contract that you have as a Word or PDF file. Every change is kept as a revision that can be compared and taken back."
      : "Editors draft and import contracts; they appear here for whoever may read them."),
    mayWrite && h("div", { class: "empty-actions" },
      h("a", { class: "button primary", href: "/contracts/new" }, icon("plus"), "Draft a contract"),
      h("a", { class: "button", href: "/contracts/new#import" }, icon("upload"), "Import a file"))));
}

function showAll() {
  filters.reset();
  refine();
  filters.elements.q.focus();
}

const whoOf = (id) => (id === me.id ? "you" : (people.get(id) ?? "a former member"));

function rowOf(one) {
  const dates = one.effective_date && (one.end_date ? `${date(one.effective_date)} to ${date(one.end_date)}` : `from ${date(one.effective_date)}`);
  return h("li", { class: "agreement", "data-id": one.id },
    h("div", { class: "what" },
      h("a", { class: "title", href: `/contracts/${one.id}`, dir: "auto" }, one.title || "Untitled"),
      one.parties.length > 0 && h("p", { class: "parties", dir: "auto" }, partyNames(one.parties)),
      h("p", { class: "facts" },
        h("span", { class: "fact" }, typeWord(one.type)),
        h("span", { class: "fact" }, `Revision ${one.revision}`),
        dates && h("span", { class: "fact" }, dates),
        h("time", { class: "fact", datetime: one.updated_at, title: new Date(one.updated_at).toLocaleString("en") }, `changed ${ago(one.updated_at)}`),
        h("span", { class: "fact" }, "begun by ", h("bdi", { "data-user": one.created_by }, whoOf(one.created_by))),
        one.is_restricted && h("span", { class: "tag" }, "restricted"),
        one.tags.map((tag) => h("span", { class: "tag", dir: "auto" }, tag)))),
    h("div", { class: "status" }, statusMark(one.status)),
    h("div", { class: "row-actions" }, menuButton(`Actions for ${one.title.slice(0, 80)}`, () => [
      { label: "Open", href: `/contracts/${one.id}` },
      { label: "Revisions", href: `/contracts/${one.id}/revisions` },
      { label: "Download as Word", act: () => attempt(() => api.download(`/contracts/${one.id}/export?format=docx`)) },
      { label: "Download as PDF", act: () => attempt(() => api.download(`/contracts/${one.id}/export?format=pdf`)) },
      mayWrite && { label: "Delete", danger: true, act: () => remove(one) },
    ])));
}

const remove = (one) =>
  attempt(async () => {
    await api.remove(`/contracts/${one.id}`);
    const row = [...list.children].find((li) => li.dataset.id === one.id);
    const next = row?.nextElementSibling ?? row?.previousElementSibling;
    row?.remove();
    describe();
    (next?.querySelector("a") ?? byId("q")).focus();
    toast(`“${one.title}” was deleted.`, { label: "Undo", act: () => attempt(async () => {
      await api.post(`/contracts/${one.id}/restore`);
      await load();
      [...list.children].find((li) => li.dataset.id === one.id)?.querySelector("a").focus();
    }) });
  });

async function loadPeople() {
  let next = "";
  do {
    const page = await api.get(`/members?limit=100${next && `&cursor=${encodeURIComponent(next)}`}`);
    for (const one of page.items) people.set(one.user_id, one.name || one.email);
    next = page.next_cursor ?? "";
  } while (next);
  // Rows may have come before the names.
  for (const name of list.querySelectorAll("[data-user]")) fill(name, whoOf(name.dataset.user));
}

list.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
  const row = event.target.closest(".agreement");
  if (!step || !row || event.target.closest("[role=menu]") || event.altKey || event.ctrlKey || event.metaKey) return;
  const all = [...list.children];
  const next = all[Math.max(0, Math.min(all.length - 1, all.indexOf(row) + step))];
  event.preventDefault();
  next.querySelector(event.target.matches("a.title") ? "a.title" : ".row-actions button").focus();
});

let typing;
const refine = () => {
  toAddress();
  load();
};
filters.addEventListener("submit", (event) => event.preventDefault());
filters.addEventListener("change", (event) => {
  if (!["q", "tag"].includes(event.target.name)) refine();
});
for (const field of [filters.elements.q, filters.elements.tag]) {
  field.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(refine, 250);
  });
}
byId("filter-button").addEventListener("click", () => openFilters(byId("filter-button").getAttribute("aria-expanded") !== "true"));
more.addEventListener("click", oneAtATime(() =>
  attempt(async () => {
    const last = list.lastElementChild;
    const from = asked;
    const page = await api.get(`/contracts?${pageAfter(cursor)}`);
    // Meanwhile the list was asked for anew.
    if (from !== asked) return;
    show(page);
    last?.nextElementSibling?.querySelector("a")?.focus();
  }),
));
const loadAgain = () => {
  if (note.querySelector("[role=alert]")) load();
};
addEventListener("online", loadAgain);
document.addEventListener("chancery:back", loadAgain);

fromAddress();
await Promise.all([load(), attempt(loadPeople)]);
