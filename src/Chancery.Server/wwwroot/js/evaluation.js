// Datasets, runs and attacks of the organisation.
import { api } from "./api.js";
import { formDialog } from "./dialogs.js";
import { byId, fill, h, icon } from "./dom.js";
import { ago, plural } from "./format.js";
import { attempt, may, oneAtATime, refusal } from "./page.js";
import { runsIn } from "./eval-runs.js";
import { redTeamRunsIn, startRedTeam } from "./red-team-runs.js";

const list = byId("datasets");
const note = byId("datasets-note");
const more = byId("datasets-more");
const runs = runsIn(byId("runs"));
const attacks = redTeamRunsIn(byId("red-team-runs"));
const mayWrite = may("documents:write");

async function load() {
  list.setAttribute("aria-busy", "true");
  if (list.children.length === 0) fill(list, [1, 2, 3].map(() => h("li", { class: "skeleton" })));
  try {
    const page = await api.get("/eval/datasets?limit=50");
    fill(note);
    fill(list, page.items.map(rowOf));
    offerMore(page.next_cursor);
    list.hidden = page.items.length === 0;
    if (page.items.length === 0) {
      fill(note, h("div", { class: "empty small" }, h("h3", {}, "No datasets yet"),
        h("p", {}, mayWrite ? "Put together questions that people really ask, and what a good answer is: then every change can be measured before anybody sees it." : "Editors make datasets; they appear here."),
        mayWrite && h("button", { type: "button", class: "button", onclick: make }, icon("plus"), "Make a dataset")));
    }
  } catch (fault) {
    fill(list);
    list.hidden = true;
    more.hidden = true;
    fill(note, refusal(fault, load));
  }
  list.removeAttribute("aria-busy");
}

function offerMore(cursor) {
  more.hidden = !cursor;
  fill(more, cursor && h("button", { type: "button", class: "button", onclick: oneAtATime(() => attempt(async () => {
    const page = await api.get(`/eval/datasets?limit=50&cursor=${encodeURIComponent(cursor)}`);
    list.append(...page.items.map(rowOf));
    offerMore(page.next_cursor);
  })) }, "Show more"));
}

const rowOf = (one) => h("li", { class: "dataset", "data-id": one.id },
  h("div", {}, h("a", { class: "title", href: `/evaluation/datasets/${one.id}`, dir: "auto" }, one.name),
    one.description && h("p", { class: "says", dir: "auto" }, one.description),
    h("p", { class: "facts" }, h("span", { class: "fact" }, plural(one.questions, "question")), h("time", { class: "fact", datetime: one.updated_at }, `changed ${ago(one.updated_at)}`), one.tags.map((tag) => h("span", { class: "tag", dir: "auto" }, tag)))),
  h("div", { class: "nightly" }, one.is_active ? h("span", { class: "state ready" }, "Every night") : h("span", { class: "state idle" }, "When asked")));

function make() {
  formDialog({
    id: "dataset-form", title: "New dataset", yes: "Make it",
    body: [h("div", { class: "field" }, h("label", { for: "dataset-name" }, "Name"), h("input", { id: "dataset-name", name: "name", required: true, maxlength: 100, autocomplete: "off", "data-wrong": "Give it a name." })),
      h("div", { class: "field" }, h("label", { for: "dataset-description" }, "What it is for"), h("input", { id: "dataset-description", name: "description", maxlength: 1000, autocomplete: "off" }))],
    act: async (values) => {
      const made = await api.post("/eval/datasets", { name: values.name.trim(), description: values.description.trim() });
      location.assign(`/evaluation/datasets/${made.id}`);
    },
  });
}

byId("new-dataset")?.addEventListener("click", make);
byId("new-red-team")?.addEventListener("click", oneAtATime(startRedTeam));
document.addEventListener("chancery:back", () => { load(); runs.load(); attacks.load(); });
await Promise.all([load(), runs.load(), attacks.load()]);
