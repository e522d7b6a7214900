import { describe, expect, test } from 'vitest';
import { decode, eventsOf, fixture, int32, notesOf, type Row, sourceOf } from './helpers.ts';

/** One VF up and down: nesting, function, result. The enable is refused in every recording. */
const STORY = [
  '0 pci_ats_supported 1',
  '0 pci_ats_supported 1',
  '0 iommu_probe_device 0',
  '1 intel_iommu_probe_device pointer',
  '2 pci_ats_supported 1',
  '2 pci_ats_queue_depth 0',
  '2 pci_ats_supported 1',
  '2 pci_prepare_ats 0',
  '1 pci_read_config_word 0',
  '1 __iommu_attach_device 0',
  '2 intel_iommu_attach_device 0',
  '3 device_block_translation void',
  '3 domain_context_mapping_cb 0',
  '4 domain_context_mapping_one 0',
  '3 pci_ats_page_aligned 1',
  '4 pci_read_config_word 0',
  '3 pci_enable_ats -22',
  '3 cache_tag_assign_domain 0',
  '4 cache_tag_assign 0',
  '1 intel_iommu_probe_finalize void',
  '0 intel_iommu_release_device 0',
  '1 pci_ats_supported 1',
];

/** Deferred flushes that came into some of the recordings. */
const DEFERRED = new Set(['cache_tag_flush_all', 'cache_tag_flush_range']);

interface Call {
  readonly entry: Row;
  readonly exit: Row | null;
}

/** Pairs beginnings and ends the way a reader of the table would: by task, else CPU, and nesting. */
function callsOf(rows: readonly Row[]): Call[] {
  const open = new Map<string, { entry: Row; exit: Row | null }[]>();
  const calls: { entry: Row; exit: Row | null }[] = [];
  for (const row of rows) {
    const key = String(row.pid ?? `cpu${row.cpu}`);
    const stack = open.get(key) ?? [];
    open.set(key, stack);
    if (row.is_return === false && 'depth' in row) {
      const call = { entry: row, exit: null };
      stack.push(call);
      calls.push(call);
    } else if (row.is_return === true) {
      const call = stack.pop();
      expect(call?.entry.symbol).toBe(row.symbol);
      expect(call?.entry.depth).toBe(row.depth);
      if (call) call.exit = row;
    }
  }
  return calls.filter(({ entry }) => !DEFERRED.has(String(entry.symbol)));
}

function told({ entry }: Call): string {
  return `${entry.depth} ${entry.symbol}`;
}

function resultOf({ entry, exit }: Call): string {
  if (/device_block_translation|probe_finalize/.test(String(entry.symbol))) return 'void';
  const value = int32(exit?.ret ?? null);
  return entry.symbol === 'intel_iommu_probe_device' && value !== -22 ? 'pointer' : String(value);
}

const WITHOUT_RESULTS = STORY.map((line) => line.replace(/ \S+$/, ''));

/** File, whether it prints: time, CPU, task, duration, results, arguments, callers. */
const FILES: readonly (readonly [string, string])[] = [
  ['fg.txt', 'cpu duration'],
  ['fg-percpu0.txt', 'cpu duration'],
  ['fg-abstime-proc.txt', 'time cpu task duration'],
  ['fg-abstime-proc-tail.txt', 'time cpu task duration'],
  ['fg-nocpu.txt', 'time task duration'],
  ['fg-noduration.txt', 'time cpu task'],
  ['fg-nooverhead.txt', 'time cpu task duration'],
  ['fg-latency.txt', 'cpu duration flags'],
  ['fg-latency-proc.txt', 'time cpu task duration flags'],
  ['fg-retval.txt', 'cpu duration result'],
  ['fg-retval-hex.txt', 'cpu duration result'],
  ['fg-retval-late.txt', 'cpu duration result'],
  ['fg-retval-latency.txt', 'cpu duration result flags'],
  ['fg-retval.report.txt', 'time cpu task duration result flags'],
  ['fg-mono_raw.txt', 'time cpu task duration result'],
  ['fg-retaddr.txt', 'cpu duration caller'],
  ['fg-retaddr.report.txt', 'time cpu task duration result caller flags'],
  ['fg-args.txt', 'cpu duration argument'],
  ['fg-args-tail.txt', 'cpu duration argument'],
  ['fg-args.report.txt', 'time cpu task duration result argument flags'],
  ['fg-events.txt', 'cpu task duration result'],
  ['fg-events.report.txt', 'time cpu task duration result flags'],
  ['fg-all.txt', 'time cpu task duration result argument caller'],
  ['fg-all-latency.txt', 'time cpu task duration result argument caller flags'],
  ['fg-all.report.txt', 'time cpu task duration result argument caller flags'],
];

describe('one story in every rendering of the function graph', () => {
  test.each(FILES)('%s prints %s', async (name, printed) => {
    const has = (what: string) => printed.split(' ').includes(what);
    const recorded = await decode(fixture(`fmt/${name}`));
    const source = sourceOf(recorded);
    const calls = callsOf(eventsOf(recorded));
    expect(source).toMatchObject({ unparsed: 0n, complete: true });
    expect(calls.map(told)).toEqual(WITHOUT_RESULTS);
    expect(calls.every(({ exit }) => exit !== null)).toBe(true);
    const notes = notesOf(recorded);

    if (has('result')) expect(calls.map((call) => `${told(call)} ${resultOf(call)}`)).toEqual(STORY);
    else {
      expect(calls.every(({ exit }) => exit?.ret === undefined || exit.ret === null)).toBe(true);
      expect(notes).toContain('no-call-results');
    }
    expect(notes.includes('graph-no-duration')).toBe(!has('duration'));
    const enable = calls[16];
    if (has('argument')) {
      expect(enable.entry.ps).toBe(13n);
      expect(enable.entry.dev).toBe(0xff11000003568000n);
      expect(calls[8].entry).toMatchObject({ where: 334n });
      expect(calls[18].entry).toMatchObject({ type: 0n, did: 9n });
    } else expect(notes).toContain('no-call-arguments');
    expect(String(enable.entry.caller).replace('+0x3a/0x50', '')).toBe(
      has('caller') ? 'iommu_enable_pci_ats' : 'null',
    );
    expect(enable.entry.cpu !== null).toBe(has('cpu'));
    expect(enable.entry.pid).toBe(has('task') ? 50 : null);
    expect(enable.entry.comm).toBe(has('task') ? 'sh' : null);
    expect(enable.entry.flags).toBe(has('flags') ? '...2.' : null);
    expect(enable.exit?.duration_ns !== undefined).toBe(has('duration'));
    expect(enable.entry.time_ns !== null).toBe(has('time'));
    expect(source.time_unit).toBe(has('time') ? 'ns' : null);
    if (!has('time')) expect(notes).toContain('graph-no-time');
  });

  test('durations are nanoseconds, and the end of a leaf is its start plus its duration', async () => {
    const calls = callsOf(eventsOf(await decode(fixture('fmt/fg-all.txt'))));
    const enable = calls[16];
    expect(enable.entry.time_ns).toBe(50244782000n);
    expect(enable.exit).toMatchObject({ time_ns: 50244790843n, duration_ns: 8843n });
    const probe = calls[2];
    expect(probe.exit).toMatchObject({ time_ns: 50256458000n, duration_ns: 12900470n });
  });

  test.each([
    ['fg-probefail.txt', -22],
    ['fg-probefail-hex.txt', -22],
    ['fg-probefail.report.txt', -22],
  ])('%s: the refused prepare fails the probe', async (name, result) => {
    const calls = callsOf(eventsOf(await decode(fixture(`fmt/${name}`))));
    const failed = (symbol: string) =>
      int32(calls.find(({ entry }) => entry.symbol === symbol)?.exit?.ret ?? null);
    expect(failed('pci_prepare_ats')).toBe(result);
    expect(failed('intel_iommu_probe_device')).toBe(result);
    expect(failed('iommu_probe_device')).toBe(result);
  });

  test('the header of the latency format counts both ends of a call', async () => {
    for (const [name, count] of [
      ['fg-latency.txt', 44n],
      ['fg-all-latency.txt', 48n],
    ] as const) {
      expect(sourceOf(await decode(fixture(`fmt/${name}`))).records).toBe(count);
    }
  });

  test('events inside the graph are events with its task and CPU', async () => {
    const rows = eventsOf(await decode(fixture('fmt/fg-events.txt')));
    const inside = rows.filter((row) => !('depth' in row));
    expect(inside.map((row) => [row.event, row.cpu, row.pid, row.comm])).toEqual([
      ['add_device_to_group', 0, 50, 'sh'],
      ['cache_tag_assign', 0, 50, 'sh'],
      ['attach_device_to_domain', 0, 50, 'sh'],
    ]);
    expect(inside[0]).toMatchObject({ groupID: 7n, device: '0000:01:00.1' });
    expect(inside[1].text).toBe('dmar0/dmar0 type iotlb did 9 pasid 0 ref 1');
  });

  test('a CPU without events gives an empty text', async () => {
    const recorded = await decode(fixture('fmt/fg-percpu1.txt'));
    expect(sourceOf(recorded)).toMatchObject({ records: 0n, unparsed: 0n, complete: true });
  });

  test.each(['6.12-s1', '7.2-series-s1'])('%s: text and report of one recording agree', async (name) => {
    const text = callsOf(eventsOf(await decode(fixture(`${name}.fgraph.txt`))));
    const report = callsOf(eventsOf(await decode(fixture(`${name}.fgraph.report.txt`))));
    expect(report.map(told)).toEqual(text.map(told));
    expect(text.length).toBeGreaterThan(10);
  });
});

function graph(...lines: string[]): string {
  return `${['# tracer: function_graph', '#', ...lines].join('\n')}\n`;
}

describe('lines of the function graph that the recordings do not have', () => {
  test('results as Linux 6.5 printed them', async () => {
    const rows = eventsOf(
      await decode(
        graph(
          ' 0)               |  pci_prepare_ats() {',
          ' 0)   1.100 us    |    pci_ats_supported(); /* = 0x1 */',
          ' 0) + 20.000 us   |  } /* pci_prepare_ats = -22 */',
        ),
      ),
    );
    expect(rows.filter((row) => row.is_return).map((row) => [row.symbol, int32(row.ret)])).toEqual([
      ['pci_ats_supported', 1],
      ['pci_prepare_ats', -22],
    ]);
  });

  test('functions of modules, results without a name', async () => {
    const rows = eventsOf(
      await decode(
        graph(
          ' 3)               |  probe [mlx5_core]() { /* <-local_pci_probe+0x4a/0x90 */',
          ' 3)   0.574 us    |    enable.part.0 [mlx5_core](); /* <-probe+0x1/0x2 [mlx5_core] ret=0x1 */',
          ' 3) + 26.533 us   |  } /* ret=-5 */',
        ),
      ),
    );
    expect(rows.map((row) => [row.symbol, row.caller, row.is_return, int32(row.ret ?? null)])).toEqual([
      ['probe', 'local_pci_probe+0x4a/0x90', false, null],
      ['enable.part.0', 'probe+0x1/0x2 [mlx5_core]', false, null],
      ['enable.part.0', 'probe+0x1/0x2 [mlx5_core]', true, 1],
      ['probe', 'local_pci_probe+0x4a/0x90', true, -5],
    ]);
  });

  test('the banner of a context switch gives the task of its CPU', async () => {
    const recorded = await decode(
      graph(
        ' 1)               |  outer() {',
        ' ------------------------------------------',
        ' 1)   my task-7   =>  kworker-12  ',
        ' ------------------------------------------',
        '',
        ' 1)   1.000 us    |  inner();',
        ' ------------------------------------------',
        ' 1)   kworker-12  =>   my task-7  ',
        ' ------------------------------------------',
        '',
        ' 1)   9.000 us    |  }',
      ),
    );
    expect(sourceOf(recorded)).toMatchObject({ unparsed: 0n, marker_bytes: 246n });
    expect(eventsOf(recorded).map((row) => [row.symbol, row.is_return, row.pid, row.comm])).toEqual([
      ['outer', false, null, null],
      ['inner', false, 12, 'kworker'],
      ['inner', true, 12, 'kworker'],
      ['outer', true, 7, 'my task'],
    ]);
  });

  test('interrupts are marks, ends without a beginning are counted, losses forget open calls', async () => {
    const recorded = await decode(
      graph(
        ' 0)   1.000 us    |  }',
        ' 0)               |  outer() {',
        ' 0)   ==========> |',
        ' 0)   2.000 us    |    irq();',
        ' 0)   <========== |',
        'CPU:0 [LOST 5 EVENTS]',
        ' 0)   9.000 us    |  }',
      ),
    );
    expect(sourceOf(recorded).unparsed).toBe(0n);
    expect(recorded.eventCounts[0].get('funcgraph_exit')).toBe(3);
    expect(eventsOf(recorded).map((row) => [row.symbol, row.is_return])).toEqual([
      ['outer', false],
      ['irq', false],
      ['irq', true],
    ]);
  });

  test('a stack trace inside the graph stays with its event', async () => {
    const recorded = await decode(
      graph(
        ' 0)     sh-50      |               |  /* map: IOMMU: iova=0x1 */',
        ' 0)     sh-50      |               |  /* <stack trace>',
        ' => iommu_map',
        ' => dma_map_sg',
        ' */',
        ' 0)     sh-50      |   1.000 us    |  next();',
      ),
    );
    expect(sourceOf(recorded).unparsed).toBe(0n);
    expect(eventsOf(recorded)[0]).toMatchObject({ event: 'map', iova: 1n, stack: 'iommu_map;dma_map_sg' });
  });

  test('arguments of every kind', async () => {
    const rows = eventsOf(
      await decode(
        graph(
          ' 0)   1.000 us    |  f(dev=0xffff888103f0c000, n=-22, s=(struct)[0x1:0x2], x=?0x12, type=1 [CACHE_TAG_DEVTLB], ...);',
        ),
      ),
    );
    expect(rows[0]).toMatchObject({
      dev: 0xffff888103f0c000n,
      n: -22n,
      s: '(struct)[0x1:0x2]',
      x: 0x12n,
      type: 1n,
      type_name: 'CACHE_TAG_DEVTLB',
    });
  });

  test.each(['<...>-1234567', '<idle>-0', '=x-7', '(sd-pam-77', 'a b-5'])('the task %s', async (task) => {
    const rows = eventsOf(await decode(graph(` 0)  ${task}    |   1.000 us    |  f();`)));
    const dash = task.lastIndexOf('-');
    expect(rows).toMatchObject([
      { comm: task.slice(0, dash), pid: Number(task.slice(dash + 1)) },
      { symbol: 'f' },
    ]);
  });

  test('without any column', async () => {
    const rows = eventsOf(await decode(graph('  outer() {', '    inner();', '  }')));
    expect(rows.map((row) => [row.symbol, row.is_return, row.depth])).toEqual([
      ['outer', false, 0n],
      ['inner', false, 1n],
      ['inner', true, 1n],
      ['outer', true, 0n],
    ]);
  });
});
