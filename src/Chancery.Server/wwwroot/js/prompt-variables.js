// The variables of a version: declared with their types, found in the text where they are not.
import { fill, h, icon } from "./dom.js";
import { typeNames } from "./prompt-words.js";

const placeholder = /\{\{ ?([a-z][a-z0-9_]{0,49}) ?\}\}/g;

/** Names that stand in a text, each once. @param {string} text */
export const namesIn = (text) => [...new Set([...text.matchAll(placeholder)].map((found) => found[1]))];

/** A text with what is given in the place of its variables; what is missing stays. @param {string} text @param {Record<string, string>} values */
export const filledIn = (text, values) => text.replace(placeholder, (whole, name) => values[name] ?? whole);

/**
 * Fields of the declared variables.
 * @param {() => string} text where they stand
 * @param {() => void} changed
 * @returns {{place: HTMLElement, set: (variables: any[]) => void, get: () => any[], look: () => void}}
 */
export function variablesOf(text, changed) {
  const list = h("ul", { class: "declared", "aria-label": "Variables" });
  const missing = h("div", { class: "undeclared", role: "status" });
  let count = 0;

  function row(variable) {
    const id = `variable-${count++}`;
    const field = (label, name, control, kind) => h("div", { class: `field${kind ? ` ${kind}` : ""}`, "data-part": name }, h("label", { for: `${id}-${name}` }, label), control);
    const input = (name, value, more) => h("input", { id: `${id}-${name}`, name: `${id}-${name}`, value: value ?? "", autocomplete: "off", ...more });
    const type = h("select", { id: `${id}-type`, name: `${id}-type`, onchange: () => { choices.hidden = type.value !== "choice"; changed(); } }, typeNames.map(([value, label]) => h("option", { value, selected: value === variable.type }, label)));
    const choices = field("Choices, between commas", "choices", input("choices", variable.choices?.join(", "), { maxlength: 5000 }), "wide-field");
    choices.hidden = variable.type !== "choice";
    const made = h("li", {},
      field("Name", "name", input("name", variable.name, { maxlength: 50, spellcheck: "false", required: true, pattern: "[a-z][a-z0-9_]*", "data-wrong": "Lower-case letters, digits and underscores; a letter first." })),
      field("Type", "type", type),
      field("When left out", "default", input("default", variable.default, { maxlength: 2000, placeholder: "Has to be given" })),
      h("button", { type: "button", class: "button bare", "aria-label": `Take ${variable.name || "this variable"} away`, onclick: () => {
        const next = made.nextElementSibling ?? made.previousElementSibling;
        made.remove();
        changed();
        look();
        (next?.querySelector("input") ?? add).focus();
      } }, icon("close")),
      choices,
      field("What it is (for whoever fills it in)", "description", input("description", variable.description, { maxlength: 500 }), "wide-field"));
    made.addEventListener("input", () => { changed(); look(); });
    return made;
  }

  const add = h("button", { type: "button", class: "button small", onclick: () => {
    const made = row({ name: "", type: "text" });
    list.append(made);
    made.querySelector("input").focus();
    changed();
  } }, icon("plus"), "Another variable");

  const value = (one, part) => one.querySelector(`[data-part="${part}"] :is(input, select)`).value;

  const get = () => [...list.children].map((one) => {
    const type = value(one, "type");
    const choices = value(one, "choices").split(",").map((choice) => choice.trim()).filter(Boolean);
    return {
      name: value(one, "name").trim(), type,
      ...(value(one, "default") === "" ? {} : { default: value(one, "default") }),
      ...(value(one, "description").trim() === "" ? {} : { description: value(one, "description").trim() }),
      ...(type === "choice" ? { choices } : {}),
    };
  });

  /** Offers to declare what stands in the text and is not declared. */
  function look() {
    const declared = new Set(get().map((one) => one.name));
    const names = namesIn(text()).filter((name) => !declared.has(name));
    fill(missing, names.map((name) => h("button", { type: "button", class: "button small", onclick: () => {
      const made = row({ name, type: "text" });
      list.append(made);
      changed();
      look();
      made.querySelector("select").focus();
    } }, icon("plus"), `Declare ${name}`)));
    missing.hidden = names.length === 0;
  }

  function set(variables) {
    fill(list, variables.map(row));
    look();
  }

  /** The id of a field, for what the server refuses. @param {number} at */
  const nameField = (at) => list.children[at]?.querySelector("input").name;

  const place = h("section", { "aria-labelledby": "variables-title" }, h("h2", { id: "variables-title" }, "Variables"),
    h("p", { class: "hint" }, "What changes from use to use stands in the text between braces: {{topic}}."), list, missing, h("div", { class: "buttons" }, add));
  return { place, set, get, look, nameField };
}
