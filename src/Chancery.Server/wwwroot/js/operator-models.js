// The state of every language model with each of its keys, as the answering server sees it. It keeps itself up to date.
import { api } from "./api.js";
import { byId, fill, h, icon, keepingFocus } from "./dom.js";
import { ago, plural } from "./format.js";
import { attempt, oneAtATime, refusal, toast } from "./page.js";

const pollMs = 4000;
const place = byId("targets");
const note = byId("note");
const resetAll = byId("reset-all");
let timer = 0;
let rows = null;
let said = null;

const states = {
  closed: { word: "Asked", look: "good", mark: "check" },
  "half-open": { word: "Being tried", look: "warn", mark: "repeat" },
  open: { word: "Left alone", look: "bad", mark: "alert" },
  refused: { word: "Key refused", look: "bad", mark: "key" },
};
const faults = { transient: "no good answer", timeout: "took too long", rate: "too many requests", credential: "key refused" };

const nameOf = (target) => `${target.model}${target.credential === "none" ? "" : `, key ${target.credential}`}`;
const number = (count) => count.toLocaleString("en");
const time = (ms) => ms === undefined ? "–" : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;

function left(seconds) {
  const whole = Math.ceil(seconds);
  return whole >= 60 ? `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")} min` : `${whole} s`;
}

async function load() {
  clearTimeout(timer);
  try {
    draw(await api.get("/models"));
    fill(note);
  } catch (fault) {
    // What was seen last stays, and is told to be old.
    place.hidden = rows === null;
    place.classList.add("stale");
    if (!note.firstChild) fill(note, refusal(fault, load));
    if (fault.status === 401) return;
  }
  place.removeAttribute("aria-busy");
  if (!document.hidden) timer = setTimeout(load, pollMs);
}

function draw({ items, server, minutes }) {
  place.hidden = false;
  place.classList.remove("stale");
  byId("seen-by").textContent = `As ${server} sees them; counts and times are of the last ${minutes} minutes.`;
  byId("seen-by").hidden = items.length === 0;
  resetAll.hidden = !items.some((target) => target.state !== "closed");
  if (items.length === 0) {
    rows = null;
    fill(place, h("div", { class: "empty" }, h("h2", {}, "No language model is set up"),
      h("p", {}, "Questions are answered with quotes from documents. Give a provider’s key in a setting such as ", h("code", {}, "OPENAI_API_KEY"), ", or models of your own in ", h("code", {}, "MODELS_FILE"), ", and restart.")));
    return;
  }
  if (!rows?.isConnected) {
    rows = h("tbody", {});
    fill(place, h("div", { class: "table", tabindex: 0, role: "group", "aria-label": "Models and their state" }, h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Model"), h("th", { scope: "col" }, "State"),
        ["Calls", "Failed", "Answer takes", "First word"].map((text) => h("th", { scope: "col", class: "figure" }, text)),
        h("th", { scope: "col" }, "Last failure"))),
      rows)));
  }
  keepingFocus(rows, () => fill(rows, items.map(row)));
  tell(items);
}

/** Changes are said once, to those who do not see the colours. */
function tell(items) {
  const now = new Map(items.map((target) => [nameOf(target), target.state]));
  const changes = said && [...now].filter(([name, state]) => said.get(name) !== state).map(([name, state]) => `${name}: ${states[state].word}.`);
  if (changes?.length > 0) byId("announce").textContent = changes.join(" ");
  said = now;
}

function row(target) {
  const { word, look, mark } = states[target.state];
  const failure = target.last_failure;
  return h("tr", { "data-id": nameOf(target), "data-state": target.state },
    h("th", { scope: "row" }, h("bdi", {}, target.model),
      h("small", {}, target.provider, target.credential === "none" ? ", without a key" : [", key ", h("code", {}, target.credential)])),
    h("td", {}, h("span", { class: `state ${look}` }, icon(mark), word),
      target.open_for_seconds !== undefined && h("small", {}, `for ${left(target.open_for_seconds)} more`),
      target.state !== "closed" && h("button", { type: "button", class: "button small", "aria-label": `Ask again: ${target.model}`, onclick: () => reset(target.model) }, "Ask again")),
    h("td", { class: "figure" }, number(target.calls)),
    h("td", { class: target.failures > 0 ? "figure some" : "figure" }, number(target.failures)),
    h("td", { class: "figure" }, time(target.latency_ms)),
    h("td", { class: "figure" }, time(target.first_part_ms)),
    h("td", {}, failure ? [`${faults[failure.kind] ?? failure.kind}${failure.status ? ` (${failure.status})` : ""}`, h("small", {}, ago(failure.at))] : h("span", { class: "quiet" }, "none")));
}

const reset = oneAtATime((model) => attempt(async () => {
  const { forgotten } = await api.post(`/models/reset${model ? `?model=${encodeURIComponent(model)}` : ""}`);
  toast(model ? `${model} is asked again, on all servers.` : `All models are asked again, on all servers: ${plural(forgotten, "failure")} forgotten here.`);
  await load();
}));

resetAll.addEventListener("click", () => reset(null));
document.addEventListener("visibilitychange", () => { if (!document.hidden) load(); });
document.addEventListener("chancery:back", load);
load();
