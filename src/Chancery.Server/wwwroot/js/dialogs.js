// A form in a dialog: what is wrong stands in it, and the focus goes back to where it came from.
import { h } from "./dom.js";
import { onSubmit } from "./forms.js";

/**
 * @param {{id: string, title: string, body: any[], yes: string, danger?: boolean, wide?: boolean, names?: Record<string, string>, act: (values: Record<string, any>) => Promise<any>}} what
 *   act throws a Refusal when it did not work; the dialog closes where it did
 */
export function formDialog({ id, title, body, yes, danger, wide, names, act }) {
  const opener = document.activeElement;
  const form = h("form", { id },
    h("h2", { id: `${id}-title` }, title), body,
    h("div", { class: "buttons" }, h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Cancel"), h("button", { class: danger ? "button danger" : "button primary" }, yes)));
  const dialog = h("dialog", { class: `ask${wide ? " wide" : ""}`, "aria-labelledby": `${id}-title` }, form);
  onSubmit(form, async (values) => {
    await act(values);
    dialog.close();
  }, { keeps: false, names });
  // What went wrong stands above the buttons.
  form.append(form.querySelector(".buttons"));
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
