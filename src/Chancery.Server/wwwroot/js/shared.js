// A conversation that a colleague shared: to read, with its sources, and nothing else.
import { api } from "./api.js";
import { byId, fill, h } from "./dom.js";
import { ago } from "./format.js";
import { ask, attempt, may, refusal } from "./page.js";
import { preparePanel } from "./panel.js";
import { copy } from "./sharing.js";
import { Turn } from "./turn.js";

const id = byId("shared").dataset.share;
const turns = byId("turns");
const takeBack = byId("take-back");
const { panel, show } = preparePanel(() => turns);

let names = [];
const page = {
  show,
  copied: (text) => copy(text, "The answer was copied, with its sources."),
  modelName: (model) => names.find((one) => one.id === model)?.name ?? model,
};

const gone = (title, text) => h("div", { class: "empty" }, h("h2", {}, title), h("p", {}, text), h("a", { class: "button", href: "/chat" }, "Ask a question of your own"));

async function load() {
  fill(turns, h("p", { class: "status-line" }, "Opening the conversation…"));
  try {
    const [shared, models] = await Promise.all([api.get(`/shares/${id}`), api.get("/models").catch(() => ({ items: [] }))]);
    names = [...models.items, ...(models.unavailable ?? [])];
    fill(byId("shared-title"), shared.title || "Untitled");
    document.title = `${shared.title || "Untitled"} · Chancery`;
    fill(byId("shared-facts"), shared.is_mine ? `You shared this ${ago(shared.created_at)}, as it was then` : `${shared.shared_by} shared this ${ago(shared.created_at)}, as it was then`);
    takeBack.hidden = !shared.is_mine && !may("members:manage");
    fill(turns, shared.turns.length > 0 ? shared.turns.map(turnOf) : gone("There is nothing in it", "The conversation was shared before anything was said."));
  } catch (fault) {
    fill(byId("shared-title"), "Shared conversation");
    fill(byId("shared-facts"));
    fill(turns, fault.status === 404
      ? gone("This link leads nowhere", "It was taken back, or its conversation was deleted, or it belongs to another organisation.")
      : refusal(fault, load));
  }
  turns.removeAttribute("aria-busy");
}

function turnOf(shared) {
  const turn = new Turn(page);
  turn.stored({ content: shared.question, id: null, thread_id: null }, { ...shared, content: shared.answer ?? "" });
  turn.draw();
  return turn.element;
}

takeBack.addEventListener("click", async () => {
  const yes = await ask({ title: "Take this link back?", text: "Whoever has it cannot read the conversation any more.", yes: "Take back", danger: true });
  if (yes === null) return;
  await attempt(async () => {
    await api.remove(`/shares/${id}`);
    takeBack.hidden = true;
    await load();
  });
});

addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented && panel.open && !document.querySelector("dialog:modal, :popover-open:not(.toasts)")) panel.close();
});

await load();
