// A new organisation with an invitation for its owner, and another invitation while it has none.
import { api } from "./api.js";
import { formDialog } from "./dialogs.js";
import { h } from "./dom.js";
import { moment } from "./format.js";
import { once } from "./page.js";

const email = () => h("div", { class: "field" }, h("label", { for: "owner-email" }, "E-mail of its owner"),
  h("input", { id: "owner-email", name: "email", type: "email", required: true, maxlength: 254, autocomplete: "off", spellcheck: "false", "data-wrong": "Give one e-mail address." }),
  h("p", { class: "hint" }, "Whoever opens the link becomes the owner, and invites the others."));

/** The link, beside the list: it is shown this once. @param {any} made */
const show = (made) => document.getElementById("note")?.replaceChildren(
  once(`${made.name} waits for its owner. ${made.mailed ? `A letter with this link went to ${made.email}.` : `Send this link to ${made.email}: no letter was sent.`} It works once, until ${moment(made.expires_at)}, and is shown only now.`, "Link for the owner", made.url));

/** @param {() => Promise<any>} done shows the list anew */
export async function createTenant(done) {
  const { items } = await api.get("/plans");
  formDialog({
    id: "tenant-create",
    title: "New organisation",
    body: [
      h("div", { class: "field" }, h("label", { for: "tenant-name" }, "Name"),
        h("input", { id: "tenant-name", name: "name", required: true, maxlength: 200, autocomplete: "off", "data-wrong": "Give it a name." })),
      email(),
      h("div", { class: "field" }, h("label", { for: "tenant-plan" }, "Plan"),
        h("select", { id: "tenant-plan", name: "plan" }, h("option", { value: "" }, "As for those who sign up"), items.map((plan) => h("option", { value: plan.name }, plan.name)))),
    ],
    yes: "Make it",
    act: async (given) => {
      const made = await api.post("/tenants", { name: given.name, email: given.email, ...(given.plan ? { plan: given.plan } : {}) });
      await done();
      show(made);
    },
  });
}

/** @param {any} tenant */
export const inviteOwner = (tenant) => new Promise((resolve) => {
  const dialog = formDialog({
    id: "owner-invite",
    title: `Invite the owner of ${tenant.name}`,
    body: [h("p", {}, "A link that was sent before stops."), email()],
    yes: "Make a link",
    act: async (given) => show(await api.post(`/tenants/${tenant.tenant_id}/invitation`, { email: given.email })),
  });
  dialog.addEventListener("close", () => resolve(false), { once: true });
});
