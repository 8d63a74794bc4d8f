// The list of conversations beside the chat.
import { api } from "./api.js";
import { byId, fill, h } from "./dom.js";
import { ago } from "./format.js";
import { ask, attempt, menuButton, toast } from "./page.js";

const list = byId("conversations");
const note = byId("conversations-note");
const more = byId("conversations-more");
let cursor = null;
let current = "";

/** @param {string} id of the conversation that is open; "" for a new one */
export async function loadConversations(id) {
  current = id;
  try {
    const page = await api.get("/conversations?limit=50");
    fill(list);
    show(page);
    fill(note, list.children.length === 0 ? "Your conversations will be listed here. Only you can see them." : "");
  } catch (fault) {
    fill(note, fault.message);
  }
}

function show(page) {
  for (const conversation of page.items) list.append(row(conversation));
  cursor = page.next_cursor;
  more.hidden = !cursor;
}

more.addEventListener("click", () => attempt(async () => show(await api.get(`/conversations?limit=50&cursor=${encodeURIComponent(cursor)}`))));

function row(conversation) {
  const isOpen = conversation.id === current;
  const title = conversation.title || "Untitled";
  if (isOpen) setTitle(title);
  return h(
    "li",
    { "data-current": isOpen, "data-id": conversation.id },
    h("a", { href: `/chat/${conversation.id}`, "aria-current": isOpen ? "page" : null }, h("span", {}, title), h("small", {}, ago(conversation.updated_at))),
    menuButton(`Actions for ${title}`, () => [
      { label: "Rename", act: () => rename(conversation) },
      { label: "Forget what was said", act: () => reset(conversation) },
      { label: "Delete", danger: true, act: () => remove(conversation) },
    ]),
  );
}

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
  const yes = await ask({ title: "Delete the conversation?", text: `“${conversation.title}” and its answers are removed for good. Your documents stay.`, yes: "Delete", danger: true });
  if (yes === null) return;
  await attempt(async () => {
    await api.remove(`/conversations/${conversation.id}`);
    if (conversation.id === current) location.assign("/chat");
    else await loadConversations(current);
  });
}
