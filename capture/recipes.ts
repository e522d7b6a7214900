import type { EventKindName } from '../model/events.ts';

/** What can be recorded or left out as a whole; the names are options of the kit. */
export const GROUPS = {
  ats: 'ATS calls of the PCI core',
  pasid: 'PASID and PRI calls',
  iommu: 'IOMMU probe, attach and release, groups, VT-d cache tags',
  sriov: 'functions and VFs that come and go',
  reset: 'resets, and state saved and restored',
  config: 'writes to extended config space',
  read: 'reads of extended config space by the kernel',
  invalidate: 'invalidations of device translation caches',
  context: 'faults, AER, hotplug and link events, console lines',
} as const;

export type GroupName = keyof typeof GROUPS;

/** Which ends of a call are recorded. */
export type Ends = 'entry' | 'return' | 'both';

/** One argument besides the device: of the function, or of what one of its arguments points to. */
export interface RecipeArgument {
  /** As the model knows it: see model/lift/arguments.ts. */
  readonly name: string;
  /** A parameter of the function, a member (`%->untrusted`, % being the device), or a read through a parameter. */
  readonly value: string;
  readonly type?: string;
}

/** How the calls of one kind are recorded. */
export interface KindRecipe {
  readonly group: GroupName;
  readonly ends: Ends;
  /** What the device argument points to. */
  readonly device: 'pci_dev' | 'device';
  /** Whether the ATS state of the function before and after the call matters. */
  readonly state?: boolean;
  readonly arguments?: readonly RecipeArgument[];
  /** Events that are kept, as the kernel's event filters write it: `field operator value`. */
  readonly filter?: string;
}

const PAGE_SHIFT: RecipeArgument = { name: 'ps', value: 'ps' };
/** ATS Control lies in extended config space; what the kernel writes below is frequent and tells the model nothing. */
const EXTENDED = 'where >= 256';

/** How each kind of call is recorded; a kind that is not here has no function worth a probe. */
export const KIND_RECIPES: Readonly<Partial<Record<EventKindName, KindRecipe>>> = {
  'ats.init': { group: 'ats', ends: 'both', device: 'pci_dev', state: true },
  'ats.supported': {
    group: 'ats',
    ends: 'return',
    device: 'pci_dev',
    state: true,
    arguments: [{ name: 'untrusted', value: '%->untrusted' }],
  },
  'ats.prepare': { group: 'ats', ends: 'both', device: 'pci_dev', state: true, arguments: [PAGE_SHIFT] },
  'ats.enable': { group: 'ats', ends: 'both', device: 'pci_dev', state: true, arguments: [PAGE_SHIFT] },
  'ats.disable': { group: 'ats', ends: 'both', device: 'pci_dev', state: true },
  'ats.restore': { group: 'ats', ends: 'both', device: 'pci_dev', state: true },
  'ats.required': { group: 'ats', ends: 'return', device: 'pci_dev', state: true },
  'ats.query': { group: 'ats', ends: 'return', device: 'pci_dev', state: true },
  'pasid.enable': {
    group: 'pasid',
    ends: 'both',
    device: 'pci_dev',
    state: true,
    arguments: [
      { name: 'features', value: 'features', type: 'x32' },
      { name: 'pasid_en', value: '%->pasid_enabled' },
    ],
  },
  'pasid.disable': {
    group: 'pasid',
    ends: 'entry',
    device: 'pci_dev',
    state: true,
    arguments: [{ name: 'pasid_en', value: '%->pasid_enabled' }],
  },
  'pasid.restore': { group: 'pasid', ends: 'entry', device: 'pci_dev', state: true },
  'pri.enable': {
    group: 'pasid',
    ends: 'both',
    device: 'pci_dev',
    state: true,
    arguments: [
      { name: 'reqs', value: 'reqs' },
      { name: 'pri_en', value: '%->pri_enabled' },
    ],
  },
  'pri.disable': {
    group: 'pasid',
    ends: 'entry',
    device: 'pci_dev',
    state: true,
    arguments: [{ name: 'pri_en', value: '%->pri_enabled' }],
  },
  'pri.reset': { group: 'pasid', ends: 'return', device: 'pci_dev', state: true },
  'pri.restore': { group: 'pasid', ends: 'entry', device: 'pci_dev', state: true },
  'iommu.probe': { group: 'iommu', ends: 'both', device: 'device' },
  'iommu.finalize': { group: 'iommu', ends: 'entry', device: 'device' },
  'iommu.release': { group: 'iommu', ends: 'entry', device: 'device' },
  'iommu.attach': {
    group: 'iommu',
    ends: 'both',
    device: 'device',
    arguments: [
      { name: 'domain', value: 'domain' },
      { name: 'type', value: 'domain->type', type: 'x32' },
    ],
  },
  'iommu.block': { group: 'iommu', ends: 'entry', device: 'device' },
  'device.add': {
    group: 'sriov',
    ends: 'entry',
    device: 'pci_dev',
    arguments: [{ name: 'vf', value: '%->is_virtfn' }],
  },
  'device.remove': {
    group: 'sriov',
    ends: 'entry',
    device: 'pci_dev',
    arguments: [{ name: 'vf', value: '%->is_virtfn' }],
  },
  'vf.add': { group: 'sriov', ends: 'both', device: 'pci_dev', arguments: [{ name: 'id', value: 'id' }] },
  'vf.remove': { group: 'sriov', ends: 'entry', device: 'pci_dev', arguments: [{ name: 'id', value: 'id' }] },
  'sriov.enable': {
    group: 'sriov',
    ends: 'both',
    device: 'pci_dev',
    arguments: [{ name: 'nr_virtfn', value: 'nr_virtfn' }],
  },
  'sriov.disable': { group: 'sriov', ends: 'entry', device: 'pci_dev' },
  'reset.function': { group: 'reset', ends: 'both', device: 'pci_dev' },
  'reset.flr': { group: 'reset', ends: 'both', device: 'pci_dev' },
  'reset.prepare': { group: 'reset', ends: 'entry', device: 'pci_dev', state: true },
  'reset.done': { group: 'reset', ends: 'entry', device: 'pci_dev', state: true },
  'state.save': { group: 'reset', ends: 'entry', device: 'pci_dev' },
  'state.restore': { group: 'reset', ends: 'entry', device: 'pci_dev' },
  'config.write': { group: 'config', ends: 'entry', device: 'pci_dev', filter: EXTENDED },
  'config.write_user': { group: 'config', ends: 'entry', device: 'pci_dev', filter: EXTENDED },
  'config.read': { group: 'read', ends: 'return', device: 'pci_dev', filter: EXTENDED },
  invalidate: { group: 'invalidate', ends: 'entry', device: 'device' },
};

/**
 * Parameters of the functions, in order, as the kernel's sources name them (6.1.192, 6.12.107, 7.2.13). Arguments are
 * fetched by name where the kernel has BTF and by position where it has none. `dev|pdev` are spellings to try.
 */
export const SIGNATURES: Readonly<Record<string, string>> = {
  pci_ats_init: 'dev',
  pci_ats_supported: 'dev',
  pci_prepare_ats: 'dev ps',
  pci_enable_ats: 'dev ps',
  pci_disable_ats: 'dev',
  pci_restore_ats_state: 'dev',
  pci_ats_required: 'dev|pdev',
  pci_ats_always_on: 'dev|pdev',
  pci_ats_queue_depth: 'dev',
  pci_ats_page_aligned: 'pdev',
  pci_enable_pasid: 'pdev features',
  pci_disable_pasid: 'pdev',
  pci_restore_pasid_state: 'pdev',
  pci_enable_pri: 'pdev reqs',
  pci_disable_pri: 'pdev',
  pci_reset_pri: 'pdev',
  pci_restore_pri_state: 'pdev',
  intel_iommu_probe_device: 'dev',
  amd_iommu_probe_device: 'dev',
  arm_smmu_probe_device: 'dev',
  intel_iommu_probe_finalize: 'dev',
  amd_iommu_probe_finalize: 'dev',
  intel_iommu_release_device: 'dev',
  amd_iommu_release_device: 'dev',
  arm_smmu_release_device: 'dev',
  __iommu_attach_device: 'domain dev',
  intel_iommu_attach_device: 'domain dev',
  identity_domain_attach_dev: 'domain dev',
  amd_iommu_attach_device: 'dom dev',
  arm_smmu_attach_dev: 'domain dev',
  arm_smmu_attach_dev_identity: 'domain dev',
  device_block_translation: 'dev',
  blocking_domain_attach_dev: 'domain dev',
  blocked_domain_attach_device: 'domain dev',
  arm_smmu_attach_dev_blocked: 'domain dev',
  pci_device_add: 'dev bus',
  pci_stop_and_remove_bus_device: 'dev',
  pci_stop_and_remove_bus_device_locked: 'dev',
  pci_stop_bus_device: 'dev',
  pci_iov_add_virtfn: 'dev id',
  pci_iov_remove_virtfn: 'dev id',
  sriov_enable: 'dev nr_virtfn',
  pci_enable_sriov: 'dev nr_virtfn',
  sriov_disable: 'dev',
  pci_disable_sriov: 'dev',
  pci_reset_function: 'dev',
  pci_reset_function_locked: 'dev',
  __pci_reset_function_locked: 'dev',
  pci_try_reset_function: 'dev',
  pci_reset_bus: 'pdev',
  pcie_flr: 'dev',
  pci_af_flr: 'dev probe',
  pci_pm_reset: 'dev probe',
  pcie_reset_flr: 'dev probe',
  pci_dev_reset_iommu_prepare: 'pdev',
  pci_dev_reset_iommu_done: 'pdev',
  pci_save_state: 'dev',
  pci_dev_save_and_disable: 'dev',
  pci_restore_state: 'dev',
  pci_dev_restore: 'dev',
  pci_write_config_byte: 'dev where val',
  pci_write_config_word: 'dev where val',
  pci_write_config_dword: 'dev where val',
  pci_user_write_config_byte: 'dev pos val',
  pci_user_write_config_word: 'dev pos val',
  pci_user_write_config_dword: 'dev pos val',
  pci_read_config_byte: 'dev where val',
  pci_read_config_word: 'dev where val',
  pci_read_config_dword: 'dev where val',
  arm_smmu_atc_inv_master: 'master',
};

/**
 * Functions that are probed only on kernels without another one, which they call or which calls them: both would tell
 * the same. Compilers inline some of the inner ones.
 */
export const ONLY_WITHOUT: Readonly<Record<string, string>> = {
  pci_ats_always_on: 'pci_ats_required',
  intel_iommu_attach_device: '__iommu_attach_device',
  identity_domain_attach_dev: '__iommu_attach_device',
  amd_iommu_attach_device: '__iommu_attach_device',
  arm_smmu_attach_dev: '__iommu_attach_device',
  arm_smmu_attach_dev_identity: '__iommu_attach_device',
  blocking_domain_attach_dev: 'device_block_translation',
  pci_stop_and_remove_bus_device_locked: 'pci_stop_and_remove_bus_device',
  pci_enable_sriov: 'sriov_enable',
  pci_disable_sriov: 'sriov_disable',
  pcie_reset_flr: 'pcie_flr',
  pci_dev_save_and_disable: 'pci_save_state',
  pci_dev_restore: 'pci_restore_state',
};

/** Functions the model understands that the kit never probes, with the reason. */
export const NOT_PROBED: Readonly<Record<string, string>> = {
  __iommu_device_set_domain: 'calls __iommu_attach_device(), which is probed',
  arm_smmu_attach_prepare: 'runs within __iommu_attach_device() and has no device argument',
  arm_smmu_attach_commit: 'runs within __iommu_attach_device() and has no device argument',
  iommu_probe_device: 'the probe function of the IOMMU driver says more',
  __iommu_probe_device: 'the probe function of the IOMMU driver says more',
  iommu_init_device: 'the probe function of the IOMMU driver says more',
  iommu_deinit_device: 'the release function of the IOMMU driver says more',
  pci_remove_bus_device: 'comes after pci_stop_bus_device(), when the removal is already known',
  pci_bus_write_config_byte: 'names a bus and no device; pci_write_config_byte() names it',
  pci_bus_write_config_word: 'names a bus and no device; pci_write_config_word() names it',
  pci_bus_write_config_dword: 'names a bus and no device; pci_write_config_dword() names it',
  pci_bus_read_config_byte: 'names a bus and no device; pci_read_config_byte() names it',
  pci_bus_read_config_word: 'names a bus and no device; pci_read_config_word() names it',
  pci_bus_read_config_dword: 'names a bus and no device; pci_read_config_dword() names it',
  pci_user_read_config_byte: 'every lspci makes thousands; the bundle has the registers before and after',
  pci_user_read_config_word: 'every lspci makes thousands; the bundle has the registers before and after',
  pci_user_read_config_dword: 'every lspci makes thousands; the bundle has the registers before and after',
  qi_flush_dev_iotlb: 'the trace event qi_submit shows the same descriptor with its requester id',
  qi_flush_dev_iotlb_pasid: 'the trace event qi_submit shows the same descriptor with its requester id',
  devtlb_invalidation_with_pasid: 'the trace event qi_submit shows the same descriptor with its requester id',
  arm_smmu_atc_inv_domain: 'names a domain and no device',
  ...Object.fromEntries(
    'domain_context_mapping_cb domain_context_clear_one_cb get_pci_alias_or_group clone_alias iort_pci_iommu_init of_pci_iommu_init'
      .split(' ')
      .map((symbol) => [
        symbol,
        'ties an address to a requester id; the kit finds the name of a device itself',
      ]),
  ),
};

/** Members that some functions pass their device in, instead of an argument of its own. */
export const DEVICE_PATHS: Readonly<Record<string, string>> = {
  arm_smmu_atc_inv_master: 'master->dev',
};

/** Calls that only ask whether a reset would work carry probe != 0; taken for resets they would wipe the state. */
export const ASKS_FIRST = 'probe == 0';
