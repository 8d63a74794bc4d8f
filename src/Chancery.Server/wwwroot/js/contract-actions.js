// What can be done with a contract as a whole.
import { openAccess } from "./access.js";
import { api, newKey } from "./api.js";
import { fill, h, icon } from "./dom.js";
import { accepted, objection } from "./files.js";
import { attempt, menuButton, toast } from "./page.js";

/** @param {any} state */
export function contractActions(state) {
  const { id, view } = state;
  return h("div", { class: "contract-actions" },
    state.mayWrite && h("button", { type: "button", class: "button primary", id: "ask-change", onclick: () => state.ask([], "") }, "Ask for a change"),
    h("a", { class: "button", href: `/contracts/${id}/revisions` }, icon("history"), "Revisions"),
    exportButton(id, view.revision.number),
    h("button", { type: "button", class: "button side-button", id: "side-button", onclick: () => state.openSide() }, icon("chat"), "Sources, comments, checks"),
    state.mayWrite && menuButton("More about this contract", () => [
      { label: "Who may read it…", act: () => openAccess("contracts", { id, name: view.title }) },
      { label: "Take in a file that came back…", act: () => takeIn(state) },
      { label: "Delete the contract", danger: true, act: () => remove(state) },
    ]));
}

/** @param {string} id @param {number} latest @param {{from: number, to: number}} [between] two revisions, for a redline */
export function exportButton(id, latest, between) {
  const get = (query) => () => attempt(() => api.download(`/contracts/${id}/export?${query}`));
  const from = between?.from ?? latest - 1;
  const to = between?.to ?? latest;
  return menuButton("Export", () => [
    { label: "Word", act: get(`format=docx&revision=${to}`) },
    from >= 1 && from !== to && { label: `Word with tracked changes, ${from} to ${to}`, act: get(`format=docx&from=${from}&revision=${to}`) },
    { label: "PDF", act: get(`format=pdf&revision=${to}`) },
    { label: "Markdown", act: get(`format=markdown&revision=${to}`) },
    { label: "Signed bundle of all revisions", act: get("format=bundle") },
  ], { class: "button", face: [icon("download"), document.createTextNode("Export")] });
}

function takeIn(state) {
  const input = h("input", { type: "file", accept: accepted, class: "hidden", "aria-label": "The file that came back" });
  input.addEventListener("change", () => attempt(async () => {
    const file = input.files[0];
    input.remove();
    const wrong = file && objection(file);
    if (wrong) throw new Error(wrong);
    if (!file) return;
    const form = new FormData();
    form.append("file", file);
    const gone = toast(`Reading ${file.name}…`);
    try {
      const made = await api.upload("POST", `/contracts/${state.id}/import`, form, () => {}, new AbortController().signal, newKey());
      state.take(made.contract);
      toast([`“${file.name}” is revision ${made.contract.revision.number}.`, ...made.warnings].join(" "), { label: "Compare", act: () => location.assign(`/contracts/${state.id}/revisions`) });
    } finally {
      gone();
    }
  }));
  input.addEventListener("cancel", () => input.remove());
  document.body.append(input);
  input.click();
}

const remove = (state) =>
  attempt(async () => {
    const { title } = state.view;
    await api.remove(`/contracts/${state.id}`);
    const back = h("button", { type: "button", class: "button primary", onclick: () => attempt(async () => {
      await api.post(`/contracts/${state.id}/restore`);
      location.reload();
    }) }, "Undo");
    const root = document.getElementById("contract");
    fill(root, h("div", { class: "empty" }, h("h1", {}, "The contract was deleted"), h("p", { dir: "auto" }, `“${title}” is hidden with all its revisions.`),
      h("div", { class: "empty-actions" }, back, h("a", { class: "button", href: "/contracts" }, "All contracts"))));
    back.focus();
  });
