// The organisation's own OpenID Connect issuers: who says who its people are.
import { api } from "./api.js";
import { byId, h } from "./dom.js";
import { onSubmit } from "./forms.js";
import { ask, attempt, me, toast } from "./page.js";
import { load } from "./rows.js";

const isOwner = me.role === "owner";

export const loadIssuers = () => load(byId("issuers"), "/identity/issuers", issuerRow, "Nobody but this server says who your people are.");

if (byId("make-issuer")) {
  onSubmit(byId("make-issuer"), async (given) => {
    const made = await api.post("/identity/issuers", {
      label: given.label.trim(),
      issuer: given.issuer.trim(),
      client_id: given.client.trim(),
      client_secret: given.secret || null,
      algorithm: given.algorithm,
      joins: Boolean(given.joins),
      domains: given.domains.split(",").map((one) => one.trim()).filter(Boolean),
    });
    byId("make-issuer").reset();
    toast(`“${made.label}” is trusted now. Register its redirect address there.`);
    await loadIssuers();
  }, { names: { client_id: "client", client_secret: "secret" } });
}

function issuerRow(issuer, again) {
  const check = async () => {
    const found = await attempt(() => api.post(`/identity/issuers/${issuer.id}/check`));
    if (found) toast(found.reachable ? `It answers, and has ${found.keys.length} of the right keys.` : `It cannot be used: ${found.problem}`);
  };
  const remove = async () => {
    const yes = await ask({ title: `Trust “${issuer.label}” no more?`, text: "Nobody signs in by it from now on. Members stay; those who have no password set one by their e-mail.", yes: "Trust it no more", danger: true });
    if (yes === null) return;
    await attempt(() => api.remove(`/identity/issuers/${issuer.id}`));
    await again();
  };
  return h("li", { "data-id": issuer.id },
    h("div", { class: "who" }, issuer.label,
      h("small", {}, `${issuer.issuer}, ${issuer.algorithm}${issuer.joins ? ", its people join" : ""}`),
      h("small", {}, "Your people begin at ", h("a", { href: issuer.sign_in_url }, issuer.sign_in_url)),
      h("small", {}, `Redirect address to register there: ${issuer.redirect_uri}`)),
    h("button", { type: "button", class: "button small", "aria-label": `Check ${issuer.label}`, onclick: check }, "Check"),
    isOwner && h("button", { type: "button", class: "button small danger", "aria-label": `Trust ${issuer.label} no more`, onclick: remove }, "Remove"));
}
