// What models were used for, and what it cost: facts, a chart by day, a table, caps.
import { address, api } from "./api.js";
import { barChart, share } from "./charts.js";
import { byId, fill, h } from "./dom.js";
import { moment, plural } from "./format.js";
import { ask, attempt, may, me, oneAtATime, refusal, toast } from "./page.js";

const filters = byId("filters");
const shown = byId("shown");
const note = byId("note");
const manages = may("organization:manage");

/** Names of people and keys by id. @type {Map<string, string>} */
const names = new Map();
let asked = null;

const groupNames = { model: "By model", component: "By part of the product", provider: "By provider", user: "By person", key: "By key" };
const componentNames = {
  chat: "Questions", gateway: "Gateway", embeddings: "Embeddings", reranking: "Reranking", upgrade: "Prompt upgrades", memory: "Memory of conversations",
  contracts: "Contracts", judge: "Judges", evaluation: "Evaluation", red_team: "Red team", warm_up: "Warm-up",
};

const day = (date) => date.toISOString().slice(0, 10);

/** Small amounts are told as exactly as they are counted. @param {number} dollars */
const money = (dollars) => {
  const digits = dollars !== 0 && Math.abs(dollars) < 1 ? 6 : 2;
  return `$${dollars.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: digits })}`;
};
const number = (count) => count.toLocaleString("en");

function given() {
  const { from, to, group_by } = Object.fromEntries(new FormData(filters));
  return new URLSearchParams({ from: String(from), to: String(to), group_by: String(group_by) });
}

function fromAddress() {
  const today = new Date();
  filters.elements.from.value = day(new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), 1)));
  filters.elements.to.value = day(today);
  for (const [name, value] of new URLSearchParams(location.search)) {
    const field = filters.elements[name];
    if (field && (field.tagName !== "SELECT" || [...field.options].some((option) => option.value === value))) field.value = value;
  }
}

async function load() {
  if (!filters.reportValidity()) return;
  asked?.abort();
  const request = (asked = new AbortController());
  const search = given();
  history.replaceState(null, "", `?${search}`);
  byId("export").href = address(`/usage/export?${new URLSearchParams({ from: search.get("from"), to: search.get("to") })}`);
  shown.setAttribute("aria-busy", "true");
  try {
    const byDay = new URLSearchParams(search);
    byDay.set("group_by", "day");
    byDay.set("limit", "500");
    search.set("limit", "100");
    const [usage, days] = await Promise.all([
      api.get(`/usage?${search}`, request.signal), api.get(`/usage?${byDay}`, request.signal), loadNames(search.get("group_by")),
    ]);
    fill(note);
    shown.hidden = false;
    draw(usage, days);
  } catch (fault) {
    if (fault.name === "AbortError") return;
    shown.hidden = true;
    fill(note, refusal(fault, load));
  }
  shown.removeAttribute("aria-busy");
}

async function loadNames(groupBy) {
  names.set(me.id, "You");
  try {
    if (groupBy === "user" && may("members:read")) for (const one of (await api.get("/members?limit=100")).items) if (one.id !== me.id) names.set(one.id, one.name || one.email);
    if (groupBy === "key" && may("keys:manage")) for (const one of (await api.get("/keys?limit=100")).items) names.set(one.id, one.name);
  } catch {
    // Ids say it, too.
  }
}

function draw(usage, days) {
  const { totals } = usage;
  fill(byId("facts"),
    fact("Cost", money(totals.cost_usd), totals.estimated_cost_nano > 0 && `${money(totals.estimated_cost_nano / 1e9)} of it estimated`),
    fact("Calls", number(totals.requests), totals.failed > 0 && plural(totals.failed, "failed attempt")),
    fact("Tokens in", number(totals.input_tokens + totals.cache_read_tokens + totals.cache_write_tokens), totals.cache_read_tokens > 0 && `${number(totals.cache_read_tokens)} from a cache`),
    fact("Tokens out", number(totals.output_tokens)),
    fact("From our cache", `${(totals.cache_hit_rate * 100).toFixed(0)} %`),
    totals.unbilled_cost_nano > 0 && fact("With keys of people’s own", money(totals.unbilled_cost_nano / 1e9)));
  byId("groups-title").textContent = groupNames[usage.group_by];
  if (totals.attempts === 0) {
    fill(byId("days"), h("div", { class: "empty" }, h("h3", {}, "No model was called in these days"),
      h("p", {}, "Answers that are quoted from documents cost nothing and are not counted here.")));
    fill(byId("groups"));
  } else {
    drawDays(days.groups, usage.from, usage.to);
    drawGroups(usage);
  }
  drawCaps(usage);
}

const fact = (term, value, aside) => h("div", {}, h("dt", {}, term), h("dd", {}, value, aside && h("span", { class: "aside" }, aside)));

/** Bars of equal width, one for each day; the same figures stand below as a table. */
function drawDays(groups, from, to) {
  const known = new Map(groups.map((group) => [group.key, group.sums]));
  const all = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += 86_400_000) all.push(day(new Date(at)));
  const most = Math.max(...groups.map((group) => group.sums.cost_nano), 1);
  barChart(byId("days"))({
    label: `Cost by day from ${from} to ${to}; the highest day cost ${money(most / 1e9)}.`,
    top: money(most / 1e9), ends: [all[0], all.at(-1)],
    bars: all.map((one) => ({ name: one, value: known.get(one)?.cost_nano ?? 0, said: money((known.get(one)?.cost_nano ?? 0) / 1e9) })),
    head: ["Day", "Cost", "Calls"],
    rows: groups.map((group) => [group.key, money(group.sums.cost_usd), number(group.sums.requests)]),
  });
}

function nameOf(groupBy, key) {
  if (groupBy === "component") return componentNames[key] ?? key;
  if (groupBy === "key") return key === "" ? "Without a key" : (names.get(key) ?? `Key ${key}`);
  if (groupBy === "user") return names.get(key) ?? `Person ${key}`;
  return key === "" ? "Unknown" : key;
}

function drawGroups(usage) {
  const most = Math.max(...usage.groups.map((group) => group.sums.cost_nano), 1);
  fill(byId("groups"), h("table", {},
    h("thead", {}, h("tr", {}, ["Name", "", "Cost", "Calls", "Tokens in", "Tokens out", "Average time"].map((text) => text === "" ? h("td", {}) : h("th", { scope: "col" }, text)))),
    h("tbody", {}, usage.groups.map(({ key, sums }) => h("tr", { "data-key": key },
      h("th", { scope: "row", dir: "auto" }, nameOf(usage.group_by, key)), h("td", {}, share(sums.cost_nano, most)),
      h("td", {}, money(sums.cost_usd), sums.estimated > 0 && h("abbr", { title: `${plural(sums.estimated, "attempt")} with estimated figures` }, " ≈")),
      h("td", {}, number(sums.requests)), h("td", {}, number(sums.input_tokens + sums.cache_read_tokens + sums.cache_write_tokens)), h("td", {}, number(sums.output_tokens)),
      h("td", {}, `${(sums.average_latency_ms / 1000).toFixed(1)} s`))))),
    usage.next_cursor && h("p", { class: "quiet" }, "The 100 dearest are shown. The file has all of them."));
}

const whose = (one) => one.level === "tenant" ? me.tenantName : one.level === "user" ? (names.get(one.subject_id) ?? `Person ${one.subject_id}`) : (names.get(one.subject_id) ?? `Key ${one.subject_id}`);

function drawCaps(usage) {
  fill(byId("caps"), usage.budgets.length === 0
    ? h("li", { class: "quiet" }, "There is no cap.")
    : usage.budgets.map((cap) => h("li", {},
      h("div", { class: "line" }, h("span", {}, `${whose(cap)}, a ${cap.period}${cap.set_by === "operator" ? " (set by the operator)" : ""}`),
        h("span", {}, `${money(cap.used_usd)} of ${money(cap.cap_usd)}`),
        manages && cap.set_by === "tenant" && h("button", { type: "button", class: "button small", "aria-label": `Lift the cap on ${whose(cap)}, a ${cap.period}`, onclick: () => lift(cap) }, "Lift")),
      h("progress", { max: Math.max(cap.cap_nano, 1), value: Math.min(cap.used_nano, Math.max(cap.cap_nano, 1)), "aria-label": `${whose(cap)}, a ${cap.period}: ${money(cap.used_usd)} of ${money(cap.cap_usd)}` }))));
  fill(byId("alerts"), usage.alerts.map((alert) => h("li", {}, `${moment(alert.at)}: ${whose(alert)} reached ${alert.percent} % of ${money(alert.cap_usd)} a ${alert.period}.`)));
  byId("alerts").hidden = usage.alerts.length === 0;
}

const pathOf = (cap) => cap.level === "tenant" ? `organization/${cap.period}` : `${cap.level}s/${cap.subject_id}/${cap.period}`;

const lift = (cap) => attempt(async () => {
  const yes = await ask({ title: "Lift this cap?", text: `${whose(cap)} may then spend as much as other caps let through.`, yes: "Lift it", danger: true });
  if (yes === null) return;
  await api.remove(`/budgets/${pathOf(cap)}`);
  toast("The cap was lifted.");
  await load();
  byId("group").focus();
});

filters.addEventListener("change", load);
filters.addEventListener("submit", (event) => { event.preventDefault(); load(); });
const form = byId("cap-form");
const setCap = oneAtATime(() => attempt(async () => {
  const { cap, period } = Object.fromEntries(new FormData(form));
  await api.put(`/budgets/organization/${period}`, { cap_usd: Number(cap) });
  toast("The cap is set.");
  form.reset();
  await load();
}));
form?.addEventListener("submit", (event) => { event.preventDefault(); setCap(event); });

fromAddress();
load();
