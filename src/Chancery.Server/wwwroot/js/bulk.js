// What can be done to the selection at once, and how it is taken back.
import { api } from "./api.js";
import { byId, fill, h } from "./dom.js";
import { plural } from "./format.js";
import { attempt, toast } from "./page.js";
import { askCollection, askTags } from "./labels.js";

const mostAtOnce = 200;
const reasons = {
  "not-found": "not there any more",
  "document-deleted": "deleted meanwhile",
  "too-many-tags": "would have more than 50 tags",
};

/** The calls that take the last action back. @type {any[]} */
let lastUndo = [];
let forgetOffer = () => {};
let page;

/**
 * @param {{selection: import("./selection.js").Selection, isDeletedList: () => boolean, collections: () => any[],
 *   addCollection: () => Promise<any>, reload: () => Promise<void>}} register
 */
export function prepareBulk(register) {
  page = register;
  byId("bulk-clear").addEventListener("click", () => {
    page.selection.clear();
    byId("all").focus();
  });
  addEventListener("keydown", (event) => {
    const isTyping = event.target.closest?.("input:not([type=checkbox]), textarea, select, dialog");
    if (isTyping || document.querySelector("dialog[open], .menu:popover-open")) return;
    if (event.key === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey && lastUndo.length > 0) {
      event.preventDefault();
      undo();
    } else if (event.key === "Escape" && page.selection.size > 0) page.selection.clear();
    else if (event.key === "Delete" && page.selection.size > 0 && !page.isDeletedList()) remove();
  });
}

/** The bar, after the selection changed. */
export function showBulk() {
  const { selection } = page;
  const bar = byId("bulk");
  bar.hidden = selection.size === 0;
  document.body.classList.toggle("has-bulk", selection.size > 0);
  if (selection.size === 0) return;
  selection.describe(byId("bulk-count"));
  const kind = page.isDeletedList() ? "deleted" : "kept";
  // Drawn anew only when it changes: the focus may be on one of them.
  const place = byId("bulk-actions");
  if (place.dataset.kind === kind && place.childElementCount > 0) return;
  place.dataset.kind = kind;
  const button = (label, act, danger) => h("button", { type: "button", class: danger ? "button small danger" : "button small", onclick: act }, label);
  fill(place, kind === "deleted"
    ? [button("Restore", () => run({ action: "restore" }, (n) => `${n} restored.`))]
    : [
        button("Move…", move),
        button("Add tags…", () => tag("tag")),
        button("Remove tags…", () => tag("untag")),
        button("Read", () => run({ action: "process" }, (n) => `${n} will be read.`)),
        button("Delete", remove, true),
      ]);
}

const remove = () => run({ action: "delete" }, (n) => `${n} deleted.`);

async function move() {
  const target = await askCollection(`Move ${plural(page.selection.size, "document")}`, page.collections(), page.addCollection);
  if (target) await run({ action: "move", collection_id: target.id }, (n) => `${n} moved to “${target.name}”.`);
}

async function tag(action) {
  const title = `${action === "tag" ? "Add tags to" : "Remove tags from"} ${plural(page.selection.size, "document")}`;
  const known = [...page.selection.chosen.values()].flatMap((document) => document.tags ?? []);
  const tags = await askTags(title, action === "tag" ? "Add" : "Remove", action === "untag" ? [...new Set(known)] : []);
  if (tags?.length > 0) await run({ action, tags }, (n) => `${n} changed.`);
}

/**
 * Does it to the whole selection, two hundred at a time, and offers to take it back.
 * @param {any} call @param {(count: string) => string} words
 */
async function run(call, words) {
  const ids = page.selection.ids;
  const undoCalls = [];
  const rest = [];
  const refused = {};
  let changed = 0;
  let unchanged = 0;
  try {
    for (let at = 0; at < ids.length; at += mostAtOnce) {
      const answer = await api.post("/docs/bulk", { ...call, ids: ids.slice(at, at + mostAtOnce) });
      changed += answer.changed;
      undoCalls.unshift(...answer.undo);
      for (const { outcome } of answer.results) {
        if (outcome === "unchanged") unchanged++;
        else if (outcome !== "done") refused[outcome] = (refused[outcome] ?? 0) + 1;
      }
    }
    for (const [why, count] of Object.entries(refused)) rest.push(`${count} ${reasons[why] ?? why}`);
    if (unchanged > 0) rest.push(`${unchanged} needed no change`);
  } catch (fault) {
    // What was done before stays done, and can be taken back.
    rest.push(changed > 0 ? `then it stopped: ${fault.message.replace(/\.$/, "")}` : fault.message.replace(/\.$/, ""));
  }
  const text = [changed > 0 || rest.length === 0 ? words(plural(changed, "document")) : "", rest.length > 0 ? `${rest.join(", ")}.` : ""].filter(Boolean).join(" ");
  if (changed === 0) return void toast(text);
  page.selection.clear();
  await page.reload();
  byId("list").querySelector("input, a, button")?.focus();
  offerUndo(text, undoCalls);
}

/**
 * Says what was done and offers to take it back; what was done before is not offered any longer.
 * @param {string} text @param {any[]} calls
 */
export function offerUndo(text, calls) {
  forgetOffer();
  lastUndo = calls;
  forgetOffer = toast(text, calls.length > 0 ? { label: "Undo", act: undo } : undefined);
}

/** Takes back what was done last, in a list or to a single document. */
const undo = () =>
  attempt(async () => {
    const calls = lastUndo;
    lastUndo = [];
    forgetOffer();
    let changed = 0;
    for (const call of calls) {
      for (let at = 0; at < call.ids.length; at += mostAtOnce) {
        changed += (await api.post("/docs/bulk", { ...call, ids: call.ids.slice(at, at + mostAtOnce) })).changed;
      }
    }
    await page.reload();
    toast(`Taken back for ${plural(changed, "document")}.`);
  });
