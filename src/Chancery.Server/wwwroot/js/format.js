// Numbers and times as people write them.

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const steps = [
  ["minute", 60, 3600],
  ["hour", 3600, 86400],
  ["day", 86400, 7 * 86400],
];
const dates = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });

/** "3 hours ago", "yesterday", then the date. @param {string} iso */
export function ago(iso) {
  const seconds = (Date.now() - Date.parse(iso)) / 1000;
  if (Math.abs(seconds) < 60) return "just now";
  for (const [unit, length, limit] of steps) {
    if (Math.abs(seconds) < limit) return relative.format(-Math.round(seconds / length), unit);
  }
  return dates.format(new Date(iso));
}

/** @param {string} iso */
export const date = (iso) => dates.format(new Date(iso));

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1000) return plural(bytes, "byte");
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1).replace(".0", "")} MB`;
  return `${(bytes / 1_000_000_000).toFixed(1).replace(".0", "")} GB`;
}

/** @param {number} count @param {string} one @param {string} [many] */
export const plural = (count, one, many = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

const moments = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });

/** Day and time. @param {string} iso */
export const moment = (iso) => moments.format(new Date(iso));

const kinds = {
  "application/pdf": "PDF",
  "text/markdown": "Markdown",
  "text/plain": "Text",
  "text/html": "HTML",
  "text/csv": "CSV",
  "text/tab-separated-values": "TSV",
  "image/png": "Scan (PNG)",
  "image/jpeg": "Scan (JPEG)",
  "image/tiff": "Scan (TIFF)",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint",
};

/** @param {string} mediaType */
export const kind = (mediaType) => kinds[mediaType] ?? mediaType;
