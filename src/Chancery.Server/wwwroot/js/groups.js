// Groups: who is in them. What they may read is set at documents and collections.
import { api } from "./api.js";
import { byId, fill, h } from "./dom.js";
import { plural } from "./format.js";
import { onSubmit } from "./forms.js";
import { ask, attempt, may, refusal, toast } from "./page.js";
import { every, load } from "./rows.js";

const mayManage = may("members:manage");

export const loadGroups = () => load(byId("groups"), "/groups", groupRow, "No group yet.");

onSubmit(byId("make-group"), async ({ name }) => {
  const made = await api.post("/groups", { name: name.trim() });
  byId("make-group").reset();
  toast(`“${made.name}” was made. Nobody is in it yet.`);
  await loadGroups();
});

function groupRow(group, again) {
  const place = h("div", { class: "inside", id: `group-${group.id}`, hidden: true });
  const open = h("button", { type: "button", class: "button small", "aria-expanded": "false", "aria-controls": place.id, "aria-label": `Members of ${group.name}`, onclick: () => toggle() }, "Members");
  const count = h("small", {}, plural(group.members, "member"));
  const toggle = async () => {
    place.hidden = !place.hidden;
    open.setAttribute("aria-expanded", String(!place.hidden));
    if (!place.hidden) await show();
  };
  const show = async () => {
    try {
      const members = await every(`/groups/${group.id}/members`);
      fill(count, plural(members.length, "member"));
      fill(place,
        h("ul", { class: "chips", "aria-label": `Members of ${group.name}` }, members.length > 0 ? members.map(chip) : h("li", { class: "quiet" }, "Nobody is in it.")),
        mayManage && await adding(members));
    } catch (fault) {
      fill(place, refusal(fault, show));
    }
  };
  const chip = (member) =>
    h("li", {}, h("span", { title: member.email }, member.name || member.email, member.kind === "service_account" && h("span", { class: "quiet" }, " (service account)")),
      mayManage && h("button", { type: "button", class: "bare", "aria-label": `Take ${member.name || member.email} out of ${group.name}`, onclick: () => attempt(async () => {
        await api.remove(`/groups/${group.id}/members/${member.id}`);
        toast(`${member.name || member.email} is not in “${group.name}” any more.`);
        await show();
        (place.querySelector("button, select") ?? open).focus();
      }) }, "×"));
  async function adding(members) {
    const inside = new Set(members.map((member) => member.id));
    const people = (await every("/members")).map((one) => ({ id: one.user_id, name: one.name ? `${one.name} (${one.email})` : one.email }));
    const accounts = may("keys:manage") ? (await every("/service-accounts")).map((one) => ({ id: one.id, name: `${one.name} (service account)` })) : [];
    const others = [...people, ...accounts].filter((one) => !inside.has(one.id));
    if (others.length === 0) return h("p", { class: "quiet" }, "Everybody is in it.");
    const select = h("select", { id: `add-${group.id}`, name: "member" }, others.map((one) => h("option", { value: one.id }, one.name)));
    const form = h("form", { class: "key-form" }, h("div", { class: "field" }, h("label", { class: "hidden", for: select.id }, `Somebody for ${group.name}`), select),
      h("button", { class: "button small", "aria-label": `Add to ${group.name}` }, "Add"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      attempt(async () => {
        await api.put(`/groups/${group.id}/members/${select.value}`);
        await show();
        (place.querySelector("select") ?? open).focus();
      });
    });
    return form;
  }
  const rename = async () => {
    const to = await ask({ title: "Rename the group", label: "New name", value: group.name, yes: "Rename" });
    if (!to || to === group.name) return;
    await attempt(() => api.patch(`/groups/${group.id}`, { name: to }));
    await again();
  };
  const remove = async () => {
    const yes = await ask({ title: `Delete the group “${group.name}”?`, text: "What only this group could read is left to owners and admins. Its members stay in the organisation.", yes: "Delete", danger: true });
    if (yes === null) return;
    await attempt(() => api.remove(`/groups/${group.id}`));
    await again();
  };
  return h("li", { "data-id": group.id },
    h("div", { class: "who" }, group.name, count), open,
    mayManage && h("button", { type: "button", class: "button small", "aria-label": `Rename ${group.name}`, onclick: rename }, "Rename"),
    mayManage && h("button", { type: "button", class: "button small", "aria-label": `Delete ${group.name}`, onclick: remove }, "Delete"),
    place);
}
