import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseTraceEvents } from '../../../ingest/qemu-trace/index.ts';
import { accounted, detected, read } from './read.ts';

const DECLARED = parseTraceEvents(
  [
    'first_event(void) ""',
    'pci_cfg_write(const char *dev, uint32_t bus, uint32_t slot, uint32_t func, unsigned offs, unsigned val) "%s %02x:%02x.%x @0x%x <- 0x%x"',
    'vtd_inv_desc_cc_device(uint8_t bus, uint8_t dev, uint8_t fn) "context invalidate device %02"PRIx8":%02"PRIx8".%02"PRIx8',
    'signed_event(int64_t value) "%" PRId64',
    'old_write(const char *dev, unsigned devid, unsigned fnid, unsigned offs, unsigned val) "%s %02u:%u @0x%x <- 0x%x"',
  ].join('\n'),
);
const DROPPED = 0xfffffffffffffffen;

/** Writes what trace/simple.c writes. */
class Writer {
  private readonly parts: Buffer[] = [];
  private readonly little: boolean;
  private readonly version: number;

  constructor(version: number, little: boolean) {
    this.version = version;
    this.little = little;
    this.parts.push(this.u64(0xffffffffffffffffn), this.u64(0xf2b177cb0aa429b4n), this.u64(BigInt(version)));
  }

  mapping(id: number, name: string): this {
    this.parts.push(this.u64(0n), this.u64(BigInt(id)), this.u32(name.length), Buffer.from(name));
    return this;
  }

  record(id: bigint, time: bigint, args: readonly (bigint | string)[]): this {
    const body = Buffer.concat(
      args.flatMap((arg) =>
        typeof arg === 'string'
          ? [this.u32(arg.length), Buffer.from(arg)]
          : [this.u64(BigInt.asUintN(64, arg))],
      ),
    );
    if (this.version === 4) this.parts.push(this.u64(1n));
    this.parts.push(this.u64(id), this.u64(time), this.u32(24 + body.length), this.u32(4711), body);
    return this;
  }

  bytes(): Buffer {
    return Buffer.concat(this.parts);
  }

  private u64(value: bigint): Buffer {
    const buffer = Buffer.alloc(8);
    if (this.little) buffer.writeBigUInt64LE(value);
    else buffer.writeBigUInt64BE(value);
    return buffer;
  }

  private u32(value: number): Buffer {
    const buffer = Buffer.alloc(4);
    if (this.little) buffer.writeUInt32LE(value);
    else buffer.writeUInt32BE(value);
    return buffer;
  }
}

function trace(version: number, little: boolean): Buffer {
  const writer = new Writer(version, little);
  const id = (name: string) =>
    BigInt(DECLARED.list.findIndex((event) => event.name === name) + (version === 4 ? 100 : 0));
  if (version === 4) for (const [i, event] of DECLARED.list.entries()) writer.mapping(100 + i, event.name);
  return writer
    .record(id('first_event'), 5_000_000_000n, [])
    .record(id('pci_cfg_write'), 5_000_000_001n, ['virtio-net-pci', 1n, 0n, 1n, 0x106n, 0x8000n])
    .record(DROPPED, 5_000_000_002n, [7n])
    .record(id('vtd_inv_desc_cc_device'), 5_000_000_003n, [1n, 0n, 2n])
    .record(id('signed_event'), 5_000_000_004n, [-3n])
    .bytes();
}

describe.each([
  [4, true],
  [4, false],
  [3, true],
  [3, false],
])('version %i, little endian %s', (version, little) => {
  const bytes = trace(version, little);

  test('with the declarations', () => {
    const all = read(bytes, { declared: DECLARED });
    expect(all.accesses).toMatchObject([
      {
        seq: 1,
        time_ns: 5_000_000_001n,
        is_write: true,
        function: '0000:01:00.1',
        device: 'virtio-net-pci',
        slot: '01:00.1',
        where: 0x106,
        value: 0x8000,
        line: null,
      },
    ]);
    expect(all.events.pci_cfg_write[0]).toMatchObject({
      pid: 4711,
      dev: 'virtio-net-pci',
      bus: 1n,
      offs: 0x106n,
      line: null,
    });
    expect(all.events.signed_event[0]).toMatchObject({ value: -3n });
    expect(all.simulator).toMatchObject([{ kind: 'iommu-invalidation', text: 'bus 0x1 dev 0x0 fn 0x2' }]);
    expect(all.losses).toMatchObject([
      { kind: 'dropped', count: 7n, seq: 2, from_ns: 5_000_000_001n, to_ns: 5_000_000_002n },
    ]);
    expect(all.source).toMatchObject({
      clock: 'host-mono',
      time_unit: 'ns',
      precision_ns: 1n,
      records: 4n,
      first_ns: 5_000_000_000n,
      last_ns: 5_000_000_004n,
      complete: true,
    });
    expect(all.source.marker_bytes).toBe(version === 4 ? 40n : 32n);
    expect(accounted(all)).toBe(BigInt(bytes.length));
    expect(all.log).toEqual([]);
    for (const chunkSize of [1, 7, 64, 4096])
      expect(read(bytes, { declared: DECLARED, chunkSize })).toEqual(all);
  });

  test('without them: names, times and counts', () => {
    const bare = read(bytes);
    expect(bare.accesses).toEqual([]);
    expect(bare.log.map((row) => row.code)).toEqual(['trace-events-needed']);
    const names = [...bare.recorded.eventCounts[0].keys()];
    expect(names).toContain(version === 4 ? 'pci_cfg_write' : 'event_1');
    expect(bare.source.records).toBe(4n);
    expect(accounted(bare)).toBe(BigInt(bytes.length));
  });

  test('cut anywhere', () => {
    for (let end = 24; end < bytes.length; end++) {
      const cut = read(bytes.subarray(0, end), { declared: DECLARED });
      expect(accounted(cut)).toBe(BigInt(end));
      expect(cut.log.every((row) => row.code === 'cut')).toBe(true);
    }
  });

  test('damage ends the trace without an exception', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 24, max: bytes.length - 1 }), fc.nat(255)), { maxLength: 5 }),
        (edits) => {
          const damaged = Buffer.from(bytes);
          for (const [at, value] of edits) damaged[at] = value;
          expect(accounted(read(damaged, { declared: DECLARED }))).toBe(BigInt(damaged.length));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('is detected', () => {
    expect(detected(bytes)).toMatchObject({ confidence: 99, detail: `simpletrace version ${version}` });
  });
});

test('declarations of another QEMU are said', () => {
  const other = parseTraceEvents('first_event(int a) "%d"\npci_cfg_write(const char *dev) "%s"\n');
  expect(read(trace(4, true), { declared: other }).log.map((row) => row.code)).toEqual(['format-mismatch']);
});

test('other versions are refused with what to do', () => {
  expect(() => read(new Writer(2, true).bytes())).toThrow(
    /simpletrace version 2; versions 3 and 4 are read\. Convert/,
  );
});

test('the older config access names no bus', () => {
  const declared = parseTraceEvents(
    'pci_cfg_read(const char *dev, unsigned devid, unsigned fnid, unsigned offs, unsigned val) "%s"\n',
  );
  const bytes = new Writer(3, true).record(0n, 1n, ['d', 31n, 7n, 0x100n, 0x1000fn]).bytes();
  expect(read(bytes, { declared }).accesses).toMatchObject([
    { function: null, slot: '31:7', where: 0x100, value: 0x1000f, is_write: false },
  ]);
});
