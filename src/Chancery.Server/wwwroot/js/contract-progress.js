// A contract while it is written: its outline first, then one clause after the other.
import { fill, h, icon } from "./dom.js";
import { keepDraft } from "./drafts.js";
import { plural } from "./format.js";
import { cancel, follow, operation } from "./operation.js";
import { attempt, refusal } from "./page.js";

/**
 * @param {string} id of the operation
 * @param {{done: (result: any, notes: string[]) => void, leave: () => void}} what
 */
export function draftProgress(id, { done, leave }) {
  const watching = new AbortController();
  /** @type {Map<number, any>} */
  const written = new Map();
  const notes = [];
  let headings = [];
  const title = h("h1", { tabindex: "-1", dir: "auto" }, "Being drafted");
  const asked = h("p", { class: "asked", dir: "auto" });
  const line = h("p", { class: "quiet", role: "status" }, "Looking for wording…");
  const bar = h("progress", { "aria-label": "Progress of the draft" });
  const found = h("p", { class: "quiet found" });
  const list = h("ol", { class: "being-written", "aria-label": "Clauses" });
  const trouble = h("div");
  const stop = h("button", { type: "button", class: "button", onclick: () => attempt(async () => {
    stop.disabled = true;
    await cancel(id);
  }) }, icon("stop"), "Cancel");
  const element = h("div", { class: "drafting" },
    h("div", { class: "page-head" }, title, stop), asked, bar, line, found, trouble, list);

  const draw = () => {
    const rows = headings.length > 0 ? headings : [...written.keys()].map((number) => written.get(number).heading);
    fill(list, rows.map((heading, at) => {
      const clause = written.get(at + 1);
      return h("li", { class: clause ? "written" : "awaited" }, h("h2", { dir: "auto" }, clause?.heading || heading),
        clause ? clause.text.split("\n").map((paragraph) => h("p", { dir: "auto" }, paragraph)) : h("p", { class: "hidden" }, "Not written yet"));
    }));
  };

  const on = (event, data) => {
    if (event === "sources") fill(found, data.sources.length > 0 ? `Built on ${plural(data.sources.length, "passage")}: ${[...new Set(data.sources.map((one) => one.title).filter(Boolean))].slice(0, 5).join(", ")}` : "Nothing of your organisation’s fits: the shipped clauses are used.");
    if (event === "note") notes.push(data.text);
    if (event === "outline") {
      fill(title, data.title || "Being drafted");
      headings = data.headings;
      fill(line, `${plural(headings.length, "clause")} planned`);
      draw();
    }
    if (event === "clause") {
      written.set(data.number, data);
      bar.max = data.of;
      bar.value = written.size;
      fill(line, `${written.size} of ${plural(data.of, "clause")}`);
      draw();
    }
  };

  async function run() {
    const what = await operation(id).catch(() => null);
    if (what) fill(asked, h("span", { class: "hidden" }, "Asked for: "), what.instruction);
    try {
      done(await follow(id, watching.signal, on), notes);
    } catch (fault) {
      stop.hidden = true;
      bar.hidden = true;
      fill(line);
      const partial = written.size > 0 ? ` The ${plural(written.size, "clause")} below that were written are no contract; they stay here for a day.` : "";
      const isCancelled = fault.code === "cancelled" || (await operation(id).catch(() => null))?.state === "cancelled";
      // What was asked for is in the form again.
      if (what) keepDraft("contract.instruction", what.instruction);
      fill(title, isCancelled ? "Cancelled" : fault.status === 404 ? "This draft is not there any more" : "The draft failed");
      fill(trouble, isCancelled ? h("p", { class: "notice" }, `Nothing was stored.${partial}`) : refusal(fault),
        !isCancelled && partial && h("p", { class: "quiet" }, partial),
        h("div", { class: "buttons" }, h("button", { type: "button", class: "button primary", onclick: leave }, "Back to what you asked for")));
      title.focus();
    }
  }

  return { element, run };
}
