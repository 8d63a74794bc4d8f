// What was searched for: filters, list, the switch of the log.
import { api } from "./api.js";
import { byId, fill, h, keepingFocus } from "./dom.js";
import { ago, plural } from "./format.js";
import { ask, attempt, may, me, menuButton, oneAtATime, refusal, toast } from "./page.js";
import { engineWord, modeWord, narrowed, time } from "./searched.js";

const pageSize = 50;
const root = byId("queries");
const list = byId("list");
const filters = byId("filters");
const note = byId("list-note");
const more = byId("more");
const rule = byId("rule");
const seesAll = may("organization:manage");
const installationLogs = root.dataset.installationLogs === "true";
const days = Number(root.dataset.days);

/** Names of people by id. @type {Map<string, string>} */
const people = new Map();
let isOn = true;
let cursor = null;
let asked = null;

// What is asked for, in the address too: a reload and a shared link show the same.

const given = () => [...new FormData(filters)].filter(([, value]) => value !== "").map(([name, value]) => [name, String(value)]);
const chosenFilters = () => given().filter(([name]) => name !== "q" && name !== "whose").length;
const isFiltered = () => chosenFilters() > 0 || filters.elements.q.value !== "";
/** "", "all", or somebody's id. */
const whose = () => filters.elements.whose?.value ?? new URLSearchParams(location.search).get("whose") ?? "";

function scope() {
  const search = new URLSearchParams();
  if (whose()) search.set("all", "true");
  if (whose() && whose() !== "all") search.set("user_id", whose());
  return search;
}

function query() {
  const search = scope();
  for (const [name, value] of given()) if (!["whose", "from", "to"].includes(name)) search.set(name, value);
  // Days as people mean them: from the first one's start to the last one's end, here.
  const { from, to } = Object.fromEntries(given());
  if (from) search.set("from", new Date(`${from}T00:00:00`).toISOString());
  if (to) {
    const end = new Date(`${to}T00:00:00`);
    end.setDate(end.getDate() + 1);
    search.set("to", end.toISOString());
  }
  return search;
}

function toAddress() {
  const search = new URLSearchParams(given());
  history.replaceState(null, "", search.size > 0 ? `?${search}` : location.pathname);
  const count = given().filter(([name]) => name !== "q").length;
  fill(byId("filter-count"), count > 0 ? ` (${count})` : "");
}

function fromAddress() {
  for (const [name, value] of new URLSearchParams(location.search)) {
    const field = filters.elements[name];
    if (!field) continue;
    // People are not loaded yet; what no list has is left out.
    if (name === "whose" && ![...field.options].some((option) => option.value === value)) field.append(h("option", { value }, "One person’s"));
    field.value = value;
  }
  if (given().some(([name]) => name !== "q")) openFilters(true);
  // Whoever may not see everybody's is told so by the server; the address must say still what was asked for.
  if (filters.elements.whose || !whose()) toAddress();
}

function openFilters(open) {
  byId("filter-button").setAttribute("aria-expanded", String(open));
  filters.classList.toggle("open", open);
}

// The list

async function load() {
  asked?.abort();
  const request = (asked = new AbortController());
  list.setAttribute("aria-busy", "true");
  if (list.children.length === 0) fill(list, [1, 2, 3, 4].map(() => h("li", { class: "skeleton" })));
  try {
    const search = query();
    search.set("limit", String(pageSize));
    const page = await api.get(`/queries?${search}`, request.signal);
    keepingFocus(list, () => {
      fill(list);
      show(page);
    });
  } catch (fault) {
    if (fault.name === "AbortError") return;
    fill(list);
    fill(byId("count"));
    more.hidden = true;
    fill(note, fault.status === 403 ? notAllowed(fault) : refusal(fault, load));
  }
  list.removeAttribute("aria-busy");
}

function notAllowed(fault) {
  return h("div", { class: "empty" }, h("h2", {}, "These are not yours to see"), h("p", {}, `What colleagues searched for is shown to owners and admins. ${fault.detail}`),
    h("button", { type: "button", class: "button", onclick: () => location.assign("/queries") }, "Show yours"));
}

function show(page) {
  for (const one of page.items) list.append(rowOf(one));
  cursor = page.next_cursor;
  more.hidden = !cursor;
  describe();
}

function describe() {
  const shown = list.children.length;
  fill(byId("count"), shown === 0 ? "" : cursor ? `The newest ${plural(shown, "search", "searches")}` : plural(shown, "search", "searches"));
  if (shown > 0) return fill(note);
  if (isFiltered()) {
    return fill(note, h("div", { class: "empty" }, h("h2", {}, "No search matches"), h("p", {}, "Try another word, or show all of them."),
      h("button", { type: "button", class: "button", onclick: showAll }, "Show all")));
  }
  return fill(note, h("div", { class: "empty" }, h("h2", {}, "Nothing is written down yet"),
    h("p", {}, isOn && installationLogs
      ? "Searches of programs and of the command line appear here a moment after they were answered. Questions of conversations do not: those are their asker’s alone."
      : "The log is switched off, so searches leave no trace here.")));
}

function showAll() {
  const person = whose();
  filters.reset();
  if (filters.elements.whose) filters.elements.whose.value = person;
  toAddress();
  load();
  filters.elements.q.focus();
}

// A row

function rowOf(one) {
  const asker = one.user_id === me.id ? whose() && "you" : (people.get(one.user_id) ?? "a former member");
  const wishes = narrowed(one.wish);
  const facts = [
    h("time", { class: "fact", datetime: one.created_at, title: new Date(one.created_at).toLocaleString("en") }, ago(one.created_at)),
    asker && h("span", { class: "fact", "data-user": one.user_id }, asker),
    one.key_id && h("span", { class: "fact" }, "by an API key"),
    one.source === "compatible" && h("span", { class: "fact" }, "by an older path"),
    h("span", { class: "fact" }, modeWord(one.mode)),
    h("span", { class: "fact" }, engineWord(one.engine)),
    h("span", { class: "fact" }, time(one.total_ms)),
    wishes.length > 0 && h("span", { class: "tag", title: wishes.join(", ") }, "narrowed"),
  ];
  return h("li", { class: "searched", "data-id": one.id },
    h("div", { class: "what" }, h("a", { class: "title", href: `/queries/${one.id}`, dir: "auto" }, one.query), h("p", { class: "facts" }, facts)),
    h("div", { class: "status" }, h("span", { class: one.found > 0 ? "state ready" : "state none" }, one.found > 0 ? `${one.found.toLocaleString("en")} found` : "Nothing found")),
    h("div", { class: "row-actions" }, menuButton(`Actions for “${one.query.slice(0, 80)}”`, () => [
      { label: "Open", href: `/queries/${one.id}` },
      { label: "Search again and compare", href: `/queries/${one.id}#again` },
      { label: "Delete", danger: true, act: () => remove(one) },
    ])));
}

const remove = (one) =>
  attempt(async () => {
    const yes = await ask({ title: "Delete this search?", text: "It leaves the log for good. Documents and answers stay as they are.", yes: "Delete", danger: true });
    if (yes === null) return;
    await api.remove(`/queries/${one.id}`);
    const row = [...list.children].find((li) => li.dataset.id === one.id);
    const next = row?.nextElementSibling ?? row?.previousElementSibling;
    row?.remove();
    describe();
    (next?.querySelector("a") ?? byId("q")).focus();
    toast("The search was deleted.");
  });

async function removeAll(search, text) {
  const yes = await ask({ title: "Delete these searches?", text, yes: "Delete all", danger: true });
  if (yes === null) return;
  await attempt(async () => {
    const { deleted } = await api.remove(`/queries${search}`);
    toast(`${plural(deleted, "search was", "searches were")} deleted.`);
  });
  await load();
  byId("q").focus();
}

// The switch

async function loadRule() {
  try {
    const organization = await api.get("/organization");
    isOn = organization.query_log;
    drawRule(organization);
  } catch (fault) {
    fill(rule, refusal(fault, loadRule));
  }
  rule.removeAttribute("aria-busy");
}

function drawRule(organization) {
  const kept = days > 0 ? `and erased after ${plural(days, "day")}` : "until somebody deletes them";
  if (!installationLogs) {
    return fill(rule, h("p", { class: "notice" }, "This installation writes no searches down. What is here was written before that."));
  }
  const change = (value) => oneAtATime(() => attempt(async () => {
    if (!value) {
      const yes = await ask({ title: "Write no searches down any more?", text: `It holds for everybody in ${organization.name}, from now on. What is written down already stays until it is deleted or too old.`, yes: "Switch off" });
      if (yes === null) return;
    }
    isOn = (await api.patch("/organization", { query_log: value })).query_log;
    drawRule(organization);
    describe();
    rule.querySelector("button")?.focus();
    toast(isOn ? "Searches are written down from now on." : "Searches are not written down any more.");
  }));
  if (!isOn) {
    return fill(rule, h("div", { class: "notice" }, h("p", {}, `${organization.name} writes no searches down. What is here is from before.`),
      seesAll && h("button", { type: "button", class: "button small", onclick: change(true) }, "Switch the log on")));
  }
  return fill(rule, h("p", {}, `Searches by programs and the command line are written down for whoever improves search, ${kept}. ${seesAll ? "" : "Owners and admins see yours, too. "}Questions of conversations are not.`),
    seesAll && h("button", { type: "button", class: "button small", onclick: change(false) }, "Switch the log off"));
}

async function loadPeople() {
  let next = "";
  do {
    const page = await api.get(`/members?limit=100${next && `&cursor=${encodeURIComponent(next)}`}`);
    for (const one of page.items) people.set(one.user_id, one.name || one.email);
    next = page.next_cursor ?? "";
  } while (next);
  const select = filters.elements.whose;
  const chosen = select.value;
  const others = [...people].filter(([id]) => id !== me.id).sort(([, one], [, other]) => one.localeCompare(other));
  fill(select, h("option", { value: "" }, "Yours"), h("option", { value: "all" }, "Everybody’s"), others.map(([id, name]) => h("option", { value: id }, name)));
  if (chosen && chosen !== "all" && !people.has(chosen)) select.append(h("option", { value: chosen }, "A former member"));
  select.value = chosen;
  // Rows may have come before the names.
  for (const fact of list.querySelectorAll("[data-user]")) if (people.has(fact.dataset.user) && fact.dataset.user !== me.id) fill(fact, people.get(fact.dataset.user));
}

// Keys in the list: up and down go to the same thing in the next row.

list.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
  const row = event.target.closest(".searched");
  if (!step || !row || event.altKey || event.ctrlKey || event.metaKey) return;
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
  if (event.target.name !== "q") refine();
});
filters.elements.q.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(refine, 250);
});
byId("filter-button").addEventListener("click", () => openFilters(byId("filter-button").getAttribute("aria-expanded") !== "true"));
more.addEventListener("click", oneAtATime(() =>
  attempt(async () => {
    const search = query();
    search.set("limit", String(pageSize));
    search.set("cursor", cursor);
    const last = list.lastElementChild;
    const from = asked;
    const page = await api.get(`/queries?${search}`);
    // Meanwhile the list was asked for anew.
    if (from !== asked) return;
    show(page);
    last?.nextElementSibling?.querySelector("a")?.focus();
  }),
));
byId("manage").replaceWith(menuButton("Delete searches", () => [
  { label: "Delete all of yours…", danger: true, act: () => removeAll("", "All that you searched for leaves the log for good.") },
  seesAll && { label: "Delete everybody’s…", danger: true, act: () => removeAll("?all=true", "All that anybody in the organisation searched for leaves the log for good.") },
]));
const loadAgain = () => {
  if (note.querySelector("[role=alert]")) load();
  if (rule.querySelector("[role=alert]")) loadRule();
};
addEventListener("online", loadAgain);
document.addEventListener("chancery:back", loadAgain);

fromAddress();
await Promise.all([load(), loadRule(), filters.elements.whose && attempt(loadPeople)]);
