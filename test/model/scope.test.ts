import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rowAt, rowsOf } from '../../tables/index.ts';
import { CAPTURES } from '../support/capture.ts';
import { analyzeBytes } from '../support/pipeline.ts';
import { TraceWriter } from '../support/trace-writer.ts';

const PF = '0000:01:00.0';
const VF = '0000:01:00.1';
const LATE = '0000:01:00.2';

/** A PF that is set up between 1 s and 2 s of the trace's clock; with its group, which aligns a log. */
function traceOf(...devices: string[]): string {
  return writeTrace(devices, true);
}

function writeTrace(devices: readonly string[], withGroups: boolean): string {
  const t = new TraceWriter();
  for (const device of devices) {
    if (withGroups) t.event('add_device_to_group', `IOMMU: groupID=5 device=${device}`);
    t.supported(device, 1).prepare(device, 12, 0).enable(device, 12, 0);
  }
  return t.wait(1000).supported(devices[0], 1).text();
}

const line = (at: string, text: string) => `[${Number(at).toFixed(6).padStart(12)}] ${text}\n`;
const added = (at: string, device: string) => line(at, `pci ${device}: Adding to iommu group 5`);
const found = (at: string, device: string) =>
  line(at, `pci ${device}: [1af4:1041] type 00 class 0x020000 PCIe Endpoint`);
/** The message of the group that the trace shows as well: the log runs half a second behind the trace. */
const ALIGNED = added('0.500150', PF);

async function verdictOf(inputs: Record<string, string>) {
  const analysis = await analyzeBytes(inputs);
  return {
    ...rowAt(analysis.verdict, 0),
    reasons: rowsOf(analysis.verdictReasons).filter(({ code }) =>
      /^(never-traced|after-the-trace)$/.test(code),
    ),
  };
}

describe('what a pass holds for', () => {
  it('names the functions and the time', async () => {
    const { verdict, sentence } = await verdictOf({ 'trace.txt': traceOf(PF, VF) });
    expect(verdict).toBe('pass');
    expect(sentence).toBe(
      'No contradiction between PCI core and IOMMU driver from 1.000 s to 2.001 s on 0000:01:00.0, 0000:01:00.1 (7 calls); no register was recorded.',
    );
  });

  it('is not claimed for functions that only the log knows', async () => {
    const { sentence } = await verdictOf({
      'dmesg.txt': ALIGNED + line('0.5', `pci ${LATE}: resetting`),
      'trace.txt': traceOf(PF),
    });
    expect(sentence).not.toContain(LATE);
  });
});

describe('functions that another source shows where no trace looked', () => {
  it.each([
    ['a group', added('9.000000', LATE)],
    [
      'found, and no group: the probe of the IOMMU driver may have failed without a word',
      found('9.000000', LATE),
    ],
    ['a group that could not be joined', line('9.0', `pci ${LATE}: Failed to add to iommu group 5: -22`)],
    ['a quirk', line('9.0', `pci ${LATE}: disabling ATS`)],
  ])('after the trace, %s: inconclusive, with the recipe', async (_, text) => {
    const { verdict, reasons } = await verdictOf({ 'trace.txt': traceOf(PF), 'dmesg.txt': ALIGNED + text });
    expect(verdict).toBe('inconclusive');
    expect(reasons.map(({ code, decisive }) => [code, decisive])).toEqual([['never-traced', true]]);
    expect(reasons[0].reason).toBe(
      `dmesg.txt shows that ${LATE} was set up at 9.500 s, and no trace shows it: the recording covers 1.000 s to 2.000 s.`,
    );
    expect(reasons[0].settle).toContain('stop it after the last step');
  });

  it('before the trace: what was done then is in the state that the trace finds', async () => {
    const early = await verdictOf({
      'trace.txt': new TraceWriter()
        .wait(60_000)
        .event('add_device_to_group', `IOMMU: groupID=5 device=${PF}`)
        .supported(PF, 1)
        .text(),
      'dmesg.txt': added('1.000000', LATE) + added('60.500150', PF),
    });
    expect([early.verdict, early.reasons]).toEqual(['pass', []]);
  });

  it('while the trace ran, and the trace shows the steps of every function: a filter hid it', async () => {
    const { verdict, reasons } = await verdictOf({
      'trace.txt': traceOf(PF),
      'dmesg.txt': ALIGNED + added('1.100000', LATE),
    });
    expect(verdict).toBe('inconclusive');
    expect(reasons[0].reason).toContain(`${LATE} was set up at 1.600 s`);
  });

  it('while the trace ran, with probes that a function without ATS does not meet: silence says that it has none', async () => {
    const trace = writeTrace([PF], false);
    const { verdict } = await verdictOf({ 'trace.txt': trace, 'dmesg.txt': added('1.5', LATE) });
    expect(verdict).toBe('pass');
  });

  it('in a gap between two traces', async () => {
    const { verdict, reasons } = await verdictOf({
      'first.txt': traceOf(PF),
      'second.txt': new TraceWriter().wait(59_000).supported(PF, 1).prepare(VF, 12, 0).text(),
      'dmesg.txt': ALIGNED + added('9.0', LATE) + added('9.5', VF),
    });
    expect(verdict).toBe('inconclusive');
    expect(reasons.map(({ reason }) => reason)).toEqual([
      `dmesg.txt shows that ${LATE} was set up at 9.500 s, and no trace shows it: the recording covers 1.000 s to 2.000 s and 60.000 s to 60.000 s.`,
    ]);
  });

  it('again, after the trace that shows them: the verdict is about what it shows, and says so', async () => {
    const { verdict, reasons } = await verdictOf({
      'trace.txt': traceOf(PF, VF),
      'dmesg.txt': ALIGNED + added('0.500750', VF) + added('9.0', VF),
    });
    expect(verdict).toBe('pass');
    expect(reasons.map(({ code, decisive }) => [code, decisive])).toEqual([['after-the-trace', false]]);
    expect(reasons[0].reason).toContain(
      `${VF} was set up again at 9.500 s, after the end of the trace (2.001 s)`,
    );
  });

  it('by clocks that nothing relates, where both count from the boot', async () => {
    const trace = writeTrace([PF], false);
    const boot = added('0.3', PF) + added('0.3', LATE);
    expect((await verdictOf({ 'trace.txt': trace, 'dmesg.txt': boot })).verdict).toBe('pass');
    const late = await verdictOf({ 'trace.txt': trace, 'dmesg.txt': boot + added('60.0', VF) });
    expect(late.verdict).toBe('inconclusive');
    expect(late.reasons[0].reason).toContain(`${VF} was set up at 60.000 s`);
    // A few hundred milliseconds between such clocks say nothing.
    const close = await verdictOf({ 'trace.txt': trace, 'dmesg.txt': boot + added('2.5', VF) });
    expect(close.verdict).toBe('pass');
  });
});

describe('captures whose log goes on after the trace', () => {
  const read = (capture: string, ...files: string[]) =>
    Object.fromEntries(files.map((file) => [file, readFileSync(join(CAPTURES, capture, file), 'utf8')]));

  it('the trace of a boot that ends before the VFs appear is no pass', async () => {
    const { verdict, reasons } = await verdictOf(read('6.12-s3', 'boot-trace.txt', 'dmesg.txt'));
    // The log of this capture has WARNs of its own.
    expect(verdict).toBe('fail');
    expect(reasons[0].reason).toMatch(
      /0000:01:00\.1 and 0000:01:00\.2 were set up between .* no trace shows them/,
    );
  });

  it('listings of VFs that came after the trace of the boot count as well', async () => {
    const capture = read('6.12-s3', 'boot-trace.txt');
    const listing = read('6.12-s3', 'lspci-vvv-mid.txt');
    const { verdict, reasons } = await verdictOf({ ...capture, ...listing });
    expect(verdict).toBe('inconclusive');
    expect(reasons[0].reason).toMatch(/^lspci-vvv-mid\.txt lists 0000:01:00\.1 and 0000:01:00\.2 with ATS/);
  });

  it('a trace that shows the life of the VFs keeps its verdict', async () => {
    const { verdict, reasons } = await verdictOf(
      read('6.12-s1', 'trace.txt', 'dmesg.txt', 'lspci-vvv-vfs.txt'),
    );
    expect(verdict).toBe('pass');
    expect(reasons.map(({ code }) => code)).toEqual(['after-the-trace']);
  });
});
