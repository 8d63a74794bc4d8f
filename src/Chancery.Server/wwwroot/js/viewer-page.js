// One document on its own page: /documents/{id}?version&as_of&page&start&end
import { byId } from "./dom.js";
import { Viewer } from "./viewer.js";

const root = byId("viewer");
const search = new URLSearchParams(location.search);
const number = (name) => {
  const value = Number.parseInt(search.get(name) ?? "", 10);
  return Number.isNaN(value) ? undefined : value;
};

// What is no time is left to the server to refuse: another version than the one that was meant must not be shown.
const moment = (text) => {
  if (!text) return undefined;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? text : at.toISOString();
};

const viewer = new Viewer(root, { heading: "h1" });
await viewer.open({
  documentId: root.dataset.document,
  version: number("version"),
  asOf: moment(search.get("as_of")),
  page: Math.max(1, number("page") ?? 1),
  start: number("start"),
  end: number("end"),
});
if (viewer.document) document.title = `${viewer.document.title} · Chancery`;
