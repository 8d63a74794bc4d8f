// The record of who did what: filters, table, details, watching it as it is written, checking it.
import { address, api } from "./api.js";
import { byId, fill, h } from "./dom.js";
import { plural } from "./format.js";
import { attempt, oneAtATime, refusal, toast } from "./page.js";

const pageSize = 50;
const mostShown = 1000;
const filters = byId("filters");
const rows = byId("rows");
const note = byId("note");
const more = byId("more");
const live = byId("live");

let cursor = null;
let asked = null;
/** @type {EventSource | null} */
let stream = null;
let newest = 0;

// What is asked for, in the address too: a reload and a shared link show the same.

const given = () => [...new FormData(filters)].filter(([, value]) => value !== "").map(([name, value]) => [name, String(value)]);

function query() {
  const search = new URLSearchParams();
  for (const [name, value] of given()) if (name !== "from" && name !== "to") search.set(name, value);
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
  for (const [id, format] of [["export", "jsonl"], ["export-ocsf", "ocsf"]]) {
    const whole = query();
    whole.set("format", format);
    byId(id).href = address(`/audit/export?${whole}`);
  }
}

function fromAddress() {
  for (const [name, value] of new URLSearchParams(location.search)) {
    const field = filters.elements[name];
    if (!field) continue;
    // A narrower action than the list has comes from a link.
    if (name === "action" && ![...field.options].some((option) => option.value === value)) field.append(h("option", { value }, value));
    field.value = value;
  }
  toAddress();
}

// The table

async function load() {
  asked?.abort();
  const request = (asked = new AbortController());
  byId("shown").setAttribute("aria-busy", "true");
  try {
    const search = query();
    search.set("limit", String(pageSize));
    const page = await api.get(`/audit?${search}`, request.signal);
    fill(rows);
    newest = page.items[0]?.seq ?? 0;
    show(page);
  } catch (fault) {
    if (fault.name === "AbortError") return;
    fill(rows);
    byId("shown").hidden = true;
    fill(byId("count"));
    more.hidden = true;
    fill(note, refusal(fault, load));
  }
  byId("shown").removeAttribute("aria-busy");
}

function show(page) {
  for (const entry of page.items) rows.append(...rowsOf(entry));
  cursor = page.next_cursor;
  more.hidden = !cursor;
  describe();
}

function describe() {
  const shown = rows.querySelectorAll("tr.entry").length;
  byId("shown").hidden = shown === 0;
  fill(byId("count"), shown === 0 ? "" : cursor ? `The newest ${plural(shown, "entry", "entries")}` : plural(shown, "entry", "entries"));
  if (shown > 0) return fill(note);
  return fill(note, given().length > 0
    ? h("div", { class: "empty" }, h("h2", {}, "No entry matches"), h("p", {}, "Try another word or other days, or show all of them."),
      h("button", { type: "button", class: "button", onclick: showAll }, "Show all"))
    : h("div", { class: "empty" }, h("h2", {}, "Nothing is recorded yet"), h("p", {}, "What anybody changes from now on appears here.")));
}

function showAll() {
  filters.reset();
  toAddress();
  load();
  filters.elements.text.focus();
}

const words = { succeeded: "Done", refused: "Refused", failed: "Failed" };
const kinds = { person: "Somebody", key: "An API key", program: "An application", operator: "The operator", server: "The server", stranger: "A stranger" };

/** @param {string} action document.role_changed → Document: role changed */
function sentence(action) {
  const [thing, verb] = action.split(".").map((word) => word.replaceAll("_", " "));
  return `${thing[0].toUpperCase()}${thing.slice(1)} ${verb ?? ""}`.trim();
}

function who({ kind, name, email, id }) {
  if (name || email) return h("span", { dir: "auto", title: email ?? "" }, name ?? email);
  return h("span", { class: "quiet", title: id ?? "" }, kinds[kind] ?? kind);
}

function rowsOf(entry) {
  const id = `entry-${entry.seq}`;
  const details = h("tr", { class: "details", id, hidden: true }, h("td", { colspan: 6 }, factsOf(entry)));
  const button = h("button", { type: "button", class: "button bare small", "aria-expanded": "false", "aria-controls": id, "aria-label": `Details of entry ${entry.seq}` }, "Details");
  button.addEventListener("click", () => {
    details.hidden = !details.hidden;
    button.setAttribute("aria-expanded", String(!details.hidden));
  });
  const at = new Date(entry.at);
  return [
    h("tr", { class: "entry", "data-seq": entry.seq },
      h("td", {}, h("time", { datetime: entry.at, title: at.toISOString() }, at.toLocaleString("en", { dateStyle: "medium", timeStyle: "medium" }))),
      h("th", { scope: "row" }, who(entry.actor)),
      h("td", {}, sentence(entry.action), entry.repeats > 1 && h("span", { class: "times" }, ` × ${entry.repeats.toLocaleString("en")}`)),
      h("td", {}, h("span", { class: `ended ${entry.outcome}` }, words[entry.outcome] ?? entry.outcome)),
      h("td", {}, entry.address ?? (entry.erased ? h("span", { class: "quiet" }, "erased") : "")),
      h("td", {}, button)),
    details,
  ];
}

function factsOf(entry) {
  const all = [
    ["Number", entry.seq], ["Action", entry.action], ["Reason", entry.reason], ["HTTP status", entry.status],
    ["On", entry.subject && [entry.subject.kind, entry.subject.id].filter(Boolean).join(" ")],
    ["Who", [kinds[entry.actor.kind], entry.actor.name, entry.actor.email, entry.actor.id].filter(Boolean).join(", ")],
    ["With", entry.actor.credential && [entry.actor.credential, entry.actor.credential_id].filter(Boolean).join(" ")],
    ...Object.entries(entry.details ?? {}).map(([name, value]) => [name.replaceAll("_", " "), Array.isArray(value) ? value.join(", ") : String(value)]),
    ["Trace", entry.trace_id], ["Hash", entry.hash], ["Names", entry.erased && "erased with the member"],
  ];
  return h("dl", { class: "audit-facts" }, all.filter(([, value]) => value !== undefined && value !== null && value !== false && value !== "")
    .map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, value))));
}

// Watching

/** Whether a filter lets an entry through that came by itself: what cannot be told here is asked of the server. */
const mustAsk = () => given().length > 0;

function watch() {
  stream?.close();
  stream = new EventSource(address(`/audit/live?after=${newest}`));
  stream.addEventListener("source", (event) => {
    fill(byId("live-note"), JSON.parse(event.data).from === "table" && h("p", { class: "notice" }, "Redis is gone: entries come some seconds late."));
  });
  let asking;
  stream.addEventListener("entry", (event) => {
    const entry = JSON.parse(event.data);
    if (entry.seq <= newest) return;
    newest = entry.seq;
    if (mustAsk()) {
      clearTimeout(asking);
      asking = setTimeout(load, 500);
      return;
    }
    rows.prepend(...rowsOf(entry));
    while (rows.children.length > 2 * mostShown) rows.lastChild.remove();
    describe();
  });
  stream.addEventListener("error", () => {
    // The browser comes back by itself unless it was refused.
    if (stream?.readyState !== EventSource.CLOSED) return;
    live.checked = false;
    fill(byId("live-note"), h("p", { class: "notice" }, "Watching ended. Switch it on again to go on."));
  });
}

function unwatch() {
  stream?.close();
  stream = null;
  fill(byId("live-note"));
}

// Checking

const verify = oneAtATime(() => attempt(async () => {
  const button = byId("verify");
  button.setAttribute("aria-busy", "true");
  fill(byId("report"), h("p", { class: "quiet" }, "Computing every hash again…"));
  try {
    drawReport(await api.post("/audit/verify", {}));
  } catch (fault) {
    fill(byId("report"), refusal(fault, verify));
  } finally {
    button.removeAttribute("aria-busy");
  }
}));

function drawReport(report) {
  const close = h("button", { type: "button", class: "button small", onclick: () => { fill(byId("report")); byId("verify").focus(); } }, "Close");
  const heads = `${plural(report.heads, "signed head")} checked${report.erased > 0 ? `, names erased beside ${plural(report.erased, "entry", "entries")}` : ""}.`;
  if (report.is_whole) {
    return fill(byId("report"), h("div", { class: "notice" }, h("div", {},
      h("p", {}, h("strong", {}, `The record is whole: ${plural(report.entries, "entry", "entries")}. `), heads),
      h("p", { class: "quiet" }, "That nothing was cut off the end is proven only by a signed head that you kept elsewhere.")), close));
  }
  return fill(byId("report"), h("div", { class: "notice bad", role: "alert" }, h("div", {},
    h("p", {}, h("strong", {}, "The record was tampered with. "), heads),
    h("ul", {}, report.findings.slice(0, 20).map((finding) => h("li", {}, finding.text))),
    report.findings_total > 20 && h("p", {}, `and ${report.findings_total - 20} more.`)), close));
}

if (filters) {
  let typing;
  const refine = () => {
    toAddress();
    load();
  };
  filters.addEventListener("submit", (event) => event.preventDefault());
  filters.addEventListener("change", (event) => {
    if (event.target.name !== "text") refine();
  });
  filters.elements.text.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(refine, 250);
  });
  more.addEventListener("click", oneAtATime(() => attempt(async () => {
    const search = query();
    search.set("limit", String(pageSize));
    search.set("cursor", cursor);
    const at = rows.children.length;
    show(await api.get(`/audit?${search}`));
    rows.children[at]?.querySelector("button")?.focus();
  })));
  live.addEventListener("change", () => {
    if (!live.checked) return unwatch();
    watch();
    toast("New entries appear on top.");
  });
  byId("verify").addEventListener("click", verify);
  addEventListener("pagehide", unwatch);
  fromAddress();
  load();
}
