import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../tables/index.ts';
import { analyzeBytes } from '../support/pipeline.ts';

const DEVICE = '0000:01:00.0';

/** A trace of a kernel whose return probes have no arguments: what the probe of the driver makes is in the middle. */
function trace(...inside: readonly string[]): string {
  const lines = [
    `pci_device_add: (pci_device_add+0x0/0x6e0) bdf="${DEVICE}"`,
    `intel_iommu_probe_device: (intel_iommu_probe_device+0x0/0x4c0) bdf="${DEVICE}"`,
    ...inside,
    'intel_iommu_probe_device_ret: (__iommu_probe_device+0x5d/0x280 <- intel_iommu_probe_device) ret=0xff271a38c11ab740',
  ];
  return lines.map((line, i) => `sh-101 [001] ..... 2.00${i}000: ${line}\n`).join('');
}

const asks = (caller: string, question = 'pci_ats_supported', ret = 'ret=1') =>
  `${question}_ret: (${caller} <- ${question}) ${ret}`;

async function devicesOf(text: string, kind: string): Promise<(string | null)[]> {
  const analysis = await analyzeBytes({ 'trace.txt': text });
  return rowsOf(analysis.atsEvents)
    .filter((row) => row.kind === kind)
    .map((row) => row.function);
}

describe('a return that names no device', () => {
  const own = 'intel_iommu_probe_device+0x26d/0x4c0';

  it('is about the device of the function that made the call', async () => {
    expect(await devicesOf(trace(asks(own)), 'ats.supported')).toEqual([DEVICE]);
    const depth = asks(own, 'pci_ats_queue_depth', 'ret=32');
    expect(await devicesOf(trace(depth), 'ats.query')).toEqual([DEVICE]);
  });

  it('teaches what the device supports', async () => {
    const analysis = await analyzeBytes({ 'trace.txt': trace(asks(own)) });
    const learned = rowsOf(analysis.transitions).filter((row) => row.field === 'supported');
    expect(learned.map((row) => [row.function, row.new_value])).toEqual([[DEVICE, 1]]);
  });

  it.each([
    ['another function made the call', trace(asks('arm_smmu_attach_prepare+0x10/0x20'))],
    ['nothing names the caller', trace(asks("[unknown/kretprobe'd]"))],
    ['no call is around it', `sh-101 [001] ..... 1.000000: ${asks(own)}\n`],
  ])('stays without where %s', async (_what, text) => {
    expect(await devicesOf(text, 'ats.supported')).toEqual([null]);
  });

  it('stays without where the function around it works on many devices', async () => {
    const many = `sh-101 [001] ..... 1.000000: pci_iov_add_virtfn: (pci_iov_add_virtfn+0x0/0x320) id=0 bdf="${DEVICE}"
sh-101 [001] ..... 1.000001: ${asks('pci_iov_add_virtfn+0x10/0x320')}
sh-101 [001] ..... 1.000002: pci_iov_add_virtfn_ret: (sriov_enable+0x1f7/0x3b0 <- pci_iov_add_virtfn) ret=0
`;
    expect(await devicesOf(many, 'ats.supported')).toEqual([null]);
  });

  it('is about the device that its own entry names', async () => {
    const entry = 'pci_ats_supported: (pci_ats_supported+0x0/0x30) bdf="0000:02:00.0"';
    const analysis = await analyzeBytes({ 'trace.txt': trace(entry, asks(own)) });
    const learned = rowsOf(analysis.transitions).filter((row) => row.field === 'supported');
    expect(learned.map((row) => row.function)).toEqual(['0000:02:00.0']);
  });

  it('stays without where it changes something', async () => {
    const text = trace(asks(own, 'pci_prepare_ats', 'ps=12 ret=0'));
    expect(await devicesOf(text, 'ats.prepare')).toEqual([null]);
  });

  it('keeps the device that it names', async () => {
    const text = trace(asks(own, 'pci_ats_supported', 'ret=1 bdf="0000:02:00.0"'));
    expect(await devicesOf(text, 'ats.supported')).toEqual(['0000:02:00.0']);
  });
});

describe('VFs where probes cannot print is_virtfn', () => {
  const add = (device: string) => `pci_device_add: (pci_device_add+0x0/0x6e0) bdf="${device}"`;
  const text = (lines: readonly string[]) =>
    lines.map((line, i) => `sh-101 [001] ..... 2.0${String(i).padStart(2, '0')}000: ${line}\n`).join('');
  const VF = '0000:01:00.1';
  const vf = [
    `pci_iov_add_virtfn: (pci_iov_add_virtfn+0x0/0x320) id=0 bdf="${DEVICE}"`,
    add(VF),
    'pci_iov_add_virtfn_ret: (sriov_enable+0x1f7/0x3b0 <- pci_iov_add_virtfn) ret=0',
  ];

  async function kindsOf(lines: readonly string[]): Promise<[string | null, string, string | null][]> {
    const analysis = await analyzeBytes({ 'trace.txt': text(lines) });
    return rowsOf(analysis.functions).map((row) => [row.function, row.kind, row.pf]);
  }

  it('what is added while a PF adds a VF is that VF, and nothing else is one', async () => {
    expect(await kindsOf([add(DEVICE), ...vf, add('0000:02:00.0')])).toEqual([
      [DEVICE, 'pf', null],
      [VF, 'vf', DEVICE],
      ['0000:02:00.0', 'function', null],
    ]);
  });

  it('what else is recorded by its end alone is of no matter', async () => {
    const lone = `pci_enable_ats_ret: (x+0x1/0x2 <- pci_enable_ats) ret=0 bdf="0000:09:00.0"`;
    const kinds = await kindsOf([lone, add(DEVICE), ...vf, add('0000:02:00.0')]);
    expect(kinds.slice(1)).toEqual([
      [DEVICE, 'pf', null],
      [VF, 'vf', DEVICE],
      ['0000:02:00.0', 'function', null],
    ]);
  });

  it('nothing is known where adding VFs is not recorded from its beginning on', async () => {
    expect(await kindsOf([add(DEVICE)])).toEqual([[DEVICE, 'unknown', null]]);
    expect(await kindsOf([add(VF), vf[2]])).toEqual([[VF, 'unknown', null]]);
  });

  it('nothing is known of what another trace adds, which may have no probe on that call', async () => {
    const one = `# clock: mono\n${text([add(DEVICE), ...vf])}`;
    const other = `# clock: mono\n${text([add('0000:03:00.0')])}`;
    const analysis = await analyzeBytes({ 'one.txt': one, 'other.txt': other });
    const kinds = rowsOf(analysis.functions).map((row) => [row.function, row.kind]);
    expect(kinds).toContainEqual([VF, 'vf']);
    expect(kinds).toContainEqual(['0000:03:00.0', 'unknown']);
  });

  it('nothing is known where events were lost', async () => {
    const lines = text([add(DEVICE), ...vf, add('0000:02:00.0')]);
    const analysis = await analyzeBytes({
      'trace.txt': `${lines}CPU:1 [LOST 5 EVENTS]\n${text([add('0000:03:00.0')])}`,
    });
    const last = rowsOf(analysis.functions).find((row) => row.function === '0000:03:00.0');
    expect(last?.kind).toBe('unknown');
  });
});
