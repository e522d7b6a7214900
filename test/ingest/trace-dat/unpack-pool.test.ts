import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { unpackerOf } from '../../../ingest/trace-dat/compression.ts';
import { type Batch, freeState, UnpackPool } from '../../../ingest/trace-dat/unpack-pool.ts';
import { zstdFrame } from './writer.ts';

const pages = [1, 2, 3].map((n) => new Uint8Array(5000).fill(n));

function batchOf(packed: readonly Uint8Array[], sizes: readonly number[]): Batch {
  const bytes = new Uint8Array(new SharedArrayBuffer(packed.reduce((sum, part) => sum + part.length, 0)));
  let at = 0;
  const parts = packed.map((part, i) => {
    bytes.set(part, at);
    at += part.length;
    return { offset: at - part.length, length: part.length, size: sizes[i] };
  });
  const space = new Uint8Array(new SharedArrayBuffer(sizes.reduce((sum, size) => sum + size, 0)));
  return { packed: bytes, parts, space, state: freeState(parts.length), chunks: null };
}

describe.each([
  ['zlib', (page: Uint8Array) => new Uint8Array(deflateSync(page))],
  ['zstd', zstdFrame],
] as const)('%s', (compression, pack) => {
  it('unpacks in threads what it unpacks here; damaged chunks are null', async () => {
    const unpack = await unpackerOf(compression);
    const pool = new UnpackPool(compression, unpack);
    const packed = [...pages.map(pack), Uint8Array.of(1, 2, 3, 4)];
    const batches = [batchOf(packed, [5000, 5000, 5000, 100]), batchOf(packed.slice(1), [5000, 4999, 100])];
    await Promise.all(batches.map((batch) => pool.submit(batch)));
    pool.close();
    expect(batches[0].chunks).toEqual([...pages, null]);
    expect(batches[1].chunks).toEqual([pages[1], null, null]);
    expect(unpack(packed[0], 5000)).toEqual(pages[0]);
  });

  it('unpacks here when the threads are gone', async () => {
    const pool = new UnpackPool(compression, await unpackerOf(compression));
    pool.close();
    const batch = batchOf(pages.map(pack), [5000, 5000, 5000]);
    await pool.submit(batch);
    expect(batch.chunks).toEqual(pages);
  });
});
