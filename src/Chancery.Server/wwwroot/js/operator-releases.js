// Words that releases ship of the product's own prompts: how far each is, what both arms showed, and moving it. It keeps itself up to date.
import { api } from "./api.js";
import { byId, fill, h, icon } from "./dom.js";
import { moment, plural } from "./format.js";
import { ask, attempt, oneAtATime, refusal, toast } from "./page.js";
import { hoursWord, percent, stateMark, waitWords } from "./prompt-words.js";
import { drawArms } from "./rollout-arms.js";

const pollMs = 5000;
const pageSize = 20;
const place = byId("releases");
const more = byId("more");
const note = byId("note");
const names = { first: "Had from the start", at_once: "Given at once" };
const everybodys = ["first", "at_once", "complete"];
let shown = [];
let next = null;
let timer = 0;
let drawn = null;
/** Whose words are unfolded: drawing again must not fold them. */
const open = new Set();

const number = (count) => count.toLocaleString("en");
const path = (cursor) => `/prompts/releases?${new URLSearchParams({ limit: String(pageSize), ...(cursor ? { cursor } : {}) })}`;

async function load() {
  clearTimeout(timer);
  try {
    const page = await api.get(path(null));
    // What was unfolded by "Show more" stays where nothing newer came.
    const later = shown.length > page.items.length && shown[0]?.id === page.items[0]?.id ? shown.slice(page.items.length) : [];
    if (later.length === 0) next = page.next_cursor;
    shown = [...page.items, ...later];
    fill(note);
    // Whoever reads or scrolls is left alone where nothing is new.
    const now = JSON.stringify(shown);
    if (now !== drawn) draw();
    drawn = now;
  } catch (fault) {
    place.hidden = shown.length === 0;
    if (!note.firstChild) fill(note, refusal(fault, load));
    if (fault.status === 401) return;
  }
  place.removeAttribute("aria-busy");
  if (!document.hidden && shown.some((one) => one.state === "running")) timer = setTimeout(load, pollMs);
}

function draw() {
  place.hidden = false;
  if (shown.length === 0) {
    fill(place, h("div", { class: "empty" }, h("h2", {}, "No words of a release yet"), h("p", {}, "They are seen here once a server has started.")));
    return fill(more);
  }
  // Those that somebody may have to decide about come first.
  const [ofNow, settled] = [shown.filter((one) => one.control && one.state !== "complete"), shown.filter((one) => !one.control || one.state === "complete")];
  keeping(() => fill(place,
    ofNow.length > 0 ? h("section", { "aria-labelledby": "of-now" }, h("h2", { id: "of-now" }, "On their way, or turned back"), ofNow.map(release))
      : h("div", { class: "empty small" }, h("h2", {}, "Nothing is on its way"), h("p", {}, "Everybody has the words of the release that is running.")),
    settled.length > 0 && h("section", { "aria-labelledby": "settled" }, h("h2", { id: "settled" }, "Words that everybody has"), settled.map(release))));
  return fill(more, next && h("button", { type: "button", class: "button small", onclick: showMore }, "Show more"));
}

/** What has the focus has it after drawing, too. @param {() => void} redraw */
function keeping(redraw) {
  const reachable = (card) => [...card.querySelectorAll("button, summary, [tabindex]")];
  const card = document.activeElement?.closest("#releases [data-id]");
  const at = card ? reachable(card).indexOf(document.activeElement) : -1;
  redraw();
  if (at >= 0) {
    const same = place.querySelector(`[data-id="${card.dataset.id}"]`);
    if (same) reachable(same)[at]?.focus();
  }
}

function release(one) {
  const arms = h("div", {});
  if (one.control) drawArms(arms, { control: one.control, treatment: one.treatment }, ["Former words", "New words"]);
  return h("article", { class: "release", "data-id": one.id, "aria-labelledby": `release-${one.id}` },
    h("div", { class: "release-head" },
      h("h3", { id: `release-${one.id}` }, one.prompt), stateOf(one),
      h("span", { class: "quiet" }, one.state === "running" ? `${percent(one.percent / 100)} of conversations · since ${moment(one.begun_at)}` : one.ended_at ? moment(one.ended_at) : `first seen ${moment(one.first_seen_at)}`),
      buttons(one)),
    one.state === "running" && [track(one), waits(one)],
    one.reason && h("p", { class: "why", dir: "auto" }, one.reason, one.ended_at && h("span", { class: "quiet" }, one.ended_by ? [" By ", h("bdi", {}, one.ended_by), "."] : " By its own rule.")),
    one.control && (one.state === "running" || one.treatment.metrics.some((metric) => metric.observed > 0)) && arms,
    words(one));
}

const stateOf = (one) => names[one.state] ? h("span", { class: "state idle" }, names[one.state]) : one.state === "complete" ? h("span", { class: "state ready" }, "Everybody has them") : stateMark(one.state);

function buttons(one) {
  const isBack = one.state === "rolled_back" || one.state === "killed";
  return h("div", { class: "buttons" },
    one.state === "running" && h("button", { type: "button", class: "button small", "aria-label": `Next step: ${one.prompt}`, "data-act": "advance", onclick: oneAtATime(() => advance(one)) }, icon("next"), "Next step"),
    isBack && h("button", { type: "button", class: "button small", "aria-label": `Let them begin again: ${one.prompt}`, "data-act": "again", onclick: oneAtATime(() => again(one)) }, icon("repeat"), "Let them begin again"),
    one.control && !isBack && h("button", { type: "button", class: "button small danger", "aria-label": `Roll back: ${one.prompt}`, "data-act": "back", onclick: oneAtATime(() => rollBack(one)) }, icon("history"), "Roll back"));
}

const track = (one) => h("ol", { class: "stages", "aria-label": `Steps of ${one.prompt}` }, one.stages.map((stage, i) => h("li", { class: i + 1 < one.stage ? "done" : i + 1 === one.stage ? "now" : "", "aria-current": i + 1 === one.stage ? "step" : null },
  h("b", {}, percent(stage.percent / 100)), h("span", {}, i + 1 < one.stage ? "done" : i + 1 === one.stage ? "now" : stage.min_uses > 0 ? `${number(stage.min_uses)} uses, ${hoursWord(stage.min_hours)}` : "everybody"))));

function waits(one) {
  const stage = one.stages[one.stage - 1];
  const [wait, why] = waitWords(one.waiting);
  return h("p", { class: "quiet" }, h("strong", {}, `${wait}.`), ` ${why} ${plural(one.treatment.uses, "use")} in this step, of at least ${number(stage.min_uses)}.`,
    one.p_value !== undefined && one.p_value !== null && ` Were they no worse, figures like these would come with a chance of ${one.p_value >= 0.995 ? "nearly 1" : one.p_value < 0.0001 ? "under 1 in 10,000" : one.p_value.toLocaleString("en", { maximumSignificantDigits: 2 })}.`);
}

function words(one) {
  const said = (title, { content, sha256 }) => [h("h4", {}, title, " ", h("code", {}, sha256.slice(0, 12))), h("pre", { tabindex: 0, "aria-label": title, dir: "auto" }, [content.system, content.text].filter(Boolean).join("\n\n"))];
  const details = h("details", { open: open.has(one.id) }, h("summary", { id: `words-${one.id}` }, "What they say", h("span", { class: "hidden" }, `: ${one.prompt}`)),
    one.control && said("Former words", one.control), said(one.control ? "New words" : "Words", one.treatment));
  details.addEventListener("toggle", () => details.open ? open.add(one.id) : open.delete(one.id));
  return details;
}

/** Moves it, shows how it stands now, and puts the focus where it can be read. */
const moved = async (one, act, body, said) => {
  try {
    await api.post(`/prompts/releases/${one.id}/${act}`, body);
    toast(said);
  } finally {
    await load();
    const card = document.querySelector(`[data-id="${one.id}"]`);
    (card?.querySelector("button") ?? card?.querySelector("summary"))?.focus();
  }
};

const advance = (one) => attempt(async () => {
  const upcoming = one.stages[one.stage];
  const why = await ask({ title: `Go on to ${percent(upcoming.percent / 100)}?`, text: upcoming.percent >= 100 ? `Everybody who follows releases gets the new words of ${one.prompt}.` : "It goes on now, in all organisations that follow releases, whatever is missing of uses and time.", label: "Why", yes: "Go on" });
  if (why !== null) await moved(one, "advance", { why, stage: one.stage }, `${one.prompt} goes to ${percent(upcoming.percent / 100)}.`);
});

const rollBack = (one) => attempt(async () => {
  const why = await ask({ title: "Roll back?", text: `Everybody who follows releases gets the former words of ${one.prompt} from that moment on${everybodys.includes(one.state) ? ", although everybody has the new ones" : ""}. They stay so until a release ships others, or you let these begin again.`, label: "Why", yes: "Roll back", danger: true });
  if (why !== null) await moved(one, "rollback", { why }, `Everybody gets the former words of ${one.prompt} again.`);
});

const again = (one) => attempt(async () => {
  const why = await ask({ title: "Let them begin again?", text: `The new words of ${one.prompt} go to ${percent(one.stages[0].percent / 100)} again, without what was counted before.`, label: "Why", yes: "Begin again" });
  if (why !== null) await moved(one, "advance", { why, again: true }, `${one.prompt} goes to ${percent(one.stages[0].percent / 100)}.`);
});

const showMore = oneAtATime(() => attempt(async () => {
  const page = await api.get(path(next));
  shown = [...shown, ...page.items];
  next = page.next_cursor;
  draw();
}));

document.addEventListener("visibilitychange", () => { if (!document.hidden) load(); });
document.addEventListener("chancery:back", load);
load();
