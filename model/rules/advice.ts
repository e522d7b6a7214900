/**
 * What to record so that a rule that stayed undecided can be judged, by the reason it gives. The first row that fits counts;
 * an empty text is for what no recording settles.
 */
const ADVICE: readonly (readonly [reason: RegExp, advice: string])[] = [
  [
    /of the PF is unknown|^the PF appeared|^whether the PF supports/,
    'Begin the recording before the PF appears, with pci_ats_supported() and pci_prepare_ats() probed.',
  ],
  [
    /which function is the PF/,
    'Probe pci_iov_add_virtfn(), or add lspci -vvv taken while the VFs are there.',
  ],
  [/^pci_disable_ats\(\) was never recorded/, 'Probe pci_disable_ats().'],
  [/bracket/, 'Probe pci_dev_reset_iommu_prepare() and pci_dev_reset_iommu_done(), from the beginning on.'],
  [/appeared before the recording/, 'Begin the recording before the function appears.'],
  [
    /of the register or of the core/,
    'Probe pci_write_config_word() and pci_read_config_word(), or add lspci -vvv of before and after.',
  ],
  [
    /result of the probe/,
    'Add a return probe with $retval to the probe function of the IOMMU driver, e.g. intel_iommu_probe_device().',
  ],
  [/result of pci_/, 'Add a return probe with $retval (as s32) to pci_enable_ats().'],
  [
    /page shift of the call/,
    'Print the argument ps in the probes of pci_prepare_ats() and pci_enable_ats().',
  ],
  [/no prepare of the function/, 'Probe pci_prepare_ats().'],
  [/caller is not named/, 'Use return probes: they name the caller.'],
  [/is a VF is unknown/, 'Print is_virtfn in the probes (vf=dev->is_virtfn).'],
  [/is trusted/, 'Print untrusted in the probe of pci_ats_supported() (untrusted=dev->untrusted).'],
  [/supports ATS/, 'Probe pci_ats_supported() with its return value.'],
  [/other causes of -EINVAL/, 'Probe pci_ats_supported() and the calls on the PF.'],
  [/invalidations are not recorded/, 'Probe qi_flush_dev_iotlb().'],
  [
    /where the detach began/,
    'Probe the attach and release functions of the IOMMU driver, e.g. blocking_domain_attach_dev() and intel_iommu_release_device().',
  ],
  [/domain that the function leaves/, 'Print domain->type in the probe of __iommu_attach_device().'],
  [/neither config writes/, 'Probe pci_restore_ats_state() or pci_write_config_word().'],
  [/PASID (Control|on)/, 'Probe pci_enable_pasid() with its features, or add lspci -vvv.'],
  [/PRI on/, 'Probe pci_enable_pri() of the PF too.'],
  [/order of the (fault|splat)/, 'Record trace and kernel log with one clock (trace_clock mono).'],
  [
    /ATS (was )?on|state of ATS/,
    'Print ats_enabled in the probes (en=dev->ats_enabled), or begin before ATS is first enabled.',
  ],
  [/Enable of the register/, 'Log the writes to ATS Control from the beginning on.'],
  [/pci_disable_ats\(\) was never/, 'Probe pci_disable_ats(), entry and return.'],
  [/attaches are not recorded/, 'Probe arm_smmu_attach_dev(), entry and return.'],
  [/result of a prepare/, 'Probe pci_prepare_ats() with its return value.'],
  [/cache tags are not both/, 'Record the trace events cache_tag_assign and cache_tag_unassign.'],
  [/completions are not recorded/, 'Log the Invalidate Completions as well as the requests.'],
  [/log ends before/, 'Let the simulation run on for the time a device has to answer.'],
  [/at the same time|same instant|asked once only/, ''],
];

/** What to record where a rule stayed undecided for this reason; null for a reason that has no row. */
export function adviceFor(reason: string): string | null {
  return ADVICE.find(([pattern]) => pattern.test(reason))?.[1] ?? null;
}

/** A reason as a sentence, with what to record. */
export function reasonText(reason: string): string {
  const advice = adviceFor(reason) ?? '';
  const sentence = `${reason[0].toUpperCase()}${reason.slice(1)}.`;
  return advice === '' ? sentence : `${sentence} ${advice}`;
}
