// What differs between two texts of a contract: word by word in one text, or the two side by side.
import { fieldWord } from "./contract-words.js";
import { h } from "./dom.js";
import { plural } from "./format.js";

const kinds = { inserted: "New", deleted: "Deleted", changed: "Changed", moved: "Moved", moved_and_changed: "Moved and changed" };

/** How much differs, in a sentence. @param {any} difference */
export function differenceSays({ inserted, deleted, changed, moved, head }) {
  const said = [
    changed > 0 && `${plural(changed, "clause")} changed`, inserted > 0 && `${inserted.toLocaleString("en")} new`, deleted > 0 && `${deleted.toLocaleString("en")} deleted`,
    moved > 0 && `${moved.toLocaleString("en")} moved`, head.length > 0 && `${plural(head.length, "field")} at the head`,
  ].filter(Boolean);
  return said.length > 0 ? said.join(" · ") : "Nothing differs";
}

/** @param {any[]} changes @param {"both" | "from" | "to"} side */
function words(changes, side) {
  return changes.map(({ kind, text }) => {
    if (kind === "kept") return text;
    if (kind === "deleted") return side === "to" ? null : h("del", {}, text);
    return side === "from" ? null : h("ins", {}, text);
  });
}

function labelOf(clause, side) {
  const { from_label: from, to_label: to } = clause;
  if (side === "from") return from ?? "";
  if (side === "to") return to ?? "";
  return from && to && from !== to ? [h("del", {}, from), " ", h("ins", {}, to)] : (to ?? from ?? "");
}

/** One text of a clause, or both in one. */
function body(clause, side) {
  const heading = words(clause.heading, side);
  const label = labelOf(clause, side);
  return h("div", { class: `diff-text ${side}` },
    (heading.some(Boolean) || label.length > 0) && h("p", { class: "diff-heading", dir: "auto" }, label, " ", heading),
    clause.text.length > 0 && h("p", { class: "diff-words", dir: "auto" }, words(clause.text, side)));
}

const isThere = (clause, side) => (side === "from" ? clause.kind !== "inserted" : clause.kind !== "deleted");

/** @param {any} clause @param {"inline" | "sides"} view */
function clauseBodies(clause, view) {
  if (view === "inline") return body(clause, "both");
  return h("div", { class: "diff-sides" }, ["from", "to"].map((side) => (isThere(clause, side) ? body(clause, side) : h("div", { class: "diff-text none" }))));
}

const fieldBody = (field, view) => {
  const from = field.from && h("del", {}, field.from);
  const to = field.to && h("ins", {}, field.to);
  return view === "inline" ? h("p", { class: "diff-words" }, from, from && to ? " " : "", to)
    : h("div", { class: "diff-sides" }, h("p", { class: "diff-text from" }, from), h("p", { class: "diff-text to" }, to));
};

/**
 * All that differs as rows of a list; what is the same is told in numbers.
 * @param {any} difference
 * @param {"inline" | "sides"} view
 * @param {{choice?: (key: string, name: string) => Node | null, isShown?: (clause: any) => boolean}} [options] what stands before a change
 */
export function differenceRows(difference, view, { choice, isShown } = {}) {
  const rows = [];
  if (difference.head.length > 0) {
    rows.push(h("li", { class: "diff-row head" }, h("div", { class: "diff-kind" }, choice?.("head", "the head"), h("span", {}, "Head")),
      difference.head.map((field) => h("div", { class: "diff-field" }, h("h3", {}, fieldWord(field.field)), fieldBody(field, view)))));
  }
  let same = 0;
  const closeSame = () => {
    if (same > 0) rows.push(h("li", { class: "diff-gap" }, `${plural(same, "clause")} the same`));
    same = 0;
  };
  for (const clause of difference.clauses) {
    if (clause.kind === "same" || isShown?.(clause) === false) {
      same++;
      continue;
    }
    closeSame();
    const name = [clause.to_label ?? clause.from_label, clause.heading.map((word) => word.text).join("")].filter(Boolean).join(" ");
    rows.push(h("li", { class: `diff-row ${clause.kind}`, "data-clause": clause.id },
      h("div", { class: "diff-kind" }, choice?.(clause.id, name || "a clause"), h("span", {}, kinds[clause.kind])), clauseBodies(clause, view)));
  }
  closeSame();
  return rows;
}
