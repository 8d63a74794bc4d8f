// The section of the settings about the model that tells meaning: what serves, what there is to choose, how far a change is.
import { api } from "./api.js";
import { byId, fill, h, icon, keepingFocus } from "./dom.js";
import { date, plural } from "./format.js";
import { ask, attempt, may, oneAtATime, refusal, toast } from "./page.js";

const pollMs = 2000;
const nanosPerDollar = 1e9;
const isManager = may("organization:manage");
let timer = 0;

/** The section as it is now; it keeps itself up to date while a change runs. */
export async function loadSearchModel() {
  clearTimeout(timer);
  const place = byId("search-model");
  try {
    draw(await api.get("/embeddings/model"));
  } catch (fault) {
    fill(byId("search-model-change"));
    fill(place, h("li", {}, refusal(fault, loadSearchModel)));
  }
  place.removeAttribute("aria-busy");
}

function draw(standing) {
  const { change } = standing;
  const labelOf = (name) => standing.models.find((one) => one.name === name)?.label ?? name;
  const list = byId("search-model");
  keepingFocus(list, () => fill(list, standing.models.length > 0
    ? standing.models.map((model) => row(model, change))
    : h("li", { class: "quiet" }, "There is no model: search finds passages by their words.")));
  fill(byId("search-model-change"), change ? running(change, labelOf) : last(standing.ended[0], labelOf));
  if (change) timer = setTimeout(loadSearchModel, pollMs);
}

function row(model, change) {
  const facts = [
    model.is_local ? "runs in the server" : model.is_offered && "at the operator’s endpoint",
    model.is_default && "the installation’s own",
    model.vectors > 0 && plural(model.vectors, "vector"),
    model.kept_until && `kept until ${date(model.kept_until)}`,
    !model.is_offered && "no longer offered here",
    model.is_offered && !model.is_available && "not available just now",
  ];
  const canChange = isManager && !change && model.is_offered && model.is_available && !model.is_serving;
  return h("li", { "data-id": model.name },
    h("div", { class: "who", title: model.name }, h("bdi", {}, model.label), h("small", {}, facts.filter(Boolean).join(", "))),
    model.is_serving && h("span", { class: "state good" }, icon("check"), "Searches"),
    canChange && h("button", { type: "button", class: "button small", "aria-label": `Change to ${model.label}`, onclick: oneAtATime(() => begin(model)) }, model.kept_until ? "Go back…" : "Change…"));
}

function begin(model) {
  return attempt(async () => {
    const gone = toast("Estimating what the change takes.");
    const estimate = await api.post("/embeddings/model/estimate", { model: model.name }).finally(gone);
    const yes = await ask({ title: `Search with ${model.label}?`, text: textOf(estimate), yes: "Change the model" });
    if (yes === null) return;
    draw(await api.post("/embeddings/model/change", { model: model.name }));
  });
}

function textOf(estimate) {
  if (estimate.missing === 0) return "All vectors are there: the change takes a moment.";
  const price = estimate.cost_nano_dollars;
  return [
    `${plural(estimate.missing, "passage")} of ${estimate.passages.toLocaleString("en")} get a new vector: about ${plural(estimate.tokens, "token")} in ${plural(estimate.calls, "call")} of the model.`,
    estimate.seconds === undefined ? `How long it takes is not known. ${estimate.note ?? ""}` : `It takes ${span(estimate.seconds)}.`,
    price === undefined ? "Its price is not known here." : price === 0 ? "It costs nothing." : `It costs about $${(price / nanosPerDollar).toLocaleString("en", { maximumFractionDigits: 6 })}.`,
    "Search goes on with the present model until all are made.",
  ].join(" ");
}

function running(change, labelOf) {
  const cancel = async () => {
    const yes = await ask({ title: `Stop the change to ${labelOf(change.to)}?`, text: `${labelOf(change.from)} goes on searching. The vectors that were made are removed.`, yes: "Stop the change", danger: true });
    if (yes === null) return;
    await attempt(async () => {
      draw(await api.remove("/embeddings/model/change"));
      toast("The change was stopped.");
    });
  };
  const left = change.waiting ? `It waits: ${change.waiting}` : change.seconds_left === undefined ? "" : `${capital(span(change.seconds_left))} left.`;
  const says = `${change.done.toLocaleString("en")} of ${plural(change.passages, "passage")}. ${left}`;
  return h("div", { class: "model-change" },
    h("p", {}, "Changing to ", h("bdi", {}, labelOf(change.to)), `; until then ${labelOf(change.from)} searches.`),
    h("progress", { max: Math.max(1, change.passages), value: change.done, "aria-label": "Progress of the change" }),
    h("div", { class: "with-text" }, h("p", { class: change.waiting ? "waits" : "" }, says),
      isManager && h("button", { type: "button", class: "button small", onclick: oneAtATime(cancel) }, "Stop…")));
}

/** Of a change that came to nothing, or left something out. */
function last(ended, labelOf) {
  if (!ended) return null;
  const to = labelOf(ended.to);
  if (ended.state === "failed") return h("p", { class: "quiet" }, `The change to ${to} failed. ${ended.failure}`);
  if (ended.refused > 0 && ended.state === "done") return h("p", { class: "quiet" }, `${to} does not take ${plural(ended.refused, "passage")}: they are found by their words.`);
  return null;
}

/** @param {string} text */
const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** "about 3 minutes". @param {number} seconds */
function span(seconds) {
  if (seconds < 1) return "less than a second";
  if (seconds < 90) return `about ${plural(Math.ceil(seconds), "second")}`;
  if (seconds < 5400) return `about ${plural(Math.ceil(seconds / 60), "minute")}`;
  return `about ${plural(Math.ceil(seconds / 3600), "hour")}`;
}
