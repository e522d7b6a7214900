import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../tables/index.ts';
import { analyzeBytes } from '../support/pipeline.ts';
import { TraceWriter } from '../support/trace-writer.ts';

const FN = '0000:02:00.0';
const WARN =
  '[    1.000350] WARNING: CPU: 0 PID: 100 at drivers/pci/ats.c:132 pci_disable_ats+0x8a/0xa0\n' +
  '[    1.000350] CPU: 0 UID: 0 PID: 100 Comm: sh Not tainted 6.12.107+deb12-amd64 #1\n' +
  '[    1.000350] ---[ end trace 0000000000000000 ]---\n';

/** What a field of a layer became in turn, and how the model came to know. */
async function history(field: string, trace: TraceWriter, dmesg?: string, layer = 'core'): Promise<string[]> {
  const inputs = { 'trace.txt': trace.text(), ...(dmesg === undefined ? {} : { 'dmesg.txt': dmesg }) };
  return rowsOf((await analyzeBytes(inputs)).transitions)
    .filter((row) => row.layer === layer && row.field === field)
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

describe('what the driver believes', () => {
  const beliefs = (trace: TraceWriter) => history('en', trace, undefined, 'drv');
  const nobody = { vf: 0, caller: "[unknown/kretprobe'd]" };

  it('is what the core answered it', async () => {
    const trace = new TraceWriter()
      .enable(FN, 12, 0, { vf: 0 })
      .disable(FN, { vf: 0 })
      .enable(FN, 11, -22, { vf: 0 });
    expect(await beliefs(trace)).toEqual(['1 learned', '0 learned']);
  });

  it('is unknown where the answer is not recorded', async () => {
    const trace = new TraceWriter().enable(FN, 12, 0, { vf: 0 }).disable(FN, { vf: 0 });
    expect(await beliefs(trace.call('pci_enable_ats', FN, { ps: 12, vf: 0 }))).toEqual([
      '1 learned',
      '0 learned',
      '? lost',
    ]);
  });

  it('follows a caller that nobody names only within work of the IOMMU side', async () => {
    expect(await beliefs(new TraceWriter().enable(FN, 12, 0, nobody))).toEqual([]);
    const trace = new TraceWriter();
    trace.call('__iommu_attach_device', FN, { ret: 0, inside: () => trace.enable(FN, 12, 0, nobody) });
    expect(await beliefs(trace)).toEqual(['1 learned']);
    const failed = new TraceWriter();
    const refused = () => failed.enable(FN, 11, -22, nobody);
    failed.call('intel_iommu_attach_device', FN, { ret: 0, inside: refused });
    expect(await beliefs(failed)).toEqual(['0 learned']);
  });

  it('does not follow a module', async () => {
    const trace = new TraceWriter()
      .enable(FN, 12, 0, { vf: 0 })
      .disable(FN, { vf: 0, caller: 'inject+0x1e/0x1000 [atslab]' });
    expect(await beliefs(trace)).toEqual(['1 learned']);
  });

  it('is always on after an enable of SMMUv3', async () => {
    const caller = 'arm_smmu_attach_commit+0x8c/0x150';
    expect(await beliefs(new TraceWriter().enable(FN, 11, -22, { vf: 0, caller }))).toEqual(['1 learned']);
    const trace = new TraceWriter();
    trace.call('arm_smmu_attach_dev', FN, { ret: 0, inside: () => trace.enable(FN, 11, -22, nobody) });
    expect(await beliefs(trace)).toEqual(['1 learned']);
  });

  it.each([
    ['a tag', ['assign ref 1', 'unassign ref 1'], ['1 observed', '0 observed']],
    ['a tag of two users', ['assign ref 1', 'assign ref 2', 'unassign ref 2'], ['1 observed']],
    [
      'the last of them',
      ['assign ref 1', 'assign ref 2', 'unassign ref 2', 'unassign ref 1'],
      ['1 observed', '0 observed'],
    ],
    [
      'a tag of which one user left unseen',
      ['assign ref 1', 'assign ref 2', 'unassign ref 1'],
      ['1 observed', '0 observed'],
    ],
    ['tags of two domains', ['assign ref 1', 'assign ref 1', 'unassign ref 1'], ['1 observed']],
    [
      'tags whose users are not printed',
      ['assign', 'assign', 'unassign', 'unassign'],
      ['1 observed', '0 observed'],
    ],
  ])('is shown by cache tags while the core has ATS off: %s', async (_what, steps, expected) => {
    const trace = new TraceWriter().enable(FN, 11, -22, { vf: 0, en: [0, 0] });
    for (const step of steps) {
      const [name, ...users] = step.split(' ');
      trace.event(`cache_tag_${name}`, `dmar0/${FN} type devtlb did 9 pasid 0 ${users.join(' ')}`.trimEnd());
    }
    expect(await beliefs(trace)).toEqual(['0 learned', ...expected]);
  });
});
