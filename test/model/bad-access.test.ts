import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../tables/index.ts';
import { analyzeBytes, findingsOf } from '../support/pipeline.ts';
import { TraceWriter } from '../support/trace-writer.ts';

const FN = '0000:02:00.0';
const OTHER = '0000:03:00.0';
const GROUPED = '0000:01:00.0';
const EINVAL = '0xffffffffffffffea';
const OBJECT = '0xff2b58cac13fcd60';

/** A trace whose first event the log tells, too, so that the two have one clock. */
function story(...steps: readonly ((trace: TraceWriter) => void)[]): TraceWriter {
  const trace = new TraceWriter().event('add_device_to_group', `IOMMU: groupID=9 device=${GROUPED}`);
  for (const step of steps) step(trace);
  return trace;
}

const probe =
  (driver: string, ret: string, fn = FN) =>
  (trace: TraceWriter) =>
    void trace.call(`${driver}_probe_device`, fn, { ret, caller: 'iommu_init_device+0xb7/0x310' });
const release = (trace: TraceWriter) => void trace.call('intel_iommu_release_device', FN);

interface Splat {
  readonly at?: string;
  readonly title: string;
  readonly rip?: string;
  readonly frames?: readonly string[];
  readonly isKasan?: boolean;
}

function splat({
  at = '1.500000',
  title,
  rip,
  frames = ['kernfs_fop_write_iter+0x114/0x1b0'],
  isKasan = true,
}: Splat) {
  const ruler = '='.repeat(66);
  const lines = [
    ...(isKasan ? [ruler] : []),
    title,
    'CPU: 1 UID: 0 PID: 100 Comm: sh Not tainted 7.2.13 #1',
    ...(rip ? [`RIP: 0010:${rip}`] : []),
    'Call Trace:',
    ' <TASK>',
    ...frames.map((frame) => ` ${frame}`),
    ' </TASK>',
    isKasan ? ruler : '---[ end trace 0000000000000000 ]---',
  ];
  return lines.map((line) => `[    ${at}] ${line}\n`).join('');
}

const KASAN = 'BUG: KASAN: slab-use-after-free in device_rbtree_find+0x5c/0xb0';
const SHARED = `[    1.000100] pci ${GROUPED}: Adding to iommu group 9\n`;

async function found(trace: TraceWriter, log: string): Promise<string[]> {
  const analysis = await analyzeBytes({ 'trace.txt': trace.text(), 'dmesg.txt': log });
  return findingsOf(analysis)
    .filter((finding) => finding.rule === 'ATS041')
    .map((finding) => `${finding.function ?? '-'} ${/\w+\(\)/.exec(finding.message)?.[0]}`);
}

const failed = story(probe('intel_iommu', EINVAL));

describe('freed memory used in a driver after its failed probe is ATS041', () => {
  it.each<[string, Splat]>([
    ['KASAN in a function of the driver', { title: KASAN }],
    ['KFENCE', { title: 'BUG: KFENCE: use-after-free read in device_rbtree_find+0x5c/0xb0' }],
    [
      'KASAN in a helper that the driver called',
      {
        title: 'BUG: KASAN: slab-use-after-free in rb_erase+0x10/0x80',
        frames: ['rb_erase+0x10/0x80', 'device_rbtree_find+0x5c/0xb0'],
      },
    ],
    [
      'a general protection fault',
      {
        title:
          'Oops: general protection fault, probably for non-canonical address 0x6b6b6b6b6b6b6b6b: 0000 [#1] SMP',
        rip: 'device_rbtree_find+0x5c/0xb0',
        isKasan: false,
      },
    ],
  ])('%s', async (_, one) => {
    expect(await found(failed, SHARED + splat(one))).toEqual([`${FN} device_rbtree_find()`]);
  });

  it('a bad address on arm64', async () => {
    const title = 'Unable to handle kernel paging request at virtual address 006b6b6b6b6b6b6b';
    const log = splat({ title, frames: ['arm_smmu_release_device+0x20/0x80'], isKasan: false });
    expect(await found(story(probe('arm_smmu', EINVAL)), SHARED + log)).toEqual([
      `${FN} arm_smmu_release_device()`,
    ]);
  });

  it('since the probe failed, where one function alone can be meant', async () => {
    const since = async (trace: TraceWriter) => {
      const log = SHARED + splat({ title: KASAN });
      const found = findingsOf(await analyzeBytes({ 'trace.txt': trace.text(), 'dmesg.txt': log }));
      return found.find(({ rule }) => rule === 'ATS041')?.since_ns;
    };
    expect(await since(failed)).toBe(1_000_300_000n);
    const two = story(probe('intel_iommu', EINVAL), probe('intel_iommu', EINVAL, OTHER));
    expect(await since(two)).toBe(null);
  });

  it('of two refused functions it names neither', async () => {
    const two = story(probe('intel_iommu', EINVAL), probe('intel_iommu', EINVAL, OTHER));
    expect(await found(two, SHARED + splat({ title: KASAN }))).toEqual(['- device_rbtree_find()']);
  });

  it('a use that the trace shows is told once', async () => {
    expect(
      await found(story(probe('intel_iommu', EINVAL), release), SHARED + splat({ title: KASAN })),
    ).toEqual([`${FN} intel_iommu_release_device()`]);
  });
});

describe('it is not', () => {
  it.each<[string, Splat]>([
    ['another error', { title: 'BUG: KASAN: slab-out-of-bounds in device_rbtree_find+0x5c/0xb0' }],
    [
      'another part of the kernel',
      { title: 'BUG: KASAN: slab-use-after-free in pci_slot_release+0x33e/0x3f0' },
    ],
    ['another driver', { title: 'BUG: KASAN: slab-use-after-free in arm_smmu_release_device+0x20/0x80' }],
    [
      'a frame that only may have been there',
      {
        title: 'BUG: KASAN: slab-use-after-free in rb_erase+0x10/0x80',
        frames: ['rb_erase+0x10/0x80', '? device_rbtree_find+0x5c/0xb0'],
      },
    ],
    ['before the probe failed', { title: KASAN, at: '1.000120' }],
  ])('%s', async (_, one) => {
    expect(await found(failed, SHARED + splat(one))).toEqual([]);
  });

  it('without a failed probe, or after a later one that succeeded', async () => {
    const log = SHARED + splat({ title: KASAN });
    expect(await found(story(probe('intel_iommu', OBJECT)), log)).toEqual([]);
    expect(await found(story(probe('intel_iommu', EINVAL), probe('intel_iommu', OBJECT)), log)).toEqual([]);
  });

  it('on AMD, which keeps its object', async () => {
    const log =
      SHARED + splat({ title: 'BUG: KASAN: slab-use-after-free in amd_iommu_release_device+0x20/0x80' });
    expect(await found(story(probe('amd_iommu', EINVAL)), log)).toEqual([]);
  });

  it('where the order of log and trace is unknown', async () => {
    const log = splat({ title: KASAN });
    expect(await found(failed, log)).toEqual([]);
    const analysis = await analyzeBytes({ 'trace.txt': failed.text(), 'dmesg.txt': log });
    const row = rowsOf(analysis.ruleCoverage).find(({ rule }) => rule === 'ATS041');
    expect(row?.why).toContain('The order of the splat and the failed probe is unknown.');
  });
});
