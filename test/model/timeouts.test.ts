import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../tables/index.ts';
import { analyzeBytes, findingsOf } from '../support/pipeline.ts';
import { TraceWriter } from '../support/trace-writer.ts';

const FN = '0000:02:00.0';
const PF = '0000:01:00.0';
const VF = '0000:01:00.1';
const PORT = '0000:00:02.0';
const on = { vf: 0, en: [0, 1] as [number, number], cap: '0x100' };

/** The first event of the trace, said at the same time: it ties the clocks of trace and log together. */
const TIE = ['1.000100', `pci ${FN}: Adding to iommu group 9`] as const;

type Line = readonly [seconds: string, message: string];
const log = (...lines: readonly Line[]) => lines.map(([at, text]) => `[    ${at}] ${text}\n`).join('');
const timeout = (at = '1.500000', sid = '200'): Line => [
  at,
  `DMAR: VT-d detected Invalidation Time-out Error: SID ${sid}`,
];

/** ATS of a function is on, and then something happens. */
function story(then: (trace: TraceWriter) => void = () => {}): TraceWriter {
  const trace = new TraceWriter()
    .event('add_device_to_group', `IOMMU: groupID=9 device=${FN}`)
    .enable('0000:05:00.0', 12, 0, on)
    .disable('0000:05:00.0', { vf: 0, en: [1, 0] })
    .enable(FN, 12, 0, on);
  then(trace);
  return trace;
}

async function told(trace: TraceWriter, ...lines: readonly Line[]) {
  const analysis = await analyzeBytes({ 'trace.txt': trace.text(), 'dmesg.txt': log(...lines) });
  const finding = findingsOf(analysis).find(({ rule }) => rule === 'ATS036');
  const roles = rowsOf(analysis.evidence)
    .filter((row) => row.finding === finding?.finding)
    .map((row) => row.role);
  const why = /in time(?:: (.*))?\.$/.exec(finding?.message ?? '')?.[1] ?? null;
  return { function: finding?.function, why, roles };
}

const read = (where: string, value: string) => (trace: TraceWriter) =>
  void trace.event(
    'rd',
    `(pci_read+0x1/0x2 <- pci_read_config_word) where=${where} val=${value} bdf="${FN}"`,
  );
const COLD = `example ${FN}: Unable to change power state from D3cold to D0, device inaccessible`;
const DOWN: Line = ['1.100000', `pcieport ${PORT}: pciehp: Slot(1): Link Down`];
const BUSES: Line = ['0.500000', `pci ${PORT}: PCI bridge to [bus 01-0f]`];

describe('ATS036 names what took the device away', () => {
  it('a removal under way, with its beginning as evidence', async () => {
    const trace = story((t) => t.call('pci_stop_and_remove_bus_device', FN, { noReturn: true }));
    expect(await told(trace, TIE, timeout())).toEqual({
      function: FN,
      why: 'it was being removed',
      roles: ['belief of the core', 'the removal', 'the time-out'],
    });
  });

  it.each<[string, (trace: TraceWriter) => void, readonly Line[]]>([
    ['the release by its driver', (t) => t.call('intel_iommu_release_device', FN), []],
    [
      'the group event of the trace',
      (t) => t.event('remove_device_from_group', `IOMMU: groupID=9 device=${FN}`),
      [],
    ],
    ['the log', () => {}, [['1.100000', `pci ${FN}: Removing from iommu group 9`]]],
  ])('a removal that %s tells', async (_how, then, lines) => {
    expect((await told(story(then), TIE, ...lines, timeout())).why).toBe('it was being removed');
  });

  it('the removal of the PF of a VF', async () => {
    const trace = new TraceWriter()
      .event('add_device_to_group', `IOMMU: groupID=9 device=${FN}`)
      .addVf(PF, VF, 0)
      .call('pci_stop_and_remove_bus_device', PF, { noReturn: true });
    expect(await told(trace, TIE, timeout('1.500000', '101'))).toMatchObject({
      function: VF,
      why: `its PF ${PF} was being removed`,
    });
  });

  it('a link that is down', async () => {
    expect(await told(story(), BUSES, TIE, DOWN, timeout())).toMatchObject({
      function: FN,
      why: 'the link to it was down',
      roles: ['belief of the core', 'the link goes down', 'the time-out'],
    });
  });

  it.each([
    ['its vendor id', '0x0'],
    ['its ATS Control', '0x106'],
  ])('config space that reads as all ones at %s', async (_what, where) => {
    const { why, roles } = await told(story(read(where, '0xffff')), TIE, timeout());
    expect(why).toBe('config space of it read as all ones');
    expect(roles).toContain('config space reads as all ones');
  });

  it.each<[string, (trace: TraceWriter) => void]>([
    [
      'prints no value',
      (t) => t.event('rd', `(pci_read+0x1/0x2 <- pci_read_config_word) where=0x0 bdf="${FN}"`),
    ],
    [
      'is of one byte',
      (t) => t.event('rd', `(pci_read+0x1/0x2 <- pci_read_config_byte) where=0xe val=0xff bdf="${FN}"`),
    ],
  ])('config space that read as all ones, and a later read that %s', async (_what, then) => {
    const { why } = await told(
      story((t) => {
        read('0x0', '0xffff')(t);
        then(t);
      }),
      TIE,
      timeout(),
    );
    expect(why).toBe('config space of it read as all ones');
  });

  it('D3cold', async () => {
    const { why, roles } = await told(story(), TIE, ['1.100000', COLD], timeout());
    expect(why).toBe('it was in D3cold');
    expect(roles).toContain('the kernel cannot change its power state');
  });

  it('a device that does not leave another power state', async () => {
    const { why } = await told(story(), TIE, ['1.100000', COLD.replace('D3cold', 'D3hot')], timeout());
    expect(why).toBe('the kernel could not reach it to change its power state');
  });

  it('the nearest of several, whichever was told first', async () => {
    const first = async (then: (trace: TraceWriter) => void, ...lines: readonly Line[]) =>
      (await told(story(then), BUSES, TIE, ...lines, timeout())).why;
    const gone = read('0x0', '0xffff');
    const removed = (t: TraceWriter) => void t.call('pci_stop_and_remove_bus_device', FN, { noReturn: true });
    const cold: Line = ['1.100000', COLD];
    expect(await first(gone, cold)).toBe('config space of it read as all ones');
    expect(await first(gone, DOWN, cold)).toBe('the link to it was down');
    expect(await first(removed, DOWN, cold)).toBe('it was being removed');
  });
});

describe('ATS036 names no cause', () => {
  it.each<[string, (trace: TraceWriter) => void, readonly Line[]]>([
    ['where nothing is told', () => {}, []],
    [
      'where another function is removed',
      (t) => t.call('pci_stop_and_remove_bus_device', '0000:05:00.0', { noReturn: true }),
      [],
    ],
    [
      'where the link is that of another port',
      () => {},
      [['1.100000', DOWN[1].replace('00:02.0', '00:03.0')]],
    ],
    [
      'where the link is up again',
      () => {},
      [DOWN, ['1.200000', `pcieport ${PORT}: pciehp: Slot(1): Link Up`]],
    ],
    [
      'where config space answers again',
      (t) => {
        read('0x0', '0xffff')(t);
        read('0x0', '0x8086')(t);
      },
      [],
    ],
    ['where another register reads as all ones', read('0x40', '0xffff'), []],
    ['where another device is in D3cold', () => {}, [['1.100000', COLD.replace(FN, '0000:05:00.0')]]],
    ['where it answers after D3cold', (t) => read('0x0', '0x8086')(t.wait(200)), [['1.100000', COLD]]],
    ['where all of it comes after the time-out', () => {}, [['1.600000', COLD]]],
    [
      'where it was removed and found again',
      (t) => t.call('pci_stop_and_remove_bus_device', FN).appear(FN).enable(FN, 12, 0, on),
      [],
    ],
  ])('%s', async (_what, then, lines) => {
    const sorted = [...lines, timeout()].sort(([a], [b]) => (a < b ? -1 : 1));
    expect(await told(story(then), BUSES, TIE, ...sorted)).toMatchObject({ function: FN, why: null });
  });

  it('where the order of log and trace is unknown, and still reports the time-out', async () => {
    const trace = story((t) => t.call('pci_stop_and_remove_bus_device', FN, { noReturn: true }));
    expect(await told(trace, timeout())).toEqual({ function: FN, why: null, roles: ['the time-out'] });
    const down = story((t) => t.event('pci_hp_event', `${PORT} slot:1, event:LINK_DOWN`));
    expect(await told(down, BUSES, timeout())).toMatchObject({ function: FN, why: null });
  });
});

describe('ATS036 where the error names no function', () => {
  const findings = async (...lines: readonly Line[]) =>
    findingsOf(await analyzeBytes({ 'dmesg.txt': log(...lines) }))
      .filter(({ rule }) => rule === 'ATS036')
      .map((row) => `${row.severity} ${row.function ?? '-'} ${row.message}`);

  it('tells a requester id of all ones from one that is not reported', async () => {
    expect(
      await findings(timeout('1.100000', '0'), timeout('1.200000', 'ffff'), timeout('1.300000', '0')),
    ).toEqual([
      'error - A device did not answer an invalidation in time; the message names none. (The first of 2.)',
      'warning - The IOMMU reports an invalidation time-out with all bits of its register set: its registers were gone, or read as if they were.',
    ]);
  });

  it('takes the function from the descriptor, whatever the requester id', async () => {
    const head: Line = ['1.100000', 'DMAR: QI HEAD: Device-TLB Invalidation qw0 = 0x20000000003, qw1 = 0x1'];
    expect(await findings(timeout('1.100000', 'ffff'), head)).toEqual([
      `error ${FN} ${FN} did not answer a device-TLB invalidation in time.`,
    ]);
  });

  it('names where a CPU is stuck', async () => {
    const lines = [
      'watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [kworker/1:0:55]',
      'CPU: 1 UID: 0 PID: 55 Comm: kworker/1:0 Not tainted 7.2.13 #1',
      'Call Trace:',
      ' <TASK>',
      ' qi_submit_sync+0x5c/0xb0',
      ' qi_flush_dev_iotlb+0x5c/0xb0',
      ' </TASK>',
    ].map((text): Line => ['1.100000', text]);
    const [finding] = findingsOf(await analyzeBytes({ 'dmesg.txt': log(...lines) }));
    expect([finding.rule, finding.function, finding.observed]).toEqual([
      'ATS036',
      null,
      'A CPU is stuck in qi_flush_dev_iotlb().',
    ]);
  });
});
