// The list of conversations beside the chat: find, rename, forget, delete and undo.
import { api } from "./api.js";
import { byId, fill, h, keepingFocus } from "./dom.js";
import { ago } from "./format.js";
import { ask, attempt, menuButton, oneAtATime, refusal, toast } from "./page.js";

const list = byId("conversations");
const note = byId("conversations-note");
const more = byId("conversations-more");
const search = byId("conversations-search");
const waitMs = 200;
let cursor = null;
let current = "";
let asked = null;

const path = (next) => `/conversations?${new URLSearchParams({ limit: "50", ...(search.value.trim() ? { q: search.value.trim() } : {}), ...(next ? { cursor: next } : {}) })}`;

/** @param {string} id of the conversation that is open; "" for a new one */
export async function loadConversations(id) {
  current = id;
  asked?.abort();
  const request = (asked = new AbortController());
  try {
    const page = await api.get(path(), request.signal);
    keepingFocus(list, () => {
      fill(list);
      show(page);
    });
    fill(note, list.children.length > 0 ? "" : search.value.trim() ? "No conversation holds these words." : "Your conversations will be listed here. Only you can see them.");
  } catch (fault) {
    if (fault.name === "AbortError") return;
    more.hidden = true;
    fill(note, refusal(fault, () => loadConversations(current)));
  }
}

function show(page) {
  for (const conversation of page.items) list.append(row(conversation));
  cursor = page.next_cursor;
  more.hidden = !cursor;
}

more.addEventListener("click", oneAtATime(() => attempt(async () => {
  const before = list.children.length;
  const from = asked;
  const page = await api.get(path(cursor));
  // Meanwhile the list was drawn anew.
  if (from !== asked) return;
  show(page);
  list.children[before]?.querySelector("a").focus();
})));

let timer = 0;
search.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => loadConversations(current), waitMs);
});

function row(conversation) {
  const isOpen = conversation.id === current;
  const title = conversation.title || "Untitled";
  if (isOpen) setTitle(title);
  return h(
    "li",
    { "data-current": isOpen, "data-id": conversation.id },
    h("a", { href: `/chat/${conversation.id}`, "aria-current": isOpen ? "page" : null }, h("span", {}, title), h("small", {}, conversation.match ?? ago(conversation.updated_at))),
    menuButton(`Actions for ${title}`, () => actions(conversation)),
  );
}

/** What can be done with a conversation, for its menus. @param {{id: string, title: string}} conversation */
export const actions = (conversation) => [
  { label: "Rename", act: () => rename(conversation) },
  { label: "Forget what was said", act: () => reset(conversation) },
  { label: "Delete", danger: true, act: () => remove(conversation) },
];

/** @param {string} title */
export function setTitle(title) {
  fill(byId("conversation-title"), title);
  document.title = `${title} · Chancery`;
}

async function rename(conversation) {
  const title = await ask({ title: "Rename the conversation", label: "Title", value: conversation.title, yes: "Rename" });
  if (!title) return;
  await attempt(async () => {
    await api.patch(`/conversations/${conversation.id}`, { title });
    if (conversation.id === current) setTitle(title);
    await loadConversations(current);
  });
}

async function reset(conversation) {
  const yes = await ask({ title: "Forget what was said?", text: "The next question starts afresh: earlier questions and answers stay readable, but are not taken into account.", yes: "Forget" });
  if (yes === null) return;
  await attempt(async () => {
    await api.post(`/conversations/${conversation.id}/reset`);
    if (conversation.id === current) location.reload();
    else toast("Forgotten.");
  });
}

async function remove(conversation) {
  const wasOpen = conversation.id === current;
  await attempt(async () => {
    await api.remove(`/conversations/${conversation.id}`);
    toast(`“${conversation.title || "Untitled"}” was deleted.`, { label: "Undo", act: () => restore(conversation, wasOpen) });
    if (wasOpen) document.dispatchEvent(new Event("chancery:conversation-deleted"));
    await loadConversations(wasOpen ? "" : current);
  });
}

async function restore(conversation, wasOpen) {
  await attempt(async () => {
    await api.post(`/conversations/${conversation.id}/restore`);
    if (wasOpen) location.assign(`/chat/${conversation.id}`);
    else await loadConversations(current);
  });
}

document.addEventListener("chancery:back", () => loadConversations(current));
