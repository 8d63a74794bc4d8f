// Following documents while they are read. Browsers allow six connections to a host: a few are followed live, all others
// are asked about together.
import { address, api } from "./api.js";

const liveAtOnce = 2;
const pollMs = 2000;
const askedAtOnce = 100;
const settled = new Set(["ready", "failed", "stored"]);

/**
 * @typedef {object} Follower
 * @property {() => boolean} isWanted
 * @property {(at: any) => void} progress
 * @property {(document: any) => void} done
 */

/** @type {Map<string, {followers: Set<Follower>, source: EventSource | null}>} */
const watched = new Map();
let live = 0;
let timer = null;

/** @param {string} id @param {Follower} follower */
export function watch(id, follower) {
  // The row is not on the page yet when it asks.
  setTimeout(() => {
    if (!follower.isWanted()) return;
    const known = watched.get(id);
    if (known) return void known.followers.add(follower);
    const entry = { followers: new Set([follower]), source: null };
    watched.set(id, entry);
    if (live < liveAtOnce) open(id, entry);
    poll();
  });
}

function wanted(id) {
  const entry = watched.get(id);
  for (const follower of entry.followers) if (!follower.isWanted()) entry.followers.delete(follower);
  if (entry.followers.size > 0) return true;
  leave(id);
  return false;
}

function leave(id) {
  close(watched.get(id));
  watched.delete(id);
}

function open(id, entry) {
  live++;
  entry.source = new EventSource(address(`/docs/${id}/events`));
  entry.source.addEventListener("progress", (event) => {
    if (!wanted(id)) return;
    const at = JSON.parse(event.data);
    for (const follower of entry.followers) follower.progress(at);
  });
  entry.source.addEventListener("done", () => {
    close(entry);
    ask([id]);
  });
  entry.source.addEventListener("error", () => close(entry));
}

function close(entry) {
  if (!entry?.source) return;
  entry.source.close();
  entry.source = null;
  live--;
}

function poll() {
  timer ??= setTimeout(async () => {
    const ids = [...watched.keys()].filter((id) => wanted(id) && !watched.get(id).source);
    for (let at = 0; at < ids.length; at += askedAtOnce) await ask(ids.slice(at, at + askedAtOnce));
    for (const [id, entry] of watched) if (live < liveAtOnce && !entry.source) open(id, entry);
    timer = null;
    if (watched.size > 0) poll();
  }, pollMs);
}

/** Where the documents stand now; a deleted one is followed no longer. */
async function ask(ids) {
  const search = new URLSearchParams({ limit: String(askedAtOnce) });
  for (const id of ids) search.append("id", id);
  const page = await api.get(`/docs?${search}`).catch(() => null);
  if (!page) return;
  const found = new Map(page.items.map((document) => [document.id, document]));
  for (const id of ids) {
    if (!watched.has(id) || !wanted(id)) continue;
    const document = found.get(id);
    const { followers } = watched.get(id);
    if (!document) leave(id);
    else if (settled.has(document.state)) {
      leave(id);
      for (const follower of followers) follower.done(document);
    } else for (const follower of followers) follower.progress(document);
  }
}

addEventListener("pagehide", () => {
  for (const entry of watched.values()) close(entry);
});
