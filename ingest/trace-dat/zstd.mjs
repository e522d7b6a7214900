// The zstd decoder of zstddec without its ways of starting and of handing out: its module is started by this file, so
// that no HTTP client is loaded for it (60 ms in every thread), and blocks are copied once, into memory of the caller.
// Plain JavaScript for the sake of `unpack-worker.mjs`.
import { ZSTDDecoder } from 'zstddec';

/** The bytes of the WebAssembly module; zstddec gives them away once. */
let bytes = null;

/** The WebAssembly module inside zstddec, which gives it away to `fetch` only, as a data: URL. */
function moduleBytes() {
  if (bytes) return bytes;
  const { fetch } = globalThis;
  let url = '';
  globalThis.fetch = (address) => {
    url = String(address);
    return Promise.reject(new Error('started elsewhere'));
  };
  try {
    new ZSTDDecoder().init().catch(() => {});
  } finally {
    globalThis.fetch = fetch;
  }
  bytes = Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');
  return bytes;
}

/** Readies a decoder. It keeps the memory that its largest block took. */
export async function zstdDecoder() {
  // Nothing to do when its memory grows: every block asks for it anew.
  const imports = { env: { emscripten_notify_memory_growth() {} } };
  const { exports } = (await WebAssembly.instantiate(moduleBytes(), imports)).instance;
  let room = 0;
  let space = 0;

  /** The place of `size` bytes in the module's memory; 0 when there are not as many. */
  function reserve(size) {
    if (size > room) {
      if (space !== 0) exports.free(space);
      space = exports.malloc(size);
      room = space === 0 ? 0 : size;
    }
    return space;
  }

  /** Unpacks one block of `size` bytes into `target` from `at`; false when it is damaged. */
  return function unpack(packed, size, target, at) {
    const start = reserve(packed.length + size + 32);
    if (start === 0) return false;
    // Shared memory is copied byte by byte unless both sides stand alike within their words.
    const from = start + (packed.byteOffset & 7);
    const to = (from + packed.length + 15) & ~15;
    new Uint8Array(exports.memory.buffer, from, packed.length).set(packed);
    try {
      // An error is a number near 2^32, seen as a negative one.
      if (exports.ZSTD_decompress(to, size, from, packed.length) !== size) return false;
    } catch {
      return false;
    }
    target.set(new Uint8Array(exports.memory.buffer, to, size), at);
    return true;
  };
}
