// Tags and collections: choosing them, and keeping them in order.
import { openAccess } from "./access.js";
import { api } from "./api.js";
import { byId, fill, h, icon } from "./dom.js";
import { plural } from "./format.js";
import { ask, attempt, refusal, toast } from "./page.js";

/** A dialog of our own; resolves with what `close` was given, null for Escape. */
function dialogOf(title, build) {
  return new Promise((resolve) => {
    let answer = null;
    const dialog = h("dialog", { class: "ask", "aria-labelledby": "labels-title" });
    const close = (value) => {
      answer = value;
      dialog.close();
    };
    fill(dialog, h("form", { method: "dialog" }, h("h2", { id: "labels-title" }, title), ...build(close)));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

const buttons = (close, yes, act) =>
  h("div", { class: "buttons" }, h("button", { type: "button", class: "button", onclick: () => close(null) }, "Cancel"),
    h("button", { class: "button primary", onclick: (event) => { event.preventDefault(); act(); } }, yes));

/** @returns {Promise<any>} the collection, or null */
export function askCollection(title, collections, addCollection) {
  return dialogOf(title, (close) => {
    const select = h("select", { id: "ask-collection" }, collections.map((one) => h("option", { value: one.id }, one.name)));
    let known = collections;
    const add = async () => {
      const made = await addCollection();
      if (!made) return;
      known = made.collections;
      fill(select, known.map((one) => h("option", { value: one.id }, one.name)));
      select.value = made.made.id;
    };
    return [
      h("div", { class: "field" }, h("label", { for: "ask-collection" }, "To the collection"),
        h("div", { class: "with-button" }, select, h("button", { type: "button", class: "button", onclick: add }, "New…"))),
      buttons(close, "Move", () => close(known.find((one) => one.id === select.value) ?? null)),
    ];
  });
}

/** @param {string[]} choices to tick; without any, tags are written @returns {Promise<string[] | null>} */
export function askTags(title, yes, choices) {
  return dialogOf(title, (close) => {
    if (choices.length > 0) {
      const boxes = choices.sort().map((tag) => h("input", { type: "checkbox", value: tag }));
      return [
        h("fieldset", { class: "choices" }, h("legend", { class: "hidden" }, "Tags"), boxes.map((box) => h("label", { class: "check" }, box, h("span", { dir: "auto" }, box.value)))),
        buttons(close, yes, () => close(boxes.filter((box) => box.checked).map((box) => box.value))),
      ];
    }
    const field = h("input", { id: "ask-tags", autocomplete: "off", "aria-describedby": "ask-tags-hint", list: "ask-tags-known" });
    const known = h("datalist", { id: "ask-tags-known" });
    api.get("/tags?limit=100").then((page) => fill(known, page.items.map((one) => h("option", { value: one.tag }))), () => {});
    return [
      h("div", { class: "field" }, h("label", { for: "ask-tags" }, "Tags"), field, known, h("p", { class: "hint", id: "ask-tags-hint" }, "Separated by commas.")),
      buttons(close, yes, () => close(field.value.split(",").map((tag) => tag.trim()).filter(Boolean))),
    ];
  });
}

/** One side panel that lists things and what can be done to them. */
function panel(title, hint, load, extra) {
  const drawer = byId("drawer");
  const list = h("ul", { class: "labels", "aria-label": title });
  const filter = h("input", { type: "search", "aria-label": `Find in ${title.toLowerCase()}`, placeholder: "Find", oninput: () => narrow() });
  const narrow = () => {
    const wanted = filter.value.trim().toLowerCase();
    for (const row of list.children) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  };
  const reload = async () => {
    try {
      const rows = await load(reload);
      filter.hidden = rows.length < 8;
      fill(list, rows.length > 0 ? rows : h("li", { class: "quiet" }, "There are none yet."));
      narrow();
    } catch (fault) {
      fill(list, h("li", {}, refusal(fault, reload)));
    }
  };
  fill(drawer,
    h("div", { class: "drawer-head" }, h("h2", { id: "drawer-title" }, title),
      h("button", { type: "button", class: "button bare", "aria-label": "Close", onclick: () => drawer.close() }, icon("close"))),
    h("div", { class: "drawer-body" }, h("p", { class: "quiet" }, hint), extra?.(reload), filter, list));
  drawer.showModal();
  return reload();
}

const row = (name, count, note, ...actions) =>
  h("li", {}, h("div", {}, h("strong", { dir: "auto" }, name), h("p", { class: "quiet" }, [plural(count, "document"), note].filter(Boolean).join(" · "))), ...actions);

const action = (label, name, act, danger) =>
  h("button", { type: "button", class: danger ? "button small danger" : "button small", "aria-label": `${label} ${name}`, onclick: () => attempt(act) }, label);

/** @param {() => Promise<any>} changed */
export function manageTags(changed) {
  return panel("Tags", "Tags stand on documents. Renaming one to a name that is there joins the two.", async (reload) => {
    const { items } = await api.get("/tags");
    const after = async (text) => {
      toast(text);
      await Promise.all([reload(), changed()]);
      byId("drawer").querySelector(".labels button, .drawer-head button").focus();
    };
    const rename = async ({ tag }) => {
      const to = await ask({ title: "Rename the tag", label: "New name", value: tag, yes: "Rename" });
      if (!to || to === tag) return;
      if (items.some((one) => one.tag === to)) {
        const sure = await ask({ title: `Join “${tag}” with “${to}”?`, text: `There is a tag “${to}” already. All documents with “${tag}” will have “${to}” instead. This cannot be undone.`, yes: "Join them", danger: true });
        if (sure === null) return;
      }
      const { documents } = await api.post("/tags/rename", { from: tag, to });
      await after(`“${tag}” is “${to}” now, on ${plural(documents, "document")}.`);
    };
    const remove = async ({ tag, documents }) => {
      const sure = await ask({ title: `Delete the tag “${tag}”?`, text: `It comes off ${plural(documents, "document")}. The documents stay.`, yes: "Delete", danger: true });
      if (sure === null) return;
      await api.remove(`/tags/${encodeURIComponent(tag)}`);
      await after(`The tag “${tag}” was deleted.`);
    };
    return items.map((one) => row(one.tag, one.documents, null, action("Rename", one.tag, () => rename(one)), action("Delete", one.tag, () => remove(one), true)));
  });
}

/** Every collection, however many pages there are. */
export async function allCollections() {
  const found = [];
  let cursor = "";
  do {
    const page = await api.get(`/collections?limit=100${cursor && `&cursor=${cursor}`}`);
    found.push(...page.items);
    cursor = page.next_cursor ?? "";
  } while (cursor);
  return found.sort((one, other) => Number(other.is_default) - Number(one.is_default) || one.name.localeCompare(other.name));
}

/** @param {() => Promise<any>} changed */
export function manageCollections(changed, addCollection) {
  const add = (reload) => h("button", { type: "button", class: "button", onclick: async () => { if (await addCollection()) await reload(); } }, icon("plus"), "New collection");
  return panel("Collections", "Each document is in exactly one. A question can be asked of a collection alone.", async (reload) => {
    const items = await allCollections();
    const after = async (text) => {
      toast(text);
      await Promise.all([reload(), changed()]);
      byId("drawer").querySelector(".labels button, .drawer-head button").focus();
    };
    const rename = async ({ id, name }) => {
      const to = await ask({ title: "Rename the collection", label: "New name", value: name, yes: "Rename" });
      if (!to || to === name) return;
      await api.patch(`/collections/${id}`, { name: to });
      await after(`“${name}” is “${to}” now.`);
    };
    const remove = async ({ id, name, documents }) => {
      const home = items.find((one) => one.is_default);
      const sure = await ask({ title: `Delete the collection “${name}”?`, text: documents > 0 ? `Its ${plural(documents, "document")} will be moved to “${home?.name}”.` : "It is empty.", yes: "Delete", danger: true });
      if (sure === null) return;
      await api.remove(`/collections/${id}`);
      await after(`The collection “${name}” was deleted.`);
    };
    return items.map((one) => row(one.name, one.documents, one.is_default && "where new documents go", action("Rename", one.name, () => rename(one)), !one.is_default && action("Access", one.name, () => openAccess("collections", one)), !one.is_default && action("Delete", one.name, () => remove(one), true)));
  }, add);
}
