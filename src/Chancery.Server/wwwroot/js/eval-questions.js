// A dataset's questions: paged, added one by one or out of a file, put in another's place, deleted.
import { api, newKey } from "./api.js";
import { formDialog } from "./dialogs.js";
import { fill, h, icon, keepingFocus } from "./dom.js";
import { plural } from "./format.js";
import { ask, attempt, may, menuButton, oneAtATime, refusal, toast } from "./page.js";

const pageSize = 50;
const mayWrite = may("documents:write");
const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

/** Where an answer stands, on a line: document | page | quote. @param {any} place */
const placeLine = ({ document, page, quote }) => [document, page ?? "", quote ?? ""].join(" | ").replace(/( \| )+$/, "");

/** @param {string} line */
function placeOf(line) {
  const [document, page, ...quote] = line.split("|").map((part) => part.trim());
  return { document, ...(page ? { page: Number(page) } : {}), ...(quote.join("|") ? { quote: quote.join("|") } : {}) };
}

/** @param {string} id the dataset's @param {() => Promise<void>} changed reads the dataset again */
export function questionsOf(id, changed) {
  const list = h("ol", { class: "questions", "aria-label": "Questions" });
  const note = h("div", {});
  const more = h("p", { class: "more", hidden: true });

  async function load() {
    try {
      const page = await api.get(`/eval/datasets/${id}/questions?limit=${pageSize}`);
      keepingFocus(list, () => fill(list, page.items.map(rowOf)));
      list.hidden = page.items.length === 0;
      fill(note, page.items.length === 0 && h("div", { class: "empty small" }, h("h3", {}, "No questions yet"), h("p", {}, mayWrite ? "Add them one by one, or import a CSV or JSON Lines file." : "Editors add them.")));
      offerMore(page.next_cursor);
    } catch (fault) {
      fill(list);
      more.hidden = true;
      fill(note, refusal(fault, load));
    }
  }

  function offerMore(cursor) {
    more.hidden = !cursor;
    fill(more, cursor && h("button", { type: "button", class: "button", onclick: oneAtATime(() => attempt(async () => {
      const page = await api.get(`/eval/datasets/${id}/questions?limit=${pageSize}&cursor=${encodeURIComponent(cursor)}`);
      list.append(...page.items.map(rowOf));
      offerMore(page.next_cursor);
    })) }, "Show more"));
  }

  const rowOf = (one) => h("li", { class: "question", "data-id": one.id },
    h("span", { class: "number" }, String(one.number)),
    h("div", {}, h("p", { class: "asked-words", dir: "auto" }, one.question),
      one.should_refuse && h("p", { class: "expected" }, "Not in the documents: to be refused."),
      one.expected_answers.length > 0 && h("p", { class: "expected", dir: "auto" }, one.expected_answers.join(" · ")),
      one.expected_places?.length > 0 && h("p", { class: "quiet", dir: "auto" }, one.expected_places.map((place) => [place.document, place.page && `page ${place.page}`, place.quote && `“${place.quote}”`].filter(Boolean).join(", ")).join(" · ")),
      (one.language || one.tags.length > 0) && h("p", { class: "facts" }, one.language && h("span", { class: "tag" }, one.language), one.tags.map((tag) => h("span", { class: "tag", dir: "auto" }, tag)))),
    mayWrite && h("div", { class: "row-actions" }, menuButton(`Actions for question ${one.number}`, () => [
      { label: "Edit", act: () => edit(one) }, { label: "Delete", danger: true, act: () => remove(one) }])));

  function edit(one) {
    const area = (part, label, rows, value, hint, more = {}) => h("div", { class: "field" }, h("label", { for: `question-${part}` }, label),
      h("textarea", { id: `question-${part}`, name: part, rows, dir: "auto", "aria-describedby": hint ? `question-${part}-hint` : null, ...more }, value), hint && h("p", { class: "hint", id: `question-${part}-hint` }, hint));
    const refuse = h("input", { type: "checkbox", name: "refuse", checked: one?.should_refuse === true });
    const names = Object.fromEntries(["question", "expected_answers", "expected_places", "language", "tags"].map((part) => [`questions[0].${part}`, { expected_answers: "answers", expected_places: "places" }[part] ?? part]));
    formDialog({
      id: "question-form", wide: true, title: one ? `Question ${one.number}` : "Another question", yes: one ? "Put it in its place" : "Add it", names,
      body: [area("question", "Question", 2, one?.question ?? "", null, { required: true, maxlength: 4000, "data-wrong": "Ask something." }),
        area("answers", "Right answers", 2, (one?.expected_answers ?? []).join("\n"), "Any of them, each on its own line."),
        area("places", "Where it stands", 2, (one?.expected_places ?? []).map(placeLine).join("\n"), "Each on its own line: document | page | quote. Page and quote may be left out."),
        h("label", { class: "check" }, refuse, "The documents do not hold the answer: it should be refused"),
        h("div", { class: "two-fields" },
          h("div", { class: "field" }, h("label", { for: "question-language" }, "Language"), h("input", { id: "question-language", name: "language", value: one?.language ?? "", maxlength: 35, placeholder: "en", autocomplete: "off" })),
          h("div", { class: "field" }, h("label", { for: "question-tags" }, "Tags, between commas"), h("input", { id: "question-tags", name: "tags", value: (one?.tags ?? []).join(", "), maxlength: 2000, autocomplete: "off" }))),
        one && h("p", { class: "hint" }, "A question never changes, so that runs stay comparable: this becomes a new one, and earlier runs keep the old.")],
      act: async (values) => {
        const places = lines(values.places).map(placeOf);
        await api.post(`/eval/datasets/${id}/questions`, { questions: [{
          question: values.question.trim(), expected_answers: lines(values.answers),
          // An empty list says that nothing should be cited; nobody said so here.
          ...(places.length > 0 || one?.expected_places?.length === 0 ? { expected_places: places } : {}),
          ...(refuse.checked ? { should_refuse: true } : one?.should_refuse === false ? { should_refuse: false } : {}),
          ...(values.language.trim() ? { language: values.language.trim() } : {}), tags: values.tags.split(",").map((tag) => tag.trim()).filter(Boolean),
        }] });
        if (one) await api.remove(`/eval/datasets/${id}/questions/${one.id}`);
        toast(one ? `Question ${one.number} was put anew, at the end.` : "The question is in.");
        await Promise.all([changed(), load()]);
      },
    });
  }

  const remove = (one) => attempt(async () => {
    const yes = await ask({ title: `Delete question ${one.number}?`, text: "Results of earlier runs stay.", yes: "Delete", danger: true });
    if (yes === null) return;
    await api.remove(`/eval/datasets/${id}/questions/${one.id}`);
    await Promise.all([changed(), load()]);
  });

  function importFile() {
    const file = h("input", { type: "file", id: "questions-file", name: "file", accept: ".csv,.jsonl,.ndjson,.json,text/csv,application/x-ndjson", required: true, "data-wrong": "Choose a file." });
    formDialog({
      id: "import-form", title: "Import questions", yes: "Import",
      body: [h("div", { class: "field" }, h("label", { for: "questions-file" }, "CSV or JSON Lines"), file),
        h("p", { class: "hint" }, "CSV with a heading: question, and any of expected_answer, document, page, quote, should_refuse, language, tags; several between |. JSON Lines: on each line a question as the API takes it.")],
      act: async () => {
        const form = new FormData();
        form.append("file", file.files[0]);
        const done = await api.upload("POST", `/eval/datasets/${id}/import`, form, () => {}, new AbortController().signal, newKey());
        toast(`${plural(done.added, "question")} came in.`);
        await Promise.all([changed(), load()]);
        fill(note, done.rejected_count > 0 && h("div", { class: "notice" }, icon("alert"), h("div", {}, h("p", {}, `${plural(done.rejected_count, "row")} could not be taken:`),
          h("ul", { class: "rejected" }, done.rejected.map((row) => h("li", {}, `Row ${row.row}: ${row.reason}`))))));
      },
    });
  }

  return { list, note, more, load, add: () => edit(null), importFile };
}
