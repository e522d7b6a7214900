import { expect, it } from 'vitest';
import { analyzeBytes, findingsOf } from '../support/pipeline.ts';
import { TraceWriter } from '../support/trace-writer.ts';

const AMD = 'amd_iommu_probe_device+0x39b/0x450';
const SMMU = 'arm_smmu_probe_device+0x2c0/0x560';
const NESTED = "[unknown/kretprobe'd]";

/** Functions without the capability that are prepared all the same, each by a caller. */
function refused(...callers: readonly string[]): TraceWriter {
  const trace = new TraceWriter();
  callers.forEach((caller, i) => {
    const fn = `0000:0${i + 1}:00.0`;
    trace.appear(fn, { cap: '0x0' }).prepare(fn, 12, -22, { vf: 0, en: [0, 0], caller });
  });
  return trace;
}

async function messages(trace: TraceWriter): Promise<string[]> {
  return findingsOf(await analyzeBytes({ 'trace.txt': trace.text() }))
    .filter((finding) => finding.rule === 'ATS018')
    .map((finding) => finding.message);
}

it('ATS018 is one note for each driver, with a count', async () => {
  expect(await messages(refused(AMD, SMMU, AMD, AMD, SMMU))).toEqual([
    'The AMD driver prepared 0000:01:00.0 although it does not support ATS. (The first of 3.)',
    'The SMMUv3 driver prepared 0000:02:00.0 although it does not support ATS. (The first of 2.)',
  ]);
});

it('others are told apart by their module, or not at all', async () => {
  const module = 'inject_store+0x1e/0x1000 [atslab]';
  expect(await messages(refused(module, NESTED, NESTED))).toEqual([
    'The module atslab prepared 0000:01:00.0 although it does not support ATS.',
    'A caller that is not named prepared 0000:02:00.0 although it does not support ATS. (The first of 2.)',
  ]);
});

it('the probe around the call names the driver where the caller does not', async () => {
  const fn = '0000:01:00.0';
  const trace = new TraceWriter().appear(fn, { cap: '0x0' });
  trace.call('amd_iommu_probe_device', fn, {
    ret: '0xff2b58cac13fcd60',
    caller: 'iommu_init_device+0xb7/0x310',
    inside: () => trace.prepare(fn, 12, -22, { vf: 0, en: [0, 0], caller: NESTED }),
  });
  expect(await messages(trace)).toEqual([
    'The AMD driver prepared 0000:01:00.0 although it does not support ATS.',
  ]);
});
