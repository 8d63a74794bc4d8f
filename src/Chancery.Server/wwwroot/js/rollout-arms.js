// Both arms of a rollout, metric by metric, with their intervals.
import { fill, h } from "./dom.js";
import { intervals } from "./intervals.js";
import { metricWord, percent } from "./prompt-words.js";

const number = (count) => count.toLocaleString("en");

function figure(metric, head) {
  if (!metric || metric.observed === 0) return h("td", { "data-head": head }, h("span", { class: "empty-cell" }, "Nothing yet"));
  return h("td", { "data-head": head }, h("span", {}, percent(metric.rate), h("span", { class: "aside" }, `${percent(metric.low)} to ${percent(metric.high)}`), h("span", { class: "aside" }, `${number(metric.bad)} of ${number(metric.observed)}`)));
}

/**
 * @param {HTMLElement} place @param {any} rollout
 * @param {[string, string]} [names] of both; else their versions
 */
export function drawArms(place, { control, treatment }, names) {
  const [old, now] = names ?? [`Version ${control.version}`, `Version ${treatment.version}`];
  const [oldHead, newHead] = names ?? [`${old}, in production`, `${now}, new`];
  const rows = control.metrics.map((metric) => [metric, treatment.metrics.find((one) => one.metric === metric.metric)]).filter(([before, after]) => before.observed + (after?.observed ?? 0) > 0);
  const unseen = control.metrics.map((one) => one.metric).filter((name) => !rows.some(([before]) => before.metric === name));
  if (rows.length === 0) {
    return fill(place, h("div", { class: "empty small" }, h("h3", {}, "Nothing was counted yet"), h("p", {}, "Figures come with the first uses whose end is told.")));
  }
  return fill(place,
    h("div", { class: "figures cards", tabindex: "0", role: "group", "aria-label": "Both versions beside each other" }, h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Share of uses that"), h("th", { scope: "col" }, h("span", { class: "key" }, oldHead)), h("th", { scope: "col" }, h("span", { class: "key new" }, newHead)), h("td", { class: "drawn" }))),
      h("tbody", {}, rows.map(([before, after]) => {
        const spans = [[before, "old"], [after, "new"]].filter(([one]) => one && one.observed > 0).map(([one, kind]) => ({ kind, low: one.low, high: one.high, at: one.rate }));
        return h("tr", { "data-metric": before.metric }, h("th", { scope: "row" }, metricWord(before.metric)), figure(before, old), figure(after, now),
          h("td", { class: "drawn" }, intervals(spans, { most: Math.min(1, Math.max(...spans.map((one) => one.high)) * 1.1) })));
      })))),
    unseen.length > 0 && h("p", { class: "quiet" }, `Nothing is known yet of: ${unseen.map((name) => metricWord(name).toLowerCase()).join("; ")}.`));
}
