import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PageEvents, walkPage } from '../../../ingest/trace-dat/pages.ts';
import { type WrittenRecord, writePage } from './writer.ts';

const SIZE = 4096;

function walk(bytes: Uint8Array, bigEndian: boolean, longSize: number): PageEvents {
  const events = new PageEvents(SIZE);
  walkPage(
    new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
    0,
    bytes.length,
    { bigEndian, longSize, typeOffset: 0 },
    events,
  );
  return events;
}

const record: fc.Arbitrary<WrittenRecord> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      delta: fc.nat(0x7ffffff),
      payload: fc.uint8Array({ minLength: 2, maxLength: 200 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ extend: fc.bigInt(0n, (1n << 59n) - 1n) }) },
  { weight: 1, arbitrary: fc.record({ stamp: fc.bigInt(0n, (1n << 59n) - 1n) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      discarded: fc.integer({ min: 1, max: 8 }).map((n) => n * 4),
      delta: fc.integer({ min: 1, max: 99 }),
    }),
  },
);

describe('walkPage', () => {
  it('gives back what was written', () => {
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 18 }),
        fc.bigInt(0n, (1n << 62n) - 1n),
        fc.boolean(),
        fc.constantFrom(4 as const, 8 as const),
        fc.option(fc.oneof(fc.integer({ min: 1, max: 1e6 }), fc.constant('uncounted' as const)), {
          nil: undefined,
        }),
        (records, time, bigEndian, longSize, lost) => {
          const events = walk(
            writePage({ time, records, lost }, SIZE, bigEndian, longSize),
            bigEndian,
            longSize,
          );
          let now = time;
          const times: bigint[] = [];
          const lengths: number[] = [];
          for (const one of records) {
            if (one.extend !== undefined) now += one.extend;
            else if (one.stamp !== undefined) now = one.stamp | (now & (0xf8n << 56n));
            else now += BigInt(one.delta ?? 0);
            now = BigInt.asUintN(64, now);
            if (!one.payload) continue;
            times.push(now);
            lengths.push(one.payload.length);
          }
          expect(events.damaged).toBe(false);
          expect(events.lost).toBe(lost === undefined ? 0 : lost === 'uncounted' ? -1 : lost);
          expect(
            Array.from(
              { length: events.count },
              (_, i) => (BigInt(events.timeHi[i]) << 32n) | BigInt(events.timeLo[i]),
            ),
          ).toEqual(times);
          expect([...events.length.subarray(0, events.count)]).toEqual(lengths);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('stays inside the page whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 0, maxLength: 256 }),
        fc.boolean(),
        fc.constantFrom(4, 8),
        (bytes, big, long) => {
          const events = walk(bytes, big, long);
          for (let i = 0; i < events.count; i++) {
            expect(events.payload[i] + events.length[i]).toBeLessThanOrEqual(bytes.length);
            expect(events.start[i]).toBeLessThan(events.payload[i]);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('clamps padding that is longer than the page', () => {
    const bytes = writePage(
      { time: 1n, records: [{ payload: new Uint8Array(8) }, { discarded: 8 }] },
      SIZE,
      false,
      8,
    );
    new DataView(bytes.buffer).setUint32(16 + 12 + 4, 0x7ffffff0, true);
    expect(walk(bytes, false, 8)).toMatchObject({ count: 1, damaged: false });
  });

  it('marks a commit that is larger than the page', () => {
    const bytes = writePage({ time: 1n, records: [{ payload: new Uint8Array(8) }] }, SIZE, false, 8);
    new DataView(bytes.buffer).setUint32(8, 100_000, true);
    expect(walk(bytes, false, 8)).toMatchObject({ count: 1, damaged: true });
  });
});
