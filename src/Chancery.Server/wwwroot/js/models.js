// Which model answers, and how: the choice below the question, and the sliders.
import { api } from "./api.js";
import { byId, fill, h, icon } from "./dom.js";
import { may } from "./page.js";

const select = byId("model");
const note = byId("model-note");
const button = byId("answer-settings");
const reasons = byId("reasoning");
const key = "chancery.answer";
const least = 64;
const usual = { temperature: null, max_tokens: null, reasoning: false };

function remembered() {
  try {
    return { ...usual, ...JSON.parse(localStorage.getItem(key) ?? "{}") };
  } catch {
    return { ...usual };
  }
}

function remember() {
  try {
    localStorage.setItem(key, JSON.stringify(settings));
  } catch {
    // The choice holds for this page only.
  }
}

/** @type {{temperature: number | null, max_tokens: number | null, reasoning: boolean, model?: string}} */
const settings = remembered();
let usable = [];
let missing = [];

export const modelName = (id) => [...usable, ...missing].find((one) => one.id === id)?.name ?? id;
const current = () => usable.find((one) => one.id === select.value);

const canReason = () => (current()?.reasoning ?? "none") !== "none";

/** What goes with a question. */
export function answerSettings() {
  const chosen = current();
  // Quotes are taken word for word: nothing to turn.
  if (!chosen || chosen.kind === "extractive") return { model: chosen?.id };
  const longest = chosen.max_output_tokens ?? Infinity;
  return {
    model: chosen.id,
    temperature: settings.temperature ?? undefined,
    max_tokens: settings.max_tokens ? Math.min(settings.max_tokens, longest) : undefined,
    reasoning: (settings.reasoning && canReason()) || undefined,
  };
}

export async function loadModels() {
  let failed = null;
  const models = await api.get("/models").catch((fault) => {
    failed = fault;
    return { items: [], unavailable: [] };
  });
  usable = models.items;
  missing = models.unavailable ?? [];
  const option = (one, chosen) => h("option", { value: one.id, selected: chosen }, one.own_key ? `${one.name}, your key` : one.name);
  const wanted = usable.find((one) => one.id === settings.model) ?? usable.find((one) => one.default);
  fill(select,
    usable.map((one) => option(one, one === wanted)),
    missing.length > 0 && h("optgroup", { label: "Not set up yet" }, missing.map((one) => option(one, false))));
  select.disabled = usable.length + missing.length < 2;
  select.hidden = usable.length === 0;
  button.hidden = usable.length === 0;
  draw();
  if (failed) fill(note, h("span", {}, "The list of models cannot be reached; questions go to the usual one."));
  note.hidden = !failed;
  if (failed) document.addEventListener("chancery:back", loadModels, { once: true });
}

select.addEventListener("change", () => {
  const other = missing.find((one) => one.id === select.value);
  note.hidden = !other;
  if (!other) {
    settings.model = select.value;
    remember();
    draw();
    return;
  }
  // It stays with the model that can answer, and says why.
  select.value = (usable.find((one) => one.id === settings.model) ?? usable.find((one) => one.default) ?? usable[0]).id;
  fill(note, icon("alert"), h("span", {}, h("strong", {}, `${other.name} cannot be asked yet.`), ` ${other.what_to_do}`),
    other.takes_key && may("chat:ask") && h("a", { class: "button small", href: "/settings#model-keys" }, "Enter a key"),
    h("button", { type: "button", class: "button bare", "aria-label": "Dismiss this note", onclick: () => { note.hidden = true; select.focus(); } }, icon("close")));
});

button.addEventListener("click", () => {
  const chosen = current();
  const isQuotes = chosen?.kind === "extractive";
  const longest = chosen?.max_output_tokens ?? 1024;
  const slider = (id, label, hint, range, value, said) => {
    const output = h("output", { for: id, id: `${id}-output` }, said(value));
    const free = h("input", { type: "checkbox", checked: value === null, disabled: isQuotes });
    const input = h("input", { type: "range", id, ...range, value: value ?? range.usual, disabled: isQuotes || value === null, "aria-describedby": `${id}-hint`, "aria-valuetext": said(value) });
    const show = () => {
      const now = free.checked ? null : Number(input.value);
      input.disabled = isQuotes || free.checked;
      input.setAttribute("aria-valuetext", said(now));
      fill(output, said(now));
      settings[id.replace("answer-", "").replace("-", "_")] = now;
      remember();
      draw();
    };
    input.addEventListener("input", show);
    free.addEventListener("change", show);
    return h("div", { class: "slider" },
      h("div", { class: "slider-head" }, h("label", { for: id }, label), output),
      input, h("p", { class: "hint", id: `${id}-hint` }, hint),
      h("label", { class: "check" }, free, h("span", {}, `Leave the ${label.toLowerCase()} to the model`)));
  };
  const dialog = h("dialog", { class: "ask", "aria-labelledby": "answer-settings-title" },
    h("h2", { id: "answer-settings-title" }, "How to answer"),
    isQuotes
      ? h("p", {}, "Quotes are taken from your documents word for word: there is nothing to set. Choose a model to set its temperature and the length of its answers.")
      : [h("p", { class: "quiet" }, `For questions to ${chosen?.name ?? "the model"} in this browser.`),
        slider("answer-temperature", "Temperature", "Low keeps to the likely words, high varies them. Citations are checked all the same.",
          { min: 0, max: 2, step: 0.1, usual: 0.3 }, settings.temperature, (value) => (value === null ? "as usual" : value.toFixed(1))),
        slider("answer-max-tokens", "Maximum length", "A token is about three quarters of an English word.",
          { min: Math.min(least, longest), max: longest, step: 32, usual: Math.min(1024, longest) }, settings.max_tokens === null ? null : Math.min(settings.max_tokens, longest),
          (value) => (value === null ? "as usual" : `${value.toLocaleString("en")} tokens`))],
    h("div", { class: "buttons" }, h("button", { type: "button", class: "button primary", onclick: () => dialog.close() }, "Done")));
  dialog.addEventListener("close", () => {
    dialog.remove();
    button.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
});

reasons.addEventListener("click", () => {
  settings.reasoning = !settings.reasoning;
  remember();
  draw();
});

function draw() {
  reasons.hidden = !canReason();
  reasons.setAttribute("aria-pressed", String(settings.reasoning));
  reasons.classList.toggle("on", settings.reasoning);
  button.classList.toggle("on", settings.temperature !== null || settings.max_tokens !== null);
}
draw();
