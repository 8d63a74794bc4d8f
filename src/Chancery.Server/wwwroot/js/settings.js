// You, your model keys, the members, invitations, the model of search, the organisation; groups and keys have modules of their own.
import { loadAlerts } from "./alerts.js";
import { api } from "./api.js";
import { byId, fill, h, icon } from "./dom.js";
import { ago, date, plural } from "./format.js";
import { onSubmit } from "./forms.js";
import { loadGroups } from "./groups.js";
import { loadIssuers } from "./issuers.js";
import { loadAccounts, loadKeys } from "./keys.js";
import { loadOrganizationModels } from "./organization-models.js";
import { loadErasure, loadOperatorAccess } from "./life-cycle.js";
import { ask, attempt, may, me, once, refusal, toast } from "./page.js";
import { load } from "./rows.js";
import { loadSearchModel } from "./search-model.js";
import { loadSecurity } from "./security.js";

const roles = ["viewer", "editor", "admin", "owner"];

onSubmit(byId("profile"), async ({ name }) => {
  await api.patch("/me", { name: name.trim() });
  toast("Saved.");
});

onSubmit(byId("password"), async (given) => {
  await api.post("/me/password", { current: given.current, new: given.new });
  byId("password").reset();
  toast("Your password was changed. Your other sign-ins ended.");
  await loadSessions();
});

const loadSessions = () => load(byId("sessions"), "/me/sessions?limit=20", sessionRow, "You are signed in nowhere.");

function sessionRow(session, again) {
  const name = session.device_name;
  const facts = [
    session.kind === "token" && "by access tokens",
    session.tenant_name !== me.tenantName && `in ${session.tenant_name}`,
    session.ip_address && `from ${session.ip_address}`,
    `since ${date(session.created_at)}`,
    !session.is_current && `last used ${ago(session.last_seen_at)}`,
  ];
  const end = () => attempt(async () => {
    await api.remove(`/me/sessions/${session.id}`);
    toast(`${name} was signed out.`);
  }).then(again);
  return h("li", { "data-id": session.id },
    h("div", { class: "who", title: session.device }, h("bdi", {}, name), session.is_current && h("span", { class: "quiet" }, " (this one)"), h("small", {}, facts.filter(Boolean).join(", "))),
    !session.is_current && h("button", { type: "button", class: "button small", "aria-label": `Sign out ${name}, ${facts.at(-1)}`, onclick: end }, "Sign out"));
}

byId("sign-out-elsewhere").addEventListener("click", async () => {
  const yes = await ask({ title: "Sign out everywhere else?", text: "All your other sign-ins end now, on every device and in every organisation of yours. This one stays, and API keys go on working.", yes: "Sign out everywhere else", danger: true });
  if (yes === null) return;
  await attempt(async () => {
    await api.remove("/me/sessions");
    toast("Your other sign-ins ended.");
  });
  await loadSessions();
});

byId("sign-out-everywhere").addEventListener("click", async () => {
  const yes = await ask({ title: "Sign out everywhere?", text: "All your sign-ins end now, on every device and in every organisation of yours. API keys go on working.", yes: "Sign out everywhere", danger: true });
  if (yes === null) return;
  await attempt(async () => {
    await api.post("/auth/logout/everywhere");
    location.assign("/login");
  });
});

const loadProviderKeys = () => load(byId("provider-keys"), "/me/provider-keys", providerRow, "No provider takes a key.");

function providerRow(provider, again) {
  const id = `provider-${provider.provider}`;
  const remove = async () => {
    await attempt(async () => {
      await api.remove(`/me/provider-keys/${provider.provider}`);
      toast(`Your ${provider.name} key was forgotten.`);
      await again();
      byId(id)?.focus();
    });
  };
  const who = h("div", { class: "who" }, provider.name, h("small", {}, provider.is_set ? "Your key is set: questions to its models go with it." : plural(provider.models.length, "model")));
  if (provider.is_set) {
    return h("li", {}, who, h("span", { class: "state good" }, icon("check"), "Key set"),
      h("button", { type: "button", class: "button small", "aria-label": `Forget the ${provider.name} key`, onclick: remove }, "Forget"));
  }
  const form = h("form", { class: "key-form", id: `${id}-form` },
    h("div", { class: "field" }, h("label", { class: "hidden", for: id }, `${provider.name} key`),
      h("input", { id, name: "key", type: "password", autocomplete: "off", spellcheck: "false", required: true, minlength: 8, maxlength: 512, "data-wrong": "A key has at least 8 characters. Copy it whole.", placeholder: "Paste a key" })),
    h("button", { class: "button small", "aria-label": `Use this ${provider.name} key` }, "Use"));
  onSubmit(form, async ({ key }) => {
    await api.put(`/me/provider-keys/${provider.provider}`, { key });
    form.reset();
    toast(`Your ${provider.name} key is used until you sign out.`);
    await again();
  });
  return h("li", {}, who, form);
}

const loadMembers = () => load(byId("members"), "/members", memberRow, "Nobody yet.");

function memberRow(member, again) {
  const isMe = member.user_id === me.id;
  const name = member.name || member.email;
  const change = (role) => attempt(async () => {
    await api.patch(`/members/${member.user_id}`, { role });
    toast(`${name} is ${role} now.`);
  }).then(again);
  const remove = async () => {
    const yes = await ask({ title: "Remove this member?", text: `${name} loses access at once. What they uploaded stays.`, yes: "Remove", danger: true });
    if (yes === null) return;
    await attempt(() => api.remove(`/members/${member.user_id}`));
    await again();
  };
  const reset = async () => {
    const yes = await ask({ title: `Reset how ${name} signs in?`, text: "Authenticator app, passkeys and recovery codes are taken away, and all their sign-ins end. Do it for somebody who lost theirs, once you are sure who asks. The password stays.", yes: "Reset", danger: true });
    if (yes === null) return;
    await attempt(async () => {
      await api.remove(`/members/${member.user_id}/second-factors`);
      toast(`${name} signs in with the password alone now.`);
    });
  };
  const mayManage = may("members:manage") && !isMe;
  return h(
    "li",
    {},
    h("div", { class: "who" }, name, isMe && h("span", { class: "quiet" }, " (you)"), h("small", {}, member.email)),
    mayManage
      ? h("select", { "aria-label": `Role of ${name}`, onchange: (event) => change(event.target.value) },
          roles.filter((role) => role !== "owner" || me.role === "owner" || member.role === "owner").map((role) => h("option", { value: role, selected: role === member.role }, role)))
      : h("span", { class: "role" }, member.role),
    mayManage && me.role === "owner" && h("button", { type: "button", class: "button small", "aria-label": `Reset the second factors of ${name}`, onclick: reset }, "Reset"),
    mayManage && h("button", { type: "button", class: "button small", "aria-label": `Remove ${name}`, onclick: remove }, "Remove"),
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

async function loadOrganization() {
  const place = byId("organization");
  try {
    const organization = await api.get("/organization");
    fill(place, may("organization:manage") ? organizationForms(organization) : retentionText(organization));
  } catch (fault) {
    fill(place, refusal(fault, loadOrganization));
  }
  place.removeAttribute("aria-busy");
}

const installationDays = Number(byId("organization").dataset.installationDays || 0);
const hidden = installationDays > 0 && `Besides, this installation lists a conversation no longer once nobody touched it for ${plural(installationDays, "day")}; it is not erased by that.`;

/** For those who may not change it. */
function retentionText(organization) {
  const days = organization.conversation_retention_days;
  return h("div", { class: "with-text" }, h("p", {},
    days ? `Conversations that nobody touched for ${plural(days, "day")} are erased for good. ` : `${organization.name} erases no conversations. `,
    hidden, " Admins and owners can change this."), h("p", {}, personalDataRules[organization.personal_data_in_answers][1]), h("p", {}, toldText(organization)), linkHostsText(organization), searchesText(organization));
}

/** By the name that the API has for them: what it is called, and what it does. */
const personalDataRules = {
  off: ["Leave it", "Personal data in answers that stands in none of their passages is not looked for."],
  count: ["Count it", "Personal data in answers that stands in none of their passages stays, and is counted for whoever runs this installation."],
  redact: ["Take it out", "Personal data in answers that stands in none of their passages is taken out, and a note stands in its place."],
  refuse: ["Stop the answer", "An answer ends before personal data that stands in none of its passages."],
};

function personalDataForm(organization) {
  const says = h("p", { class: "retention-says", id: "personal-data-says" });
  const select = h("select", { id: "personal-data", name: "rule", "aria-describedby": "personal-data-says", onchange: show },
    Object.entries(personalDataRules).map(([value, [name]]) => h("option", { value, selected: value === organization.personal_data_in_answers }, name)));
  function show() {
    const value = select.value;
    fill(says, personalDataRules[value][1], value === "redact" || value === "refuse"
      ? " Answers appear line by line then. Looked for are mail addresses, phone, account and card numbers, ids and the like; not names." : "");
  }
  show();
  const form = h("form", { class: "retention", id: "personal-data-form" },
    h("div", { class: "field" }, h("label", { for: "personal-data" }, "Personal data in answers"), select), says, h("button", { class: "button" }, "Save"));
  onSubmit(form, async ({ rule }) => {
    await api.patch("/organization", { personal_data_in_answers: rule });
    toast("Saved.");
  }, { names: { personal_data_in_answers: "rule" } });
  return form;
}

/** Hosts as somebody writes them: one on each line, or with commas between them. */
const hostsIn = (text) => text.split(/[\s,;]+/).filter(Boolean);

function linkHostsForm(organization) {
  const field = h("textarea", { id: "link-hosts", name: "hosts", rows: 3, spellcheck: "false", autocapitalize: "off", placeholder: "docs.example.com\n*.example.org", "aria-describedby": "link-hosts-says" });
  field.value = organization.answer_link_hosts.join("\n");
  const form = h("form", { class: "retention", id: "link-hosts-form" },
    h("div", { class: "field" }, h("label", { for: "link-hosts" }, "Hosts that answers may link to"), field),
    h("p", { class: "retention-says", id: "link-hosts-says" }, "Addresses that stand in a passage, a question or the conversation may stand in an answer; others are taken out, unless their host is here. One on each line; *.example.org is all hosts under it. Name only hosts whose every page you trust: what stands behind the host can carry something out."),
    h("button", { class: "button" }, "Save"));
  onSubmit(form, async ({ hosts }) => {
    const changed = await api.patch("/organization", { answer_link_hosts: hostsIn(hosts) });
    field.value = changed.answer_link_hosts.join("\n");
    toast("Saved.");
  }, { names: { answer_link_hosts: "hosts" } });
  return form;
}

const linkHostsText = (organization) => h("p", {}, organization.answer_link_hosts.length > 0
  ? `Answers may link to ${organization.answer_link_hosts.join(", ")}, and to what their passages name.` : "Answers may link to what their passages name, and nowhere else.");

const hidesData = (organization) => organization.personal_data_to_models === "pseudonyms";
const toldText = (organization) => hidesData(organization)
  ? "Models are told placeholders for names, mail addresses, numbers and the like; answers have the data again." : "Models are told questions, passages and conversations as they are.";

function toldForm(organization) {
  const box = h("input", { type: "checkbox", id: "hide-personal-data", name: "hide", checked: hidesData(organization), "aria-describedby": "hide-personal-data-says" });
  const form = h("form", { class: "retention", id: "hide-personal-data-form" },
    h("label", { class: "check" }, box, h("span", {}, "Keep personal data from models")),
    h("p", { class: "retention-says", id: "hide-personal-data-says" }, "Placeholders such as [PERSON_1] stand for names, mail addresses, phone numbers and the like in questions, passages and conversations; answers have the data again. Names that are not seen as such are told. Upgrades of prompts do so always; drafts of contracts never."),
    h("button", { class: "button" }, "Save"));
  onSubmit(form, async () => {
    await api.patch("/organization", { personal_data_to_models: box.checked ? "pseudonyms" : "as_is" });
    toast("Saved.");
  });
  return form;
}

/** The switch stands with what it switches. */
const searchesText = (organization) => h("p", { class: "quiet" },
  organization.query_log ? "Searches by programs and the command line are written down. " : "Searches are not written down. ", h("a", { href: "/queries" }, "Searches"));

function organizationForms(organization) {
  const name = h("form", { class: "row-form", id: "organization-name-form" },
    h("div", { class: "field" }, h("label", { for: "organization-name" }, "Name"),
      h("input", { id: "organization-name", name: "name", maxlength: 200, required: true, value: organization.name, autocomplete: "organization", "data-wrong": "Give the organisation a name." })),
    h("button", { class: "button" }, "Rename"));
  onSubmit(name, async (given) => {
    const changed = await api.patch("/organization", { name: given.name.trim() });
    organization.name = changed.name;
    for (const one of document.querySelectorAll(".account-button .tenant, [data-organization]")) fill(one, changed.name);
    toast("Renamed.");
  });

  let days = organization.conversation_retention_days;
  const choice = (value, text) => h("label", { class: "check" }, h("input", { type: "radio", name: "rule", value, checked: (value === "days") === Boolean(days), onchange: show }), h("span", {}, text));
  const field = h("input", { id: "retention-days", name: "days", type: "number", min: 1, max: 3650, step: 1, inputmode: "numeric", required: true, value: days ?? 365, "aria-describedby": "retention-says", "data-wrong": "A whole number of days, from 1 to 3650." });
  const says = h("p", { class: "retention-says", id: "retention-says" });
  const form = h("form", { class: "retention", id: "retention-form" },
    h("fieldset", {}, h("legend", {}, "Old conversations"),
      choice("never", "Never erase them"),
      h("div", { class: "retention-days field" }, choice("days", "Erase those that nobody touched for"), h("label", { class: "hidden", for: "retention-days" }, "Days"), field, h("span", { "aria-hidden": "true" }, "days"))),
    says, h("button", { class: "button" }, "Save the rule"));
  const isOn = () => form.elements.rule.value === "days";
  function show() {
    field.disabled = !isOn();
    fill(says, isOn()
      ? `Every night, conversations of all members that nobody touched for ${plural(Number(field.value) || 0, "day")} are erased for good: questions, answers, and the links by which they were shared. Nobody can bring them back. Documents stay.`
      : "Conversations stay until their owner deletes them.", " ", hidden);
  }
  field.addEventListener("input", show);
  show();
  onSubmit(form, async (given) => {
    const wanted = isOn() ? Number(given.days) : 0;
    if (wanted > 0 && wanted !== days) {
      const yes = await ask({ title: "Erase old conversations?", text: `From tonight on, whatever nobody touched for ${plural(wanted, "day")} is erased for good, for everybody in ${organization.name}.`, yes: "Save the rule", danger: true });
      if (yes === null) return;
    }
    await api.patch("/organization", { conversation_retention_days: wanted });
    days = wanted;
    toast(wanted > 0 ? `Saved: after ${plural(wanted, "day")}.` : "Saved: never.");
  }, { names: { conversation_retention_days: "days" } });
  return [name, form, personalDataForm(organization), toldForm(organization), linkHostsForm(organization), searchesText(organization)];
}

const loadAll = () => Promise.all([loadSessions(), loadSecurity(), loadProviderKeys(), loadMembers(), loadInvitations(), loadGroups(), loadAccounts(), loadKeys(), loadOrganizationModels(), loadSearchModel(), loadIssuers(), loadAlerts(), loadOperatorAccess(), loadErasure(), loadOrganization()]);
document.addEventListener("chancery:back", loadAll);
await loadAll();
// What is above has grown since the browser went to the section.
if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
