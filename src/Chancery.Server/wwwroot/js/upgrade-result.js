// What came of a rough prompt: the better one, what differs and why, what it was written with, and what each part took.
import { api } from "./api.js";
import { fill, h, icon } from "./dom.js";
import { plural } from "./format.js";
import { may } from "./page.js";
import { Thumbs } from "./thumbs.js";
import { saveAsVersion } from "./upgrade-save.js";

const parts = { redaction: "Personal data hidden", summarizer: "History summed up", embedding: "Question to vectors", rag: "Passages found", upgrader: "Prompt written" };
const states = { done: ["Done", "ready"], skipped: ["Skipped", "idle"], failed: ["Failed", "failed"] };
const number = (count) => count.toLocaleString("en");
const money = (dollars) => `$${dollars.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: dollars !== 0 && Math.abs(dollars) < 1 ? 6 : 2 })}`;
const seconds = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

let view = "result";

/**
 * @param {HTMLElement} place @param {any} upgrade
 * @param {{modelName: (id: string) => string, copied: (text: string) => void, change: () => void}} page
 */
export function showUpgrade(place, upgrade, page) {
  const text = h("div", { class: "made" });
  const views = h("div", { class: "theme view-choice", role: "radiogroup", "aria-label": "What is shown" }, [["result", "The result"], ["inline", "What changed"], ["sides", "Side by side"]].map(([value, label]) =>
    h("label", {}, h("input", { type: "radio", name: "view", value, checked: value === view, onchange: () => { view = value; draw(); } }), h("span", {}, label))));
  const isThere = upgrade.upgraded_prompt !== undefined && upgrade.upgraded_prompt !== null;
  const words = (side) => upgrade.diff.map(({ kind, text: said }) => {
    if (kind === "kept") return said;
    if (kind === "deleted") return side === "to" ? null : h("del", {}, said);
    return side === "from" ? null : h("ins", {}, said);
  });

  function draw() {
    if (!isThere) fill(text, h("p", { class: "quiet" }, "It is not shown: it was made from a document that was deleted, or that you may not read any more."));
    else if (view === "result") fill(text, h("pre", { dir: "auto", tabindex: "0", "aria-label": "The upgraded prompt" }, upgrade.upgraded_prompt));
    else {
      fill(text, h("div", { class: "diff", tabindex: "0", role: "group", "aria-label": "What changed" }, h("div", { class: "diff-row" }, view === "inline" ? h("p", { class: "diff-words", dir: "auto" }, words("both"))
        : h("div", { class: "diff-sides" }, ["from", "to"].map((side) => h("div", {}, h("h3", {}, side === "from" ? "As it was" : "Upgraded"), h("p", { class: "diff-words", dir: "auto" }, words(side))))))));
    }
  }

  const thumbs = new Thumbs("this upgrade", upgrade.rating ? { rating: upgrade.rating, comment: upgrade.comment } : null, (feedback) =>
    (feedback ? api.put(`/upgrades/${upgrade.id}/feedback`, feedback) : api.remove(`/upgrades/${upgrade.id}/feedback`)).then(page.change));
  draw();
  fill(place,
    h("div", { class: "result-head" }, h("h2", { id: "result-title", tabindex: "-1" }, upgrade.upgraded ? "Upgraded" : "As it was"), isThere && views),
    upgrade.outcome !== "upgraded" && h("div", { class: "notice" }, icon("alert"), h("span", {}, h("strong", {}, upgrade.outcome === "cached" ? "This is what the same prompt brought before." : "No better prompt was made."), upgrade.reason ? ` ${upgrade.reason}` : "")),
    text,
    h("div", { class: "result-foot" },
      h("span", { class: "quiet" }, [upgrade.model && (upgrade.model === "extractive" ? "Put together of a template" : `By ${page.modelName(upgrade.model)}`), upgrade.prompt_version].filter(Boolean).join(" · ")),
      h("div", { class: "answer-actions" }, thumbs.buttons,
        isThere && upgrade.outcome !== "original" && may("prompts:write") && h("button", { type: "button", class: "button small", onclick: () => saveAsVersion(upgrade) }, icon("plus"), "Save as a version…"),
        isThere && h("button", { type: "button", class: "button small", onclick: () => page.copied(upgrade.upgraded_prompt) }, icon("copy"), "Copy")),
      thumbs.words),
    upgrade.changes.length > 0 && h("section", { "aria-labelledby": "changes-title" }, h("h3", { id: "changes-title" }, "What is better, and why"),
      h("ul", { class: "reasons" }, upgrade.changes.map((one) => h("li", {}, h("strong", { dir: "auto" }, one.what), h("span", { class: "quiet", dir: "auto" }, one.why))))),
    upgrade.sources.length > 0 && h("section", { "aria-labelledby": "sources-title" }, h("h3", { id: "sources-title" }, plural(upgrade.sources.length, "passage"), " of your documents"),
      h("ol", { class: "reasons" }, upgrade.sources.map((one) => h("li", {}, h("span", {}, `[${one.number}] `, h("a", { href: `/documents/${one.document_id}?${new URLSearchParams({ version: one.version, page: one.page, start: one.start, end: one.end })}`, dir: "auto" }, one.title), h("span", { class: "quiet" }, `, page ${one.page}`)), h("blockquote", { dir: "auto" }, one.text))))),
    (upgrade.placeholders.length > 0 || upgrade.variables.length > 0) && h("section", { "aria-labelledby": "kept-title" }, h("h3", { id: "kept-title" }, "Kept as it was"),
      upgrade.placeholders.length > 0 && h("p", { class: "quiet" }, "No model was shown what stands behind these; the result has it again."),
      h("ul", { class: "kept" }, upgrade.placeholders.map((one) => h("li", { class: "tag" }, one.placeholder, !one.restored && " (not in the result)")), upgrade.variables.map((name) => h("li", { class: "tag" }, name)))),
    h("section", { "aria-labelledby": "took-title" }, h("h3", { id: "took-title" }, "What it took"), table(upgrade, page)));
}

const table = ({ components, usage }, page) => h("div", { class: "figures cards", tabindex: "0", role: "group", "aria-label": "What each part took" }, h("table", {},
  h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Part"), h("th", { scope: "col", class: "said" }, "State"), ["Tokens in", "Tokens out", "Cost", "Time"].map((text) => h("th", { scope: "col" }, text)))),
  h("tbody", {}, components.map((one) => h("tr", { "data-part": one.component },
    h("th", { scope: "row" }, parts[one.component] ?? one.component, (one.note || one.model) && h("span", { class: "aside", dir: "auto" }, [one.model && page.modelName(one.model), one.note].filter(Boolean).join(" · "))),
    h("td", { class: "said", "data-head": "State" }, h("span", { class: `state ${states[one.state]?.[1] ?? "idle"}` }, states[one.state]?.[0] ?? one.state), one.cached && h("span", { class: "aside" }, "from our cache")),
    h("td", { "data-head": "Tokens in" }, number(one.tokens_in), one.estimated && h("abbr", { title: "Our estimate" }, " ≈")), h("td", { "data-head": "Tokens out" }, number(one.tokens_out)),
    h("td", { "data-head": "Cost" }, money(one.cost_usd)), h("td", { "data-head": "Time" }, seconds(one.latency_ms)))),
    h("tr", { class: "sum" }, h("th", { scope: "row" }, "Together"), h("td", {}), h("td", { "data-head": "Tokens in" }, number(usage.tokens_in)), h("td", { "data-head": "Tokens out" }, number(usage.tokens_out)), h("td", { "data-head": "Cost" }, money(usage.cost_usd)), h("td", { "data-head": "Time" }, seconds(usage.latency_ms))))));
