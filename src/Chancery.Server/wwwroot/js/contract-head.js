// What stands above a contract: where it is, what it is, and what is said at its head.
import { api } from "./api.js";
import { partiesIn, partyFields } from "./contract-parties.js";
import { statusNames, statusWord, typeNames, typeWord } from "./contract-words.js";
import { h, icon } from "./dom.js";
import { ago, date } from "./format.js";
import { onSubmit } from "./forms.js";
import { attempt, toast } from "./page.js";

/** @param {any} state */
export function drawHead(state) {
  const { view } = state;
  const { contract, revision } = view;
  const status = h("select", { id: "status", class: "status-select", "aria-label": "Status", onchange: () => change({ status: status.value }, `It is ${statusWord(status.value).toLowerCase()} now.`) },
    statusNames.map(([value, label]) => h("option", { value, selected: value === contract.status }, label)));
  const change = (what, said) => attempt(async () => {
    view.contract = await api.patch(`/contracts/${state.id}`, what);
    toast(said);
  }).then(state.redraw);
  const facts = [
    typeWord(contract.type), view.governing_law && `law of ${view.governing_law}`,
    view.effective_date && (view.end_date ? `${date(view.effective_date)} to ${date(view.end_date)}` : `from ${date(view.effective_date)}`),
  ].filter(Boolean);
  return h("div", { class: "contract-what" },
    h("p", { class: "crumb" }, h("a", { href: "/contracts" }, "Contracts")),
    h("p", { class: "facts" },
      state.mayWrite ? status : h("span", { class: "fact" }, statusWord(contract.status)),
      facts.map((fact) => h("span", { class: "fact", dir: "auto" }, fact)),
      h("span", { class: "fact" }, h("a", { href: `/contracts/${state.id}/revisions` }, `Revision ${revision.number}`), ` by ${revision.author}, ${ago(revision.created_at)}`),
      contract.tags.map((tag) => h("span", { class: "tag", dir: "auto" }, tag)),
      state.mayWrite && h("button", { type: "button", class: "button small bare-text", onclick: () => details(state) }, icon("edit"), "Details")));
}

/** Parties as one text, to tell whether they are others. @param {any[]} parties */
const told = (parties) => JSON.stringify(parties.map((one) => [one.name, one.role ?? "", one.address ?? ""]));

/** Title, parties, dates, law, type and tags in one dialog: what is text becomes a revision, the rest does not. */
function details(state) {
  const { view } = state;
  const field = (id, label, input, hint) => h("div", { class: "field" }, h("label", { for: id }, label), input, hint && h("p", { class: "hint" }, hint));
  const form = h("form", { id: "details-form" },
    field("d-title", "Title", h("input", { id: "d-title", name: "title", value: view.title, maxlength: 300, required: true, "data-wrong": "Give it a title.", autocomplete: "off" })),
    h("div", { class: "two" },
      field("d-from", "In force from", h("input", { id: "d-from", name: "effective_date", type: "date", value: view.effective_date })),
      field("d-to", "Until", h("input", { id: "d-to", name: "end_date", type: "date", value: view.end_date }))),
    field("d-law", "Governing law", h("input", { id: "d-law", name: "governing_law", value: view.governing_law, maxlength: 200, autocomplete: "off" })),
    h("fieldset", { class: "parties" }, h("legend", {}, "Parties"), partyFields(view.parties), h("p", { class: "hint" }, "One without a name is left out.")),
    h("div", { class: "two" },
      field("d-type", "Type", h("input", { id: "d-type", name: "type", value: view.contract.type, list: "d-types", maxlength: 40, required: true, autocomplete: "off" })),
      field("d-tags", "Tags", h("input", { id: "d-tags", name: "tags", value: view.contract.tags.join(", "), autocomplete: "off", placeholder: "Separated by commas" }))),
    h("datalist", { id: "d-types" }, typeNames.map(([value, label]) => h("option", { value }, label))),
    h("div", { class: "buttons" }, h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Cancel"), h("button", { class: "button primary" }, "Save")));
  const dialog = h("dialog", { class: "ask wide", "aria-labelledby": "details-title" }, h("h2", { id: "details-title" }, "Details"), form);
  onSubmit(form, async (given) => {
    const edits = ["title", "effective_date", "end_date", "governing_law"].filter((name) => given[name].trim() !== (view[name] ?? "")).map((name) => ({ op: "set_field", field: name, value: given[name].trim() || null }));
    const parties = partiesIn(given);
    if (told(parties) !== told(view.parties)) edits.push({ op: "set_field", field: "parties", parties });
    const tags = given.tags.split(",").map((tag) => tag.trim()).filter(Boolean);
    const beside = {
      ...(given.type.trim() !== view.contract.type ? { type: given.type.trim() } : {}),
      ...(tags.join("\n") !== view.contract.tags.join("\n") ? { tags } : {}),
    };
    if (Object.keys(beside).length > 0) view.contract = await api.patch(`/contracts/${state.id}`, beside);
    const answer = edits.length > 0 && (await api.postFrom(view.revision.number, `/contracts/${state.id}/edits`, { edits }));
    dialog.close();
    if (answer) state.take(answer.revision);
    else state.redraw();
    toast(answer ? `Saved as revision ${answer.revision.revision.number}.` : "Saved.");
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
