import type { EventKindName } from './events.ts';

/** How the value a function returns is to be read. */
export type ResultKind =
  /** Nothing is returned, or the value means nothing to the model. */
  | 'none'
  /** 0 or a negative error number in the low 32 bits. */
  | 'int'
  /** Only the low 8 bits are defined. */
  | 'bool'
  /** A pointer, or an error number as a pointer. */
  | 'pointer';

export interface KnownFunction {
  readonly symbol: string;
  readonly kind: EventKindName;
  readonly result: ResultKind;
  /** Bytes written, for config writes. */
  readonly width?: number;
}

function rows(kind: EventKindName, result: ResultKind, symbols: string): KnownFunction[] {
  return symbols.split(' ').map((symbol) => ({ symbol, kind, result }));
}

/**
 * Kernel functions whose calls the model understands, by the name a probe or a function tracer prints. Names as in
 * 6.1.192, 6.12.107 and 7.2.13: drivers/pci/{ats,iov,pci,probe,remove,access}.c, drivers/iommu/{iommu.c,intel,amd,arm}.
 */
export const KNOWN_FUNCTIONS: readonly KnownFunction[] = [
  ...rows('ats.init', 'none', 'pci_ats_init'),
  ...rows('ats.supported', 'bool', 'pci_ats_supported'),
  ...rows('ats.prepare', 'int', 'pci_prepare_ats'),
  ...rows('ats.enable', 'int', 'pci_enable_ats'),
  ...rows('ats.disable', 'none', 'pci_disable_ats'),
  ...rows('ats.restore', 'none', 'pci_restore_ats_state'),
  ...rows('ats.required', 'bool', 'pci_ats_required pci_ats_always_on'),
  ...rows('ats.query', 'int', 'pci_ats_queue_depth pci_ats_page_aligned'),
  ...rows('pasid.enable', 'int', 'pci_enable_pasid'),
  ...rows('pasid.disable', 'none', 'pci_disable_pasid'),
  ...rows('pasid.restore', 'none', 'pci_restore_pasid_state'),
  ...rows('pri.enable', 'int', 'pci_enable_pri'),
  ...rows('pri.disable', 'none', 'pci_disable_pri'),
  ...rows('pri.reset', 'int', 'pci_reset_pri'),
  ...rows('pri.restore', 'none', 'pci_restore_pri_state'),
  ...rows('iommu.probe', 'pointer', 'intel_iommu_probe_device amd_iommu_probe_device arm_smmu_probe_device'),
  ...rows('iommu.finalize', 'none', 'intel_iommu_probe_finalize amd_iommu_probe_finalize'),
  ...rows(
    'iommu.release',
    'none',
    'intel_iommu_release_device amd_iommu_release_device arm_smmu_release_device',
  ),
  ...rows(
    'iommu.attach',
    'int',
    '__iommu_attach_device intel_iommu_attach_device identity_domain_attach_dev amd_iommu_attach_device arm_smmu_attach_dev ' +
      'arm_smmu_attach_dev_identity arm_smmu_attach_prepare arm_smmu_attach_commit __iommu_device_set_domain',
  ),
  ...rows(
    'iommu.block',
    'none',
    'device_block_translation blocking_domain_attach_dev blocked_domain_attach_device arm_smmu_attach_dev_blocked',
  ),
  ...rows(
    'iommu.core',
    'int',
    'iommu_probe_device __iommu_probe_device iommu_init_device iommu_deinit_device',
  ),
  ...rows(
    'device.alias',
    'none',
    'domain_context_mapping_cb domain_context_clear_one_cb get_pci_alias_or_group clone_alias iort_pci_iommu_init of_pci_iommu_init',
  ),
  ...rows('device.add', 'none', 'pci_device_add'),
  ...rows(
    'device.remove',
    'none',
    'pci_stop_and_remove_bus_device pci_stop_and_remove_bus_device_locked pci_stop_bus_device pci_remove_bus_device',
  ),
  ...rows('vf.add', 'int', 'pci_iov_add_virtfn'),
  ...rows('vf.remove', 'none', 'pci_iov_remove_virtfn'),
  ...rows('sriov.enable', 'int', 'sriov_enable pci_enable_sriov'),
  ...rows('sriov.disable', 'none', 'sriov_disable pci_disable_sriov'),
  ...rows(
    'reset.function',
    'int',
    'pci_reset_function pci_reset_function_locked __pci_reset_function_locked pci_try_reset_function pci_reset_bus',
  ),
  ...rows('reset.flr', 'int', 'pcie_flr pcie_reset_flr pci_af_flr pci_pm_reset'),
  ...rows('reset.prepare', 'int', 'pci_dev_reset_iommu_prepare'),
  ...rows('reset.done', 'none', 'pci_dev_reset_iommu_done'),
  ...rows('state.save', 'int', 'pci_save_state pci_dev_save_and_disable'),
  ...rows('state.restore', 'none', 'pci_restore_state pci_dev_restore'),
  ...(
    [
      ['word', 2],
      ['byte', 1],
      ['dword', 4],
    ] as const
  ).flatMap(([size, width]) => [
    ...['pci_write_config_', 'pci_bus_write_config_'].map(
      (prefix): KnownFunction => ({ symbol: prefix + size, kind: 'config.write', result: 'none', width }),
    ),
    { symbol: `pci_user_write_config_${size}`, kind: 'config.write_user', result: 'none', width } as const,
    ...['pci_read_config_', 'pci_bus_read_config_', 'pci_user_read_config_'].map(
      (prefix): KnownFunction => ({ symbol: prefix + size, kind: 'config.read', result: 'none', width }),
    ),
  ]),
  ...rows(
    'invalidate',
    'none',
    'qi_flush_dev_iotlb qi_flush_dev_iotlb_pasid devtlb_invalidation_with_pasid arm_smmu_atc_inv_master arm_smmu_atc_inv_domain',
  ),
];

/** Trace events of the kernel (not probes) that the model understands, by name. */
export const KNOWN_TRACEPOINTS: Readonly<Record<string, EventKindName>> = {
  add_device_to_group: 'iommu.group_add',
  remove_device_from_group: 'iommu.group_remove',
  attach_device_to_domain: 'iommu.attached',
  cache_tag_assign: 'cachetag.assign',
  cache_tag_unassign: 'cachetag.unassign',
  qi_submit: 'invalidate',
  pci_hp_event: 'log.link_down',
  aer_event: 'log.aer',
};

export const FUNCTION_BY_SYMBOL: ReadonlyMap<string, KnownFunction> = new Map(
  KNOWN_FUNCTIONS.map((known) => [known.symbol, known]),
);

/** Kernel modules that are IOMMU drivers: their calls into the ATS core are the normal ones. */
const IOMMU_MODULES = new Set(['arm_smmu_v3', 'iommufd', 'intel_iommu', 'amd_iommu', 'iommu']);

/** Built-in functions of the IOMMU drivers and the IOMMU core, by the beginning of their names. */
const IOMMU_PREFIXES =
  /^_*(iommu_|intel_iommu_|intel_|dmar_|amd_iommu_|arm_smmu_|pdev_|device_block_|blocking_domain_|blocked_domain_|identity_domain_|attach_device|detach_device|do_attach|do_detach|domain_|context_|pci_dev_reset_iommu_|bus_iommu_)/;

export type IommuDriver = 'intel' | 'amd' | 'smmu';

const DRIVER_PREFIXES: readonly (readonly [IommuDriver, RegExp])[] = [
  [
    'intel',
    /^_*(intel_|dmar_|qi_|device_rbtree_|device_block_translation|blocking_domain_|identity_domain_|domain_context_|context_)/,
  ],
  ['amd', /^_*(amd_iommu_|pdev_|blocked_domain_attach_device)/],
  ['smmu', /^_*arm_smmu_/],
];

/** The IOMMU driver that a function belongs to, by the beginning of its name; null for all others. */
export function driverOf(symbol: string): IommuDriver | null {
  return DRIVER_PREFIXES.find(([, pattern]) => pattern.test(symbol))?.[0] ?? null;
}

/** x86-64 keeps modules above the kernel image: arch/x86/include/asm/pgtable_64_types.h, MODULES_VADDR with KASLR. */
const X86_MODULES_FROM = 0xffffffffc0000000n;
const X86_MODULES_TO = 0xffffffffff000000n;
const X86_KERNEL_FROM = 0xffffffff80000000n;

/** Who called: the IOMMU side, somebody else, or not to be told. */
export type CallerKind = 'iommu' | 'foreign' | 'unknown';

/**
 * Classifies the caller that a return probe or tracer prints.
 * @param caller `func+0x4a/0x60`, `func+0x1/0x2 [module]`, or a bare address.
 * @param functionAddress an address inside the kernel image printed by the same recording, where there is one; a bare
 *   caller address is only judged against an image that is known to lie below the module area.
 */
export function classifyCaller(caller: string, functionAddress: bigint | null): CallerKind {
  if (caller.startsWith('[') || caller.startsWith('return_to_handler') || caller.includes('kretprobe'))
    return 'unknown';
  const module = /\[([\w-]+)\]$/.exec(caller)?.[1];
  if (module) return IOMMU_MODULES.has(module.replaceAll('-', '_')) ? 'iommu' : 'foreign';
  const bare = /^(?:0x)?([0-9a-f]{16})$/.exec(caller)?.[1];
  if (bare) {
    const address = BigInt(`0x${bare}`);
    const imageIsX86 =
      functionAddress === null
        ? caller.startsWith('0x')
        : functionAddress >= X86_KERNEL_FROM && functionAddress < X86_MODULES_FROM;
    return imageIsX86 && address >= X86_MODULES_FROM && address < X86_MODULES_TO ? 'foreign' : 'unknown';
  }
  return IOMMU_PREFIXES.test(caller) ? 'iommu' : 'unknown';
}
