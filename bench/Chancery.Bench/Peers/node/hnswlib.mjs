import { createRequire } from "node:module";
import { join } from "node:path";
import { HITS } from "./measure.mjs";

const { HierarchicalNSW } = createRequire(import.meta.url)("hnswlib-node");
const [CONNECTIONS, EXPLORED_WHEN_BUILT] = [16, 200];

// It takes arrays of numbers and nothing else.
const arrays = (count, row) => Array.from({ length: count }, (_, i) => Array.from(row(i)));

export default () => ({
  settings: () => ["ef 10", "ef 20", "ef 40", "ef 80", "ef 160", "ef 320", "ef 640"],
  filtered: () => ["ef 10", "ef 80", "ef 320"],

  prepare(set, place) {
    const rows = set.vectors();
    const index = new HierarchicalNSW("ip", set.dimensions);
    index.initIndex(set.count, CONNECTIONS, EXPLORED_WHEN_BUILT, 1);
    return {
      run() {
        for (let i = 0; i < set.count; i++) index.addPoint(Array.from(rows(i)), i);
      },
      finish: () => index.writeIndexSync(join(place, "index")),
    };
  },

  open(set, place) {
    const index = new HierarchicalNSW("ip", set.dimensions);
    index.readIndexSync(join(place, "index"));
    const queries = arrays(set.queryCount, set.query);
    const percents = set.percents();
    return {
      filters: [1, 10, 50],
      asker(setting, filter) {
        const ef = Number(setting.split(" ")[1]);
        const isAllowed = filter === null ? undefined : (id) => percents[id] < filter;
        index.setEf(ef);
        return (i) => index.searchKnn(queries[i], HITS, isAllowed).neighbors;
      },
    };
  },
});
