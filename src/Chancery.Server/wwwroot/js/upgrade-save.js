// An upgraded prompt, kept as a version of one of the organisation's own prompts.
import { api } from "./api.js";
import { formDialog } from "./dialogs.js";
import { fill, h, icon } from "./dom.js";
import { plural } from "./format.js";
import { attempt, toast } from "./page.js";
import { namesIn } from "./prompt-variables.js";

/** What models are shown in the place of personal data; it stands for nothing outside of its upgrade. */
const placeholder = /\[[A-Z]+(?:_[A-Z]+)*_\d+\]/;

const wrong = (text) => Object.assign(new Error(text), { errors: { text: [text] } });

/** Variables that stand in the text, as they were declared before, or as text. @param {string} text @param {any[]} declared */
const variablesIn = (text, declared) => namesIn(text).map((name) => declared.find((one) => one.name === name) ?? { name, type: "text" });

async function save({ where, name, text, why }) {
  const left = placeholder.exec(text);
  if (left) throw wrong(`${left[0]} stood for personal data, and stands for nothing in a prompt. Write words, or a variable such as {{name}}.`);
  if (!where) {
    const made = await api.post("/prompts", { name, content: { system: "", text, variables: variablesIn(text, []) }, why });
    return { prompt: made.prompt, number: made.version.number, isNew: true };
  }
  const { prompt } = await api.get(`/prompts/${where}`);
  // Only what is asked changes: the task, the model and the rest stay as the newest version has them.
  const { content } = await api.get(`/prompts/${where}/versions/${prompt.latest}`);
  const version = await api.post(`/prompts/${where}/versions`, { content: { ...content, text, variables: variablesIn(text, content.variables ?? []) }, expected: prompt.latest, why });
  return { prompt, number: version.number, isNew: version.number > prompt.latest };
}

function told({ prompt, number, isNew }) {
  if (!isNew) return `Version ${number} of ${prompt.name} says this already.`;
  return number === 1 ? `${prompt.name} is there, and in production.` : `It is version ${number} of ${prompt.name}. Nobody gets it until a label or a rollout says so.`;
}

/** Asks where to, and what of it. @param {any} upgrade */
export const saveAsVersion = (upgrade) => attempt(async () => {
  const own = (await api.get("/prompts")).items.filter((one) => !one.is_shipped);
  const name = h("input", { id: "save-name", name: "name", required: true, maxlength: 100, autocomplete: "off", "data-wrong": "Give it a name." });
  const nameField = h("div", { class: "field" }, h("label", { for: "save-name" }, "Name"), name);
  const where = h("select", { id: "save-where", name: "where", onchange: () => {
    nameField.hidden = where.value !== "";
    name.required = where.value === "";
  } }, h("option", { value: "" }, "A new prompt"), own.map((one) => h("option", { value: one.id }, one.name)));
  const text = h("textarea", { id: "save-text", name: "text", rows: 9, maxlength: 60_000, required: true, dir: "auto", "aria-describedby": "save-variables", "data-wrong": "Say what a model is asked." }, upgrade.upgraded_prompt);
  const variables = h("p", { class: "hint", id: "save-variables" });
  const look = () => {
    const names = namesIn(text.value);
    fill(variables, names.length > 0 ? `Filled in at each use: ${names.join(", ")}.` : "What changes from use to use stands between braces: {{topic}}.");
  };
  text.addEventListener("input", look);
  look();
  const hidden = upgrade.placeholders.filter((one) => one.restored);
  const seen = [
    hidden.length > 0 && `personal data (${hidden.map((one) => one.placeholder.slice(1, -1).replace(/_\d+$/, "").replaceAll("_", " ").toLowerCase()).join(", ")})`,
    upgrade.sources.length > 0 && `words of ${plural(upgrade.sources.length, "passage")} of documents`,
  ].filter(Boolean).join(" and ");
  formDialog({
    id: "upgrade-save", title: "Save as a version", yes: "Save", wide: true,
    names: { "content.text": "text", "content.variables": "text" },
    body: [
      h("div", { class: "field" }, h("label", { for: "save-where" }, "Of"), where), nameField,
      h("div", { class: "field" }, h("label", { for: "save-text" }, "What a model is asked"), text, variables),
      seen && h("div", { class: "notice" }, icon("alert"), h("span", {}, `It has ${seen}. Whoever reads prompts here sees that, too: take it out, or put a variable in its place.`)),
      seen && h("div", { class: "field" }, h("label", { class: "check" }, h("input", { type: "checkbox", id: "save-seen", name: "seen", required: true, "data-wrong": "Say that what stands there may be read." }), "What stands there now may be read by all of them")),
      h("div", { class: "field" }, h("label", { for: "save-why" }, "Why (for the history)"), h("input", { id: "save-why", name: "why", maxlength: 2000, autocomplete: "off", value: "Upgraded from a rough prompt" })),
    ],
    act: async (values) => {
      const saved = await save(values);
      toast(told(saved), { label: "Show it", act: () => location.assign(`/prompts/${saved.prompt.id}`) });
    },
  });
});
