// A change that somebody asks for in words: asked, watched, looked at word by word, then taken or not.
import { api } from "./api.js";
import { differenceRows, differenceSays } from "./contract-diff.js";
import { clauseName, fieldWord } from "./contract-words.js";
import { fill, h, icon } from "./dom.js";
import { draft, keepDraft } from "./drafts.js";
import { plural } from "./format.js";
import { onSubmit } from "./forms.js";
import { cancel, follow, keepOperation, keptOperation, operation } from "./operation.js";
import { attempt, refusal, toast } from "./page.js";

/** One dialog for the whole way. @param {string} title */
function dialogOf(title) {
  const heading = h("h2", { id: "change-title", tabindex: "-1" }, title);
  const body = h("div", { class: "change-body" });
  const dialog = h("dialog", { class: "ask change", "aria-labelledby": "change-title" },
    h("div", { class: "change-head" }, heading, h("button", { type: "button", class: "button bare", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"))), body);
  const opener = document.activeElement;
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (opener?.isConnected) opener.focus({ preventScroll: true });
    else document.getElementById("ask-change")?.focus({ preventScroll: true });
  });
  document.body.append(dialog);
  dialog.showModal();
  return { dialog, body, say: (text) => { fill(heading, text); heading.focus(); } };
}

/**
 * @param {any} state of the page
 * @param {string[]} clauses the only ones that may change; none: all
 * @param {string} words to begin with
 */
export function askForChange(state, clauses, words) {
  const shown = dialogOf("Ask for a change");
  form(state, shown, clauses.filter((clause) => state.clause(clause)), words);
}

function form(state, shown, clauses, words) {
  const kept = `contract.${state.id}.ask`;
  const chosen = new Set(clauses);
  const scope = h("ul", { class: "chips", "aria-label": "What may change" });
  const drawScope = () => fill(scope, chosen.size > 0
    ? [...chosen].map((clause) => h("li", {}, h("span", { dir: "auto" }, clauseName(state.clause(clause))),
      h("button", { type: "button", "aria-label": `Leave ${clauseName(state.clause(clause))} out`, onclick: () => { chosen.delete(clause); drawScope(); text.focus(); } }, "×")))
    : h("li", { class: "quiet" }, "The whole contract may change."));
  const text = h("textarea", { id: "change-instruction", name: "instruction", rows: 3, maxlength: 8000, required: true, "data-wrong": "Say what to change.", placeholder: "Raise the notice period to 60 days", "aria-describedby": "change-hint" });
  text.value = words || draft(kept);
  text.addEventListener("input", () => keepDraft(kept, text.value));
  const asking = h("form", { id: "change-form" },
    h("div", { class: "field" }, h("label", { for: "change-instruction" }, "What is to change?"), text,
      h("p", { class: "hint", id: "change-hint" }, "In your own words. You see the change before it is made. Without a model plain changes are understood, one to a sentence: replace \"30 days\" with \"60 days\"; change the governing law to Austria; delete clause 4.")),
    h("div", {}, h("p", { class: "quiet" }, "May change"), scope),
    h("div", { class: "buttons" }, h("button", { class: "button primary" }, "Show the change")));
  onSubmit(asking, async ({ instruction }) => {
    const id = await api.begin(`/contracts/${state.id}/revisions`, { instruction, propose: true, clauses: chosen.size > 0 ? [...chosen] : undefined }, state.view.revision.number);
    keepOperation(id);
    await watch(state, shown, id, () => form(state, shown, [...chosen], instruction));
  });
  drawScope();
  fill(shown.body, asking);
  text.focus();
  // Between the last quotation marks, where the new words go.
  if (words.endsWith('""')) text.setSelectionRange(words.length - 1, words.length - 1);
}

/** Goes on with one that was begun before a reload. @param {any} state */
export async function resumeChange(state) {
  const id = keptOperation();
  if (!id) return;
  const what = await operation(id).catch(() => null);
  if (what?.state !== "running" && !what?.proposal_id) return keepOperation(null);
  const shown = dialogOf("Being worked out");
  await watch(state, shown, id, () => form(state, shown, [], what.instruction));
}

async function watch(state, shown, id, again) {
  const watching = new AbortController();
  const line = h("p", { role: "status" }, "Working the change out…");
  const notes = [];
  let found = 0;
  const stop = h("button", { type: "button", class: "button", onclick: () => attempt(async () => {
    stop.disabled = true;
    await cancel(id);
  }) }, icon("stop"), "Cancel");
  const leave = () => watching.abort();
  shown.dialog.addEventListener("close", leave, { once: true });
  fill(shown.body, line, h("progress", { "aria-label": "The change is being worked out" }), h("p", { class: "quiet" }, "You may close this: the change goes on, and appears above the contract when it is there."), h("div", { class: "buttons" }, stop));
  shown.say("Being worked out");
  try {
    const result = await follow(id, watching.signal, (event, data) => {
      if (event === "sources") found = data.sources.length;
      if (event === "note") notes.push(data.text);
      fill(line, found > 0 ? `Working the change out, with ${plural(found, "passage")} at hand…` : "Working the change out…");
    });
    keepOperation(null);
    keepDraft(`contract.${state.id}.ask`, "");
    await state.loadProposals();
    if (result.proposal_id) await preview(state, shown, result.proposal_id, notes);
    else shown.dialog.close();
  } catch (fault) {
    if (fault.name === "AbortError") return setTimeout(() => state.loadProposals(), 3000);
    keepOperation(null);
    const isCancelled = fault.code === "cancelled" || (await operation(id).catch(() => null))?.state === "cancelled";
    if (isCancelled) return again();
    fill(shown.body, refusal(fault), h("p", { class: "quiet" }, "Nothing was changed."), h("div", { class: "buttons" }, h("button", { type: "button", class: "button primary", onclick: again }, "Say it in other words")));
    shown.say("That did not work");
  } finally {
    shown.dialog.removeEventListener("close", leave);
  }
}

/** @param {any} state @param {string} id */
export function openProposal(state, id) {
  return preview(state, dialogOf("Proposed change"), id, []);
}

async function preview(state, shown, id, notes) {
  let found;
  try {
    found = await api.get(`/contracts/${state.id}/proposals/${id}`);
  } catch (fault) {
    fill(shown.body, refusal(fault, () => preview(state, shown, id, notes)));
    return;
  }
  const { proposal, difference } = found;
  const decided = proposal.decided ?? {};
  const open = [...difference.clauses.filter((clause) => clause.kind !== "same").map((clause) => clause.id), ...(difference.head.length > 0 ? ["head"] : [])].filter((key) => !(key in decided));
  const boxes = new Map();
  const choice = (key, name) => {
    if (key in decided) return h("span", { class: "quiet" }, decided[key] ? "accepted · " : "rejected · ");
    if (open.length < 2) return null;
    const box = h("input", { type: "checkbox", checked: true, "aria-label": `Decide on ${name}` });
    boxes.set(key, box);
    return box;
  };
  const trouble = h("div");
  const rows = differenceRows(difference, "inline", { choice });
  const decide = async (verb) => {
    const keys = open.filter((key) => boxes.get(key)?.checked ?? true);
    if (keys.length === 0) return fill(trouble, h("p", { class: "notice", role: "alert" }, "Tick what you decide on."));
    fill(trouble);
    accept.disabled = reject.disabled = true;
    try {
      const body = keys.length === open.length ? {} : { clauses: keys.filter((key) => key !== "head"), head: keys.includes("head") };
      const answer = await api.post(`/contracts/${state.id}/proposals/${id}/${verb}`, body);
      if (verb === "accept") state.take(answer.revision);
      await state.loadProposals();
      toast(verb === "reject" ? "Rejected. The contract stays as it is." : answer.merged ? "Accepted, together with what others changed meanwhile." : `Accepted as revision ${answer.revision?.revision.number}.`);
      if (keys.length === open.length) shown.dialog.close();
      else await preview(state, shown, id, []);
    } catch (fault) {
      accept.disabled = reject.disabled = false;
      fill(trouble, fault.code === "merge-conflict" ? conflicts(fault.problem) : refusal(fault));
    }
  };
  const accept = h("button", { type: "button", class: "button primary", onclick: () => decide("accept") }, "Accept");
  const reject = h("button", { type: "button", class: "button danger", onclick: () => decide("reject") }, "Reject");
  const cost = proposal.model && [proposal.model, `${(proposal.input_tokens + proposal.output_tokens).toLocaleString("en")} tokens`, `$${proposal.cost_usd.toFixed(4)}${proposal.is_estimated ? " estimated" : ""}`].join(" · ");
  fill(shown.body,
    proposal.instruction && h("p", { class: "asked", dir: "auto" }, h("span", { class: "hidden" }, "Asked for: "), proposal.instruction),
    h("p", { class: "quiet" }, [differenceSays(difference), cost].filter(Boolean).join(" · ")),
    [...new Set([proposal.note, ...notes].filter(Boolean))].map((note) => h("p", { class: "notice" }, note)),
    h("ol", { class: "diff", tabindex: "0", "aria-label": "The change" }, rows), trouble,
    open.length > 0 && h("div", { class: "buttons" }, h("p", { class: "hint" }, "Closed undecided, it stays above the contract."), reject, accept));
  shown.say(open.length > 0 ? "Proposed change" : "Decided");
}

/** Both texts of what two people changed at once. @param {any} problem */
const conflicts = (problem) =>
  h("div", { class: "conflict", role: "alert" }, h("h3", {}, "Others changed the same words meanwhile"),
    h("p", {}, "Nothing was stored. Reject this proposal and ask again, or decide on the other clauses alone."),
    problem.conflicts.map((one) => h("div", { class: "conflict-sides" },
      h("section", {}, h("h4", {}, `${one.field ? fieldWord(one.field) : "As it is now"}, revision ${problem.latest}`), h("p", { class: "conflict-words", dir: "auto" }, one.mine ?? "Deleted")),
      h("section", {}, h("h4", {}, "Proposed"), h("p", { class: "conflict-words", dir: "auto" }, one.theirs ?? "Deleted")))));
