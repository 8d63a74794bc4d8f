// Runs of attacks as a table, and the form that begins one.
import { api } from "./api.js";
import { formDialog } from "./dialogs.js";
import { fill, h } from "./dom.js";
import { moment } from "./format.js";
import { attempt, may, oneAtATime, refusal } from "./page.js";
import { modelNames, modelsOnce, promptsOnce } from "./eval-target.js";
import { isOpen, money, runMark } from "./eval-words.js";
import { attackClasses, attackTargets, classWord, ofAll, percent, targetWord } from "./red-team-words.js";

const againMs = 4000;
const pageSize = 10;
const mayAttack = may("documents:read") && may("documents:write") && may("chat:ask");

/** @param {any} run @param {Map<string, string>} names */
export const modelOf = (run, names) => (run.model ? names.get(run.model) ?? run.model : "the default model");

/** What it attacked, in words. @param {any} run @param {Map<string, string>} names */
export const attackedIn = (run, names) => `${run.prompt ? names.get(run.prompt) ?? targetWord(run.target) : targetWord(run.target)}${run.prompt_version ? `, version ${run.prompt_version}` : ""}`;

/** @param {HTMLElement} place @returns {{load: () => Promise<void>}} */
export function redTeamRunsIn(place) {
  let runs = [];
  let cursor = null;
  let names = new Map();
  let timer = 0;
  const isMoving = () => runs.some((one) => isOpen(one.state));

  async function load() {
    clearTimeout(timer);
    try {
      const [page, known] = await Promise.all([api.get(`/eval/red-team?limit=${pageSize}`), modelNames()]);
      names = known;
      runs = page.items;
      cursor = page.next_cursor;
      draw();
    } catch (fault) {
      fill(place, refusal(fault, load));
    }
    place.removeAttribute("aria-busy");
    if (isMoving() && !document.hidden) timer = setTimeout(follow, againMs);
  }

  /** Rows change and nobody's focus does. */
  async function follow() {
    clearTimeout(timer);
    if (place.contains(document.activeElement)) timer = setTimeout(follow, againMs);
    else await load();
  }

  function draw() {
    if (runs.length === 0) {
      return fill(place, h("div", { class: "empty small" }, h("h3", {}, "No attacks yet"),
        h("p", {}, mayAttack ? "See what comes out before somebody else tries: injections, leaks, exfiltration and more, with documents that are made up for it and taken away afterwards." : "Editors begin them; what they came to appears here.")));
    }
    return fill(place,
      h("div", { class: "figures cards", tabindex: "0", role: "group", "aria-label": "Runs of the red team" }, h("table", {},
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Run"), h("th", { scope: "col", class: "said" }, "Attacked"), h("th", { scope: "col", class: "said" }, "Release"), h("th", { scope: "col", class: "said" }, "Model"), h("th", { scope: "col", class: "said" }, "State"), h("th", { scope: "col" }, "Cases"), h("th", { scope: "col" }, "Attacks that succeeded"), h("th", { scope: "col" }, "Cost"))),
        h("tbody", {}, runs.map(rowOf)))),
      cursor && h("p", { class: "more" }, h("button", { type: "button", class: "button", onclick: oneAtATime(() => attempt(more)) }, "Show more")));
  }

  async function more() {
    const page = await api.get(`/eval/red-team?limit=${pageSize}&cursor=${encodeURIComponent(cursor)}`);
    const first = page.items[0]?.id;
    runs.push(...page.items);
    cursor = page.next_cursor;
    draw();
    place.querySelector(`tr[data-id="${first}"] a`)?.focus();
  }

  const rowOf = (run) => h("tr", { "data-id": run.id },
    h("th", { scope: "row" }, h("a", { href: `/evaluation/red-team/${run.id}` }, moment(run.created_at))),
    h("td", { class: "said", "data-head": "Attacked" }, attackedIn(run, names)),
    h("td", { class: "said", "data-head": "Release" }, run.server_version ?? "–"),
    h("td", { class: "said", "data-head": "Model" }, modelOf(run, names)),
    h("td", { class: "said", "data-head": "State" }, runMark(run.state)),
    h("td", { "data-head": "Cases" }, h("span", {}, run.asked < run.total ? `${run.asked} of ${run.total}` : String(run.total), run.failed > 0 && h("span", { class: "aside" }, `${run.failed} did not run`))),
    h("td", { "data-head": "Attacks that succeeded" }, run.attacks > 0 ? h("span", {}, ofAll({ hits: run.succeeded, count: run.attacks }), h("span", { class: "aside" }, percent(run.succeeded / run.attacks))) : h("span", { class: "empty-cell" }, "–")),
    h("td", { "data-head": "Cost" }, money(run.cost_usd)));

  document.addEventListener("visibilitychange", () => { if (!document.hidden && isMoving()) follow(); });
  return { load };
}

/** Asks for what a run needs, begins it and goes to its page. */
export async function startRedTeam() {
  const [models, known] = await Promise.all([modelsOnce(), promptsOnce()]);
  const own = known.filter((one) => !one.is_shipped);
  const target = h("select", { id: "red-team-target", name: "target", onchange: follow }, attackTargets.filter((name) => name !== "prompt" || own.length > 0).map((name) => h("option", { value: name }, targetWord(name))));
  const prompt = h("select", { id: "red-team-prompt", name: "prompt", onchange: follow }, own.map((one) => h("option", { value: one.id }, one.name)));
  const version = h("input", { id: "red-team-version", name: "version", type: "number", min: 1, step: 1, inputmode: "numeric", placeholder: "The one in production" });
  const variable = h("input", { id: "red-team-variable", name: "variable", maxlength: 50, autocomplete: "off", placeholder: "The only one that has to be given" });
  const promptField = h("div", { class: "field" }, h("label", { for: "red-team-prompt" }, "Prompt"), prompt);
  const versionField = h("div", { class: "field" }, h("label", { for: "red-team-version" }, "Version of the prompt"), version);
  const variableField = h("div", { class: "field" }, h("label", { for: "red-team-variable" }, "What an attack fills in"), variable);
  function follow() {
    const isOwn = target.value === "prompt";
    promptField.hidden = !isOwn;
    variableField.hidden = !isOwn;
    const isUnpublished = isOwn && !own.find((one) => one.id === prompt.value)?.production;
    version.required = isUnpublished;
    version.placeholder = isUnpublished ? "None is in production: say which" : "The one in production";
  }
  follow();
  const versionOf = () => Number(version.value) || (target.value === "prompt" ? own.find((one) => one.id === prompt.value)?.production : undefined);
  const boxes = attackClasses.map((name) => h("label", { class: "check" }, h("input", { type: "checkbox", name: "classes", value: name }), classWord(name)));
  const dialog = formDialog({
    id: "red-team-form", wide: true, title: "Attack the product", yes: "Begin",
    body: [
      h("p", {}, "Documents with attacks are laid out in collections of their own, asked about as a member would, and deleted afterwards. Admins who ask something meanwhile may find them."),
      h("div", { class: "field" }, h("label", { for: "red-team-target" }, "What is attacked"), target, h("p", { class: "hint" }, "Documents are laid out for answers alone; elsewhere the text with the attack stands in the request.")),
      promptField, versionField, variableField,
      h("fieldset", { class: "judging" }, h("legend", {}, "Only attacks of these classes"), h("div", { class: "checks" }, boxes), h("p", { class: "hint" }, "None chosen: all of them.")),
      h("div", { class: "field" }, h("label", { for: "red-team-model" }, "Model"), h("select", { id: "red-team-model", name: "model" }, h("option", { value: "" }, "The default, whichever it is"),
        models.map((one) => h("option", { value: one.id }, one.kind === "extractive" ? "No model: quotes alone" : one.name)))),
      h("div", { class: "field" }, h("label", { for: "red-team-limit" }, "Cases at most"), h("input", { id: "red-team-limit", name: "limit", type: "number", min: 1, max: 1000, step: 1, inputmode: "numeric", placeholder: "All", "aria-describedby": "red-team-limit-hint" }),
        h("p", { class: "hint", id: "red-team-limit-hint" }, "The same of each class, as far as there are.")),
      h("div", { class: "field" }, h("label", { for: "red-team-cap" }, "Costs at most, in dollars"), h("input", { id: "red-team-cap", name: "cap", type: "number", min: 0.000001, max: 4_000_000, step: "any", inputmode: "decimal", placeholder: "No limit of its own", "aria-describedby": "red-team-cap-hint" }),
        h("p", { class: "hint", id: "red-team-cap-hint" }, "Looked at before each case: a run costs at most one case more. Quotes alone cost nothing."))],
    names: { cost_cap_usd: "cap", prompt_version: "version" },
    act: async (values) => {
      const classes = [...dialog.querySelectorAll("input[name=classes]:checked")].map((box) => box.value);
      const run = await api.post("/eval/red-team", { ...(target.value !== "answer" ? { target: target.value } : {}), ...(target.value === "prompt" ? { prompt: prompt.value } : {}), ...(target.value === "prompt" && variable.value.trim() ? { variable: variable.value.trim() } : {}), ...(versionOf() ? { prompt_version: versionOf() } : {}), ...(classes.length > 0 ? { classes } : {}), ...(values.limit ? { limit: Number(values.limit) } : {}), ...(values.model ? { model: values.model } : {}), ...(values.cap ? { cost_cap_usd: Number(values.cap) } : {}) });
      location.assign(`/evaluation/red-team/${run.id}`);
    },
  });
}
