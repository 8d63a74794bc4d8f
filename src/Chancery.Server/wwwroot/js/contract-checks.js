// What checks and playbooks have against the contract, where, and what would put it right.
import { api } from "./api.js";
import { clauseName } from "./contract-words.js";
import { h, icon } from "./dom.js";
import { attempt, toast } from "./page.js";

const severities = { error: "Wrong", warning: "Look at it", info: "Worth a look" };
const ops = { replace_text: "Would say", replace_heading: "Would be headed", insert: "Would be added", delete: "The clause would go", move: "The clause would be moved", set_field: "Would be set" };

let playbooks = null;

/** @param {any} state */
export function checksPanel(state) {
  const select = h("select", { id: "playbook", onchange: () => { state.playbook = select.value; state.loadFindings(); } }, options(state));
  if (!playbooks) {
    api.get("/playbooks").then((page) => {
      playbooks = page.items;
      select.replaceChildren(...options(state));
    }, () => {});
  }
  const all = state.findings;
  const shown = all ?? [];
  return [
    h("h2", {}, "Checks"),
    h("div", { class: "field" }, h("label", { for: "playbook" }, "Held against"), select),
    all === null ? h("p", { class: "quiet" }, "Looking…")
    : shown.length === 0 ? h("p", { class: "all-well" }, icon("check"), "Nothing was found.")
    : h("ul", { class: "findings", "aria-label": "Findings" }, shown.map((found) => findingRow(state, found))),
    h("p", { class: "hint" }, "The same contract gets the same findings: no model takes part."),
  ];
}

const options = (state) => [
  h("option", { value: "" }, "All playbooks for its type, and the checks"),
  ...(playbooks ?? []).map((one) => h("option", { value: one.id, selected: one.id === state.playbook }, one.name)),
];

function findingRow(state, { playbook, finding }) {
  const clause = finding.clause_id && state.clause(finding.clause_id);
  const edits = finding.proposed_edits ?? [];
  const apply = () => attempt(async () => {
    const from = state.view.revision.number;
    const answer = await api.postFrom(from, `/contracts/${state.id}/edits`, { edits, note: finding.message.slice(0, 2000) });
    state.take(answer.revision);
    toast("The proposed edit is made.", { label: "Undo", act: () => attempt(async () => {
      state.take((await api.postFrom(answer.revision.revision.number, `/contracts/${state.id}/revisions/${from}/restore`)).revision);
    }) });
  });
  return h("li", { class: `finding ${finding.severity}` },
    h("p", { class: "finding-head" }, icon("alert"), h("strong", {}, severities[finding.severity] ?? finding.severity), h("span", { class: "quiet", dir: "auto" }, playbook ?? "Check", ` · ${finding.rule.replaceAll("_", " ")}`)),
    h("p", { dir: "auto" }, finding.message),
    edits.length > 0 && h("details", {}, h("summary", {}, "The proposed edit"), edits.map((edit) => editRow(state, edit))),
    h("div", { class: "buttons" },
      clause && h("button", { type: "button", class: "button small", "aria-label": `Show ${clauseName(clause)}`, onclick: () => state.goTo(clause.id) }, `Show ${clause.reference || "it"}`),
      edits.length > 0 && state.mayWrite && h("button", { type: "button", class: "button small", "aria-label": `Apply the proposed edit: ${finding.message}`, onclick: apply }, "Apply the proposed edit")));
}

function editRow(state, edit) {
  const words = edit.text ?? edit.heading ?? edit.value ?? (edit.clause && typeof edit.clause === "object" ? [edit.clause.heading, edit.clause.text].filter(Boolean).join("\n") : "");
  const where = typeof edit.clause === "string" && state.clause(edit.clause);
  const shown = words.replace(/\{\{clause:([0-9a-f-]{36})\}\}/gi, (whole, id) => state.clause(id.toLowerCase())?.reference || whole);
  return h("div", { class: "proposed-edit" }, h("p", { class: "quiet" }, [ops[edit.op] ?? edit.op, where && clauseName(where)].filter(Boolean).join(": ")), shown && h("blockquote", { dir: "auto" }, shown));
}
