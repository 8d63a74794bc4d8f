// What every page behind the sign-in shares: who may do what, notes, questions, menus, the offline line.
import { signInAddress } from "./api.js";
import { byId, fill, h, icon } from "./dom.js";

const main = byId("main");
const permissions = new Set((main.dataset.permissions ?? "").split(" "));

/** Hides what the server would refuse anyway. @param {string} permission */
export const may = (permission) => permissions.has(permission);
export const me = { id: main.dataset.userId, role: main.dataset.role, tenantName: main.dataset.tenantName };
export const maxUploadBytes = Number(main.dataset.maxUploadBytes);

// The network, or the server, is gone: the page says so, asks again until it is back, and says that too.
const offline = byId("offline");
const askAgainMs = 3000;
const longestMs = 60_000;
let watching = false;
/** A server that answers here and fails there is asked less and less often. */
let pauseMs = askAgainMs;
let backAt = -Infinity;

function showConnection() {
  if (!navigator.onLine) fill(offline, "You are offline. What you see may be out of date; nothing can be sent until the connection is back.");
  else if (watching) fill(offline, "The server cannot be reached. What you typed stays here; the page goes on when the server is back.");
  offline.hidden = navigator.onLine && !watching;
}

async function watchServer() {
  if (watching) return;
  watching = true;
  pauseMs = performance.now() - backAt < 2 * pauseMs ? Math.min(2 * pauseMs, longestMs) : askAgainMs;
  showConnection();
  while (watching) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const answer = navigator.onLine && (await fetch("/health/live", { cache: "no-store" }).catch(() => null));
    watching = !answer?.ok;
  }
  showConnection();
  backAt = performance.now();
  document.dispatchEvent(new Event("chancery:back"));
  toast("The server is back.");
}

addEventListener("online", showConnection);
addEventListener("offline", showConnection);
document.addEventListener("chancery:unreachable", () => {
  // Without a network the browser itself says when it is back.
  if (navigator.onLine) watchServer();
});
showConnection();

// The sign-in ended while the page was open. Whatever was typed is kept by drafts.js.
let saidSignedOut = false;
document.addEventListener("chancery:signed-out", (event) => {
  event.preventDefault();
  if (saidSignedOut) return;
  saidSignedOut = true;
  const dialog = h(
    "dialog",
    { class: "ask", "aria-labelledby": "signed-out-title" },
    h("h2", { id: "signed-out-title" }, "You were signed out"),
    h("p", {}, "Your sign-in ended. Sign in again to go on: you come back to this page, and what you typed is kept."),
    h("div", { class: "buttons" },
      h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Stay here"),
      h("a", { class: "button primary", href: signInAddress(), autofocus: true }, "Sign in")),
  );
  dialog.addEventListener("close", () => {
    saidSignedOut = false;
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
});

const noteMs = 8000;
// Whoever has to decide something gets time to do so.
const offerMs = 60_000;

/**
 * A note at the foot of the page. It waits while the pointer or the keyboard is on it.
 * @param {string} text
 * @param {{label: string, act: () => void}} [action]
 * @returns {() => void} takes the note away before its time
 */
export function toast(text, action) {
  let timer;
  const gone = () => note.remove();
  const wait = () => {
    clearTimeout(timer);
    if (note.matches(":hover, :focus-within")) return;
    timer = setTimeout(gone, action ? offerMs : noteMs);
  };
  const note = h(
    "div",
    { class: "toast", onpointerenter: () => clearTimeout(timer), onpointerleave: wait, onfocusin: () => clearTimeout(timer), onfocusout: wait },
    h("span", {}, text),
    action && h("button", { type: "button", onclick: () => { gone(); action.act(); } }, action.label),
    h("button", { type: "button", "aria-label": "Dismiss this note", onclick: gone }, icon("close")),
  );
  const toasts = byId("toasts");
  // What is said again is not said twice at a time.
  for (const one of [...toasts.children]) if (one.firstChild.textContent === text) one.remove();
  toasts.append(note);
  // Shown anew, it lies above a dialog that was opened since.
  if (toasts.matches(":popover-open")) toasts.hidePopover();
  toasts.showPopover();
  wait();
  return gone;
}

/** A refusal in the place where the thing would be. @param {Error} fault @param {() => void} [again] */
export const refusal = (fault, again) =>
  h(
    "div",
    { class: "notice bad", role: "alert" },
    icon("alert"),
    h("span", {}, fault.message),
    again && h("button", { type: "button", class: "button small", onclick: again }, "Try again"),
  );

/** Runs an action and says what went wrong, if something did. @param {() => Promise<any>} action */
export async function attempt(action) {
  try {
    return await action();
  } catch (fault) {
    toast(fault.message);
    return undefined;
  }
}

/** An action that a second click does not start again while it runs. @param {(...given: any[]) => Promise<any>} action */
export function oneAtATime(action) {
  let running = false;
  return async (...given) => {
    if (running) return;
    running = true;
    try {
      await action(...given);
    } finally {
      running = false;
    }
  };
}

/**
 * A question with an optional line of text. Escape and Cancel answer null.
 * @param {{title: string, text?: string, label?: string, value?: string, type?: string, placeholder?: string, yes: string, danger?: boolean}} question
 * @returns {Promise<string | null>} the text, "" where there is none to give
 */
export function ask(question) {
  return new Promise((resolve) => {
    const field = question.label && h("input", { id: "ask-field", name: "value", value: question.value ?? "", required: true, maxlength: question.type === "url" ? 2000 : 200, autocomplete: "off", inputmode: question.type === "url" ? "url" : null, placeholder: question.placeholder, spellcheck: question.type === "url" ? "false" : null });
    const dialog = h(
      "dialog",
      { class: "ask", "aria-labelledby": "ask-title" },
      h(
        "form",
        { method: "dialog" },
        h("h2", { id: "ask-title" }, question.title),
        question.text && h("p", {}, question.text),
        field && h("div", { class: "field" }, h("label", { for: "ask-field" }, question.label), field),
        h(
          "div",
          { class: "buttons" },
          h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Cancel"),
          h("button", { value: "yes", class: question.danger ? "button danger" : "button primary" }, question.yes),
        ),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes" ? (field ? field.value.trim() : "") : null);
    });
    document.body.append(dialog);
    dialog.showModal();
    field?.select();
  });
}

/**
 * A button with a menu. Arrow keys move in it, Escape closes it.
 * @param {string} label for those who cannot see the dots
 * @param {() => Array<{label: string, act?: () => void, href?: string, download?: boolean, danger?: boolean} | false | null | undefined>} items
 * @param {{class?: string, face: Node[]}} [look] in the place of the dots
 */
export function menuButton(label, items, look) {
  const button = h("button", { type: "button", class: look?.class ?? "button bare", "aria-label": label, "aria-haspopup": "menu", "aria-expanded": "false" }, look?.face ?? icon("more"));
  button.addEventListener("click", () => open(button, items().filter(Boolean)));
  return button;
}

function open(button, items) {
  const menu = h("div", { class: "menu", popover: "auto", role: "menu" });
  fill(
    menu,
    items.map((item) =>
      item.href
        ? h("a", { role: "menuitem", href: item.href, tabindex: -1, download: item.download, onclick: () => menu.hidePopover() }, item.label)
        : h("button", { type: "button", role: "menuitem", tabindex: -1, class: item.danger ? "danger" : null, onclick: () => { menu.hidePopover(); item.act(); } }, item.label),
    ),
  );
  (button.closest("dialog, main") ?? document.body).append(menu);
  menu.addEventListener("toggle", (event) => {
    button.setAttribute("aria-expanded", String(event.newState === "open"));
    if (event.newState === "closed") {
      if (menu.contains(document.activeElement) || document.activeElement === document.body) button.focus();
      menu.remove();
    }
  });
  menu.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Tab") menu.hidePopover();
    if (!step) return;
    event.preventDefault();
    const choices = [...menu.children];
    choices.at((choices.indexOf(document.activeElement) + step) % choices.length).focus();
  });
  menu.showPopover();
  const at = button.getBoundingClientRect();
  const size = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(at.right - size.width, innerWidth - size.width - 8))}px`;
  menu.style.top = `${at.bottom + size.height + 8 > innerHeight ? at.top - size.height - 4 : at.bottom + 4}px`;
  menu.firstElementChild?.focus();
}

/** A value that is shown once, ready to be copied. @param {string} text @param {string} label @param {string} value */
export function once(text, label, value) {
  const field = h("input", { readonly: true, value, "aria-label": label, onfocus: () => field.select() });
  const copied = h("span", {}, "Copy");
  return h(
    "div",
    { class: "once" },
    h("p", { role: "status" }, text),
    h(
      "div",
      { class: "with-button" },
      field,
      h(
        "button",
        {
          type: "button",
          class: "button",
          onclick: async () => {
            field.select();
            await navigator.clipboard?.writeText(value).catch(() => document.execCommand("copy"));
            fill(copied, "Copied");
          },
        },
        icon("copy"),
        copied,
      ),
    ),
  );
}
