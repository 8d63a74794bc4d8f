// The organisation's prompts and the product's own: which version is used, and what is being rolled out.
import { api } from "./api.js";
import { byId, fill, h, icon } from "./dom.js";
import { formDialog } from "./dialogs.js";
import { ago, plural } from "./format.js";
import { attempt, may, menuButton, refusal, toast } from "./page.js";
import { percent } from "./prompt-words.js";

const lists = byId("lists");
const note = byId("note");
const search = byId("q");
let all = null;

async function load() {
  lists.setAttribute("aria-busy", "true");
  if (!all) fill(lists, h("ul", {}, [1, 2, 3, 4].map(() => h("li", { class: "skeleton" }))));
  try {
    const { items } = await api.get("/prompts");
    const rolling = await Promise.all(items.filter((one) => one.rollout).map((one) => api.get(`/prompts/${one.id}/rollout`).catch(() => null)));
    all = items.map((one) => ({ ...one, running: rolling.find((found) => found?.prompt_id === one.id && found.state === "running") }));
    fill(note);
    draw();
  } catch (fault) {
    fill(lists);
    fill(note, refusal(fault, load));
  }
  lists.removeAttribute("aria-busy");
}

function draw() {
  const q = search.value.trim().toLowerCase();
  history.replaceState(null, "", q ? `?${new URLSearchParams({ q: search.value.trim() })}` : location.pathname);
  const shown = all.filter((one) => one.name.toLowerCase().includes(q));
  const own = shown.filter((one) => !one.is_shipped);
  const shipped = shown.filter((one) => one.is_shipped);
  if (shown.length === 0) {
    return fill(lists, h("div", { class: "empty" }, h("h2", {}, "No prompt matches"), h("p", {}, "Try another word, or show all of them."),
      h("button", { type: "button", class: "button", onclick: () => { search.value = ""; draw(); search.focus(); } }, "Show all")));
  }
  return fill(lists,
    (own.length > 0 || !q) && group("Yours", "Used by your programs through the API.", own, noneYet()),
    shipped.length > 0 && group("The product’s own", "Used by Chancery itself; version 1 is what was shipped.", shipped));
}

const group = (title, says, prompts, none) => h("section", { class: "prompt-group", "aria-label": title },
  h("h2", {}, title), h("p", { class: "quiet" }, says),
  prompts.length > 0 ? h("ul", { class: "prompts" }, prompts.map(rowOf)) : none);

const noneYet = () => h("div", { class: "empty small" }, h("h3", {}, "No prompts of your own yet"),
  h("p", {}, may("prompts:write")
    ? "Write what your program tells a model, with variables for what changes. Each version is kept, and a new one can be rolled out step by step."
    : "Editors write prompts; they appear here."),
  may("prompts:write") && h("a", { class: "button", href: "/prompts/new" }, icon("plus"), "Write a prompt"));

function rowOf(one) {
  const others = one.labels.filter((label) => label.name !== "production");
  return h("li", { class: "prompt", "data-id": one.id },
    h("div", {},
      h("a", { class: "title", href: `/prompts/${one.id}`, dir: "auto" }, one.name),
      one.description && h("p", { class: "says", dir: "auto" }, one.description),
      h("p", { class: "facts" },
        h("span", { class: "fact" }, plural(one.latest, "version")),
        one.updated_at ? h("time", { class: "fact", datetime: one.updated_at }, `changed ${ago(one.updated_at)}`) : h("span", { class: "fact" }, "as it was shipped"),
        others.map((label) => h("span", { class: "tag" }, `${label.name}: ${label.version}`)))),
    h("div", { class: "in-use" },
      h("span", { class: "state ready" }, `Version ${one.production}`),
      one.running
        ? h("a", { href: `/prompts/${one.id}/rollout`, class: "state working" }, `Version ${one.running.treatment.version} at ${percent(one.running.percent / 100)}`)
        : one.latest > one.production && h("span", { class: "quiet" }, `Version ${one.latest} waits`)));
}

const takeOut = () => attempt(async () => {
  const file = await api.get("/prompts/export");
  const link = h("a", { href: URL.createObjectURL(new Blob([JSON.stringify(file, null, 2)], { type: "application/json" })), download: "prompts.json" });
  link.click();
  // The browser has taken hold of the bytes by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
});

function bringIn() {
  const file = h("input", { type: "file", id: "prompts-file", name: "file", accept: ".json,application/json", required: true, "data-wrong": "Choose a file." });
  formDialog({
    id: "prompts-import", title: "Import prompts", yes: "Import",
    body: [h("div", { class: "field" }, h("label", { for: "prompts-file" }, "A file that was exported"), file),
      h("p", { class: "hint" }, "Prompts meet by name, versions by what they say. A new prompt is in production at once; of one that is here already nothing but versions is added.")],
    act: async () => {
      let read;
      try {
        read = JSON.parse(await file.files[0].text());
      } catch {
        throw new Error("This is no file of exported prompts.");
      }
      const { prompts } = await api.post("/prompts/import", read);
      toast(`${plural(prompts.reduce((sum, one) => sum + one.added, 0), "version")} came in.`);
      await load();
    },
  });
}

// Both stand beside what writes a new one.
const head = byId("prompts").querySelector(".page-head");
head.append(h("div", { class: "actions" }, [...head.children].slice(1), menuButton("More about prompts", () => [
  { label: "Export", act: takeOut }, may("prompts:publish") && { label: "Import", act: bringIn }])));

search.value = new URLSearchParams(location.search).get("q") ?? "";
search.addEventListener("input", () => all && draw());
byId("filters").addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("chancery:back", load);
load();
