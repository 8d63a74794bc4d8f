// When the operator read here, and whether the organisation is going to be erased.
import { api } from "./api.js";
import { formDialog } from "./dialogs.js";
import { byId, fill, h } from "./dom.js";
import { moment, plural } from "./format.js";
import { attempt, may, me, refusal, toast } from "./page.js";
import { load } from "./rows.js";

export const loadOperatorAccess = () => byId("operator-access")
  && load(byId("operator-access"), "/organization/operator-access?limit=20", accessRow, "The operator never opened your documents.");

function accessRow(access, again) {
  const over = access.ended_at ? `ended ${moment(access.ended_at)} by ${access.ended_by === "organization" ? "you" : "the operator"}` : `until ${moment(access.until)}`;
  const end = () => attempt(async () => {
    await api.remove(`/organization/operator-access/${access.id}`);
    toast("The operator reads here no more.");
  }).then(again);
  return h("li", { "data-id": access.id },
    h("div", { class: "who" }, h("bdi", {}, access.operator), access.is_open && [" ", h("span", { class: "tag bad" }, "open")],
      h("small", {}, `${moment(access.from)}, ${over}, ${plural(access.requests, "call")}`), h("small", {}, h("bdi", {}, access.reason))),
    access.is_open && h("button", { type: "button", class: "button small danger", "aria-label": `End it: the access of ${access.operator}`, onclick: end }, "End it"));
}

export async function loadErasure() {
  const place = byId("erasure");
  if (!place || !may("organization:manage")) return;
  try {
    const { order } = await api.get("/organization/erasure");
    fill(place, order ? planned(order) : me.role !== "owner" ? h("p", { class: "quiet" }, "Nobody ordered it. Owners can.") : h("div", { class: "with-text" },
      h("p", {}, "Do you want to leave for good? Everything in the organisation is erased, in seven days."),
      h("button", { type: "button", class: "button danger", onclick: erase }, "Erase the organisation…")));
  } catch (fault) {
    fill(place, refusal(fault, loadErasure));
  }
}

const planned = (order) => h("div", { class: "with-text", role: "status" },
  h("p", {}, `This organisation is going to be erased for good on ${moment(order.begins_at)}, as ${order.ordered_by === "owner" ? "an owner" : "the operator"} ordered.`),
  me.role === "owner" && order.ordered_by === "owner" && h("button", { type: "button", class: "button", onclick: () => attempt(async () => {
    await api.remove("/organization/erasure");
    toast("The organisation stays.");
  }).then(loadErasure) }, "Take it back"));

function erase() {
  const dialog = formDialog({
    id: "erase-organization",
    title: `Erase ${me.tenantName} for good?`,
    body: [
      h("p", {}, "In seven days all documents, contracts, conversations and the record go, and people who belong to no other organisation. Until then every owner can take it back."),
      h("div", { class: "field" }, h("label", { for: "erase-name" }, "The organisation’s name, typed again"),
        h("input", { id: "erase-name", name: "name", required: true, maxlength: 200, autocomplete: "off", "data-wrong": "Type the name." })),
    ],
    yes: "Erase it in seven days",
    danger: true,
    names: { name: "name" },
    act: async (given) => {
      await api.post("/organization/erasure", { name: given.name });
      toast("All owners get a letter.");
      await loadErasure();
    },
  });
  return dialog;
}
