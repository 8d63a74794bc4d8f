// Beginning a rollout: which version, what gets the same one each time, by which rule, in which steps.
import { api } from "./api.js";
import { fill, h, icon } from "./dom.js";
import { onSubmit } from "./forms.js";
import { toast } from "./page.js";
import { policyNames, unitNames } from "./prompt-words.js";
import { gateOf } from "./rollout-gate.js";

const usual = [[1, 300, 4, 168], [5, 2000, 12, 168], [25, 2000, 12, 168], [50, 2000, 24, 168], [100, 0, 0, 168]];
const parts = [["percent", "Percent"], ["uses", "Least uses"], ["least", "Least hours"], ["most", "Ask after hours"]];

/**
 * @param {any} prompt @param {any[]} versions newest first @param {number} chosen
 * @param {(rollout: any) => void} begun
 */
export function startForm(prompt, versions, chosen, begun) {
  const others = versions.filter((one) => one.number !== prompt.production);
  if (others.length === 0) {
    return h("div", { class: "empty small" }, h("h3", {}, "There is nothing to roll out"), h("p", {}, "Version 1 is in production, and there is no other. Write the next one first."),
      h("a", { class: "button", href: `/prompts/${prompt.id}/edit` }, icon("edit"), "New version"));
  }
  const select = (id, name, options) => h("select", { id, name }, options.map(([value, label, selected]) => h("option", { value, selected }, label)));
  const field = (label, control, kind) => h("div", { class: `field${kind ? ` ${kind}` : ""}` }, h("label", { for: control.id }, label), control);
  const stages = h("ol", { class: "stage-fields" });
  let count = 0;
  const stageRow = (values) => {
    const at = count++;
    const row = h("li", {}, parts.map(([part, label], i) => field(label, h("input", { id: `stage-${at}-${part}`, name: `stage-${at}-${part}`, "data-part": part, type: "number", min: part === "percent" ? 0.01 : 0, max: part === "percent" ? 100 : null, step: "any", required: true, value: values[i] }))),
      h("button", { type: "button", class: "button bare", "aria-label": `Take this step away`, onclick: () => { row.remove(); more.focus(); } }, icon("close")));
    return row;
  };
  const more = h("button", { type: "button", class: "button small", onclick: () => {
    const row = stageRow(["", 0, 0, 168]);
    stages.insertBefore(row, stages.lastElementChild);
    row.querySelector("input").focus();
  } }, icon("plus"), "Another step");
  fill(stages, usual.map(stageRow));
  const again = h("label", { class: "check wide-field", hidden: true }, h("input", { type: "checkbox", name: "again", id: "again", value: "yes" }), "This version was rolled back before. Try it once more.");
  const skip = h("label", { class: "check wide-field", hidden: true }, h("input", { type: "checkbox", name: "skip", id: "skip", value: "yes" }), "Begin without passing the gate (say why above)");
  const steps = h("details", {}, h("summary", {}, "Steps: 1, 5, 25, 50 and 100 %"), h("p", { class: "hint" }, "A step ends when there were so many uses of the new version and so much time has passed; after the last figure a person is asked. The last step is 100 %."), stages, h("div", { class: "buttons" }, more));
  const judged = h("fieldset", { class: "judged-fields wide-field", hidden: true }, h("legend", {}, "Judged by a model, too"),
    field("Of the answers, in percent", h("input", { id: "judge-sample", name: "judge_sample", type: "number", min: 0, max: 100, step: "any", inputmode: "decimal", placeholder: "None", "aria-describedby": "judge-sample-hint" })),
    field("Costs at most, in dollars a day", h("input", { id: "judge-cap", name: "judge_cap_usd", type: "number", min: 0.000001, max: 1_000_000, step: "any", inputmode: "decimal", "data-wrong": "Say what it may cost in a day.", "aria-describedby": "judge-sample-hint" })),
    h("p", { class: "hint", id: "judge-sample-hint" }, "Afterwards, by how faithful they are to the passages, as many of either version: that share of what fewer people have. Whoever asked pays for it."));
  let version;
  let policy;
  const gate = gateOf(prompt.id, () => Number(version.value), (isOpen) => { skip.hidden = isOpen; });
  const form = h("form", { id: "start-form", class: "start-form", "aria-label": "Roll a version out" },
    field("Version", version = select("start-version", "version", others.map((one) => [one.number, `Version ${one.number}${one.why ? `: ${one.why.slice(0, 60)}` : ""}`, one.number === chosen]))),
    field("Keeps its version", select("start-unit", "unit", unitNames)),
    field("Rule", policy = select("start-policy", "policy", policyNames)),
    field("Why (for the history)", h("input", { id: "start-why", name: "why", maxlength: 2000, autocomplete: "off" }), "wide-field"),
    gate.place, judged, steps, again, skip,
    h("div", { class: "buttons" }, h("button", { class: "button primary" }, icon("steps"), "Roll it out")));

  const given = () => [...stages.children].map((row) => {
    const [percent, uses, least, most] = parts.map(([part]) => Number(row.querySelector(`[data-part="${part}"]`).value));
    return { percent, min_uses: uses, min_hours: least, max_hours: most };
  });

  onSubmit(form, async (values) => {
    const own = given();
    const isUsual = JSON.stringify(own.map((one) => Object.values(one))) === JSON.stringify(usual);
    try {
      const rollout = await api.post(`/prompts/${prompt.id}/rollout`, {
        version: Number(values.version), unit: values.unit, policy: values.policy, ...(isUsual ? {} : { stages: own }),
        ...(values.why.trim() ? { why: values.why.trim() } : {}), ...(values.again && !again.hidden ? { again: true } : {}),
        ...(values.skip && !skip.hidden ? { skip_gate: true } : {}),
        ...(!judged.hidden && values.judge_sample ? { judge_sample: Number(values.judge_sample) / 100 } : {}),
        ...(!judged.hidden && values.judge_cap_usd ? { judge_cap_usd: Number(values.judge_cap_usd) } : {}),
      });
      toast(`Version ${rollout.treatment.version} goes to ${rollout.percent} %.`);
      begun(rollout);
    } catch (fault) {
      if (fault.code === "turned-back-before") again.hidden = false;
      if (["evaluation-missing", "evaluation-worse"].includes(fault.code)) skip.hidden = false;
      throw fault;
    }
  }, { keeps: false });
  version.addEventListener("change", gate.look);
  const [sample, cap] = judged.querySelectorAll("input");
  sample.addEventListener("input", () => { cap.required = Number(sample.value) > 0; });
  // The daily rule goes by errors alone.
  const follow = () => { judged.disabled = judged.hidden = !(prompt.is_shipped && prompt.name === "answer" && policy.value === "sequential"); };
  policy.addEventListener("change", follow);
  follow();
  gate.look();
  return form;
}
