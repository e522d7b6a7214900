// Changes bytes of trace.dat files at random for a while and decodes and prints what results. Every outcome must be a
// result whose bytes add up, or an InputError; memory must stay below 1 GB and no file may take longer than 20 s.
//
//   fuzz-trace-dat SECONDS SEED FILE...        (bundle it with esbuild first)
import { readFileSync } from 'node:fs';
import { InputError } from '../ingest/input-error.ts';
import { Recording } from '../ingest/recording.ts';
import { MemorySource } from '../ingest/source.ts';
import { Excerpts, traceDat } from '../ingest/trace-dat/index.ts';

const [seconds, seed, ...paths] = process.argv.slice(2);
if (paths.length === 0) {
  console.error('usage: fuzz-trace-dat SECONDS SEED FILE...');
  process.exit(2);
}
const files = paths.map((path) => new Uint8Array(readFileSync(path)));

let state = Number(seed) >>> 0;
/** A repeatable random number below `limit` (mulberry32). */
function random(limit: number): number {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % limit;
}

const EDGES = [0, 1, 0x7f, 0x80, 0xff];

function mutate(original: Uint8Array): Uint8Array {
  const cut = random(8) === 0 ? random(original.length) : original.length;
  const bytes = original.slice(0, cut);
  const changes = 1 + random(8);
  for (let i = 0; i < changes && bytes.length > 0; i++) {
    // Most structure lies at the start and at the end of a file.
    const span = random(2) === 0 ? Math.min(4096, bytes.length) : bytes.length;
    const at = random(2) === 0 ? random(span) : bytes.length - 1 - random(span);
    const length = Math.min(1 << random(4), bytes.length - at);
    const value = random(3) === 0 ? EDGES[random(EDGES.length)] : random(256);
    bytes.fill(value, at, at + length);
  }
  return bytes;
}

const end = Date.now() + Number(seconds) * 1000;
let read = 0;
let refused = 0;
let slowest = 0;
while (Date.now() < end) {
  const before = state;
  const bytes = mutate(files[random(files.length)]);
  const start = Date.now();
  try {
    const source = new MemorySource('fuzz', bytes);
    const out = new Recording().addSource('fuzz', 'trace-dat', bytes.length);
    await traceDat.decode(source, out, { needs: { wants: () => true }, chunkSize: 65536 });
    const sum = Object.values(out.bytes).reduce((a, b) => a + b, 0);
    if (sum !== bytes.length) throw new Error(`bytes add up to ${sum} of ${bytes.length}`);
    await (await Excerpts.open(source)).report(() => {});
    read++;
  } catch (error) {
    if (!(error instanceof InputError)) {
      console.error(`seed ${before}:`, error);
      process.exit(1);
    }
    refused++;
  }
  slowest = Math.max(slowest, Date.now() - start);
  const memory = process.memoryUsage.rss();
  if (memory > 2 ** 30 || slowest > 20_000) {
    console.error(`seed ${before}: ${Math.round(memory / 2 ** 20)} MB, slowest ${slowest} ms`);
    process.exit(1);
  }
}
console.log(`${read} read, ${refused} refused, slowest ${slowest} ms, seed now ${state}`);
