import { inflateSync } from 'node:zlib';
import { unpackZstdInPlace, zstdDecoder } from './zstd.mjs';

/** Unpacks one block of `size` bytes, into `target` where it is given; returns null when the data is damaged. */
export type Unpack = (packed: Uint8Array, size: number, target?: Uint8Array) => Uint8Array | null;

/** What trace-cmd compresses with (lib/trace-cmd/trace-compress-zlib.c and trace-compress-zstd.c). */
export const COMPRESSIONS = ['none', 'zlib', 'zstd'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

/** A copy of so many bytes costs more than a decoder. */
const LARGE = 1048576;

/** Readies a decompressor. `none` unpacks nothing. */
export async function unpackerOf(compression: Compression): Promise<Unpack> {
  switch (compression) {
    case 'none':
      return () => null;
    case 'zlib':
      return inflate;
    case 'zstd': {
      const unpack = await zstdDecoder();
      return (packed, size, target) => {
        if (!target && size >= LARGE) return unpackZstdInPlace(packed, size);
        const bytes = target ?? new Uint8Array(size);
        return unpack(packed, size, bytes, 0) ? bytes : null;
      };
    }
  }
}

function inflate(packed: Uint8Array, size: number, target?: Uint8Array): Uint8Array | null {
  try {
    // zlib does not take shared memory.
    const bytes = inflateSync(packed.slice(), { maxOutputLength: Math.max(1, size) });
    if (bytes.length !== size) return null;
    if (!target) return new Uint8Array(bytes.buffer, bytes.byteOffset, size);
    target.set(bytes);
    return target;
  } catch {
    return null;
  }
}
