// One dataset: its questions, asking them, every night, and how earlier runs went.
import { api } from "./api.js";
import { formDialog } from "./dialogs.js";
import { byId, fill, h, icon } from "./dom.js";
import { plural } from "./format.js";
import { ask, attempt, may, menuButton, refusal, toast } from "./page.js";
import { questionsOf } from "./eval-questions.js";
import { runsIn } from "./eval-runs.js";
import { sharedAnswersFor } from "./shared-answers.js";
import { modelNames, modelsOnce, promptsOnce, targetFields } from "./eval-target.js";
import { money, targetWord } from "./eval-words.js";

const root = byId("dataset");
const id = root.dataset.dataset;
const mayWrite = may("documents:write");

let dataset = null;
const head = h("div", { class: "page-head" });
const description = h("p", { class: "lead", dir: "auto" });
const nightly = h("div", { class: "rolling" });
const count = h("p", { class: "quiet", role: "status" });
const questions = questionsOf(id, reload);
const runPlace = h("div", {});
const runs = runsIn(runPlace, id);
const shared = sharedAnswersFor(id, async () => { await Promise.all([reload(), questions.load()]); });

async function reload() {
  dataset = await api.get(`/eval/datasets/${id}`);
  await draw();
}

async function draw() {
  document.title = `${dataset.name} · Chancery`;
  fill(head, h("h1", { dir: "auto" }, dataset.name), mayWrite && h("div", { class: "actions" },
    h("button", { type: "button", class: "button primary", id: "ask-them", disabled: dataset.questions === 0, onclick: start }, icon("send"), "Ask the questions"),
    menuButton("More about this dataset", () => [
      { label: "Rename or describe", act: change },
      { label: "Delete", danger: true, act: remove }])));
  fill(description, dataset.description);
  description.hidden = !dataset.description;
  fill(count, plural(dataset.questions, "question"));
  fill(nightly, dataset.is_active ? h("span", { class: "state ready" }, "Every night") : h("span", { class: "state idle" }, "Not every night"),
    h("span", {}, dataset.is_active ? `${targetWord(dataset.nightly ?? { kind: "answer" }, await modelNames())}, at 2:00 UTC, for ${money(dataset.nightly_cap_usd)} a night at most${dataset.nightly_judging ? `, judged: ${dataset.nightly_judging.criteria.join(", ")}` : ""}. What falls surely below the night before is told, and a night that reaches what it may cost.` : "Asked every night, it tells when something got worse."),
    mayWrite && (dataset.is_active
      ? [h("button", { type: "button", class: "button small", onclick: everyNight }, "Change"), h("button", { type: "button", class: "button small", onclick: notByNight }, "Switch off")]
      : h("button", { type: "button", class: "button small", onclick: everyNight }, "Ask it every night")));
}

/** Those that are asked without documents. */
const ownPrompts = async () => (await promptsOnce()).filter((one) => !one.is_shipped);

async function start() {
  const fields = targetFields(await modelsOnce(), dataset.nightly ?? undefined, { judges: true, judging: dataset.nightly_judging, own: await ownPrompts() });
  formDialog({
    id: "run-form", wide: true, title: `Ask ${plural(dataset.questions, "question")}`, yes: "Ask them",
    body: [fields.place,
      h("div", { class: "field" }, h("label", { for: "repeats" }, "Each question is asked so often"), h("input", { id: "repeats", name: "repeats", type: "number", min: 1, max: 10, step: 1, inputmode: "numeric", value: 1, required: true, "aria-describedby": "repeats-hint" }),
        h("p", { class: "hint", id: "repeats-hint" }, "Up to 10 times, since models do not say the same each time: scores are means, with their spread. It costs so many times as much.")),
      h("div", { class: "field" }, h("label", { for: "cost-cap" }, "Costs at most, in dollars"), h("input", { id: "cost-cap", name: "cap", type: "number", min: 0.000001, max: 4_000_000, step: "any", inputmode: "decimal", placeholder: "No limit of its own", "aria-describedby": "cost-cap-hint" }),
        h("p", { class: "hint", id: "cost-cap-hint" }, "Looked at before each question: a run costs at most one question more. Quotes alone and searches cost nothing."))],
    names: { "target.kind": "kind", "target.model": "model", "target.tags": "tags", "target.prompt": "prompt", "target.prompt_version": "prompt_version", "target.variable": "variable", cost_cap_usd: "cap", "judging.model": "judge" },
    act: async (values) => {
      const run = await api.post("/eval/runs", { dataset: id, target: fields.read(), judging: fields.readJudging(), ...(Number(values.repeats) > 1 ? { repeats: Number(values.repeats) } : {}), ...(values.cap ? { cost_cap_usd: Number(values.cap) } : {}) });
      location.assign(`/evaluation/runs/${run.id}`);
    },
  });
}

async function everyNight() {
  const fields = targetFields(await modelsOnce(), dataset.nightly ?? undefined, { judges: true, judging: dataset.nightly_judging, own: await ownPrompts() });
  formDialog({
    id: "nightly-form", wide: true, title: "Ask it every night", yes: "Every night",
    body: [h("p", {}, "At 2:00 UTC, on your behalf: with your rights, and at your cost."), fields.place,
      h("div", { class: "field" }, h("label", { for: "nightly-cap" }, "A night costs at most, in dollars"), h("input", { id: "nightly-cap", name: "nightly_cap", type: "number", required: true, min: 0.000001, max: 4_000_000, step: "any", inputmode: "decimal", value: dataset.nightly_cap_usd, "aria-describedby": "nightly-cap-hint" }),
        h("p", { class: "hint", id: "nightly-cap-hint" }, "Looked at before each question. A night that reaches it ends there, and says so."))],
    names: { "nightly.kind": "kind", "nightly.model": "model", "nightly.tags": "tags", "nightly.prompt": "prompt", "nightly.prompt_version": "prompt_version", "nightly.variable": "variable", nightly_cap_usd: "nightly_cap", "nightly_judging.model": "judge" },
    act: async (values) => {
      await api.patch(`/eval/datasets/${id}`, { is_active: true, nightly: fields.read(), nightly_judging: fields.readJudging() ?? { criteria: [] }, nightly_cap_usd: Number(values.nightly_cap) });
      toast("It is asked every night.");
      await reload();
    },
  });
}

const notByNight = () => attempt(async () => {
  await api.patch(`/eval/datasets/${id}`, { is_active: false });
  toast("It is asked by night no more.");
  await reload();
  nightly.querySelector("button")?.focus();
});

function change() {
  formDialog({
    id: "dataset-form", title: "Name and description", yes: "Save",
    body: [h("div", { class: "field" }, h("label", { for: "dataset-name" }, "Name"), h("input", { id: "dataset-name", name: "name", required: true, maxlength: 100, value: dataset.name, autocomplete: "off" })),
      h("div", { class: "field" }, h("label", { for: "dataset-description" }, "What it is for"), h("input", { id: "dataset-description", name: "description", maxlength: 1000, value: dataset.description, autocomplete: "off" })),
      h("div", { class: "field" }, h("label", { for: "dataset-tags" }, "Tags, between commas"), h("input", { id: "dataset-tags", name: "tags", maxlength: 2000, value: dataset.tags.join(", "), autocomplete: "off" }))],
    act: async (values) => {
      await api.patch(`/eval/datasets/${id}`, { name: values.name.trim(), description: values.description.trim(), tags: values.tags.split(",").map((tag) => tag.trim()).filter(Boolean) });
      await reload();
    },
  });
}

const remove = () => attempt(async () => {
  const yes = await ask({ title: `Delete ${dataset.name}?`, text: "Its questions and all its runs are deleted with it. It cannot be brought back.", yes: "Delete", danger: true });
  if (yes === null) return;
  await api.remove(`/eval/datasets/${id}`);
  location.assign("/evaluation");
});

async function begin() {
  fill(root, h("p", { class: "quiet" }, "Loading…"));
  try {
    dataset = await api.get(`/eval/datasets/${id}`);
  } catch (fault) {
    fill(root, h("h1", {}, "Dataset"), fault.status === 404
      ? h("div", { class: "empty" }, h("h2", {}, "This dataset is not there"), h("p", {}, "It was deleted, or it never was."), h("a", { class: "button", href: "/evaluation" }, "All datasets"))
      : refusal(fault, begin));
    return;
  }
  fill(root, h("p", { class: "crumb" }, h("a", { href: "/evaluation" }, "Evaluation")), head, description, nightly,
    h("section", { "aria-labelledby": "runs-title" }, h("h2", { id: "runs-title" }, "Runs"), runPlace),
    h("section", { "aria-labelledby": "questions-title" },
      h("div", { class: "section-head" }, h("h2", { id: "questions-title" }, "Questions"), count, mayWrite && h("div", { class: "actions" },
        h("button", { type: "button", class: "button small", onclick: questions.importFile }, icon("upload"), "Import"),
        h("button", { type: "button", class: "button small", onclick: questions.add }, icon("plus"), "Another question"))),
      questions.note, questions.list, questions.more), mayWrite && shared.place);
  await draw();
  await Promise.all([questions.load(), runs.load(), mayWrite && shared.load()]);
}

await begin();
