// A prompt's labels: where they point, how they are moved, and how they were.
import { api } from "./api.js";
import { fill, h, icon } from "./dom.js";
import { onSubmit } from "./forms.js";
import { moment } from "./format.js";
import { ask, attempt, may, toast } from "./page.js";

/**
 * @param {string} id the prompt's
 * @param {() => any} prompt as it was seen last
 * @param {() => Promise<void>} changed reads it again
 * @returns {{place: HTMLElement, draw: () => void}}
 */
export function labelsOf(id, prompt, changed) {
  const list = h("ul", { class: "labels" });
  const more = h("div", { class: "buttons" });
  const moves = h("ol", {});
  const history = h("details", { class: "moves" }, h("summary", {}, "How they were moved"), moves);
  history.addEventListener("toggle", () => history.open && loadMoves());

  const mayMove = (name) => may(name === "production" ? "prompts:publish" : "prompts:write");

  function draw() {
    const { labels, rollout } = prompt();
    fill(list, labels.map(({ name, version }) => h("li", {},
      h("span", { class: "name" }, name), h("span", {}, `Version ${version}`),
      mayMove(name) && !(name === "production" && rollout) && h("button", { type: "button", class: "button small", "aria-label": `Move ${name}`, onclick: () => move(name, version) }, "Move"),
      name !== "production" && may("prompts:write") && h("button", { type: "button", class: "button bare", "aria-label": `Take ${name} away`, onclick: () => remove(name) }, icon("close")))));
    fill(more, may("prompts:write") && h("button", { type: "button", class: "button small", onclick: () => move("", null) }, icon("plus"), "Another label"));
    more.hidden = more.children.length === 0;
    if (history.open) loadMoves();
  }

  async function loadMoves() {
    await attempt(async () => {
      const { items } = await api.get(`/prompts/${id}/labels?limit=200`);
      fill(moves, items.length === 0 ? h("li", { class: "quiet" }, "Never yet.") : items.map((one) => h("li", {},
        h("strong", {}, one.label), one.to ? (one.from ? `: ${one.from} → ${one.to}` : `: to ${one.to}`) : ": taken away",
        h("span", { class: "quiet" }, `, ${moment(one.created_at)}, `, h("bdi", {}, one.author)), one.why && h("p", { class: "quiet", dir: "auto" }, one.why))));
    });
  }

  async function remove(name) {
    const yes = await ask({ title: `Take ${name} away?`, text: "Programs that ask for this label get an error from then on.", yes: "Take it away", danger: true });
    if (yes === null) return;
    await attempt(async () => {
      await api.remove(`/prompts/${id}/labels/${name}`);
      toast(`${name} is gone.`);
      await changed();
      more.querySelector("button")?.focus();
    });
  }

  /** @param {string} name empty for a new label @param {number | null} seen where it pointed when it was looked at */
  function move(name, seen) {
    const opener = document.activeElement;
    const { latest } = prompt();
    const clash = h("div", {});
    const skip = h("label", { class: "check", hidden: true }, h("input", { type: "checkbox", name: "skip" }), "Move it without passing the gate; why is in the history");
    const version = h("select", { id: "label-version", name: "version" },
      Array.from({ length: latest }, (_, i) => latest - i).map((number) => h("option", { value: number, selected: number === (name === "" || seen !== latest ? latest : seen) }, `Version ${number}${number === seen ? " (now)" : ""}`)));
    const form = h("form", { id: "label-form" },
      h("h2", { id: "label-title" }, name ? `Move ${name}` : "Another label"),
      name === "production" && h("p", {}, "Everybody gets this version at once. A rollout gives it to a few first."),
      !name && h("div", { class: "field" }, h("label", { for: "label-name" }, "Name"),
        h("input", { id: "label-name", name: "label", required: true, maxlength: 40, pattern: "[a-z][a-z0-9\\-]*", autocomplete: "off", spellcheck: "false", "data-wrong": "It has lower-case letters, digits and dashes, and begins with a letter.", placeholder: "staging" })),
      h("div", { class: "field" }, h("label", { for: "label-version" }, "Points at"), version),
      h("div", { class: "field" }, h("label", { for: "label-why" }, "Why (for the history)"), h("input", { id: "label-why", name: "why", maxlength: 2000, autocomplete: "off" })),
      clash, skip,
      h("div", { class: "buttons" }, h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Cancel"), h("button", { class: "button primary" }, name ? "Move it" : "Add it")));
    const dialog = h("dialog", { class: "ask", "aria-labelledby": "label-title" }, form);
    let expected = seen;
    onSubmit(form, async (values) => {
      const label = name || values.label.trim();
      try {
        await api.put(`/prompts/${id}/labels/${encodeURIComponent(label)}`, { version: Number(values.version), ...(expected ? { expected } : {}), ...(values.why ? { why: values.why } : {}), ...(values.skip && !skip.hidden ? { skip_gate: true } : {}) });
      } catch (fault) {
        if (["evaluation-missing", "evaluation-worse"].includes(fault.code)) skip.hidden = false;
        if (fault.code !== "label-moved") throw fault;
        await changed();
        // What was chosen stays; sent again, it starts from where the label is now.
        expected = prompt().labels.find((one) => one.name === label)?.version ?? null;
        fill(clash, h("div", { class: "conflict", role: "alert" }, h("h3", {}, "Somebody moved it meanwhile"),
          h("p", {}, expected ? `You saw version ${seen}; it points at version ${expected} now. Move it all the same, or leave it there.` : "It was taken away. Move it all the same, and it is back.")));
        form.querySelector("button:not([type=button])").textContent = "Move it all the same";
        return;
      }
      dialog.close();
      toast(`${label} points at version ${values.version}.`);
      await changed();
    }, { keeps: false });
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (opener?.isConnected) opener.focus();
      else list.querySelector("button")?.focus();
    });
    document.body.append(dialog);
    dialog.showModal();
  }

  return { place: h("section", { "aria-labelledby": "labels-title" }, h("h2", { id: "labels-title" }, "Labels"), list, more, history), draw };
}
