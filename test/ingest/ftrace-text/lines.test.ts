import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseEventLine } from '../../../ingest/ftrace-text/event-line.ts';
import { Head } from '../../../ingest/ftrace-text/head.ts';
import { rowsOf } from '../../../tables/index.ts';
import { decode, eventsOf, int32, notesOf, sourceOf } from './helpers.ts';

const CONTEXT = '              sh-50      [001] .....     5.674904: ';

async function one(line: string) {
  const recorded = await decode(`${line}\n`);
  expect(sourceOf(recorded).unparsed).toBe(0n);
  return eventsOf(recorded)[0];
}

describe('the context of a line', () => {
  test.each([
    [`${CONTEXT}e: a=1`, { cpu: 1, pid: 50, comm: 'sh', flags: '.....', time_ns: 5674904000n }],
    ['  sh-50 [000] d..1 12.000001: e: a=1', { flags: 'd..1', time_ns: 12000001000n }],
    ['  sh-50 [000] dNh3.1 12.000001: e: a=1', { flags: 'dNh3.1' }],
    ['  sh-50 [000] 12.000001: e: a=1', { flags: null }],
    ['  sh-50 (-------) [000] d..1. 12.000001: e: a=1', { pid: 50, comm: 'sh' }],
    ['  sh-50 (     49) [000] d..1. 12.000001: e: a=1', { pid: 50, tgid: 49n }],
    ['  sh-50 [000] ..... 1.123456789: e: a=1', { time_ns: 1123456789n }],
    ['  sh-50 [000] ..... 1763935200.123456: e: a=1', { time_ns: 1763935200123456000n }],
    ['  sh-50 [000] ..... 18446744073.709551: e: a=1', { time_ns: -616n }],
    ['  sh-50 [000] ..... 12345: e: a=1', { time_ns: 12345n }],
    ['  sh-50 [000] ..... 1.000000: e: a=1\t', { comm: 'sh' }],
    ['2026-11-25T12:00:00.1234567Z               sh-50 [000] ..... 1.000000: e: a=1', { comm: 'sh' }],
    ['   7              sh-50 [000] ..... 1.000000: e: a=1', { comm: 'sh' }],
    ['  longcomm 16 byt-1234567 [12345] ..... 1.000000: e: a=1', { comm: 'longcomm 16 byt', cpu: 12345 }],
    ['  sh-50 [000] ..... 18446744073709551: e: a=1', { time_ns: 18446744073709551n }],
    ['  sh-50 [000] ..... 1234567890123456789: e: a=1', { time_ns: 1234567890123456789n }],
    ['  <idle>-0 [127] d.h1. 1.000000: e: a=1', { comm: '<idle>', pid: 0, cpu: 127 }],
    ['  <...>-50 [000] ..... 1.000000: e: a=1', { comm: '<...>' }],
    ['  my proc-x-50 [000] ..... 1.000000: e: a=1', { comm: 'my proc-x', pid: 50 }],
    ['  kworker/u8:1-50 [000] ..... 1.000000: e: a=1', { comm: 'kworker/u8:1' }],
    ['  a [1] b-2 [3]-50 [000] ..... 1.000000: e: a=1', { comm: 'a [1] b-2 [3]', pid: 50, cpu: 0 }],
    ['  x-1 [002] y-50 [000] ..... 1.000000: e: a=1', { comm: 'x-1 [002] y', pid: 50 }],
    ['> >   nfsd-7226  [025] 2228027.306471: e: a=1', { comm: 'nfsd', cpu: 25 }],
    ['    trace-1.dat:            sh-50    [001]     5.674904: e: a=1', { comm: 'sh' }],
    ['      sh-50        0d..1. 119499us#: e: a=1', { cpu: 0, flags: 'd..1.', time_ns: 119499000n }],
    ['      sh-50       12d..1. 119499us : e: a=1', { cpu: 12 }],
    ['  my ta-pp-50      0d..1.   77: e: a=1', { comm: 'my ta-pp', time_ns: 77n }],
    ['      sh-50      0.....     5.674904123: e: a=1', { cpu: 0, time_ns: 5674904123n }],
    [`${CONTEXT}(+1188)  e: a=1`, { event: 'e' }],
  ] as const)('%s', async (line, expected) => {
    expect(await one(line)).toMatchObject({ event: 'e', a: 1n, ...expected });
  });

  test('a counting clock counts ticks', async () => {
    expect(sourceOf(await decode('  sh-50 [000] ..... 12345: e: a=1\n'))).toMatchObject({
      time_unit: 'ticks',
      precision_ns: null,
    });
  });

  test('whatever is printed comes out again', () => {
    const comm = fc.string({ unit: fc.constantFrom(...'abZ9 -:[]().<>/'), minLength: 1, maxLength: 15 });
    fc.assert(
      fc.property(
        comm.filter((text) => text.trim() === text),
        fc.nat(4194304),
        fc.nat(4095),
        fc.option(fc.nat(4194304)),
        fc.option(fc.constantFrom('....', 'd..1', '.....', 'dNh2.', 'bnZ.1')),
        fc.nat(4294967295),
        fc.nat(999999999),
        fc.constantFrom(0, 6, 9),
        (task, pid, cpu, tgid, flags, seconds, nanoseconds, decimals) => {
          const fraction = String(nanoseconds).padStart(9, '0').slice(0, decimals);
          const time = decimals === 0 ? String(seconds) : `${seconds}.${fraction}`;
          const line = `${task.padStart(16)}-${String(pid).padEnd(7)} ${
            tgid === null ? '' : `(${String(tgid).padStart(7)}) `
          }[${String(cpu).padStart(3, '0')}] ${flags === null ? '' : `${flags} `}${time.padStart(12)}: name: body`;
          // A task may be called like the context of another line.
          fc.pre(!/-\d+ *\[\d+\]/.test(task));
          const bytes = Buffer.from(line);
          const head = new Head();
          expect(parseEventLine(bytes, 0, bytes.length, head)).toBe(true);
          head.resolveTime(bytes);
          const ns = (BigInt(head.time.hi) << 32n) | BigInt(head.time.lo);
          const expected =
            decimals === 0
              ? BigInt(seconds)
              : BigInt(seconds) * 1000000000n + BigInt(fraction.padEnd(9, '0'));
          expect([head.pid, head.cpu, head.tgid, ns]).toEqual([pid, cpu, tgid ?? -1, expected]);
          expect(bytes.toString('latin1', head.commStart, head.commEnd)).toBe(task);
          expect(bytes.toString('latin1', head.flagsStart, head.flagsEnd)).toBe(flags ?? '');
          expect(bytes.toString('latin1', head.nameStart, head.nameEnd)).toBe('name');
          expect(bytes.toString('latin1', head.bodyStart)).toBe('body');
        },
      ),
      { numRuns: 500 },
    );
  });
});

test('a line that begins like an event is not taken for the rest of the event before it', async () => {
  const cut = `${CONTEXT}e: a=1\n          sh-51      [001] ..... 99999999999999.5: e: a=2\n`;
  const recorded = await decode(cut);
  expect(sourceOf(recorded)).toMatchObject({ records: 1n, unparsed: 1n });
});

describe('the place of a probe', () => {
  test.each([
    ['(pci_enable_ats+0x4/0xb0) a=1', { symbol: 'pci_enable_ats', caller: null, is_return: false }],
    ['(probe+0x4/0xb0 [mlx5_core]) a=1', { symbol: 'probe', is_return: false }],
    [
      '(caller+0x3a/0x50 <- pci_enable_ats) a=1',
      { symbol: 'pci_enable_ats', caller: 'caller+0x3a/0x50', is_return: true },
    ],
    ['(init+0x1/0x2 [mod] <- f.part.0) a=1', { symbol: 'f.part.0', caller: 'init+0x1/0x2 [mod]' }],
    ["([unknown/kretprobe'd] <- f) a=1", { symbol: 'f', caller: "[unknown/kretprobe'd]" }],
    ['(0xffffffffc054b1fe <- f) a=1', { symbol: 'f', caller: '0xffffffffc054b1fe' }],
    ['(ffffffff8160c7e4) a=1', { symbol: null, address: 'ffffffff8160c7e4', is_return: false }],
    [
      '(ffffffff8160c7e4 <- ffffffff816d306a) a=1',
      { address: 'ffffffff8160c7e4', caller: 'ffffffff816d306a', is_return: true },
    ],
    ['(0x4007d0) a=1', { symbol: null, address: '0x4007d0' }],
    ['(0x4007e4 <- 0x4007d0) a=1', { is_return: true, symbol: null }],
    ['(syscalls.sys_enter_openat) a=1', { symbol: null, probed_event: 'syscalls.sys_enter_openat' }],
    ['__probe_ip=pci_enable_ats+0x4/0xb0 (-2124363804) a=0x1 (1)', { symbol: 'pci_enable_ats' }],
    ['(kmalloc_caller+0x38) call_site=kmalloc_caller+0x38 a=1', { symbol: null, is_return: false }],
  ] as const)('%s', async (body, expected) => {
    expect(await one(`${CONTEXT}e: ${body}`)).toMatchObject({ a: 1n, ...expected });
  });
});

describe('arguments', () => {
  test.each([
    ['a=-22 b=0xffffffffffffffea', { a: -22n, b: 0xffffffffffffffean }],
    ['a=18446744073709551594', { a: 0xffffffffffffffean }],
    ['a=99999999999999999999 b=0x11112222333344445', { a: '99999999999999999999', b: '0x11112222333344445' }],
    ['a={0x1,0x2} b={"x}","y z"} c=3', { a: '{0x1,0x2}', b: '{"x}","y z"}', c: 3n }],
    ['a="two words" b="say "hi" now" c=3', { a: 'two words', b: 'say "hi" now', c: 3n }],
    ['a="" b=1', { a: '', b: 1n }],
    ['a="12" b=12', { a: '12', b: 12n }],
    ["a='x'", { a: "'x'" }],
    ['a=1 a=2', { a: 1n }],
    ['a=0xffffffea (-22) b=0xc (12) c=(1)', { a: -22n, b: 12n, c: 1n }],
    ['a=1, b=2, c=x', { a: 1n, b: 2n, c: 'x' }],
    ['a=f+0x1/0x2 [mod] b=g+0x1/0x2 c=1 [x] d=2', { a: 'f+0x1/0x2 [mod]', b: 'g+0x1/0x2', c: 1n, d: 2n }],
  ] as const)('%s', async (body, expected) => {
    expect(await one(`${CONTEXT}e: (f+0x0/0x1) ${body}`)).toMatchObject(expected);
  });

  test('an unreadable number is NULL, an unreadable text stays one', async () => {
    const recorded = await decode(
      ['ps=(fault) bdf="a"', 'ps=12 bdf=(fault)', 'ps=(fault) bdf="" x=(fault)']
        .map((body) => `${CONTEXT}e: (f+0x0/0x1) ${body}\n`)
        .join(''),
    );
    expect(eventsOf(recorded).map((row) => [row.ps, row.bdf, row.x])).toEqual([
      [null, 'a', null],
      [12n, '(fault)', null],
      [null, '', '(fault)'],
    ]);
  });

  test('the results of an int in three spellings', async () => {
    const text = ['arg1=-22', 'arg1=0xffffffea', 'arg1=0xffffffffffffffea']
      .map((body) => `${CONTEXT}e: (c+0x0/0x1 <- f) ${body}\n`)
      .join('');
    expect(eventsOf(await decode(text)).map((row) => int32(row.arg1))).toEqual([-22, -22, -22]);
  });
});

describe('lines that are no events', () => {
  const event = `${CONTEXT}e: a=1`;
  test('losses, with the events around them', async () => {
    const recorded = await decode(
      [event, 'CPU:1 [LOST 76 EVENTS]', 'CPU:3 [7 EVENTS DROPPED]', 'CPU:2 [EVENTS DROPPED]', event, ''].join(
        '\n',
      ),
    );
    const { losses } = recorded;
    expect(losses.length).toBe(3);
    const [kind, cpu, count, seq] = [1, 2, 3, 4].map((i) => losses.columns[i]);
    expect([...kind.data].map((id) => kind.dictionary?.[Number(id)])).toEqual(['lost', 'dropped', 'dropped']);
    expect([...cpu.data].map(Number)).toEqual([1, 3, 2]);
    expect([...count.data].map(Number)).toEqual([76, 7, 0]);
    expect([...seq.data].map(Number)).toEqual([1, 1, 1]);
  });

  test('the statistics of trace-cmd report --stat are losses of the whole recording', async () => {
    const stats = (cpu: number, overrun: number, dropped: number) =>
      [
        `CPU: ${cpu}`,
        'entries: 0',
        `overrun: ${overrun}`,
        'commit overrun: 0',
        'bytes: 0',
        'oldest event ts:    31.922320',
        'now ts:    31.934542',
        `dropped events: ${dropped}`,
        'read events: 14493',
        '',
      ].join('\n');
    const recorded = await decode(
      `cpus=2\n\nKernel buffer statistics:\n${stats(0, 0, 0)}\n${stats(1, 4664, 2)}\n${event}\n`,
    );
    expect(sourceOf(recorded)).toMatchObject({ records: 1n, unparsed: 0n });
    expect(rowsOf(recorded.losses).map((row) => [row.kind, row.cpu, row.count, row.seq])).toEqual([
      ['overwritten', 1, 4664n, 0],
      ['dropped', 1, 2n, 0],
    ]);
  });

  test('a text without events says so', async () => {
    const empty = '# tracer: nop\n#\n# entries-in-buffer/entries-written: 0/0   #P:2\n#\n';
    expect(notesOf(await decode(empty))).toEqual(['no-events']);
    expect(notesOf(await decode('cpus=2\n'))).toEqual(['no-events']);
    expect(notesOf(await decode(`${empty}${event}\n`))).toEqual([]);
  });

  test('names of tasks that the latency format cuts', async () => {
    const text = '  sh-50      0.....     5.674904: e: a=1\n';
    expect(notesOf(await decode(text))).toEqual(['latency-comm']);
  });

  test('an event that trace-cmd could not print has its fields', async () => {
    const text = `${CONTEXT}e: [FAILED TO PARSE] __probe_ip=pci_enable_ats+0x4/0xb0 a=1\n`;
    expect(eventsOf(await decode(text))[0]).toMatchObject({ symbol: 'pci_enable_ats', a: 1n });
  });

  test('bodies of several lines, blank lines, hex dumps', async () => {
    const recorded = await decode(
      [
        `${CONTEXT}print: first`,
        'second line',
        `${CONTEXT}pci_hp_event: slot=1`,
        '',
        `${CONTEXT}dump: data`,
        '00000000: 01 02 03 04',
        '  indented',
        `${CONTEXT}wrapped: `,
        'dev: a40000000.pcie',
        '',
      ].join('\n'),
    );
    expect(sourceOf(recorded)).toMatchObject({ records: 4n, unparsed: 0n, comment_bytes: 1n });
  });

  test('text of another kind is not taken for a part of an event', async () => {
    const recorded = await decode(`${event}\n[   12.345678] pci 0000:01:00.1: hello\n => stray\n`);
    expect(sourceOf(recorded)).toMatchObject({ records: 1n, unparsed: 2n });
    expect(notesOf(recorded)).toEqual(['unparsed-line']);
  });

  test('user stacks stand beside kernel stacks', async () => {
    const recorded = await decode(
      [
        event,
        `${CONTEXT}<stack trace>`,
        ' => vfs_write+0x1/0x2',
        `${CONTEXT}<user stack trace>`,
        ' =>  <00007f0d498f8ee0>',
        ' => libc.so.6[+0x1234]',
        '',
      ].join('\n'),
    );
    expect(eventsOf(recorded)[0]).toMatchObject({
      stack: 'vfs_write+0x1/0x2',
      user_stack: '<00007f0d498f8ee0>;libc.so.6[+0x1234]',
    });
    expect(recorded.eventCounts[0].get('user_stack')).toBe(1);
  });

  test('stacks of two CPUs that came between each other find their events', async () => {
    const at = (cpu: number, text: string) => `  t${cpu}-1${cpu} [00${cpu}] ..... 1.000000: ${text}`;
    const recorded = await decode(
      [
        at(0, 'e: a=0'),
        at(0, '<stack trace>'),
        ' => f0',
        at(0, 'e: a=1'),
        at(1, 'e: a=2'),
        at(0, '<stack trace>'),
        ' => f1',
        at(1, '<stack trace>'),
        ' => f2',
        at(2, '<stack trace>'),
        ' => nobody',
        '',
      ].join('\n'),
    );
    expect(eventsOf(recorded).map((row) => row.stack)).toEqual(['f0', 'f1', 'f2']);
  });

  test('traces one after the other are checked each for itself', async () => {
    const header = (count: number) =>
      `# tracer: nop\n#\n# entries-in-buffer/entries-written: ${count}/${count}   #P:1\n`;
    const good = await decode(`${header(1)}${event}\n${header(2)}${event}\n${event}\n`);
    expect(sourceOf(good)).toMatchObject({ complete: true, records: 3n });
    const cut = await decode(`${header(2)}${event}\n${header(1)}${event}\n`);
    expect(sourceOf(cut).complete).toBe(false);
    expect(notesOf(cut)).toEqual(['cut']);
  });

  test('the mark of the capture kit names the kernel, whatever else is printed', async () => {
    const mark = (text: string) => `  sh-50 [000] ...1. 1.500000: tracing_mark_write: ${text}\n`;
    const kit = mark('atscope: started wall=1 boot=2 mono_ns=3 clock=mono kernel=7.3.4+deb13-amd64');
    const other = mark('I say kernel=9.9.9');
    const release = async (...lines: string[]) =>
      sourceOf(await decode(`# tracer: nop\n#\n${lines.join('')}`)).kernel_release;
    expect(await release(kit)).toBe('7.3.4+deb13-amd64');
    expect(await release(other, kit)).toBe('7.3.4+deb13-amd64');
    expect(await release(other)).toBeNull();
    expect(await release(mark('atscope: started clock=mono kernel=<script>'))).toBeNull();
  });

  test('overwritten entries are a loss in both headers', async () => {
    const normal = await decode(`# entries-in-buffer/entries-written: 1/5   #P:2\n${event}\n`);
    const latency = await decode(
      '# nop latency trace v1.1.5 on 7.2.13\n# latency: 0 us, #1/5, CPU#0 | (M:PREEMPT VP:0, KP:0, SP:0 HP:0 #P:2)\n  sh-50  0.... 7us : e: a=1\n',
    );
    for (const recorded of [normal, latency]) expect(Number(recorded.losses.columns[3].data[0])).toBe(4);
  });
});
