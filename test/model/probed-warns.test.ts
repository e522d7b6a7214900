import { describe, expect, it } from 'vitest';
import { rowAt, rowsOf } from '../../tables/index.ts';
import { analyzeBytes, findingsOf } from '../support/pipeline.ts';

/** A log of 7.2 with caller ids, or without. */
function log(lines: readonly (readonly [string, string, string])[], callers = true): string {
  return lines
    .map(
      ([time, caller, text]) =>
        `[${Number(time).toFixed(6).padStart(12)}]${callers ? `[${caller.padStart(7)}]` : ''} ${text}\n`,
    )
    .join('');
}

const ADDED = (time: string, device = '0000:01:00.1', caller = 'T50') =>
  [time, caller, `pci ${device}: Adding to iommu group 7`] as const;
const SITE = 'drivers/iommu/intel/iommu.c:889 at iommu_enable_pci_ats+0x48/0x50';
const WARN = (time: string, through = 'iommu_bus_notifier+0x27/0x70', caller = 'T50', site = SITE) =>
  [
    [time, caller, '------------[ cut here ]------------'],
    [time, caller, `WARNING: ${site}, CPU#0: sh/50`],
    [time, caller, 'Modules linked in:'],
    [time, caller, 'Call Trace:'],
    [time, caller, ' <TASK>'],
    [time, caller, ' intel_iommu_attach_device+0x2de/0x3d0'],
    [time, caller, ` ${through}`],
    [time, caller, ' </TASK>'],
    [time, caller, '---[ end trace 0000000000000000 ]---'],
  ] as const;

async function functionsOf(text: string) {
  return findingsOf(await analyzeBytes({ 'dmesg.txt': text })).map((row) => `${row.rule} ${row.function}`);
}

describe('a WARN inside the probe of one device', () => {
  it('is about the device that its task just added to a group, and that line is evidence', async () => {
    const analysis = await analyzeBytes({ 'dmesg.txt': log([ADDED('5.1'), ...WARN('5.101')]) });
    const [finding, ...more] = findingsOf(analysis);
    expect([finding.rule, finding.function, more]).toEqual(['ATS094', '0000:01:00.1', []]);
    expect(finding.message).toMatch(/^ATS of 0000:01:00.1 could not be enabled: the IOMMU driver WARNs /);
    const [named] = rowsOf(analysis.evidence).filter((row) => row.role === 'names the device');
    expect(named.text).toContain('Adding to iommu group 7');
    expect(rowAt(analysis.verdict, 0).sentence).toMatch(/^1 warning was found and no error, but /);
  });

  it('is about the device of its own task where another adds one in between', async () => {
    const other = ADDED('5.1005', '0000:02:00.0', 'T77');
    expect(await functionsOf(log([ADDED('5.1'), other, ...WARN('5.101')]))).toEqual(['ATS094 0000:01:00.1']);
  });

  it('names the device without caller ids only from right in front', async () => {
    expect(await functionsOf(log([ADDED('5.1'), ...WARN('5.101')], false))).toEqual(['ATS094 0000:01:00.1']);
    const noise = [1, 2, 3].map((i) => [`5.100${i}`, 'T9', `usb 1-${i}: new device`] as const);
    expect(await functionsOf(log([ADDED('5.1'), ...noise, ...WARN('5.101')], false))).toEqual([
      'ATS094 null',
    ]);
  });

  it.each([
    ['pci_prepare_ats', 'ATS014', 'was prepared while ATS is on'],
    ['pci_enable_ats', 'ATS013', 'was enabled a second time'],
    ['pci_disable_ats', 'ATS015', 'was disabled although it is not on'],
  ])('may be in %s()', async (symbol, rule, what) => {
    const warn = WARN('5.101', undefined, undefined, `drivers/pci/ats.c:67 at ${symbol}+0x48/0x50`);
    const [finding] = findingsOf(await analyzeBytes({ 'dmesg.txt': log([ADDED('5.1'), ...warn]) }));
    expect([finding.rule, finding.function]).toEqual([rule, '0000:01:00.1']);
    expect(finding.message).toBe(
      `0000:01:00.1 ${what}: the kernel WARNs in ${symbol}(), task sh/50 on CPU 0. The WARN names no device; its task had just added this one to a group.`,
    );
  });

  it('stays unnamed outside a probe, long after it, and for another task', async () => {
    const elsewhere = 'vfio_group_fops_unl_ioctl+0x27/0x70';
    expect(await functionsOf(log([ADDED('5.1'), ...WARN('5.101', elsewhere)]))).toEqual(['ATS094 null']);
    expect(await functionsOf(log([ADDED('5.1'), ...WARN('7.2')]))).toEqual(['ATS094 null']);
    expect(await functionsOf(log([ADDED('5.1', '0000:01:00.1', 'T77'), ...WARN('5.101')]))).toEqual([
      'ATS094 null',
    ]);
  });
});
