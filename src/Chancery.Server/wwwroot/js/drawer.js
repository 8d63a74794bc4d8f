// One document's details: title, tags, collection, versions.
import { openAccess } from "./access.js";
import { address, api, newKey } from "./api.js";
import { byId, fill, h, icon } from "./dom.js";
import { ago, moment, plural, size } from "./format.js";
import { objection } from "./files.js";
import { attempt, may, oneAtATime, refusal, toast } from "./page.js";

const drawer = byId("drawer");

drawer.addEventListener("click", (event) => {
  if (event.target === drawer) drawer.close();
});

/** Closes the drawer, unless it shows something else by now. @param {HTMLElement} part */
function closeOf(part) {
  if (part.isConnected) drawer.close();
}

/**
 * @param {any} document
 * @param {{collections: any[], changed: (document: any) => void, addCollection: () => Promise<any>}} page
 */
export async function openDrawer(document, page) {
  const mayWrite = may("documents:write");
  const versions = h("ul", { class: "versions" });
  fill(
    drawer,
    h("div", { class: "drawer-head" }, h("h2", { id: "drawer-title", dir: "auto" }, document.title),
      h("button", { type: "button", class: "button bare", "aria-label": "Close", onclick: () => drawer.close() }, icon("close"))),
    h(
      "div",
      { class: "drawer-body" },
      mayWrite && details(document, page),
      mayWrite && h("section", {}, h("h3", {}, "Access"), h("button", { type: "button", class: "button", onclick: () => openAccess("docs", { id: document.id, name: document.title }) }, "Who may read it…")),
      h("section", {}, h("h3", {}, "Versions"), mayWrite && !document.deleted_at && newVersion(document, page), versions, document.current_version && asOf(document)),
    ),
  );
  drawer.showModal();
  await loadVersions(document, versions);
}

function details(document, page) {
  const collection = h("select", { id: "d-collection", name: "collection_id" });
  const choices = (list, chosen) => {
    fill(collection, list.map((one) => h("option", { value: one.id }, one.name)));
    collection.value = chosen;
  };
  choices(page.collections, document.collection_id);
  const add = async () => {
    const made = await page.addCollection();
    if (made) choices(made.collections, made.made.id);
  };
  const form = h(
    "form",
    {},
    h("h3", {}, "Details"),
    h("div", { class: "field" }, h("label", { for: "d-title" }, "Title"), h("input", { id: "d-title", name: "title", value: document.title, required: true, maxlength: 300, dir: "auto" })),
    h("div", { class: "field" }, h("label", { for: "d-tags" }, "Tags"),
      h("input", { id: "d-tags", name: "tags", value: (document.tags ?? []).join(", "), "aria-describedby": "d-tags-hint", autocomplete: "off" }),
      h("p", { class: "hint", id: "d-tags-hint" }, "Separated by commas.")),
    h("div", { class: "field" }, h("label", { for: "d-collection" }, "Collection"),
      h("div", { class: "with-button" }, collection, h("button", { type: "button", class: "button", onclick: add }, "New…"))),
    h("button", { class: "button primary" }, "Save"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => {
      const tags = form.elements.tags.value.split(",").map((tag) => tag.trim()).filter(Boolean);
      const changed = await api.patch(`/docs/${document.id}`, { title: form.elements.title.value.trim(), tags, collection_id: collection.value || undefined });
      page.changed(changed);
      closeOf(form);
      toast("Saved.");
    });
  });
  return h("section", {}, form);
}

function newVersion(document, page) {
  const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": "Upload of the new version" });
  const why = h("div");
  const input = h("input", { type: "file", class: "hidden" });
  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = "";
    if (!file) return;
    const refused = objection(file);
    if (refused) fill(why, refusal(new Error(`“${file.name}”: ${refused}`)));
    else send(file, newKey());
  });
  async function send(file, key) {
    fill(why);
    bar.value = 0;
    bar.hidden = false;
    input.disabled = true;
    try {
      const form = new FormData();
      form.append("file", file, file.name);
      const before = document.latest_version;
      const now = await api.upload("PUT", `/docs/${document.id}`, form, (share) => { bar.value = share; }, new AbortController().signal, key);
      page.changed(now);
      closeOf(bar);
      toast(now.latest_version === before ? "These bytes are the latest version already." : `Version ${now.latest_version} was uploaded.`);
    } catch (fault) {
      fill(why, refusal(fault, () => send(file, key)));
      if (!why.isConnected || !drawer.open) toast(`“${file.name}” was not uploaded: ${fault.message}`);
    }
    input.disabled = false;
    bar.hidden = true;
  }
  return h("div", {}, h("label", { class: "button" }, icon("upload"), h("span", {}, "Upload a new version"), input), bar, why);
}

async function loadVersions(document, place) {
  fill(place, h("li", { class: "quiet" }, "Loading…"));
  try {
    const items = [];
    const more = async (cursor) => {
      const page = await api.get(`/docs/${document.id}/versions?limit=20${cursor ? `&cursor=${cursor}` : ""}`);
      items.push(...page.items);
      fill(place, items.map((version, at) => versionRow(document, version, items[at + 1])),
        page.next_cursor && h("li", {}, h("button", { type: "button", class: "button small", onclick: oneAtATime(() => attempt(() => more(page.next_cursor))) }, "Show older ones")));
    };
    await more("");
  } catch (fault) {
    fill(place, h("li", {}, refusal(fault, () => loadVersions(document, place))));
  }
}

function versionRow(document, version, older) {
  const number = version.version;
  const isCurrent = number === document.current_version;
  const isRead = Boolean(version.current_from);
  return h(
    "li",
    {},
    h("div", {}, h("strong", {}, `Version ${number}`), isCurrent && h("span", { class: "quiet" }, " · answers use this one"),
      h("p", { class: "quiet" }, h("bdi", {}, version.file_name), ` · ${[size(version.file_size), version.page_count > 0 && plural(version.page_count, "page"), ago(version.uploaded_at)].filter(Boolean).join(" · ")}`),
      version.current_from && h("p", { class: "quiet" }, `In use from ${moment(version.current_from)}`),
      version.failure && h("p", { class: "quiet" }, version.failure.reason),
      isRead && !document.deleted_at && h("p", { class: "version-links" },
        h("a", { href: `/documents/${document.id}?version=${number}`, "aria-label": `Open version ${number}` }, "Open"),
        older?.current_from && h("a", { href: `/documents/${document.id}/compare?from=${older.version}&to=${number}`, "aria-label": `Compare with version ${older.version}: version ${number}` }, `Compare with version ${older.version}`))),
    h("a", { class: "button small", href: address(`/docs/${document.id}/versions/${number}/content`), "aria-label": `Download version ${number}` }, icon("download")),
  );
}

/** Reading a document as it was at a time. */
function asOf(document) {
  const field = h("input", { id: "d-as-of", name: "as_of", type: "datetime-local", required: true, "aria-describedby": "d-as-of-hint" });
  const form = h("form", { class: "as-of" }, h("div", { class: "field" }, h("label", { for: "d-as-of" }, "Read as of"), h("div", { class: "with-button" }, field, h("button", { class: "button" }, "Open")),
    h("p", { class: "hint", id: "d-as-of-hint" }, "Opens the version that answers used at that time.")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    location.assign(`/documents/${document.id}?as_of=${encodeURIComponent(new Date(field.value).toISOString())}`);
  });
  return form;
}
