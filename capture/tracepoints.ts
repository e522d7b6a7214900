import type { GroupName } from './recipes.ts';

/**
 * Trace events of the kernel. Those the model knows are needed by rules; the others are for people who read along. The
 * filter of qi_submit keeps descriptors of device TLBs (types 3 and 8): all others are many and say nothing of ATS.
 */
export const TRACEPOINTS: readonly {
  readonly group: GroupName;
  readonly system: string;
  readonly name: string;
  readonly filter?: string;
}[] = [
  { group: 'iommu', system: 'iommu', name: 'add_device_to_group' },
  { group: 'iommu', system: 'iommu', name: 'remove_device_from_group' },
  { group: 'iommu', system: 'iommu', name: 'attach_device_to_domain' },
  { group: 'iommu', system: 'iommu', name: 'detach_device_from_domain' },
  { group: 'iommu', system: 'intel_iommu', name: 'cache_tag_assign' },
  { group: 'iommu', system: 'intel_iommu', name: 'cache_tag_unassign' },
  {
    group: 'invalidate',
    system: 'intel_iommu',
    name: 'qi_submit',
    filter:
      '((qw0 & 1) && (qw0 & 2) && !(qw0 & 4) && !(qw0 & 8)) || ((qw0 & 8) && !(qw0 & 1) && !(qw0 & 2) && !(qw0 & 4))',
  },
  { group: 'context', system: 'intel_iommu', name: 'prq_report' },
  { group: 'context', system: 'iommu', name: 'io_page_fault' },
  { group: 'context', system: 'ras', name: 'aer_event' },
  { group: 'context', system: 'pci', name: 'pci_hp_event' },
  { group: 'context', system: 'pci', name: 'pcie_link_event' },
  { group: 'context', system: 'printk', name: 'console' },
];
