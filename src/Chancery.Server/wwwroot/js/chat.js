// Asking: the composer, the stream, the turns, and the panel that shows the place in the document.
import { api, Refusal } from "./api.js";
import { loadConversations, setTitle } from "./conversations.js";
import { byId, fill, h, icon } from "./dom.js";
import { plural } from "./format.js";
import { attempt, may, refusal } from "./page.js";
import { Turn } from "./turn.js";
import { Viewer } from "./viewer.js";

const chat = byId("chat");
const turns = byId("turns");
const composer = byId("composer");
const question = byId("question");
const model = byId("model");
const send = byId("send");
const stop = byId("stop");
const announce = byId("announce");
const panel = byId("viewer-panel");

let conversation = chat.dataset.conversation ?? "";
let sessionId = null;
/** Documents that the next question is about; all of them when empty. @type {{id: string, title: string}[]} */
let scope = [];
/** @type {AbortController | null} */
let running = null;

const page = {
  modelName: (id) => [...model.options].find((one) => one.value === id)?.text ?? id,
  show: (citation, opener) => openViewer(citation, opener),
  retry: (turn) => {
    if (running) return;
    turn.reset();
    answer(turn);
  },
};

// Stays at the end only for those who are at the end.
const atEnd = () => turns.scrollHeight - turns.scrollTop - turns.clientHeight < 120;
const toEnd = () => { turns.scrollTop = turns.scrollHeight; };

async function answer(turn) {
  const stopper = (running = new AbortController());
  send.hidden = true;
  stop.hidden = false;
  turn.status("Looking through your documents…");
  announce.textContent = "Looking through your documents.";
  let finished = false;
  const on = (event, data) => {
    const follow = event === "text" && atEnd();
    if (event === "retrieval") {
      sessionId = data.session_id ?? sessionId;
      opened(data.conversation_id, turn.question);
      turn.status(data.passages?.length > 0 ? `Reading ${plural(data.passages.length, "passage")}…` : "Nothing found so far…");
    } else if (event === "text") turn.write(data.delta);
    else if (event === "citation") turn.cite(data);
    else if (event === "error") throw new Refusal(data);
    else if (event === "done") {
      finished = true;
      opened(data.conversation_id, turn.question);
      sessionId = data.session_id ?? sessionId;
      turn.finish(data);
      announce.textContent = data.outcome === "unsupported" ? "Not in your documents." : `Answered, with ${plural(turn.citations.length, "source")}.`;
    }
    if (follow) requestAnimationFrame(toEnd);
  };
  try {
    const body = { question: turn.question, stream: true, model: model.value || undefined, session_id: sessionId ?? undefined, documents: scope.length > 0 ? scope.map((one) => one.id) : undefined };
    await api.stream("/chat", body, stopper.signal, on);
    if (!finished) throw new Refusal({ title: "The answer broke off", detail: "The connection ended before the answer did. Ask again." });
  } catch (fault) {
    if (fault.name === "AbortError") {
      turn.stopped();
      announce.textContent = "Stopped.";
    } else {
      turn.fail(fault);
      announce.textContent = "";
      if (atEnd()) toEnd();
    }
  }
  running = null;
  send.hidden = false;
  stop.hidden = true;
  loadConversations(conversation);
}

function opened(id, title) {
  if (!id || id === conversation) return;
  conversation = id;
  history.replaceState(null, "", `/chat/${id}`);
  setTitle(title);
}

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = question.value.trim();
  if (text === "" || running) return;
  question.value = "";
  turns.querySelector(".welcome")?.remove();
  const turn = new Turn(text, page);
  turns.append(turn.element);
  turn.element.scrollIntoView({ block: "start" });
  answer(turn);
});

question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    composer.requestSubmit();
  }
});

stop.addEventListener("click", () => {
  running?.abort();
  question.focus();
});

addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  if (document.querySelector("dialog:modal, :popover-open")) return;
  if (running) running.abort();
  else if (panel.open) panel.close();
});

// The panel is a column beside the answer, or the whole screen where there is no room for two.
const narrow = matchMedia("(max-width: 62rem)");
let opener = null;
const viewer = new Viewer(panel, { heading: "h2", close: () => panel.close() });

function openViewer(citation, by) {
  opener?.setAttribute("aria-expanded", "false");
  opener = by;
  by.setAttribute("aria-expanded", "true");
  if (!panel.open) {
    if (narrow.matches) panel.showModal();
    else panel.show();
  }
  viewer.open({
    documentId: citation.document_id, version: citation.version, title: citation.title, page: citation.page,
    start: citation.start, end: citation.end, quote: citation.quote,
    boxes: citation.boxes, pageWidth: citation.page_width, pageHeight: citation.page_height,
  });
}

panel.addEventListener("close", () => {
  viewer.clear();
  opener?.setAttribute("aria-expanded", "false");
  if (opener?.isConnected) opener.focus();
  else question.focus();
  opener = null;
});

function drawScope() {
  const box = byId("scope");
  box.hidden = scope.length === 0;
  fill(box, scope.map((one) => h("span", { class: "chip" }, h("span", {}, `Only “${one.title}”`),
    h("button", { type: "button", "aria-label": `Ask about all documents, not only ${one.title}`, onclick: () => {
      scope = scope.filter((other) => other !== one);
      drawScope();
      question.focus();
    } }, icon("close")))));
}

function about(document) {
  scope = [{ id: document.id, title: document.title }];
  drawScope();
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

/** @param {any[]} messages oldest first @returns {HTMLElement[]} */
function turnsOf(messages) {
  const made = [];
  let remembered = true;
  for (const message of messages) {
    if (message.role === "user") {
      if (message.remembered && !remembered) made.push({ element: h("p", { class: "forgotten" }, "What is above is not remembered") });
      remembered = message.remembered;
      made.push(new Turn(message.content, page));
    } else made.findLast((one) => one instanceof Turn)?.finish(message);
  }
  if (!remembered) made.push({ element: h("p", { class: "forgotten" }, "What is above is not remembered") });
  return made.map((one) => one.element);
}

function offerEarlier(cursor) {
  if (!cursor) return;
  const button = h("button", { type: "button", class: "button small", onclick: load }, "Show earlier questions");
  const line = h("p", { class: "earlier" }, button);
  turns.prepend(line);
  async function load() {
    await attempt(async () => {
      const earlier = await api.get(`/conversations/${conversation}/messages?limit=100&cursor=${encodeURIComponent(cursor)}`);
      const before = turns.scrollHeight;
      line.replaceWith(...turnsOf(earlier.items));
      offerEarlier(earlier.next_cursor);
      turns.scrollTop += turns.scrollHeight - before;
    });
  }
}

async function loadTurns() {
  fill(turns, h("p", { class: "status-line" }, "Opening the conversation…"));
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
    fill(turns, fault.status === 404
      ? h("div", { class: "empty" }, h("h2", {}, "This conversation is gone"), h("p", {}, "It was deleted, or it is somebody else’s."), h("a", { class: "button", href: "/chat" }, "Start a new one"))
      : refusal(fault, loadTurns));
  }
}

async function loadModels() {
  const models = await api.get("/models").catch(() => ({ items: [] }));
  fill(model, models.items.map((one) => h("option", { value: one.id, selected: one.default }, one.name)));
  model.disabled = models.items.length < 2;
  model.hidden = models.items.length === 0;
}

async function loadScope() {
  const id = new URLSearchParams(location.search).get("document");
  if (!id) return;
  const one = await api.get(`/docs/${encodeURIComponent(id)}`).catch(() => null);
  if (one) about(one);
}

question.focus({ preventScroll: true });
// Answers name their model, so the names come first.
await loadModels();
await Promise.all([conversation ? loadTurns() : welcome(), loadConversations(conversation), loadScope()]);
