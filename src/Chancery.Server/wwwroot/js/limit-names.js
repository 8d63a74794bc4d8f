// Everything that can be limited, in the words and units in which the console asks for it (docs/limits.md).

/** @type {Array<{name: string, label: string, per?: number}>} per: how many of the API's units one of the console's is */
export const limitNames = [
  { name: "requests_per_hour", label: "Costly requests an hour (chat, search, embeddings, uploads)" },
  { name: "requests", label: "Requests of one person or key a minute" },
  { name: "page_requests", label: "Requests of one person’s pages a minute" },
  { name: "upgrades_per_minute", label: "Prompt upgrades of one person or key a minute" },
  { name: "tokens_per_month", label: "Tokens of models a month" },
  { name: "cost_per_month_nano", label: "Dollars for models a month", per: 1_000_000_000 },
  { name: "upgrades_per_month", label: "Prompt upgrades a month" },
  { name: "embeddings_per_month", label: "Requests for embeddings a month" },
  { name: "documents", label: "Documents" },
  { name: "storage_bytes", label: "Megabytes of files", per: 1_000_000 },
  { name: "streams_at_once", label: "Answers streamed at once" },
  { name: "ingestions_at_once", label: "Documents read at once" },
];

export const largest = 4_000_000_000_000_000;

/** A limit that this page does not know yet keeps its name. @param {string} name */
export const limitOf = (name) => limitNames.find((one) => one.name === name) ?? { name, label: name };

/** In the console's unit. @param {{per?: number}} limit @param {number} most */
export const shownOf = (limit, most) => most / (limit.per ?? 1);

/** In the API's unit. @param {{per?: number}} limit @param {string | number} typed */
export const mostOf = (limit, typed) => Math.round(Number(typed) * (limit.per ?? 1));

/** @param {{per?: number}} limit @param {number | undefined | null} most */
export const words = (limit, most) => most === undefined || most === null ? "no limit" : shownOf(limit, most).toLocaleString("en", { maximumFractionDigits: 9 });

/** The attributes of a field for one. @param {{per?: number}} limit */
export const bounds = (limit) => ({ type: "number", min: 0, max: Math.floor(largest / (limit.per ?? 1)), step: limit.per ? "any" : 1, inputmode: limit.per ? "decimal" : "numeric", "data-secret": true });
