import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../tables/index.ts';
import { analyzeBytes, findingsOf } from '../support/pipeline.ts';
import { TraceWriter } from '../support/trace-writer.ts';

const FN = '0000:01:00.0';
const PORT = '0000:00:02.0';
const OTHER_PORT = '0000:00:03.0';
const on = { vf: 0, en: [0, 1] as [number, number] };

/** A log whose messages stand at seconds of the trace: a WARN in a call ties the two clocks together. */
function log(...lines: readonly (readonly [seconds: string, message: string])[]): string {
  return lines.map(([at, message]) => `[    ${at}] ${message}\n`).join('');
}

/** ATS of the function goes on, and later the hot-plug thread of a port removes it. */
function removal(before: (trace: TraceWriter) => void, task = 'irq/24-pciehp-88'): TraceWriter {
  const trace = new TraceWriter()
    .event('add_device_to_group', `IOMMU: groupID=9 device=${FN}`)
    .enable('0000:05:00.0', 12, 0, on)
    .disable('0000:05:00.0', { vf: 0, en: [1, 0] })
    .enable(FN, 12, 0, on);
  trace.task = task;
  before(trace);
  return trace.call('intel_iommu_release_device', FN);
}

async function severities(trace: TraceWriter, dmesg?: string): Promise<string[]> {
  const inputs = { 'trace.txt': trace.text(), ...(dmesg === undefined ? {} : { 'dmesg.txt': dmesg }) };
  return findingsOf(await analyzeBytes(inputs))
    .filter((finding) => finding.rule === 'ATS027')
    .map((finding) => finding.severity);
}

const hp = (port: string, event: string) => (trace: TraceWriter) =>
  void trace.event('pci_hp_event', `${port} slot:1, event:${event}`);
/** The first event of the trace, said at the same time. */
const GROUP = ['1.000100', `pci ${FN}: Adding to iommu group 9`] as const;
const BUSES = ['0.500000', `pci ${PORT}: PCI bridge to [bus 01-0f]`] as const;

describe('ATS027 when the link is down is a note', () => {
  it.each(['LINK_DOWN', 'CARD_NOT_PRESENT'])('the trace event says %s', async (event) => {
    expect(await severities(removal(hp(PORT, event)))).toEqual(['note']);
  });

  it.each([
    `pcieport ${PORT}: pciehp: Slot(1): Link Down`,
    `pcieport ${PORT}: pciehp: Slot(1-2): Card not present`,
    `pcieport ${PORT}: DPC: containment event, status:0x1f01 source:0x0100`,
  ])('the log says "%s"', async (message) => {
    const dmesg = log(BUSES, GROUP, ['1.001000', message]);
    expect(
      await severities(
        removal((t) => t.wait(50), 'sh-100'),
        dmesg,
      ),
    ).toEqual(['note']);
  });

  it('whatever else happens to the port then', async () => {
    const down = (trace: TraceWriter) => {
      hp(PORT, 'LINK_DOWN')(trace);
      trace.write(PORT, 0x3e, 0x2).supported(PORT, 0, { vf: 0 });
    };
    expect(await severities(removal(down))).toEqual(['note']);
  });

  it('a port above it is down, whatever a port in between says', async () => {
    const dmesg = log(
      ['0.400000', `pci ${OTHER_PORT}: PCI bridge to [bus 01]`],
      BUSES,
      GROUP,
      ['1.001000', `pcieport ${OTHER_PORT}: pciehp: Slot(2): Link Up`],
      ['1.001100', `pcieport ${PORT}: pciehp: Slot(1): Link Down`],
    );
    expect(
      await severities(
        removal((t) => t.wait(50), 'sh-100'),
        dmesg,
      ),
    ).toEqual(['note']);
  });

  it('the thread of any port does the removal, where another trace tells of the link', async () => {
    const link = new TraceWriter().event('add_device_to_group', `IOMMU: groupID=9 device=${FN}`);
    link.task = 'irq/25-pciehp-99';
    hp(PORT, 'LINK_DOWN')(link);
    const inputs = { 'a.txt': link.text(), 'b.txt': removal((t) => t.wait(50)).text() };
    const found = findingsOf(await analyzeBytes(inputs)).filter(({ rule }) => rule === 'ATS027');
    expect(found.map(({ severity }) => severity)).toEqual(['note']);
  });

  it('where no message tells the buses of the port, its thread does the removal', async () => {
    const dmesg = log(GROUP, ['1.001000', `pcieport ${PORT}: pciehp: Slot(1): Link Down`]);
    expect(
      await severities(
        removal((t) => t.wait(50)),
        dmesg,
      ),
    ).toEqual(['note']);
    expect(
      await severities(
        removal((t) => t.wait(50), 'sh-100'),
        dmesg,
      ),
    ).toEqual(['error']);
  });
});

describe('ATS027 stays an error', () => {
  it('without any link down', async () => {
    expect(await severities(removal(() => {}))).toEqual(['error']);
  });

  it('where the link is up again', async () => {
    const trace = removal((t) => {
      hp(PORT, 'LINK_DOWN')(t);
      hp(PORT, 'LINK_UP')(t);
    });
    expect(await severities(trace)).toEqual(['error']);
  });

  it.each([
    `pcieport ${PORT}: pciehp: Slot(1): Link Up`,
    `pcieport ${PORT}: pciehp: Slot(1): Link Down/Up ignored (recovered by DPC)`,
    `pcieport ${PORT}: AER: device recovery successful`,
  ])('where the log says later "%s"', async (message) => {
    const down = [
      '1.001000',
      `pcieport ${PORT}: DPC: containment event, status:0x1f01 source:0x0100`,
    ] as const;
    const dmesg = log(BUSES, GROUP, down, ['1.002000', message]);
    expect(
      await severities(
        removal((t) => t.wait(50)),
        dmesg,
      ),
    ).toEqual(['error']);
  });

  it('where the link is that of another port', async () => {
    const dmesg = log(BUSES, ['0.600000', `pci ${OTHER_PORT}: PCI bridge to [bus 10]`], GROUP, [
      '1.001000',
      `pcieport ${OTHER_PORT}: pciehp: Slot(2): Link Down`,
    ]);
    expect(
      await severities(
        removal((t) => t.wait(50)),
        dmesg,
      ),
    ).toEqual(['error']);
  });

  it('where another task saw the link go down', async () => {
    const trace = removal((t) => {
      hp(PORT, 'LINK_DOWN')(t);
      t.task = 'sh-100';
    });
    expect(await severities(trace)).toEqual(['error']);
  });

  it.each([
    ['of another segment', `pci 0001:00:02.0: PCI bridge to [bus 01-0f]`, '0001:00:02.0'],
    ['that has other buses behind it', `pci ${PORT}: PCI bridge to [bus 00]`, PORT],
  ])('where the port is one %s', async (_what, bridge, port) => {
    const dmesg = log(['0.500000', bridge], GROUP, [
      '1.001000',
      `pcieport ${port}: pciehp: Slot(1): Link Down`,
    ]);
    expect(
      await severities(
        removal((t) => t.wait(50)),
        dmesg,
      ),
    ).toEqual(['error']);
  });

  it('where the order of log and trace is unknown', async () => {
    const dmesg = log(BUSES, ['1.001000', `pcieport ${PORT}: pciehp: Slot(1): Link Down`]);
    expect(
      await severities(
        removal((t) => t.wait(50)),
        dmesg,
      ),
    ).toEqual(['error']);
  });
});

it('the buses behind ports are not events of a log in which no link went down', async () => {
  const kinds = async (dmesg: string) =>
    rowsOf((await analyzeBytes({ 'dmesg.txt': dmesg })).atsEvents).map((row) => row.kind);
  expect(await kinds(log(BUSES, GROUP))).toEqual(['log.group_add']);
  const down = ['2.000000', `pcieport ${PORT}: pciehp: Slot(1): Link Down`] as const;
  expect(await kinds(log(BUSES, down))).toEqual(['log.bridge', 'log.link_down']);
});
