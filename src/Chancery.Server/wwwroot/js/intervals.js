// Shares with their intervals, drawn on one scale. The figures stand beside them as text.
import { drawing } from "./dom.js";

const width = 100;

/**
 * @param {Array<{kind: "old" | "new", low: number, high: number, at: number}>} spans
 * @param {{least?: number, most: number, zero?: boolean}} scale
 */
export function intervals(spans, { least = 0, most, zero = false }) {
  const x = (value) => (((Math.min(Math.max(value, least), most) - least) / Math.max(most - least, Number.MIN_VALUE)) * width).toFixed(2);
  const step = 36 / (spans.length + 1);
  return drawing("svg", { class: "interval", viewBox: `0 0 ${width} 36`, preserveAspectRatio: "none", "aria-hidden": "true" },
    drawing("rect", { class: "ground", x: 0, y: 2, width, height: 32 }),
    ...(zero ? [drawing("line", { class: "zero", x1: x(0), x2: x(0), y1: 2, y2: 34 })] : []),
    ...spans.flatMap(({ kind, low, high, at }, i) => {
      const y = (step * (i + 1)).toFixed(2);
      return [drawing("line", { class: `span ${kind}`, x1: x(low), x2: x(high), y1: y, y2: y }),
        drawing("rect", { class: kind, x: (Number(x(at)) - 0.6).toFixed(2), y: (Number(y) - 5).toFixed(2), width: 1.2, height: 10 })];
    }));
}
