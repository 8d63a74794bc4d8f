// sqlite-vec for vectors and FTS5 for words, both in the SQLite that Node carries.
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { getLoadablePath } from "sqlite-vec";
import { HITS } from "./measure.mjs";

// The bound of sqlite-vec.
const MOST_NEIGHBOURS = 4096;

const blob = (row) => new Uint8Array(Float32Array.from(row).buffer);

function connect(place) {
  const db = new DatabaseSync(join(place, "db"), { allowExtension: true });
  db.loadExtension(getLoadablePath());
  db.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -2000000; PRAGMA mmap_size = 8000000000");
  return db;
}

const vec = {
  settings: () => ["exact", "1 bit, 100 scored again", "1 bit, 400 scored again", "1 bit, 1600 scored again", `1 bit, ${MOST_NEIGHBOURS} scored again`],
  filtered: () => ["exact", "1 bit, 400 scored again"],

  prepare(set, place) {
    const rows = set.vectors();
    const percents = set.percents();
    const db = connect(place);
    db.exec(
      `CREATE VIRTUAL TABLE passages USING vec0(id INTEGER PRIMARY KEY, percent INTEGER, bits BIT[${set.dimensions}], embedding FLOAT[${set.dimensions}] distance_metric=cosine)`,
    );
    const insert = db.prepare("INSERT INTO passages(id, percent, bits, embedding) VALUES (?, ?, vec_quantize_binary(?), ?)");
    return {
      run() {
        db.exec("BEGIN");
        for (let i = 0; i < set.count; i++) insert.run(BigInt(i), BigInt(percents[i]), blob(rows(i)), blob(rows(i)));
        db.exec("COMMIT");
      },
      finish: () => db.close(),
    };
  },

  open(set, place) {
    const db = connect(place);
    const queries = Array.from({ length: set.queryCount }, (_, i) => blob(set.query(i)));
    return {
      filters: [1, 10, 50],
      asker(setting, filter) {
        const where = filter === null ? "" : ` AND percent < ${filter}`;
        if (setting === "exact") {
          const exact = db.prepare(`SELECT id FROM passages WHERE embedding MATCH ? AND k = ${HITS}${where}`);
          return (i) => exact.all(queries[i]).map((row) => row.id);
        }
        const again = db.prepare(`
          WITH near AS MATERIALIZED (
            SELECT id, embedding FROM passages WHERE bits MATCH vec_quantize_binary(?) AND k = ${setting.match(/\d+/g)[1]}${where}
          )
          SELECT id FROM near ORDER BY vec_distance_cosine(embedding, ?) LIMIT ${HITS}`);
        return (i) => again.all(queries[i], queries[i]).map((row) => row.id);
      },
    };
  },
};

const words = {
  settings: () => ["any word", "any word but stop words"],
  filtered: () => ["any word but stop words"],

  prepare(set, place) {
    const texts = set.texts();
    const percents = set.percents();
    const db = connect(place);
    db.exec("CREATE VIRTUAL TABLE passages USING fts5(text, tokenize = 'porter unicode61'); CREATE TABLE attributes(id INTEGER PRIMARY KEY, percent INTEGER)");
    const insert = db.prepare("INSERT INTO passages(rowid, text) VALUES (?, ?)");
    const describe = db.prepare("INSERT INTO attributes VALUES (?, ?)");
    return {
      run() {
        db.exec("BEGIN");
        for (let i = 0; i < set.count; i++) {
          insert.run(BigInt(i), texts[i]);
          describe.run(BigInt(i), BigInt(percents[i]));
        }
        db.exec("INSERT INTO passages(passages) VALUES ('optimize'); COMMIT");
      },
      finish: () => db.close(),
    };
  },

  open(set, place) {
    const db = connect(place);
    const questions = set.questions();
    return {
      filters: [1, 10, 50],
      asker(setting, filter) {
        const isLeftOut = setting === "any word" ? () => false : (word) => STOP_WORDS.has(word);
        const asked = questions.map((text) => {
          const all = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ["none"];
          const some = all.filter((word) => !isLeftOut(word));
          return (some.length > 0 ? some : all).map((word) => `"${word}"`).join(" OR ");
        });
        const find = db.prepare(
          filter === null
            ? `SELECT rowid AS id FROM passages WHERE passages MATCH ? ORDER BY rank LIMIT ${HITS}`
            : `SELECT passages.rowid AS id FROM passages JOIN attributes ON attributes.id = passages.rowid
               WHERE passages MATCH ? AND percent < ${filter} ORDER BY rank LIMIT ${HITS}`,
        );
        return (i) => find.all(asked[i]).map((row) => row.id);
      },
    };
  },
};

// Lucene's.
const STOP_WORDS = new Set(
  "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was will with what which who how when where did does do from has have".split(" "),
);

export default (kind) => (kind === "vec" ? vec : words);
