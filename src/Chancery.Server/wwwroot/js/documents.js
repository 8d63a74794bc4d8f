// The register of documents: list, filters, progress, delete and undo.
import { address, api } from "./api.js";
import { openDrawer } from "./drawer.js";
import { byId, fill, h } from "./dom.js";
import { ago, kind, plural, size } from "./format.js";
import { ask, attempt, may, menuButton, refusal, toast } from "./page.js";
import { prepareUploads } from "./uploads.js";
import { watch } from "./progress.js";

const pageSize = 50;
const list = byId("list");
const filters = byId("filters");
const note = byId("list-note");
const more = byId("more");
const mayWrite = may("documents:write");

/** Rows on the page by document id. @type {Map<string, HTMLElement>} */
const rows = new Map();
let cursor = null;
let collections = [];
let asked = null;

const working = new Set(["fetching", "queued", "reading", "cutting", "embedding"]);
const words = { ready: "Ready", failed: "Failed", stored: "Not read yet", fetching: "Fetching", queued: "Waiting", reading: "Reading", cutting: "Cutting into passages", embedding: "Indexing" };

function query() {
  const given = new FormData(filters);
  const search = new URLSearchParams({ limit: String(pageSize) });
  for (const [name, value] of given) if (value !== "" && name !== "state") search.set(name, String(value));
  const state = given.get("state");
  if (state === "deleted") search.set("deleted", "true");
  else if (state && state !== "working") search.set("state", String(state));
  return search;
}

const isFiltered = () => [...new FormData(filters).values()].some((value) => value !== "");

async function load() {
  asked?.abort();
  const request = (asked = new AbortController());
  list.setAttribute("aria-busy", "true");
  if (rows.size === 0) fill(list, [1, 2, 3, 4].map(() => h("li", { class: "skeleton" })));
  try {
    const page = await api.get(`/docs?${query()}`, request.signal);
    rows.clear();
    fill(list);
    fill(note);
    show(page);
  } catch (fault) {
    if (fault.name === "AbortError") return;
    rows.clear();
    fill(list);
    fill(byId("count"));
    fill(note, refusal(fault, load));
    more.hidden = true;
  }
  list.removeAttribute("aria-busy");
}

function show(page) {
  const onlyWorking = filters.elements.state.value === "working";
  for (const document of page.items) {
    if (onlyWorking && !working.has(document.state)) continue;
    list.append(rowOf(document));
  }
  cursor = page.next_cursor;
  more.hidden = !cursor;
  describe();
}

function describe() {
  fill(byId("count"), rows.size === 0 ? "" : plural(rows.size, "document") + (cursor ? " shown, there are more" : ""));
  if (rows.size > 0) return fill(note);
  if (isFiltered()) {
    return fill(
      note,
      h("div", { class: "empty" }, h("h2", {}, "No document matches"), h("p", {}, "Try another word, or show all of them."),
        h("button", { type: "button", class: "button", onclick: () => { filters.reset(); load(); } }, "Show all")),
    );
  }
  return fill(
    note,
    h("div", { class: "empty" }, h("h2", {}, "No documents yet"),
      h("p", {}, mayWrite
        ? "Upload the first one: a PDF, a Markdown or a plain text file. Once it is read, you can ask about it and every answer links to its page."
        : "Somebody with the role of editor has to upload the first one.")),
  );
}

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
  fill(
    row,
    h(
      "div",
      {},
      readable
        ? h("a", { class: "title", href: `/documents/${document.id}` }, document.title)
        : h("span", { class: "title" }, document.title),
      h(
        "p",
        { class: "facts" },
        h("span", { class: "fact" }, kind(document.media_type)),
        document.page_count > 0 && h("span", { class: "fact" }, plural(document.page_count, "page")),
        h("span", { class: "fact" }, size(document.file_size)),
        document.latest_version > 1 && h("span", { class: "fact" }, `version ${document.latest_version}`),
        h("time", { class: "fact", datetime: document.updated_at, title: new Date(document.updated_at).toLocaleString("en") }, ago(document.updated_at)),
        (document.tags ?? []).map((tag) => h("span", { class: "tag" }, tag)),
      ),
      document.state === "failed" && document.failure && h("p", { class: "why" }, document.failure.reason),
    ),
    status(row, document, deleted),
    h("div", { class: "row-actions" }, menuButton(`Actions for ${document.title}`, () => actions(row, document, deleted))),
  );
}

function status(row, document, deleted) {
  const box = h("div", { class: "status" });
  if (deleted) {
    fill(box, h("span", { class: "state idle" }, "Deleted"), mayWrite && h("button", { type: "button", class: "button small", onclick: () => restore(document) }, "Restore"));
  } else if (working.has(document.state)) {
    const line = h("span", { class: "state working" });
    const bar = h("progress", { max: 1, "aria-label": `Progress of ${document.title}` });
    const eta = h("span", { class: "quiet" });
    const progress = (at) => {
      fill(line, words[at.state] ?? at.state);
      if (at.page_count > 0 && at.state !== "queued") {
        bar.value = at.pages_done / at.page_count;
        fill(eta, `${at.pages_done} of ${plural(at.page_count, "page")}`, at.eta_seconds > 1 ? `, about ${plural(Math.ceil(at.eta_seconds), "second")} left` : "");
      }
    };
    progress(document);
    fill(box, line, bar, eta);
    watch(document.id, { isWanted: () => row.isConnected && row.document === document, progress, done: (now) => finished(row, now) });
  } else {
    const tone = { ready: "ready", failed: "failed" }[document.state] ?? "idle";
    const label = { failed: "Try again", stored: "Read it now" }[document.state];
    fill(box, h("span", { class: `state ${tone}` }, words[document.state] ?? document.state),
      label && mayWrite && h("button", { type: "button", class: "button small", onclick: () => process(row, document) }, label));
  }
  return box;
}

function finished(row, document) {
  draw(row, document);
  // The row shows it; this is for those who listen.
  fill(byId("announce"), document.state === "ready" ? `“${document.title}” is ready.` : `“${document.title}” could not be read.`);
  if (document.state === "ready") loadTags();
}

const process = (row, document) =>
  attempt(async () => {
    await api.post(`/docs/${document.id}/process`);
    draw(row, await api.get(`/docs/${document.id}`));
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
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    rows.delete(document.id);
    describe();
    (next?.querySelector("a, button") ?? byId("q")).focus();
    toast(`“${document.title}” was deleted.`, { label: "Undo", act: () => restore(document) });
  });

const restore = (document) =>
  attempt(async () => {
    await api.post(`/docs/${document.id}/restore`);
    toast(`“${document.title}” is back.`);
    await load();
  });

async function loadTags() {
  const tags = await api.get("/tags").catch(() => ({ items: [] }));
  const chosen = filters.elements.tag.value;
  fill(filters.elements.tag, h("option", { value: "" }, "All tags"), tags.items.map((tag) => h("option", { value: tag.tag }, `${tag.tag} (${tag.documents})`)));
  filters.elements.tag.value = chosen;
  filters.elements.tag.hidden = tags.items.length === 0;
}

async function loadCollections() {
  collections = (await api.get("/collections").catch(() => ({ items: [] }))).items;
  const select = filters.elements.collection_id;
  const chosen = select.value;
  fill(select, h("option", { value: "" }, "All collections"), collections.map((collection) => h("option", { value: collection.id }, collection.name)));
  select.value = chosen;
  select.hidden = collections.length < 2;
}

/** Asks for a name and makes a collection of it. @returns {Promise<any>} null when they thought better of it */
async function addCollection() {
  const name = await ask({ title: "New collection", label: "Name", yes: "Make it" });
  if (!name) return null;
  const made = await attempt(() => api.post("/collections", { name }));
  if (made) await loadCollections();
  return made && { made, collections };
}

let typing;
filters.addEventListener("submit", (event) => event.preventDefault());
filters.addEventListener("change", load);
filters.elements.q.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(load, 250);
});
more.addEventListener("click", () =>
  attempt(async () => {
    const search = query();
    search.set("cursor", cursor);
    const last = list.lastElementChild;
    show(await api.get(`/docs?${search}`));
    last?.nextElementSibling?.querySelector("a, button")?.focus();
  }),
);

if (mayWrite) {
  prepareUploads({
    collection: () => filters.elements.collection_id.value,
    uploaded: (document) => {
      rows.get(document.id)?.remove();
      list.prepend(rowOf(document));
      describe();
      loadTags();
    },
  });
}

await Promise.all([load(), loadTags(), loadCollections()]);
