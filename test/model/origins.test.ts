import { expect, it } from 'vitest';
import { rowsOf } from '../../tables/index.ts';
import { analyzeBytes } from '../support/pipeline.ts';
import { TraceWriter } from '../support/trace-writer.ts';

const FN = '0000:02:00.0';
const WARN =
  '[    1.000350] WARNING: CPU: 0 PID: 100 at drivers/pci/ats.c:132 pci_disable_ats+0x8a/0xa0\n' +
  '[    1.000350] CPU: 0 UID: 0 PID: 100 Comm: sh Not tainted 6.12.107+deb12-amd64 #1\n' +
  '[    1.000350] ---[ end trace 0000000000000000 ]---\n';

/** What a field of the core became in turn, and how the model came to know. */
async function history(field: string, trace: TraceWriter, dmesg?: string): Promise<string[]> {
  const inputs = { 'trace.txt': trace.text(), ...(dmesg === undefined ? {} : { 'dmesg.txt': dmesg }) };
  return rowsOf((await analyzeBytes(inputs)).transitions)
    .filter((row) => row.layer === 'core' && row.field === field)
    .map((row) => `${row.new_value ?? '?'} ${row.origin}`);
}

const onAndOff = () =>
  new TraceWriter().enable(FN, 12, 0, { vf: 0 }).disable(FN, { vf: 0 }).enable(FN, 12, 0, { vf: 0 });

it('a disable switches ATS off; where it WARNs, it was off, which is learned', async () => {
  expect(await history('en', onAndOff())).toEqual(['1 call', '0 call', '1 call']);
  expect(await history('en', onAndOff(), WARN)).toEqual(['1 call', '0 learned', '1 call']);
});

it('a function that appears holds no translation unit, where it would be seen to get one', async () => {
  const appears = () => new TraceWriter().event('add', `(pci_device_add+0x4/0x640) vf=0 bdf="${FN}"`);
  expect(await history('stu', appears().prepare('0000:03:00.0', 12, 0, { vf: 0 }))).toEqual([
    '0 call',
    '12 call',
  ]);
  expect(await history('stu', appears())).toEqual([]);
});
