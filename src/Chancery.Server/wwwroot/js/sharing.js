// Showing a conversation to colleagues by a link, and taking the link back.
import { api } from "./api.js";
import { fill, h, icon } from "./dom.js";
import { ago } from "./format.js";
import { attempt, me, refusal, toast } from "./page.js";

/** @param {string} text */
export async function copy(text, said = "Copied.") {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = h("textarea", { class: "hidden", "aria-hidden": "true", tabindex: -1 });
    area.value = text;
    (document.querySelector("dialog:modal") ?? document.body).append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast(said);
}

/** @param {string} conversation */
export function openShares(conversation) {
  const list = h("ul", { class: "rows shares", "aria-label": "Links" });
  const make = h("button", { type: "button", class: "button primary", onclick: () => create() }, icon("share"), "Make a link");
  const dialog = h("dialog", { class: "ask wide", "aria-labelledby": "share-title" },
    h("h2", { id: "share-title" }, "Share this conversation"),
    h("p", {}, `A link shows the conversation as it is now to every member of ${me.tenantName}, and to nobody else. What you ask later stays yours. Answers are shown as far as the reader may read the documents behind them.`),
    list,
    h("div", { class: "buttons" }, h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Close"), make));
  dialog.addEventListener("close", () => dialog.remove());

  const row = (share) => {
    const field = h("input", { readonly: true, value: new URL(`/shared/${share.id}`, location.href).href, "aria-label": `Link made ${ago(share.created_at)}`, onfocus: () => field.select() });
    return h("li", {},
      h("div", { class: "with-button" }, field, h("button", { type: "button", class: "button", onclick: () => copy(field.value, "The link was copied.") }, icon("copy"), "Copy")),
      h("div", { class: "share-foot" }, h("span", { class: "quiet" }, `Made ${ago(share.created_at)}`),
        h("button", { type: "button", class: "button small danger", "aria-label": `Take back the link made ${ago(share.created_at)}`, onclick: () => attempt(async () => {
          await api.remove(`/shares/${share.id}`);
          toast("The link does not work any more.");
          await load();
          make.focus();
        }) }, "Take back")));
  };
  async function load() {
    try {
      const { items } = await api.get(`/conversations/${conversation}/shares`);
      fill(make, icon("share"), items.length > 0 ? "Make another link" : "Make a link");
      fill(list, items.length > 0 ? items.map(row) : h("li", { class: "quiet" }, "No link yet: only you can read this conversation."));
    } catch (fault) {
      fill(list, h("li", {}, refusal(fault, load)));
    }
  }
  async function create() {
    make.disabled = true;
    await attempt(async () => {
      await api.post(`/conversations/${conversation}/shares`);
      await load();
      list.querySelector("input")?.focus();
    });
    make.disabled = false;
  }
  fill(list, h("li", { class: "quiet" }, "Loading…"));
  document.body.append(dialog);
  dialog.showModal();
  load();
}
