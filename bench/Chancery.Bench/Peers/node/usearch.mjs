import { join } from "node:path";
import usearch from "usearch";
import { HITS } from "./measure.mjs";

const { Index } = usearch;
const BATCH = 1000;

export default (quantization) => {
  const make = (set, expansion) =>
    new Index({
      dimensions: set.dimensions,
      metric: "ip",
      quantization,
      connectivity: 16,
      expansion_add: 128,
      expansion_search: expansion,
      multi: false,
    });
  return {
    settings: () => ["expansion 10", "expansion 20", "expansion 40", "expansion 80", "expansion 160", "expansion 320", "expansion 640"],

    prepare(set, place) {
      const rows = set.vectors();
      const index = make(set, 64);
      return {
        run() {
          for (let from = 0; from < set.count; from += BATCH) {
            const count = Math.min(BATCH, set.count - from);
            const keys = BigUint64Array.from({ length: count }, (_, i) => BigInt(from + i));
            const vectors = new Float32Array(count * set.dimensions);
            for (let i = 0; i < count; i++) vectors.set(rows(from + i), i * set.dimensions);
            index.add(keys, vectors, 2);
          }
        },
        finish: () => index.save(join(place, "index")),
      };
    },

    open(set, place) {
      const queries = Array.from({ length: set.queryCount }, (_, i) => Float32Array.from(set.query(i)));
      return {
        // Its binding for Node has no filter.
        filters: [],
        asker(setting) {
          const index = make(set, Number(setting.split(" ")[1]));
          index.load(join(place, "index"));
          return (i) => index.search(queries[i], HITS, 1).keys;
        },
      };
    },
  };
};
