// Organisations that were or will be erased, newest first, each with its receipt. They have no names any more.
import { api } from "./api.js";
import { byId, fill, h, keepingFocus } from "./dom.js";
import { moment, plural, size } from "./format.js";
import { stands } from "./operator-life-cycle.js";
import { attempt, oneAtATime, refusal } from "./page.js";

const pageSize = 50;
const typingMs = 250;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const place = byId("erasures");
const more = byId("more");
const note = byId("note");
const query = byId("query");
let asked = null;
let timer = 0;
let shown = [];
let next = null;

query.value = new URLSearchParams(location.search).get("organization") ?? "";

const pathOf = (cursor) => {
  const search = new URLSearchParams({ limit: String(pageSize) });
  if (query.value.trim()) search.set("organization", query.value.trim());
  if (cursor) search.set("cursor", cursor);
  return `/erasures?${search}`;
};

async function load() {
  clearTimeout(timer);
  asked?.abort();
  const request = (asked = new AbortController());
  const id = query.value.trim();
  history.replaceState(null, "", id ? `?organization=${encodeURIComponent(id)}` : location.pathname);
  place.setAttribute("aria-busy", "true");
  try {
    // A part of an id finds nothing: the server takes whole ones.
    const page = id && !uuid.test(id) ? { items: [], next_cursor: null } : await api.get(pathOf(null), request.signal);
    [shown, next] = [page.items, page.next_cursor];
    fill(note);
    draw();
    byId("announce").textContent = `${next ? "The first " : ""}${plural(shown.length, "erasure")}.`;
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
      ? h("div", { class: "empty" }, h("h2", {}, "No erasure of such an organisation"), h("p", {}, "Give its whole id."),
          h("button", { type: "button", class: "button", onclick: () => { query.value = ""; load(); query.focus(); } }, "Show all"))
      : h("div", { class: "empty" }, h("h2", {}, "No organisation was erased"), h("p", {}, "A suspended one is erased where organisations are listed.")));
    fill(more);
    return;
  }
  let rows = place.querySelector("tbody");
  if (!rows) {
    rows = h("tbody", {});
    fill(place, h("div", { class: "table", tabindex: 0, role: "group", "aria-label": "Erasures" }, h("table", {},
      h("thead", {}, h("tr", {},
        ["Organisation", "How it stands", "Ordered"].map((title) => h("th", { scope: "col" }, title)),
        ["Rows", "Files"].map((title) => h("th", { scope: "col", class: "figure" }, title)),
        h("th", { scope: "col" }, "Backups"), h("td", {}))),
      rows)));
  }
  keepingFocus(rows, () => fill(rows, shown.map(row)));
  fill(more, next && h("button", { type: "button", class: "button small", onclick: showMore }, "Show more"));
}

function row(one) {
  const count = Object.values(one.tables).reduce((sum, rows) => sum + rows, 0);
  const files = one.stores.files;
  const isBegun = one.state !== "ordered" && one.state !== "cancelled";
  return h("tr", { "data-id": one.id },
    h("th", { scope: "row" }, h("code", {}, one.organization_id)),
    h("td", {}, stands(one), one.waiting_for && h("small", {}, `waits for ${one.waiting_for}`), one.amended_at && h("small", {}, `late remainders gone ${moment(one.amended_at)}`)),
    h("td", {}, moment(one.ordered_at), h("small", {}, one.ordered_by === "owner" ? "by an owner" : h("bdi", {}, `by ${one.ordered_by_name ?? "an operator"}`))),
    h("td", { class: "figure" }, isBegun ? count.toLocaleString("en") : ""),
    h("td", { class: "figure" }, isBegun && files ? [`${files.at_least ? "at least " : ""}${files.count.toLocaleString("en")}`, h("small", {}, size(files.bytes))] : ""),
    h("td", {}, one.backups_made_before && [`made before ${moment(one.backups_made_before)}`, h("small", {}, one.backups_expire_at ? `gone ${moment(one.backups_expire_at)}` : "nobody said how long they are kept")]),
    h("td", { class: "act" }, one.receipt && h("button", { type: "button", class: "button small", "aria-label": `Receipt of ${one.organization_id}`, onclick: () => save(one) }, "Receipt")));
}

/** As `chancery tenants verify-receipt` takes it. */
function save(one) {
  const address = URL.createObjectURL(new Blob([JSON.stringify(one, null, 2)], { type: "application/json" }));
  h("a", { href: address, download: `erasure-${one.organization_id}.json` }).click();
  // The browser has taken hold of the bytes by then.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

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
document.addEventListener("chancery:back", load);
load();
