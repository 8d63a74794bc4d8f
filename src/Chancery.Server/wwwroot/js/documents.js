// The register of documents: filters, list, progress, selection.
import { address, api } from "./api.js";
import { offerUndo, prepareBulk, showBulk } from "./bulk.js";
import { openDrawer } from "./drawer.js";
import { byId, fill, h, keepingFocus } from "./dom.js";
import { ago, kind, plural, size } from "./format.js";
import { allCollections, manageCollections, manageTags } from "./labels.js";
import { ask, attempt, may, menuButton, oneAtATime, refusal, toast } from "./page.js";
import { Selection } from "./selection.js";
import { followed, isWorking, stateWord } from "./states.js";
import { addAddress, prepareUploads } from "./uploads.js";

const pageSize = 50;
const mostMatching = 2000;
const list = byId("list");
const filters = byId("filters");
const note = byId("list-note");
const more = byId("more");
const mayWrite = may("documents:write");

/** Rows on the page by document id. @type {Map<string, HTMLElement>} */
const rows = new Map();
let cursor = null;
let total = 0;
let collections = [];
let asked = null;

const selection = new Selection(() => [...list.querySelectorAll(".document")], () => {
  if (mayWrite) showBulk();
  offerMatching();
});

// What is asked for, in the address too: a reload and a shared link show the same.

const isDeletedList = () => filters.elements.state.value === "deleted";

function query() {
  const given = Object.fromEntries(new FormData(filters));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) if (value !== "") search.set(name, String(value));
  if (given.state === "deleted") {
    search.delete("state");
    search.set("deleted", "true");
  }
  // Days as people mean them: from the first one's start to the last one's end, here.
  if (given.from) search.set("from", new Date(`${given.from}T00:00:00`).toISOString());
  if (given.to) {
    const end = new Date(`${given.to}T00:00:00`);
    end.setDate(end.getDate() + 1);
    search.set("to", end.toISOString());
  }
  return search;
}

const chosenFilters = () => [...new FormData(filters)].filter(([name, value]) => value !== "" && name !== "sort" && name !== "q").length;
const isFiltered = () => chosenFilters() > 0 || filters.elements.q.value !== "";

function toAddress() {
  const search = new URLSearchParams();
  for (const [name, value] of new FormData(filters)) if (value !== "" && !(name === "sort" && value === "newest")) search.set(name, String(value));
  history.replaceState(null, "", search.size > 0 ? `?${search}` : location.pathname);
  const count = chosenFilters();
  fill(byId("filter-count"), count > 0 ? ` (${count})` : "");
}

function fromAddress() {
  for (const [name, value] of new URLSearchParams(location.search)) {
    const field = filters.elements[name];
    if (!field) continue;
    // Tags, types and collections are not loaded yet.
    if (field.tagName === "SELECT" && ![...field.options].some((option) => option.value === value)) field.append(h("option", { value }, name === "type" ? kind(value) : value));
    field.value = value;
  }
  if (chosenFilters() > 0) openFilters(true);
  toAddress();
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
  if (rows.size === 0) fill(list, [1, 2, 3, 4].map(() => h("li", { class: "skeleton" })));
  try {
    const search = query();
    search.set("limit", String(pageSize));
    const page = await api.get(`/docs?${search}`, request.signal);
    keepingFocus(list, () => {
      rows.clear();
      fill(list);
      fill(note);
      total = page.total;
      show(page);
    });
  } catch (fault) {
    if (fault.name === "AbortError") return;
    rows.clear();
    fill(list);
    fill(byId("count"));
    fill(note, refusal(fault, load));
    more.hidden = true;
  }
  selection.show();
  list.removeAttribute("aria-busy");
  if (isOld) reloadSoon();
  isOld = false;
}

function show(page) {
  for (const document of page.items) if (!rows.has(document.id)) list.append(rowOf(document));
  cursor = page.next_cursor;
  more.hidden = !cursor;
  describe();
}

const reload = () => Promise.all([load(), loadCounts(), loadTags(), loadCollections()]).then(() => {});

let soon;
/** Whether something changed while the list was on its way. */
let isOld = false;
/** A document that the filter did not show may be shown now. */
function reloadSoon() {
  clearTimeout(soon);
  soon = setTimeout(load, 500);
}

function describe() {
  const shown = rows.size;
  const text = shown === 0 ? "" : cursor ? `${shown} of ${plural(total, "document")}` : plural(shown, "document");
  fill(byId("count"), text);
  if (shown > 0) return fill(note);
  if (isFiltered()) {
    return fill(
      note,
      h("div", { class: "empty" }, h("h2", {}, isDeletedList() && chosenFilters() === 1 ? "Nothing is deleted" : "No document matches"), h("p", {}, "Try another word, or show all of them."),
        h("button", { type: "button", class: "button", onclick: showAll }, "Show all")),
    );
  }
  return fill(
    note,
    h("div", { class: "empty" }, h("h2", {}, "No documents yet"),
      h("p", {}, mayWrite
        ? "Upload the first one: a PDF, a Word, Excel or PowerPoint file, HTML, CSV, Markdown or plain text. Once it is read, you can ask about it and every answer links to its place."
        : "Somebody with the role of editor has to upload the first one."),
      mayWrite && h("button", { type: "button", class: "button", onclick: oneAtATime(addSamples) }, "Try it with sample documents")),
  );
}

/** A made-up company's, in a collection of their own. */
const addSamples = () => attempt(async () => {
  await api.post("/samples");
  await reload();
  toast("Five sample documents are being read.", { label: "Remove them", act: () => attempt(async () => {
    await api.remove("/samples");
    await reload();
  }) });
});

function showAll() {
  const { sort } = filters.elements;
  const order = sort.value;
  filters.reset();
  sort.value = order;
  toAddress();
  load();
  filters.elements.q.focus();
}

/** Everything that is shown is selected and there is more: offers the rest. */
function offerMatching() {
  const offer = byId("select-matching");
  const all = mayWrite && cursor && rows.size > 0 && [...rows.keys()].every((id) => selection.has(id)) && selection.size < Math.min(total, mostMatching);
  offer.hidden = !all;
  if (all) fill(offer, `Select all ${Math.min(total, mostMatching).toLocaleString("en")}`);
}

const selectMatching = () =>
  attempt(async () => {
    const found = [];
    let next = "";
    do {
      const search = query();
      search.set("limit", "100");
      if (next) search.set("cursor", next);
      const page = await api.get(`/docs?${search}`);
      found.push(...page.items);
      next = page.next_cursor;
    } while (next && found.length < mostMatching);
    selection.choose(found.slice(0, mostMatching));
    byId("bulk-actions").querySelector("button").focus();
  });

// A row

function rowOf(document) {
  const row = h("li", { class: "document", "data-id": document.id });
  rows.set(document.id, row);
  draw(row, document);
  return row;
}

function draw(row, document) {
  row.document = document;
  const deleted = Boolean(document.deleted_at);
  const readable = document.current_version && !deleted;
  const collection = collections.length > 1 && collections.find((one) => one.id === document.collection_id);
  row.box = mayWrite && h("input", { type: "checkbox", class: "choose", "aria-label": `Select ${document.title}`, onclick: (event) => selection.click(row, event) });
  if (row.box) row.box.checked = selection.has(document.id);
  const focused = row.contains(globalThis.document.activeElement);
  fill(
    row,
    row.box,
    h(
      "div",
      { class: "what" },
      readable
        ? h("a", { class: "title", href: `/documents/${document.id}`, dir: "auto" }, document.title)
        : h("span", { class: "title", dir: "auto" }, document.title),
      h(
        "p",
        { class: "facts" },
        h("span", { class: "fact" }, kind(document.media_type)),
        pagesOf(document),
        h("span", { class: "fact" }, size(document.file_size)),
        document.latest_version > 1 && h("span", { class: "fact" }, `version ${document.latest_version}`),
        h("time", { class: "fact", datetime: document.updated_at, title: new Date(document.updated_at).toLocaleString("en") }, ago(document.updated_at)),
        collection && !collection.is_default && h("span", { class: "tag collection", dir: "auto", title: "Collection" }, collection.name),
        (document.tags ?? []).map((tag) => h("span", { class: "tag", dir: "auto" }, tag)),
      ),
      document.state === "failed" && document.failure && h("p", { class: "why" }, document.failure.reason),
    ),
    status(row, document, deleted),
    h("div", { class: "row-actions" }, menuButton(`Actions for ${document.title}`, () => actions(row, document, deleted))),
  );
  row.classList.toggle("selected", selection.has(document.id));
  if (focused) (row.querySelector(".status button, a") ?? row.querySelector("button")).focus();
}

const pageWords = {
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": "slide",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "part",
  "application/pdf": "page",
};

/** Formats without paper are cut into parts; one part is nothing to tell. */
function pagesOf({ media_type: type, page_count: count }) {
  if (!(count > 0) || (!pageWords[type] && count === 1)) return null;
  return h("span", { class: "fact" }, plural(count, pageWords[type] ?? "part"));
}

function status(row, document, deleted) {
  const box = h("div", { class: "status" });
  if (deleted) {
    fill(box, h("span", { class: "state idle" }, "Deleted"), mayWrite && h("button", { type: "button", class: "button small", onclick: () => restore(document) }, "Restore"));
  } else if (isWorking(document.state)) {
    const stop = mayWrite && h("button", { type: "button", class: "button small", "aria-label": `Stop reading ${document.title}`, onclick: () => stopReading(document) }, "Stop");
    fill(box, ...followed(document, { isWanted: () => row.isConnected && row.document === document, done: (now) => finished(row, now), stop }), stop);
  } else {
    const tone = { ready: "ready", failed: "failed" }[document.state] ?? "idle";
    const label = { failed: "Try again", stored: "Read it now" }[document.state];
    fill(box, h("span", { class: `state ${tone}` }, stateWord(document.state)),
      label && mayWrite && h("button", { type: "button", class: "button small", "aria-label": `${label}: ${document.title}`, onclick: () => process(document) }, label));
  }
  return box;
}

function finished(row, document) {
  draw(row, document);
  // The row shows it; this is for those who listen.
  const ending = { ready: "is ready", stored: "is not read any further" }[document.state] ?? "could not be read";
  fill(byId("announce"), `“${document.title}” ${ending}.`);
  loadCounts();
}

const process = (document) =>
  attempt(async () => {
    const now = await api.post(`/docs/${document.id}/process`);
    const row = rows.get(document.id);
    if (row) draw(row, now);
    loadCounts();
    return now;
  });

/** What is read stays; going on starts there. */
const stopReading = (document) =>
  attempt(async () => {
    const now = await api.remove(`/docs/${document.id}/process`);
    const row = rows.get(document.id);
    if (row) draw(row, now);
    if (now.state === "stored") toast(`Reading “${document.title}” was stopped.`, { label: "Go on", act: () => process(now) });
    else if (!isWorking(now.state)) toast(`“${document.title}” was through already.`);
    loadCounts();
    return now;
  });

function actions(row, document, deleted) {
  const current = document.current_version ?? document.latest_version;
  if (deleted) return [mayWrite && { label: "Restore", act: () => restore(document) }];
  return [
    document.current_version && { label: "Open", href: `/documents/${document.id}` },
    document.current_version && { label: "Ask about it", href: `/chat?document=${document.id}` },
    { label: mayWrite ? "Details and versions" : "Versions", act: () => openDrawer(document, { collections, changed: (now) => draw(row, now), addCollection }) },
    { label: "Download", href: address(`/docs/${document.id}/versions/${current}/content`) },
    mayWrite && { label: "Delete", danger: true, act: () => remove(row, document) },
  ];
}

const remove = (row, document) =>
  attempt(async () => {
    await api.remove(`/docs/${document.id}`);
    selection.put(row, false);
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    rows.delete(document.id);
    total--;
    describe();
    selection.show();
    (next?.querySelector("a, button") ?? byId("q")).focus();
    offerUndo(`“${document.title}” was deleted.`, [{ action: "restore", ids: [document.id] }]);
    loadCounts();
  });

const restore = (document) =>
  attempt(async () => {
    await api.post(`/docs/${document.id}/restore`);
    toast(`“${document.title}” is back.`);
    await reload();
  });

// What the filters offer

function choices(select, options) {
  const chosen = select.value;
  fill(select, h("option", { value: "" }, "All"), options.map(([value, label]) => h("option", { value }, label)));
  if (chosen && !options.some(([value]) => value === chosen)) select.append(h("option", { value: chosen }, chosen));
  select.value = chosen;
}

async function loadTags() {
  const tags = await api.get("/tags").catch(() => null);
  if (tags) choices(filters.elements.tag, tags.items.map((one) => [one.tag, `${one.tag} (${one.documents})`]));
}

async function loadCollections() {
  collections = await allCollections().catch(() => collections);
  choices(filters.elements.collection_id, collections.map((one) => [one.id, `${one.name} (${one.documents})`]));
}

async function loadCounts() {
  const counts = await api.get("/docs/counts").catch(() => null);
  if (!counts) return;
  choices(filters.elements.type, Object.entries(counts.types).map(([type, count]) => [type, `${kind(type)} (${count})`]));
  for (const option of filters.elements.state.options) {
    option.label ||= option.textContent;
    const words = (option.dataset.word ??= option.textContent);
    const count = { deleted: counts.deleted, working: Object.entries(counts.states).reduce((sum, [state, n]) => sum + (isWorking(state) ? n : 0), 0) }[option.value] ?? counts.states[option.value] ?? 0;
    const text = option.value && count > 0 ? `${words} (${count.toLocaleString("en")})` : words;
    option.textContent = text;
    option.label = text;
  }
  if (mayWrite) offerReading(counts.states.stored ?? 0);
}

function offerReading(waiting) {
  byId("unread").hidden = waiting === 0;
  if (waiting === 0) return;
  fill(byId("unread-text"), `${plural(waiting, "document")} ${waiting === 1 ? "is" : "are"} stored and not read yet: search and answers do not know ${waiting === 1 ? "it" : "them"}.`);
  fill(byId("unread-process"), waiting === 1 ? "Read it now" : "Read all now");
}

/** The separate step: everything that waits is queued, two hundred at a time. */
const readAll = () =>
  attempt(async () => {
    let queued = 0;
    for (;;) {
      const page = await api.get("/docs?state=stored&limit=100");
      if (page.items.length === 0) break;
      const { changed } = await api.post("/docs/bulk", { action: "process", ids: page.items.map((one) => one.id) });
      queued += changed;
      if (changed === 0) break;
    }
    toast(`${plural(queued, "document")} will be read.`);
    await reload();
    byId("q").focus();
  });

/** Asks for a name and makes a collection of it. @returns {Promise<any>} null when they thought better of it */
async function addCollection() {
  const name = await ask({ title: "New collection", label: "Name", yes: "Make it" });
  if (!name) return null;
  const made = await attempt(() => api.post("/collections", { name }));
  if (made) await loadCollections();
  return made && { made, collections };
}

async function fromWeb() {
  const url = await ask({ title: "From the web", text: "The server fetches the page or file once and keeps it as a document.", label: "Address", placeholder: "https://", yes: "Fetch", type: "url" });
  if (!url) return;
  addAddress(/^[a-z][a-z0-9+.-]*:/i.test(url) ? url : `https://${url}`);
}

// Keys in the list: up and down go to the same thing in the next row.

list.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
  const row = event.target.closest(".document");
  if (event.key === "a" && (event.ctrlKey || event.metaKey) && row && mayWrite) {
    event.preventDefault();
    return selection.setAll(true);
  }
  if (!step || !row || event.altKey || event.ctrlKey || event.metaKey) return;
  const all = [...list.querySelectorAll(".document")];
  const next = all[Math.max(0, Math.min(all.length - 1, all.indexOf(row) + step))];
  const like = ["input.choose", "a.title", ".row-actions button"].find((one) => event.target.matches(one)) ?? "a.title";
  event.preventDefault();
  (next.querySelector(like) ?? next.querySelector("input.choose, .row-actions button")).focus();
});

let typing;
filters.addEventListener("submit", (event) => event.preventDefault());
const refine = () => {
  toAddress();
  selection.chosen.clear();
  load();
};
filters.addEventListener("change", (event) => {
  if (event.target.name !== "q") refine();
});
byId("sort").addEventListener("change", refine);
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
    const page = await api.get(`/docs?${search}`);
    // Meanwhile the list was asked for anew.
    if (from !== asked) return;
    show(page);
    selection.show();
    last?.nextElementSibling?.querySelector("a, button")?.focus();
  }),
));
byId("select-matching").addEventListener("click", selectMatching);
const loadAgain = () => {
  if (rows.size === 0) load();
};
addEventListener("online", loadAgain);
document.addEventListener("chancery:back", loadAgain);

if (mayWrite) {
  prepareBulk({ selection, isDeletedList, collections: () => collections, addCollection, reload });
  prepareUploads({
    collection: () => filters.elements.collection_id.value,
    uploaded: (document) => {
      isOld = list.hasAttribute("aria-busy");
      rows.get(document.id)?.remove();
      if (!rows.has(document.id)) total++;
      list.prepend(rowOf(document));
      describe();
      selection.show();
    },
    finished: (document) => {
      isOld ||= list.hasAttribute("aria-busy");
      const row = rows.get(document.id);
      if (row && row.document.state !== document.state) draw(row, document);
      else if (!row && !cursor) reloadSoon();
      loadCounts();
    },
    retry: process,
    stop: stopReading,
  });
  byId("from-web").addEventListener("click", fromWeb);
  byId("unread-process").addEventListener("click", readAll);
  byId("manage").replaceWith(menuButton("Organise", () => [
    { label: "Tags…", act: () => manageTags(reload) },
    { label: "Collections…", act: () => manageCollections(reload, addCollection) },
  ]));
}

fromAddress();
await reload();
