// The plans that organisations are on: adding one, changing one, taking one away.
import { api } from "./api.js";
import { byId, fill, h, keepingFocus } from "./dom.js";
import { onSubmit } from "./forms.js";
import { plural } from "./format.js";
import { bounds, limitNames, limitOf, mostOf, shownOf, words } from "./limit-names.js";
import { ask, attempt, menuButton, refusal, toast } from "./page.js";

const place = byId("plans");
const note = byId("note");
const shippedNames = ["FREE", "OWN", "UNLIMITED"];
let rows = null;

async function load() {
  place.setAttribute("aria-busy", "true");
  try {
    const { items } = await api.get("/plans");
    fill(note);
    draw(items);
  } catch (fault) {
    rows = null;
    fill(place);
    fill(note, refusal(fault, load));
  }
  place.removeAttribute("aria-busy");
}

function draw(plans) {
  if (!rows?.isConnected) {
    rows = h("tbody", {});
    fill(place, h("div", { class: "table", tabindex: 0, role: "group", "aria-label": "Plans" }, h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Plan"), h("th", { scope: "col", class: "figure" }, "Organisations"), h("th", { scope: "col" }, "Limits"), h("td", {}))),
      rows)));
  }
  keepingFocus(rows, () => fill(rows, plans.map(row)));
}

function row(plan) {
  const limits = limitNames.filter((limit) => plan.limits[limit.name] !== undefined);
  return h("tr", { "data-id": plan.name },
    h("th", { scope: "row" }, plan.name, h("small", {}, plan.is_shipped ? "as shipped" : shippedNames.includes(plan.name) ? "changed by you" : "yours")),
    h("td", { class: "figure" }, plan.tenants.toLocaleString("en")),
    h("td", { class: "limits" }, limits.length === 0 ? h("span", { class: "quiet" }, "No limits") : h("ul", {}, limits.map((limit) => h("li", {}, `${limit.label}: ${words(limit, plan.limits[limit.name])}`)))),
    h("td", { class: "act" }, menuButton(`What to do with ${plan.name}`, () => [
      { label: "Edit…", act: () => edit(plan) },
      { label: "Add one like it…", act: () => edit({ ...plan, name: "", tenants: 0 }) },
      !plan.is_shipped && { label: shippedNames.includes(plan.name) ? "As it was shipped…" : "Remove…", danger: true, act: () => remove(plan) },
    ])));
}

/** A dialog with all limits; an empty field is no limit. */
function edit(plan) {
  const isNew = plan.name === "";
  const opener = document.activeElement;
  const form = h("form", { id: "plan-form", class: "stack" },
    h("h2", { id: "plan-title" }, isNew ? "Add a plan" : `Plan ${plan.name}`),
    isNew
      ? h("div", { class: "field" }, h("label", { for: "plan-name" }, "Name"),
        h("input", { id: "plan-name", name: "plan", required: true, maxlength: 32, pattern: "[A-Z][A-Z0-9_\\-]*", autocomplete: "off", spellcheck: "false", "aria-describedby": "plan-name-hint", "data-secret": true, "data-wrong": "Capital letters, digits, - and _, a letter first." }),
        h("p", { class: "hint", id: "plan-name-hint" }, "Capital letters, digits, - and _"))
      : plan.tenants > 0 && h("p", {}, `${plural(plan.tenants, "organisation")} ${plan.tenants === 1 ? "is" : "are"} on it. A change holds for all within two seconds; what was used stays used.`),
    h("p", { class: "hint" }, "An empty field is no limit."),
    h("div", { class: "limit-fields" }, limitNames.map((limit) => h("div", { class: "field" }, h("label", { for: `limit-${limit.name}` }, limit.label),
      h("input", { id: `limit-${limit.name}`, name: limit.name, value: plan.limits[limit.name] === undefined ? "" : shownOf(limit, plan.limits[limit.name]), ...bounds(limit) })))),
    h("div", { class: "buttons" },
      h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Cancel"),
      h("button", { class: "button primary" }, isNew ? "Add the plan" : "Save the plan")));
  const dialog = h("dialog", { class: "ask wide", "aria-labelledby": "plan-title" }, form);
  onSubmit(form, async (values) => {
    const name = isNew ? values.plan.trim() : plan.name;
    if (isNew && [...place.querySelectorAll("tr")].some((one) => one.dataset.id === name)) throw Object.assign(new Error(), { errors: { plan: ["There is a plan of this name. Edit that one."] } });
    // Limits that this page has no field for stay as they are.
    const limits = Object.fromEntries(Object.entries(plan.limits).filter(([key]) => limitOf(key).label === key));
    for (const limit of limitNames) if (values[limit.name] !== "") limits[limit.name] = mostOf(limit, values[limit.name]);
    await api.put(`/plans/${encodeURIComponent(name)}`, { limits });
    dialog.close();
    toast(isNew ? `The plan ${name} is there.` : `The plan ${name} is changed.`);
    await load();
  }, { names: Object.fromEntries(limitNames.map(({ name }) => [`limits.${name}`, name])) });
  dialog.addEventListener("close", () => {
    dialog.remove();
    (opener?.isConnected ? opener : byId("add"))?.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
}

const remove = (plan) => attempt(async () => {
  const isShipped = shippedNames.includes(plan.name);
  const yes = await ask(isShipped
    ? { title: `${plan.name} as it was shipped?`, text: "Your changes of it go.", yes: "As it was shipped", danger: true }
    : { title: `Remove ${plan.name}?`, text: plan.tenants > 0 ? "Organisations are on it: put them on another one first." : "No organisation is on it.", yes: "Remove it", danger: true });
  if (yes === null) return;
  await api.remove(`/plans/${encodeURIComponent(plan.name)}`);
  toast(isShipped ? `${plan.name} is as it was shipped.` : `${plan.name} is removed.`);
  await load();
  byId("add").focus();
});

byId("add").addEventListener("click", () => edit({ name: "", limits: {}, tenants: 0 }));
document.addEventListener("chancery:back", load);
load();
