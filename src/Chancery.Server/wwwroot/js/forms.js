// Forms that talk to the API: errors stand beside their field, and what was typed stays.
import { keepTyped } from "./drafts.js";
import { fill, h } from "./dom.js";
import { refusal } from "./page.js";

const errorOf = (field) => `${field.id}-error`;

function clear(field) {
  document.getElementById(errorOf(field))?.remove();
  field.removeAttribute("aria-invalid");
  const others = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== errorOf(field));
  if (others.length > 0) field.setAttribute("aria-describedby", others.join(" "));
  else field.removeAttribute("aria-describedby");
}

/** @param {any} field @param {string} text */
export function showError(field, text) {
  clear(field);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", [field.getAttribute("aria-describedby"), errorOf(field)].filter(Boolean).join(" "));
  field.closest(".field").append(h("p", { class: "field-error", id: errorOf(field) }, text));
}

/**
 * @param {HTMLFormElement | null} form
 * @param {(values: Record<string, any>) => Promise<any>} act throws a Refusal when it did not work
 * @param {{names?: Record<string, string>, keeps?: boolean}} [options] the API's name of a field → the form's; whether what is typed
 *   outlives a reload, which is so unless the page keeps it itself
 */
export function onSubmit(form, act, options = {}) {
  if (!form) return;
  // Ours stand beside the field and stay; the browser's fly away.
  form.noValidate = true;
  if (options.keeps !== false) keepTyped(form);
  const general = h("div", { class: "form-error" });
  form.append(general);
  form.addEventListener("input", (event) => clear(event.target));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    fill(general);
    const fields = [...form.elements].filter((field) => field.name);
    fields.forEach(clear);
    const wrong = fields.filter((field) => !field.checkValidity());
    for (const field of wrong) showError(field, field.dataset.wrong ?? field.validationMessage);
    if (wrong.length > 0) return wrong[0].focus();

    const button = form.querySelector("button:not([type=button])");
    button.disabled = true;
    form.setAttribute("aria-busy", "true");
    try {
      await act(Object.fromEntries(new FormData(form)));
      form.dispatchEvent(new Event("chancery:saved"));
    } catch (fault) {
      const refused = Object.entries(fault.errors ?? {}).map(([name, texts]) => [form.elements[options.names?.[name] ?? name], texts[0]]);
      const known = refused.filter(([field]) => field?.id);
      for (const [field, text] of known) showError(field, text);
      if (known.length > 0) known[0][0].focus();
      else fill(general, refusal(fault));
    } finally {
      button.disabled = false;
      form.removeAttribute("aria-busy");
    }
  });
}
