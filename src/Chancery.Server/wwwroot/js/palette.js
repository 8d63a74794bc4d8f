// Go anywhere by name: Ctrl+K or ⌘K. A combobox over a list of screens, actions, conversations and documents.
import { api } from "./api.js";
import { byId, fill, h, icon } from "./dom.js";
import { may } from "./page.js";

const button = byId("palette-button");
const isApple = /Mac|iP(hone|ad)/.test(navigator.platform);
const waitMs = 150;
const shown = 6;

button.hidden = false;
fill(byId("palette-keys"), isApple ? "⌘K" : "Ctrl K");

const go = (href) => () => location.assign(href);

function theme(value) {
  return () => {
    const radio = document.querySelector(`[data-theme-choices] input[value="${value}"]`);
    radio.checked = true;
    radio.dispatchEvent(new Event("change"));
  };
}

const fixed = [
  { group: "Go to", label: "Ask a new question", words: "chat conversation start", picture: "plus", act: go("/chat") },
  { group: "Go to", label: "Documents", words: "files register", picture: "file", act: go("/documents") },
  { group: "Go to", label: "Contracts", words: "agreements drafts revisions clauses", picture: "edit", act: go("/contracts") },
  may("prompts:read") && { group: "Go to", label: "Prompts", words: "system templates versions labels rollout canary", picture: "sliders", act: go("/prompts") },
  may("documents:read") && { group: "Go to", label: "Evaluation", words: "datasets questions runs scores judges compare quality eval", picture: "check", act: go("/evaluation") },
  { group: "Go to", label: "Searches", words: "query log history what was searched for replay", picture: "search", act: go("/queries") },
  { group: "Go to", label: "Usage", words: "cost spending money tokens budget cap models", picture: "search", act: go("/usage") },
  may("audit:read") && { group: "Go to", label: "Audit", words: "record log who did what history security", picture: "search", act: go("/audit") },
  { group: "Go to", label: "Analytics", words: "charts messages live statistics counters top questions dashboard", picture: "search", act: go("/analytics") },
  { group: "Go to", label: "Settings", words: "", picture: "gear", act: go("/settings") },
  { group: "Settings", label: "Settings: you", words: "profile name theme", picture: "gear", act: go("/settings#you") },
  { group: "Settings", label: "Settings: sign-in", words: "password sessions devices log out everywhere", picture: "gear", act: go("/settings#sign-in") },
  { group: "Settings", label: "Settings: model keys", words: "provider openai groq openrouter own key", picture: "key", act: go("/settings#model-keys") },
  { group: "Settings", label: "Settings: members", words: "people colleagues roles", picture: "gear", act: go("/settings#members-section") },
  may("members:manage") && { group: "Settings", label: "Settings: invitations", words: "invite people", picture: "gear", act: go("/settings#invitations-section") },
  may("keys:manage") && { group: "Settings", label: "Settings: API keys", words: "programs", picture: "key", act: go("/settings#keys-section") },
  { group: "Settings", label: "Settings: organisation", words: "name retention", picture: "gear", act: go("/settings#organization-section") },
  may("contracts:write") && { group: "Do", label: "Draft a contract", words: "new agreement nda write import", picture: "plus", act: go("/contracts/new") },
  may("chat:ask") && { group: "Do", label: "Upgrade a prompt", words: "rough better rewrite improve", picture: "edit", act: go("/upgrade") },
  may("prompts:write") && { group: "Do", label: "Write a prompt", words: "new template", picture: "plus", act: go("/prompts/new") },
  may("documents:write") && { group: "Do", label: "Upload documents", words: "add file", picture: "upload", act: go("/documents") },
  { group: "Do", label: "Use the light theme", words: "bright day", picture: "check", act: theme("light") },
  { group: "Do", label: "Use the dark theme", words: "night", picture: "check", act: theme("dark") },
  { group: "Do", label: "Use the system’s theme", words: "auto", picture: "check", act: theme("system") },
  { group: "Do", label: "Sign out", words: "leave log out", picture: "close", act: () => byId("sign-out").requestSubmit() },
].filter(Boolean);

let dialog = null;

function open() {
  if (dialog) return;
  let options = [];
  let at = 0;
  let asked = null;
  let timer = 0;
  /** Enter was pressed before what it goes to was found. */
  let isAwaited = false;

  const list = h("div", { class: "palette-list", id: "palette-list", role: "listbox", "aria-label": "Places and actions" });
  const status = h("p", { class: "hidden", role: "status" });
  const input = h("input", {
    type: "text", id: "palette-input", role: "combobox", autocomplete: "off", spellcheck: "false", maxlength: 200,
    placeholder: "Screen, conversation, document…", "aria-label": "Go to", "aria-expanded": "true",
    "aria-controls": "palette-list", "aria-autocomplete": "list",
  });
  dialog = h("dialog", { class: "palette", "aria-label": "Go to" },
    h("div", { class: "palette-head" }, icon("search"), input, h("button", { type: "button", class: "button bare", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"))),
    list, status,
    h("p", { class: "palette-foot", "aria-hidden": "true" }, h("span", {}, h("kbd", {}, "↑"), h("kbd", {}, "↓"), " choose"), h("span", {}, h("kbd", {}, "Enter"), " go"), h("span", {}, h("kbd", {}, "Esc"), " close")));

  const close = (option) => {
    dialog.close();
    option.act();
  };

  const mark = () => {
    options.forEach((option, i) => option.element.setAttribute("aria-selected", String(i === at)));
    const chosen = options[at]?.element;
    if (chosen) input.setAttribute("aria-activedescendant", chosen.id);
    else input.removeAttribute("aria-activedescendant");
    chosen?.scrollIntoView({ block: "nearest" });
  };

  function draw(found, note) {
    options = found;
    at = Math.min(at, Math.max(0, found.length - 1));
    const groups = [...new Set(found.map((option) => option.group))];
    fill(list, groups.map((group, g) => h("div", { role: "group", "aria-labelledby": `palette-group-${g}` },
      h("p", { class: "palette-group", id: `palette-group-${g}`, role: "presentation" }, group),
      found.filter((option) => option.group === group).map((option) => {
        option.element = h("div", { class: "palette-option", role: "option", id: `palette-option-${found.indexOf(option)}`, "aria-selected": "false",
          onclick: () => close(option), onpointermove: (event) => { if ((event.movementX || event.movementY) && at !== found.indexOf(option)) { at = found.indexOf(option); mark(); } } },
          icon(option.picture), h("span", {}, option.label));
        return option.element;
      }))));
    list.hidden = found.length === 0;
    input.setAttribute("aria-expanded", String(found.length > 0));
    empty.hidden = found.length > 0;
    fill(empty, note ?? "Nothing of that name.");
    fill(status, found.length > 0 ? `${found.length} found` : (note ?? "Nothing of that name."));
    mark();
  }

  const empty = h("p", { class: "palette-empty", hidden: true });
  list.after(empty);

  const matching = (text) => fixed.filter((option) => text.split(/\s+/).every((word) => `${option.label} ${option.words}`.toLowerCase().includes(word)));

  async function look() {
    asked?.abort();
    const request = (asked = new AbortController());
    const text = input.value.trim();
    const near = matching(text.toLowerCase());
    const query = (extra) => new URLSearchParams({ limit: String(shown), ...(text ? { q: text } : {}), ...extra });
    let missed = false;
    const quiet = (fault) => {
      missed ||= fault.name !== "AbortError";
      return { items: [] };
    };
    const [conversations, documents] = await Promise.all([
      api.get(`/conversations?${query({})}`, request.signal).catch(quiet),
      text ? api.get(`/docs?${query({})}`, request.signal).catch(quiet) : { items: [] },
    ]);
    if (request.signal.aborted || !dialog) return;
    const first = (group) => near.filter((option) => option.group === group);
    const found = [
      ...first("Go to"),
      ...conversations.items.map((one) => ({ group: text ? "Conversations" : "Recent conversations", label: one.title || "Untitled", picture: "chat", act: go(`/chat/${one.id}`) })),
      ...documents.items.map((one) => ({ group: "Documents", label: one.title, picture: "file", act: go(`/documents/${one.id}`) })),
      ...first("Settings"),
      ...first("Do"),
    ];
    draw(found, missed ? "Conversations and documents cannot be reached just now." : undefined);
    if (isAwaited && found.length > 0) close(found[0]);
    isAwaited = false;
  }

  input.addEventListener("input", () => {
    // What was found for another text must not take the place under the fingers.
    asked?.abort();
    isAwaited = false;
    at = 0;
    draw(matching(input.value.trim().toLowerCase()), "Looking…");
    clearTimeout(timer);
    timer = setTimeout(look, waitMs);
  });
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && options.length > 0) {
      event.preventDefault();
      at = (at + step + options.length) % options.length;
      mark();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (options[at]) close(options[at]);
      else isAwaited = true;
    }
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => {
    asked?.abort();
    clearTimeout(timer);
    dialog.remove();
    dialog = null;
  });
  document.body.append(dialog);
  dialog.showModal();
  input.focus();
  draw(matching(""));
  look();
}

button.addEventListener("click", open);
addEventListener("keydown", (event) => {
  // What a browser fills in by itself comes as keys without a name.
  if (event.key?.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  event.preventDefault();
  if (dialog) dialog.close();
  // Another question waits for its answer first.
  else if (!document.querySelector("dialog:modal")) open();
});
