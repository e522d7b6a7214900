import {
  bracket,
  knownDisable,
  liveVf,
  on,
  PF,
  PLAIN,
  type RuleCase,
  readyPf,
  reset,
  VF,
  vfState,
} from './steps.ts';

export const RESETS_CASES: readonly RuleCase[] = [
  {
    rule: 'ATS024',
    what: 'a PF is reset under a live VF and nobody restores the VF; near miss: somebody does',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      reset(liveVf(readyPf(t)).write(PF, 0x4, 6), PF, () =>
        t.call('pci_restore_ats_state', PF, { inside: () => t.write(PF, 0x106, 0x8000) }),
      )
        .wait(1500)
        .write(PF, 0x4, 6),
    nearMiss: (t) =>
      reset(liveVf(readyPf(t)).write(PF, 0x4, 6), PF, () =>
        t.call('pci_restore_ats_state', PF, { inside: () => t.write(PF, 0x106, 0x8000) }),
      )
        .call('pci_restore_ats_state', VF, { inside: () => t.write(VF, 0x106, 0x8000) })
        .wait(1500)
        .write(PF, 0x4, 6),
  },
  {
    rule: 'ATS024',
    what: 'the VF is attached again before that; near miss: the VF is switched off first',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      reset(liveVf(readyPf(t)).write(PF, 0x4, 6), PF, () => {}).call('__iommu_attach_device', VF, { ret: 0 }),
    nearMiss: (t) =>
      reset(liveVf(readyPf(t)).write(PF, 0x4, 6), PF, () => {})
        .disable(VF, { ...vfState, en: [1, 0] })
        .call('__iommu_attach_device', VF, { ret: 0 }),
  },
  {
    rule: 'ATS025',
    what: 'a reset with ATS on, a note where the kernel has no brackets; near miss: ATS is off',
    fn: PLAIN,
    severity: 'note',
    profile: '6.12-old',
    trips: (t) => reset(t.enable(PLAIN, 12, 0, { vf: 0, ...on }), PLAIN, () => {}),
    nearMiss: (t) =>
      reset(t.enable(PLAIN, 12, 0, { vf: 0, ...on }).disable(PLAIN, { vf: 0, en: [1, 0] }), PLAIN, () => {}),
  },
  {
    rule: 'ATS025',
    what: 'a warning where the kernel has brackets; near miss: inside one',
    fn: PLAIN,
    severity: 'warning',
    profile: '7.2',
    trips: (t) =>
      bracket(
        reset(t.enable(PLAIN, 12, 0, { vf: 0, ...on }), PLAIN, () => {}),
        PF,
      ),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .call('pcie_flr', PLAIN, { ret: 0, inside: () => bracket(t, PLAIN) }),
  },
  {
    rule: 'ATS025',
    what: 'a bracket that leaves ATS on: a note; near miss: ATS goes off in the bracket and on again',
    fn: PLAIN,
    severity: 'note',
    profile: '7.2',
    trips: (t) =>
      knownDisable(t)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .call('pcie_flr', PLAIN, { ret: 0, inside: () => bracket(t, PLAIN) }),
    nearMiss: (t) =>
      knownDisable(t)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .call('pcie_flr', PLAIN, {
          ret: 0,
          inside: () => {
            t.call('pci_dev_reset_iommu_prepare', PLAIN, {
              ret: 0,
              inside: () => t.disable(PLAIN, { vf: 0, en: [1, 0] }),
            });
            t.call('pci_dev_reset_iommu_done', PLAIN, {
              inside: () => t.enable(PLAIN, 12, 0, { vf: 0, ...on }),
            });
          },
        }),
  },
  {
    rule: 'ATS025',
    what: 'outside of a bracket; near miss: inside one, and pci_disable_ats() is not recorded',
    fn: VF,
    severity: 'warning',
    profile: '7.2',
    trips: (t) => bracket(t.enable(VF, 12, 0, { ...vfState, ...on }).call('pcie_flr', VF, { ret: 0 }), PF),
    nearMiss: (t) =>
      t
        .enable(VF, 12, 0, { ...vfState, ...on })
        .call('pcie_flr', VF, { ret: 0, inside: () => bracket(t, VF) }),
  },
  {
    rule: 'ATS025',
    what: 'near miss: whether ATS was on is unknown',
    fn: PLAIN,
    severity: 'note',
    profile: '6.12-old',
    trips: (t) => reset(t.enable(PLAIN, 12, 0, { vf: 0, ...on }), PLAIN, () => {}),
    nearMiss: (t) => reset(t, PLAIN, () => {}),
  },
  {
    rule: 'ATS026',
    what: 'a bracket is opened and never closed; near miss: closed',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      bracket(t, PF).call('pci_dev_reset_iommu_prepare', PLAIN, { ret: 0 }).wait(1500).write(PF, 4, 6),
    nearMiss: (t) => bracket(bracket(t, PF), PLAIN).wait(1500).write(PF, 4, 6),
  },
  {
    rule: 'ATS026',
    what: 'closed without having been opened; near miss: the function was there before the recording',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => bracket(t, PF).appear(PLAIN).call('pci_dev_reset_iommu_done', PLAIN),
    nearMiss: (t) => bracket(t, PF).call('pci_dev_reset_iommu_done', PLAIN),
  },
  {
    rule: 'ATS026',
    what: 'the function goes away in the bracket; near miss: it does not support ATS, so the bracket does nothing',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      bracket(t, PF)
        .call('pci_dev_reset_iommu_prepare', PLAIN, { ret: 0 })
        .call('pci_stop_and_remove_bus_device', PLAIN),
    nearMiss: (t) =>
      bracket(t, PF)
        .supported(PLAIN, 0, { vf: 0 })
        .call('pci_dev_reset_iommu_prepare', PLAIN, { ret: 0 })
        .call('pci_stop_and_remove_bus_device', PLAIN),
  },
  {
    rule: 'ATS026',
    what: 'near miss: the bracket failed to open',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      bracket(t, PF).call('pci_dev_reset_iommu_prepare', PLAIN, { ret: 0 }).wait(1500).write(PF, 4, 6),
    nearMiss: (t) =>
      bracket(t, PF).call('pci_dev_reset_iommu_prepare', PLAIN, { ret: -12 }).wait(1500).write(PF, 4, 6),
  },
];
