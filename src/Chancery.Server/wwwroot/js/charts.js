// Bars over time, and shares beside names. Words stand outside of the drawing, so that they keep their size on a phone; the same
// figures stand below as a table.
import { drawing, fill, h } from "./dom.js";

const [width, height] = [720, 160];

/**
 * A chart in that place, which can be drawn anew without closing its table.
 * @param {HTMLElement} place
 * @returns {(chart: {label: string, top: string, ends: [string, string], bars: Array<{name: string, value: number, said: string}>, head: string[], rows: any[][]}) => void}
 */
export function barChart(place) {
  const picture = h("div", { class: "chart" });
  const table = h("table", {});
  fill(place, picture, h("details", { class: "day-table" }, h("summary", {}, "The figures"), table));
  return ({ label, top, ends, bars, head, rows }) => {
    const most = Math.max(...bars.map((bar) => bar.value), 1);
    const step = width / bars.length;
    const drawn = drawing("svg", { class: "day-chart", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": `${label} The figures are in the table below.` });
    bars.forEach((bar, at) => {
      if (bar.value <= 0) return;
      const tall = Math.max(1, (bar.value / most) * height);
      const one = drawing("rect", { class: "bar", x: (at * step + step * 0.1).toFixed(2), y: (height - tall).toFixed(2), width: Math.max(step * 0.8, 0.5).toFixed(2), height: tall.toFixed(2) });
      one.append(drawing("title", {}, `${bar.name}: ${bar.said}`));
      drawn.append(one);
    });
    fill(picture,
      h("p", { class: "chart-top", "aria-hidden": "true" }, top), drawn,
      h("p", { class: "chart-ends", "aria-hidden": "true" }, h("span", {}, ends[0]), h("span", {}, ends[1])));
    fill(table, h("thead", {}, h("tr", {}, head.map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, rows.map(([name, ...cells]) => h("tr", {}, h("th", { scope: "row" }, name), cells.map((cell) => h("td", {}, cell))))));
  };
}

/** How much of the most something is. @param {number} part @param {number} most */
export const share = (part, most) => drawing("svg", { class: "share", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
  drawing("rect", { class: "track", x: 0, y: 0, width: 100, height: 8 }), drawing("rect", { class: "part", x: 0, y: 0, width: Math.max(0, (part / Math.max(most, 1)) * 100).toFixed(2), height: 8 }));
