// Files from the button or dropped on the page, two at a time, with their progress.
import { api } from "./api.js";
import { byId, fill, h, icon } from "./dom.js";
import { size } from "./format.js";
import { maxUploadBytes } from "./page.js";

const atOnce = 2;
const waiting = [];
let running = 0;

/**
 * Why the server would refuse the file, before a byte of it is sent; null when it would not.
 * @param {File} file
 */
export function objection(file) {
  if (file.size > maxUploadBytes) {
    return `The file is larger than the limit of ${size(maxUploadBytes)}. Split it, or ask the operator to raise the limit.`;
  }
  return file.size === 0 ? "The file is empty." : null;
}

/** @param {{collection: () => string, uploaded: (document: any) => void}} page */
export function prepareUploads(page) {
  const drop = byId("drop");
  const input = byId("files");
  input.addEventListener("change", () => {
    add(input.files, page);
    input.value = "";
  });
  let depth = 0;
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => {
    if (hasFiles(event)) drop.classList.toggle("over", ++depth > 0);
  });
  addEventListener("dragleave", (event) => {
    if (hasFiles(event)) drop.classList.toggle("over", --depth > 0);
  });
  addEventListener("dragover", (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    drop.classList.remove("over");
    add(event.dataTransfer.files, page);
  });
}

function add(files, page) {
  for (const file of files) {
    const row = h("li", { class: "upload" });
    byId("uploads").append(row);
    const why = objection(file);
    if (why) refuse(row, file, why);
    else {
      draw(row, file, page);
      waiting.push({ row, file, page });
    }
  }
  next();
}

function next() {
  while (running < atOnce && waiting.length > 0) {
    running++;
    const upload = waiting.shift();
    send(upload).finally(() => {
      running--;
      next();
    });
  }
}

function draw(row, file) {
  row.bar = h("progress", { max: 1, value: 0, "aria-label": `Upload of ${file.name}` });
  row.stopper = new AbortController();
  fill(row, h("span", { class: "name" }, file.name),
    h("button", { type: "button", class: "button small", onclick: () => cancel(row) }, "Cancel"), row.bar);
}

function cancel(row) {
  const at = waiting.findIndex((upload) => upload.row === row);
  if (at >= 0) waiting.splice(at, 1);
  row.stopper.abort();
  row.remove();
}

function refuse(row, file, why, again) {
  fill(
    row,
    h("span", { class: "name" }, file.name),
    h("span", {},
      again && h("button", { type: "button", class: "button small", onclick: again }, "Try again"),
      h("button", { type: "button", class: "button bare", "aria-label": `Dismiss ${file.name}`, onclick: () => row.remove() }, icon("close"))),
    h("p", { class: "why", role: "alert" }, why),
  );
}

async function send({ row, file, page }) {
  const form = new FormData();
  // Fields first: the server reads the parts as they come.
  form.append("process", String(byId("process").checked));
  const collection = page.collection();
  if (collection) form.append("collection_id", collection);
  form.append("file", file, file.name);
  try {
    const document = await api.upload("POST", "/docs", form, (share) => { row.bar.value = share; }, row.stopper.signal);
    row.remove();
    page.uploaded(document);
  } catch (fault) {
    if (fault.name === "AbortError") return;
    refuse(row, file, fault.message, () => {
      draw(row, file);
      waiting.push({ row, file, page });
      next();
    });
  }
}
