import { describe, expect, test } from 'vitest';
import { decode, eventsOf, fixture, int32, notesOf, type Row, sourceOf, word } from './helpers.ts';

/** One VF up and down: time in microseconds, CPU, event, its page shift, result and device. */
const STORY = [
  '5674904 0 pci_ats_supported_ret ps=- ret=1 0000:01:00.1',
  '5676092 0 pci_ats_supported_ret ps=- ret=1 0000:01:00.1',
  '5687545 0 pci_ats_supported_ret ps=- ret=1 0000:01:00.1',
  '5687617 0 pci_ats_supported_ret ps=- ret=1 0000:01:00.1',
  '5687905 0 pci_prepare_ats ps=12 ret=- 0000:01:00.1',
  '5688148 0 pci_prepare_ats_ret ps=12 ret=0 0000:01:00.1',
  '5688675 0 add_device_to_group ps=- ret=- 0000:01:00.1',
  '5689224 0 pci_enable_ats ps=12 ret=- 0000:01:00.1',
  '5689330 0 pci_enable_ats_ret ps=12 ret=0 0000:01:00.1',
  '5689496 0 cache_tag_assign ps=- ret=- -',
  '5689599 0 cache_tag_assign ps=- ret=- -',
  '5689689 0 attach_device_to_domain ps=- ret=- 0000:01:00.1',
  '6756621 1 remove_device_from_group ps=- ret=- 0000:01:00.1',
  '6757620 1 pci_disable_ats ps=- ret=- 0000:01:00.1',
  '6757930 1 pci_ats_supported_ret ps=- ret=1 0000:01:00.1',
];

const CALLERS: Readonly<Record<string, string>> = {
  0: 'pci_dev_reset_iommu_prepare+0x2f/0x260',
  5: 'intel_iommu_probe_device+0x46e/0x930',
  8: 'iommu_enable_pci_ats+0x3a/0x50',
  14: 'intel_iommu_release_device+0x140/0x200',
};

function microseconds(row: Row): number {
  return Number(((row.time_ns as bigint) + 500n) / 1000n);
}

function story(row: Row, timeOffset = 0): string {
  const time = row.time_ns === null ? '-' : microseconds(row) + timeOffset;
  return `${time} ${word(row.cpu)} ${row.event} ps=${word(row.ps)} ret=${word(row.ret)} ${word(row.bdf ?? row.device)}`;
}

describe('one story in every rendering of events', () => {
  const whole = [
    ['nop.txt', 'tracefs trace (nop)'],
    ['nop-tgid.txt', 'tracefs trace (nop)'],
    ['nop-noirqinfo.txt', 'tracefs trace (nop)'],
    ['nop-fields.txt', 'tracefs trace (nop), fields'],
    ['nop-latency-verbose.txt', 'tracefs trace (nop), verbose latency format'],
    ['nop.report.txt', 'trace-cmd report'],
    ['nop.report-t.txt', 'trace-cmd report'],
    ['nop.report-l.txt', 'trace-cmd report'],
    ['nop.report-tl.txt', 'trace-cmd report'],
    ['nop.report-R.txt', 'trace-cmd report'],
    ['nop.report-diff.txt', 'trace-cmd report'],
  ] as const;
  test.each(whole)('%s gives all of it', async (name, detail) => {
    const recorded = await decode(fixture(`fmt/${name}`));
    const source = sourceOf(recorded);
    const rows = eventsOf(recorded);
    expect(source.detail).toBe(detail);
    expect(source.records).toBe(15n);
    expect(source.unparsed).toBe(0n);
    expect(source.complete).toBe(true);
    expect(source.time_unit).toBe('ns');
    expect(source.precision_ns).toBe(name.includes('-t') && name.includes('report') ? 1n : 1000n);
    expect(rows.map((row) => story(row))).toEqual(STORY);
    expect(rows.every((row) => row.pid === 50 && row.comm === 'sh')).toBe(true);
    expect(rows.map((row) => row.is_return)).toEqual(STORY.map((line) => line.includes('_ret ')));
  });

  test.each([
    'nop.txt',
    'nop-tgid.txt',
    'nop-noirqinfo.txt',
    'nop-fields.txt',
    'nop-latency-verbose.txt',
    'nop-latency.txt',
    'nop-nocontext.txt',
  ])('%s names functions and callers', async (name) => {
    const rows = eventsOf(await decode(fixture(`fmt/${name}`)));
    for (const [i, caller] of Object.entries(CALLERS)) {
      expect(rows[Number(i)].caller).toBe(caller);
      expect(rows[Number(i)].symbol).toBe(String(rows[Number(i)].event).replace('_ret', ''));
    }
  });

  test('trace-cmd prints addresses instead, which is said', async () => {
    const recorded = await decode(fixture('fmt/nop.report.txt'));
    const enable = eventsOf(recorded)[8];
    expect(enable).toMatchObject({ symbol: null, address: 'ffffffff8160c7e4', caller: 'ffffffff816d306a' });
    expect(notesOf(recorded)).toEqual(['addresses-only']);
    const raw = eventsOf(await decode(fixture('fmt/nop.report-R.txt')))[8];
    expect(raw).toMatchObject({ address: 'ffffffff8160c7e4', caller: 'ffffffff816d306a', is_return: true });
  });

  test('nanoseconds are kept', async () => {
    const rows = eventsOf(await decode(fixture('fmt/nop.report-t.txt')));
    expect(rows[0].time_ns).toBe(5674903694n);
    expect(rows[14].time_ns).toBe(6757929956n);
  });

  test('tgid is a field', async () => {
    expect(eventsOf(await decode(fixture('fmt/nop-tgid.txt')))[0].tgid).toBe(50n);
  });

  test('fields prints more than the usual form', async () => {
    const rows = eventsOf(await decode(fixture('fmt/nop-fields.txt')));
    expect(rows[10]).toMatchObject({
      iommu: 'dmar0',
      dev: '0000:01:00.1',
      type: 1n,
      domain_id: 9n,
      users: 1n,
    });
  });

  test('the latency format counts from the start of the buffer, which is said', async () => {
    const recorded = await decode(fixture('fmt/nop-latency.txt'));
    const rows = eventsOf(recorded);
    expect(sourceOf(recorded)).toMatchObject({
      detail: 'tracefs trace (nop), latency format',
      kernel_release: '7.2.13-ats-series',
      records: 15n,
      unparsed: 0n,
    });
    expect(notesOf(recorded)).toContain('latency-format');
    // Both clocks were rounded, each in its own place.
    const offset = 5674904 - 119499;
    const near = rows.map((row) => microseconds(row) + offset - Number(STORY[Number(row.seq)].split(' ')[0]));
    expect(Math.max(...near.map(Math.abs))).toBeLessThanOrEqual(1);
    expect(rows.map((row) => story({ ...row, time_ns: null }))).toEqual(
      STORY.map((line) => line.replace(/^\d+/, '-')),
    );
    expect(rows[0].flags).toBe('.....');
  });

  test('without context only the order is left, which is said', async () => {
    const recorded = await decode(fixture('fmt/nop-nocontext.txt'));
    expect(notesOf(recorded)).toEqual(['no-context']);
    expect(sourceOf(recorded)).toMatchObject({ records: 15n, unparsed: 0n, time_unit: null, first_ns: null });
    expect(eventsOf(recorded).map((row) => story(row))).toEqual(
      STORY.map((line) => line.replace(/^\d+ \d/, '- -')),
    );
  });

  test.each([
    ['nop-raw.txt', 'raw-rendering'],
    ['nop-hex.txt', 'hex-rendering'],
  ])('%s is recognised, counted, timed, and its loss said', async (name, code) => {
    const recorded = await decode(fixture(`fmt/${name}`));
    expect(notesOf(recorded)).toEqual([code]);
    expect(sourceOf(recorded)).toMatchObject({
      records: 15n,
      unparsed: 0n,
      complete: true,
      first_ns: 5674903694n,
      last_ns: 6757929956n,
    });
    expect(Object.fromEntries(recorded.eventCounts[0])).toMatchObject({ 'type 469': 5, 'type 466': 1 });
  });

  test.each([
    ['nop-percpu0.txt', 0, 12],
    ['nop-percpu1.txt', 12, 15],
  ])('%s is the file of one CPU, not a cut one', async (name, from, to) => {
    const recorded = await decode(fixture(`fmt/${name}`));
    expect(sourceOf(recorded).complete).toBe(true);
    expect(notesOf(recorded)).toEqual(['one-cpu']);
    expect(eventsOf(recorded).map((row) => story(row))).toEqual(STORY.slice(from, to));
  });

  test.each([
    ['nop.report-F1.txt', [7, 8]],
    ['nop.report-F2.txt', [6, 11, 12]],
    ['nop.report-vF.txt', [6, 9, 10, 11, 12]],
    ['nop.report-cpu0.txt', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
  ] as const)('%s gives what its filter left', async (name, kept) => {
    const rows = eventsOf(await decode(fixture(`fmt/${name}`)));
    expect(rows.map((row) => story(row))).toEqual(kept.map((i) => STORY[i]));
  });

  test('two recordings of another clock agree with each other', async () => {
    const text = eventsOf(await decode(fixture('fmt/nop-mono_raw.txt')));
    const report = eventsOf(await decode(fixture('fmt/nop-mono_raw.report.txt')));
    expect(report.map((row) => story(row))).toEqual(text.map((row) => story(row)));
    expect(text).toHaveLength(15);
  });

  test('stack traces stand in the event they were taken at', async () => {
    const recorded = await decode(fixture('fmt/nop-stacktrace.txt'));
    const rows = eventsOf(recorded);
    expect(sourceOf(recorded)).toMatchObject({ records: 30n, unparsed: 0n, complete: true });
    expect(recorded.eventCounts[0].get('kernel_stack')).toBe(15);
    expect(rows).toHaveLength(15);
    expect(rows.every((row) => String(row.stack).endsWith(';entry_SYSCALL_64_after_hwframe+0x4b/0x53'))).toBe(
      true,
    );
    expect(String(rows[0].stack)).toMatch(/^pci_dev_reset_iommu_prepare\+0x2f\/0x260;pci_reset_bus_function/);
  });
});

describe('fprobe events', () => {
  const refused = { ps: 13n, ret: -22, bdf: '0000:01:00.1' };
  test.each(['fprobe.txt', 'fprobe-latency.txt', 'fprobe.report.txt'])('%s', async (name) => {
    const recorded = await decode(fixture(`fmt/${name}`));
    const rows = eventsOf(recorded);
    expect(sourceOf(recorded)).toMatchObject({ records: 23n, unparsed: 0n, complete: true });
    const result = rows.find((row) => row.event === 'f_enable_ret') as Row;
    expect({ ps: result.ps, ret: int32(result.ret), bdf: result.bdf }).toEqual(refused);
    expect(result.is_return).toBe(true);
    const bare = rows.find((row) => row.event === 'pci_enable_ats__exit') as Row;
    expect(int32(bare.arg1)).toBe(-22);
    const pointers = rows.find((row) => row.event === 'f_allargs') as Row;
    expect(pointers).toMatchObject({ dev: 0xff11000002c5c000n, ps: 13n });
    if (!name.includes('report')) {
      expect(result).toMatchObject({ symbol: 'pci_enable_ats', caller: 'iommu_enable_pci_ats+0x3a/0x50' });
    }
  });
});

describe('the function tracer', () => {
  test.each([
    ['function.txt', 'intel_iommu_probe_device', null],
    ['function-symaddr.txt', 'intel_iommu_probe_device', null],
    ['function-noparent.txt', null, null],
    ['function-latency.txt', 'intel_iommu_probe_device', null],
    ['function-args.txt', 'intel_iommu_probe_device', [12n, 13n]],
  ] as const)('%s', async (name, caller, shifts) => {
    const recorded = await decode(fixture(`fmt/${name}`));
    const rows = eventsOf(recorded);
    expect(sourceOf(recorded)).toMatchObject({ records: 2n, unparsed: 0n, complete: true });
    expect(rows.map((row) => row.symbol)).toEqual(['pci_prepare_ats', 'pci_enable_ats']);
    expect(rows[0].caller).toBe(caller);
    expect(rows.every((row) => row.event === 'function' && row.is_return === false)).toBe(true);
    expect(notesOf(recorded)).toContain('function-entries');
    if (shifts) {
      expect(rows.map((row) => row.ps)).toEqual(shifts);
      expect(rows[0].dev).toBe(0xff1100000358c000n);
    } else expect(notesOf(recorded)).toContain('no-call-arguments');
  });

  test('trace-cmd names the event and not the caller', async () => {
    const text = eventsOf(await decode(fixture('7.2-series-s1.func-args.txt')));
    const report = eventsOf(await decode(fixture('7.2-series-s1.func-args.report.txt')));
    const told = (row: Row) => `${row.event} ${row.symbol} ${row.dev} ${word(row.ps)} ${word(row.id)}`;
    expect(report.map(told)).toEqual(text.map(told));
    expect(text.length).toBeGreaterThan(2);
  });

  test.each(['6.12-s1.func-stack', '7.2-series-s1.func-stack'])('%s: stacks of calls', async (name) => {
    const text = eventsOf(await decode(fixture(`${name}.txt`)));
    const report = eventsOf(await decode(fixture(`${name}.report.txt`)));
    expect(text.map((row) => row.symbol)).toEqual(report.map((row) => row.symbol));
    // trace-cmd has an address where the kernel says that this is its trampoline.
    const inner = (row: Row) => String(row.stack).split(';').slice(1).join(';');
    expect(report.map(inner)).toEqual(text.map(inner));
    expect(text.every((row) => String(row.stack).includes(';'))).toBe(true);
  });
});
