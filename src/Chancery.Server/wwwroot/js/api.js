// The page's only way to the server: /api/v1 with the page's cookie; in the operator's console /operator with its pass.

/** What the server refused, in its own words (RFC 9457). */
export class Refusal extends Error {
  /** @param {{status?: number, title?: string, detail?: string, code?: string, errors?: Record<string, string[]>}} problem */
  constructor(problem) {
    const fields = Object.values(problem.errors ?? {}).flat();
    super(fields[0] ?? problem.detail ?? problem.title ?? "Something went wrong.");
    this.status = problem.status ?? 0;
    this.title = problem.title ?? "Something went wrong";
    this.detail = fields[0] ?? problem.detail ?? "";
    this.code = problem.code ?? "";
    /** By field, in the API's names. @type {Record<string, string[]>} */
    this.errors = problem.errors ?? {};
    /** What the operator finds the request by. */
    this.traceId = problem.traceId ?? "";
    /** All that was said, what only this kind of problem has among it. @type {any} */
    this.problem = problem;
  }
}

function unreachable() {
  document.dispatchEvent(new Event("chancery:unreachable"));
  return new Refusal({
    code: "offline",
    title: "The server cannot be reached",
    detail: "Check the connection and try again. Nothing was lost.",
  });
}

// The operator's console has routes and a sign-in of its own, and says so in its frame.
const place = document.getElementById("main")?.dataset;
const root = place?.api ?? "/api/v1";

/** The address of an API resource, for links and readers. @param {string} path */
export const address = (path) => root + path;

/** Where signing in leads back to this page. */
export const signInAddress = () => `${place?.signIn ?? "/login"}?return_url=${encodeURIComponent(location.pathname + location.search)}`;

/** A page that holds something typed says so itself, and prevents the leave. */
function toSignIn() {
  if (document.dispatchEvent(new Event("chancery:signed-out", { cancelable: true }))) location.assign(signInAddress());
}

/** @param {Response} response */
async function refusalOf(response) {
  if (response.status === 401) {
    toSignIn();
    return new Refusal({ status: 401, code: "unauthenticated", title: "You were signed out", detail: "Your sign-in ended. Sign in again; what you typed is kept." });
  }
  const problem = await response.json().catch(() => ({}));
  return new Refusal({ ...problem, status: response.status });
}

/**
 * @param {string} method
 * @param {string} path below /api/v1
 * @param {any} [body] sent as JSON
 * @param {{signal?: AbortSignal, accept?: string, key?: string, from?: number, after?: string, proven?: boolean}} [options] the key says that it is the same
 *   call again; from is the revision that a change starts from, after the last event that arrived
 * @returns {Promise<Response>} always a good one
 */
async function send(method, path, body, options = {}) {
  const { signal, accept = "application/json", key, from, after, proven } = options;
  let response;
  try {
    response = await fetch(root + path, {
      method,
      signal,
      credentials: "same-origin",
      headers: {
        Accept: accept,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(key ? { "Idempotency-Key": key } : {}),
        ...(from ? { "If-Match": `"${from}"` } : {}),
        ...(after ? { "Last-Event-ID": after } : {}),
      },
      body: body === undefined ? body : JSON.stringify(body),
    });
  } catch (fault) {
    if (fault.name === "AbortError") throw fault;
    throw unreachable();
  }
  if (response.ok) return response;
  const refused = await refusalOf(response);
  if (refused.code === "step-up-required" && !proven) {
    const { prove } = await import("./step-up.js");
    if (await prove(refused.problem)) return send(method, path, body, { ...options, proven: true });
  }
  // Nothing else is open before that.
  if (refused.code === "second-factor-setup-required" && location.pathname !== "/second-factor") {
    location.assign(`/second-factor?return_url=${encodeURIComponent(location.pathname + location.search)}`);
  }
  throw refused;
}

/** @returns {Promise<any>} the JSON answer, or null when there is none */
async function json(method, path, body, options) {
  const response = await send(method, path, body, options);
  if (response.status === 204) return null;
  const text = await response.text().catch((fault) => {
    throw fault.name === "AbortError" ? fault : unreachable();
  });
  return JSON.parse(text);
}

/** One for each thing that a person wants done, however often it has to be sent. */
export const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** An earlier attempt with the same key is still on its way through the server. @param {any} fault */
export const isUnderWay = (fault) => fault.code === "idempotency-key-in-use";

const underWayMs = 2000;
const patience = 20;
/** Posts that are on their way, by what they say. @type {Map<string, Promise<any>>} */
const posts = new Map();
/** Keys of posts whose ending is not known, by what they say. @type {Map<string, string>} */
const keys = new Map();

/** A second click while the first one is on its way is the same wish; so is the same call after a lost connection. */
function post(path, body, signal, from) {
  const call = `${path} ${from ?? ""} ${JSON.stringify(body)}`;
  if (!posts.has(call)) posts.set(call, insist(call, (key) => json("POST", path, body, { signal, key, from })).finally(() => posts.delete(call)));
  return posts.get(call);
}

async function insist(call, attempt) {
  const key = keys.get(call) ?? newKey();
  keys.set(call, key);
  for (let tries = 1; ; tries++) {
    try {
      const answer = await attempt(key);
      keys.delete(call);
      return answer;
    } catch (fault) {
      if (!isUnderWay(fault) || tries === patience) {
        if (fault.code !== "offline") keys.delete(call);
        throw fault;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, underWayMs));
  }
}

export const api = {
  get: (path, signal) => json("GET", path, undefined, { signal }),
  post: (path, body = {}, signal) => post(path, body, signal),
  /** A change that starts from a revision, which the server joins with what others changed since. @param {number} from */
  postFrom: (from, path, body = {}) => post(path, body, undefined, from),
  put: (path, body) => json("PUT", path, body),
  patch: (path, body) => json("PATCH", path, body),
  remove: (path) => json("DELETE", path),

  /** The raw bytes of a resource. @returns {Promise<ArrayBuffer>} */
  bytes: async (path, signal) => (await send("GET", path, undefined, { signal, accept: "*/*" })).arrayBuffer(),

  /**
   * Posts and reads server-sent events until the server ends the stream. Without a key: with one the server would go on
   * when the reader stops it, at a price.
   * @param {string} path
   * @param {any} body
   * @param {AbortSignal} signal
   * @param {(event: string, data: any) => void} on
   */
  async stream(path, body, signal, on) {
    const response = await send("POST", path, body, { signal, accept: "text/event-stream" });
    if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
      on("done", await response.json());
      return;
    }
    try {
      for await (const event of events(response.body)) on(event.name, event.data);
    } catch (fault) {
      if (fault.name === "AbortError" || fault instanceof Refusal) throw fault;
      throw fault instanceof TypeError ? unreachable() : fault;
    }
  },

  /**
   * Begins work that the server goes on with whether or not somebody watches. Its events are read with `watch`.
   * @param {string} path @param {any} body @param {number} [from] the revision that it starts from
   * @returns {Promise<string>} the operation's id
   */
  async begin(path, body, from) {
    const leave = new AbortController();
    const response = await send("POST", path, { ...body, stream: true }, { accept: "text/event-stream", signal: leave.signal, from });
    leave.abort();
    return response.headers.get("x-operation-id");
  },

  /**
   * Reads events from after the one that is named until the server ends the stream or the connection does.
   * @param {string} path @param {string} after @param {AbortSignal} signal
   * @param {(event: string, data: any, id: string) => void} on
   */
  async watch(path, after, signal, on) {
    const response = await send("GET", path, undefined, { signal, accept: "text/event-stream", after });
    try {
      for await (const event of events(response.body)) on(event.name, event.data, event.id);
    } catch (fault) {
      throw fault instanceof TypeError ? unreachable() : fault;
    }
  },

  /**
   * A file that the server makes, handed to whoever asked under the server's name for it.
   * @param {string} path @param {string} [name] of a file that the server gives none @param {any} [body] of one that is asked for by POST
   * @param {AbortSignal} [signal] @param {(bytes: number) => void} [onProgress] told what has arrived
   */
  async download(path, name = "download", body = undefined, signal = undefined, onProgress = undefined) {
    const response = await send(body === undefined ? "GET" : "POST", path, body, { accept: "*/*", signal });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(onProgress ? await arrived(response, onProgress) : await response.blob());
    link.download = fileNameOf(response.headers.get("content-disposition") ?? "") ?? name;
    link.click();
    // The browser has taken hold of the bytes by then.
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  },

  /**
   * Sends a file with its progress, which fetch does not tell.
   * @param {"POST" | "PUT"} method
   * @param {string} path
   * @param {FormData} form
   * @param {(share: number) => void} onProgress 0 to 1
   * @param {AbortSignal} signal
   * @param {string} key the same when the same file is sent again
   */
  upload: (method, path, form, onProgress, signal, key) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open(method, root + path);
      request.responseType = "json";
      request.setRequestHeader("Accept", "application/json");
      request.setRequestHeader("Idempotency-Key", key);
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) onProgress(event.loaded / event.total);
      });
      request.addEventListener("load", () => {
        if (request.status >= 200 && request.status < 300) return resolve(request.response);
        if (request.status === 401) toSignIn();
        reject(new Refusal({ ...(request.response ?? {}), status: request.status }));
      });
      request.addEventListener("error", () => reject(unreachable()));
      request.addEventListener("abort", () => reject(new DOMException("Cancelled", "AbortError")));
      signal.addEventListener("abort", () => request.abort());
      request.send(form);
    }),
};

/** @param {Response} response @param {(bytes: number) => void} onProgress @returns {Promise<Blob>} its body */
async function arrived(response, onProgress) {
  const parts = [];
  const reader = response.body.getReader();
  try {
    for (let bytes = 0; ;) {
      const { done, value } = await reader.read();
      if (done) return new Blob(parts);
      parts.push(value);
      onProgress((bytes += value.byteLength));
    }
  } catch (fault) {
    // Half of a file is none.
    throw fault.name === "AbortError" ? fault : unreachable();
  }
}

/** @param {string} disposition the header @returns {string | undefined} */
function fileNameOf(disposition) {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1];
  return encoded ? decodeURIComponent(encoded) : (/filename="?([^";]+)"?/i.exec(disposition)?.[1]);
}

/** Reads `event:` and `data:` lines. @param {ReadableStream<Uint8Array>} body */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      rest += value;
      let end;
      while ((end = rest.search(/\r?\n\r?\n/)) >= 0) {
        const block = rest.slice(0, end);
        rest = rest.slice(end).replace(/^\r?\n\r?\n/, "");
        let name = "message";
        let id = "";
        const data = [];
        for (const line of block.split(/\r?\n/)) {
          if (line.startsWith("event:")) name = line.slice(6).trim();
          else if (line.startsWith("id:")) id = line.slice(3).trim();
          else if (line.startsWith("data:")) data.push(line.slice(line[5] === " " ? 6 : 5));
        }
        if (data.length > 0) yield { name, id, data: JSON.parse(data.join("\n")) };
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
