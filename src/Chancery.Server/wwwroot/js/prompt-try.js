// A version filled in as programs get it.
import { api } from "./api.js";
import { fill, h } from "./dom.js";
import { onSubmit } from "./forms.js";
import { variableSays } from "./prompt-diff.js";

/** The field of a variable, for whoever fills it in. @param {any} variable */
export function variableField(variable) {
  const { name, type, choices, default: usual } = variable;
  const id = `fill-${name}`;
  const common = { id, name, "aria-describedby": `${id}-hint` };
  const options = type === "boolean" ? ["true", "false"] : type === "choice" ? choices : null;
  const control = options
    ? h("select", common, usual !== undefined && usual !== null && h("option", { value: "" }, `${usual} (as usual)`), options.map((one) => h("option", { value: one }, one)))
    : type === "number" ? h("input", { ...common, inputmode: "decimal", autocomplete: "off", placeholder: usual })
    : h("textarea", { ...common, rows: 2, placeholder: usual });
  return h("div", { class: "field" }, h("label", { for: id }, name), control, h("p", { class: "hint", id: `${id}-hint`, dir: "auto" }, variableSays(variable)));
}

/** What was given, without what was left out. @param {Record<string, any>} values */
export const given = (values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));

const roles = { system: "System", user: "User" };

/** @param {Array<{role: string, content: string}>} messages */
export const messagesShown = (messages) => messages.flatMap((one) => [h("h3", {}, roles[one.role] ?? one.role), h("pre", { dir: "auto", tabindex: "0" }, one.content)]);

/** @param {string} id @param {{number: number, content: any}} version */
export function tryVersion(id, { number, content }) {
  const variables = content.variables ?? [];
  const opener = document.activeElement;
  const shown = h("div", { class: "filled", role: "status" });
  const form = h("form", { id: "try-form" },
    h("h2", { id: "try-title" }, `Fill in version ${number}`),
    variables.length > 0 ? variables.map(variableField) : h("p", {}, "It has no variables: this is what is sent."),
    shown,
    h("p", { class: "hint" }, "No model is asked. It is listed as a use whose end is not told, which no rollout counts."),
    h("div", { class: "buttons" }, h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Close"), h("button", { class: "button primary" }, "Fill in")));
  const dialog = h("dialog", { class: "ask wide change-dialog", "aria-labelledby": "try-title" }, form);
  onSubmit(form, async (values) => {
    const { messages } = await api.post(`/prompts/${id}/render`, { version: number, variables: given(values) });
    fill(shown, messagesShown(messages));
  }, { keeps: false, names: Object.fromEntries(variables.map((one) => [`variables.${one.name}`, one.name])) });
  dialog.addEventListener("close", () => {
    dialog.remove();
    opener?.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
}
