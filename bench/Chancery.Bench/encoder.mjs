// The peer of `./run bench encoder`: the same file, texts and threads, through onnxruntime-node and @huggingface/tokenizers.
// node encoder.mjs MODEL TOKENIZER TEXTS: prints one line of JSON; with - for the model, writes the
// tokens of each text beside them.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { Tokenizer } from "@huggingface/tokenizers";
import ort from "onnxruntime-node";

const MOST_TOKENS = 256;
const [modelPath, tokenizerPath, textsPath] = process.argv.slice(2);
const texts = JSON.parse(readFileSync(textsPath, "utf8"));
const settings = JSON.parse(readFileSync(tokenizerPath, "utf8"));
settings.truncation = null;
settings.padding = null;
const tokenizer = new Tokenizer(settings, {});

const encode = (text) => {
  const { ids } = tokenizer.encode(text);
  return ids.length <= MOST_TOKENS ? ids : [...ids.slice(0, MOST_TOKENS - 1), ids.at(-1)];
};

if (modelPath === "-") {
  writeFileSync(`${textsPath}.tokens`, texts.map((text) => encode(text).join(" ")).join("\n"));
  process.exit(0);
}

// Warm, then timed: a just-in-time compiler is not what is compared.
texts.forEach(encode);
let start = process.hrtime.bigint();
const encoded = texts.map(encode);
const tokenizing = Number(process.hrtime.bigint() - start) / 1e9;
const hash = createHash("sha256").update(encoded.map((ids) => ids.join(" ")).join("\n")).digest("hex");

const before = process.memoryUsage().rss;
const session = await ort.InferenceSession.create(modelPath, {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  enableMemPattern: false,
});
const run = async (ids) => {
  const dims = [1, ids.length];
  const tensor = (value) => new ort.Tensor("int64", BigInt64Array.from(ids, (id) => BigInt(value ?? id)), dims);
  const feeds = { input_ids: tensor(), attention_mask: tensor(1), token_type_ids: tensor(0) };
  const { last_hidden_state: states } = await session.run(feeds);
  const width = states.dims[2];
  const vector = new Float64Array(width);
  for (let i = 0; i < states.data.length; i++) vector[i % width] += states.data[i];
  const length = Math.hypot(...vector);
  return vector.map((part) => part / length);
};

for (const ids of encoded.slice(0, 20)) await run(ids);
start = process.hrtime.bigint();
const vectors = [];
for (const ids of encoded) vectors.push(await run(ids));
const running = Number(process.hrtime.bigint() - start) / 1e9;
const tokens = encoded.reduce((sum, ids) => sum + ids.length, 0);
const rss = process.memoryUsage().rss;
console.log(JSON.stringify({ tokens, tokenizing, running, hash, before, rss, vectors: vectors.map((vector) => [...vector]) }));
