/** What an event means to the model: its kind, where it comes from, and what it tells. */
export interface EventKindDef {
  readonly name: string;
  readonly doc: string;
}

/**
 * The vocabulary of the model. An event of these kinds is an entry, a return, or a point in time. The position in this
 * list is the number stored in columns.
 */
export const EVENT_KINDS = [
  { name: 'ats.init', doc: 'The PCI core looks for the ATS capability of a function (`pci_ats_init`).' },
  { name: 'ats.supported', doc: 'Somebody asks whether a function may use ATS (`pci_ats_supported`).' },
  { name: 'ats.prepare', doc: 'The translation unit of a function is set before use (`pci_prepare_ats`).' },
  { name: 'ats.enable', doc: 'ATS of a function is switched on (`pci_enable_ats`).' },
  { name: 'ats.disable', doc: 'ATS of a function is switched off (`pci_disable_ats`).' },
  { name: 'ats.restore', doc: 'ATS Control is written again after a reset (`pci_restore_ats_state`).' },
  { name: 'ats.required', doc: 'Somebody asks whether a function must have ATS on (`pci_ats_required`).' },
  { name: 'ats.query', doc: 'Queue depth or page-aligned request bit is asked for.' },
  { name: 'pasid.enable', doc: '`pci_enable_pasid`.' },
  { name: 'pasid.disable', doc: '`pci_disable_pasid`.' },
  { name: 'pasid.restore', doc: '`pci_restore_pasid_state`.' },
  { name: 'pri.enable', doc: '`pci_enable_pri`.' },
  { name: 'pri.disable', doc: '`pci_disable_pri`.' },
  { name: 'pri.reset', doc: '`pci_reset_pri`.' },
  { name: 'pri.restore', doc: '`pci_restore_pri_state`.' },
  { name: 'iommu.probe', doc: 'An IOMMU driver takes a device (its `probe_device`).' },
  { name: 'iommu.finalize', doc: 'An IOMMU driver finishes taking a device (its `probe_finalize`).' },
  { name: 'iommu.release', doc: 'An IOMMU driver lets a device go (its `release_device`).' },
  { name: 'iommu.attach', doc: 'A device is attached to a domain.' },
  { name: 'iommu.block', doc: 'A device is put into the blocked domain.' },
  { name: 'iommu.core', doc: 'The IOMMU core works on a device (probe, group, deinit).' },
  { name: 'iommu.group_add', doc: 'A device was added to an IOMMU group.' },
  { name: 'iommu.group_remove', doc: 'A device was removed from an IOMMU group.' },
  { name: 'iommu.attached', doc: 'A device was attached to a domain with success.' },
  {
    name: 'cachetag.assign',
    doc: 'VT-d registers a user of a translation cache (type devtlb: it believes ATS is on).',
  },
  { name: 'cachetag.unassign', doc: 'VT-d removes that registration.' },
  { name: 'invalidate', doc: 'A device translation cache is told to forget.' },
  { name: 'device.add', doc: 'The PCI core adds a function (`pci_device_add`).' },
  { name: 'device.remove', doc: 'The PCI core removes a function.' },
  {
    name: 'device.alias',
    doc: 'A function is visited under one of its requester ids (a callback of `pci_for_each_dma_alias`).',
  },
  { name: 'vf.add', doc: 'The PCI core adds a VF of a PF (`pci_iov_add_virtfn`); the event names the PF.' },
  {
    name: 'vf.remove',
    doc: 'The PCI core removes a VF of a PF (`pci_iov_remove_virtfn`); the event names the PF.',
  },
  { name: 'sriov.enable', doc: 'SR-IOV of a PF is switched on.' },
  { name: 'sriov.disable', doc: 'SR-IOV of a PF is switched off.' },
  { name: 'reset.function', doc: 'A reset that saves and restores a function (`pci_reset_function`).' },
  { name: 'reset.flr', doc: 'The reset itself (FLR and its relatives).' },
  { name: 'reset.prepare', doc: 'The IOMMU side of a reset begins (`pci_dev_reset_iommu_prepare`).' },
  { name: 'reset.done', doc: 'The IOMMU side of a reset ends (`pci_dev_reset_iommu_done`).' },
  { name: 'state.save', doc: '`pci_save_state`.' },
  { name: 'state.restore', doc: '`pci_restore_state`.' },
  { name: 'config.write', doc: 'A write to config space by the kernel.' },
  { name: 'config.write_user', doc: 'A write to config space by user space.' },
  { name: 'config.read', doc: 'A read from config space whose value was recorded.' },
  {
    name: 'hw.write',
    doc: 'A write to ATS, PASID or PRI Control as the hardware saw it (a log of QEMU or of another model).',
  },
  { name: 'hw.read', doc: 'A read of ATS, PASID or PRI Control as the hardware answered it.' },
  { name: 'hw.vf_on', doc: 'VF Enable of a PF makes a VF appear in the hardware; the event names the VF.' },
  {
    name: 'hw.gone',
    doc: 'A function leaves its address in the hardware: VF Enable is cleared, or its bus is renumbered.',
  },
  { name: 'translation.request', doc: 'A function asks for a translation (a log of a simulator).' },
  { name: 'translation.completion', doc: 'The answer to it.' },
  { name: 'invalidation.request', doc: 'A function is told to forget translations (a log of a simulator).' },
  { name: 'invalidation.completion', doc: 'It has forgotten them.' },
  { name: 'page.request', doc: 'A function asks for a page (a log of a simulator).' },
  { name: 'page.response', doc: 'The answer to it.' },
  { name: 'hw.reset', doc: 'The hardware is told to reset a function (Initiate Function Level Reset).' },
  {
    name: 'log.warn',
    doc: 'A kernel WARN in an ATS, PASID or PRI function, or in the enable path of an IOMMU driver.',
  },
  {
    name: 'log.bad_access',
    doc: 'A function of an IOMMU driver used memory that was freed (KASAN, KFENCE), or faulted on an address that cannot be.',
  },
  { name: 'log.quirk', doc: 'A quirk takes ATS away from a function ("disabling ATS").' },
  { name: 'log.noats', doc: 'ATS is switched off for the whole system (`pci=noats`).' },
  { name: 'log.enable_failed', doc: 'A driver says that it could not enable ATS.' },
  { name: 'log.group_add', doc: '"Adding to iommu group" in the kernel log.' },
  { name: 'log.group_remove', doc: '"Removing from iommu group" in the kernel log.' },
  { name: 'log.timeout', doc: 'An invalidation was not answered in time.' },
  { name: 'log.fault', doc: 'A fault of ATS requests, or an error that ATS requests cause.' },
  { name: 'log.other_fault', doc: 'Another translation fault that an IOMMU reports.' },
  {
    name: 'log.invalidation_error',
    doc: 'An IOMMU could not take or finish a command of its invalidation queue, or says that an error there is cleared.',
  },
  {
    name: 'log.descriptor',
    doc: 'A device-TLB descriptor that an IOMMU prints beside an error of its invalidation queue; it names its function.',
  },
  { name: 'log.no_support', doc: 'A driver says that it cannot have ATS.' },
  { name: 'log.probe_failed', doc: 'An IOMMU driver could not take a device in full.' },
  { name: 'log.group_failed', doc: 'A device could not be added to an IOMMU group.' },
  { name: 'log.policy', doc: 'A setting of the IOMMU, or one of its tables, as the boot prints it.' },
  { name: 'log.sriov', doc: 'What the PCI core says of the SR-IOV of a PF.' },
  { name: 'log.device_add', doc: 'The PCI core found a function.' },
  { name: 'log.reset', doc: 'A function is reset, or is waited for after a reset.' },
  { name: 'log.power', doc: 'The power state of a function could not be changed.' },
  {
    name: 'log.link_down',
    doc: 'The link of a port is down, its slot is empty, or Downstream Port Containment (DPC) cut off what is behind it.',
  },
  { name: 'log.link_up', doc: 'A port has its link again, or what is behind it recovered from an error.' },
  { name: 'log.bridge', doc: 'Which buses are behind a port.' },
  { name: 'log.aer', doc: 'Advanced Error Reporting names a function.' },
  { name: 'log.boot', doc: 'Another boot begins in a kernel log; all that was known is over.' },
  {
    name: 'listing.function',
    doc: 'A listing of the hardware shows a function: its ATS capability, and the PF of a VF.',
  },
  { name: 'listing.control', doc: 'A listing of the hardware shows the ATS Control register of a function.' },
  { name: 'loss', doc: 'The recording lost events here.' },
] as const satisfies readonly EventKindDef[];

export type EventKindName = (typeof EVENT_KINDS)[number]['name'];

/** Number of a kind by its name. */
export const KIND = Object.fromEntries(EVENT_KINDS.map((kind, i) => [kind.name, i])) as Record<
  EventKindName,
  number
>;

/** The numbers of some kinds, to test events against. */
export function kindSet(...names: readonly EventKindName[]): ReadonlySet<number> {
  return new Set(names.map((name) => KIND[name]));
}

/** The same as a table by number, for hot paths: 1 for each of the kinds. */
export function kindMask(...names: readonly EventKindName[]): Uint8Array {
  const mask = new Uint8Array(EVENT_KINDS.length);
  for (const name of names) mask[KIND[name]] = 1;
  return mask;
}

/** Events of the hardware's own log. They never say what the kernel knows. */
export const HARDWARE_KINDS = kindMask(
  'hw.write',
  'hw.read',
  'hw.vf_on',
  'hw.gone',
  'hw.reset',
  'translation.request',
  'translation.completion',
  'invalidation.request',
  'invalidation.completion',
  'page.request',
  'page.response',
);

export const PHASES = ['enter', 'return', 'point'] as const;
export const ENTER = 0;
export const RETURN = 1;
export const POINT = 2;

/** Stands for "not known" in every 32-bit column of the model. */
export const UNKNOWN = -0x80000000;
