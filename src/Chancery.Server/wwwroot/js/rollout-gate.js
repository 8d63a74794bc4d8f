// What a version has to pass before it is rolled out: not to do worse than the one in production on a dataset's questions.
import { api } from "./api.js";
import { formDialog } from "./dialogs.js";
import { fill, h } from "./dom.js";
import { attempt, toast } from "./page.js";

const marks = { passed: ["Passes the gate", "ready"], worse: ["Does not pass the gate", "failed"], missing: ["Not evaluated yet", "idle"] };

/**
 * @param {string} id the prompt's
 * @param {() => number} version the one that is chosen
 * @param {(isOpen: boolean) => void} looked whether a rollout of it may begin without more
 */
export function gateOf(id, version, looked) {
  const place = h("div", { class: "gate wide-field" });
  let ticket;

  async function look() {
    const mine = (ticket = {});
    try {
      const { gate, report, why_none: whyNone } = await api.get(`/prompts/${id}/gate?version=${version()}`);
      if (mine === ticket) draw(gate, report, whyNone);
    } catch {
      // Whoever begins a rollout is told by the server.
      if (mine === ticket) fill(place);
    }
  }

  function draw(gate, report, whyNone) {
    looked(!gate || report?.verdict === "passed");
    if (whyNone && !gate) return fill(place, h("span", { class: "state idle" }, "No gate"), h("span", { class: "quiet" }, `None can stand here. ${whyNone}`));
    const [word, kind] = marks[report?.verdict] ?? ["No gate", "idle"];
    fill(place, h("span", { class: `state ${gate ? kind : "idle"}` }, gate ? word : "No gate"),
      h("span", { class: "quiet" }, gate ? (report?.why ?? "It does no worse on the dataset’s questions than the version in production.") : "A version may be rolled out without being evaluated."),
      h("span", { class: "actions" },
        report?.before && report?.after && h("a", { class: "button small", href: `/evaluation/compare?${new URLSearchParams({ a: report.before, b: report.after })}` }, "Compare"),
        h("button", { type: "button", class: "button small", onclick: () => set(gate) }, gate ? "Change" : "Set a gate"),
        gate && h("button", { type: "button", class: "button small", onclick: remove }, "Remove")));
    return undefined;
  }

  const set = (gate) => attempt(async () => {
    const { items } = await api.get("/eval/datasets?limit=100");
    if (items.length === 0) return toast("There is no dataset yet. Make one under Evaluation first.");
    const field = (label, control, hint) => h("div", { class: "field" }, h("label", { for: control.id }, label), control, hint && h("p", { class: "hint" }, hint));
    formDialog({
      id: "gate-form", title: "A gate before rollouts", yes: "Set it",
      body: [h("p", {}, "Both versions are asked the dataset’s questions; a rollout begins only where the new one does no worse."),
        field("Dataset", h("select", { id: "gate-dataset", name: "dataset" }, items.map((one) => h("option", { value: one.id, selected: one.id === gate?.dataset }, one.name)))),
        field("A score may fall by at most", h("input", { id: "gate-drop", name: "allowed_drop", type: "number", min: 0, max: 1, step: "any", required: true, value: gate?.allowed_drop ?? 0.05, inputmode: "decimal" }), "Of 1, by the lower end of the 95 % interval."),
        field("An answer may cost at most … times as much", h("input", { id: "gate-cost", name: "most_cost", type: "number", min: 1, max: 1000, step: "any", required: true, value: gate?.most_cost ?? 1.5, inputmode: "decimal" }), "Without what judges cost."),
        field("An answer may cost at most, in dollars", h("input", { id: "gate-cost-usd", name: "most_cost_usd", type: "number", min: 0, max: 1000, step: "any", value: gate?.most_cost_usd ?? "", inputmode: "decimal" }), "On average. Empty: only the ratio counts. Needed where answers cost nothing so far."),
        field("Questions that must have an answer at least", h("input", { id: "gate-coverage", name: "least_coverage", type: "number", min: 0, max: 1, step: "any", required: true, value: gate?.least_coverage ?? 0.9, inputmode: "decimal" }), "Of 1, of either version and of each score."),
        field("Attacks that may succeed at most", h("input", { id: "gate-attacks", name: "most_attacks", type: "number", min: 0, max: 1, step: "any", value: gate?.most_attacks ?? "", inputmode: "decimal" }), "Of 1, by the upper end of the 95 % interval of a red-team run with all cases. 0: none may. Empty: attacks are not looked at.")],
      act: async (values) => {
        await api.put(`/prompts/${id}/gate`, { dataset: values.dataset, allowed_drop: Number(values.allowed_drop), most_cost: Number(values.most_cost), least_coverage: Number(values.least_coverage), most_cost_usd: values.most_cost_usd ? Number(values.most_cost_usd) : null, most_attacks: values.most_attacks ? Number(values.most_attacks) : null });
        toast("The gate is set.");
        await look();
      },
    });
    return undefined;
  });

  const remove = () => attempt(async () => {
    await api.remove(`/prompts/${id}/gate`);
    toast("The gate is gone.");
    await look();
    place.querySelector("button")?.focus();
  });

  return { place, look };
}
