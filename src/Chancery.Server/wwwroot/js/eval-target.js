// What a dataset is asked of: fields of a form, and what they say.
import { api } from "./api.js";
import { h } from "./dom.js";

const criteria = [["relevance", "Relevant"], ["faithfulness", "Faithful"], ["helpfulness", "Helpful"]];
let loaded = null;

/** The organisation's models; none where they cannot be read. @returns {Promise<any[]>} */
export const modelsOnce = () => (loaded ??= api.get("/models").then((found) => found.items, () => { loaded = null; return []; }));

/** Names by id. */
export const modelNames = async () => new Map((await modelsOnce()).map((one) => [one.id, one.kind === "extractive" ? "quotes alone" : one.name]));

const field = (label, control, hint) => h("div", { class: "field" }, h("label", { for: control.id }, label), control, hint && h("p", { class: "hint", id: `${control.id}-hint` }, hint));

/**
 * @param {any[]} models @param {any} [target] what it says already
 * @param {{judges?: boolean}} [options] whether judges can be chosen, too
 */
export function targetFields(models, target = { kind: "answer" }, { judges = false } = {}) {
  const kind = h("select", { id: "target-kind", name: "kind" }, [["answer", "Answers from the documents"], ["search", "Search alone"]].map(([value, label]) => h("option", { value, selected: value === target.kind }, label)));
  const model = h("select", { id: "target-model", name: "model" }, h("option", { value: "" }, "The default, whichever it is"),
    models.map((one) => h("option", { value: one.id, selected: one.id === target.model }, one.kind === "extractive" ? "No model: quotes alone" : one.name)));
  const tags = h("input", { id: "target-tags", name: "tags", value: (target.tags ?? []).join(", "), maxlength: 2000, autocomplete: "off", placeholder: "All documents" });
  const others = models.filter((one) => one.kind !== "extractive");
  const judge = h("select", { id: "judge-model", name: "judge" }, h("option", { value: "" }, "One that did not answer itself"), others.map((one) => h("option", { value: one.id }, one.name)));
  const judging = judges && h("fieldset", { class: "judging" }, h("legend", {}, "Judged by a model, too"),
    others.length === 0 ? h("p", { class: "hint" }, "No model is set up that could judge. What is computed works without one.")
      : [h("div", { class: "checks" }, criteria.map(([value, label]) => h("label", { class: "check" }, h("input", { type: "checkbox", name: "criteria", value }), label))), field("Judge", judge)]);
  const ofAnswers = [field("Model", model), judging].filter(Boolean);
  const place = h("div", { class: "target-fields" }, field("What is asked", kind), ofAnswers, field("Only documents tagged", tags));
  const follow = () => ofAnswers.forEach((one) => { one.hidden = kind.value === "search"; });
  kind.addEventListener("change", follow);
  follow();
  const read = () => ({
    kind: kind.value,
    ...(kind.value === "answer" && model.value ? { model: model.value } : {}),
    ...(tags.value.trim() ? { tags: tags.value.split(",").map((tag) => tag.trim()).filter(Boolean) } : {}),
  });
  const readJudging = () => {
    const chosen = [...place.querySelectorAll("input[name=criteria]:checked")].map((one) => one.value);
    return kind.value === "answer" && chosen.length > 0 ? { criteria: chosen, ...(judge.value ? { model: judge.value } : {}) } : undefined;
  };
  return { place, read, readJudging };
}
