// Words of the contract that were selected: a change can be asked for them, or a comment made on their clause.
import { h } from "./dom.js";

const longest = 200;

/** @param {HTMLElement} paper @param {any} state */
export function selectionBar(paper, state) {
  const act = (what) => () => {
    const { clauses, words } = chosen();
    hide();
    what(clauses, words);
  };
  const bar = h("div", { class: "selection-bar", role: "group", "aria-label": "The selected words", hidden: true },
    h("button", { type: "button", onclick: act((clauses, words) => state.ask(clauses, words && words.length <= longest ? `Replace "${words}" with ""` : "")) }, "Ask for a change"),
    h("button", { type: "button", onclick: act((clauses) => { state.select(clauses[0]); state.openSide("comments", true); }) }, "Comment"));
  // The selection must outlive the press on a button.
  bar.addEventListener("pointerdown", (event) => event.preventDefault());
  document.body.append(bar);
  const hide = () => { bar.hidden = true; };

  function chosen() {
    const selection = getSelection();
    const range = selection.rangeCount > 0 ? selection.getRangeAt(0) : null;
    const rows = range ? [...paper.querySelectorAll(".clause")].filter((row) => range.intersectsNode(row)) : [];
    const words = selection.toString().trim();
    return { clauses: rows.map((row) => row.dataset.id), words: /[\n"]/.test(words) ? "" : words };
  }

  document.addEventListener("selectionchange", () => {
    const selection = getSelection();
    if (selection.isCollapsed || !paper.contains(selection.anchorNode) || !paper.contains(selection.focusNode) || selection.anchorNode.parentElement?.closest("form") || document.querySelector("dialog:modal")) return hide();
    const box = selection.getRangeAt(0).getBoundingClientRect();
    if (chosen().clauses.length === 0) return hide();
    bar.hidden = false;
    bar.style.top = `${Math.max(70, box.top - bar.offsetHeight - 8)}px`;
    bar.style.left = `${Math.max(8, Math.min(innerWidth - bar.offsetWidth - 8, box.left))}px`;
  });
  addEventListener("scroll", hide, { passive: true });
}
