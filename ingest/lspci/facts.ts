import type { PCI_FUNCTIONS, RowOf } from '../../tables/index.ts';

type Row = RowOf<typeof PCI_FUNCTIONS>;

/** A column of `pci_functions` that a capability fills. */
export type FactName = Exclude<
  Extract<keyof Row, `${'ats' | 'pasid' | 'pri' | 'sriov'}_${string}`>,
  'ats_page_shift'
>;

/** What is known of the capabilities of a function. What is not known is absent. */
export type Facts = { -readonly [N in FactName]?: NonNullable<Row[N]> };

/** Facts from one rendering of the capabilities, and how far they go. */
export interface Reading {
  readonly facts: Facts;
  /** True where the list of extended capabilities was seen to its end, so that what is not in it is not there. */
  readonly whole: boolean;
}

export const FACT_NAMES: readonly FactName[] = [
  'ats_cap_offset',
  'ats_enable',
  'ats_stu',
  'ats_queue_depth',
  'ats_page_aligned',
  'ats_global_invalidate',
  'pasid_cap_offset',
  'pasid_enable',
  'pasid_exec',
  'pasid_priv',
  'pasid_exec_supported',
  'pasid_priv_supported',
  'pasid_width',
  'pri_cap_offset',
  'pri_enable',
  'pri_reset',
  'pri_response_failure',
  'pri_unexpected_index',
  'pri_stopped',
  'pri_pasid_required',
  'pri_capacity',
  'pri_allocation',
  'sriov_cap_offset',
  'sriov_vf_enable',
  'sriov_initial_vfs',
  'sriov_total_vfs',
  'sriov_num_vfs',
  'sriov_offset',
  'sriov_stride',
  'sriov_vf_device',
];

/** The facts of both, those of `over` where they differ, and the names of those that differ. */
export function mergeFacts(
  under: Facts,
  over: Facts,
): { readonly facts: Facts; readonly differing: FactName[] } {
  const differing = FACT_NAMES.filter(
    (name) => under[name] !== undefined && over[name] !== undefined && under[name] !== over[name],
  );
  return { facts: { ...under, ...over }, differing };
}
