// Second factors: authenticator app, passkeys, recovery codes, and what the organisation asks of its people.
import { api } from "./api.js";
import { byId, fill, h } from "./dom.js";
import { ago, date, plural } from "./format.js";
import { onSubmit } from "./forms.js";
import { ask, attempt, may, oneAtATime, refusal, toast } from "./page.js";
import { canUsePasskeys, makePasskey } from "./passkeys.js";

/** What is shown once stays until the person says that it is kept. @type {Node | null} */
let shownOnce = null;

export async function loadSecurity() {
  const place = byId("security");
  if (!place) return;
  try {
    const policy = may("organization:manage") && !place.dataset.returnUrl;
    const [mine, passkeys, rule] = await Promise.all([api.get("/me/second-factors"), api.get("/me/passkeys"), policy ? api.get("/organization/sign-in-policy") : null]);
    const has = Boolean(mine.totp_since) || passkeys.items.length > 0;
    fill(place,
      adviceOf(mine, has, place.dataset.returnUrl),
      shownOnce,
      h("ul", { class: "rows", id: "factors", "aria-label": "Your second factors" },
        appRow(mine), passkeys.items.map(passkeyRow), has && codesRow(mine)),
      h("div", { id: "app-setup" }),
      canUsePasskeys() ? passkeyForm() : h("p", { class: "quiet" }, "This browser makes no passkeys at this address."),
      rule && policyForm(rule));
  } catch (fault) {
    fill(place, refusal(fault, loadSecurity));
  }
  place.removeAttribute("aria-busy");
}

function adviceOf(mine, has, returnUrl) {
  if (returnUrl && has && mine.sign_in_methods.includes("mfa")) {
    return h("p", { class: "notice" }, h("span", {}, "You have a second factor now. "), h("a", { class: "button primary", href: returnUrl }, "Go on"));
  }
  if (has) return null;
  if (mine.policy === "required") return h("p", { class: "notice" }, `Your organisation requires a second factor from ${date(mine.required_from)} on.`);
  if (mine.policy === "encouraged") return h("p", { class: "notice" }, "Your organisation advises you to set up a second factor.");
  return null;
}

const row = (name, facts, ...buttons) => h("li", {}, h("div", { class: "who" }, name, h("small", {}, facts)), ...buttons);

const button = (label, text, act, extra = "") => h("button", { type: "button", class: `button small ${extra}`.trim(), "aria-label": label, onclick: oneAtATime(act) }, text);

function appRow(mine) {
  if (!mine.totp_since) {
    return row("Authenticator app", "Six digits that change every half minute", button("Set up an authenticator app", "Set up", setUpApp));
  }
  const facts = [`since ${date(mine.totp_since)}`, mine.totp_last_used_at && `last used ${ago(mine.totp_last_used_at)}`].filter(Boolean).join(", ");
  return row("Authenticator app", facts, button("Remove the authenticator app", "Remove", () => removeFactor("your authenticator app", "/me/second-factors/totp"), "danger"));
}

function passkeyRow(passkey) {
  const facts = [passkey.is_synced ? "passkey, on several devices" : "passkey", `since ${date(passkey.created_at)}`, passkey.last_used_at && `last used ${ago(passkey.last_used_at)}`].filter(Boolean).join(", ");
  return row(h("bdi", {}, passkey.name), facts,
    button(`Rename ${passkey.name}`, "Rename", () => renamePasskey(passkey)),
    button(`Remove ${passkey.name}`, "Remove", () => removeFactor(`the passkey ${passkey.name}`, `/me/passkeys/${passkey.id}`), "danger"));
}

function codesRow(mine) {
  return row("Recovery codes", `${plural(mine.recovery_codes_left, "code")} left; each works once`, button("Make new recovery codes", "Make new recovery codes", async () => {
    const yes = await ask({ title: "Make new recovery codes?", text: "Those that you have now stop working.", yes: "Make new ones" });
    if (yes === null) return;
    await attempt(async () => {
      showCodes((await api.post("/me/second-factors/recovery-codes")).codes);
      await loadSecurity();
    });
  }));
}

async function removeFactor(what, path) {
  const yes = await ask({ title: `Remove ${what}?`, text: "It opens nothing any more. Without any second factor your password alone lets somebody in.", yes: "Remove", danger: true });
  if (yes === null) return;
  await attempt(async () => {
    await api.remove(path);
    toast(`Removed ${what}.`);
    await loadSecurity();
  });
}

async function renamePasskey(passkey) {
  const name = await ask({ title: "Rename the passkey", label: "Name", value: passkey.name, yes: "Save" });
  if (!name) return;
  await attempt(async () => {
    await api.patch(`/me/passkeys/${passkey.id}`, { name });
    await loadSecurity();
  });
}

async function setUpApp() {
  await attempt(async () => {
    const setup = await api.post("/me/second-factors/totp");
    const form = h("form", { class: "row-form", id: "app-code-form" },
      h("div", { class: "field narrow" }, h("label", { for: "app-code" }, "Code"), h("input", { id: "app-code", name: "code", inputmode: "numeric", autocomplete: "one-time-code", maxlength: "8", required: true, "data-wrong": "The six digits that the app shows." })),
      h("button", { class: "button primary" }, "Turn it on"));
    fill(byId("app-setup"), h("div", { class: "once" },
      h("p", {}, "Scan this with your authenticator app, or type the secret into it. Then give the code that it shows."),
      h("img", { class: "qr", alt: "QR code with the secret below", width: "200", height: "200", src: `data:image/svg+xml;base64,${btoa(setup.qr_svg)}` }),
      h("p", {}, "Secret: ", h("code", {}, setup.secret.match(/.{1,4}/g).join(" "))),
      form));
    onSubmit(form, async ({ code }) => {
      const made = await api.post("/me/second-factors/totp/confirm", { code: code.trim() });
      toast("Your authenticator app is on.");
      showCodes(made.codes);
      await loadSecurity();
    }, { keeps: false });
    byId("app-code").focus();
  });
}

function passkeyForm() {
  const form = h("form", { class: "row-form", id: "add-passkey" },
    h("div", { class: "field" }, h("label", { for: "passkey-name" }, "What a new passkey is called"), h("input", { id: "passkey-name", name: "name", maxlength: "100", autocomplete: "off", required: true, "data-wrong": "Say which device it is on." })),
    h("button", { class: "button" }, "Add a passkey"));
  onSubmit(form, async ({ name }) => {
    const asked = await api.post("/me/passkeys/options", {});
    const made = await api.post("/me/passkeys", { challenge: asked.challenge, passkey: await makePasskey(asked.options), name: name.trim() });
    toast(`The passkey ${made.passkey.name} is yours.`);
    showCodes(made.recovery_codes);
    await loadSecurity();
  }, { keeps: false });
  return form;
}

/** @param {string[]} codes */
function showCodes(codes) {
  if (codes.length === 0) return;
  shownOnce = h("div", { class: "once", role: "group", "aria-labelledby": "codes-title" },
    h("p", { id: "codes-title" }, "Your recovery codes. Keep them where you find them without this device: each lets you in once, and they are not shown again."),
    h("ul", { class: "recovery-codes" }, codes.map((code) => h("li", {}, h("code", {}, code)))),
    h("div", { class: "button-row" },
      h("button", { type: "button", class: "button", onclick: () => attempt(async () => { await navigator.clipboard.writeText(codes.join("\n")); toast("Copied."); }) }, "Copy them"),
      h("button", { type: "button", class: "button", onclick: () => { shownOnce?.remove(); shownOnce = null; } }, "I have kept them")));
}

function policyForm(rule) {
  const option = (value, text, chosen) => h("option", { value, selected: value === chosen }, text);
  const form = h("form", { class: "row-form", id: "sign-in-policy" },
    h("div", { class: "field" }, h("label", { for: "policy-rule" }, "For the organisation, a second factor is"),
      h("select", { id: "policy-rule", name: "second_factor" }, option("none", "up to each person", rule.second_factor), option("encouraged", "advised", rule.second_factor), option("required", "required", rule.second_factor))),
    h("div", { class: "field narrow" }, h("label", { for: "policy-people" }, "Of"),
      h("select", { id: "policy-people", name: "applies_to" }, option("everybody", "everybody", rule.applies_to), option("managers", "owners and admins", rule.applies_to))),
    h("div", { class: "field narrow" }, h("label", { for: "policy-days" }, "Days of grace"),
      h("input", { id: "policy-days", name: "grace_days", type: "number", min: "0", max: "90", step: "1", value: "7", "data-wrong": "0 to 90 days." })),
    h("button", { class: "button" }, "Save this rule"));
  onSubmit(form, async (given) => {
    const saved = await api.put("/organization/sign-in-policy", { second_factor: given.second_factor, applies_to: given.applies_to, grace_days: Number(given.grace_days) });
    toast(saved.required_from ? `Saved: required from ${date(saved.required_from)} on.` : "Saved.");
    await loadSecurity();
  }, { keeps: false });
  return form;
}
