// Building elements. Text only ever enters as text: nothing here parses HTML.

const svg = "http://www.w3.org/2000/svg";

/**
 * An element with attributes, listeners (`onclick`) and children. `undefined`, `null` and `false` are left out.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | number | null | undefined | false)} children
 * @returns {any}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

/** Puts children in the place of whatever was there. */
export function fill(parent, ...children) {
  parent.replaceChildren();
  append(parent, children);
  return parent;
}

function append(parent, children) {
  for (const child of children.flat()) {
    if (child === undefined || child === null || child === false) continue;
    parent.append(child instanceof Node ? child : String(child));
  }
}

/** An icon of Icons.razor. @param {string} name */
export function icon(name) {
  const picture = document.createElementNS(svg, "svg");
  picture.setAttribute("class", "icon");
  picture.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(svg, "use");
  use.setAttribute("href", `#i-${name}`);
  picture.append(use);
  return picture;
}

/** An SVG element. @param {string} tag @param {Record<string, any>} attributes */
export function drawing(tag, attributes, ...children) {
  const element = document.createElementNS(svg, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

const controls = (row) => [...row.querySelectorAll("a[href], button, input, select, textarea")];

/**
 * Draws a list's rows anew and leaves the focus where it was: on the same control of the same row, by `data-id`, else of the
 * nearest row that has one.
 * @param {HTMLElement} list @param {() => void} redraw
 */
export function keepingFocus(list, redraw) {
  const focused = document.activeElement;
  const rowOf = (element) => [...list.children].find((row) => row.contains(element));
  const row = rowOf(focused);
  const at = row ? [...list.children].indexOf(row) : -1;
  const control = row ? controls(row).indexOf(focused) : -1;
  const id = row?.dataset.id;
  redraw();
  if (!row || list.contains(document.activeElement)) return;
  const rows = [...list.children];
  const same = rows.find((one) => id && one.dataset.id === id);
  const near = [...(same ? [same] : []), ...rows.slice(at), ...rows.slice(0, at).reverse()];
  const choices = near.map(controls).find((some) => some.length > 0) ?? [];
  (choices[control] ?? choices[0])?.focus({ preventScroll: true });
}

/** The element of that id, which the page has. @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);
