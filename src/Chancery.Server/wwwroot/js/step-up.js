// A dangerous action of somebody who signed in a while ago: who they are is asked, and the action done then.
import { api } from "./api.js";
import { formDialog } from "./dialogs.js";
import { h } from "./dom.js";
import { refusal } from "./page.js";
import { canUsePasskeys, usePasskey } from "./passkeys.js";

/** One question at a time, however many calls wait for it. @type {Promise<boolean> | null} */
let asking = null;

/**
 * @param {{factors?: string[], sign_in?: string}} problem what the server refused
 * @returns {Promise<boolean>} whether they proved it
 */
export function prove(problem) {
  asking ??= ask(problem.factors ?? [], problem.sign_in ?? "/login?again=1").finally(() => { asking = null; });
  return asking;
}

/**
 * @param {string[]} factors
 * @param {string} signIn where whom an issuer signed in is asked once more
 */
function ask(factors, signIn) {
  return new Promise((resolve) => {
    const has = (factor) => factors.includes(factor);
    const done = (body) => api.post("/auth/step-up", body).then(() => resolve(true));
    const says = h("div", {});
    const withPasskey = has("passkey") && canUsePasskeys() && h("button", { type: "button", class: "button", onclick: async () => {
      try {
        const asked = await api.post("/auth/step-up/passkey", {});
        await done({ challenge: asked.challenge, passkey: await usePasskey(asked.options) });
        dialog.close();
      } catch (fault) {
        says.replaceChildren(refusal(fault));
      }
    } }, "Use a passkey");
    const field = has("password")
      ? [h("label", { for: "prove-password" }, "Your password"), h("input", { id: "prove-password", name: "password", type: "password", autocomplete: "current-password", required: true, "data-wrong": "Give your password." })]
      : [h("label", { for: "prove-code" }, has("totp") ? "Code of your authenticator app, or a recovery code" : "A recovery code"),
         h("input", { id: "prove-code", name: "code", autocomplete: "one-time-code", autocapitalize: "none", spellcheck: "false", required: true, maxlength: "64", "data-wrong": "Give a code." })];
    // Whom an issuer signed in, it asks once more.
    const asksIssuer = has("issuer");
    const needsField = has("password") || has("totp") || has("recovery_code");
    const dialog = formDialog({
      id: "prove",
      title: "Is it you?",
      body: [
        h("p", {}, "This is dangerous, and you signed in a while ago. Show once more who you are."),
        withPasskey, says,
        needsField && h("div", { class: "field" }, field),
      ].filter(Boolean),
      yes: asksIssuer ? "Sign in once more" : "Go on",
      names: { recovery_code: "code" },
      act: ({ password, code }) => {
        // The page comes back to where it was; what was to be done is done by hand.
        if (asksIssuer) return void location.assign(`${signIn}&return_url=${encodeURIComponent(location.pathname + location.search)}`);
        if (password !== undefined) return done({ password });
        const text = (code ?? "").trim();
        return done(/^[\d ]{6,8}$/.test(text) ? { code: text } : { recovery_code: text });
      },
    });
    dialog.addEventListener("close", () => resolve(false));
    dialog.querySelector("input")?.focus();
  });
}
