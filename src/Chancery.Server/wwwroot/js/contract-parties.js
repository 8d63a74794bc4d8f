// The parties of a contract as fields of a form: name and what the contract calls them.
import { h, icon } from "./dom.js";

const most = 20;

function row(number, party) {
  const id = `party-${number}`;
  return h("div", { class: "party" },
    h("div", { class: "field" }, h("label", { for: id }, `Party ${number}`), h("input", { id, name: id, value: party?.name, maxlength: 300, autocomplete: "off", dir: "auto", placeholder: "Name in full" })),
    h("div", { class: "field" }, h("label", { for: `${id}-role` }, "Called"), h("input", { id: `${id}-role`, name: `${id}-role`, value: party?.role, maxlength: 100, autocomplete: "off", dir: "auto", placeholder: "Supplier, Landlord…" })),
    h("input", { type: "hidden", name: `${id}-address`, value: party?.address ?? "" }));
}

/** Fields for these and, up to two, for more; a button adds others. @param {any[]} [parties] */
export function partyFields(parties = []) {
  const rows = h("div", { class: "parties-fields" }, Array.from({ length: Math.max(2, parties.length) }, (_, place) => row(place + 1, parties[place])));
  const another = h("button", { type: "button", class: "button small", hidden: parties.length >= most, onclick: () => {
    const added = row(rows.children.length + 1);
    rows.append(added);
    another.hidden = rows.children.length >= most;
    added.querySelector("input").focus();
  } }, icon("plus"), "Another party");
  return [rows, another];
}

/** Those that have a name. @param {Record<string, string>} values of the form */
export function partiesIn(values) {
  const parties = [];
  for (let number = 1; values[`party-${number}`] !== undefined; number++) {
    const said = (name) => values[`party-${number}${name}`].trim() || undefined;
    if (said("")) parties.push({ name: said(""), role: said("-role"), address: said("-address") });
  }
  return parties;
}
