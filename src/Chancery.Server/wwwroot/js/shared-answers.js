// Answers with thumbs that people shared: taken into a dataset as questions, or put away.
import { api, newKey } from "./api.js";
import { fill, h } from "./dom.js";
import { attempt, oneAtATime, refusal, toast } from "./page.js";

const pageSize = 20;

/** @param {string} id the dataset's @param {() => Promise<void>} changed reads the dataset and its questions again */
export function sharedAnswersFor(id, changed) {
  const list = h("ol", { class: "questions", "aria-label": "Shared answers" });
  const place = h("section", { "aria-labelledby": "shared-title", hidden: true },
    h("div", { class: "section-head" }, h("h2", { id: "shared-title" }, "Shared answers")),
    h("p", { class: "quiet" }, "People gave these thumbs, and let them be used. Of a good one the answer is expected; of a bad one nothing is until you say what."),
    list);

  async function load() {
    try {
      const page = await api.get(`/eval/shared-answers?limit=${pageSize}`);
      fill(list, page.items.map(rowOf));
      place.hidden = page.items.length === 0;
    } catch (fault) {
      place.hidden = false;
      fill(list, h("li", {}, refusal(fault, load)));
    }
  }

  const rowOf = (one) => h("li", { class: "question", "data-id": one.id },
    h("span", { class: "number" }, one.rating === "up" ? "Good" : "Bad"),
    h("div", {}, h("p", { class: "asked-words", dir: "auto" }, one.question), h("p", { class: "expected", dir: "auto" }, one.answer),
      one.comment && h("p", { class: "quiet", dir: "auto" }, `“${one.comment}”`)),
    h("div", { class: "row-actions" },
      h("button", { type: "button", class: "button small", onclick: oneAtATime(() => take(one)) }, "Take it"),
      h("button", { type: "button", class: "button small", onclick: oneAtATime(() => putAway(one)) }, "Put away")));

  const take = (one) => attempt(async () => {
    await api.post(`/eval/datasets/${id}/questions/shared`, { answers: [one.id] }, { key: newKey() });
    toast("It is a question of this dataset.");
    await Promise.all([load(), changed()]);
  });

  const putAway = (one) => attempt(async () => {
    await api.remove(`/eval/shared-answers/${one.id}`);
    await load();
  });

  return { place, load };
}
