// The section of the settings about the organisation's models: which one is asked, and which may be.
import { api } from "./api.js";
import { byId, fill, h } from "./dom.js";
import { onSubmit } from "./forms.js";
import { may, me, refusal, toast } from "./page.js";

const isManager = may("organization:manage");
const isOwner = me.role === "owner";

export async function loadOrganizationModels() {
  const place = byId("organization-models");
  try {
    draw(place, await api.get("/organization/models"));
  } catch (fault) {
    fill(place, refusal(fault, loadOrganizationModels));
  }
  place.removeAttribute("aria-busy");
}

function draw(place, policy) {
  const models = policy.choices.filter((one) => one.kind !== "chain" && one.id !== "extractive");
  fill(place, isManager ? form(place, policy, models) : text(policy, models));
}

const nameOf = (policy, id) => policy.choices.find((one) => one.id === id)?.name ?? id;
const ownKey = (one) => one.kind === "own-key" && h("span", { class: "quiet" }, " with a key of one’s own");

/** For those who may not change it. */
function text(policy, models) {
  const allowed = models.filter((one) => one.allowed);
  return h("div", { class: "with-text" }, h("p", {},
    `Questions go to ${nameOf(policy, policy.default_model ?? policy.installation_default)} unless they name another model. `,
    allowed.length === models.length ? "All models may be asked." : allowed.length === 0 ? "No model may be asked: answers are quoted from documents." : `These may be asked: ${allowed.map((one) => one.name).join(", ")}.`,
    " Admins and owners can change this."));
}

function form(place, policy, models) {
  const byOperator = policy.operator_models && new Set(policy.operator_models);
  const own = policy.allowed_models && new Set(policy.allowed_models);
  const boxes = new Map(models.map((one) => {
    const isPossible = !byOperator || byOperator.has(one.id);
    return [one.id, h("input", { type: "checkbox", name: "model", value: one.id, checked: isPossible && (!own || own.has(one.id)), disabled: !isOwner || !isPossible })];
  }));
  const select = h("select", { id: "default-model", name: "default_model", "aria-describedby": "default-model-hint" });
  const all = h("input", { type: "radio", name: "which", value: "all", checked: !own, disabled: !isOwner });
  const some = h("input", { type: "radio", name: "which", value: "some", checked: Boolean(own), disabled: !isOwner });
  const list = h("ul", { class: "model-list" }, models.map((one) => h("li", {}, h("label", { class: "check" }, boxes.get(one.id),
    h("span", {}, h("bdi", {}, one.name), ownKey(one), byOperator && !byOperator.has(one.id) && h("span", { class: "quiet" }, " not allowed by the operator"))))));

  const isAllowed = (id) => id === "extractive" || ((!byOperator || byOperator.has(id)) && (all.checked || boxes.get(id)?.checked));
  const offered = () => policy.choices.filter((one) => one.kind === "chain" ? one.allowed : one.kind === "model" && isAllowed(one.id));
  const show = () => {
    const wanted = select.options.length > 0 ? select.value : (policy.default_model ?? "");
    fill(select, h("option", { value: "" }, `The installation’s: ${nameOf(policy, policy.installation_default)}`),
      offered().map((one) => h("option", { value: one.id }, one.name)));
    select.value = [...select.options].some((option) => option.value === wanted) ? wanted : "";
    list.hidden = all.checked;
  };
  const made = h("form", { class: "retention", id: "models-form" },
    h("div", { class: "field model-default" }, h("label", { for: "default-model" }, "Questions go to"), select,
      h("p", { class: "hint", id: "default-model-hint" }, "Unless they name another model. When it fails, those after it in the installation’s order take over.")),
    models.length > 0 && h("fieldset", {}, h("legend", {}, "Which models may be asked"),
      h("label", { class: "check" }, all, h("span", {}, byOperator ? "All that the operator allows" : "All that there are, also those that come later")),
      h("label", { class: "check" }, some, h("span", {}, "Only these")),
      list,
      !isOwner && h("p", { class: "hint" }, "Only owners change this.")),
    h("p", { class: "retention-says" }, "Quoting from documents is always possible and asks no model. A change holds for everybody at once, programs included."),
    h("button", { class: "button" }, "Save the models"));
  made.addEventListener("change", show);
  show();
  onSubmit(made, async () => {
    // What the operator does not allow just now stays on the organisation's own list.
    const ticked = models.filter((one) => boxes.get(one.id).disabled && isOwner ? own?.has(one.id) : boxes.get(one.id).checked).map((one) => one.id);
    const allowed = isOwner ? (all.checked ? null : ticked) : (policy.allowed_models ?? null);
    const saved = await api.put("/organization/models", { default_model: select.value || null, allowed_models: allowed });
    toast("Saved.");
    draw(place, saved);
    place.querySelector("button")?.focus();
  }, { names: { allowed_models: "model" } });
  return made;
}
