import { describe, expect, it } from 'vitest';
import { allRows, byteSum, decode, format, payload, report, rowsOf } from './helpers.ts';
import { ByteWriter, utf8, type WrittenBuffer, type WrittenTrace, writeTrace } from './writer.ts';

const KALLSYMS = `${[
  'ffffffff81000000 T _text',
  'ffffffff81001000 T pci_enable_ats',
  'ffffffff81001100 T pci_disable_ats',
  'ffffffff81002000 T caller_of_it',
  'ffffffff81002040 t next_one',
  'ffffffffc0000000 t in_module\t[ats_lab]',
].join('\n')}\n`;

const PROBE = format(
  'enable',
  1001,
  [
    'unsigned long __probe_ip;\toffset:8;\tsize:8;\tsigned:0;',
    's32 ps;\toffset:16;\tsize:4;\tsigned:1;',
    'u16 cap;\toffset:20;\tsize:2;\tsigned:0;',
    '__data_loc char[] bdf;\toffset:24;\tsize:4;\tsigned:1;',
  ],
  '"(%lx) ps=%d cap=0x%x bdf=\\"%s\\"", REC->__probe_ip, REC->ps, REC->cap, __get_str(bdf)',
);
const RETURN = format(
  'enable_ret',
  1002,
  [
    'unsigned long __probe_func;\toffset:8;\tsize:8;\tsigned:0;',
    'unsigned long __probe_ret_ip;\toffset:16;\tsize:8;\tsigned:0;',
    's32 ret;\toffset:24;\tsize:4;\tsigned:1;',
  ],
  '"(%lx <- %lx) ret=%d", REC->__probe_func, REC->__probe_ret_ip, REC->ret',
);
const NUMBERS = format(
  'numbers',
  1003,
  [
    'u8 a;\toffset:8;\tsize:1;\tsigned:0;',
    's8 b;\toffset:9;\tsize:1;\tsigned:1;',
    's16 c;\toffset:10;\tsize:2;\tsigned:1;',
    'u32 d;\toffset:12;\tsize:4;\tsigned:0;',
    's64 e;\toffset:16;\tsize:8;\tsigned:1;',
    'u64 f;\toffset:24;\tsize:8;\tsigned:0;',
    'u16 list[3];\toffset:32;\tsize:6;\tsigned:0;',
    'char name[8];\toffset:38;\tsize:8;\tsigned:1;',
    '__rel_loc char[] tail;\toffset:48;\tsize:4;\tsigned:1;',
  ],
  '"a=%u b=%d c=%d d=%u e=%lld f=%llx name=%s tail=%s", REC->a, REC->b, REC->c, REC->d, REC->e, REC->f, REC->name, __get_rel_str(tail)',
);

const SYSTEMS = [{ name: 'ats', formats: [PROBE, RETURN, NUMBERS] }];

function numbers(bigEndian: boolean): Uint8Array {
  return payload(
    1003,
    42,
    (writer) =>
      writer
        .int(200, 1)
        .int(-2, 1)
        .int(-300, 2)
        .int(0xfffffff0, 4)
        .int(-5_000_000_000n, 8)
        .int(0xff11000004518800n, 8)
        .int(1, 2)
        .int(2, 2)
        .int(0xffff, 2)
        .bytes(utf8('dmar0\0xx'))
        .int(0, 2)
        .int((4 << 16) | 0, 4)
        .bytes(utf8('abc\0')),
    { flags: 1, preempt: 0x12, bigEndian },
  );
}

function probe(bigEndian: boolean, bdf: string): Uint8Array {
  return payload(
    1001,
    7,
    (writer) =>
      writer
        .int(0xffffffff81001004n, 8)
        .int(12, 4)
        .int(0x100, 2)
        .int(0, 2)
        .int(((bdf.length + 1) << 16) | 28, 4)
        .string(bdf),
    { bigEndian },
  );
}

function returned(bigEndian: boolean, to: bigint): Uint8Array {
  return payload(1002, 7, (writer) => writer.int(0xffffffff81001000n, 8).int(to, 8).int(-22, 4), {
    bigEndian,
  });
}

function trace(buffers: readonly WrittenBuffer[], more: Partial<WrittenTrace> = {}): Uint8Array {
  return writeTrace({
    systems: SYSTEMS,
    kallsyms: KALLSYMS,
    cmdlines: '7 sh\n42 two words\n',
    buffers,
    ...more,
  });
}

const layouts = [6, 7].flatMap((version) =>
  [false, true].flatMap((bigEndian) =>
    ([4, 8] as const).flatMap((longSize) =>
      (version === 6 ? (['none'] as const) : (['none', 'zlib', 'zstd'] as const)).map((compression) => ({
        version: version as 6 | 7,
        bigEndian,
        longSize,
        compression,
      })),
    ),
  ),
);

describe.each(layouts)('version $version, big endian $bigEndian, long $longSize, $compression', (layout) => {
  const { bigEndian } = layout;
  const bytes = trace(
    [
      {
        name: '',
        cpus: [
          {
            cpu: 0,
            pages: [
              {
                time: 1000n,
                records: [
                  { delta: 1, payload: numbers(bigEndian) },
                  { extend: 10_000_000_000n },
                  { delta: 5, payload: probe(bigEndian, '0000:01:00.1') },
                ],
              },
              {
                time: 20_000_000_000n,
                lost: 3,
                records: [{ delta: 0, payload: returned(bigEndian, 0xffffffff81002012n) }],
              },
            ],
          },
          {
            cpu: 1,
            pages: [
              {
                time: 1001n,
                records: [
                  { delta: 0, payload: probe(bigEndian, 'x') },
                  { discarded: 16, delta: 9 },
                  { stamp: 0x1fn << 40n },
                  { delta: 0, payload: returned(bigEndian, 0x1234n) },
                  { padding: true },
                ],
              },
            ],
          },
        ],
      },
    ],
    layout,
  );

  it('decodes all events, in the order of time and CPU', async () => {
    const decoded = await decode(bytes);
    const rows = allRows(decoded);
    expect(rows.map((row) => [row.event, row.time_ns, row.cpu])).toEqual([
      ['numbers', 1001n, 0],
      ['enable', 1001n, 1],
      ['enable', 10_000_001_006n, 0],
      ['enable_ret', 20_000_000_000n, 0],
      ['enable_ret', 0x1fn << 40n, 1],
    ]);
    expect(rows[0]).toMatchObject({
      pid: 42,
      comm: 'two words',
      flags: 'd..21',
      a: 200n,
      b: -2n,
      c: -300n,
      d: 0xfffffff0n,
      e: -5_000_000_000n,
      f: 0xff11000004518800n,
      list: '{0x1,0x2,0xffff}',
      name: 'dmar0',
      tail: 'abc',
      symbol: null,
      is_return: false,
    });
    expect(rows[2]).toMatchObject({
      symbol: 'pci_enable_ats',
      ps: 12n,
      cap: 0x100n,
      bdf: '0000:01:00.1',
      comm: 'sh',
    });
    expect(rows[3]).toMatchObject({
      symbol: 'pci_enable_ats',
      caller: 'caller_of_it+0x12/0x40',
      is_return: true,
      ret: -22n,
    });
    expect(rows[4]).toMatchObject({ caller: '0x1234' });
    expect(byteSum(decoded)).toBe(bytes.length);
    expect(decoded.out.bytes.unparsed).toBe(0);
    expect(decoded.out.firstNs).toBe(1001n);
    expect(decoded.out.lastNs).toBe(0x1fn << 40n);
    expect(rowsOf(decoded.recorded.losses)).toMatchObject([
      { kind: 'lost', cpu: 0, count: 3n, seq: 3, from_ns: 10_000_001_006n, to_ns: 20_000_000_000n },
    ]);
  });

  it('prints them', async () => {
    const lines = await report(bytes);
    expect(lines[0]).toBe(
      '       two words-42    [000] d..21     0.000001001: numbers:              ' +
        'a=200 b=-2 c=-300 d=4294967280 e=-5000000000 f=ff11000004518800 name=dmar0 tail=abc',
    );
    const ip = layout.longSize === 8 ? 'ffffffff81001004' : '81001004';
    expect(lines[2]).toContain(`enable:               (${ip}) ps=12 cap=0x100 bdf="0000:01:00.1"`);
  });
});

const one = (time: bigint, bdf = '0000:01:00.1'): { time: bigint; records: { payload: Uint8Array }[] } => ({
  time,
  records: [{ payload: probe(false, bdf) }],
});

describe('what is wanted', () => {
  const bytes = trace([
    { name: '', cpus: [{ cpu: 0, pages: [one(1n), { time: 5n, records: [{ payload: numbers(false) }] }] }] },
  ]);

  it('asks with name, system, symbol, fields and kind of probe', async () => {
    const asked: unknown[] = [];
    const decoded = await decode(bytes, (kind) => {
      asked.push(kind);
      return kind.symbol === 'pci_enable_ats';
    });
    expect(asked).toEqual([
      {
        name: 'enable',
        system: 'ats',
        symbol: 'pci_enable_ats',
        isReturn: false,
        fields: ['ps', 'cap', 'bdf'],
      },
      expect.objectContaining({ name: 'numbers', symbol: null }),
    ]);
    expect(decoded.recorded.events.map(({ def }) => def.name)).toEqual(['enable']);
    expect([...decoded.out.eventCounts]).toEqual(
      expect.arrayContaining([
        ['enable', 1],
        ['numbers', 1],
      ]),
    );
    expect(decoded.out.records).toBe(2);
  });
});

describe('losses', () => {
  it('without a count, and in the statistics', async () => {
    const stats = (cpu: number, overrun: number, dropped: number) => ({
      id: 2,
      data: utf8(
        `CPU: ${cpu}\nentries: 1\noverrun: ${overrun}\ncommit overrun: 0\ndropped events: ${dropped}\n\0`,
      ),
    });
    const bytes = trace(
      [
        {
          name: '',
          cpus: [
            { cpu: 0, pages: [one(1n), { ...one(9n), lost: 'uncounted' }] },
            { cpu: 1, pages: [{ ...one(4n), lost: 5 }] },
            { cpu: 2, pages: [one(3n)] },
          ],
        },
      ],
      { options: [stats(0, 50, 0), stats(1, 7, 0), stats(2, 4, 6)] },
    );
    expect(rowsOf((await decode(bytes)).recorded.losses)).toMatchObject([
      { kind: 'lost', cpu: 1, count: 5n, from_ns: null, to_ns: 4n },
      { kind: 'lost', cpu: 0, count: null, from_ns: 1n, to_ns: 9n },
      { kind: 'overwritten', cpu: 1, count: 2n },
      { kind: 'overwritten', cpu: 2, count: 4n },
      { kind: 'dropped', cpu: 2, count: 6n },
    ]);
  });
});

describe('options', () => {
  const option = (id: number, text: string) => ({ id, data: utf8(`${text}\0`) });
  const buffers = [{ name: '', cpus: [{ cpu: 0, pages: [one(1_000_000n)] }] }];

  it('clock, kernel, offset; unknown ones are passed over', async () => {
    const bytes = trace(buffers, {
      options: [
        option(4, 'local global [mono] boot'),
        option(5, 'Linux host 6.12.0-test x86_64'),
        option(7, '-500000'),
        option(1, '0x10'),
        { id: 999, data: new Uint8Array(33) },
      ],
    });
    const { out } = await decode(bytes);
    expect(out).toMatchObject({
      clock: 'mono',
      timeUnit: 'ns',
      precisionNs: 1,
      kernelRelease: '6.12.0-test',
    });
    expect(out.firstNs).toBe(1_000_000n - 500_000n + 16_000n);
  });

  it('a clock that counts', async () => {
    const { out } = await decode(trace(buffers, { options: [option(4, '[x86-tsc] local')] }));
    expect(out).toMatchObject({ clock: 'x86-tsc', timeUnit: 'ticks', precisionNs: null });
  });

  it('a TSC with its factor counts nanoseconds', async () => {
    const data = new ByteWriter(false).int(0x80000000, 4).int(31, 4).int(0, 8).done();
    const { out, recorded } = await decode(
      trace(buffers, { options: [option(4, '[x86-tsc]'), { id: 14, data }] }),
    );
    expect(out.timeUnit).toBe('ns');
    expect(out.firstNs).toBe(1_000_000n);
    expect(rowsOf(recorded.importLog)).toMatchObject([{ code: 'tsc-to-ns' }]);
  });

  it('host and guest are recorded', async () => {
    const shift = new ByteWriter(false)
      .int(0xabcn, 8)
      .int(0, 4)
      .int(1, 4)
      .int(1, 4)
      .int(1, 8)
      .int(2, 8)
      .int(3, 8)
      .done();
    const { recorded } = await decode(trace(buffers, { options: [{ id: 12, data: shift }] }));
    expect(rowsOf(recorded.importLog)).toMatchObject([{ code: 'time-shift', severity: 'info' }]);
  });
});

describe.each([6, 7] as const)('buffer instances, version %i', (version) => {
  it('are merged and named', async () => {
    const bytes = trace(
      [
        { name: '', cpus: [{ cpu: 0, pages: [one(10n, 'top')] }] },
        { name: 'lab', cpus: [{ cpu: 0, pages: [one(5n, 'lab1'), one(20n, 'lab2')] }] },
      ],
      { version },
    );
    const decoded = await decode(bytes);
    expect(allRows(decoded).map((row) => [row.bdf, row.instance])).toEqual([
      ['lab1', 'lab'],
      ['top', null],
      ['lab2', 'lab'],
    ]);
    expect(byteSum(decoded)).toBe(bytes.length);
  });
});

describe('clocks of instances', () => {
  const lab = { name: 'lab', clock: 'mono', cpus: [{ cpu: 0, pages: [one(5n, 'lab')] }] };

  it('one that alone has events gives its clock', async () => {
    const { out } = await decode(trace([{ name: '', clock: 'local', cpus: [] }, lab]));
    expect(out.clock).toBe('mono');
  });

  it('two that differ are told', async () => {
    const top = { name: '', clock: 'x86-tsc', cpus: [{ cpu: 0, pages: [one(10n, 'top')] }] };
    const { recorded } = await decode(trace([top, lab]));
    expect(rowsOf(recorded.importLog)).toMatchObject([{ code: 'clocks-differ', severity: 'warning' }]);
  });
});

it('sub-buffers larger than a page', async () => {
  const records = Array.from({ length: 200 }, () => ({ delta: 1, payload: probe(false, '0000:01:00.1') }));
  const bytes = trace([{ name: '', pageSize: 16384, cpus: [{ cpu: 0, pages: [{ time: 0n, records }] }] }]);
  expect((await decode(bytes)).out.records).toBe(200);
});

it('a record longer than 112 bytes', async () => {
  const long = 'x'.repeat(300);
  const rows = allRows(await decode(trace([{ name: '', cpus: [{ cpu: 0, pages: [one(1n, long)] }] }])));
  expect(rows[0].bdf).toBe(long);
});

it('keeps the top bits of the time at an absolute stamp', async () => {
  const high = 0xf800000000000000n;
  const page = { time: high + 5n, records: [{ stamp: 77n }, { delta: 3, payload: probe(false, 'x') }] };
  const rows = allRows(await decode(trace([{ name: '', cpus: [{ cpu: 0, pages: [page] }] }])));
  expect(BigInt.asUintN(64, rows[0].time_ns as bigint)).toBe(high + 80n);
});

it('learns the names of tasks from the scheduler', async () => {
  const wakeup = format(
    'sched_wakeup',
    900,
    ['char comm[16];\toffset:8;\tsize:16;\tsigned:0;', 'pid_t pid;\toffset:24;\tsize:4;\tsigned:1;'],
    '"comm=%s pid=%d", REC->comm, REC->pid',
  );
  const woken = payload(900, 0, (writer) => writer.bytes(utf8('late comer\0\0\0\0\0\0')).int(7, 4));
  const bytes = writeTrace({
    systems: [...SYSTEMS, { name: 'sched', formats: [wakeup] }],
    buffers: [
      {
        name: '',
        cpus: [{ cpu: 0, pages: [one(1n), { time: 2n, records: [{ payload: woken }] }, one(3n)] }],
      },
    ],
  });
  const rows = rowsOf((await decode(bytes, ({ name }) => name === 'enable')).recorded.events[0]);
  expect(rows.map((row) => row.comm)).toEqual(['<...>', 'late comer']);
});
