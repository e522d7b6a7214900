import { describe, expect, it } from 'vitest';
import { LOG_MESSAGES } from '../../model/lift/log-messages.ts';
import { rowsOf } from '../../tables/index.ts';
import { analyzeBytes, findingsOf, labelsOf } from '../support/pipeline.ts';

const DEV = '0000:02:00.0';
const PORT = '0000:00:1c.0';

/** Messages as the kernel prints them (contract section 8), what each becomes, and the function it names. */
const CASES: readonly (readonly [message: string, kind: string, device: string | null])[] = [
  [`pci ${DEV}: disabling ATS`, 'log.quirk', DEV],
  ['PCIe: ATS is disabled', 'log.noats', null],
  [`example ${DEV}: driver left SR-IOV enabled after remove`, 'log.sriov', DEV],
  [`example ${DEV}: 2 VFs already enabled. Disable before enabling 4 VFs`, 'log.sriov', DEV],
  [`example ${DEV}: 8 VFs requested; only 4 enabled`, 'log.sriov', DEV],
  [`example ${DEV}: not enough MMIO resources for SR-IOV`, 'log.sriov', DEV],
  [`example ${DEV}: can't enable 4 VFs (bus 03 out of range of [bus 02])`, 'log.sriov', DEV],
  [`example ${DEV}: SR-IOV: IOV BARS not allocated`, 'log.sriov', DEV],
  [`example ${DEV}: failure -22 from pcibios_sriov_enable()`, 'log.sriov', DEV],
  [`example ${DEV}: Cannot modify SR-IOV while VFs are assigned`, 'log.sriov', DEV],
  [`pci ${DEV}: VF BAR 0 [mem 0x10000000-0x1000ffff 64bit pref]: contains BAR 0 for 4 VFs`, 'log.sriov', DEV],
  [
    `pci ${DEV}: VF(n) BAR0 space: [mem 0x10000000-0x1000ffff 64bit] (contains BAR0 for 4 VFs)`,
    'log.sriov',
    DEV,
  ],
  [`pci ${DEV}: [1af4:1041] type 00 class 0x020000 PCIe Endpoint`, 'log.device_add', DEV],
  [`example ${DEV}: resetting`, 'log.reset', DEV],
  [`example ${DEV}: reset done`, 'log.reset', DEV],
  [
    `example ${DEV}: timed out waiting for pending transaction; performing function level reset anyway`,
    'log.reset',
    DEV,
  ],
  [
    `example ${DEV}: timed out waiting for pending transaction; performing AF function level reset anyway`,
    'log.reset',
    DEV,
  ],
  [`example ${DEV}: failed to stop IOMMU for a PCI reset: -16`, 'log.reset', DEV],
  [`example ${DEV}: not ready 65535ms after FLR; giving up`, 'log.reset', DEV],
  [`example ${DEV}: not ready 1023ms after bus reset; waiting`, 'log.reset', DEV],
  [`example ${DEV}: ready 2047ms after FLR`, 'log.reset', DEV],
  [`example ${DEV}: DMA-aliased sibling may be prematurely unblocked`, 'log.reset', DEV],
  [`example ${DEV}: Unable to change power state from D3cold to D0, device inaccessible`, 'log.power', DEV],
  [`pcieport ${PORT}: AER: Correctable error message received from ${DEV}`, 'log.aer', DEV],
  [`pcieport ${PORT}: AER: Multiple Uncorrectable (Non-Fatal) error received: ${DEV}`, 'log.aer', DEV],
  [
    `example ${DEV}: PCIe Bus Error: severity=Uncorrectable (Non-Fatal), type=Transaction Layer`,
    'log.aer',
    DEV,
  ],
  [`example ${DEV}: CXL Bus Error: severity=Correctable, type=Physical Layer, (Receiver ID)`, 'log.aer', DEV],
  [`example ${DEV}: AER: device recovery successful`, 'log.link_up', DEV],
  [`example ${DEV}: AER: device recovery failed`, 'log.aer', DEV],
  [`pcieport ${DEV}: pciehp: Slot(3): Link Down`, 'log.link_down', DEV],
  [`pcieport ${DEV}: pciehp: Slot(3): Card not present`, 'log.link_down', DEV],
  [`pcieport ${DEV}: DPC: containment event, status:0x1f01 source:0x0200`, 'log.link_down', DEV],
  [`pcieport ${DEV}: pciehp: Slot(3): Link Up`, 'log.link_up', DEV],
  [`pcieport ${DEV}: pciehp: Slot(3): Card present`, 'log.link_up', DEV],
  [`pcieport ${DEV}: pciehp: Slot(3): Link Down/Up ignored (recovered by DPC)`, 'log.link_up', DEV],
  [`example ${DEV}:    [20] UnsupReq               (First)`, 'log.fault', DEV],
  [`example ${DEV}:    [21] ACSViol                (First)`, 'log.fault', DEV],
  [`pci ${DEV}: Adding to iommu group 6`, 'log.group_add', DEV],
  [`pci ${DEV}: Removing from iommu group 6`, 'log.group_remove', DEV],
  [`pci ${DEV}: Failed to add to iommu group 6: -12`, 'log.group_failed', DEV],
  ['iommu: Default domain type: Translated', 'log.policy', null],
  ['iommu: DMA domain TLB invalidation policy: lazy mode', 'log.policy', null],
  [`example ${DEV}: late IOMMU probe at driver bind, something fishy here!`, 'log.probe_failed', DEV],
  ['DMAR: VT-d detected Invalidation Time-out Error: SID 200', 'log.timeout', DEV],
  ['DMAR: VT-d detected Invalidation Time-out Error: SID ffff', 'log.timeout', null],
  ['DMAR: VT-d detected Invalidation Completion Error: SID 200', 'log.invalidation_error', DEV],
  ['DMAR: VT-d detected Invalidation Queue Error: Reason 4', 'log.invalidation_error', null],
  ['DMAR: Invalidation Time-out Error (ITE) cleared', 'log.invalidation_error', null],
  [
    'DMAR: QI HEAD: Device-TLB Invalidation qw0 = 0x20000100003, qw1 = 0x7ffffffffffff001',
    'log.descriptor',
    DEV,
  ],
  [
    'DMAR: [DMA Read NO_PASID] Request device [02:00.0] fault addr 0x1000 [fault reason 0x0d] PCE for translation request',
    'log.fault',
    DEV,
  ],
  [
    'DMAR: [DMA Write PASID 0x7] Request device [0000:02:00.0] fault addr 0x1000 [fault reason 0x44] SM: DTE field in Context Entry is clear',
    'log.fault',
    DEV,
  ],
  [
    'DMAR: [DMA Write] Request device [02:00.0] fault addr 1000 [fault reason 05] PTE Write access is not set',
    'log.other_fault',
    DEV,
  ],
  ['DMAR: DRHD: handling fault status reg 2', 'log.other_fault', null],
  ['DMAR: ATSR flags: 0x0', 'log.policy', null],
  ['DMAR: SATC flags: 0x1', 'log.policy', null],
  ['DMAR: DRHD base: 0x000000fed90000 flags: 0x1', 'log.policy', null],
  [`example ${DEV}: DMAR: PASID table allocation failed`, 'log.probe_failed', DEV],
  ['AMD-Vi: Event logged [IOTLB_INV_TIMEOUT device=02:00.0 address=0x1000]', 'log.timeout', DEV],
  ['AMD-Vi: Completion-Wait loop timed out', 'log.timeout', null],
  ['AMD-Vi: IOMMU 0000:00:00.2: Completion-Wait loop timed out', 'log.timeout', null],
  ['AMD-Vi: Command buffer timeout', 'log.invalidation_error', null],
  [
    'AMD-Vi: Event logged [INVALID_DEVICE_REQUEST device=0000:02:00.0 pasid=0x00000 address=0x1000 flags=0x0a00]',
    'log.fault',
    DEV,
  ],
  [
    'AMD-Vi: Event logged [INVALID_PPR_REQUEST device=02:00.0 pasid=0x00000 address=0x1000]',
    'log.fault',
    DEV,
  ],
  [
    `pci 0000:00:00.2: AMD-Vi: Event logged [ILLEGAL_COMMAND_ERROR address=0x1000]`,
    'log.invalidation_error',
    null,
  ],
  [
    `pci 0000:00:00.2: AMD-Vi: Event logged [COMMAND_HARDWARE_ERROR address=0x1000 flags=0x0]`,
    'log.invalidation_error',
    null,
  ],
  [
    `example ${DEV}: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x000a address=0x1000 flags=0x0020]`,
    'log.other_fault',
    DEV,
  ],
  [
    'AMD-Vi: Event logged [IO_PAGE_FAULT device=02:00.0 domain=0x000a address=0x1000 flags=0x0020]',
    'log.other_fault',
    DEV,
  ],
  [
    'AMD-Vi: Event logged [ILLEGAL_DEV_TABLE_ENTRY device=02:00.0 pasid=0x00000 address=0x1000 flags=0x0080]',
    'log.other_fault',
    DEV,
  ],
  [`example ${DEV}: AMD-Vi: Event logged [Device not attached to domain properly]`, 'log.other_fault', DEV],
  [`example ${DEV}: AMD-Vi: Failed to initialize - trying to proceed anyway`, 'log.probe_failed', DEV],
  ['kfd kfd: error required iommu flags ats 0, pri 1, pasid 1', 'log.no_support', null],
  [`example ${DEV}: Failed to enable ATS (STU 12)`, 'log.enable_failed', DEV],
  [`example ${DEV}: Failed to enable PASID`, 'log.probe_failed', DEV],
  [`example ${DEV}: SMMU doesn't support ATS`, 'log.no_support', DEV],
  [`example ${DEV}: SMMU doesn't support ATS to be always on`, 'log.no_support', DEV],
  [
    'arm-smmu-v3 arm-smmu-v3.0.auto: CMDQ error (cons 0x0302bb84): ATC invalidate timeout',
    'log.timeout',
    null,
  ],
  [
    'arm-smmu-v3 arm-smmu-v3.0.auto: CMDQ error (cons 0x0302bb84): Illegal command',
    'log.invalidation_error',
    null,
  ],
  [
    'arm-smmu-v3 arm-smmu-v3.0.auto: CMD_SYNC timeout at 0x00000010 [hwprod 0x00000010, hwcons 0x0000000e]',
    'log.invalidation_error',
    null,
  ],
  ['arm-smmu-v3 arm-smmu-v3.0.auto: CMDQ timeout', 'log.invalidation_error', null],
  [
    'arm-smmu-v3 arm-smmu-v3.0.auto: event: UNKNOWN client: 0000:02:00.0 sid: 0x200 ssid: 0x0',
    'log.fault',
    DEV,
  ],
  [
    'arm-smmu-v3 arm-smmu-v3.0.auto: event: F_TRANSLATION client: 0000:02:00.0 sid: 0x200 ssid: 0x0',
    'log.other_fault',
    DEV,
  ],
  ['arm-smmu-v3 arm-smmu-v3.0.auto: event 0x05 received:', 'log.fault', null],
  ['arm-smmu-v3 arm-smmu-v3.0.auto: event 0x10 received:', 'log.other_fault', null],
  ['arm-smmu 12000000.iommu: Unhandled context fault: fsr=0x402, iova=0x1000', 'log.other_fault', null],
  ['arm-smmu-v3 arm-smmu-v3.0.auto: EVTQ overflow detected -- events lost', 'log.invalidation_error', null],
  ['arm-smmu-v3 arm-smmu-v3.0.auto: unexpected PRI request received:', 'log.other_fault', null],
  [
    'arm-smmu-v3 arm-smmu-v3.0.auto: Aliasing StreamID 0x200 (from 0000:02:00.0) unsupported, expect DMA to be broken',
    'log.probe_failed',
    DEV,
  ],
  [
    'arm-smmu-v3 arm-smmu-v3.0.auto: stream 512 already in tree from dev 0000:02:00.0',
    'log.probe_failed',
    DEV,
  ],
];

/** Messages that look alike and are none. */
const OTHERS = [
  'example: resetting the counter',
  'usb 1-1: reset high-speed USB device number 2 using xhci_hcd',
  'systemd[1]: Adding to iommu group',
  'Freeing unused kernel memory: 12 VFs',
  'nvme nvme0: I/O 5 QID 0 timeout, reset controller',
  'EDAC DEBUG: ATS is disabled here',
];

async function lifted(message: string) {
  const analysis = await analyzeBytes({ 'dmesg.txt': `[    1.000000] ${message}\n` });
  return rowsOf(analysis.atsEvents).map((row) => [row.kind, row.function]);
}

describe('messages of the contract become events of the model', () => {
  it.each(CASES)('%s', async (message, kind, device) => {
    expect(await lifted(message)).toEqual([[kind, device]]);
  });

  it('the others do not', async () => {
    for (const message of OTHERS) expect(await lifted(message), message).toEqual([]);
  });

  it('every row of the table is met by one of these', () => {
    for (const row of LOG_MESSAGES) {
      // test/model/links.test.ts
      if (row.onlyBeside) continue;
      const met = CASES.some(([text, kind]) => {
        const first = LOG_MESSAGES.find((other) => text.includes(other.word) && other.pattern.test(text));
        return first === row && row.kind === kind;
      });
      expect(met, `${row.kind} ${row.pattern}`).toBe(true);
    }
  });

  it('a word that ends in the next message is none', async () => {
    const analysis = await analyzeBytes({
      'dmesg.txt': `[    1.000000] pci ${DEV}: disabling\n[    1.100000]  ATS\n[    1.200000] pci ${DEV}: disabling ATS\n`,
    });
    expect(rowsOf(analysis.atsEvents).map((row) => row.line)).toEqual([3]);
  });
});

describe('the WARN of SMMUv3 on 7.3, whose text names the device', () => {
  const splat = (text: string) =>
    [
      '[    5.200000] ------------[ cut here ]------------',
      ...(text === '' ? [] : [`[    5.200001] ${text}`]),
      '[    5.200010] WARNING: drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c:3030 at arm_smmu_enable_ats+0x90/0xb0, CPU#1: sh/150',
      '[    5.200030] CPU: 1 UID: 0 PID: 150 Comm: sh Not tainted 7.3.4 #1',
      '[    5.200040] Call trace:',
      '[    5.200050]  arm_smmu_enable_ats+0x90/0xb0 (P)',
      '[    5.200070] ---[ end trace 0000000000000000 ]---',
      '',
    ].join('\n');

  it('is one finding, on that device', async () => {
    const analysis = await analyzeBytes({ 'dmesg.txt': splat(`${DEV}: Failed to enable ATS (STU 13)`) });
    expect(labelsOf(analysis)).toEqual([`ATS016@${DEV}`]);
  });

  it('stays a WARN without a device where the text is missing or another', async () => {
    for (const text of ['', `${DEV}: something else`])
      expect(labelsOf(await analyzeBytes({ 'dmesg.txt': splat(text) }))).toEqual(['ATS094@-']);
  });

  it('does not hide another WARN', async () => {
    const other = splat('').replaceAll('5.2', '6.2');
    const text = splat(`${DEV}: Failed to enable ATS (STU 13)`) + other;
    expect(labelsOf(await analyzeBytes({ 'dmesg.txt': text })).toSorted()).toEqual([
      `ATS016@${DEV}`,
      'ATS094@-',
    ]);
  });
});

describe('several boots in one log', () => {
  const boot = '[    0.000000] Linux version 7.2.13 (x) #1 SMP\n';
  const added = `[    1.000000] pci ${DEV}: Adding to iommu group 6\n`;
  const quirk = `[    0.900000] pci ${DEV}: disabling ATS\n`;

  it('a quirk in the second is not one after the probe in the first', async () => {
    expect(labelsOf(await analyzeBytes({ 'dmesg.txt': boot + added + boot + quirk + added }))).toEqual([]);
    const late = quirk.replace('0.9', '1.9');
    expect(labelsOf(await analyzeBytes({ 'dmesg.txt': boot + added + boot + added + late }))).toEqual([
      `ATS020@${DEV}`,
    ]);
  });

  it('the functions of each are functions of their own', async () => {
    const analysis = await analyzeBytes({ 'dmesg.txt': boot + added + boot + added });
    expect(rowsOf(analysis.functions).map((row) => [row.function, row.generation])).toEqual([
      [DEV, 0],
      [DEV, 1],
    ]);
  });
});

describe('time-outs', () => {
  it('are one finding for each function, with their number', async () => {
    const line = '[    1.000000] AMD-Vi: Event logged [IOTLB_INV_TIMEOUT device=02:00.0 address=0x1000]\n';
    const wait = '[    1.000000] AMD-Vi: Completion-Wait loop timed out\n';
    const analysis = await analyzeBytes({ 'dmesg.txt': line + wait + line + wait + wait });
    expect(
      findingsOf(analysis).map((row) => [row.rule, row.function, /first of (\d)/.exec(row.message)?.[1]]),
    ).toEqual([
      ['ATS036', DEV, '2'],
      ['ATS036', null, '3'],
    ]);
  });

  it('without a requester id are of the function that a descriptor names, which is evidence', async () => {
    const head =
      '[    1.000003] DMAR: QI HEAD: PASID-based Device-TLB Invalidation qw0 = 0x2000008, qw1 = 0x1\n';
    const prior = '[    1.000004] DMAR: QI PRIOR: Device-TLB Invalidation qw0 = 0x30000000003, qw1 = 0x1\n';
    const analysis = await analyzeBytes({
      'dmesg.txt': `[    1.000000] DMAR: VT-d detected Invalidation Time-out Error: SID 0\n[    1.000002] DMAR: VT-d detected Invalidation Completion Error: SID 0\n${head}${prior}`,
    });
    expect(findingsOf(analysis).map((row) => [row.rule, row.function])).toEqual([['ATS036', DEV]]);
    expect(
      rowsOf(analysis.evidence)
        .filter((row) => row.finding === 0)
        .map((row) => [row.role, row.line, row.text]),
    ).toEqual([
      ['the time-out', 1, '[    1.000000] DMAR: VT-d detected Invalidation Time-out Error: SID 0'],
      ['names the device', 3, head.trimEnd()],
    ]);
    expect(rowsOf(analysis.atsEvents).map((row) => [row.kind, row.function])).toEqual([
      ['log.timeout', DEV],
      ['log.invalidation_error', DEV],
      ['log.descriptor', DEV],
      ['log.descriptor', '0000:03:00.0'],
    ]);
  });

  it('without a requester id and far from a descriptor name none, nor do those of another log', async () => {
    const out = '[    1.000000] DMAR: VT-d detected Invalidation Time-out Error: SID 0\n';
    const head = '[    1.000003] DMAR: QI HEAD: Device-TLB Invalidation qw0 = 0x20000000003, qw1 = 0x1\n';
    const far = await analyzeBytes({ 'dmesg.txt': out + '[    1.000001] other\n'.repeat(5) + head });
    expect(labelsOf(far)).toEqual(['ATS036@-']);
    const apart = await analyzeBytes({ 'a.txt': out, 'b.txt': head });
    expect(labelsOf(apart)).toEqual(['ATS036@-']);
  });

  it('with all bits set tell that the registers are gone: a warning', async () => {
    const analysis = await analyzeBytes({
      'dmesg.txt': '[    1.000000] DMAR: VT-d detected Invalidation Time-out Error: SID ffff\n',
    });
    expect(findingsOf(analysis).map((row) => [row.rule, row.function, row.severity])).toEqual([
      ['ATS036', null, 'warning'],
    ]);
  });

  it('a CPU that is stuck where it waits for a device is one', async () => {
    const lockup = (frame: string) =>
      [
        '[   50.000000] watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [kworker/3:1:77]',
        '[   50.000001] CPU: 3 PID: 77 Comm: kworker/3:1 Not tainted 6.12.0 #1',
        '[   50.000002] RIP: 0010:qi_submit_sync+0x2c0/0x490',
        '[   50.000003] Call Trace:',
        '[   50.000004]  <TASK>',
        `[   50.000005]  ${frame}+0xb1/0xd0`,
        '[   50.000006]  iommu_release_device+0x1f/0x40',
        '[   50.000007]  </TASK>',
        '',
      ].join('\n');
    const stuck = await analyzeBytes({ 'dmesg.txt': lockup('qi_flush_dev_iotlb') });
    expect(labelsOf(stuck)).toEqual(['ATS036@-']);
    expect(rowsOf(stuck.findings)[0].message).toContain('qi_flush_dev_iotlb()');
    expect(labelsOf(await analyzeBytes({ 'dmesg.txt': lockup('qi_flush_iotlb') }))).toEqual([]);
  });
});

describe('what a log itself says that it lacks', () => {
  const reasonsOf = async (log: string) =>
    rowsOf((await analyzeBytes({ 'dmesg.txt': log })).verdictReasons)
      .filter((row) => /suppressed|lost/.test(row.code))
      .map((row) => [row.code, row.decisive, row.reason]);

  it('reports of the IOMMU that a rate limit left out leave the verdict open; those of others do not', async () => {
    for (const other of ['net_ratelimit', 'amdgpu_irq_dispatch', 'intel_pstate_update'])
      expect(await reasonsOf(`[    2.000000] ${other}: 5 callbacks suppressed\n`)).toEqual([]);
    expect(
      await reasonsOf(
        '[    1.000000] dmar_fault: 33 callbacks suppressed\n[    2.000000] dmar_fault: 4 callbacks suppressed\n',
      ),
    ).toEqual([
      [
        'suppressed-reports',
        true,
        'The kernel left out 37 reports of dmar_fault(), so faults and time-outs may be missing.',
      ],
    ]);
  });

  it('messages that a console dropped leave it open', async () => {
    const log = `[    1.000000] pci ${DEV}: Adding to iommu group 6\n** 12 printk messages dropped **\n[    2.000000] x\n`;
    expect(await reasonsOf(log)).toEqual([
      ['lost-events', true, 'dmesg.txt lost 12 messages in 1 place; state is unknown after each.'],
    ]);
  });
});
