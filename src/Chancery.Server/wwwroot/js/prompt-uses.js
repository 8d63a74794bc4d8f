// Uses of a prompt, newest first: which version, how it ended, what it took.
import { api } from "./api.js";
import { fill, h } from "./dom.js";
import { moment } from "./format.js";
import { attempt, oneAtATime, refusal } from "./page.js";
import { outcomeMark } from "./prompt-words.js";

const pageSize = 25;
const number = (count) => count.toLocaleString("en");
const money = (dollars) => `$${dollars.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: dollars !== 0 && Math.abs(dollars) < 1 ? 6 : 2 })}`;
const arms = { control: "old arm", treatment: "new arm" };

/** @param {string} id @param {() => any} prompt @returns {{place: HTMLElement, load: () => Promise<void>}} */
export function usesOf(id, prompt) {
  const version = h("select", { id: "uses-version", onchange: () => load() });
  const rows = h("tbody", {});
  const table = h("div", { class: "figures cards", tabindex: "0", role: "group", "aria-label": "Uses" }, h("table", {},
    h("thead", {}, h("tr", {}, ["When", "Version", "Ended", "Model", "Tokens", "Cost", "Took", "Thumbs"].map((text) => h("th", { scope: "col", class: text === "Ended" || text === "Model" ? "said" : null }, text)))), rows));
  const note = h("div", {});
  const more = h("p", { class: "more", hidden: true });
  const ticket = { current: null };

  const path = (cursor) => `/prompts/${id}/runs?${new URLSearchParams({ limit: String(pageSize), ...(version.value ? { version: version.value } : {}), ...(cursor ? { cursor } : {}) })}`;

  async function load() {
    const chosen = version.value;
    const mine = (ticket.current = {});
    fill(version, h("option", { value: "" }, "All"), Array.from({ length: prompt().latest }, (_, i) => prompt().latest - i).map((one) => h("option", { value: one }, `Version ${one}`)));
    version.value = chosen;
    try {
      const page = await api.get(path(""));
      if (mine !== ticket.current) return;
      fill(rows, page.items.map(rowOf));
      table.hidden = page.items.length === 0;
      fill(note, page.items.length === 0 && h("p", { class: "quiet" }, chosen ? `Version ${chosen} was not used yet.`
        : prompt().is_shipped && !prompt().updated_at ? "What the product uses it for is written down from its first change on." : "It was not used yet. Programs fill it in through the API."));
      offerMore(page.next_cursor);
    } catch (fault) {
      table.hidden = true;
      more.hidden = true;
      fill(note, refusal(fault, load));
    }
  }

  function offerMore(cursor) {
    more.hidden = !cursor;
    fill(more, cursor && h("button", { type: "button", class: "button", onclick: oneAtATime(() => attempt(async () => {
      const page = await api.get(path(cursor));
      rows.append(...page.items.map(rowOf));
      offerMore(page.next_cursor);
    })) }, "Show more"));
  }

  const cell = (head, value, kind) => h("td", { "data-head": head, class: kind }, value ?? h("span", { class: "empty-cell" }, "–"));

  const rowOf = (one) => h("tr", {},
    h("th", { scope: "row" }, h("time", { datetime: one.created_at }, moment(one.created_at))),
    h("td", { "data-head": "Version" }, h("span", {}, String(one.version), one.arm && h("span", { class: "aside" }, arms[one.arm]))),
    cell("Ended", outcomeMark(one.outcome), "said"),
    cell("Model", one.model && h("bdi", {}, one.model), "said"),
    cell("Tokens", one.outcome && `${number(one.input_tokens)} + ${number(one.output_tokens)}`),
    cell("Cost", one.outcome && money(one.cost)),
    cell("Took", one.latency_ms !== undefined && one.latency_ms !== null ? `${(one.latency_ms / 1000).toFixed(1)} s` : null),
    cell("Thumbs", one.rating && (one.rating === "up" ? "Up" : "Down")));

  const place = h("section", { class: "uses", "aria-labelledby": "uses-title" },
    h("div", { class: "uses-head" }, h("div", {}, h("h2", { id: "uses-title" }, "Uses"), h("p", { class: "quiet" }, "Neither what was filled in nor what came back is kept.")),
      h("div", { class: "field" }, h("label", { for: "uses-version" }, "Version"), version)),
    note, table, more);
  return { place, load };
}
