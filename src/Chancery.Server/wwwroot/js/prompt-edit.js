// Writing a version: the words, what is filled in, who is asked how; beside it, what comes out.
import { api } from "./api.js";
import { byId, fill, h } from "./dom.js";
import { draft, keepDraft } from "./drafts.js";
import { onSubmit, showError } from "./forms.js";
import { ago } from "./format.js";
import { may, refusal } from "./page.js";
import { given, messagesShown, variableField } from "./prompt-try.js";
import { filledIn, variablesOf } from "./prompt-variables.js";

const root = byId("prompt-edit");
const id = root.dataset.prompt ?? "";
const place = `prompt.${id || "new"}`;
/** What is typed beside the content. */
const lines = ["name", "description", "why"];
const emptyContent = { system: "", text: "", variables: [] };

let prompt = null;
let base = null;
let expected = null;
/** Values for trying it, by name; they are kept nowhere else. */
const tried = {};

const textarea = (name, label, hint, rows) => {
  const field = h("textarea", { id: name, name, rows, class: "long", maxlength: 60000, "aria-describedby": `${name}-hint`, dir: "auto" });
  return [field, h("div", { class: "field" }, h("label", { for: name }, label), field, h("p", { class: "hint", id: `${name}-hint` }, hint))];
};

const [system, systemField] = textarea("system", "System", "What the model is told about its task. It takes no variables: what is filled in is data, never an instruction.", 8);
const [text, textField] = textarea("text", "Text", "What the model is asked, with variables such as {{topic}}.", 6);
const variables = variablesOf(() => text.value, changed);
const model = h("select", { id: "model", name: "model" }, h("option", { value: "" }, "Whoever uses it chooses"));
const temperature = h("input", { id: "temperature", name: "temperature", type: "number", min: 0, max: 2, step: "any", inputmode: "decimal" });
const maxTokens = h("input", { id: "max-tokens", name: "max_tokens", type: "number", min: 1, max: 1_000_000, step: 1, inputmode: "numeric" });
const tryFields = h("div", { class: "filled" });
const shown = h("div", { class: "filled" });
const clash = h("div", {});

const content = () => ({
  system: system.value, text: text.value, variables: variables.get(),
  ...(model.value ? { model: model.value } : {}),
  ...(temperature.value === "" ? {} : { temperature: Number(temperature.value) }),
  ...(maxTokens.value === "" ? {} : { max_tokens: Number(maxTokens.value) }),
});

function show(said) {
  system.value = said.system;
  text.value = said.text;
  if (said.model && ![...model.options].some((one) => one.value === said.model)) model.append(h("option", { value: said.model }, said.model));
  model.value = said.model ?? "";
  temperature.value = said.temperature ?? "";
  maxTokens.value = said.max_tokens ?? "";
  variables.set(said.variables ?? []);
  drawFields();
}

function changed() {
  keepDraft(place, JSON.stringify({ lines: Object.fromEntries(lines.map((name) => [name, byId(name)?.value ?? ""])), content: content() }));
  drawFields();
  // What was wrong with the text may have been a variable that is declared by now.
  if (text.hasAttribute("aria-invalid")) text.dispatchEvent(new Event("input", { bubbles: true }));
}

let fieldsFor = "";
/** Fields to try it with are drawn anew only where the variables changed, so that what is typed stays. */
function drawFields() {
  const all = variables.get().filter((one) => /^[a-z][a-z0-9_]*$/.test(one.name) && (one.type !== "choice" || one.choices.length > 0));
  const now = JSON.stringify(all);
  if (now !== fieldsFor) {
    fieldsFor = now;
    fill(tryFields, all.map((variable) => {
      const field = variableField(variable);
      const control = field.querySelector("input, select, textarea");
      control.removeAttribute("name");
      if (tried[variable.name] !== undefined) control.value = tried[variable.name];
      control.addEventListener("input", (event) => {
        event.stopPropagation();
        tried[variable.name] = control.value;
        drawFilled();
      });
      return field;
    }));
  }
  drawFilled();
}

function drawFilled() {
  const usual = Object.fromEntries(variables.get().filter((one) => one.default !== undefined).map((one) => [one.name, one.default]));
  const messages = [{ role: "system", content: system.value }, { role: "user", content: filledIn(text.value, { ...usual, ...given(tried) }) }].filter((one) => one.content.trim());
  fill(shown, messages.length > 0 ? messagesShown(messages) : h("p", { class: "quiet" }, "What is sent to a model is shown here as you write."));
}

function layout() {
  const isNew = !id;
  document.title = `${isNew ? "New prompt" : `New version of ${prompt.name}`} · Chancery`;
  const kept = draft(place);
  const restored = kept ? JSON.parse(kept) : null;
  const form = h("form", { id: "prompt-form", class: "prompt-form" },
    h("div", {},
      restored && h("p", { class: "notice", id: "restored" }, h("span", {}, "What you typed before is here."), h("button", { type: "button", class: "button small", onclick: () => {
        keepDraft(place, "");
        show(base?.content ?? emptyContent);
        for (const name of lines) if (byId(name)) byId(name).value = "";
        byId("restored").remove();
        system.focus();
      } }, "Start over")),
      isNew && h("div", { class: "field" }, h("label", { for: "name" }, "Name"), h("input", { id: "name", name: "name", required: true, maxlength: 100, autocomplete: "off", "data-wrong": "Give it a name." })),
      isNew && h("div", { class: "field" }, h("label", { for: "description" }, "What it is for"), h("input", { id: "description", name: "description", maxlength: 2000, autocomplete: "off" })),
      systemField, textField, variables.place,
      h("section", { "aria-labelledby": "how-title" }, h("h2", { id: "how-title", class: "hidden" }, "Asked with"),
        h("div", { class: "how" }, h("div", { class: "field" }, h("label", { for: "model" }, "Model"), model),
          h("div", { class: "field" }, h("label", { for: "temperature" }, "Temperature"), temperature), h("div", { class: "field" }, h("label", { for: "max-tokens" }, "Most tokens"), maxTokens))),
      h("div", { class: "field" }, h("label", { for: "why" }, isNew ? "Why (for the history)" : "What changes, and why (for the history)"), h("input", { id: "why", name: "why", maxlength: 2000, autocomplete: "off" })),
      clash,
      h("div", { class: "buttons" }, h("button", { class: "button primary" }, isNew ? "Write it" : "Save as a new version"), h("a", { class: "button", href: isNew ? "/prompts" : `/prompts/${id}` }, "Cancel")),
      h("p", { class: "hint" }, isNew ? "The first version is in production at once." : "Nobody gets a new version until a label or a rollout says so.")),
    h("aside", { "aria-labelledby": "preview-title" }, h("h2", { id: "preview-title" }, "As it is sent"), tryFields, shown));
  fill(root, h("p", { class: "crumb" }, h("a", { href: "/prompts" }, "Prompts"), prompt && [" / ", h("a", { href: `/prompts/${id}`, dir: "auto" }, prompt.name)]),
    h("h1", { dir: "auto" }, isNew ? "New prompt" : "New version"), base && h("p", { class: "quiet" }, base.number ? `Begins with version ${base.number}.` : "Begins with what this release ships."), form);
  show(restored?.content ?? base?.content ?? emptyContent);
  for (const name of lines) if (restored && byId(name)) byId(name).value = restored.lines[name];
  const names = { "content.system": "system", "content.text": "text", "content.model": "model", "content.temperature": "temperature", "content.max_tokens": "max_tokens" };
  onSubmit(form, async (values) => {
    const body = content();
    body.variables.forEach((one, at) => {
      for (const part of ["", ".name", ".default", ".choices"]) names[`content.variables[${at}]${part}`] = variables.nameField(at);
    });
    const why = values.why.trim() || undefined;
    try {
      await (isNew ? create(values, body, why) : add(body, why));
    } catch (fault) {
      if (fault.code === "prompt-changed") return showClash();
      const undeclared = fault.errors?.["content.variables"];
      if (undeclared) {
        showError(text, undeclared[0]);
        return text.focus();
      }
      throw fault;
    }
  }, { keeps: false, names });
  form.addEventListener("input", () => { changed(); variables.look(); });
}

async function create(values, body, why) {
  const { prompt: made } = await api.post("/prompts", { name: values.name.trim(), description: values.description.trim(), content: body, why });
  keepDraft(place, "");
  location.assign(`/prompts/${made.id}`);
}

async function add(body, why) {
  const made = await api.post(`/prompts/${id}/versions`, { content: body, why, expected });
  keepDraft(place, "");
  location.assign(`/prompts/${id}?${base?.number && base.number !== made.number ? `view=inline&from=${base.number}&` : ""}to=${made.number}`);
}

/** Somebody else wrote a version meanwhile: it is shown, and this one can follow it. */
async function showClash() {
  const { items } = await api.get(`/prompts/${id}/versions?limit=1`);
  const [newest] = items;
  const seen = expected;
  expected = newest.number;
  fill(clash, h("div", { class: "conflict", role: "alert" }, h("h3", {}, "Somebody wrote a version meanwhile"),
    h("p", {}, `Version ${newest.number} is by `, h("bdi", {}, newest.author), `, ${ago(newest.created_at)}`, ". Yours is kept here; saved now, it comes after that one and has none of its changes."),
    newest.why && h("blockquote", { dir: "auto" }, newest.why),
    h("div", { class: "buttons" }, h("a", { class: "button small", target: "_blank", href: `/prompts/${id}?view=inline&from=${seen}&to=${newest.number}` }, "See what changed"))));
  byId("prompt-form").querySelector("button.primary").textContent = `Save mine after version ${newest.number}`;
}

async function start() {
  fill(root, h("p", { class: "quiet" }, "Loading…"));
  if (!may("prompts:write")) {
    fill(root, h("h1", {}, id ? "New version" : "New prompt"), h("div", { class: "empty" }, h("h2", {}, "Your role does not write prompts"), h("p", {}, "Editors, admins and owners do."), h("a", { class: "button", href: "/prompts" }, "All prompts")));
    return;
  }
  try {
    const asked = new URLSearchParams(location.search).get("from");
    const from = Number(asked);
    const models = api.get("/models").catch(() => ({ items: [] }));
    if (id) {
      const found = await api.get(`/prompts/${id}`);
      ({ prompt } = found);
      expected = prompt.latest;
      base = asked === "shipped" && found.shipped ? { content: found.shipped } : await api.get(`/prompts/${id}/versions/${from >= 1 && from <= prompt.latest ? from : prompt.latest}`);
    }
    for (const one of (await models).items) if (one.kind !== "extractive") model.append(h("option", { value: one.id }, one.name));
  } catch (fault) {
    fill(root, h("h1", {}, "New version"), fault.status === 404
      ? h("div", { class: "empty" }, h("h2", {}, "This prompt is not there"), h("p", {}, "It was deleted, or it never was."), h("a", { class: "button", href: "/prompts" }, "All prompts"))
      : refusal(fault, start));
    return;
  }
  layout();
}

await start();
