// The states of a document, in words for people.
import { fill, h } from "./dom.js";
import { plural } from "./format.js";
import { watch } from "./progress.js";

const words = {
  ready: "Ready",
  failed: "Failed",
  stored: "Not read yet",
  fetching: "Fetching",
  queued: "Waiting",
  reading: "Reading",
  cutting: "Cutting into passages",
  embedding: "Indexing",
};

/** @param {string} state */
export const stateWord = (state) => words[state] ?? state;

/** @param {string} state */
export const isWorking = (state) => ["fetching", "queued", "reading", "cutting", "embedding"].includes(state);

/** @param {number} seconds */
export function left(seconds) {
  if (seconds < 60) return `about ${plural(Math.max(1, Math.round(seconds)), "second")} left`;
  if (seconds < 5400) return `about ${plural(Math.round(seconds / 60), "minute")} left`;
  return `about ${plural(Math.round(seconds / 3600), "hour")} left`;
}

/**
 * A line, a bar and an estimate that follow a document until it is ready, has failed or was stopped.
 * @param {any} document
 * @param {{isWanted: () => boolean, done: (document: any) => void, stop?: HTMLElement | false}} row with the button that stops it
 * @returns {Node[]}
 */
export function followed(document, row) {
  const line = h("span", { class: "state working" });
  const bar = h("progress", { max: 1, "aria-label": `Progress of ${document.title}` });
  const detail = h("span", { class: "quiet" });
  const progress = (at) => {
    fill(line, stateWord(at.state));
    // Reading can be stopped, fetching cannot.
    if (row.stop) row.stop.hidden = at.state === "fetching";
    if (!(at.page_count > 0) || at.state === "queued") return;
    bar.value = at.pages_done / at.page_count;
    fill(detail, `${at.pages_done.toLocaleString("en")} of ${plural(at.page_count, "page")}`, at.eta_seconds > 1 ? `, ${left(at.eta_seconds)}` : "");
  };
  progress(document);
  watch(document.id, { ...row, progress });
  return [line, bar, detail];
}
