// Who may read a document, a collection or a contract, and why.
import { api } from "./api.js";
import { fill, h } from "./dom.js";
import { oneAtATime, attempt, may, refusal, toast } from "./page.js";
import { every } from "./rows.js";

const kinds = { group: "Groups", person: "People", service_account: "Service accounts", key: "Keys" };

const reasons = {
  role: (one) => `${one.role}s read everything`,
  everybody: () => "open to everybody",
  named: () => "named",
  group: (one) => `in ${one.groups.join(", ")}`,
};

/** Whom a list can name. */
async function nameable() {
  const people = (await every("/members")).map((one) => ({ id: one.user_id, kind: "person", name: one.name ? `${one.name} (${one.email})` : one.email }));
  const groups = (await every("/groups")).map((one) => ({ id: one.id, kind: "group", name: one.name }));
  if (!may("keys:manage")) return [...groups, ...people];
  const accounts = (await every("/service-accounts")).map((one) => ({ id: one.id, kind: "service_account", name: one.name }));
  const keys = (await every("/keys")).map((one) => ({ id: one.id, kind: "key", name: one.name }));
  return [...groups, ...people, ...accounts, ...keys];
}

/**
 * A dialog that shows and sets it.
 * @param {"docs" | "collections" | "contracts"} at @param {{id: string, name: string}} thing
 */
export function openAccess(at, thing) {
  const isDocument = at === "docs";
  // Of contracts it is not told one by one.
  const isTold = at !== "contracts";
  const dialog = h("dialog", { class: "ask wide access", "aria-labelledby": "access-title" });
  const body = h("div", { class: "access-body", "aria-busy": "true" }, h("p", { class: "quiet" }, "Loading…"));
  const readers = h("ul", { class: "readers", "aria-label": "Who may read it" });
  fill(dialog,
    h("h2", { id: "access-title" }, "Who may read ", h("bdi", {}, `“${thing.name}”`)),
    body,
    isTold && h("section", { "aria-labelledby": "access-who" }, h("h3", { id: "access-who" }, "Who may read it now, and why"), readers),
    h("div", { class: "buttons" }, h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Close")));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return Promise.all([show(), isTold && who()]);

  async function show() {
    try {
      const [access, others] = await Promise.all([api.get(`/${at}/${thing.id}/access`), nameable()]);
      fill(body, editor(access, others));
    } catch (fault) {
      fill(body, refusal(fault, show));
    }
    body.removeAttribute("aria-busy");
  }

  async function who() {
    try {
      const first = await api.get(`/${at}/${thing.id}/readers?limit=50`);
      fill(readers, rows(first));
    } catch (fault) {
      fill(readers, h("li", {}, refusal(fault, who)));
    }
  }

  function rows(page) {
    const more = page.next_cursor && h("li", {}, h("button", { type: "button", class: "button small", onclick: oneAtATime(() => attempt(async () => {
      const next = await api.get(`/${at}/${thing.id}/readers?limit=50&cursor=${page.next_cursor}`);
      more.replaceWith(...rows(next).filter(Boolean));
    })) }, "Show more"));
    return [...page.items.map((one) => h("li", {}, h("span", {}, one.name || one.email), h("small", { class: "quiet" }, reasons[one.reason](one)))), more];
  }

  function editor(access, others) {
    const isOwn = isTold ? access.source === (isDocument ? "document" : "collection") : access.is_restricted;
    /** @type {Map<string, any>} */
    const chosen = new Map((isOwn ? access.readers : []).map((one) => [one.id, one]));
    const chips = h("ul", { class: "chips", "aria-label": "Named readers" });
    const select = h("select", { id: "access-add", onchange: () => add() });
    const list = h("div", { class: "access-list", hidden: !isOwn },
      chips, h("div", { class: "field" }, h("label", { for: "access-add" }, "Add a reader"), select),
      h("p", { class: "hint" }, "Owners and admins read everything, named or not."));
    const choice = (value, text) => h("label", { class: "check" }, h("input", { type: "radio", name: "rule", value, checked: (value === "list") === isOwn, onchange: () => { list.hidden = form.elements.rule.value !== "list"; } }), h("span", {}, text));
    const open = isDocument
      ? access.source === "collection" ? "As its collection: only whom that names" : "As its collection: everybody, unless that has a list"
      : "Everybody in the organisation";
    const problem = h("div");
    const form = h("form", {},
      h("fieldset", {}, h("legend", { class: "hidden" }, "Who may read it"), choice("open", open), choice("list", "Only these")),
      list, problem, h("div", { class: "buttons" }, h("button", { class: "button primary" }, "Save")));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      fill(problem);
      try {
        if (form.elements.rule.value === "list") await api.put(`/${at}/${thing.id}/access`, { readers: [...chosen.keys()] });
        else await api.remove(`/${at}/${thing.id}/access`);
        toast("Saved. It holds from now on.");
        await Promise.all([show(), isTold && who()]);
        dialog.querySelector("input[name=rule]:checked")?.focus();
      } catch (fault) {
        fill(problem, refusal(fault));
      }
    });
    draw();
    return form;

    function add() {
      const one = others.find((other) => other.id === select.value);
      if (!one) return;
      chosen.set(one.id, one);
      draw();
      select.focus();
    }

    function draw() {
      fill(chips, chosen.size > 0 ? [...chosen.values()].map((one) =>
        h("li", {}, h("span", {}, one.name || one.email, one.kind !== "person" && h("span", { class: "quiet" }, ` (${kinds[one.kind].toLowerCase().slice(0, -1)})`)),
          h("button", { type: "button", class: "bare", "aria-label": `Take ${one.name || one.email} off`, onclick: () => { chosen.delete(one.id); draw(); select.focus(); } }, "×")))
        : h("li", { class: "quiet" }, "Nobody but owners and admins."));
      fill(select, h("option", { value: "" }, "Choose…"), Object.entries(kinds).map(([kind, label]) => {
        const some = others.filter((one) => one.kind === kind && !chosen.has(one.id));
        return some.length > 0 && h("optgroup", { label }, some.map((one) => h("option", { value: one.id }, one.name)));
      }));
    }
  }
}
