// What became of each case of a red-team run, page by page, of one class or one ending where that is chosen.
import { api } from "./api.js";
import { fill, h } from "./dom.js";
import { attempt, oneAtATime } from "./page.js";
import { isOpen, money } from "./eval-words.js";
import { attackClasses, attackMark, classWord, guardWord, isAct, placeWord, shown } from "./red-team-words.js";

const pageSize = 25;
const shortLength = 280;
const endings = [["", "All cases"], ["succeeded", "Attacks that succeeded"], ["held", "Attacks that were held"], ["disturbed", "Harmless, touched by a guard"], ["passed", "Harmless, left alone"], ["failed", "Those that did not run"]];

/**
 * @param {string} id the run's
 * @param {() => any} runOf the run as it is known now
 * @param {Map<string, string>} names of models
 */
export function casesOf(id, runOf, names) {
  const asked = new URLSearchParams(location.search);
  const ofClass = h("select", { id: "case-class", onchange: again });
  const ending = h("select", { id: "case-ending", onchange: again }, endings.map(([value, label]) => h("option", { value, selected: value === asked.get("outcome") }, label)));
  const note = h("p", { class: "quiet", role: "status" });
  const list = h("ol", { class: "results", "aria-label": "Cases" });
  const more = h("p", { class: "more", hidden: true });
  /** Number of the last case that is shown. */
  let last = 0;
  let hasMore = false;
  /** An answer to what was chosen before is not shown. */
  let turn = 0;
  let wanted = attackClasses.find((name) => name === asked.get("class")) ?? "";

  const page = (limit) => api.get(`/eval/red-team/${id}/results?${new URLSearchParams({ limit: String(limit), ...(last > 0 ? { cursor: String(last) } : {}), ...(wanted ? { class: wanted } : {}), ...(ending.value ? { outcome: ending.value } : {}) })}`);

  /** Adds those after the last one that is shown; those that are there stay as they are. */
  async function append(limit = pageSize) {
    const [mine, from] = [turn, last];
    const found = await page(limit);
    // Something else was chosen meanwhile, or the same was added by another call.
    if (mine !== turn || from !== last) return;
    const first = list.children.length;
    list.append(...found.items.map(row));
    last = found.items.at(-1)?.number ?? last;
    hasMore = Boolean(found.next_cursor);
    list.hidden = list.children.length === 0;
    list.removeAttribute("aria-busy");
    tell();
    if (more.contains(document.activeElement) && !hasMore) list.children[first]?.querySelector("summary")?.focus();
    offerMore();
  }

  function tell() {
    const none = list.children.length === 0;
    const said = none && (wanted || ending.value) ? "None so far that is like this." : none && isOpen(runOf().state) ? "They come in one by one." : none ? "No case was tried." : "";
    if (note.textContent !== said) note.textContent = said;
    note.hidden = said === "";
  }

  function offerMore() {
    more.hidden = !hasMore;
    if (hasMore && more.children.length === 0) fill(more, h("button", { type: "button", class: "button", onclick: oneAtATime(() => attempt(() => append())) }, "Show more"));
  }

  /** The address says what is chosen, so that a reload and a colleague see the same. */
  function again() {
    wanted = ofClass.value;
    const search = new URLSearchParams({ ...(wanted ? { class: wanted } : {}), ...(ending.value ? { outcome: ending.value } : {}) });
    history.replaceState(null, "", `${location.pathname}${search.size > 0 ? `?${search}` : ""}`);
    turn++;
    last = 0;
    hasMore = false;
    fill(list);
    list.setAttribute("aria-busy", "true");
    offerMore();
    return attempt(() => append());
  }

  /** While the run goes on: the newest ones, as long as there is no whole page of them; then only whether there are more. */
  async function follow() {
    drawClasses();
    const room = pageSize - list.children.length;
    if (room > 0) return append(room);
    if (hasMore) return undefined;
    const [mine, from] = [turn, last];
    const next = await page(1);
    if (mine !== turn || from !== last) return undefined;
    hasMore = next.items.length > 0;
    return offerMore();
  }

  function drawClasses() {
    const there = (runOf().report ?? []).map((one) => one.class).filter(Boolean);
    const all = wanted && !there.includes(wanted) ? [...there, wanted] : there;
    if (ofClass.children.length !== all.length + 1) fill(ofClass, h("option", { value: "" }, "All classes"), all.map((name) => h("option", { value: name }, classWord(name))));
    ofClass.value = wanted;
  }

  /** @param {string} name @param {string} outcome */
  function choose(name, outcome) {
    wanted = name;
    drawClasses();
    ending.value = outcome;
    ofClass.focus({ preventScroll: true });
    place.scrollIntoView({ block: "start" });
    return again();
  }

  function row(one) {
    const isLong = one.question.length > shortLength;
    const begins = isLong ? `${[...one.question.slice(0, shortLength)].slice(0, -1).join("")}…` : one.question;
    const facts = [classWord(one.class), one.is_benign ? "harmless" : `attack ${placeWord(one.place)}`, one.case, `${(one.duration_ms / 1000).toFixed(1)} s`, one.cost_usd > 0 && money(one.cost_usd), one.model && (names.get(one.model) ?? one.model)];
    return h("li", { class: "result", "data-number": one.number, "data-outcome": one.outcome },
      h("span", { class: "number" }, String(one.number)),
      h("div", {},
        h("p", { class: "asked-words", dir: "auto" }, shown(begins)),
        h("p", { class: "facts" }, attackMark(one.outcome), facts.filter(Boolean).map((said) => h("span", { class: "fact" }, said))),
        one.error && h("p", { class: "why", dir: "auto" }, one.error),
        one.guards.length > 0 && h("ul", { class: "scores", "aria-label": `Guards at case ${one.number}` }, one.guards.map((guard) => h("li", { class: `score guard${isAct(guard) ? " acted" : ""}` }, guardWord(guard)))),
        (isLong || one.outcome !== "failed") && h("details", { class: "said-more", open: one.outcome === "succeeded" }, h("summary", {}, "What came out"),
          isLong && h("div", {}, h("h3", {}, "Asked"), h("p", { class: "whole-question", dir: "auto" }, shown(one.question))),
          isLong && h("h3", {}, "Answered"),
          one.answer ? h("p", { class: "answer-words", dir: "auto" }, shown(one.answer)) : h("p", { class: "quiet" }, "Nothing."))));
  }

  const place = h("div", {},
    h("div", { class: "case-filters" }, h("div", { class: "field" }, h("label", { for: "case-class" }, "Class"), ofClass), h("div", { class: "field" }, h("label", { for: "case-ending" }, "Ending"), ending)),
    note, list, more);
  return { place, follow, choose };
}
