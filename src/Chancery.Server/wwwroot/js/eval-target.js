// What a dataset is asked of: fields of a form, and what they say.
import { api } from "./api.js";
import { h } from "./dom.js";

const criteria = [["relevance", "Relevant"], ["faithfulness", "Faithful"], ["helpfulness", "Helpful"]];
let loaded = null;

/** What is asked without documents. */
const wordsAlone = new Set(["prompt", "upgrade", "draft", "reasoning"]);

/** The organisation's models; none where they cannot be read. @returns {Promise<any[]>} */
export const modelsOnce = () => (loaded ??= api.get("/models").then((found) => found.items, () => { loaded = null; return []; }));

let prompts = null;

/** The organisation's prompts; none where they cannot be read. @returns {Promise<any[]>} */
export const promptsOnce = () => (prompts ??= api.get("/prompts").then((found) => found.items, () => { prompts = null; return []; }));

/** Names of models and prompts by id. */
export async function modelNames() {
  const [models, own] = await Promise.all([modelsOnce(), promptsOnce()]);
  return new Map([...models.map((one) => [one.id, one.kind === "extractive" ? "quotes alone" : one.name]), ...own.map((one) => [one.id, one.name])]);
}

const field = (label, control, hint) => h("div", { class: "field" }, h("label", { for: control.id }, label), control, hint && h("p", { class: "hint", id: `${control.id}-hint` }, hint));

/**
 * @param {any[]} models @param {any} [target] what it says already
 * @param {{judges?: boolean, judging?: any, own?: any[]}} [options] whether judges can be chosen, too, and which are; prompts whose versions can be asked
 */
export function targetFields(models, target = { kind: "answer" }, { judges = false, judging: judged = undefined, own = [] } = {}) {
  const kind = h("select", { id: "target-kind", name: "kind" }, [["answer", "Answers from the documents"], ["search", "Search alone"], own.length > 0 && ["prompt", "A version of a prompt"], ["upgrade", "Upgrades of rough prompts"], ["draft", "Drafts of contracts"], ["reasoning", "Reasoning without documents"]].filter(Boolean).map(([value, label]) => h("option", { value, selected: value === target.kind }, label)));
  const model = h("select", { id: "target-model", name: "model" }, h("option", { value: "" }, "The default, whichever it is"),
    models.map((one) => h("option", { value: one.id, selected: one.id === target.model }, one.kind === "extractive" ? "No model: quotes alone" : one.name)));
  const tags = h("input", { id: "target-tags", name: "tags", value: (target.tags ?? []).join(", "), maxlength: 2000, autocomplete: "off", placeholder: "All documents" });
  const others = models.filter((one) => one.kind !== "extractive");
  const judge = h("select", { id: "judge-model", name: "judge" }, h("option", { value: "" }, "One that did not answer itself"), others.map((one) => h("option", { value: one.id, selected: one.id === judged?.model }, one.name)));
  const judging = judges && h("fieldset", { class: "judging" }, h("legend", {}, "Judged by a model, too"),
    others.length === 0 ? h("p", { class: "hint" }, "No model is set up that could judge. What is computed works without one.")
      : [h("div", { class: "checks" }, criteria.map(([value, label]) => h("label", { class: "check" }, h("input", { type: "checkbox", name: "criteria", value, checked: judged?.criteria.includes(value) ?? false }), label))), field("Judge", judge),
        h("label", { class: "check" }, h("input", { type: "checkbox", id: "judge-fresh", name: "fresh", value: "yes", checked: judged?.fresh ?? false }), "Ask it again about answers that it judged before")]);
  const prompt = h("select", { id: "target-prompt", name: "prompt" }, own.map((one) => h("option", { value: one.id, selected: one.id === target.prompt }, one.name)));
  const version = h("input", { id: "target-version", name: "prompt_version", type: "number", min: 1, step: 1, inputmode: "numeric", value: target.prompt_version, placeholder: "The one in production" });
  const variable = h("input", { id: "target-variable", name: "variable", value: target.variable ?? "", maxlength: 50, autocomplete: "off", placeholder: "The only one that has to be given" });
  const ofPrompts = [field("Prompt", prompt), field("What a question fills in", variable)];
  const versionField = field("Version of the prompt", version);
  const ofModels = [field("Model", model), versionField, judging].filter(Boolean);
  const tagField = field("Only documents tagged", tags);
  const place = h("div", { class: "target-fields" }, field("What is asked", kind), ofPrompts, ofModels, tagField);
  const follow = () => {
    ofPrompts.forEach((one) => { one.hidden = kind.value !== "prompt"; });
    ofModels.forEach((one) => { one.hidden = kind.value === "search"; });
    tagField.hidden = wordsAlone.has(kind.value);
  };
  kind.addEventListener("change", follow);
  follow();
  const read = () => ({
    kind: kind.value,
    ...(kind.value !== "search" && model.value ? { model: model.value } : {}),
    ...(["answer", "upgrade", "draft", "reasoning"].includes(kind.value) && version.value ? { prompt_version: Number(version.value) } : {}),
    ...(kind.value === "prompt" ? { prompt: prompt.value, prompt_version: Number(version.value) || own.find((one) => one.id === prompt.value).production, ...(variable.value.trim() ? { variable: variable.value.trim() } : {}) } : {}),
    ...(!tagField.hidden && tags.value.trim() ? { tags: tags.value.split(",").map((tag) => tag.trim()).filter(Boolean) } : {}),
  });
  const readJudging = () => {
    const chosen = [...place.querySelectorAll("input[name=criteria]:checked")].map((one) => one.value);
    return kind.value !== "search" && chosen.length > 0 ? { criteria: chosen, ...(judge.value ? { model: judge.value } : {}), ...(place.querySelector("#judge-fresh").checked ? { fresh: true } : {}) } : undefined;
  };
  return { place, read, readJudging };
}
