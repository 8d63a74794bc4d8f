// The plan of one organisation, and what holds for it instead of its plan.
import { api } from "./api.js";
import { h } from "./dom.js";
import { onSubmit, showError } from "./forms.js";
import { bounds, limitNames, mostOf, shownOf, words } from "./limit-names.js";
import { toast } from "./page.js";

/** Shows a dialog until it is closed; answers whether it was saved. */
async function shownUntilSaved(title, id, parts, yes, act) {
  let isSaved = false;
  const form = h("form", { id: `${id}-form`, class: "stack" }, h("h2", { id: `${id}-title` }, title), parts,
    h("div", { class: "buttons" },
      h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Cancel"),
      h("button", { class: "button primary" }, yes)));
  const dialog = h("dialog", { class: "ask wide", "aria-labelledby": `${id}-title` }, form);
  onSubmit(form, async (values) => {
    await act(values, form);
    isSaved = true;
    dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  dialog.remove();
  return isSaved;
}

/** @param {any} tenant @returns {Promise<any>} false when nothing changed */
export async function choosePlan(tenant) {
  const { items } = await api.get("/plans");
  const told = h("ul", { class: "limit-words" });
  const tell = () => {
    const plan = items.find((one) => one.name === select.value);
    const limits = limitNames.filter((limit) => plan?.limits[limit.name] !== undefined);
    told.replaceChildren(...(limits.length === 0 ? [h("li", {}, "No limits.")] : limits.map((limit) => h("li", {}, `${limit.label}: ${words(limit, plan.limits[limit.name])}`))));
  };
  const select = h("select", { id: "tenant-plan", name: "plan", "data-secret": true, onchange: tell }, items.map((plan) => h("option", { value: plan.name, selected: plan.name === tenant.plan }, plan.name)));
  tell();
  const isSaved = await shownUntilSaved(`Which plan is ${tenant.name} on?`, "tenant-plan", [
    h("div", { class: "field" }, h("label", { for: "tenant-plan" }, "Plan"), select), told,
    h("p", { class: "hint" }, "It holds within two seconds. What was used stays used."),
  ], "Put it on this plan", async ({ plan }) => {
    await api.put(`/tenants/${tenant.tenant_id}/plan`, { plan });
    toast(`${tenant.name} is on ${plan}.`);
  });
  return isSaved ? undefined : false;
}

/** @param {any} tenant @returns {Promise<any>} false when nothing changed */
export async function setLimits(tenant) {
  const path = `/tenants/${tenant.tenant_id}/limits`;
  const [{ items: plans }, { items: set }] = await Promise.all([api.get("/plans"), api.get(path)]);
  const plan = plans.find((one) => one.name === tenant.plan);
  const before = new Map(set.filter((one) => one.level === "tenant" && one.set_by === "operator").map((one) => [one.name, one]));
  const inside = set.filter((one) => one.level !== "tenant" || one.set_by !== "operator");
  const fields = limitNames.map((limit) => {
    const now = before.get(limit.name);
    const choice = !now ? "plan" : now.most === undefined ? "none" : "most";
    const most = h("input", { id: `most-${limit.name}`, name: `most-${limit.name}`, "aria-label": `${limit.label}: how many`, value: choice === "most" ? shownOf(limit, now.most) : "", hidden: choice !== "most", ...bounds(limit) });
    const which = h("select", { id: `which-${limit.name}`, name: `which-${limit.name}`, "data-secret": true, onchange: () => { most.hidden = which.value !== "most"; if (!most.hidden) most.focus(); } },
      [["plan", `as the plan says: ${words(limit, plan?.limits[limit.name])}`], ["most", "a number of its own"], ["none", "no limit, whatever the plan says"]]
        .map(([value, text]) => h("option", { value, selected: value === choice }, text)));
    return h("div", { class: "field" }, h("label", { for: `which-${limit.name}` }, limit.label), which, most);
  });
  const isSaved = await shownUntilSaved(`Limits of ${tenant.name}`, "tenant-limits", [
    h("p", { class: "hint" }, `On plan ${tenant.plan}. The organisation can let its people and keys do less, never more.`),
    h("div", { class: "limit-fields" }, fields),
    inside.length > 0 && h("p", { class: "hint" }, `Beside these, ${inside.length.toLocaleString("en")} of single people and keys or of its own stay as they are.`),
  ], "Save the limits", async (values, form) => {
    const empty = limitNames.filter(({ name }) => values[`which-${name}`] === "most" && values[`most-${name}`] === "");
    for (const { name } of empty) showError(form.elements[`most-${name}`], "Type a number, or choose no limit.");
    if (empty.length > 0) {
      form.elements[`most-${empty[0].name}`].focus();
      throw Object.assign(new Error("A number is missing."), { status: 400 });
    }

    let changes = 0;
    for (const limit of limitNames) {
      const which = values[`which-${limit.name}`];
      const now = before.get(limit.name);
      const most = which === "most" ? mostOf(limit, values[`most-${limit.name}`]) : null;
      if (which === "plan" ? !now : now && (now.most ?? null) === most) continue;
      changes++;
      try {
        await (which === "plan" ? api.remove(`${path}/${limit.name}`) : api.put(`${path}/${limit.name}`, { most }));
      } catch (fault) {
        // At its own field, whichever of them the server names.
        const [first] = Object.values(fault.errors ?? {});
        if (first) fault.errors = { [`most-${limit.name}`]: first };
        throw fault;
      }
      if (which === "plan") before.delete(limit.name);
      else before.set(limit.name, { most: most ?? undefined });
    }
    toast(changes === 0 ? "Nothing was changed." : `The limits of ${tenant.name} hold within two seconds.`);
  });
  return isSaved ? undefined : false;
}
