// All organisations with their sizes and what they spent; suspending one, and letting it go on. Nothing that is in them.
import { actions, columns } from "./operator-tenants.js";
import { api } from "./api.js";
import { byId, fill, h, keepingFocus } from "./dom.js";
import { plural } from "./format.js";
import { importTenant } from "./operator-archives.js";
import { createTenant } from "./operator-creating.js";
import { attempt, menuButton, oneAtATime, refusal } from "./page.js";

const pageSize = 50;
const typingMs = 250;
const place = byId("organizations");
const more = byId("more");
const note = byId("note");
const query = byId("query");
let asked = null;
let timer = 0;
let shown = [];
let next = null;

query.value = new URLSearchParams(location.search).get("q") ?? "";

const pathOf = (cursor, limit = pageSize) => {
  const search = new URLSearchParams({ limit: String(limit) });
  if (query.value.trim()) search.set("q", query.value.trim());
  if (cursor) search.set("cursor", cursor);
  return `/tenants?${search}`;
};

async function load() {
  clearTimeout(timer);
  asked?.abort();
  const request = (asked = new AbortController());
  history.replaceState(null, "", query.value.trim() ? `?q=${encodeURIComponent(query.value.trim())}` : location.pathname);
  place.setAttribute("aria-busy", "true");
  try {
    const page = await api.get(pathOf(null), request.signal);
    [shown, next] = [page.items, page.next_cursor];
    fill(note);
    draw();
    byId("announce").textContent = next ? `The first ${plural(shown.length, "organisation")}.` : `${plural(shown.length, "organisation")}.`;
  } catch (fault) {
    if (fault.name === "AbortError") return;
    fill(place);
    fill(more);
    fill(note, refusal(fault, load));
  }
  place.removeAttribute("aria-busy");
}

function draw() {
  if (shown.length === 0) {
    fill(place, query.value.trim()
      ? h("div", { class: "empty" }, h("h2", {}, "No organisation is called so"), h("p", {}, "A part of its name is enough, or its whole id."),
          h("button", { type: "button", class: "button", onclick: () => { query.value = ""; load(); query.focus(); } }, "Show all"))
      : h("div", { class: "empty" }, h("h2", {}, "There is no organisation yet"), h("p", {}, "Make the first one here, or by signing up on the machine itself.")));
    fill(more);
    return;
  }
  let rows = place.querySelector("tbody");
  if (!rows) {
    rows = h("tbody", {});
    fill(place, h("div", { class: "table", tabindex: 0, role: "group", "aria-label": "Organisations" }, h("table", {},
      h("thead", {}, h("tr", {}, columns.map(({ title, figure }) => h("th", { scope: "col", class: figure && "figure" }, title)), h("td", {}))),
      rows)));
  }
  keepingFocus(rows, () => fill(rows, shown.map(row)));
  fill(more, next && h("button", { type: "button", class: "button small", onclick: showMore }, "Show more"));
}

function row(tenant) {
  return h("tr", { "data-id": tenant.tenant_id },
    columns.map(({ cell, figure }, at) => h(at === 0 ? "th" : "td", at === 0 ? { scope: "row" } : { class: figure && "figure" }, cell(tenant))),
    h("td", { class: "act" }, menuButton(`What to do with ${tenant.name}`, () => actions(tenant).map((action) => ({ ...action, act: () => act(action, tenant) })))));
}

const act = (action, tenant) => attempt(async () => {
  if ((await action.act()) === false) return;
  // Only what changed is read anew, so that pages which were shown stay.
  const [now] = (await api.get(`/tenants?q=${tenant.tenant_id}`)).items;
  if (now) shown = shown.map((one) => (one.tenant_id === now.tenant_id ? now : one));
  draw();
});

const showMore = oneAtATime(() => attempt(async () => {
  const page = await api.get(pathOf(next));
  const first = shown.length;
  shown = [...shown, ...page.items];
  next = page.next_cursor;
  draw();
  place.querySelectorAll("tbody tr")[first]?.querySelector("button")?.focus();
}));

query.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(load, typingMs); });
byId("filters").addEventListener("submit", (event) => { event.preventDefault(); load(); });
byId("create").addEventListener("click", () => attempt(() => createTenant(load)));
byId("import").addEventListener("click", () => importTenant(load));
document.addEventListener("chancery:back", load);
load();
