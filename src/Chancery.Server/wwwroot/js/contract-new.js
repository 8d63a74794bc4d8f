// A new contract: drafted from what somebody says, watched while it is written, or taken from a file.
import { api, newKey } from "./api.js";
import { partiesIn, partyFields } from "./contract-parties.js";
import { draftProgress } from "./contract-progress.js";
import { typeNames } from "./contract-words.js";
import { byId, fill, h, icon } from "./dom.js";
import { draft, keepDraft } from "./drafts.js";
import { accepted, objection } from "./files.js";
import { ago } from "./format.js";
import { onSubmit } from "./forms.js";
import { keepOperation, keptOperation, operations } from "./operation.js";
import { attempt, may } from "./page.js";

const root = byId("new-contract");
const kept = "contract.instruction";
const languages = [["", "As the instruction"], ["en", "English"], ["de", "German"]];
const head = h("div", {}, h("p", { class: "crumb" }, h("a", { href: "/contracts" }, "Contracts")), h("h1", {}, "New contract"));

function draftForm() {
  const instruction = h("textarea", { id: "instruction", name: "instruction", rows: 5, maxlength: 8000, required: true, "data-wrong": "Say what the contract is to be.", "aria-describedby": "instruction-hint", placeholder: "A mutual NDA between Acme GmbH and Beta Ltd under German law for two years" });
  instruction.value = draft(kept);
  instruction.addEventListener("input", () => keepDraft(kept, instruction.value));
  const model = h("select", { id: "model", name: "model" }, h("option", { value: "" }, "As usual"));
  const form = h("form", { class: "draft-form", id: "draft-form" },
    h("div", { class: "field" }, h("label", { for: "instruction" }, "What is it to be?"), instruction,
      h("p", { class: "hint", id: "instruction-hint" }, "Who, what, for how long, under which law: what you say holds. What you leave open is taken from your organisation’s clauses.")),
    h("details", {}, h("summary", {}, "Say more exactly"),
      h("div", { class: "exactly" },
        h("div", { class: "field" }, h("label", { for: "type" }, "Type"), h("input", { id: "type", name: "type", list: "types", maxlength: 40, autocomplete: "off", placeholder: "As the instruction" }), h("datalist", { id: "types" }, typeNames.map(([value, label]) => h("option", { value }, label)))),
        h("div", { class: "field" }, h("label", { for: "governing-law" }, "Governing law"), h("input", { id: "governing-law", name: "governing_law", maxlength: 200, autocomplete: "off", placeholder: "As the instruction" })),
        h("div", { class: "field" }, h("label", { for: "effective-date" }, "In force from"), h("input", { id: "effective-date", name: "effective_date", type: "date" })),
        h("div", { class: "field" }, h("label", { for: "language" }, "Language"), h("select", { id: "language", name: "language" }, languages.map(([value, label]) => h("option", { value }, label)))),
        h("div", { class: "field written-by" }, h("label", { for: "model" }, "Written by"), model)),
      partyFields()),
    h("div", { class: "buttons" }, h("button", { class: "button primary" }, "Draft it")));
  onSubmit(form, async (values) => {
    const id = await api.begin("/contracts", wishOf(values));
    keepOperation(id);
    await watch(id);
  }, { names: { governing_law: "governing_law", effective_date: "effective_date" } });
  api.get("/models").then((models) => fill(model, models.items.map((one) => h("option", { value: one.id, selected: one.default }, one.kind === "extractive" ? "No model: templates and your clauses" : one.name))), () => {});
  return form;
}

/** What was filled in; the rest is left to the instruction. */
function wishOf(values) {
  const parties = partiesIn(values);
  const said = (name) => values[name]?.trim() || undefined;
  return {
    instruction: values.instruction, type: said("type")?.toLowerCase(), governing_law: said("governing_law"), effective_date: said("effective_date"),
    language: said("language"), model: said("model"), parties: parties.length > 0 ? parties : undefined,
  };
}

function importForm() {
  const file = h("input", { id: "file", name: "file", type: "file", accept: accepted, required: true, "data-wrong": "Choose a file." });
  const bar = h("progress", { max: 1, "aria-label": "Progress of the upload", hidden: true });
  const line = h("p", { class: "quiet", role: "status" });
  const form = h("form", { class: "import-form", id: "import-form" },
    h("div", { class: "field" }, h("label", { for: "file" }, "Word, PDF or text file"), file,
      h("p", { class: "hint" }, "Headings, lists and numbers become clauses. Tracked changes of a Word file become revisions under their authors’ names, its comments comments.")),
    h("div", { class: "field" }, h("label", { for: "import-title" }, "Title"), h("input", { id: "import-title", name: "title", maxlength: 300, autocomplete: "off", placeholder: "As in the file" })),
    bar, line,
    h("div", { class: "buttons" }, h("button", { class: "button" }, icon("upload"), "Import")));
  let key = newKey();
  file.addEventListener("change", () => { key = newKey(); });
  onSubmit(form, async () => {
    const chosen = file.files[0];
    const wrong = objection(chosen);
    if (wrong) throw new Error(wrong);
    const sent = new FormData();
    sent.append("file", chosen);
    const title = byId("import-title").value.trim();
    if (title) sent.append("title", title);
    bar.hidden = false;
    fill(line, "Sending…");
    try {
      const made = await api.upload("POST", "/contracts/import", sent, (share) => {
        bar.value = share;
        if (share === 1) fill(line, "Reading the file…");
      }, new AbortController().signal, key);
      arrived(made.contract.contract.id, made.warnings);
    } finally {
      bar.hidden = true;
      fill(line);
      // The same file may be sent again after a fault was mended.
      key = newKey();
    }
  });
  return form;
}

/** Warnings are told where the contract is. */
function arrived(contract, notes) {
  keepDraft(`contract.${contract}.notes`, notes.length > 0 ? JSON.stringify(notes) : "");
  location.assign(`/contracts/${contract}`);
}

/** What is being written, or has ended badly, since you last looked. */
async function underWay() {
  const running = (await operations()).filter((one) => one.kind === "draft" && one.state === "running");
  if (running.length === 0) return null;
  return h("section", { class: "under-way", "aria-labelledby": "under-way-title" }, h("h2", { id: "under-way-title" }, "Being written"),
    h("ul", {}, running.map((one) => h("li", {},
      h("p", { dir: "auto" }, one.instruction.slice(0, 160)), h("p", { class: "quiet" }, `begun ${ago(one.created_at)}`),
      h("button", { type: "button", class: "button small", onclick: () => { keepOperation(one.id); watch(one.id); } }, "Watch")))));
}

function start() {
  if (!may("contracts:write")) {
    fill(root, head, h("div", { class: "empty" }, h("h2", {}, "Editors draft contracts"), h("p", {}, "Your role reads, compares and comments. Ask an owner or admin for another role.")));
    return;
  }
  const running = h("div");
  fill(root, head, running,
    h("div", { class: "ways" },
      h("section", { class: "way", "aria-labelledby": "draft-title" }, h("h2", { id: "draft-title" }, "Draft from your words"), draftForm()),
      h("section", { class: "way", id: "import", "aria-labelledby": "import-title-line" }, h("h2", { id: "import-title-line" }, "Import a file"), importForm())),
    h("p", { class: "quiet" }, "A draft is a starting point, not legal advice."));
  underWay().then((shown) => fill(running, shown), () => {});
  if (location.hash === "#import") byId("file").focus();
  else byId("instruction").focus();
}

async function watch(id) {
  const progress = draftProgress(id, {
    done: (result, notes) => {
      keepDraft(kept, "");
      arrived(result.contract_id, notes);
    },
    leave: () => {
      keepOperation(null);
      start();
    },
  });
  fill(root, h("div", {}, h("p", { class: "crumb" }, h("a", { href: "/contracts" }, "Contracts"))), progress.element);
  progress.element.querySelector("h1").focus();
  await progress.run();
}

const under = keptOperation();
if (under) await attempt(() => watch(under));
else start();
