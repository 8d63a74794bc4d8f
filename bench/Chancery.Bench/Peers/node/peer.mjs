// The peers of `./run bench peers`, each in a process of its own:
//   node peer.mjs build PEER SET        makes the index beside the set, and prints what that took
//   node peer.mjs ask PEER SET          prints one line of JSON for each setting and filter
//   node peer.mjs clients PEER SET SETTING MILLISECONDS
//                                       says "ready", waits for a line, and prints how many queries it asked
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { counted, readSet, sizeOf, timed, watched } from "./measure.mjs";

const [verb, name, folder, ...rest] = process.argv.slice(2);
const [library, variant] = name.split(":");
const peer = (await import(`./${library}.mjs`)).default(variant);
const set = readSet(folder);
const place = join(folder, name.replace(":", "-"));
// Waits until it is written: a long line does not fit into the pipe at once.
const say = (what) => new Promise((resolve) => process.stdout.write(`${JSON.stringify(what)}\n`, resolve));

if (verb === "build") {
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  // What is read and turned into what the library wants is not its work.
  const build = await peer.prepare(set, place);
  const { took, busy, others } = await watched(build.run, build.server);
  await build.finish?.();
  await say({ seconds: took / 1e3, processor: busy / 1e3, others, bytes: sizeOf(place) / set.count });
} else {
  const began = performance.now();
  const opened = await peer.open(set, place);
  const [first] = peer.settings(set);
  await opened.asker(first, null)(0);
  const load = (performance.now() - began) / 1e3;
  if (verb === "ask") {
    for (const setting of peer.settings(set))
      await say({ setting, filter: null, load, ...(await timed(set.queryCount, await prepared(setting, null), opened.server)) });
    for (const filter of opened.filters ?? []) {
      for (const setting of peer.filtered?.(set) ?? peer.settings(set))
        await say({ setting, filter, load, ...(await timed(set.queryCount, await prepared(setting, filter), opened.server)) });
    }
  } else {
    const ask = await prepared(rest[0], null);
    await counted(set.queryCount, ask, 300);
    process.stdout.write("ready\n");
    for await (const _ of createInterface({ input: process.stdin })) break;
    await say({ done: await counted(set.queryCount, ask, Number(rest[1])) });
  }
  await opened.close?.();

  async function prepared(setting, filter) {
    await opened.prepare?.(setting);
    return opened.asker(setting, filter);
  }
}
process.exit(0);
