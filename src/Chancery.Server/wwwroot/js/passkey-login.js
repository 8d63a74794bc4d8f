// Signing in by a passkey: alone, or as the second step. The form carries the browser's answer.
import { canUsePasskeys, usePasskey } from "./passkeys.js";

async function optionsOf(path, body) {
  const response = await fetch(`/api/v1/auth/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail ?? answer.title);
  return answer;
}

/** @param {string} id @param {string} path @param {any} body */
function onPasskey(id, path, body) {
  const form = document.getElementById(id);
  if (!(form instanceof HTMLFormElement) || !canUsePasskeys()) return;
  form.hidden = false;
  const note = form.querySelector(".notice");
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    if (form.elements.passkey.value) return;
    event.preventDefault();
    note.hidden = true;
    button.disabled = true;
    try {
      const asked = await optionsOf(path, body);
      form.elements.passkey.value = JSON.stringify(await usePasskey(asked.options));
      if (form.elements.challenge) form.elements.challenge.value = asked.challenge;
      form.submit();
    } catch (fault) {
      note.textContent = fault.message;
      note.hidden = false;
      button.disabled = false;
    }
  });
}

onPasskey("passkey-login", "passkey/options", { kind: "page" });
onPasskey("passkey-step", "second-factor/passkey", {});
