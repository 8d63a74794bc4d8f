// Where the organisation is told of limits that are nearly or wholly used.
import { api } from "./api.js";
import { byId, fill, h } from "./dom.js";
import { ago } from "./format.js";
import { onSubmit } from "./forms.js";
import { ask, attempt, may, once, refusal, toast } from "./page.js";

const path = "/alerts/webhook";
/** Stays on the page until it is left. */
let secret = "";

/** What became of the last one. @param {any} webhook */
const lastly = (webhook) =>
  webhook.failed_at ? `The last one did not arrive ${ago(webhook.failed_at)}: ${webhook.failure}.`
  : webhook.delivered_at ? `The last one arrived ${ago(webhook.delivered_at)}.`
  : webhook.url ? "Nothing was sent yet."
  : "Nobody is told yet.";

export async function loadAlerts() {
  const place = byId("alerts");
  if (!place || !may("organization:manage")) return;
  try {
    show(place, await api.get(path));
  } catch (fault) {
    fill(place, refusal(fault, loadAlerts));
  }
  place.removeAttribute("aria-busy");
}

/** @param {HTMLElement} place @param {any} webhook */
function show(place, webhook) {
  const form = h("form", { class: "row-form", id: "alert-form" },
    h("div", { class: "field" }, h("label", { for: "alert-url" }, "Address"),
      h("input", { id: "alert-url", name: "url", inputmode: "url", maxlength: 2048, required: true, autocomplete: "off", spellcheck: "false", placeholder: "https://example.com/chancery", value: webhook.url, "data-wrong": "A public address that begins with https://." })),
    h("button", { class: "button" }, webhook.url ? "Change" : "Tell this address"));
  onSubmit(form, async (given) => {
    secret = (await api.put(path, { url: given.url.trim() })).secret;
    show(place, await api.get(path));
  });
  const test = h("button", { type: "button", class: "button small", onclick: async () => {
    test.disabled = true;
    const sent = await attempt(() => api.post(`${path}/test`));
    if (sent) toast(sent.delivered ? "The test arrived." : `The test did not arrive: ${sent.failure}.`);
    await loadAlerts();
  } }, "Send a test");
  const stop = h("button", { type: "button", class: "button small danger", onclick: async () => {
    const yes = await ask({ title: "Tell nobody any more?", text: `${webhook.url} is told of no limit any more, and its secret is forgotten.`, yes: "Stop telling", danger: true });
    if (yes === null) return;
    await attempt(() => api.remove(path));
    secret = "";
    await loadAlerts();
  } }, "Stop telling");
  fill(place, form,
    secret && once("This secret signs what is sent. It is shown only now.", "Secret of the alerts", secret),
    h("p", { class: "quiet" }, lastly(webhook)),
    webhook.url && h("div", { class: "alert-buttons" }, test, stop));
}
