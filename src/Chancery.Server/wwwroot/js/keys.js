// Keys of programs, and the service accounts that they can belong to.
import { api } from "./api.js";
import { byId, fill, h } from "./dom.js";
import { ago, date, plural } from "./format.js";
import { onSubmit } from "./forms.js";
import { ask, attempt, once, toast } from "./page.js";
import { every, load } from "./rows.js";

const dayMs = 86_400_000;
const roles = ["viewer", "editor", "admin"];

/** By id. @type {Map<string, any>} */
let accounts = new Map();

export const loadKeys = () => load(byId("keys"), "/keys", keyRow, "No key yet.");

export async function loadAccounts() {
  const owner = byId("key-account");
  if (!owner) return;
  await attempt(async () => {
    accounts = new Map((await every("/service-accounts")).map((one) => [one.id, one]));
    const chosen = owner.value;
    fill(owner, h("option", { value: "" }, "me"), [...accounts.values()].map((one) => h("option", { value: one.id }, one.name)));
    owner.value = accounts.has(chosen) ? chosen : "";
  });
  await load(byId("accounts"), "/service-accounts", accountRow, "No service account yet.");
}

onSubmit(byId("make-account"), async ({ name, role }) => {
  const made = await api.post("/service-accounts", { name: name.trim(), role });
  byId("make-account").reset();
  toast(`“${made.name}” was made. Make a key for it.`);
  await loadAccounts();
});

function accountRow(account, again) {
  const change = (what, text) => attempt(async () => {
    await api.patch(`/service-accounts/${account.id}`, what);
    toast(text);
  }).then(again);
  const remove = async () => {
    const yes = await ask({ title: `Delete the service account “${account.name}”?`, text: `Its ${plural(account.keys, "key")} will stop at once, for good.`, yes: "Delete", danger: true });
    if (yes === null) return;
    await attempt(() => api.remove(`/service-accounts/${account.id}`));
    await Promise.all([loadAccounts(), loadKeys()]);
  };
  const isOff = Boolean(account.disabled_at);
  return h("li", { "data-id": account.id },
    h("div", { class: "who" }, account.name, isOff && h("span", { class: "quiet" }, " (disabled)"), h("small", {}, [plural(account.keys, "key"), isOff ? `disabled ${ago(account.disabled_at)}` : `made ${ago(account.created_at)}`].join(", "))),
    h("select", { "aria-label": `Role of ${account.name}`, onchange: (event) => change({ role: event.target.value }, `${account.name} is ${event.target.value} now.`) },
      roles.map((role) => h("option", { value: role, selected: role === account.role }, role))),
    h("button", { type: "button", class: "button small", "aria-label": `${isOff ? "Enable" : "Disable"} ${account.name}`, onclick: () => change({ disabled: !isOff }, isOff ? `The keys of ${account.name} work again.` : `The keys of ${account.name} do not work any more.`) }, isOff ? "Enable" : "Disable"),
    h("button", { type: "button", class: "button small", "aria-label": `Delete ${account.name}`, onclick: remove }, "Delete"));
}

function keyRow(key, again) {
  const remove = async () => {
    const yes = await ask({ title: "Revoke this key?", text: `Programs that use “${key.name}” lose access at once.`, yes: "Revoke", danger: true });
    if (yes === null) return;
    await attempt(() => api.remove(`/keys/${key.id}`));
    await again();
  };
  const rotate = async () => {
    const yes = await ask({ title: `Give “${key.name}” a new secret?`, text: "It is shown once. The present one goes on working for 24 hours, so that programs can change over.", yes: "Rotate" });
    if (yes === null) return;
    await attempt(async () => {
      const rotated = await api.post(`/keys/${key.id}/rotate`, { overlap_hours: 24 });
      shown(rotated, `The new secret of “${key.name}”. Keep it now: it is shown only once. The one of before ends ${date(rotated.previous_until)}.`);
    });
    await again();
  };
  const now = Date.now();
  const isOver = key.expires_at && Date.parse(key.expires_at) < now;
  const facts = [
    key.role, key.service_account_id && `of ${accounts.get(key.service_account_id)?.name ?? "a service account"}`, key.created_at && `made ${ago(key.created_at)}`,
    key.last_used_at ? `used ${ago(key.last_used_at)}` : "never used",
    isOver ? `ended ${date(key.expires_at)}` : key.expires_at ? `until ${date(key.expires_at)}` : "without an end",
    key.scopes && `only ${key.scopes.join(", ")}`, key.ip_ranges && `from ${key.ip_ranges.join(", ")}`,
    key.requests_per_minute && `${key.requests_per_minute} a minute`,
    Date.parse(key.previous_until ?? "") > now && `the secret of before until ${date(key.previous_until)}`,
  ];
  return h("li", { "data-id": key.id },
    h("div", { class: "who" }, key.name, " ", h("code", { class: "quiet" }, `${key.start}…`), h("small", {}, facts.filter(Boolean).join(", "))),
    !isOver && h("button", { type: "button", class: "button small", "aria-label": `Rotate the key ${key.name}`, onclick: rotate }, "Rotate"),
    h("button", { type: "button", class: "button small", "aria-label": `Revoke the key ${key.name}`, onclick: remove }, "Revoke"));
}

function shown(key, text) {
  const place = byId("made-key");
  fill(place, once(text, "API key", key.key));
  place.scrollIntoView({ block: "nearest" });
}

const form = byId("make-key");
onSubmit(form, async ({ name, role, days, account, ranges, minute }) => {
  const scopes = [...form.querySelectorAll("[name=scope]:checked")].map((box) => box.value);
  const networks = (ranges ?? "").split(/[\s,]+/).filter(Boolean);
  const made = await api.post("/keys", {
    name, role, expires_at: days ? new Date(Date.now() + Number(days) * dayMs).toISOString() : undefined,
    scopes: scopes.length > 0 ? scopes : undefined, ip_ranges: networks.length > 0 ? networks : undefined,
    requests_per_minute: minute ? Number(minute) : undefined, service_account_id: account || undefined,
  });
  form.reset();
  shown(made, `The key “${made.name}”. Keep it now: it is shown only once.`);
  await Promise.all([loadKeys(), loadAccounts()]);
}, { names: { expires_at: "days", ip_ranges: "ranges", requests_per_minute: "minute", service_account_id: "account" } });
