import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MemorySource } from '../../../ingest/source.ts';
import { ReadAhead } from '../../../ingest/trace-dat/read-ahead.ts';

const BYTES = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) & 0xff);

it('gives the bytes of the source, whatever is read and where, and none behind its end', () => {
  const reads = fc.array(fc.tuple(fc.nat(1100), fc.nat(150)), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(reads, fc.integer({ min: 1, max: 200 }), fc.nat(1000), (places, size, end) => {
      const source = new MemorySource('test', BYTES);
      const ahead = new ReadAhead(source, end, size);
      for (const [offset, length] of places) {
        const expected = new Uint8Array(length);
        const got = new Uint8Array(length);
        expect(ahead.read(offset, got)).toBe(source.read(offset, expected));
        expect(got).toEqual(expected);
      }
    }),
  );
});

it('reads a source in pieces of the size of the window, and nothing twice', () => {
  const asked: number[] = [];
  const source = new MemorySource('test', BYTES);
  const counted = {
    path: 'test',
    size: source.size,
    close: () => {},
    read: (offset: number, target: Uint8Array) => {
      asked.push(target.length);
      return source.read(offset, target);
    },
  };
  const ahead = new ReadAhead(counted, BYTES.length, 300);
  for (let at = 0; at < BYTES.length; at += 10) ahead.read(at, new Uint8Array(10));
  expect(asked).toEqual([300, 300, 300, 100]);
});
