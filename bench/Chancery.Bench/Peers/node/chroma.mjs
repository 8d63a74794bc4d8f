// Its own server, started from the npm package's program: Chroma has no other way to run beside Node.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { ChromaClient } from "chromadb";
import { HITS } from "./measure.mjs";

const BATCH = 2000;

async function start(place) {
  const port = await new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
  const program = new URL("./node_modules/chromadb/dist/cli.mjs", import.meta.url).pathname;
  const server = spawn(process.execPath, [program, "run", "--path", join(place, "data"), "--host", "127.0.0.1", "--port", String(port)], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  server.stderr.on("data", (part) => (said += part));
  process.on("exit", () => server.kill("SIGKILL"));
  const client = new ChromaClient({ host: "127.0.0.1", port, ssl: false });
  for (let tries = 0; ; tries++) {
    try {
      await client.heartbeat();
      return { client, server };
    } catch (fault) {
      if (server.exitCode !== null) throw new Error(said.match(/Error: (.*)/)?.[1] ?? said.trim());
      if (tries > 300) throw fault;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

export default () => ({
  settings: () => ["ef 10", "ef 40", "ef 160", "ef 640"],
  filtered: () => ["ef 40", "ef 160"],

  async prepare(set, place) {
    const rows = set.vectors();
    const percents = set.percents();
    const { client, server } = await start(place);
    const collection = await client.createCollection({
      name: "passages",
      embeddingFunction: null,
      configuration: { hnsw: { space: "ip", max_neighbors: 16, ef_construction: 200 } },
    });
    return {
      server: server.pid,
      async run() {
        for (let from = 0; from < set.count; from += BATCH) {
          const all = Array.from({ length: Math.min(BATCH, set.count - from) }, (_, i) => from + i);
          await collection.add({
            ids: all.map(String),
            embeddings: all.map((row) => Array.from(rows(row))),
            metadatas: all.map((row) => ({ percent: percents[row] })),
          });
        }
      },
      finish: () => server.kill("SIGTERM"),
    };
  },

  async open(set, place) {
    const { client, server } = await start(place);
    const queries = Array.from({ length: set.queryCount }, (_, i) => Array.from(set.query(i)));
    const collection = await client.getCollection({ name: "passages", embeddingFunction: undefined });
    return {
      server: server.pid,
      filters: [1, 10, 50],
      prepare: (setting) => collection.modify({ configuration: { hnsw: { ef_search: Number(setting.split(" ")[1]) } } }),
      asker: (_, filter) => async (i) =>
        (
          await collection.query({
            queryEmbeddings: [queries[i]],
            nResults: HITS,
            include: [],
            ...(filter === null ? {} : { where: { percent: { $lt: filter } } }),
          })
        ).ids[0],
      close: () => server.kill("SIGTERM"),
    };
  },
});
