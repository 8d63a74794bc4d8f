// Contracts in words for people.
import { h } from "./dom.js";

const statuses = { draft: "Draft", in_review: "In review", agreed: "Agreed", archived: "Archived" };
const types = { nda: "NDA", services: "Services", employment: "Employment", lease: "Lease", saas: "SaaS terms", other: "Other" };
const sources = { drafted: "Drafted", refined: "Changed as asked", edited: "Edited by hand", imported: "Imported", restored: "Restored", accepted: "Proposal accepted" };
const fields = { title: "Title", parties: "Parties", effective_date: "Effective date", end_date: "End date", governing_law: "Governing law", language: "Language", numbering: "Numbering" };
const look = { draft: "working", in_review: "review", agreed: "ready", archived: "idle" };

export const statusNames = Object.entries(statuses);
export const typeNames = Object.entries(types);

/** @param {string} status */
export const statusWord = (status) => statuses[status] ?? status;
/** A type that somebody made up is its own name. @param {string} type */
export const typeWord = (type) => types[type] ?? type;
/** How a revision came to be. @param {string} source */
export const sourceWord = (source) => sources[source] ?? source;
/** @param {string} field */
export const fieldWord = (field) => fields[field] ?? field;

/** @param {string} status */
export const statusMark = (status) => h("span", { class: `state ${look[status] ?? "idle"}` }, statusWord(status));

/** @param {any[]} parties */
export const partyNames = (parties) => parties.map((party) => party.name).join(" · ");

/** A clause as others name it: "4.2 Notice". @param {any} clause */
export const clauseName = (clause) => [clause.reference || clause.label, clause.heading].filter(Boolean).join(" ") || `“${clause.text.slice(0, 40)}${clause.text.length > 40 ? "…" : ""}”`;
