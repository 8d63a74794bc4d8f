// Lists of the settings, page by page.
import { api } from "./api.js";
import { byId, fill, h, keepingFocus } from "./dom.js";
import { attempt, oneAtATime, refusal } from "./page.js";

/** Fills a list, page by page. A role that may not see it is told so. */
export async function load(list, path, row, empty) {
  if (!list) return;
  const again = () => load(list, path, row, empty);
  const more = byId(`${list.id}-more`);
  try {
    const page = await api.get(path);
    keepingFocus(list, () => fill(list, page.items.length > 0 ? page.items.map((item) => row(item, again)) : h("li", { class: "quiet" }, empty)));
    offerMore(page.next_cursor);
  } catch (fault) {
    fill(list, h("li", {}, fault.status === 403 ? h("p", { class: "quiet" }, `Your role does not show this. ${fault.detail}`) : refusal(fault, again)));
  }
  list.removeAttribute("aria-busy");

  function offerMore(cursor) {
    if (!more) return;
    fill(more, cursor && h("button", { type: "button", class: "button small", onclick: oneAtATime(() => attempt(async () => {
      const page = await api.get(`${path}${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor)}`);
      list.append(...page.items.map((item) => row(item, again)));
      offerMore(page.next_cursor);
    })) }, "Show more"));
  }
}

/** All of a list, however many pages there are. @param {string} path */
export async function every(path) {
  const found = [];
  let cursor = "";
  do {
    const page = await api.get(`${path}?limit=100${cursor && `&cursor=${cursor}`}`);
    found.push(...page.items);
    cursor = page.next_cursor ?? "";
  } while (cursor);
  return found;
}
