import type { TraceWriter } from '../../support/trace-writer.ts';
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

/** The PF is reset, something happens, and then nothing for more than a second. */
function afterPfReset(trace: TraceWriter, then: () => void): TraceWriter {
  trace.call('pcie_flr', PF, { ret: 0 });
  then();
  return trace.wait(1500).supported(PLAIN, 1, { vf: 0 });
}

/** Inside a bracket ATS goes off without an invalidation and on again. */
function dueInBracket(trace: TraceWriter, isClosed: boolean): TraceWriter {
  bracket(trace, PF)
    .call('qi_flush_dev_iotlb', PF)
    .enable(PLAIN, 12, 0, { vf: 0, ...on })
    .call('pci_dev_reset_iommu_prepare', PLAIN, {
      ret: 0,
      inside: () => trace.disable(PLAIN, { vf: 0, en: [1, 0] }),
    })
    .enable(PLAIN, 12, 0, { vf: 0, ...on });
  if (isClosed) trace.call('pci_dev_reset_iommu_done', PLAIN);
  return trace.wait(1500).write(PF, 4, 6);
}

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
  {
    rule: 'ATS024',
    what: 'restores are recorded, and writes to the register are not; near miss: the VF is restored',
    fn: VF,
    severity: 'error',
    trips: (t) => afterPfReset(liveVf(readyPf(t)), () => t.call('pci_restore_ats_state', PF)),
    nearMiss: (t) =>
      afterPfReset(liveVf(readyPf(t)), () =>
        t.call('pci_restore_ats_state', PF).call('pci_restore_ats_state', VF),
      ),
  },
  {
    rule: 'ATS024',
    what: 'a restore that writes nothing is none where writes are recorded; near miss: nothing shows whether it came back',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      afterPfReset(liveVf(readyPf(t)).write(PF, 0x4, 6), () => t.call('pci_restore_ats_state', VF)),
    nearMiss: (t) => afterPfReset(liveVf(readyPf(t)), () => {}),
  },
  {
    rule: 'ATS024',
    what: 'an enable that fails sets nothing; near miss: one that succeeds',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      afterPfReset(liveVf(readyPf(t)).write(PF, 0x4, 6), () =>
        t.enable(VF, 12, -16, { ...vfState, en: [1, 1] }),
      ),
    nearMiss: (t) =>
      afterPfReset(liveVf(readyPf(t)).write(PF, 0x4, 6), () =>
        t.call('pci_enable_ats', VF, { ...vfState, ret: 0 }),
      ),
  },
  {
    rule: 'ATS024',
    what: 'a write that leaves Enable clear; near miss: one that sets it',
    fn: VF,
    severity: 'error',
    trips: (t) => afterPfReset(liveVf(readyPf(t)), () => t.write(VF, 0x106, 0, '0x100')),
    nearMiss: (t) => afterPfReset(liveVf(readyPf(t)), () => t.write(VF, 0x106, 0x8000, '0x100')),
  },
  {
    rule: 'ATS024',
    what: 'near miss: the VF was off before',
    fn: VF,
    severity: 'error',
    trips: (t) => afterPfReset(liveVf(readyPf(t)).write(PF, 0x4, 6), () => {}),
    nearMiss: (t) =>
      afterPfReset(
        liveVf(readyPf(t))
          .write(PF, 0x4, 6)
          .disable(VF, { ...vfState, en: [1, 0] }),
        () => {},
      ),
  },
  {
    rule: 'ATS024',
    what: 'near miss: whether the VF was on is unknown',
    fn: VF,
    severity: 'error',
    trips: (t) => afterPfReset(liveVf(readyPf(t)).write(PF, 0x4, 6), () => {}),
    nearMiss: (t) =>
      afterPfReset(
        liveVf(readyPf(t))
          .write(PF, 0x4, 6)
          .call('pci_enable_ats', VF, { ...vfState, noReturn: true }),
        () => {},
      ),
  },
  {
    rule: 'ATS024',
    what: 'near miss: the VF was going away before',
    fn: VF,
    severity: 'error',
    trips: (t) => afterPfReset(liveVf(readyPf(t)).write(PF, 0x4, 6), () => {}),
    nearMiss: (t) =>
      afterPfReset(
        liveVf(readyPf(t)).write(PF, 0x4, 6).call('pci_stop_and_remove_bus_device', VF, { noReturn: true }),
        () => {},
      ),
  },
  {
    rule: 'ATS024',
    what: 'near miss: the VF is released after it',
    fn: VF,
    severity: 'error',
    trips: (t) => afterPfReset(liveVf(readyPf(t)).write(PF, 0x4, 6), () => {}),
    nearMiss: (t) =>
      afterPfReset(liveVf(readyPf(t)).write(PF, 0x4, 6), () => t.call('intel_iommu_release_device', VF)),
  },
  {
    rule: 'ATS024',
    what: 'near miss: the VF leaves its group after it, and so does a device that is none of PCI',
    fn: VF,
    severity: 'error',
    trips: (t) => afterPfReset(liveVf(readyPf(t)).write(PF, 0x4, 6), () => {}),
    nearMiss: (t) =>
      afterPfReset(liveVf(readyPf(t)).write(PF, 0x4, 6), () =>
        t
          .event('remove_device_from_group', 'IOMMU: groupID=8 device=2900000.device')
          .event('remove_device_from_group', `IOMMU: groupID=9 device=${VF}`),
      ),
  },
  {
    rule: 'ATS025',
    what: 'near miss: the kernel has brackets, and they are not recorded',
    fn: PLAIN,
    severity: 'warning',
    profile: '7.2',
    trips: (t) =>
      bracket(t, PF)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .call('pcie_flr', PLAIN, { ret: 0 }),
    nearMiss: (t) => t.enable(PLAIN, 12, 0, { vf: 0, ...on }).call('pcie_flr', PLAIN, { ret: 0 }),
  },
  {
    rule: 'ATS025',
    what: 'near miss: only the entry of the reset is recorded',
    fn: PLAIN,
    severity: 'note',
    profile: '6.12-old',
    trips: (t) => t.enable(PLAIN, 12, 0, { vf: 0, ...on }).call('pcie_flr', PLAIN, { ret: 0 }),
    nearMiss: (t) => t.enable(PLAIN, 12, 0, { vf: 0, ...on }).call('pcie_flr', PLAIN, { noReturn: true }),
  },
  {
    rule: 'ATS025',
    what: 'near miss: only the return of the reset is recorded',
    fn: PLAIN,
    severity: 'warning',
    profile: '7.2',
    trips: (t) =>
      bracket(t, PF)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .call('pcie_flr', PLAIN, { ret: 0 }),
    nearMiss: (t) =>
      bracket(t, PF)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .call('pcie_flr', PLAIN, { ret: 0, noEntry: true }),
  },
  {
    rule: 'ATS025',
    what: 'near miss: inside a bracket, and whether ATS was on is unknown',
    fn: PLAIN,
    severity: 'note',
    profile: '7.2',
    trips: (t) =>
      knownDisable(t)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .call('pcie_flr', PLAIN, { ret: 0, inside: () => bracket(t, PLAIN) }),
    nearMiss: (t) => knownDisable(t).call('pcie_flr', PLAIN, { ret: 0, inside: () => bracket(t, PLAIN) }),
  },
  {
    rule: 'ATS026',
    what: 'the inner one of two is closed; near miss: both are',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      bracket(t.appear(PLAIN).call('pci_dev_reset_iommu_prepare', PLAIN, { ret: 0 }), PLAIN)
        .wait(1500)
        .write(PF, 4, 6),
    nearMiss: (t) =>
      bracket(t.appear(PLAIN).call('pci_dev_reset_iommu_prepare', PLAIN, { ret: 0 }), PLAIN)
        .call('pci_dev_reset_iommu_done', PLAIN)
        .wait(1500)
        .write(PF, 4, 6),
  },
  {
    rule: 'ATS026',
    what: 'how it was opened is not recorded; near miss: nobody records how brackets are closed',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      bracket(t, PF)
        .call('pci_dev_reset_iommu_prepare', PLAIN, { noReturn: true })
        .wait(1500)
        .write(PF, 4, 6),
    nearMiss: (t) => t.call('pci_dev_reset_iommu_prepare', PLAIN, { ret: 0 }).wait(1500).write(PF, 4, 6),
  },
  {
    rule: 'ATS026',
    what: 'near miss: nobody records how brackets are opened',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => bracket(t, PF).appear(PLAIN).call('pci_dev_reset_iommu_done', PLAIN),
    nearMiss: (t) => t.appear(PLAIN).call('pci_dev_reset_iommu_done', PLAIN),
  },
  {
    rule: 'ATS025',
    what: 'a bus is reset, which has no brackets on any kernel; near miss: it could not be',
    fn: PLAIN,
    severity: 'warning',
    profile: '7.2',
    trips: (t) =>
      bracket(t, PF)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .call('pci_reset_bus', PLAIN, { ret: 0 }),
    nearMiss: (t) =>
      bracket(t, PF)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .call('pci_reset_bus', PLAIN, { ret: -25 }),
  },
  {
    rule: 'ATS025',
    what: 'near miss: the reset of a function tells nothing of its own',
    fn: PLAIN,
    severity: 'note',
    profile: '6.12-old',
    trips: (t) => reset(t.enable(PLAIN, 12, 0, { vf: 0, ...on }), PLAIN, () => {}),
    nearMiss: (t) => t.enable(PLAIN, 12, 0, { vf: 0, ...on }).call('pci_reset_function', PLAIN, { ret: 0 }),
  },
  {
    rule: 'ATS024',
    what: 'near miss: the VF was going away before, and is attached to its last domain after it',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      afterPfReset(liveVf(readyPf(t)).write(PF, 0x4, 6), () =>
        t.call('__iommu_attach_device', VF, { ret: 0 }),
      ),
    nearMiss: (t) =>
      afterPfReset(
        liveVf(readyPf(t)).write(PF, 0x4, 6).call('pci_stop_and_remove_bus_device', VF, { noReturn: true }),
        () => t.call('__iommu_attach_device', VF, { ret: 0 }),
      ),
  },
  {
    rule: 'ATS025',
    what: 'the device does not come back from the reset, which took place; near miss: ATS was off',
    fn: PLAIN,
    severity: 'note',
    profile: '6.12-old',
    trips: (t) => t.enable(PLAIN, 12, 0, { vf: 0, ...on }).call('pcie_flr', PLAIN, { ret: -25 }),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .call('pcie_flr', PLAIN, { ret: -25 }),
  },
  {
    rule: 'ATS026',
    what: 'near miss: another thing that was due in the bracket, an invalidation (ATS035), does not come',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => dueInBracket(t, false),
    nearMiss: (t) => dueInBracket(t, true),
  },
];
