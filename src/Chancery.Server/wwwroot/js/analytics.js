// What is going on, as it changes: messages over time, by type, model and person; tokens and cost; what was searched for most.
import { address, api } from "./api.js";
import { barChart, share } from "./charts.js";
import { byId, fill, h } from "./dom.js";
import { moment, plural } from "./format.js";
import { may, me, refusal } from "./page.js";

const againMs = 5000;
const filters = byId("filters");
const shown = byId("shown");
const note = byId("note");
const live = byId("live");

/** Names of people by id. @type {Map<string, string>} */
const names = new Map([[me.id, "You"]]);
let source = null;
let asked = null;
let timer = 0;
let chart = null;
let contractChart = null;
let last = null;

const titles = { hour: "Messages by minute", two_days: "Messages by hour", thirty_days: "Messages by day", year: "Messages by month" };
const types = { answer: "Questions", reasoning: "Questions with reasoning" };
const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hour12: false });
const hours = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hour12: false });
const days = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", timeZone: "UTC" });
const months = new Intl.DateTimeFormat("en", { month: "short", year: "numeric", timeZone: "UTC" });
const steps = { minute: clock, hour: hours, day: days, month: months };

const number = (count) => count.toLocaleString("en");
const percent = (part) => `${(part * 100).toFixed(0)} %`;
const money = (dollars) => `$${dollars.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: dollars !== 0 && Math.abs(dollars) < 1 ? 6 : 2 })}`;
const read = (sums) => sums.input_tokens + sums.cache_read_tokens + sums.cache_write_tokens;

const say = (state, text) => {
  if (live.textContent !== text) live.textContent = text;
  live.dataset.state = state;
};

function close() {
  clearTimeout(timer);
  source?.close();
  source = null;
}

async function load() {
  close();
  asked?.abort();
  const request = (asked = new AbortController());
  const range = filters.elements.range.value;
  history.replaceState(null, "", `?range=${range}`);
  shown.setAttribute("aria-busy", "true");
  try {
    const [figures] = await Promise.all([api.get(`/analytics?range=${range}`, request.signal), loadNames()]);
    fill(note);
    shown.hidden = false;
    draw(figures);
    if (!document.hidden) watch(range);
    await loadContracts(request.signal);
  } catch (fault) {
    if (fault.name === "AbortError") return;
    say("off", "Not live");
    // What was seen last stays.
    shown.hidden = last === null;
    fill(note, refusal(fault, load));
  }
  shown.removeAttribute("aria-busy");
}

function watch(range) {
  source = new EventSource(address(`/analytics/live?range=${range}`));
  source.addEventListener("open", () => say("live", "Live"));
  source.addEventListener("figures", (event) => {
    say("live", "Live");
    draw(JSON.parse(event.data).figures);
  });
  source.addEventListener("error", () => {
    say("off", "Not live; connecting again…");
    // The browser itself comes back from a lost connection, and from nothing that was refused.
    if (source?.readyState === EventSource.CLOSED) timer = setTimeout(load, againMs);
  });
}

async function loadNames() {
  if (names.size > 1 || !may("organization:manage") || !may("members:read")) return;
  try {
    for (const one of (await api.get("/members?limit=100")).items) if (one.id !== me.id) names.set(one.id, one.name || one.email);
  } catch {
    // Ids say it, too.
  }
}

const fact = (term, value, aside) => h("div", {}, h("dt", {}, term), h("dd", {}, value, aside && h("span", { class: "aside" }, aside)));

function draw(figures) {
  last = figures;
  const { messages, series, today, month, answers } = figures;
  byId("whose").textContent = figures.scope === "organization" ? `All of ${me.tenantName}.` : "Your own. Owners and admins see all of the organisation.";
  if (!figures.is_redis_available) fill(note, h("p", { class: "notice" }, "Live counters are away: Redis cannot be reached. The figures are the ledger’s, and complete."));
  else if (note.querySelector("p.notice")) fill(note);
  fill(byId("facts"),
    fact("Messages answered", number(messages.total), messages.since && `counted since ${moment(messages.since)}`),
    fact("Cost today", money(today.cost_usd), `${money(month.cost_usd)} this month`),
    fact("Tokens in today", number(read(today)), `${number(read(month))} this month`),
    fact("Tokens out today", number(today.output_tokens), `${number(month.output_tokens)} this month`),
    fact("From our cache", percent(month.cache_hit_rate), "of calls this month"),
    fact("Answered", answers.answers === 0 ? "–" : percent(answers.answered_share), `of ${plural(answers.answers, "answer")} this month`),
    fact("Refused", answers.answers === 0 ? "–" : percent(answers.refused_share), "nothing in the documents, or stopped"));
  byId("series-title").textContent = titles[figures.range];
  drawSeries(series);
  byId("messages-source").textContent = messages.source === "redis" ? "From live counters." : "From the ledger.";
  drawCounts("by-type", messages.by_type, "Type", (name) => types[name] ?? name);
  drawCounts("by-model", messages.by_model, "Model", (name) => name || "Unknown");
  drawCounts("by-person", messages.by_person, "Person", (name) => names.get(name) ?? `Person ${name}`);
  drawQuestions(figures.questions);
}

function drawSeries({ step, points, source: from, note: why }) {
  const name = (at) => steps[step].format(new Date(at));
  const most = Math.max(...points.map((point) => point.messages));
  const all = points.reduce((sum, point) => sum + point.messages, 0);
  if (!chart) chart = barChart(byId("series"));
  chart({
    label: `${plural(all, "message")} from ${name(points[0].at)} to ${name(points.at(-1).at)}, at most ${number(most)} in a ${step}.`,
    top: `${plural(most, "message")} at most in a ${step}`, ends: [name(points[0].at), name(points.at(-1).at)],
    bars: points.map((point) => ({ name: name(point.at), value: point.messages, said: plural(point.messages, "message") })),
    head: [step[0].toUpperCase() + step.slice(1), "Messages"],
    rows: points.filter((point) => point.messages > 0).map((point) => [name(point.at), number(point.messages)]),
  });
  byId("series-source").textContent = all === 0 ? "Nothing was asked of a model in this time. Answers that are quoted from documents are not counted here." : (why ?? (from === "redis" ? "From live counters." : "From the ledger."));
}

/** Of the last 30 days; the rest of the page does without where it is refused. */
async function loadContracts(signal) {
  if (!may("contracts:read")) return;
  try {
    drawContracts(await api.get("/analytics/contracts?days=30", signal));
  } catch (fault) {
    if (fault.name === "AbortError") throw fault;
    byId("contracts").hidden = true;
  }
}

function drawContracts({ drafts, revisions, proposals, input_tokens: tokensIn, output_tokens: tokensOut, cost_usd: cost, points }) {
  const name = (point) => days.format(new Date(`${point.day}T00:00:00Z`));
  const most = Math.max(...points.map((point) => point.drafts + point.revisions));
  byId("contracts").hidden = false;
  fill(byId("contract-facts"),
    fact("Drafted", number(drafts), "in 30 days"),
    fact("Changed", number(revisions), plural(proposals, "proposal")),
    fact("Tokens in", number(tokensIn), `${number(tokensOut)} out`),
    fact("Cost", money(cost), drafts + revisions + proposals > 0 && `${money(cost / (drafts + revisions + proposals))} for each`));
  if (!contractChart) contractChart = barChart(byId("contract-days"));
  contractChart({
    label: `${plural(drafts, "draft")} and ${plural(revisions, "revision")} from ${name(points[0])} to ${name(points.at(-1))}.`,
    top: `${number(most)} at most in a day`, ends: [name(points[0]), name(points.at(-1))],
    bars: points.map((point) => ({ name: name(point), value: point.drafts + point.revisions, said: `${plural(point.drafts, "draft")}, ${plural(point.revisions, "revision")}` })),
    head: ["Day", "Drafts", "Revisions", "Proposals", "Tokens in", "Tokens out", "Cost"],
    rows: points.filter((point) => point.drafts + point.revisions + point.proposals > 0)
      .map((point) => [name(point), number(point.drafts), number(point.revisions), number(point.proposals), number(point.input_tokens), number(point.output_tokens), money(point.cost_usd)]),
  });
}

function drawCounts(id, counts, head, nameOf) {
  const most = counts[0]?.messages ?? 0;
  fill(byId(id), counts.length === 0 ? h("p", { class: "quiet" }, "Nothing yet.") : h("table", {},
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, head), h("td", {}), h("th", { scope: "col" }, "Messages"))),
    h("tbody", {}, counts.map((one) => h("tr", {}, h("th", { scope: "row", dir: "auto" }, nameOf(one.name)), h("td", {}, share(one.messages, most)), h("td", {}, number(one.messages)))))));
}

function drawQuestions({ is_recorded: isRecorded, days: back, items }) {
  byId("questions-title").textContent = `Searched for most in ${plural(back, "day")}`;
  fill(byId("questions"),
    !isRecorded ? h("p", { class: "quiet" }, "Searches are not written down here: the organisation or the operator has switched that off.")
      : items.length === 0 ? h("p", { class: "quiet" }, "Nothing was searched for.")
      : h("table", {},
        h("thead", {}, h("tr", {}, ["Search", "Times", "People"].map((text) => h("th", { scope: "col" }, text)))),
        h("tbody", {}, items.map((one) => h("tr", {}, h("th", { scope: "row", dir: "auto" }, one.query), h("td", {}, number(one.times)), h("td", {}, number(one.people)))))));
}

const given = new URLSearchParams(location.search).get("range");
if ([...filters.elements.range.options].some((option) => option.value === given)) filters.elements.range.value = given;
filters.addEventListener("change", load);
filters.addEventListener("submit", (event) => { event.preventDefault(); load(); });
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    close();
    say("off", "Paused");
  } else load();
});
document.addEventListener("chancery:back", load);
load();
