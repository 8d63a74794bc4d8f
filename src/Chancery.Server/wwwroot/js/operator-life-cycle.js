// Erasing an organisation, how that stands, and reading in one by break-glass.
import { api } from "./api.js";
import { formDialog } from "./dialogs.js";
import { h } from "./dom.js";
import { moment } from "./format.js";
import { ask, once, toast } from "./page.js";

const field = (id, label, attributes, hint) => h("div", { class: "field" },
  h("label", { for: id }, label), h("input", { id, autocomplete: "off", "aria-describedby": hint ? `${id}-hint` : null, ...attributes }),
  hint && h("p", { class: "hint", id: `${id}-hint` }, hint));

/** @param {any} tenant */
export const erase = (tenant) => new Promise((resolve) => {
  const dialog = formDialog({
    id: "erase",
    title: `Erase ${tenant.name} for good?`,
    body: [
      h("p", {}, "Its documents, contracts, conversations, people who belong nowhere else, its record and its keys go, and do not come back. Backups that were made before still hold it."),
      field("erase-name", "Its name, typed again", { name: "name", required: true, maxlength: 200, "data-wrong": "Type the name." }),
      field("erase-days", "Days until it begins", { name: "days", type: "number", min: 0, max: 365, step: 1, value: 7, required: true, "data-wrong": "0 to 365." }, "Until then the order can be taken back."),
      field("erase-backups", "Days that backups are kept", { name: "backups", type: "number", min: 0, max: 3650, step: 1, "data-wrong": "0 to 3650." }, "For the receipt; may be left empty."),
    ],
    yes: "Erase it",
    danger: true,
    names: { name: "name", after_days: "days", backups_kept_days: "backups" },
    act: async (given) => {
      const order = await api.post(`/tenants/${tenant.tenant_id}/erase`, {
        name: given.name,
        after_days: Number(given.days),
        ...(given.backups ? { backups_kept_days: Number(given.backups) } : {}),
      });
      toast(`${tenant.name} is erased from ${moment(order.begins_at)} on.`);
    },
  });
  dialog.addEventListener("close", () => resolve(true), { once: true });
});

/** How an erasure stands, in words. @param {any} one */
export function stands(one) {
  switch (one.state) {
    case "ordered": return `begins ${moment(one.begins_at)}`;
    case "done": return `done ${moment(one.ended_at)}`;
    case "cancelled": return "taken back";
    default: return "under way";
  }
}

/** What was ordered and done; an order that has not begun is taken back here. @param {any} tenant */
export async function showErasures(tenant) {
  const { items } = await api.get(`/erasures?organization=${tenant.tenant_id}&limit=20`);
  const open = items.find((one) => one.state === "ordered");
  const says = items.length === 0
    ? "Nothing was ordered."
    : items.map((one) => `Ordered ${moment(one.ordered_at)}, ${stands(one)}${one.waiting_for ? `; waits for ${one.waiting_for}` : ""}.`).join(" ");
  const yes = await ask({ title: `Erasures of ${tenant.name}`, text: says, yes: open ? "Take the order back" : "Close" });
  if (yes === null || !open) return false;
  await api.remove(`/tenants/${tenant.tenant_id}/erase`);
  toast(`${tenant.name} is not erased.`);
}

/** @param {any} tenant */
export const breakGlass = (tenant) => new Promise((resolve) => {
  const dialog = formDialog({
    id: "break-glass",
    title: `Read in ${tenant.name}?`,
    body: [
      h("p", {}, "Its owners get a letter with your name and reason, see every call, and can end it at once. Documents and contracts can be read, nothing can be changed."),
      field("break-glass-reason", "Why", { name: "reason", required: true, minlength: 10, maxlength: 500, "data-wrong": "10 to 500 characters." }, "They read this."),
      field("break-glass-minutes", "Minutes", { name: "minutes", type: "number", min: 5, max: 240, step: 1, value: 60, required: true, "data-wrong": "5 to 240." }),
    ],
    yes: "Open it",
    danger: true,
    names: { reason: "reason", minutes: "minutes" },
    act: async (given) => {
      const opened = await api.post(`/tenants/${tenant.tenant_id}/access`, { reason: given.reason, minutes: Number(given.minutes) });
      // Shown once, and beside the list: the dialog closes.
      document.getElementById("note")?.replaceChildren(
        once(`This token reads in ${tenant.name} until ${moment(opened.expires_at)}. It is shown only now.`, "Token", opened.access_token));
    },
  });
  dialog.addEventListener("close", () => resolve(false), { once: true });
});
