// You, the members, invitations, API keys.
import { api } from "./api.js";
import { byId, fill, h } from "./dom.js";
import { ago, date } from "./format.js";
import { ask, attempt, may, me, once, refusal, toast } from "./page.js";

const roles = ["viewer", "editor", "admin", "owner"];

/** Sends a form through the API and keeps its button from being pressed twice. */
function onSubmit(form, act) {
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    await attempt(() => act(Object.fromEntries(new FormData(form))));
    button.disabled = false;
  });
}

async function load(list, path, row, empty) {
  if (!list) return;
  const again = () => load(list, path, row, empty);
  try {
    const { items } = await api.get(path);
    fill(list, items.length > 0 ? items.map((item) => row(item, again)) : h("li", { class: "quiet" }, empty));
  } catch (fault) {
    fill(list, h("li", {}, refusal(fault, again)));
  }
  list.removeAttribute("aria-busy");
}

onSubmit(byId("profile"), async ({ name }) => {
  await api.patch("/me", { name });
  toast("Saved.");
});

onSubmit(byId("password"), async (given) => {
  await api.post("/me/password", { current: given.current, new: given.new });
  byId("password").reset();
  toast("Your password was changed.");
});

const loadMembers = () => load(byId("members"), "/members", memberRow, "Nobody yet.");

function memberRow(member, again) {
  const isMe = member.user_id === me.id;
  const change = (role) =>
    attempt(() => api.patch(`/members/${member.user_id}`, { role })).then(again);
  const remove = async () => {
    const yes = await ask({ title: "Remove this member?", text: `${member.name || member.email} loses access at once. What they uploaded stays.`, yes: "Remove", danger: true });
    if (yes === null) return;
    await attempt(() => api.remove(`/members/${member.user_id}`));
    await again();
  };
  const mayManage = may("members:manage") && !isMe;
  return h(
    "li",
    {},
    h("div", { class: "who" }, member.name || member.email, isMe && h("span", { class: "quiet" }, " (you)"), h("small", {}, member.email)),
    mayManage
      ? h("select", { "aria-label": `Role of ${member.name || member.email}`, onchange: (event) => change(event.target.value) },
          roles.filter((role) => role !== "owner" || me.role === "owner" || member.role === "owner").map((role) => h("option", { value: role, selected: role === member.role }, role)))
      : h("span", { class: "role" }, member.role),
    mayManage && h("button", { type: "button", class: "button small", "aria-label": `Remove ${member.name || member.email}`, onclick: remove }, "Remove"),
  );
}

const loadInvitations = () => load(byId("invitations"), "/invitations", invitationRow, "No open invitation.");

function invitationRow(invitation, again) {
  return h(
    "li",
    {},
    h("div", { class: "who" }, invitation.email, h("small", {}, `${invitation.role}, valid until ${date(invitation.expires_at)}`)),
    h("button", { type: "button", class: "button small", "aria-label": `Withdraw the invitation of ${invitation.email}`, onclick: async () => {
      await attempt(() => api.remove(`/invitations/${invitation.id}`));
      await again();
    } }, "Withdraw"),
  );
}

onSubmit(byId("invite"), async ({ email, role }) => {
  const made = await api.post("/invitations", { email, role });
  byId("invite").reset();
  fill(byId("invited"), once(`Send this link to ${made.email}. It is shown only now.`, "Invitation link", made.url));
  await loadInvitations();
});

const loadKeys = () => load(byId("keys"), "/keys", keyRow, "No key yet.");

function keyRow(key, again) {
  const remove = async () => {
    const yes = await ask({ title: "Revoke this key?", text: `Programs that use “${key.name}” lose access at once.`, yes: "Revoke", danger: true });
    if (yes === null) return;
    await attempt(() => api.remove(`/keys/${key.id}`));
    await again();
  };
  const facts = [key.role, key.created_at && `made ${ago(key.created_at)}`, key.last_used_at ? `used ${ago(key.last_used_at)}` : null, key.expires_at && `until ${date(key.expires_at)}`];
  return h(
    "li",
    {},
    h("div", { class: "who" }, key.name, h("small", {}, facts.filter(Boolean).join(", "))),
    h("button", { type: "button", class: "button small", "aria-label": `Revoke the key ${key.name}`, onclick: remove }, "Revoke"),
  );
}

onSubmit(byId("make-key"), async ({ name, role }) => {
  const made = await api.post("/keys", { name, role });
  byId("make-key").reset();
  fill(byId("made-key"), once(`The key “${made.name}”. Keep it now: it is shown only once.`, "API key", made.key));
  await loadKeys();
});

await Promise.all([loadMembers(), loadInvitations(), loadKeys()]);
