import { type Alternative, PROBES, type ProbeRow } from './probes.ts';

/**
 * Longest command line that x86 and Arm kernels take, without the byte that ends it (COMMAND_LINE_SIZE is 2048). What
 * the machine boots with already counts too.
 */
export const COMMAND_LINE_LIMIT = 2047;

/** What the command line asks for first: trace events that need no probe, a buffer, a clock. */
export const BOOT_SETTINGS =
  'trace_event=iommu:add_device_to_group,iommu:attach_device_to_domain,intel_iommu:cache_tag_assign trace_buf_size=2M trace_clock=mono';

/** Events in the order in which they are given up last: the contract of ATS first, then who the functions are. */
const BOOT_ORDER = [
  'pci_ats_supported_ret',
  'pci_prepare_ats_ret',
  'pci_enable_ats_ret',
  'pci_disable_ats',
  'pci_prepare_ats',
  'pci_enable_ats',
  'pci_write_config_word',
  'pci_device_add',
  'pci_iov_add_virtfn',
  'intel_iommu_probe_device_ret',
  'amd_iommu_probe_device_ret',
  'arm_smmu_probe_device_ret',
  'pci_ats_required_ret',
  'pci_stop_and_remove_bus_device',
];

/** What tells the least is left out of definitions at boot, where every byte counts. */
const SPARED = /^(pf|untrusted|cap|stu)=/;

/** A definition as the command line writes it: commas for spaces, no `maxactive`. */
function bootDefinition(row: ProbeRow, alternative: Alternative): string {
  const isWrite = row.known.kind === 'config.write';
  const kept = alternative.arguments
    .split(' ')
    .filter((text) => text !== '' && (isWrite || !SPARED.test(text) || isPrepared(row, text)));
  return [`${row.isReturn ? 'r' : 'p'}:ats/${row.name}`, row.known.symbol, ...kept].join(',');
}

/** The state that enable and disable compare: with it, one event tells what two would. */
function isPrepared(row: ProbeRow, text: string): boolean {
  return /^pci_(prepare|enable|disable)_ats/.test(row.known.symbol) && /^(cap|stu)=/.test(text);
}

/** Definitions for the command line, the most telling first. */
export function bootDefinitions(pick: (row: ProbeRow) => Alternative | null): string[] {
  return BOOT_ORDER.flatMap((name) => {
    const row = PROBES.find((candidate) => candidate.name === name);
    const alternative = row ? pick(row) : null;
    return row && alternative ? [bootDefinition(row, alternative)] : [];
  });
}

/**
 * The parameters for the kernel command line: as many definitions as fit beside what is there already. A kernel takes
 * each on its own and skips the ones it cannot have.
 */
export function bootCommandLine(definitions: readonly string[], usedBytes: number): string {
  const room = COMMAND_LINE_LIMIT - usedBytes - (usedBytes > 0 ? 1 : 0);
  let line = `kprobe_event=`;
  let count = 0;
  for (const definition of definitions) {
    const next = `${line}${count > 0 ? ';' : ''}${definition}`;
    if (next.length + 1 + BOOT_SETTINGS.length > room) continue;
    line = next;
    count++;
  }
  return count === 0 ? '' : `${line} ${BOOT_SETTINGS}`;
}
