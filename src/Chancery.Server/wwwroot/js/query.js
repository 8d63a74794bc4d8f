// One search that was written down: what it found then, how long each stage took, and the same search again, side by side.
import { api } from "./api.js";
import { byId, fill, h } from "./dom.js";
import { moment, plural } from "./format.js";
import { onSubmit } from "./forms.js";
import { ask, attempt, may, me, refusal } from "./page.js";
import { engineWord, modeWord, narrowed, score, time } from "./searched.js";

const root = byId("query");
const id = root.dataset.query;
const hasMemory = root.dataset.memory === "true";

const stageWords = {
  embedding: "Making a vector of the query",
  index: "Bringing the index up to date",
  ranking: "Ranking",
  reranking: "Ranking the best again",
  words: "Finding by words",
  meaning: "Finding by meaning",
  texts: "Reading the passages",
};

const rerankWords = { maxsim: "ranked again by tokens", cross: "ranked again by a cross-encoder" };

const crumb = () => h("p", { class: "crumb" }, h("a", { href: "/queries" }, "All searches"));

function layout({ query, results }, asker) {
  document.title = `${query.query.slice(0, 80)} · Chancery`;
  // It scrolls by itself then, for which the keyboard has to reach it.
  const isLong = query.query.length > 120;
  fill(root, crumb(),
    h("div", { class: "page-head" }, h("h1", { dir: "auto", class: isLong ? "long" : null, tabindex: isLong ? 0 : null }, query.query),
      h("button", { type: "button", class: "button small danger", onclick: remove }, "Delete")),
    facts(query, asker), stages(query),
    h("section", { id: "again", "aria-labelledby": "again-title" }, h("h2", { id: "again-title" }, "Search again"),
      h("p", { class: "quiet" }, "As the documents are now, or under other settings. It is not written down."), form(query), h("div", { id: "compared", role: "status" })),
    h("section", { "aria-labelledby": "then-title", id: "then" }, h("h2", { id: "then-title" }, "Found then"), found(results)));
}

function facts(query, asker) {
  const rows = [
    ["Asked", h("time", { datetime: query.created_at }, moment(query.created_at))],
    ["By", [asker, query.key_id && ", with an API key", query.source === "compatible" && ", by an older path"]],
    ["Searched", `${modeWord(query.mode)}, ${engineWord(query.engine)}`],
    ["Wanted", [`at most ${plural(query.wish.limit, "passage")}`, ...narrowed(query.wish)].join(", ")],
    ["Found", query.found > 0 ? plural(query.found, "passage") : "nothing"],
  ];
  return [
    h("dl", { class: "query-facts" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    query.note && h("p", { class: "notice" }, query.note),
  ];
}

/** Stages may run at the same time, so that their times are not a sum. */
function stages(query) {
  const known = Object.keys(stageWords);
  const rows = Object.entries(query.stages).sort(([one], [other]) => known.indexOf(one) - known.indexOf(other));
  const longest = Math.max(query.total_ms, ...rows.map(([, ms]) => ms));
  return h("section", { "aria-labelledby": "stages-title" }, h("h2", { id: "stages-title" }, `It took ${time(query.total_ms)}`),
    rows.length > 0 && h("ul", { class: "stages" }, rows.map(([name, ms]) =>
      h("li", {}, h("span", {}, stageWords[name] ?? name), h("progress", { max: longest, value: ms, "aria-hidden": "true" }), h("span", { class: "ms" }, time(ms))))),
    rows.length > 1 && h("p", { class: "quiet" }, "Some stages run at the same time."));
}

const place = (passage) => `page ${passage.page.toLocaleString("en")}`;

function title(passage) {
  if (!passage.title) return h("span", { class: "title gone" }, "A document that is gone");
  const search = new URLSearchParams({ page: String(passage.page), ...(passage.start === undefined ? {} : { start: String(passage.start), end: String(passage.end) }) });
  return h("a", { class: "title", href: `/documents/${passage.document_id}?${search}`, dir: "auto" }, passage.title);
}

function entry(passage, rank, badge) {
  return h("li", {}, h("span", { class: "rank" }, rank),
    h("div", { class: "what" }, title(passage), h("p", { class: "facts" }, h("span", { class: "fact" }, passage.place ?? place(passage)), h("span", { class: "fact" }, `score ${score(passage.score)}`)),
      passage.text && h("p", { class: "glimpse", dir: "auto" }, passage.text.slice(0, 240))),
    badge);
}

const found = (results) =>
  results.length > 0
    ? h("ol", { class: "ranked" }, results.map((passage) => entry(passage, passage.rank)))
    : h("p", { class: "quiet" }, "Nothing.");

// The same search again

function form(query) {
  const choice = (name, label, options) =>
    h("div", { class: "field" }, h("label", { for: `again-${name}` }, label), h("select", { id: `again-${name}`, name }, options.map(([value, text]) => h("option", { value }, text))));
  const then = query.wish.threshold;
  const made = h("form", { class: "row-form again-form", id: "again-form" },
    choice("mode", "Mode", [["", "As search does it now"], ["hybrid", "Words and meaning"], ["lexical", "Words only"]]),
    choice("engine", "Engine", [["", "As search does it now"], hasMemory && ["memory", "In memory"], ["postgres", "PostgreSQL"]].filter(Boolean)),
    choice("rerank", "Ranked again", [["", "As search does it now"], ["off", "Not"], ["maxsim", "By tokens compared"], ["cross", "By a cross-encoder"]]),
    h("div", { class: "field narrow" }, h("label", { for: "again-limit" }, "Passages"),
      h("input", { id: "again-limit", name: "limit", type: "number", min: 1, max: 100, step: 1, inputmode: "numeric", required: true, value: query.wish.limit, "data-wrong": "From 1 to 100." })),
    h("div", { class: "field narrow" }, h("label", { for: "again-threshold" }, "Similarity above"),
      h("input", { id: "again-threshold", name: "threshold", type: "number", min: 0, max: 1, step: "any", inputmode: "decimal", value: then ?? "", placeholder: "no bound", "data-wrong": "From 0 to 1, or nothing." })),
    h("button", { class: "button primary" }, "Search again"));
  onSubmit(made, async (given) => {
    const place = byId("compared");
    place.setAttribute("aria-busy", "true");
    try {
      const answer = await api.post(`/queries/${id}/replay`, {
        ...(given.mode && { mode: given.mode }),
        ...(given.engine && { engine: given.engine }),
        ...(given.rerank && { rerank: given.rerank }),
        limit: Number(given.limit),
        ...(given.threshold === "" ? { no_threshold: true } : { threshold: Number(given.threshold) }),
      });
      fill(place, compared(answer));
      byId("then").hidden = true;
    } catch (fault) {
      fill(place);
      throw fault;
    } finally {
      place.removeAttribute("aria-busy");
    }
  });
  return made;
}

/** @param {{before?: number, after?: number, moved?: number}} change */
function movement({ before, after, moved }) {
  if (before === undefined) return ["in", "new", "Not among them then"];
  if (after === undefined) return ["out", "gone", "Not among them now"];
  if (moved > 0) return ["up", `▲ ${moved}`, `Up ${plural(moved, "place")}`];
  if (moved < 0) return ["down", `▼ ${-moved}`, `Down ${plural(-moved, "place")}`];
  return ["same", "=", "At the same place"];
}

function badge(change) {
  const [name, sign, words] = movement(change);
  return h("span", { class: `moved ${name}`, title: words }, h("span", { "aria-hidden": "true" }, sign), h("span", { class: "hidden" }, words));
}

function compared({ query, before, after, changes, kept }) {
  const changeOf = new Map(changes.map((change) => [change.chunk_id, change]));
  const texts = new Map(after.results.map((passage) => [passage.chunk_id, passage]));
  const count = (name) => changes.filter((change) => movement(change)[0] === name).length;
  const said = [["up", "moved up"], ["down", "moved down"], ["same", "stayed in place"], ["in", "new"], ["out", "gone"]].map(([name, words]) => count(name) > 0 && `${count(name)} ${words}`).filter(Boolean);
  const isSame = changes.length > 0 && count("same") === changes.length;
  const side = (heading, name, about, entries) =>
    h("section", { class: "side", "aria-labelledby": name }, h("h3", { id: name }, heading), h("p", { class: "quiet" }, about),
      entries.length > 0 ? h("ol", { class: "ranked" }, entries) : h("p", { class: "quiet" }, "Nothing was found."));
  const about = (one, wish) => [modeWord(one.mode), engineWord(one.engine), `at most ${wish.limit}`, wish.threshold !== undefined && wish.threshold !== null && `similarity above ${wish.threshold}`, one.rerank?.outcome === "done" && rerankWords[one.rerank.reranker], time(one.total_ms)].filter(Boolean).join(" · ");
  return [
    h("p", { class: "compared-says" }, changes.length === 0 ? "Nothing was found, then and now." : isSame ? `The same ${plural(kept, "passage")} in the same order.` : said.join(" · ")),
    after.note && h("p", { class: "notice" }, after.note),
    after.rerank?.note && h("p", { class: "notice" }, after.rerank.note),
    h("div", { class: "sides" },
      side("Then", "side-then", about(query, query.wish), before.map((passage) => entry({ ...texts.get(passage.chunk_id), ...passage }, passage.rank, badge(changeOf.get(passage.chunk_id))))),
      side("Now", "side-now", about(after, after.wish), after.results.map((passage, at) => entry(passage, at + 1, badge(changeOf.get(passage.chunk_id)))))),
  ];
}

const remove = () =>
  attempt(async () => {
    const yes = await ask({ title: "Delete this search?", text: "It leaves the log for good. Documents and answers stay as they are.", yes: "Delete", danger: true });
    if (yes === null) return;
    await api.remove(`/queries/${id}`);
    location.assign("/queries");
  });

/** What whoever asked is called, as far as one may know. */
async function nameOf(userId) {
  if (userId === me.id) return "you";
  if (!may("members:read")) return "a colleague";
  let next = "";
  do {
    const page = await api.get(`/members?limit=100${next && `&cursor=${encodeURIComponent(next)}`}`);
    const member = page.items.find((one) => one.user_id === userId);
    if (member) return member.name || member.email;
    next = page.next_cursor ?? "";
  } while (next);
  return "a former member";
}

async function start() {
  fill(root, crumb(), h("p", { class: "quiet", role: "status" }, "Loading…"));
  try {
    const detail = await api.get(`/queries/${id}`);
    layout(detail, await nameOf(detail.query.user_id).catch(() => "a colleague"));
    if (location.hash === "#again") {
      byId("again").scrollIntoView();
      byId("again-mode").focus({ preventScroll: true });
    }
  } catch (fault) {
    fill(root, crumb(), h("h1", {}, "Search"), fault.status === 404
      ? h("div", { class: "empty" }, h("h2", {}, "This search is not there"), h("p", {}, "It was deleted, is too old, or is not yours to see. Owners and admins see what everybody searched for."))
      : refusal(fault, start));
  }
}

document.addEventListener("chancery:back", () => {
  if (root.querySelector(":scope > [role=alert]")) start();
});
await start();
