import { describe, expect, it } from 'vitest';
import { InputError } from '../../../ingest/input-error.ts';
import { byteSum, decode, format, payload, report, rowsOf } from './helpers.ts';
import { ByteWriter, utf8, type WrittenTrace, writeTrace, zstdFrame } from './writer.ts';

const EVENT = format(
  'e',
  700,
  ['u32 x;\toffset:8;\tsize:4;\tsigned:0;', '__data_loc char[] s;\toffset:12;\tsize:4;\tsigned:1;'],
  '"x=%u s=%s", REC->x, __get_str(s)',
);

const event = (loc: number) => payload(700, 3, (writer) => writer.int(9, 4).int(loc, 4).bytes(utf8('abc\0')));
const good = event((4 << 16) | 16);

function small(more: Partial<WrittenTrace> = {}): Uint8Array {
  const page = (time: bigint) => ({ time, records: [{ payload: good }, { delta: 1, payload: good }] });
  return writeTrace({
    pageSize: 128,
    systems: [{ name: 's', formats: [EVENT] }],
    cmdlines: '3 task\n',
    kallsyms: 'ffffffff81000000 T f\n',
    options: [{ id: 4, data: utf8('[local]\0') }],
    buffers: [
      {
        name: '',
        cpus: [
          { cpu: 0, pages: [page(1n), page(10n)] },
          { cpu: 1, pages: [page(4n)] },
        ],
      },
    ],
    ...more,
  });
}

/** Decodes and prints; a file that cannot be used must say so as an InputError, and any other must add up. */
async function survive(bytes: Uint8Array, print = true): Promise<'refused' | 'read'> {
  try {
    const decoded = await decode(bytes);
    expect(byteSum(decoded)).toBe(bytes.length);
    for (const count of Object.values(decoded.out.bytes)) expect(count).toBeGreaterThanOrEqual(0);
    if (print) await report(bytes);
    return 'read';
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.message).toContain('test.dat: ');
    expect(error.message.length).toBeLessThan(600);
    return 'refused';
  }
}

const kinds: [string, Partial<WrittenTrace>][] = [
  ['version 6', { version: 6 }],
  ['version 7', {}],
  ['version 7, zlib', { compression: 'zlib' }],
  ['version 7, zstd', { compression: 'zstd' }],
  ['version 7, zlib, without counts', { compression: 'zlib', sizeWithoutCount: true }],
  ['version 7, big endian', { bigEndian: true }],
];

describe.each(kinds)('%s', (name, kind) => {
  const bytes = small(kind);
  // The packed kinds share all code but the unpacking with plain version 7.
  const step = name === 'version 6' || name === 'version 7' ? 1 : 4;

  it('survives every byte changed', async () => {
    for (let at = 0; at < bytes.length; at += step) {
      const broken = bytes.slice();
      broken[at] ^= [0xff, 0x01, 0x80][at % 3];
      await survive(broken, at % 5 === 0);
    }
  }, 120_000);

  it('survives being cut anywhere', async () => {
    for (let length = 0; length < bytes.length; length += 7) await survive(bytes.slice(0, length));
  }, 120_000);

  it('survives large numbers anywhere', async () => {
    for (let at = 10; at + 8 <= bytes.length; at += 8 * step) {
      const broken = bytes.slice();
      new DataView(broken.buffer).setBigUint64(at, 0x8000000000000000n, true);
      await survive(broken);
      new DataView(broken.buffer).setBigUint64(at, 0x7fffffffffffffffn, true);
      await survive(broken);
      new DataView(broken.buffer).setUint32(at, 0xffffffff, true);
      await survive(broken);
    }
  }, 120_000);
});

it('a cut file keeps what came before, and says so', async () => {
  const bytes = small({ version: 6 });
  const decoded = await decode(bytes.slice(0, bytes.length - 200));
  expect(decoded.out.complete).toBe(false);
  expect(decoded.out.records).toBeGreaterThan(0);
  expect(rowsOf(decoded.recorded.importLog)).toEqual(
    expect.arrayContaining([expect.objectContaining({ code: 'cut', severity: 'warning' })]),
  );
  expect(rowsOf(decoded.recorded.losses)).toEqual(
    expect.arrayContaining([expect.objectContaining({ kind: 'cut' })]),
  );
});

it('option sections in a circle', async () => {
  const bytes = small();
  const view = new DataView(bytes.buffer);
  const at = 10 + 2 + 1 + 1 + 4 + 'none\0'.length + 1;
  const options = Number(view.getBigUint64(at, true));
  view.setBigUint64(bytes.length - 8, BigInt(options), true);
  const { recorded, out } = await decode(bytes);
  expect(out.records).toBe(6);
  expect(rowsOf(recorded.importLog)).toMatchObject([{ code: 'option-cycle' }]);
});

it('a section whose written size is 4 short', async () => {
  const bytes = small({ compression: 'zlib' });
  const view = new DataView(bytes.buffer);
  const first = 10 + 2 + 1 + 1 + 4 + 'zlib\0'.length + '1.0\0'.length + 8;
  view.setBigUint64(first + 8, view.getBigUint64(first + 8, true) - 4n, true);
  const decoded = await decode(bytes);
  expect(decoded.out.records).toBe(6);
  expect(decoded.out.bytes.unparsed).toBe(0);
});

it.each(['zlib', 'zstd'] as const)(
  'sizes of CPU data without their counts of chunks, %s',
  async (compression) => {
    const decoded = await decode(small({ compression, chunkPages: 1, sizeWithoutCount: true }));
    expect(decoded.out.records).toBe((await decode(small({ compression, chunkPages: 1 }))).out.records);
    expect(rowsOf(decoded.recorded.importLog)).toEqual([]);
    expect(decoded.out.complete).toBe(true);
    expect(decoded.out.bytes.unparsed).toBe(0);
    expect(byteSum(decoded)).toBe(decoded.out.size);
  },
);

describe('bombs', () => {
  it('a chunk that claims gigabytes is left out', async () => {
    const bytes = small({ compression: 'zlib' });
    const view = Buffer.from(bytes.buffer);
    // The first chunk of CPU 0: its unpacked size is 256.
    const at = view.indexOf(Buffer.from(Uint8Array.of(0, 1, 0, 0, 0x78)));
    new DataView(bytes.buffer).setUint32(at, 0xf0000000, true);
    const { recorded, out } = await decode(bytes);
    expect(out.records).toBe(2);
    expect(rowsOf(recorded.importLog)).toMatchObject([{ code: 'huge-chunk', severity: 'error' }]);
    expect(rowsOf(recorded.losses).length).toBe(0);
  });

  it('a section that claims gigabytes is refused', async () => {
    const out = new ByteWriter(false)
      .bytes(Uint8Array.of(0x17, 8, 0x44))
      .text('tracing')
      .string('7')
      .int(0, 1)
      .int(8, 1);
    out
      .int(4096, 4)
      .string('zstd')
      .string('1')
      .int(out.length + 18, 8);
    const at = out.length;
    out.set(at - 8, at, 8);
    const frame = zstdFrame(new Uint8Array(16));
    out
      .int(0, 2)
      .int(1, 2)
      .int(0, 4)
      .int(frame.length + 8, 8)
      .int(frame.length, 4)
      .int(0xffffffff, 4)
      .bytes(frame);
    await expect(decode(out.done())).rejects.toThrow(/unpack to 4294967295 bytes/);
  });
});

describe('refusals say what to do', () => {
  it.each([
    ['an old kernel', small({ headerPage: '' }), /before 2\.6\.31/],
    [
      'an unknown version',
      (() => {
        const b = small();
        b[10] = 0x39;
        return b;
      })(),
      /version "9".*trace-cmd convert/,
    ],
    ['an empty file', new Uint8Array(0), /mark at the start.*record or copy it again/],
    ['a file that is cut in its head', small().slice(0, 20), /only \d+ follow|should have/],
  ])('%s', async (_, bytes, message) => {
    await expect(decode(bytes)).rejects.toThrow(message);
    await expect(decode(bytes)).rejects.toBeInstanceOf(InputError);
  });

  it('an unknown compression', async () => {
    const bytes = small({ compression: 'zlib' });
    bytes.set(utf8('lzo9'), 10 + 2 + 1 + 1 + 4);
    await expect(decode(bytes)).rejects.toThrow(/packed with "lzo9".*trace-cmd convert/);
  });
});

it('fields that overlap or reach out of the record', async () => {
  const odd = format(
    'odd',
    701,
    [
      'u64 a;\toffset:8;\tsize:8;\tsigned:0;',
      'u32 b;\toffset:10;\tsize:4;\tsigned:0;',
      'u32 far;\toffset:6000;\tsize:4;\tsigned:0;',
      '__data_loc char[] s;\toffset:12;\tsize:4;\tsigned:1;',
    ],
    '"%llx %x %u %s", REC->a, REC->b, REC->far, __get_str(s)',
  );
  const record = payload(701, 1, (writer) => writer.int(0x1111, 4).int(0xffffffff, 4));
  const bytes = writeTrace({
    systems: [{ name: 's', formats: [odd] }],
    buffers: [{ name: '', cpus: [{ cpu: 0, pages: [{ time: 1n, records: [{ payload: record }] }] }] }],
  });
  const rows = rowsOf((await decode(bytes)).recorded.events[0]);
  expect(rows[0]).toMatchObject({ a: 0xffffffff00001111n, b: 0xffff0000n, far: null, s: null });
  expect((await report(bytes))[0]).toContain('odd:                  ffffffff00001111 ffff0000 0 ');
});

it('CPU data that overlaps other data is left out', async () => {
  const bytes = small();
  const view = Buffer.from(bytes.buffer);
  // The BUFFER option holds, for each CPU, its number, the offset and the size of its data.
  const first = view.indexOf(Buffer.from('local\0')) + 6 + 8;
  const second = view.indexOf(Buffer.from('local\0'), first) < 0 ? first : first;
  view.copy(view, second + 24, second + 4, second + 12);
  const { recorded } = await decode(bytes);
  expect(rowsOf(recorded.importLog)).toEqual(
    expect.arrayContaining([expect.objectContaining({ code: 'overlapping-data' })]),
  );
});
