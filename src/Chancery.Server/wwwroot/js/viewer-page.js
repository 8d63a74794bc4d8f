// One document on its own page: /documents/{id}?version&as_of&page&start&end
import { byId } from "./dom.js";
import { Viewer } from "./viewer.js";

const root = byId("viewer");
const search = new URLSearchParams(location.search);
const number = (name) => {
  const value = Number.parseInt(search.get(name) ?? "", 10);
  return Number.isNaN(value) ? undefined : value;
};

const viewer = new Viewer(root, { heading: "h1" });
await viewer.open({
  documentId: root.dataset.document,
  version: number("version"),
  asOf: Number.isNaN(Date.parse(search.get("as_of") ?? "")) ? undefined : new Date(search.get("as_of")).toISOString(),
  page: Math.max(1, number("page") ?? 1),
  start: number("start"),
  end: number("end"),
});
if (viewer.document) document.title = `${viewer.document.title} · Chancery`;
