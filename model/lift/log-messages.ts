import type { EventKindName } from '../events.ts';

/** A message of the kernel log that is an event of the model (contract section 8). */
export interface LogMessage {
  /** A cheap test before the pattern: every message of the kind has it. Six bytes or more (see `word-search.ts`). */
  readonly word: string;
  /** Named groups: `device`, `requester` (hex), `descriptor` (hex, its first quadword), `shift`, `index`, `power`, `bus` and `lastBus` (hex). */
  readonly pattern: RegExp;
  readonly kind: EventKindName;
  /** The address that the record begins with is that of the IOMMU or of a port, not of the function it is about. */
  readonly ofAnother?: true;
  /** An error of an invalidation queue; descriptors printed after it may tell the function. */
  readonly ofQueue?: true;
  /** Every boot prints many of them, and they matter only where this kind of event was seen. */
  readonly onlyBeside?: EventKindName;
}

/** Where a PCI address may lack its segment: VT-d before 7.2 and AMD before 5.x print none. */
const ADDRESS = '(?<device>(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7])';

function message(
  kind: EventKindName,
  word: string,
  pattern: RegExp | string,
  more: Pick<LogMessage, 'ofAnother' | 'ofQueue' | 'onlyBeside'> = {},
): LogMessage {
  return { kind, word, pattern: typeof pattern === 'string' ? new RegExp(pattern, 'i') : pattern, ...more };
}

const OF_ANOTHER = { ofAnother: true } as const;
const OF_QUEUE = { ofQueue: true } as const;

/** The first row of a record that fits is taken. */
export const LOG_MESSAGES: readonly LogMessage[] = [
  // drivers/pci/quirks.c, pci.c, iov.c, probe.c, hotplug/pciehp_ctrl.c, pcie/dpc.c, pcie/aer.c, pcie/err.c
  message('log.quirk', 'disabling ATS', /\bdisabling ATS\b/),
  message('log.noats', 'ATS is disabled', /^PCIe: ATS is disabled/),
  message('log.sriov', 'left SR-IOV enabled', /driver left SR-IOV enabled after remove/),
  message('log.sriov', 'VFs already enabled', /(?<index>\d+) VFs already enabled\. Disable before enabling/),
  message('log.sriov', 'VFs requested', /\d+ VFs requested; only (?<index>\d+) enabled/),
  message('log.sriov', 'MMIO resources for SR-IOV', /not enough MMIO resources for SR-IOV/),
  message('log.sriov', "can't enable", /can't enable (?<index>\d+) VFs \(bus/),
  message('log.sriov', 'IOV BARS', /SR-IOV: IOV BARS not allocated/),
  message('log.sriov', 'pcibios_sriov_enable', /failure -?\d+ from pcibios_sriov_enable\(\)/),
  message('log.sriov', 'modify SR-IOV', /Cannot modify SR-IOV while VFs are assigned/),
  message('log.sriov', 'contains BAR', /\bVF(?:\(n\))? BAR ?\d.*contains BAR ?\d for (?<index>\d+) VFs/),
  message('log.device_add', ' type ', /: \[[0-9a-f]{4}:[0-9a-f]{4}\] type [0-9a-f]{2} class 0x[0-9a-f]{6}/),
  message('log.reset', 'resetting', /[0-7]: resetting$/),
  message('log.reset', 'reset done', /[0-7]: reset done$/),
  message(
    'log.reset',
    'pending transaction',
    /timed out waiting for pending transaction; performing (?:AF )?function level reset/,
  ),
  message('log.reset', 'stop IOMMU', /failed to stop IOMMU for a PCI reset/),
  message('log.reset', 'ready ', /: (?:not )?ready \d+ms after (?:FLR|bus reset|PM D3hot->D0|DPC|resume)/),
  message('log.reset', 'prematurely unblocked', /DMA-aliased sibling may be prematurely unblocked/),
  message('log.power', 'change power state', /Unable to change power state from (?<power>\S+) to \S+/i),
  message(
    'log.aer',
    ' received',
    `AER: .*\\b(?:error|message) (?:message )?received(?:: | from )${ADDRESS}`,
    {
      ...OF_ANOTHER,
    },
  ),
  message('log.aer', 'Bus Error: severity', /(?:PCIe|CXL) Bus Error: severity=/),
  message('log.link_up', 'device recovery', /AER: device recovery successful/),
  message('log.aer', 'device recovery', /AER: device recovery failed/),
  message('log.link_down', 'Link Down', /\bpciehp: Slot\([^)]*\): Link Down$/),
  message('log.link_down', 'Card not present', /\bpciehp: Slot\([^)]*\): Card not present$/),
  message('log.link_down', 'containment event', /\bDPC: containment event\b/),
  message(
    'log.link_up',
    'pciehp: Slot(',
    /\bpciehp: Slot\([^)]*\): (?:Link Up|Card present|Link Down\/Up ignored)/,
  ),
  message(
    'log.bridge',
    'bridge to [bus',
    /\bPCI bridge to \[bus (?<bus>[0-9a-f]{2})(?:-(?<lastBus>[0-9a-f]{2}))?\]/,
    {
      onlyBeside: 'log.link_down',
    },
  ),
  message('log.fault', 'UnsupReq', /\[ ?\d+\] UnsupReq\b/),
  message('log.fault', 'ACSViol', /\[ ?\d+\] ACSViol\b/),
  // drivers/iommu/iommu.c
  message('log.group_add', 'Adding to iommu group', /Adding to iommu group (?<index>\d+)/),
  message('log.group_remove', 'Removing from iommu group', /Removing from iommu group (?<index>\d+)/),
  message('log.group_failed', 'add to iommu group', /Failed to add to iommu group (?<index>\d+)/),
  message('log.policy', 'efault domain type', /iommu: Default domain type: /i),
  message('log.policy', 'invalidation policy', /DMA domain TLB invalidation policy: /),
  message('log.probe_failed', 'something fishy here', /late IOMMU probe at driver bind/),
  // drivers/iommu/intel/dmar.c, iommu.c
  message(
    'log.timeout',
    'Time-out Error',
    /VT-d detected Invalidation Time-out Error(?:: SID (?<requester>[0-9a-f]+))?/,
    OF_QUEUE,
  ),
  message(
    'log.invalidation_error',
    'Completion Error',
    /VT-d detected Invalidation Completion Error(?:: SID (?<requester>[0-9a-f]+))?/,
    OF_QUEUE,
  ),
  message('log.invalidation_error', 'Queue Error', /VT-d detected Invalidation Queue Error/, OF_QUEUE),
  message(
    'log.descriptor',
    'Device-TLB Invalidation qw0',
    /QI (?:HEAD|PRIOR): (?:PASID-based )?Device-TLB Invalidation qw0 = 0x(?<descriptor>[0-9a-f]{1,16})\b/,
  ),
  message(
    'log.invalidation_error',
    ' cleared',
    /Invalidation (?:Queue|Time-out|Completion) Error \(I[QTC]E\) cleared/,
  ),
  // Reasons that only requests for or with translations cause.
  message(
    'log.fault',
    'Request device [',
    `Request device \\[${ADDRESS}\\].*fault reason (?:0x(?:0d|32|44)|13|50|68)\\b`,
  ),
  message('log.other_fault', 'Request device [', `Request device \\[${ADDRESS}\\]`),
  message('log.other_fault', 'fault status reg', /DRHD: handling fault status reg/),
  message('log.policy', 'TSR flags', /DMAR: ATSR flags: /),
  message('log.policy', 'SATC flags', /DMAR: SATC flags: /),
  message('log.policy', 'DRHD base', /DMAR: DRHD base: /),
  message('log.probe_failed', 'PASID table allocation', /PASID table allocation failed/),
  // drivers/iommu/amd/iommu.c, init.c
  message('log.timeout', 'IOTLB_INV_TIMEOUT', `IOTLB_INV_TIMEOUT device=${ADDRESS}`),
  message('log.timeout', 'Completion-Wait loop', /Completion-Wait loop timed out/, OF_ANOTHER),
  message('log.invalidation_error', 'buffer timeout', /AMD-Vi: .*Command buffer timeout/, OF_ANOTHER),
  message('log.fault', '_REQUEST device=', `INVALID_(?:DEVICE|PPR)_REQUEST device=${ADDRESS}`),
  message('log.invalidation_error', 'ILLEGAL_COMMAND', /Event logged \[ILLEGAL_COMMAND_ERROR/, OF_ANOTHER),
  message('log.invalidation_error', 'COMMAND_HARDWARE', /Event logged \[COMMAND_HARDWARE_ERROR/, OF_ANOTHER),
  message('log.other_fault', 'Event logged [', `Event logged \\[[A-Z_]+ (?:.*?)device=${ADDRESS}`),
  message('log.other_fault', 'Event logged [', /Event logged \[(?:[A-Z_]+ |Device not attached)/),
  message('log.probe_failed', 'trying to proceed', /Failed to initialize - trying to proceed anyway/),
  message('log.no_support', 'required iommu flags', /required iommu flags ats 0/),
  // drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c
  // From 7.3 on the text of a WARN, which begins with the bare address.
  message(
    'log.enable_failed',
    'Failed to enable ATS',
    `(?:^${ADDRESS}: )?Failed to enable ATS \\(STU (?<shift>\\d+)\\)`,
  ),
  message('log.probe_failed', 'Failed to enable PASID', /Failed to enable PASID/),
  message('log.no_support', 'support ATS', /SMMU doesn't support ATS\b/),
  message('log.timeout', 'invalidate timeout', /ATC invalidate timeout/),
  message('log.invalidation_error', 'CMDQ error', /CMDQ error \(cons 0x[0-9a-f]+\): /),
  message('log.invalidation_error', 'CMD_SYNC timeout', /CMD_SYNC timeout at /),
  message('log.invalidation_error', 'CMDQ timeout', /\bCMDQ timeout/),
  message('log.fault', 'client:', `event: UNKNOWN client: ${ADDRESS}`),
  message('log.other_fault', 'client:', `event: \\S+ client: ${ADDRESS}`),
  // Bad ATS translation request, translated access forbidden; the raw words name a stream, not a function.
  message('log.fault', ' received:', /\bevent 0x0[57] received:/),
  message('log.other_fault', ' received:', /\bevent 0x[0-9a-f]{2} received:/),
  message('log.other_fault', 'context fault', /Unhandled context fault: /),
  message('log.invalidation_error', 'EVTQ overflow', /EVTQ overflow detected/),
  message('log.other_fault', 'PRI request', /unexpected PRI request received/),
  message(
    'log.probe_failed',
    'Aliasing StreamID',
    `Aliasing StreamID 0x[0-9a-f]+ \\(from ${ADDRESS}\\) unsupported`,
  ),
  message('log.probe_failed', 'already in tree', `stream \\d+ already in tree from dev ${ADDRESS}`),
];
