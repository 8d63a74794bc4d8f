// How much is left of the limit that is nearest: in the side bar and the account's menu, and above the page once it is near.
import { api } from "./api.js";
import { byId, fill, h, icon } from "./dom.js";
import { size } from "./format.js";

const everyMs = 30_000;
// The server remembers a status for a second: sooner it would tell what was before the question.
const rememberedMs = 1_100;
const strip = byId("limit-strip");
const places = [...document.querySelectorAll(".limit-line")];

const number = (count) => count.toLocaleString("en");
const dollars = (nano) => `$${(nano / 1e9).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 4 })}`;

/** What a limit counts, after "12 of 100", and how its figures are written. @type {Record<string, {of: string, as?: (n: number) => string}>} */
const kinds = {
  requests_per_hour: { of: "questions, searches and uploads of your organisation this hour" },
  requests: { of: "requests this minute" },
  page_requests: { of: "requests of the pages this minute" },
  key: { of: "requests this minute" },
  key_requests: { of: "requests of this key this minute" },
  upgrades_per_minute: { of: "prompt upgrades this minute" },
  key_upgrades_per_minute: { of: "prompt upgrades of this key this minute" },
  tokens_per_month: { of: "tokens of models this month" },
  cost_per_month_nano: { of: "for models this month", as: dollars },
  upgrades_per_month: { of: "prompt upgrades this month" },
  embeddings_per_month: { of: "requests for embeddings this month" },
  documents: { of: "documents" },
  storage_bytes: { of: "for files", as: size },
};

/** The one that stops somebody first; what runs at once comes and goes. @param {any[]} limits */
const nearest = (limits) =>
  limits.filter((one) => kinds[one.name]).toSorted((a, b) => Number(b.state === "reached") - Number(a.state === "reached") || b.percent - a.percent)[0];

function when(limit) {
  if (!limit.resets_at) return "";
  const at = new Date(limit.resets_at);
  return at - Date.now() < 86_400_000
    ? at.toLocaleTimeString("en", { hour: "2-digit", minute: "2-digit", hour12: false })
    : at.toLocaleDateString("en", { day: "numeric", month: "short" });
}

/** @param {any} limit */
function sentence(limit) {
  const { of, as = number } = kinds[limit.name];
  const again = when(limit);
  if (limit.state === "reached") {
    return `Limit reached: all of ${as(limit.most)} ${of} ${limit.kind === "stock" ? "are taken. Delete something, or ask the operator for more." : `are used. It begins anew at ${again}.`}`;
  }
  return `${limit.state === "near" ? `${limit.percent}% used: ` : ""}${as(limit.remaining)} of ${as(limit.most)} ${of} left${again ? `, anew at ${again}` : ""}.`;
}

let said = "";

/** @param {any} status */
function show(status) {
  const limit = nearest(status.limits ?? []);
  for (const place of places) {
    place.hidden = !limit;
    if (limit) {
      fill(place, h("span", {}, sentence(limit)), h("progress", { max: 100, value: limit.percent, "aria-label": "Used of the nearest limit" }));
      place.dataset.state = limit.state;
    }
  }
  const text = limit && limit.state !== "ok" ? sentence(limit) : "";
  strip.hidden = text === "";
  strip.dataset.state = limit?.state ?? "";
  // Said once, not every half minute.
  if (text !== said) fill(strip, text && icon("alert"), text && h("span", {}, text));
  said = text;
  return limit !== undefined;
}

let timer;
let asking = false;

async function refresh() {
  if (asking) return;
  asking = true;
  clearTimeout(timer);
  const status = await api.get("/rate-limit/status").catch(() => null);
  asking = false;
  // Where there is no limit nobody need look again until something is asked.
  if (status && show(status)) timer = setTimeout(() => document.visibilityState === "visible" && refresh(), everyMs);
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") refresh();
});
document.addEventListener("chancery:asked", () => {
  clearTimeout(timer);
  timer = setTimeout(refresh, rememberedMs);
});
refresh();
