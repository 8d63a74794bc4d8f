// Following documents while they are read. Browsers allow six connections to a host: few are followed live at a time.
import { address, api } from "./api.js";

const liveAtOnce = 3;
const pollMs = 2500;
let live = 0;

/**
 * @param {string} id
 * @param {{isWanted: () => boolean, progress: (at: any) => void, done: (document: any) => void}} follower
 */
export function watch(id, follower) {
  // The row is not on the page yet when it asks.
  setTimeout(() => follow(id, follower));
}

function follow(id, follower) {
  if (!follower.isWanted()) return;
  if (live >= liveAtOnce) return void poll(id, follower);
  live++;
  const source = new EventSource(address(`/docs/${id}/events`));
  let open = true;
  const close = () => {
    if (open) live--;
    open = false;
    source.close();
  };
  source.addEventListener("progress", (event) => {
    if (!follower.isWanted()) return close();
    follower.progress(JSON.parse(event.data));
  });
  source.addEventListener("done", () => {
    close();
    finish(id, follower);
  });
  source.addEventListener("error", () => {
    close();
    poll(id, follower);
  });
  addEventListener("pagehide", close, { once: true });
}

async function poll(id, follower) {
  await new Promise((resolve) => setTimeout(resolve, pollMs));
  if (!follower.isWanted()) return;
  const now = await api.get(`/docs/${id}`).catch(() => null);
  if (!follower.isWanted()) return;
  if (now && (now.state === "ready" || now.state === "failed" || now.state === "stored")) return follower.done(now);
  if (now) follower.progress(now);
  follow(id, follower);
}

async function finish(id, follower) {
  const now = await api.get(`/docs/${id}`).catch(() => null);
  if (now && follower.isWanted()) follower.done(now);
}
