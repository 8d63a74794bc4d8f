// The queue of uploads: files from the picker, dropped files and folders, addresses. A few are sent at a time, a failing
// one holds nobody back, and each is followed until it is ready.
import { api, isUnderWay, newKey } from "./api.js";
import { byId, fill, h, icon } from "./dom.js";
import { accepted, filesOf, filesOfDrop, objection } from "./files.js";
import { plural, size } from "./format.js";
import { toast } from "./page.js";
import { followed, isWorking, left, stateWord } from "./states.js";

const atOnce = 2;
const waitingShown = 20;
const rowsKept = 40;
const retryMs = 5000;
const tries = 5;

/**
 * @typedef {object} Item
 * @property {string} name of the file, or the names of several that are refused for the same reason
 * @property {number} files how many it stands for
 * @property {File} [file] absent for an address
 * @property {string} [url]
 * @property {string} state waiting, sending, reading, done, failed
 * @property {number} tried
 * @property {string} key by which the server knows it again
 * @property {AbortController} stopper
 * @property {HTMLElement} [row]
 * @property {{collection: string, process: boolean}} options as they were when it was added
 */

/** @type {Item[]} */
let items = [];
let running = 0;
let startedAt = 0;
let page;

/**
 * @param {{collection: () => string, uploaded: (document: any) => void, finished: (document: any) => void,
 *   retry: (document: any) => Promise<any>, stop: (document: any) => Promise<any>}} register
 */
export function prepareUploads(register) {
  page = register;
  for (const input of [byId("files"), byId("folder")]) {
    if (input.id === "files") input.accept = accepted;
    input.addEventListener("change", () => {
      addFiles(filesOf(input.files));
      input.value = "";
    });
  }
  byId("uploads-cancel").addEventListener("click", cancelAll);
  byId("uploads-clear").addEventListener("click", clear);
  prepareDrop();
  addEventListener("online", next);
  addEventListener("beforeunload", (event) => {
    // Leaving would lose what was not sent yet; reading goes on without us.
    if (items.some((item) => item.state === "waiting" || item.state === "sending")) event.preventDefault();
  });
}

function prepareDrop() {
  const drop = byId("drop");
  let depth = 0;
  const over = (step) => drop.classList.toggle("over", (depth = Math.max(0, depth + step)) > 0);
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => hasFiles(event) && over(1));
  addEventListener("dragleave", (event) => hasFiles(event) && over(-1));
  addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  addEventListener("drop", async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    over(-depth);
    const files = await filesOfDrop(event.dataTransfer);
    if (files.length === 0) return toast("There was no file in what was dropped.");
    addFiles(files);
  });
}

/** @param {File[]} files */
export function addFiles(files) {
  const refused = Map.groupBy(files.filter(objection), objection);
  for (const file of files) {
    const why = objection(file);
    if (!why) add({ name: file.name, file });
    else if (refused.has(why)) {
      // One line says it for all of them.
      const alike = refused.get(why);
      refused.delete(why);
      const item = add({ name: together(alike.map((one) => one.name)), files: alike.length, file: alike.length === 1 ? file : undefined });
      item.state = "failed";
      refuse(item, why, null);
    }
  }
  const count = files.filter(objection).length;
  if (files.length > 1) say(`${plural(files.length, "file")} added${count > 0 ? `, ${count} of them cannot be uploaded` : ""}.`);
  next();
}

/** "a, b and c", "a, b and 7 others". @param {string[]} names */
function together(names) {
  if (names.length === 1) return names[0];
  const named = names.length > 3 ? names.slice(0, 2) : names.slice(0, -1);
  return `${named.join(", ")} and ${names.length > 3 ? `${names.length - named.length} others` : names.at(-1)}`;
}

/** @param {string} url */
export function addAddress(url) {
  add({ name: url, url });
  next();
}

function add(given) {
  if (items.every((item) => item.state === "done" || item.state === "failed")) startedAt = performance.now();
  const item = { state: "waiting", files: 1, tried: 0, key: newKey(), stopper: new AbortController(), options: { collection: page.collection(), process: byId("process").checked }, ...given };
  items.push(item);
  return item;
}

function next() {
  while (running < atOnce && navigator.onLine) {
    const item = items.find((one) => one.state === "waiting");
    if (!item) break;
    running++;
    send(item).finally(() => {
      running--;
      next();
    });
  }
  show();
}

async function send(item) {
  item.state = "sending";
  const bar = h("progress", { max: 1, "aria-label": `Upload of ${item.name}` });
  draw(item, [h("span", { class: "quiet" }, item.url ? "Fetching" : "Uploading"), bar], cancelButton(item));
  try {
    const document = item.url ? await sendAddress(item) : await sendFile(item, (share) => { bar.value = share; });
    if (item.state === "cancelled") return;
    page.uploaded(document);
    follow(item, document);
  } catch (fault) {
    if (fault.name === "AbortError") return;
    item.tried++;
    // Without a connection, and where the server is busy, it waits for better times.
    if ((fault.code === "offline" || fault.status === 429 || fault.status === 503 || isUnderWay(fault)) && item.tried < tries) {
      draw(item, [h("span", { class: "quiet" }, fault.code === "offline" ? "Waiting for the connection" : "Waiting for the server")], cancelButton(item));
      await new Promise((resolve) => setTimeout(resolve, retryMs));
      if (item.state === "sending") item.state = "waiting";
      return;
    }
    item.state = "failed";
    refuse(item, fault.message, () => again(item));
    say(`“${item.name}” failed: ${fault.message}`);
  }
}

function sendFile(item, progress) {
  const form = new FormData();
  // Fields first: the server reads the parts as they come.
  form.append("process", String(item.options.process));
  if (item.options.collection) form.append("collection_id", item.options.collection);
  form.append("file", item.file, item.file.name);
  return api.upload("POST", "/docs", form, progress, item.stopper.signal, item.key);
}

const sendAddress = (item) =>
  api.post("/docs/url", { url: item.url, process: item.options.process, collection_id: item.options.collection || undefined }, item.stopper.signal);

function follow(item, document) {
  item.document = document;
  item.state = "reading";
  if (isWorking(document.state)) {
    const stop = stopButton(item);
    draw(item, followed(document, { isWanted: () => item.state === "reading" && items.includes(item), done: (now) => settle(item, now), stop }), stop);
    show();
  } else settle(item, document);
}

function settle(item, document) {
  item.document = document;
  if (document.state === "failed") {
    item.state = "failed";
    refuse(item, document.failure?.reason ?? "It could not be read.", () => readAgain(item));
  } else {
    item.state = "done";
    draw(item, [h("span", { class: `state ${document.state === "ready" ? "ready" : "idle"}` }, stateWord(document.state))],
      h("span", { class: "row-buttons" },
        document.state === "stored" && item.options.process && h("button", { type: "button", class: "button small", onclick: () => readAgain(item), "aria-label": `Read it now: ${item.name}` }, "Read it now"),
        dismissButton(item)));
  }
  page.finished(document);
  show();
  if (!items.some(isOpen)) {
    const failed = count("failed");
    say(`${plural(all() - failed, "file")} done${failed > 0 ? `, ${failed} failed` : ""}.`);
  }
}

function again(item) {
  item.state = "waiting";
  item.tried = 0;
  item.stopper = new AbortController();
  draw(item, [h("span", { class: "quiet" }, "Waiting")], cancelButton(item));
  next();
}

async function readAgain(item) {
  const now = await page.retry(item.document);
  if (now) follow(item, now);
}

async function stopReading(item) {
  const now = await page.stop(item.document);
  if (now && items.includes(item)) follow(item, now);
}

const isOpen = (item) => item.state === "waiting" || item.state === "sending" || item.state === "reading";

function cancel(item) {
  item.stopper.abort();
  item.state = "cancelled";
  drop(item);
}

function cancelAll() {
  for (const item of items.filter((one) => one.state === "waiting" || one.state === "sending")) cancel(item);
  say("The rest of the uploads was cancelled.");
}

function clear() {
  for (const item of items.filter((one) => !isOpen(one))) drop(item);
  byId("q").focus();
}

function drop(item) {
  const next = item.row?.contains(document.activeElement) && (item.row.nextElementSibling ?? item.row.previousElementSibling ?? byId("q"));
  item.row?.remove();
  items = items.filter((one) => one !== item);
  show();
  if (next) (next.querySelector("button") ?? byId("q")).focus();
}

// Drawing

function draw(item, status, button) {
  item.row ??= h("li", { class: "upload" });
  const focused = item.row.contains(document.activeElement);
  fill(item.row, h("span", { class: item.files > 1 ? "name several" : "name", dir: "auto" }, item.name), h("span", { class: "size quiet" }, item.file ? size(item.file.size) : item.url ? "from the web" : plural(item.files, "file")), h("span", { class: "at" }, ...status), button);
  if (focused) item.row.querySelector("button")?.focus();
}

function refuse(item, why, retry) {
  draw(item, [h("span", { class: "state failed" }, "Failed")],
    h("span", { class: "row-buttons" },
      retry && h("button", { type: "button", class: "button small", onclick: retry, "aria-label": `Try again: ${item.name}` }, "Try again"),
      dismissButton(item)));
  item.row.append(h("p", { class: "why" }, why));
}

const cancelButton = (item) => h("button", { type: "button", class: "button small", "aria-label": `Cancel ${item.name}`, onclick: () => cancel(item) }, "Cancel");

const stopButton = (item) => h("button", { type: "button", class: "button small", "aria-label": `Stop reading ${item.name}`, onclick: () => stopReading(item) }, "Stop");

const dismissButton = (item) => h("button", { type: "button", class: "button bare", "aria-label": `Dismiss ${item.name}`, onclick: () => drop(item) }, icon("close"));

function show() {
  byId("uploads-panel").hidden = items.length === 0;
  if (items.length === 0) return void fill(byId("uploads"));
  // Of many, what is finished is only counted.
  if (items.length > rowsKept) for (const item of items.filter((one) => one.state === "done")) item.row?.remove();
  let waiting = 0;
  for (const item of items) {
    if (item.state === "waiting" && ++waiting > waitingShown) continue;
    if (item.state === "done" && items.length > rowsKept) continue;
    if (!item.row) draw(item, [h("span", { class: "quiet" }, "Waiting")], cancelButton(item));
    if (!item.row.isConnected) byId("uploads").append(item.row);
  }
  const rest = byId("uploads-rest");
  rest.hidden = waiting <= waitingShown;
  fill(rest, `and ${plural(waiting - waitingShown, "more file")} waiting`);
  summarise();
}

const filesIn = (some) => some.reduce((sum, item) => sum + item.files, 0);
const all = () => filesIn(items);
const count = (state) => filesIn(items.filter((item) => item.state === state));

function summarise() {
  const done = count("done");
  const failed = count("failed");
  const open = all() - done - failed;
  const seconds = (performance.now() - startedAt) / 1000;
  fill(byId("uploads-count"),
    [`${done} of ${plural(all(), "file")} done`, failed > 0 && `${failed} failed`, open > 0 && done >= 2 && left((seconds / (done + failed)) * open)].filter(Boolean).join(" · "));
  const bar = byId("uploads-bar");
  bar.max = all();
  bar.value = done + failed;
  bar.hidden = all() < 2;
  byId("uploads-cancel").hidden = count("waiting") + count("sending") < 2;
  byId("uploads-clear").hidden = done + failed === 0;
}

function say(text) {
  fill(byId("announce"), text);
}
