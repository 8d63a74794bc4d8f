// Naming somebody in a text: @ and a few letters, then a choice by keys or pointer.
import { fill, h } from "./dom.js";

const mostShown = 6;

/**
 * @param {HTMLTextAreaElement} field
 * @param {Map<string, {id: string, name: string}>} people
 * @returns {{element: HTMLElement, ids: () => string[]}} the field with its list; whom the text names
 */
export function mentioning(field, people) {
  const id = `${field.id}-people`;
  const list = h("ul", { class: "people-list", id, role: "listbox", "aria-label": "Whom to name", hidden: true });
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", id);
  let found = [];
  let at = 0;

  const begun = () => /(?:^|\s)@([^@\n]{0,40})$/.exec(field.value.slice(0, field.selectionStart))?.[1];

  function look() {
    const word = begun()?.toLowerCase();
    found = word === undefined ? [] : [...people.values()].filter((one) => one.name.toLowerCase().includes(word)).slice(0, mostShown);
    // What is there in full is not offered again.
    if (found.length === 1 && found[0].name.toLowerCase() === word) found = [];
    at = 0;
    draw();
  }

  function draw() {
    list.hidden = found.length === 0;
    fill(list, found.map((one, index) => h("li", { role: "option", id: `${id}-${index}`, "aria-selected": String(index === at), onpointerdown: (event) => { event.preventDefault(); choose(one); } }, one.name)));
    if (found.length > 0) field.setAttribute("aria-activedescendant", `${id}-${at}`);
    else field.removeAttribute("aria-activedescendant");
  }

  function choose(one) {
    const caret = field.selectionStart;
    const from = caret - begun().length;
    field.setRangeText(`${one.name} `, from, caret, "end");
    found = [];
    draw();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  field.addEventListener("input", look);
  field.addEventListener("blur", () => { found = []; draw(); });
  field.addEventListener("keydown", (event) => {
    if (found.length === 0 || event.ctrlKey || event.metaKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) at = (at + step + found.length) % found.length;
    else if (event.key === "Enter" || event.key === "Tab") choose(found[at]);
    else if (event.key === "Escape") found = [];
    else return;
    event.preventDefault();
    event.stopPropagation();
    draw();
  });

  return {
    element: h("div", { class: "mentioning" }, field, list),
    ids: () => [...people.values()].filter((one) => field.value.includes(`@${one.name}`)).map((one) => one.id),
  };
}
