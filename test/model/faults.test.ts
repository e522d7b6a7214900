import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../tables/index.ts';
import { analyzeBytes, findingsOf } from '../support/pipeline.ts';
import { TraceWriter } from '../support/trace-writer.ts';

const FN = '0000:02:00.0';
const OTHER = '0000:05:00.0';
/** The first event of the trace, said at the same time: it ties the clocks of trace and log together. */
const TIE = `[    1.000100] pci ${FN}: Adding to iommu group 9\n`;
const inLog = (at: string) =>
  `[    ${at}] AMD-Vi: Event logged [INVALID_DEVICE_REQUEST device=02:00.0 pasid=0x0 address=0x0 flags=0x0]\n`;

/** ATS of a function goes on and off, and then something happens. */
function story(then: (trace: TraceWriter) => void = () => {}): string {
  const trace = new TraceWriter()
    .event('add_device_to_group', `IOMMU: groupID=9 device=${FN}`)
    .enable(FN, 12, 0, { vf: 0, en: [0, 1] })
    .disable(FN, { vf: 0, en: [1, 0] });
  then(trace);
  return trace.text();
}

const aer = (trace: TraceWriter) =>
  void trace.event(
    'aer_event',
    `${FN} PCIe Bus Error: severity=Fatal, Unsupported Request Error, TLP Header=Not available`,
  );

async function faults(trace: string, log: string): Promise<number> {
  const findings = findingsOf(await analyzeBytes({ 'trace.txt': trace, 'dmesg.txt': log }));
  return findings.filter(({ rule, function: fn }) => rule === 'ATS037' && fn === FN).length;
}

describe('ATS037 counts faults', () => {
  it('once where log and trace tell of the same one', async () => {
    expect(await faults(story(aer), TIE + inLog('1.001000'))).toBe(1);
  });

  it('twice where the log tells of two', async () => {
    expect(await faults(story(), TIE + inLog('1.001000') + inLog('1.002000'))).toBe(2);
  });

  it('twice where log and trace tell of them at different times', async () => {
    expect(await faults(story(aer), TIE + inLog('1.201000'))).toBe(2);
  });

  it('not where nobody knows when the log tells of it', async () => {
    expect(await faults(story(aer), inLog('1.001000').replace(/^\[[^\]]*\] /, ''))).toBe(1);
    const timeless = inLog('1.001000').replace(/^\[[^\]]*\] /, '');
    expect(await faults(story(), timeless)).toBe(0);
    const analysis = await analyzeBytes({ 'trace.txt': story(), 'dmesg.txt': timeless });
    const row = rowsOf(analysis.ruleCoverage).find(({ rule }) => rule === 'ATS037');
    expect(row?.why).toContain('The order of the fault and the change of ATS is unknown.');
  });

  it('not where ATS of another function changed', async () => {
    expect(await faults(story(), `${TIE}${inLog('1.001000').replace('02:00.0', OTHER.slice(5))}`)).toBe(0);
  });
});
