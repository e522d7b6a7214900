import { describe, expect, test } from 'vitest';
import { rowsOf } from '../../../tables/index.ts';
import { decode, eventsOf, notesOf, sourceOf } from './helpers.ts';

const SCRIPT = `# ========
# captured on    : Sun Nov 23 10:00:00 2025
# os release : 6.12.107
# ========
#
              sh   150 [001]    25.421342: probe:pci_enable_ats: (ffffffff833ca944) ps=12 bdf="0000:01:00.1"
              sh   150/151 [001]    25.421442123: probe:pci_enable_ats__return: (ffffffff833ca944 <- ffffffff8351b6e6) arg1=0
my proc 9  7 25.500000:          1 sched:sched_switch: prev_comm=sh prev_pid=1
\tffffffff8351b6e6 __schedule+0x2e6 ([kernel.kallsyms])
\t    7f0d498f8ee0 [unknown] (/usr/lib/libc.so.6)

            perf   133 [000]    26.000000:      10101 cycles:P:
`;

describe('perf script', () => {
  test('samples, systems, stacks, header', async () => {
    const recorded = await decode(SCRIPT);
    const rows = eventsOf(recorded);
    expect(sourceOf(recorded)).toMatchObject({
      detail: 'perf script',
      kernel_release: '6.12.107',
      unparsed: 0n,
      records: 4n,
    });
    expect(rows[0]).toMatchObject({
      event: 'pci_enable_ats',
      pid: 150,
      cpu: 1,
      comm: 'sh',
      time_ns: 25421342000n,
      address: 'ffffffff833ca944',
      is_return: false,
      ps: 12n,
      bdf: '0000:01:00.1',
    });
    expect(rows[1]).toMatchObject({
      event: 'pci_enable_ats__return',
      pid: 151,
      tgid: 150n,
      time_ns: 25421442123n,
      is_return: true,
      caller: 'ffffffff8351b6e6',
      arg1: 0n,
    });
    expect(rows[2]).toMatchObject({
      comm: 'my proc 9',
      pid: 7,
      cpu: null,
      stack: '__schedule+0x2e6;7f0d498f8ee0',
    });
    expect(rows[3]).toMatchObject({ event: 'cycles', pid: 133 });
    expect([...recorded.eventCounts[0].keys()]).toContain('probe:pci_enable_ats');
    expect(recorded.events.find((table) => table.def.name === 'pci_enable_ats')?.def.doc).toContain('probe:');
  });

  test.each([
    [
      'time,event,trace',
      '     5.674904: probe:f: (ffffffff8160c7e4) a=1',
      { time_ns: 5674904000n, pid: null },
    ],
    ['cpu,time,event,trace', '[001]     5.674904: probe:f: (ffffffff8160c7e4) a=1', { cpu: 1, pid: null }],
    [
      'comm,pid,event,trace',
      'my sh    50 probe:f: (ffffffff8160c7e4) a=1',
      { comm: 'my sh', pid: 50, time_ns: null },
    ],
    [
      'event,trace',
      'probe:f: (ffffffff8160c7e4 <- ffffffff8160c7e4) a=1',
      { is_return: true, time_ns: null },
    ],
  ])('-F %s, and it says what is missing', async (_, line, expected) => {
    const recorded = await decode(`${line}\n`);
    expect(eventsOf(recorded)[0]).toMatchObject({ event: 'f', a: 1n, ...expected });
    expect(notesOf(recorded)).toContain('perf-fields');
  });

  test('text with colons is no event', async () => {
    for (const line of ['foo:bar: baz', 'note: see: (below)', '5.674904: foo: bar'])
      expect(sourceOf(await decode(`${line}\n`))).toMatchObject({ records: 0n, unparsed: 1n });
  });

  test('losses that perf tells', async () => {
    const sample = 'sh  50 [001]     5.674904: probe:f: (ffffffff8160c7e4) a=1\n';
    const recorded = await decode(
      `${sample}sh  50 [003]     5.674905: PERF_RECORD_LOST lost 5
sh  50 [000]     5.674905: PERF_RECORD_COMM exec: sh:50/50
${sample}Processed 12 events and lost 3 chunks!
`,
    );
    expect(sourceOf(recorded)).toMatchObject({ records: 2n, unparsed: 0n });
    expect(rowsOf(recorded.losses).map((row) => [row.kind, row.cpu, row.count, row.seq])).toEqual([
      ['lost', 3, 5n, 1],
      ['lost', null, null, 2],
    ]);
  });
});
