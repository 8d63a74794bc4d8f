// What was typed and not sent outlives a reload and a sign-in, in this tab only, and for this person only.
import { me } from "./page.js";

const placeOf = (name) => `chancery.draft.${me.id}.${name}`;

/** @param {string} name @returns {string} */
export function draft(name) {
  try {
    return sessionStorage.getItem(placeOf(name)) ?? "";
  } catch {
    return ""; // Storage may be forbidden; then nothing is kept.
  }
}

/** @param {string} name @param {string} text an empty one forgets */
export function keepDraft(name, text) {
  try {
    if (text === "") sessionStorage.removeItem(placeOf(name));
    else sessionStorage.setItem(placeOf(name), text);
  } catch {
    // The draft holds for this page only.
  }
}

/** Puts back what was typed into a form, and keeps what will be. Passwords and keys are never kept. @param {HTMLFormElement | null} form */
export function keepTyped(form) {
  if (!form) return;
  const fields = [...form.elements].filter((field) => field.name && ["text", "email", "number", "select-one"].includes(field.type) && !field.readOnly && !("secret" in field.dataset));
  for (const field of fields) {
    const name = `${form.id}.${field.name}`;
    const kept = draft(name);
    if (kept) field.value = kept;
    field.addEventListener("input", () => keepDraft(name, field.value));
  }
  const forget = () => fields.forEach((field) => keepDraft(`${form.id}.${field.name}`, ""));
  form.addEventListener("chancery:saved", forget);
  form.addEventListener("reset", forget);
}
