// Asking: the composer, the stream, the turns, and the panel that shows the place in the document.
import { address, api, Refusal } from "./api.js";
import { actions, loadConversations, setTitle } from "./conversations.js";
import { byId, fill, h, icon } from "./dom.js";
import { draft, keepDraft } from "./drafts.js";
import { plural } from "./format.js";
import { answerSettings, loadModels, modelName } from "./models.js";
import { attempt, may, menuButton, oneAtATime, refusal } from "./page.js";
import { preparePanel } from "./panel.js";
import { describe, Scope } from "./scope.js";
import { copy, openShares } from "./sharing.js";
import { Turn } from "./turn.js";

const chat = byId("chat");
const turns = byId("turns");
const composer = byId("composer");
const question = byId("question");
const send = byId("send");
const stop = byId("stop");
const editing = byId("editing");
const announce = byId("announce");
const { panel, show } = preparePanel(() => question);
const shareButton = byId("share-button");

let conversation = chat.dataset.conversation ?? "";
let sessionId = null;
/** @type {AbortController | null} */
let running = null;
/** The turn whose question is being edited. @type {Turn | null} */
let edited = null;
const scope = new Scope(() => {});
/** Turns by the id of their place. @type {Map<string, Turn>} */
const places = new Map();

const page = {
  modelName,
  show,
  again: (turn) => {
    if (running) return;
    const asked = turn.take.asked;
    turn.begin(turn.question, asked);
    answer(turn, asked);
  },
  rate: (answer, feedback) => {
    const path = `/conversations/${conversation}/messages/${answer}/feedback`;
    return feedback ? api.put(path, feedback) : api.remove(path);
  },
  edit: (turn) => {
    edited = turn;
    question.value = turn.question;
    drawEditing();
    question.focus();
  },
  copied: (text) => copy(text, "The answer was copied, with its sources."),
  about: describe,
};

// Stays at the end only for those who are at the end.
const atEnd = () => turns.scrollHeight - turns.scrollTop - turns.clientHeight < 120;
const toEnd = () => { turns.scrollTop = turns.scrollHeight; };
const draftName = () => `question.${conversation || "new"}`;

/** @param {Turn} turn @param {any} filters documents, tags, collections */
async function answer(turn, filters) {
  const stopper = (running = new AbortController());
  // The page may be at another place by the time the answer is whole.
  const revises = turn.takes.findLast((take) => take !== turn.last && take.questionId)?.questionId;
  swap(send, stop);
  turn.status("Looking through your documents…");
  announce.textContent = "Looking through your documents.";
  let finished = false;
  const on = (event, data) => {
    const follow = (event === "text" || event === "reasoning") && atEnd();
    if (event === "retrieval") {
      known(turn, data);
      turn.status(data.passages?.length > 0 ? `Reading ${plural(data.passages.length, "passage")}…` : "Nothing found so far…");
    } else if (event === "reasoning") {
      turn.reason(data);
      turn.status(`Thinking, step ${data.number}…`);
    } else if (event === "text") turn.write(data.delta);
    else if (event === "citation") turn.cite(data);
    else if (event === "error") throw new Refusal(data);
    else if (event === "done") {
      finished = true;
      known(turn, { ...data.retrieval, conversation_id: data.conversation_id, session_id: data.session_id });
      turn.finish(data);
      announce.textContent = endOf(data, turn);
    }
    if (follow) requestAnimationFrame(toEnd);
  };
  try {
    const { documents, tags, collections } = filters;
    await api.stream("/chat", { question: turn.question, stream: true, session_id: sessionId ?? undefined, revises, documents, tags, collections, ...answerSettings() }, stopper.signal, on);
    if (!finished) throw new Refusal({ title: "The answer broke off", detail: "The connection ended before the answer did. Ask again." });
  } catch (fault) {
    if (fault.name === "AbortError") {
      turn.stopped();
      announce.textContent = "Stopped.";
    } else {
      turn.fail(fault);
      announce.textContent = "";
      // Nothing of it reached the server: it stays where it was written, too.
      if (fault.status === 401) {
        question.value ||= turn.question;
        keepDraft(draftName(), question.value);
      }
    }
    turn.element.scrollIntoView({ block: "nearest" });
  }
  running = null;
  swap(stop, send);
  loadConversations(conversation);
  document.dispatchEvent(new Event("chancery:asked"));
}

/** One button in the other's place, with the focus, if it was there. */
function swap(gone, come) {
  const focused = document.activeElement === gone;
  come.hidden = false;
  gone.hidden = true;
  if (focused) come.focus();
}

/** What a reader who hears the page is told. */
function endOf(data, turn) {
  if (data.outcome === "unsupported") return "Not in your documents.";
  if (data.outcome === "failed") return "There is no answer.";
  const quotes = data.degraded ? "The model did not answer; quotes from your documents take its place" : "Answered";
  return `${quotes}, with ${plural(turn.last.citations.length, "source")}.`;
}

function known(turn, retrieval) {
  if (retrieval.question_id) turn.known(retrieval);
  if (retrieval.thread_id) places.set(retrieval.thread_id, turn);
  sessionId = retrieval.session_id ?? sessionId;
  const id = retrieval.conversation_id;
  if (!id || id === conversation) return;
  // What was typed meanwhile goes along.
  const typed = draft(draftName());
  keepDraft(draftName(), "");
  conversation = id;
  keepDraft(draftName(), typed);
  history.replaceState(null, "", `/chat/${id}`);
  setTitle(turn.question);
  drawHead();
}

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = question.value.trim();
  if (text === "" || running) return;
  question.value = "";
  keepDraft(draftName(), "");
  turns.querySelector(".welcome")?.remove();
  const turn = edited ?? new Turn(page);
  const filters = edited ? edited.take.asked : scope.filters;
  stopEditing();
  turn.begin(text, filters);
  if (!turn.element.isConnected) turns.append(turn.element);
  turn.element.scrollIntoView({ block: "start" });
  answer(turn, filters);
});

question.addEventListener("input", () => {
  if (!edited) keepDraft(draftName(), question.value);
});
question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    composer.requestSubmit();
  }
});

function drawEditing() {
  editing.hidden = !edited;
  fill(editing, icon("edit"), h("span", {}, "You edit an earlier question. Its answer stays readable beside the new one."),
    h("button", { type: "button", class: "button small", onclick: () => { stopEditing(); question.focus(); } }, "Cancel"));
}

function stopEditing() {
  if (!edited) return;
  edited = null;
  drawEditing();
  question.value = draft(draftName());
}

stop.addEventListener("click", () => {
  running?.abort();
  question.focus();
});

addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  if (document.querySelector("dialog:modal, :popover-open:not(.toasts)")) return;
  if (running) running.abort();
  else if (edited) stopEditing();
  else if (panel.open) panel.close();
});

// Sharing, exporting and the rest of what can be done with this conversation.
shareButton.addEventListener("click", () => openShares(conversation));
const menu = menuButton("Actions for this conversation", () => [
  { label: "Export as Markdown", href: address(`/conversations/${conversation}/export?format=markdown`), download: true },
  { label: "Export as JSON", href: address(`/conversations/${conversation}/export?format=json`), download: true },
  ...actions({ id: conversation, title: byId("conversation-title").textContent }),
]);
byId("conversation-actions").append(menu);

function drawHead() {
  shareButton.hidden = menu.hidden = !conversation;
}

document.addEventListener("chancery:conversation-deleted", () => {
  running?.abort();
  conversation = "";
  sessionId = null;
  places.clear();
  history.replaceState(null, "", "/chat");
  setTitle("New conversation");
  drawHead();
  fill(turns);
  welcome();
  question.focus();
});

function about(document) {
  scope.only(document);
  question.focus();
}

const recentShown = 3;

async function welcome() {
  const box = h("div", { class: "welcome" });
  turns.append(box);
  const lead = h("p", {}, "Answers are taken from your organisation’s documents. Each one says where it comes from, and a click shows the page.");
  fill(box, h("p", { class: "big" }, "What would you like to know?"), lead);
  const ready = await api.get(`/docs?state=ready&limit=${recentShown}`).catch(() => null);
  if (!ready) return;
  if (ready.items.length > 0) {
    box.append(h("div", { class: "about" }, h("h2", {}, "Or ask about one document"),
      ready.items.slice(0, recentShown).map((one) => h("button", { type: "button", onclick: () => about(one) }, icon("file"), h("span", {}, one.title)))));
  } else {
    fill(lead, may("documents:write")
      ? "There is nothing to ask about yet. Upload a document first: once it is read, answers quote it and show the page."
      : "There is nothing to ask about yet. Somebody with the role of editor has to upload a document first.");
    if (may("documents:write")) box.append(h("div", {}, h("a", { class: "button primary", href: "/documents" }, icon("upload"), "Upload a document")));
  }
}

/** @param {any[]} messages oldest first, places together @returns {HTMLElement[]} those that are new on the page */
function turnsOf(messages) {
  const made = [];
  let remembered = true;
  const forgotten = () => h("p", { class: "forgotten" }, "What is above is not remembered");
  const answers = new Map(messages.filter((one) => one.role !== "user").map((one) => [one.question_id, one]));
  for (const message of messages) {
    if (message.role !== "user") continue;
    let turn = places.get(message.thread_id);
    if (!turn) {
      turn = new Turn(page);
      places.set(message.thread_id, turn);
      if (message.remembered && !remembered) made.push(forgotten());
      remembered = message.remembered;
      made.push(turn.element);
    }
    turn.stored(message, answers.get(message.id));
  }
  for (const turn of places.values()) turn.draw();
  if (!remembered) made.push(forgotten());
  return made;
}

function offerEarlier(cursor) {
  if (!cursor) return;
  const button = h("button", { type: "button", class: "button small", onclick: oneAtATime(load) }, "Show earlier questions");
  const line = h("p", { class: "earlier" }, button);
  turns.prepend(line);
  function load() {
    return attempt(async () => {
      const earlier = await api.get(`/conversations/${conversation}/messages?limit=100&cursor=${encodeURIComponent(cursor)}`);
      if (!line.isConnected) return;
      const before = turns.scrollHeight;
      line.replaceWith(...turnsOf(earlier.items));
      offerEarlier(earlier.next_cursor);
      turns.scrollTop += turns.scrollHeight - before;
      (turns.querySelector(".earlier button") ?? turns).focus({ preventScroll: true });
    });
  }
}

async function loadTurns() {
  fill(turns, h("p", { class: "status-line" }, "Opening the conversation…"));
  places.clear();
  try {
    const stored = await api.get(`/conversations/${conversation}`);
    fill(turns);
    setTitle(stored.title || "Untitled");
    sessionId = stored.session_id;
    turns.append(...turnsOf(stored.messages));
    offerEarlier(stored.earlier_cursor);
    if (!turns.firstChild) await welcome();
    toEnd();
  } catch (fault) {
    if (fault.status === 404) shareButton.hidden = menu.hidden = true;
    fill(turns, fault.status === 404
      ? h("div", { class: "empty" }, h("h2", {}, "This conversation is gone"), h("p", {}, "It was deleted, or it is somebody else’s."), h("a", { class: "button", href: "/chat" }, "Start a new one"))
      : refusal(fault, loadTurns));
  }
}

async function loadScope() {
  const id = new URLSearchParams(location.search).get("document");
  if (!id) return;
  const one = await api.get(`/docs/${encodeURIComponent(id)}`).catch(() => null);
  if (one) about(one);
}

drawHead();
question.value = draft(draftName());
question.focus({ preventScroll: true });
// Answers name their model, so the names come first.
await loadModels();
await Promise.all([conversation ? loadTurns() : welcome(), loadConversations(conversation), loadScope()]);
