import { connect, Index, makeArrowTable } from "@lancedb/lancedb";
import { HITS } from "./measure.mjs";

const BATCH = 10_000;

const indexes = {
  hnsw: () => Index.hnswSq({ distanceType: "dot", numPartitions: 1, m: 20, efConstruction: 300 }),
  pq: (set) => Index.ivfPq({ distanceType: "dot", numPartitions: Math.round(Math.sqrt(set.count)), numSubVectors: set.dimensions / 8 }),
};

export default (kind) => ({
  settings: () =>
    kind === "hnsw"
      ? ["ef 20, refined 1", "ef 40, refined 2", "ef 80, refined 4", "ef 160, refined 8", "ef 320, refined 16"]
      : ["probes 5, refined 2", "probes 20, refined 5", "probes 50, refined 10", "probes 100, refined 20", "probes 300, refined 30"],
  filtered: () => (kind === "hnsw" ? ["ef 40, refined 2", "ef 320, refined 16"] : ["probes 20, refined 5", "probes 300, refined 30"]),

  async prepare(set, place) {
    const rows = set.vectors();
    const percents = set.percents();
    const batches = [];
    for (let from = 0; from < set.count; from += BATCH) {
      batches.push(
        makeArrowTable(
          Array.from({ length: Math.min(BATCH, set.count - from) }, (_, i) => ({
            id: from + i,
            percent: percents[from + i],
            vector: Array.from(rows(from + i)),
          })),
        ),
      );
    }
    const db = await connect(place);
    return {
      async run() {
        const table = await db.createTable("passages", batches[0]);
        for (const batch of batches.slice(1)) await table.add(batch);
        await table.optimize();
        await table.createIndex("vector", { config: indexes[kind](set) });
        await table.createIndex("percent", { config: Index.btree() });
      },
    };
  },

  async open(set, place) {
    const table = await (await connect(place)).openTable("passages");
    const queries = Array.from({ length: set.queryCount }, (_, i) => Float32Array.from(set.query(i)));
    return {
      filters: [1, 10, 50],
      asker(setting, filter) {
        const [breadth, refined] = setting.match(/\d+/g).map(Number);
        return async (i) => {
          let query = table.query().nearestTo(queries[i]).distanceType("dot").limit(HITS).select(["id", "_distance"]);
          query = kind === "hnsw" ? query.ef(breadth) : query.nprobes(breadth);
          if (refined > 1) query = query.refineFactor(refined);
          if (filter !== null) query = query.where(`percent < ${filter}`);
          return (await query.toArray()).map((row) => row.id);
        };
      },
    };
  },
});
