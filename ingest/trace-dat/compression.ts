import { inflateSync } from 'node:zlib';
import { zstdDecoder } from './zstd.mjs';

/** Unpacks one block whose unpacked size is known; returns null when the data is damaged. */
export type Unpack = (packed: Uint8Array, size: number) => Uint8Array | null;

/** What trace-cmd compresses with (lib/trace-cmd/trace-compress-zlib.c and trace-compress-zstd.c). */
export const COMPRESSIONS = ['none', 'zlib', 'zstd'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

/** Readies a decompressor. `none` unpacks nothing. */
export async function unpackerOf(compression: Compression): Promise<Unpack> {
  switch (compression) {
    case 'none':
      return () => null;
    case 'zlib':
      return inflate;
    case 'zstd': {
      const unpack = await zstdDecoder();
      return (packed, size) => {
        const bytes = new Uint8Array(size);
        return unpack(packed, size, bytes, 0) ? bytes : null;
      };
    }
  }
}

function inflate(packed: Uint8Array, size: number): Uint8Array | null {
  try {
    // zlib does not take shared memory.
    const bytes = inflateSync(packed.slice(), { maxOutputLength: Math.max(1, size) });
    return bytes.length === size ? new Uint8Array(bytes.buffer, bytes.byteOffset, size) : null;
  } catch {
    return null;
  }
}
