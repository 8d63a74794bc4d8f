// Rough prompts, made better: what is given stands left, what came of it right; those of before below.
import { api } from "./api.js";
import { byId, fill, h, icon } from "./dom.js";
import { draft, keepDraft } from "./drafts.js";
import { onSubmit } from "./forms.js";
import { ago } from "./format.js";
import { ask, attempt, menuButton, oneAtATime, refusal, toast } from "./page.js";
import { showUpgrade } from "./upgrade-result.js";

const kept = "upgrade";
const mostMessages = 200;
const result = byId("result");
const list = byId("upgrades");
const more = byId("upgrades-more");
const switches = [
  ["enable_pii_redaction", "Hide personal data from models"],
  ["enable_rag", "Look for facts in the documents"],
  ["enable_summarization", "Sum a long history up"],
  ["enable_fallback", "Without a model, give what there is"],
];
const outcomes = { upgraded: ["Upgraded", "ready"], cached: ["As before", "idle"], original: ["As it was", "idle"] };

let models = [];
let asked = null;
let shownId = null;
let messages = 0;

const modelName = (id) => models.find((one) => one.id === id)?.name ?? id;
const page = {
  modelName,
  copied: (text) => attempt(async () => {
    await navigator.clipboard.writeText(text);
    toast("The prompt is copied.");
  }),
  change: () => loadList(),
};

const prompt = h("textarea", { id: "user-prompt", name: "user_prompt", rows: 8, maxlength: 10_000, required: true, dir: "auto", "data-wrong": "Write what you want, however roughly.", placeholder: "write to ada@example.com about our notice periods, keep {signature}" });
const saidBefore = h("ol", { class: "said-before", "aria-label": "What was said before" });
const model = h("select", { id: "model", name: "model" }, h("option", { value: "" }, "The default"));
const tags = h("input", { id: "tags", name: "tags", maxlength: 2000, autocomplete: "off", placeholder: "All that you may read" });
const stop = h("button", { type: "button", class: "button", hidden: true, onclick: () => asked?.abort() }, icon("stop"), "Stop");

function messageRow({ role = "user", content = "" } = {}) {
  const id = `message-${messages++}`;
  const row = h("li", {},
    h("div", { class: "field" }, h("label", { for: `${id}-role` }, "Who"), h("select", { id: `${id}-role`, name: `${id}-role` }, [["user", "User"], ["assistant", "Assistant"], ["system", "System"]].map(([value, label]) => h("option", { value, selected: value === role }, label)))),
    h("button", { type: "button", class: "button bare", "aria-label": "Take this message away", onclick: () => { row.remove(); keep(); another.focus(); } }, icon("close")),
    h("div", { class: "field" }, h("label", { for: id }, "What was said"), h("textarea", { id, name: id, rows: 2, maxlength: 50_000, dir: "auto" }, content)));
  return row;
}

const another = h("button", { type: "button", class: "button small", onclick: () => {
  if (saidBefore.children.length >= mostMessages) return toast(`There are at most ${mostMessages} messages.`);
  const row = messageRow({ role: saidBefore.children.length % 2 === 0 ? "user" : "assistant" });
  saidBefore.append(row);
  row.querySelector("textarea").focus();
  return undefined;
} }, icon("plus"), "Another message");

const said = () => [...saidBefore.children].map((row) => ({ role: row.querySelector("select").value, content: row.querySelector("textarea").value })).filter((one) => one.content.trim());
const keep = () => keepDraft(kept, prompt.value === "" && said().length === 0 ? "" : JSON.stringify({ prompt: prompt.value, said: said() }));

function drawForm() {
  const before = draft(kept) ? JSON.parse(draft(kept)) : { prompt: "", said: [] };
  prompt.value = before.prompt;
  fill(saidBefore, before.said.map(messageRow));
  const form = h("form", { id: "upgrade-form", class: "upgrade-form", "aria-label": "The rough prompt" },
    h("div", { class: "field" }, h("label", { for: "user-prompt" }, "Your prompt, however rough"), prompt),
    h("details", { open: before.said.length > 0 }, h("summary", {}, "What was said before"), h("p", { class: "hint" }, "Oldest first. A long history is summed up."), saidBefore, another),
    h("details", {}, h("summary", {}, "How"), h("div", { class: "how-fields" },
      switches.map(([name, label]) => h("label", { class: "check" }, h("input", { type: "checkbox", name, checked: true }), label)),
      h("div", { class: "field" }, h("label", { for: "model" }, "Model"), model),
      h("div", { class: "field" }, h("label", { for: "tags" }, "Only documents tagged"), tags))),
    h("div", { class: "buttons" }, h("button", { class: "button primary" }, icon("edit"), "Upgrade it"), stop));
  fill(byId("rough"), form);
  form.addEventListener("input", keep);
  onSubmit(form, async (values) => {
    asked = new AbortController();
    stop.hidden = false;
    fill(result, h("h2", { id: "result-title", class: "hidden" }, "The result"), h("p", { class: "quiet working-on" }, "Hiding, looking up, writing…"));
    try {
      const chosen = String(values.tags).split(",").map((tag) => tag.trim()).filter(Boolean);
      const made = await api.post("/upgrade", {
        user_prompt: values.user_prompt, conversation_history: said(),
        options: Object.fromEntries(switches.map(([name]) => [name, values[name] === "on"])),
        ...(chosen.length > 0 ? { sources: { tags: chosen } } : {}), ...(values.model ? { model: values.model } : {}),
      }, asked.signal);
      keepDraft(kept, "");
      open(made);
      await loadList();
    } catch (fault) {
      drawEmpty();
      if (fault.name !== "AbortError") throw fault;
      toast("Stopped.");
    } finally {
      stop.hidden = true;
    }
  }, { keeps: false, names: { "sources.tags": "tags" } });
}

function open(upgrade) {
  shownId = upgrade.id;
  toAddress(upgrade.id);
  showUpgrade(result, upgrade, page);
  byId("result-title").focus({ preventScroll: true });
  result.scrollIntoView({ block: "nearest" });
  for (const row of list.children) row.classList.toggle("shown", row.dataset.id === shownId);
}

const toAddress = (id) => history.replaceState(null, "", id ? `?id=${id}` : location.pathname);

function drawEmpty() {
  shownId = null;
  toAddress(null);
  fill(result, h("h2", { id: "result-title", class: "hidden" }, "The result"), h("div", { class: "empty" }, h("h3", {}, "The better prompt appears here"), h("p", {}, "With what changed and why, the passages that it rests on, and what each part took.")));
}

const show = (id) => attempt(async () => open(await api.get(`/upgrades/${id}`)));

const rowOf = (one) => h("li", { "data-id": one.id, class: one.id === shownId ? "shown" : null },
  h("button", { type: "button", class: "rough-words", dir: "auto", onclick: () => show(one.id) }, one.prompt),
  h("span", { class: `state ${outcomes[one.outcome]?.[1] ?? "idle"}` }, outcomes[one.outcome]?.[0] ?? one.outcome),
  h("span", { class: "quiet" }, [ago(one.created_at), one.rating && `thumbs ${one.rating}`].filter(Boolean).join(" · ")),
  menuButton(`Actions for ${one.prompt.slice(0, 60)}`, () => [
    { label: "Show", act: () => show(one.id) },
    { label: "Write it anew", act: () => attempt(async () => { prompt.value = (await api.get(`/upgrades/${one.id}`)).original_prompt; keep(); prompt.focus(); }) },
    { label: "Erase", danger: true, act: () => erase(one) }]));

const erase = (one) => attempt(async () => {
  const yes = await ask({ title: "Erase this upgrade?", text: "It cannot be brought back.", yes: "Erase", danger: true });
  if (yes === null) return;
  await api.remove(`/upgrades/${one.id}`);
  if (one.id === shownId) drawEmpty();
  await loadList();
});

async function loadList() {
  try {
    const found = await api.get("/upgrades?limit=10");
    fill(list, found.items.length > 0 ? found.items.map(rowOf) : h("li", { class: "quiet" }, "Nothing yet. Only you see what you had upgraded."));
    offerMore(found.next_cursor);
  } catch (fault) {
    fill(list, h("li", {}, refusal(fault, loadList)));
    fill(more);
  }
  list.removeAttribute("aria-busy");
}

function offerMore(cursor) {
  fill(more, cursor && h("p", { class: "more" }, h("button", { type: "button", class: "button", onclick: oneAtATime(() => attempt(async () => {
    const found = await api.get(`/upgrades?limit=10&cursor=${encodeURIComponent(cursor)}`);
    list.append(...found.items.map(rowOf));
    offerMore(found.next_cursor);
  })) }, "Show more")));
}

async function start() {
  drawForm();
  drawEmptyUnlessAsked();
  models = await api.get("/models").then((found) => found.items, () => []);
  for (const one of models) model.append(h("option", { value: one.id }, one.kind === "extractive" ? "No model: a template" : one.name));
  await loadList();
}

async function drawEmptyUnlessAsked() {
  const id = new URLSearchParams(location.search).get("id");
  if (!id) return drawEmpty();
  try {
    open(await api.get(`/upgrades/${encodeURIComponent(id)}`));
  } catch (fault) {
    drawEmpty();
    toast(fault.status === 404 ? "This upgrade is not there any more." : fault.message);
  }
  return undefined;
}

document.addEventListener("chancery:back", loadList);
await start();
