// Following a draft or a change while it is written. Leaving ends nothing: it is found again, on any page.
import { api } from "./api.js";

const againMs = 1500;
const path = (id) => `/contract-operations/${id}`;

/** The operation whose end is not known, so that a reload goes on with it. */
const place = () => new URLSearchParams(location.search).get("operation");

/** @param {string | null} id */
export function keepOperation(id) {
  const search = new URLSearchParams(location.search);
  if (id) search.set("operation", id);
  else search.delete("operation");
  history.replaceState(null, "", `${location.pathname}${search.size > 0 ? `?${search}` : ""}${location.hash}`);
}

export const keptOperation = place;

/**
 * Tells all that has happened and what happens, until it ends. A connection that breaks is taken up again where it was.
 * @param {string} id
 * @param {AbortSignal} signal ends the watching, not the work
 * @param {(event: string, data: any) => void} on
 * @returns {Promise<any>} what came of it; throws what it failed with
 */
export async function follow(id, signal, on) {
  let last = "";
  for (;;) {
    let ending = null;
    try {
      await api.watch(`${path(id)}/events`, last, signal, (event, data, number) => {
        last = number || last;
        if (event === "done" || event === "error") ending = { event, data };
        else if (event !== "ping") on(event, data);
      });
    } catch (fault) {
      if (fault.code !== "offline") throw fault;
    }
    if (ending?.event === "done") return ending.data;
    if (ending) throw Object.assign(new Error(ending.data.detail ?? ending.data.title), { problem: ending.data, code: ending.data.code });
    await new Promise((resolve) => setTimeout(resolve, againMs));
    signal.throwIfAborted();
  }
}

/** Ends the work itself. @param {string} id */
export const cancel = (id) => api.remove(path(id));

/** What you asked for lately. @returns {Promise<any[]>} newest first */
export const operations = async () => (await api.get("/contract-operations?limit=20")).items;

/** @param {string} id */
export const operation = (id) => api.get(path(id));
