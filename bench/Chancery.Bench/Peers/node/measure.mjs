// What every peer is measured with: the set's files, a clock, and what the rest of the machine did meanwhile.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

export const HITS = 10;
const MOST_MILLISECONDS = 4000;

export function readSet(folder) {
  const { count, dimensions } = JSON.parse(readFileSync(join(folder, "set.json"), "utf8"));
  // More than 2 GB do not fit into one buffer: read on demand.
  const floats = (name) => {
    const bytes = readFileSync(join(folder, name));
    return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  };
  const rowsOf = (all) => (row) => all.subarray(row * dimensions, (row + 1) * dimensions);
  const queries = floats("queries.f32");
  return {
    count,
    dimensions,
    vectors: () => rowsOf(floats("vectors.f32")),
    queryCount: queries.length / dimensions,
    query: rowsOf(queries),
    percents: () => readFileSync(join(folder, "percents.u8")),
    texts: () => JSON.parse(readFileSync(join(folder, "texts.json"), "utf8")),
    questions: () => JSON.parse(readFileSync(join(folder, "questions.json"), "utf8")),
  };
}

export const sizeOf = (path) =>
  statSync(path).isDirectory()
    ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
    : statSync(path).size;

/** Milliseconds that a process has run, all threads together. */
function busyOf(pid) {
  return readdirSync(`/proc/${pid}/task`).reduce(
    (sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]) / 1e6,
    0,
  );
}

/** Milliseconds that all processors of the machine have run. */
function busyOfAll() {
  const [user, nice, system, , , irq, soft] = readFileSync("/proc/stat", "utf8").split("\n")[0].trim().split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + soft) * 10;
}

/** @param server id of the process that does the work, where that is not this one. */
export async function watched(act, server) {
  const own = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e3 + (server ? busyOf(server) : 0);
  };
  const [wall, cpu, all] = [performance.now(), own(), busyOfAll()];
  await act();
  const took = performance.now() - wall;
  const busy = own() - cpu;
  return { took, busy, others: Math.max(0, (busyOfAll() - all - busy) / took) };
}

/** One query after the other, each timed; at most so many seconds, and at least twenty. */
export async function timed(queryCount, ask, server) {
  for (let i = 0; i < Math.min(50, queryCount); i++) await ask(i);
  const times = [];
  const ids = [];
  const { busy, others } = await watched(async () => {
    const end = performance.now() + MOST_MILLISECONDS;
    for (let i = 0; i < queryCount && (i < 20 || performance.now() < end); i++) {
      const began = performance.now();
      const answer = ask(i);
      const found = answer instanceof Promise ? await answer : answer;
      times.push(performance.now() - began);
      ids.push(Array.from(found, Number));
    }
  }, server);
  return { times, ids, processor: busy / times.length, others };
}

/** How many queries are answered in a time, the next one as soon as the last is done. */
export async function counted(queryCount, ask, milliseconds) {
  const end = performance.now() + milliseconds;
  let done = 0;
  for (; performance.now() < end; done++) await ask(done % queryCount);
  return done;
}
