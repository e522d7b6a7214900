// Unpacks batches of chunks for `unpack-pool.ts`. Plain JavaScript, so that it starts both beside the sources and in
// the bundle.
import { parentPort } from 'node:worker_threads';
import { inflateSync } from 'node:zlib';
import { zstdDecoder } from './zstd.mjs';

/** Each writes `size` unpacked bytes into `target` from `at`, and returns false when the data is damaged. */
const unpackers = { zlib: inflate, zstd: await zstdDecoder() };

function inflate(packed, size, target, at) {
  try {
    // zlib does not take shared memory.
    const bytes = inflateSync(new Uint8Array(packed), { maxOutputLength: Math.max(1, size) });
    if (bytes.length !== size) return false;
    target.set(bytes, at);
    return true;
  } catch {
    return false;
  }
}

parentPort.on('message', ({ id, compression, packed, parts, space, state }) => {
  // The thread that wants it may have been faster.
  if (Atomics.compareExchange(state, 0, 0, 1) !== 0) return;
  let at = 0;
  parts.forEach(({ offset, length, size }, i) => {
    state[1 + i] = unpackers[compression](packed.subarray(offset, offset + length), size, space, at) ? 1 : 0;
    at += size;
  });
  Atomics.store(state, 0, 2);
  parentPort.postMessage(id);
});
