// What the console tells of an organisation and does with it: the place for another column or another action.
import { api } from "./api.js";
import { h } from "./dom.js";
import { ago, date, size } from "./format.js";
import { exportTenant } from "./operator-archives.js";
import { inviteOwner } from "./operator-creating.js";
import { choosePlan, setLimits } from "./operator-limits.js";
import { breakGlass, erase, showErasures } from "./operator-life-cycle.js";
import { ask, toast } from "./page.js";

const number = (count) => count.toLocaleString("en");

const money = (dollars) => {
  const digits = dollars !== 0 && Math.abs(dollars) < 1 ? 4 : 2;
  return `$${dollars.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: digits })}`;
};

/**
 * The first one names the row.
 * @type {Array<{title: string, figure?: boolean, cell: (tenant: any) => any}>}
 */
export const columns = [
  { title: "Name", cell: (tenant) => [h("bdi", {}, tenant.name), tenant.status !== "active" && [" ", h("span", { class: "tag bad" }, tenant.status === "suspended" ? "suspended" : "is being erased")], h("small", {}, h("code", {}, tenant.tenant_id))].flat() },
  { title: "Plan", cell: (tenant) => tenant.plan },
  { title: "Made", cell: (tenant) => [date(tenant.created_at), h("small", {}, tenant.last_seen_at ? `seen ${ago(tenant.last_seen_at)}` : "not seen lately")] },
  { title: "People", figure: true, cell: (tenant) => number(tenant.members) },
  { title: "Documents", figure: true, cell: (tenant) => [number(tenant.documents), h("small", {}, size(tenant.file_bytes))] },
  { title: "Cost this month", figure: true, cell: (tenant) => [money(tenant.month_cost_usd), h("small", {}, tenant.month_cap_usd === undefined ? "no cap" : `of ${money(tenant.month_cap_usd)}`)] },
];

/**
 * What can be done with one; an action that answers false did nothing.
 * @param {any} tenant
 * @returns {Array<{label: string, danger?: boolean, act: () => Promise<any>}>}
 */
export const actions = (tenant) => tenant.status === "erasing" ? [{ label: "How the erasure stands…", act: () => showErasures(tenant) }] : [
  ...(tenant.members === 0 && tenant.status === "active" ? [{ label: "Invite its owner…", act: () => inviteOwner(tenant) }] : []),
  { label: "Plan…", act: () => choosePlan(tenant) },
  { label: "Limits…", act: () => setLimits(tenant) },
  { label: "Models…", act: () => chooseModels(tenant) },
  { label: "Export…", act: () => exportTenant(tenant) },
  tenant.status === "suspended"
    ? { label: "Let it go on", act: () => resume(tenant) }
    : { label: "Suspend…", danger: true, act: () => suspend(tenant) },
  ...(tenant.status === "suspended"
    ? [{ label: "Erasures and receipts…", act: () => showErasures(tenant) }, { label: "Erase…", danger: true, act: () => erase(tenant) }]
    : [{ label: "Open by break-glass…", danger: true, act: () => breakGlass(tenant) }]),
];

async function suspend(tenant) {
  const yes = await ask({ title: `Suspend ${tenant.name}?`, text: "Its people, keys and streams stop at once on all servers, and its work in the background waits. Nothing of it is deleted.", yes: "Suspend it", danger: true });
  if (yes === null) return false;
  await api.post(`/tenants/${tenant.tenant_id}/suspend`);
  toast(`${tenant.name} is suspended.`);
}

async function resume(tenant) {
  await api.post(`/tenants/${tenant.tenant_id}/resume`);
  toast(`${tenant.name} goes on as it was.`);
}

/** Which models the organisation may ask at most; what it allows itself stays. */
async function chooseModels(tenant) {
  const path = `/tenants/${tenant.tenant_id}/models`;
  const policy = await api.get(path);
  const may = policy.operator_models && new Set(policy.operator_models);
  const models = policy.choices.filter((one) => one.kind !== "chain" && one.id !== "extractive");
  const boxes = models.map((one) => h("input", { type: "checkbox", value: one.id, checked: !may || may.has(one.id) }));
  const all = h("input", { type: "radio", name: "which", value: "all", checked: !may });
  const some = h("input", { type: "radio", name: "which", value: "some", checked: Boolean(may) });
  const list = h("ul", { class: "model-list", hidden: !may }, models.map((one, at) => h("li", {}, h("label", { class: "check" }, boxes[at],
    h("span", {}, h("bdi", {}, one.name), one.kind === "own-key" && h("span", { class: "quiet" }, " with a key of one’s own"))))));
  const dialog = h("dialog", { class: "ask", "aria-labelledby": "models-title" }, h("form", { method: "dialog" },
    h("h2", { id: "models-title" }, `Which models may ${tenant.name} ask?`),
    h("p", {}, "Quoting from documents is always possible. What the organisation allows itself is held against this."),
    h("label", { class: "check" }, all, h("span", {}, "All that there are, also those that come later")),
    h("label", { class: "check" }, some, h("span", {}, "Only these")),
    list,
    h("div", { class: "buttons" },
      h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Cancel"),
      h("button", { value: "yes", class: "button primary" }, "Save the models"))));
  for (const one of [all, some]) one.addEventListener("change", () => { list.hidden = all.checked; });
  document.body.append(dialog);
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  dialog.remove();
  if (dialog.returnValue !== "yes") return false;
  const allowed = all.checked ? null : boxes.filter((box) => box.checked).map((box) => box.value);
  await api.put(path, { allowed_models: allowed });
  toast(allowed === null ? `${tenant.name} may ask all models.` : allowed.length === 0 ? `It may ask no model: ${tenant.name} is answered with quotes.` : `${tenant.name} may ask ${allowed.length.toLocaleString("en")} of ${models.length.toLocaleString("en")} models.`);
}
