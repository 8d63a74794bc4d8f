// A clause edited by hand, in its place. What was typed outlives a reload, a refusal and what others do meanwhile.
import { api } from "./api.js";
import { referencing } from "./contract-text.js";
import { fill, h } from "./dom.js";
import { draft, keepDraft } from "./drafts.js";
import { attempt, refusal } from "./page.js";

/**
 * @typedef {object} Typed
 * @property {number} from the revision that it starts from
 * @property {string} heading
 * @property {string} text as typed
 * @property {string} source the words of that revision
 * @property {string} was the heading of that revision
 */

const placeOf = (contract, clause) => `contract.${contract}.${clause}`;

/** What was typed into a clause and not saved, or null. @param {string} contract @param {string} clause @returns {Typed | null} */
export function keptEdit(contract, clause) {
  try {
    return JSON.parse(draft(placeOf(contract, clause)) || "null");
  } catch {
    return null;
  }
}

/**
 * A form in the place of a clause.
 * @param {any} state of the page
 * @param {any} clause as it is now; a new one has `isNew`, `place` and `near`
 * @param {{saved: (answer: any, clause: any) => void, closed: (clause: any) => void}} on
 */
export function clauseEditor(state, clause, on) {
  const contract = state.view.contract.id;
  const place = placeOf(contract, clause.id);
  const kept = keptEdit(contract, clause.id);
  let references = referencing(state.view.clauses);
  let typed = kept ?? { from: state.view.revision.number, heading: clause.heading, text: references.toTyped(clause.source), source: clause.source, was: clause.heading };
  const id = `edit-${clause.id}`;
  const heading = h("input", { id: `${id}-heading`, maxlength: 500, autocomplete: "off", dir: "auto" });
  const text = h("textarea", { id: `${id}-text`, rows: 6, dir: "auto", "aria-describedby": `${id}-hint` });
  heading.value = typed.heading;
  text.value = typed.text;
  const trouble = h("div", { class: "edit-trouble" });
  const save = h("button", { class: "button primary small" }, clause.isNew ? "Add the clause" : "Save");
  const cancel = h("button", { type: "button", class: "button small", onclick: () => close() }, "Cancel");
  const form = h("form", { class: "clause-edit", "aria-label": clause.isNew ? "New clause" : `Edit clause ${clause.reference || clause.heading || ""}`.trim() },
    h("div", { class: "field" }, h("label", { for: heading.id }, "Heading"), heading),
    h("div", { class: "field" }, h("label", { for: text.id }, "Text"), text,
      h("p", { class: "hint", id: `${id}-hint` }, "A paragraph a line. {{4.2}} refers to clause 4.2 and follows when numbers change. Ctrl + Enter saves, Esc cancels.")),
    trouble, h("div", { class: "buttons" }, save, cancel));

  const grow = () => {
    text.style.height = "auto";
    text.style.height = `${Math.min(text.scrollHeight + 4, innerHeight * 0.7)}px`;
  };
  const remember = () => {
    typed = { ...typed, heading: heading.value, text: text.value };
    keepDraft(place, isChanged() || clause.isNew ? JSON.stringify(typed) : "");
  };
  const isChanged = () => heading.value !== typed.was || references.toSource(text.value) !== typed.source;
  form.addEventListener("input", () => {
    remember();
    grow();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
    if (event.key === "Escape" && !event.isComposing) {
      event.preventDefault();
      event.stopPropagation();
      if (isChanged()) cancel.focus();
      else close();
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(typed.from);
  });

  function close() {
    keepDraft(place, "");
    on.closed(clause);
  }

  function edits() {
    const written = references.toSource(text.value.replace(/\r/g, "").trim());
    if (clause.isNew) return [{ op: "insert", place: clause.place, near: clause.near, clause: { heading: heading.value.trim(), text: written } }];
    return [
      heading.value.trim() !== typed.was && { op: "replace_heading", clause: clause.id, heading: heading.value.trim() },
      written !== typed.source && { op: "replace_text", clause: clause.id, text: written },
    ].filter(Boolean);
  }

  async function submit(from) {
    fill(trouble);
    const wanted = edits();
    if (wanted.length === 0) return close();
    const unknown = /\{\{(?!clause:)([^{}\n]{1,60})\}\}/.exec(references.toSource(text.value))?.[1];
    if (unknown) return fill(trouble, refusal(new Error(`There is no clause ${unknown} to refer to. Write the number of a clause between the braces.`)));
    save.disabled = true;
    try {
      const answer = await api.postFrom(from, `/contracts/${contract}/edits`, { edits: wanted });
      keepDraft(place, "");
      on.saved(answer, clause);
    } catch (fault) {
      save.disabled = false;
      if (fault.code === "merge-conflict") await conflict(fault.problem);
      else fill(trouble, refusal(fault));
    }
  }

  /** Both texts beside each other; what was typed stays in the form. */
  async function conflict(problem) {
    const now = await attempt(() => api.get(`/contracts/${contract}`));
    const current = now?.clauses.find((one) => one.id === clause.id);
    const side = (title, head, words) => h("section", {}, h("h4", {}, title), head && h("p", { class: "conflict-heading", dir: "auto" }, head), h("p", { class: "conflict-words", dir: "auto" }, words));
    const who = now ? `Revision ${now.revision.number}, by ${now.revision.author}` : `Revision ${problem.latest}`;
    const mine = h("button", { type: "button", class: "button small", onclick: () => submit(problem.latest) }, current ? "Save mine over it" : "Save mine");
    const theirs = h("button", { type: "button", class: "button small", onclick: () => { keepDraft(place, ""); on.saved({ revision: now }, clause); } }, "Take theirs");
    fill(trouble, h("div", { class: "conflict", role: "alert" },
      h("h3", {}, "Somebody changed the same words meanwhile"),
      h("p", {}, "Nothing was stored, and nothing that you typed is lost. Take one of the two, or go on above and save what holds of both."),
      h("div", { class: "conflict-sides" },
        current ? side(who, current.heading, current.text) : side(who, "", "The clause was deleted."),
        side("Yours", heading.value, text.value)),
      h("div", { class: "buttons" }, current && mine, now && theirs)));
    if (now && current) {
      // Whoever goes on above starts from what is there now.
      const sourceOfMine = references.toSource(text.value);
      references = referencing(now.clauses);
      text.value = references.toTyped(sourceOfMine);
      typed = { ...typed, from: problem.latest, source: current.source, was: current.heading };
      remember();
    }
    grow();
    (current ? mine : theirs).focus();
  }

  return {
    element: form,
    focus: () => {
      grow();
      (clause.isNew ? heading : text).focus();
    },
    isChanged,
  };
}
