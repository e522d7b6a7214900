import type { CallOptions, TraceWriter } from '../../support/trace-writer.ts';
import { liveVf, on, PF, PLAIN, pfState, type RuleCase, readyPf, reset, VF, VF2, vfState } from './steps.ts';

/** PASID and ATS on, and a reset whose bracket takes ATS off and on again; the restore comes last. */
function pasidReset(trace: TraceWriter, inAttach: () => void): TraceWriter {
  trace
    .call('pci_enable_pasid', PF, { ...pfState, ret: 0, args: { features: 0 } })
    .enable(PF, 12, 0, { ...pfState, ...on });
  return trace.call('pci_reset_function', PF, {
    ret: 0,
    inside: () => {
      trace.call('pcie_flr', PF, {
        ret: 0,
        inside: () => {
          trace.call('pci_dev_reset_iommu_prepare', PF, {
            ret: 0,
            inside: () => trace.disable(PF, { ...pfState, en: [1, 0] }),
          });
          trace.call('pci_dev_reset_iommu_done', PF, {
            inside: () => {
              inAttach();
              trace.enable(PF, 12, 0, { ...pfState, ...on });
            },
          });
        },
      });
      trace.call('pci_restore_pasid_state', PF).call('pci_restore_ats_state', PF, { ...pfState, en: [1, 1] });
    },
  });
}

/** PRI and ATS on, and ATS off again. */
function priLeftOn(trace: TraceWriter): TraceWriter {
  return trace
    .supported(PF, 1, { ...pfState, en: [0, 0] })
    .call('pci_enable_pri', PF, { ret: 0 })
    .enable(PF, 12, 0, { ...pfState, ...on })
    .disable(PF, { ...pfState, en: [1, 0] });
}

/** PRI of the PF is asked for, and nothing follows for more than a second. */
function priWithout(trace: TraceWriter, state: CallOptions, ret: number): TraceWriter {
  return trace.supported(PF, 1, state).call('pci_enable_pri', PF, { ret }).wait(1500).write(PF, 4, 6);
}

/** A PF with ATS and PRI on. */
function priOn(trace: TraceWriter): TraceWriter {
  return readyPf(trace.call('pci_disable_pri', OTHER)).call('pci_enable_pri', PF, {
    ...pfState,
    ret: 0,
  });
}

/** ATS goes off in the PF and then in the VF, and nothing follows for more than a second. */
function vfOff(trace: TraceWriter): TraceWriter {
  return trace
    .disable(PF, { ...pfState, en: [1, 0] })
    .disable(VF, { ...vfState, en: [1, 0] })
    .wait(1500)
    .write(PF, 4, 6);
}

const OTHER = '0000:09:00.0';

export const PASID_AND_PRI_CASES: readonly RuleCase[] = [
  {
    rule: 'ATS031',
    what: 'PASID goes off while ATS is enabled; near miss: after ATS',
    fn: PF,
    severity: 'error',
    trips: (t) =>
      t
        .call('pci_enable_pasid', PF, { ...pfState, ret: 0, args: { features: 0 } })
        .enable(PF, 12, 0, { ...pfState, ...on })
        .call('pci_disable_pasid', PF),
    nearMiss: (t) =>
      t
        .call('pci_enable_pasid', PF, { ...pfState, ret: 0, args: { features: 0 } })
        .enable(PF, 12, 0, { ...pfState, ...on })
        .disable(PF, { ...pfState, en: [1, 0] })
        .call('pci_disable_pasid', PF),
  },
  {
    rule: 'ATS031',
    what: 'SMMUv3 of 7.2: the re-attach of a reset bracket enables ATS, and the restore writes PASID after it; near miss: the attach enables PASID first, as AMD does',
    fn: PF,
    severity: 'warning',
    trips: (t) => pasidReset(t, () => {}),
    nearMiss: (t) =>
      pasidReset(t, () => t.call('pci_enable_pasid', PF, { ...pfState, ret: 0, args: { features: 0 } })),
    profile: '7.2',
  },
  {
    rule: 'ATS031',
    what: 'PASID of a PF changes under a live VF; near miss: the value stays',
    fn: PF,
    severity: 'error',
    trips: (t) =>
      liveVf(readyPf(t).call('pci_enable_pasid', PF, { ...pfState, ret: -22 }))
        .disable(PF, { ...pfState, en: [1, 0] })
        .call('pci_disable_pasid', PF, { ...pfState })
        .call('pci_enable_pasid', PF, { ...pfState, ret: 0, args: { features: 2 } }),
    nearMiss: (t) =>
      liveVf(readyPf(t))
        .disable(PF, { ...pfState, en: [1, 0] })
        .call('pci_disable_pasid', PF, { ...pfState })
        .call('pci_disable_pasid', PF, { ...pfState }),
  },
  {
    rule: 'ATS032',
    what: 'PASID is enabled with ATS on and the register unknown; near miss: before ATS',
    fn: PF,
    severity: 'warning',
    trips: (t) => t.enable(PF, 12, 0, { ...pfState, ...on }).call('pci_enable_pasid', PF, { ret: 0 }),
    nearMiss: (t) =>
      t
        .supported(PF, 1, { ...pfState, en: [0, 0] })
        .call('pci_enable_pasid', PF, { ret: 0 })
        .enable(PF, 12, 0, { ...pfState, ...on }),
  },
  {
    rule: 'ATS033',
    what: 'PRI stays on without ATS; near miss: ATS follows',
    fn: PF,
    severity: 'warning',
    trips: (t) =>
      t
        .supported(PF, 1, { ...pfState, en: [0, 0] })
        .call('pci_enable_pri', PF, { ret: 0 })
        .wait(1500)
        .write(PF, 4, 6),
    nearMiss: (t) =>
      t
        .supported(PF, 1, { ...pfState, en: [0, 0] })
        .call('pci_enable_pri', PF, { ret: 0 })
        .enable(PF, 12, 0, { ...pfState, ...on })
        .wait(1500)
        .write(PF, 4, 6),
  },
  {
    rule: 'ATS033',
    what: 'ATS goes off and PRI stays on; near miss: PRI follows, as AMD does',
    fn: PF,
    severity: 'warning',
    trips: (t) => priLeftOn(t.call('pci_disable_pri', OTHER)).wait(1500).write(PF, 4, 6),
    nearMiss: (t) => priLeftOn(t).call('pci_disable_pri', PF).wait(1500).write(PF, 4, 6),
  },
  {
    rule: 'ATS033',
    what: 'a VF is granted PRI while its PF has it off; near miss: on',
    fn: VF,
    severity: 'warning',
    trips: (t) =>
      liveVf(readyPf(t))
        .call('pci_disable_pri', PF)
        .call('pci_enable_pri', VF, { ...vfState, ret: 0 }),
    nearMiss: (t) =>
      liveVf(readyPf(t))
        .call('pci_enable_pri', PF, { ...pfState, ret: 0 })
        .call('pci_enable_pri', VF, { ...vfState, ret: 0 }),
  },
  {
    rule: 'ATS031',
    what: 'near miss: the features that PASID is enabled with are not recorded',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t
        .call('pci_disable_pasid', PLAIN, { vf: 0 })
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .call('pci_enable_pasid', PLAIN, { vf: 0, ret: 0, args: { features: 0 } }),
    nearMiss: (t) =>
      t
        .call('pci_disable_pasid', PLAIN, { vf: 0 })
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .call('pci_enable_pasid', PLAIN, { vf: 0, ret: 0 }),
  },
  {
    rule: 'ATS031',
    what: 'an enable that fails before the restore changes nothing; near miss: one that succeeds does',
    fn: PF,
    severity: 'warning',
    profile: '7.2',
    trips: (t) =>
      pasidReset(t, () => t.call('pci_enable_pasid', PF, { ...pfState, ret: -16, args: { features: 0 } })),
    nearMiss: (t) =>
      pasidReset(t, () => t.call('pci_enable_pasid', PF, { ...pfState, ret: 0, args: { features: 0 } })),
  },
  {
    rule: 'ATS031',
    what: 'near miss: whether PASID is on is unknown',
    fn: PF,
    severity: 'warning',
    profile: '7.2',
    trips: (t) => pasidReset(t, () => {}),
    nearMiss: (t) =>
      reset(t.enable(PF, 12, 0, { ...pfState, ...on }), PF, () =>
        t.call('pci_restore_ats_state', PF, { ...pfState, en: [1, 1] }).call('pci_restore_pasid_state', PF),
      ),
  },
  {
    rule: 'ATS031',
    what: 'near miss: PASID is off, so the restore writes nothing',
    fn: PF,
    severity: 'warning',
    profile: '7.2',
    trips: (t) => pasidReset(t, () => {}),
    nearMiss: (t) =>
      reset(t.call('pci_disable_pasid', PF, pfState).enable(PF, 12, 0, { ...pfState, ...on }), PF, () =>
        t.call('pci_restore_ats_state', PF, { ...pfState, en: [1, 1] }).call('pci_restore_pasid_state', PF),
      ),
  },
  {
    rule: 'ATS032',
    what: 'the register before is unknown; near miss: the call is on a VF, where it does nothing',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .call('pci_enable_pasid', PLAIN, { vf: 0, ret: 0, args: { features: 0 } }),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 1, pf: 0, ...on })
        .call('pci_enable_pasid', PLAIN, { vf: 1, pf: 0, ret: 0, args: { features: 0 } }),
  },
  {
    rule: 'ATS032',
    what: 'what is written is unknown; near miss: it is known, and what the register holds',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) =>
      t
        .call('pci_disable_pasid', PLAIN, { vf: 0 })
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .call('pci_enable_pasid', PLAIN, { vf: 0, ret: 0 }),
    nearMiss: (t) =>
      t
        .call('pci_disable_pasid', PLAIN, { vf: 0 })
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .call('pci_disable_pasid', PLAIN, { vf: 0 }),
  },
  {
    rule: 'ATS032',
    what: 'whether the register has Enable set is unknown; near miss: it has it clear, behind the core',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) =>
      t
        .call('pci_disable_pasid', PLAIN, { vf: 0 })
        .supported(PLAIN, 1, { vf: 0, en: [1, 1] })
        .call('pci_enable_pasid', PLAIN, { vf: 0, ret: 0, args: { features: 0 } }),
    nearMiss: (t) =>
      t
        .call('pci_disable_pasid', PLAIN, { vf: 0 })
        .enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' })
        .write(PLAIN, 0x106, 0, '0x100', true)
        .call('pci_enable_pasid', PLAIN, { vf: 0, ret: 0, args: { features: 0 } }),
  },
  {
    rule: 'ATS031',
    what: 'near miss: ATS is off when PASID is restored',
    fn: PF,
    severity: 'warning',
    profile: '7.2',
    trips: (t) => pasidReset(t, () => {}),
    nearMiss: (t) =>
      reset(
        t
          .supported(PF, 1, { ...pfState, en: [0, 0] })
          .call('pci_enable_pasid', PF, { ...pfState, ret: 0, args: { features: 0 } }),
        PF,
        () => t.call('pci_restore_pasid_state', PF),
      ),
  },
  {
    rule: 'ATS033',
    what: 'an enable of ATS that fails is none; near miss: a VF of the PF gets ATS',
    fn: PF,
    severity: 'warning',
    trips: (t) =>
      t
        .supported(PF, 1, { ...pfState, en: [0, 0] })
        .call('pci_enable_pri', PF, { ret: 0 })
        .enable(PF, 11, -22, { ...pfState, en: [0, 0] })
        .wait(1500)
        .write(PF, 4, 6),
    nearMiss: (t) =>
      liveVf(t.supported(PF, 1, { ...pfState, en: [0, 0] }).call('pci_enable_pri', PF, { ret: 0 }))
        .wait(1500)
        .write(PF, 4, 6),
  },
  {
    rule: 'ATS033',
    what: 'near miss: PRI is refused',
    fn: PF,
    severity: 'warning',
    trips: (t) => priWithout(t, { ...pfState, en: [0, 0] }, 0),
    nearMiss: (t) => priWithout(t, { ...pfState, en: [0, 0] }, -16),
  },
  {
    rule: 'ATS033',
    what: 'near miss: whether ATS is on is unknown',
    fn: PF,
    severity: 'warning',
    trips: (t) => priWithout(t, { ...pfState, en: [0, 0] }, 0),
    nearMiss: (t) => priWithout(t, pfState, 0),
  },
  {
    rule: 'ATS033',
    what: 'near miss: whether the function is a VF is unknown',
    fn: PF,
    severity: 'warning',
    trips: (t) => priWithout(t, { ...pfState, en: [0, 0] }, 0),
    nearMiss: (t) => priWithout(t, { cap: '0x100', en: [0, 0] }, 0),
  },
  {
    rule: 'ATS033',
    what: 'ATS goes off in a VF, the last that used PRI of its PF; near miss: another VF still has it on',
    fn: PF,
    severity: 'warning',
    trips: (t) => vfOff(liveVf(liveVf(priOn(t)), 12, VF2, 1).disable(VF2, { ...vfState, en: [1, 0] })),
    nearMiss: (t) => vfOff(liveVf(liveVf(priOn(t)), 12, VF2, 1)),
  },
  {
    rule: 'ATS033',
    what: 'a VF that goes away does not count; near miss: whether another has ATS on is unknown',
    fn: PF,
    severity: 'warning',
    trips: (t) =>
      vfOff(
        liveVf(liveVf(priOn(t)), 12, VF2, 1).call('pci_stop_and_remove_bus_device', VF2, { noReturn: true }),
      ),
    nearMiss: (t) =>
      vfOff(
        liveVf(priOn(t)).addVf(PF, VF2, 1, () =>
          t.call('pci_enable_ats', VF2, { ...vfState, ps: 12, noReturn: true }),
        ),
      ),
  },
  {
    rule: 'ATS033',
    what: 'near miss: PRI is off',
    fn: PF,
    severity: 'warning',
    trips: (t) => vfOff(liveVf(priOn(t))),
    nearMiss: (t) => vfOff(liveVf(priOn(t).call('pci_disable_pri', PF))),
  },
  {
    rule: 'ATS033',
    what: 'near miss: nobody records how PRI goes off',
    fn: PF,
    severity: 'warning',
    trips: (t) => priLeftOn(t.call('pci_disable_pri', OTHER)).wait(1500).write(PF, 4, 6),
    nearMiss: (t) => priLeftOn(t).wait(1500).write(PF, 4, 6),
  },
  {
    rule: 'ATS033',
    what: 'near miss: nothing names the PF of the VF',
    fn: VF,
    severity: 'warning',
    trips: (t) =>
      liveVf(readyPf(t))
        .call('pci_disable_pri', PF)
        .call('pci_enable_pri', VF, { ...vfState, ret: 0 }),
    nearMiss: (t) => t.call('pci_disable_pri', PF).call('pci_enable_pri', VF, { ...vfState, ret: 0 }),
  },
  {
    rule: 'ATS033',
    what: 'near miss: whether the PF has PRI on is unknown',
    fn: VF,
    severity: 'warning',
    trips: (t) =>
      liveVf(readyPf(t))
        .call('pci_disable_pri', PF)
        .call('pci_enable_pri', VF, { ...vfState, ret: 0 }),
    nearMiss: (t) => liveVf(readyPf(t)).call('pci_enable_pri', VF, { ...vfState, ret: 0 }),
  },
  {
    rule: 'ATS033',
    what: 'beside an invalidation that is missing as well (ATS035); near miss: both follow',
    fn: PF,
    severity: 'warning',
    trips: (t) =>
      priLeftOn(t.call('pci_disable_pri', OTHER).call('qi_flush_dev_iotlb', OTHER))
        .wait(1500)
        .write(PF, 4, 6),
    nearMiss: (t) =>
      priLeftOn(t).call('pci_disable_pri', PF).call('qi_flush_dev_iotlb', PF).wait(1500).write(PF, 4, 6),
  },
  {
    rule: 'ATS033',
    what: 'the invalidation that was missing follows, and PRI stays on; near miss: PRI follows, too',
    fn: PF,
    severity: 'warning',
    trips: (t) =>
      priLeftOn(t.call('pci_disable_pri', OTHER)).call('qi_flush_dev_iotlb', PF).wait(1500).write(PF, 4, 6),
    nearMiss: (t) =>
      priLeftOn(t).call('qi_flush_dev_iotlb', PF).call('pci_disable_pri', PF).wait(1500).write(PF, 4, 6),
  },
];
