// The API reference: every call of /openapi/v1.json, to read and to try with the page's own sign-in.
import { byId, fill, h } from "./dom.js";

const methods = ["get", "post", "put", "patch", "delete"];
const json = "application/json";
const multipart = "multipart/form-data";

let document_ = null;

/** Follows "#/components/…". */
function resolve(thing) {
  while (thing?.$ref) {
    thing = thing.$ref
      .slice(2)
      .split("/")
      .reduce((at, step) => at?.[step], document_);
  }
  return thing ?? {};
}

/** A little Markdown: paragraphs, `code`, **strong**. Text only ever enters as text. */
function paragraphs(text) {
  return (text ?? "")
    .split(/\n\n+/)
    .filter((part) => part.trim())
    .map((part) => h("p", {}, inline(part)));
}

function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (part.startsWith("`") && part.length > 2) return h("code", {}, part.slice(1, -1));
    if (part.startsWith("**") && part.length > 4) return h("strong", {}, part.slice(2, -2));
    return part;
  });
}

/** What a parameter or a form's part is typed into. @returns {any} */
function control(id, name, schema, required, example) {
  const kind = resolve(schema.oneOf?.find((one) => one.$ref) ?? schema);
  const types = [kind.type ?? "string"].flat();
  const options = types.includes("boolean") ? ["true", "false"] : kind.enum;
  if (schema.format === "binary") return h("input", { id, name, type: "file", required });
  if (options) {
    return h(
      "select",
      { id, name, required },
      !required && h("option", { value: "" }, "(left out)"),
      options.map((value) => h("option", { value }, value)),
    );
  }
  const number = types.includes("integer") || types.includes("number");
  return h("input", {
    id,
    name,
    required,
    autocomplete: "off",
    type: number ? "number" : "text",
    min: number ? kind.minimum : undefined,
    max: number ? kind.maximum : undefined,
    placeholder: example ?? schema.default ?? "",
  });
}

function field(id, name, description, input) {
  const hint = `${id}-hint`;
  if (description) input.setAttribute("aria-describedby", hint);
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, name),
    input,
    description && h("p", { class: "hint", id: hint }, inline(description)),
  );
}

function call(path, method, operation) {
  const details = h("details", { class: `call${operation.deprecated ? " old" : ""}`, id: operation.operationId });
  details.append(
    h(
      "summary",
      {},
      h("span", { class: `method ${method}` }, method.toUpperCase()),
      h("span", { class: "path" }, path),
      h("span", { class: "what" }, operation.summary ?? "", operation.deprecated && " (for older clients)"),
    ),
  );
  // Most calls are never opened.
  details.addEventListener("toggle", () => details.children.length === 1 && details.append(inside(path, method, operation)));
  return details;
}

function inside(path, method, operation) {
  const id = (name) => `${operation.operationId}-${name}`;
  const parameters = (operation.parameters ?? []).map(resolve);
  const content = resolve(operation.requestBody).content ?? {};
  const form = h("form", { class: "given" });
  for (const one of parameters) {
    const input = control(id(one.name), one.name, one.schema ?? {}, one.required, one.example);
    input.dataset.in = one.in;
    form.append(field(input.id, `${one.name}${one.required ? "" : " (optional)"}`, one.description, input));
  }

  if (content[json]) {
    const example = content[json].example;
    const area = h("textarea", { id: id("body"), spellcheck: "false", "data-in": "body" });
    area.value = example === undefined ? "{}" : JSON.stringify(example, null, 2);
    form.append(field(area.id, "Body", "JSON", area));
  }

  for (const [name, part] of Object.entries(resolve(content[multipart]?.schema).properties ?? {})) {
    const input = control(id(name), name, part, name === "file");
    input.dataset.in = "form";
    form.append(field(input.id, `${name}${name === "file" ? "" : " (optional)"}`, part.description, input));
  }

  const answer = h("div", { class: "answer", role: "region", "aria-label": `Answer to ${operation.operationId}`, hidden: true });
  const stop = h("button", { class: "button", type: "button", hidden: true }, "Stop");
  const send = h("button", { class: "button primary", type: "submit" }, "Send");
  form.append(h("div", { class: "do" }, send, stop));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const control = new AbortController();
    stop.onclick = () => control.abort();
    stop.hidden = false;
    send.disabled = true;
    try {
      await run(path, method, form, answer, control.signal);
    } finally {
      stop.hidden = true;
      send.disabled = false;
    }
  });

  return h(
    "div",
    { class: "inside" },
    h("div", { class: "said" }, paragraphs(operation.description)),
    form,
    answer,
    answersOf(operation),
  );
}

/** The answers that the description tells of, with the recorded one. */
function answersOf(operation) {
  const list = h("dl", {});
  let example;
  for (const [status, response] of Object.entries(operation.responses ?? {})) {
    list.append(h("dt", {}, status), h("dd", {}, inline(response.description ?? "")));
    example ??= Object.values(response.content ?? {}).find((one) => one.example !== undefined)?.example;
  }
  return h(
    "div",
    { class: "answers" },
    h("h3", {}, "Answers"),
    list,
    example !== undefined && h("pre", { tabindex: "0", "aria-label": "Example of an answer" }, JSON.stringify(example, null, 2)),
  );
}

/** Makes the call that the form describes and shows what comes, as it comes. */
async function run(path, method, form, answer, signal) {
  const headers = { Accept: `${json}, text/event-stream;q=0.9, */*;q=0.8` };
  const query = new URLSearchParams();
  let address = path;
  let body;
  for (const input of form.querySelectorAll("[data-in]")) {
    const value = input.value;
    if (input.dataset.in === "body") {
      headers["Content-Type"] = json;
      body = value;
    } else if (input.dataset.in === "form") {
      body ??= new FormData();
      if (input.type === "file") {
        if (input.files[0]) body.append(input.name, input.files[0]);
      } else if (value) body.append(input.name, value);
    } else if (input.dataset.in === "path") {
      address = address.replace(`{${input.name}}`, encodeURIComponent(value));
    } else if (value && input.dataset.in === "query") query.append(input.name, value);
    else if (value && input.dataset.in === "header") headers[input.name] = value;
  }
  if (query.size > 0) address += `?${query}`;

  const status = h("p", { class: "status", role: "status" }, "Sent; waiting …");
  const text = h("pre", { tabindex: "0", "aria-label": "Body of the answer" });
  fill(answer, h("p", { class: "quiet" }, `${method.toUpperCase()} ${address}`), status, text);
  answer.hidden = false;
  const started = performance.now();
  try {
    const response = await fetch(address, { method: method.toUpperCase(), headers, body, signal, credentials: "same-origin" });
    const time = () => `${response.status} ${response.statusText} in ${Math.round(performance.now() - started)} ms`;
    status.textContent = time();
    status.classList.toggle("bad", !response.ok);
    const type = response.headers.get("Content-Type") ?? "";
    if (type.includes("event-stream")) {
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        text.append(piece.value);
        text.scrollTop = text.scrollHeight;
      }
      status.textContent = time();
    } else if (type.includes("json")) {
      text.textContent = JSON.stringify(await response.json(), null, 2);
    } else if (type.startsWith("text/")) {
      text.textContent = await response.text();
    } else if (response.status !== 204 && type) {
      const file = await response.blob();
      text.textContent = `${file.size} bytes of ${type}`;
    }
    text.hidden = text.textContent === "";
  } catch (fault) {
    status.classList.add("bad");
    status.textContent =
      fault.name === "AbortError" ? "Stopped." : "The server cannot be reached. Check the connection and try again.";
  }
}

/** Shows the calls that have all the words. */
function find(words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const topic of byId("calls").children) {
    for (const one of topic.querySelectorAll(".call")) {
      const text = `${one.id} ${one.querySelector("summary").textContent}`.toLowerCase();
      one.hidden = !wanted.every((word) => text.includes(word));
      if (!one.hidden) count++;
    }
    topic.hidden = !topic.querySelector(".call:not([hidden])");
  }
  byId("found").textContent = count === 0 ? "No call has these words." : `${count} calls`;
  byId("found").classList.toggle("hidden", count > 0);
}

async function load() {
  const calls = byId("calls");
  try {
    const response = await fetch("/openapi/v1.json");
    if (!response.ok) throw new Error(String(response.status));
    document_ = await response.json();
  } catch {
    calls.removeAttribute("aria-busy");
    const again = h("button", { class: "button small", type: "button", onclick: load }, "Try again");
    fill(calls, h("div", { class: "notice bad", role: "alert" }, h("span", {}, "The description could not be loaded. "), again));
    return;
  }

  fill(
    calls,
    (document_.tags ?? []).map((tag) =>
      h(
        "section",
        { class: "topic", "aria-labelledby": `topic-${tag.name}` },
        h("h2", { id: `topic-${tag.name}` }, tag.name),
        h("p", {}, tag.description ?? ""),
        Object.entries(document_.paths).flatMap(([path, item]) =>
          methods
            .filter((method) => item[method]?.tags?.[0] === tag.name)
            .map((method) => call(path, method, item[method])),
        ),
      ),
    ),
  );
  calls.removeAttribute("aria-busy");
  const linked = location.hash && document.getElementById(location.hash.slice(1));
  if (linked instanceof HTMLDetailsElement) {
    linked.open = true;
    linked.scrollIntoView();
  }
}

byId("find").addEventListener("input", (event) => find(event.target.value));
load();
