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

/** The module while it is compiled, once for all decoders of a thread; null before the first. */
let compiling = null;
/** The compiled module; null before. */
let compiled = null;

/** Compiles the decoder, in threads of the engine's own. */
export function compileZstd() {
  compiling ??= WebAssembly.compile(moduleBytes()).then((module) => {
    compiled = module;
  });
  return compiling;
}

/** A decoder with memory of its own. */
class Decoder {
  constructor() {
    // Nothing to do when its memory grows: every block asks for it anew.
    const imports = { env: { emscripten_notify_memory_growth() {} } };
    this.exports = new WebAssembly.Instance(compiled, imports).exports;
    this.room = 0;
    this.space = 0;
  }

  /** Unpacks one block of `size` bytes; a view of them, good until the next call, or null when it is damaged. */
  unpack(packed, size) {
    const { exports } = this;
    const start = this.reserve(packed.length + size + 32);
    if (start === 0) return null;
    // Shared memory is copied byte by byte unless both sides stand alike within their words.
    const from = start + (packed.byteOffset & 7);
    const to = (from + packed.length + 15) & ~15;
    new Uint8Array(exports.memory.buffer, from, packed.length).set(packed);
    try {
      // An error is a number near 2^32, seen as a negative one.
      if (exports.ZSTD_decompress(to, size, from, packed.length) !== size) return null;
    } catch {
      return null;
    }
    return new Uint8Array(exports.memory.buffer, to, size);
  }

  /** The place of `size` bytes in the module's memory; 0 when there are not as many. */
  reserve(size) {
    if (size > this.room) {
      if (this.space !== 0) this.exports.free(this.space);
      this.space = this.exports.malloc(size);
      this.room = this.space === 0 ? 0 : size;
    }
    return this.space;
  }
}

/** Readies a decoder. It keeps the memory that its largest block took. */
export async function zstdDecoder() {
  await compileZstd();
  const decoder = new Decoder();
  return function unpack(packed, size, target, at) {
    const bytes = decoder.unpack(packed, size);
    if (!bytes) return false;
    target.set(bytes, at);
    return true;
  };
}

/**
 * Unpacks one block with a decoder of its own, whose memory the block stays in: nothing is copied. For large blocks,
 * once a decoder is ready.
 */
export function unpackZstdInPlace(packed, size) {
  return new Decoder().unpack(packed, size);
}
