// Unpacks batches of chunks for `unpack-pool.ts`. Plain JavaScript, so that it starts both beside the sources and in
// the bundle.
import { parentPort } from 'node:worker_threads';
import { inflateSync } from 'node:zlib';
import { ZSTDDecoder } from 'zstddec';

const zstd = new ZSTDDecoder();
const ready = zstd.init();

/** Returns the unpacked bytes, or null when the data is damaged. */
function unpack(compression, packed, size) {
  try {
    const bytes =
      compression === 'zlib'
        ? inflateSync(new Uint8Array(packed), { maxOutputLength: Math.max(1, size) })
        : zstd.decode(packed, size);
    return bytes.length === size ? bytes : null;
  } catch {
    return null;
  }
}

parentPort.on('message', async ({ id, compression, packed, parts, space }) => {
  await ready;
  let at = 0;
  const good = parts.map(({ offset, length, size }) => {
    const part = unpack(compression, packed.subarray(offset, offset + length), size);
    if (part) space.set(part, at);
    at += size;
    return part !== null;
  });
  parentPort.postMessage({ id, good });
});
