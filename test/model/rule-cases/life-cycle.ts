import type { TraceWriter } from '../../support/trace-writer.ts';
import { knownDisable, on, PF, PLAIN, type RuleCase, reset, restored, VF, vfState } from './steps.ts';

/** A write to ATS Control on a kernel that cannot print the capability. */
function bareWrite(trace: TraceWriter, value: number): TraceWriter {
  return trace.event(
    'cfg',
    `(pci_write_config_word+0x4/0x40) where=0x106 val=0x${value.toString(16)} bdf="${PLAIN}"`,
  );
}

function bareEnable(trace: TraceWriter): TraceWriter {
  return trace.enable(PLAIN, 12, 0, { vf: 0, inside: () => bareWrite(trace, 0x8000) });
}

/** ATS goes off and on, and a hot-plug port loses its link. */
function lostLink(trace: TraceWriter): TraceWriter {
  return trace
    .enable(PLAIN, 12, 0, { vf: 0, ...on })
    .disable(PLAIN, { vf: 0, en: [1, 0] })
    .enable(PLAIN, 12, 0, { vf: 0, ...on })
    .event('pci_hp_event', '0000:00:02.0 slot:1, event:LINK_DOWN');
}

/** The core has ATS off, and user space sets Enable. */
function writtenOn(trace: TraceWriter): TraceWriter {
  return knownDisable(trace)
    .prepare(PLAIN, 12, 0, { vf: 0, en: [0, 0], cap: '0x100' })
    .write(PLAIN, 0x106, 0x8000, '0x100', true);
}

/** A function with ATS on is reset by nobody but `pcie_flr()`. */
function flrAlone(trace: TraceWriter, ret = 0): TraceWriter {
  return trace
    .enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' })
    .write(PLAIN, 0x4, 0x6)
    .call('pcie_flr', PLAIN, { ret });
}

export const LIFE_CYCLE_CASES: readonly RuleCase[] = [
  {
    rule: 'ATS023',
    what: 'a reset loses Enable; near miss: it is restored',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      reset(t.enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' }).write(PLAIN, 0x4, 0x6), PLAIN, () => {}),
    nearMiss: (t) =>
      reset(t.enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' }).write(PLAIN, 0x4, 0x6), PLAIN, () => {
        t.call('pci_restore_ats_state', PLAIN, { inside: () => t.write(PLAIN, 0x106, 0x8000) });
      }),
  },
  {
    rule: 'ATS023',
    what: 'a driver resets the function by itself, and it is switched off later; near miss: within a second',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      flrAlone(t)
        .wait(1500)
        .disable(PLAIN, { vf: 0, en: [1, 0] }),
    nearMiss: (t) =>
      flrAlone(t)
        .wait(500)
        .disable(PLAIN, { vf: 0, en: [1, 0] }),
  },
  {
    rule: 'ATS023',
    what: 'the same, and it is let go later; near miss: that driver restores it',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => flrAlone(t).wait(1500).call('intel_iommu_release_device', PLAIN),
    nearMiss: (t) =>
      flrAlone(t)
        .call('pci_restore_ats_state', PLAIN, { inside: () => t.write(PLAIN, 0x106, 0x8000) })
        .wait(1500)
        .call('intel_iommu_release_device', PLAIN),
  },
  {
    rule: 'ATS023',
    what: 'the same, and it is reset once more; near miss: the first reset failed',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => flrAlone(t).wait(1500).call('pcie_flr', PLAIN, { ret: 0 }),
    nearMiss: (t) => flrAlone(t, -25).wait(1500).call('pcie_flr', PLAIN, { ret: 0 }),
  },
  {
    rule: 'ATS023',
    what: 'near miss: nothing in the recording would show the restore',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      reset(t.enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' }).write(PLAIN, 0x4, 0x6), PLAIN, () => {}),
    nearMiss: (t) => reset(t.enable(PLAIN, 12, 0, { vf: 0, ...on }), PLAIN, () => {}),
  },
  {
    rule: 'ATS023',
    what: 'the capability is not printed (before 6.6): what enable writes shows the register; near miss: it is restored',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => reset(bareEnable(t), PLAIN, () => {}),
    nearMiss: (t) =>
      reset(bareEnable(t), PLAIN, () => {
        t.call('pci_restore_ats_state', PLAIN, { inside: () => bareWrite(t, 0x8000) });
      }),
  },
  {
    rule: 'ATS023',
    what: 'near miss: the restore is recorded, and of writes only those that cannot be of ATS Control',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => reset(bareEnable(t), PLAIN, () => {}),
    nearMiss: (t) =>
      reset(
        t
          .enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' })
          .event('cfg32', `(pci_write_config_dword+0x4/0x40) where=0x104 val=0x0 bdf="${PLAIN}"`),
        PLAIN,
        () => {
          t.call('pci_restore_ats_state', PLAIN);
        },
      ),
  },
  {
    rule: 'ATS023',
    what: 'a quirk took the capability, so that the restore writes PCI Status; near miss: it is there',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      reset(
        t
          .appear(PLAIN)
          .enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' })
          .call('pci_save_state', PLAIN, { ret: 0, cap: '0x0' }),
        PLAIN,
        () => t.call('pci_restore_ats_state', PLAIN, { cap: '0x0' }),
      ),
    nearMiss: (t) =>
      reset(
        t
          .appear(PLAIN)
          .enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' })
          .call('pci_save_state', PLAIN, { ret: 0, cap: '0x100' }),
        PLAIN,
        () => t.call('pci_restore_ats_state', PLAIN, { cap: '0x100' }),
      ),
  },
  {
    rule: 'ATS027',
    what: 'a function is released with ATS on; near miss: it is disabled inside the release',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .enable(VF, 12, 0, { ...vfState, ...on })
        .call('intel_iommu_release_device', VF),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .enable(VF, 12, 0, { ...vfState, ...on })
        .call('intel_iommu_release_device', VF, { inside: () => t.disable(VF, { ...vfState, en: [1, 0] }) }),
  },
  {
    rule: 'ATS027',
    what: 'the link to the function went down before: only a note; near miss: it is disabled inside the release',
    fn: PLAIN,
    severity: 'note',
    trips: (t) => lostLink(t).call('intel_iommu_release_device', PLAIN),
    nearMiss: (t) =>
      lostLink(t).call('intel_iommu_release_device', PLAIN, {
        inside: () => t.disable(PLAIN, { vf: 0, en: [1, 0] }),
      }),
  },
  {
    rule: 'ATS027',
    what: 'only a restore that wrote Enable tells that ATS is on; near miss: it wrote nothing, so ATS is off',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => restored(t, 0x8000).call('intel_iommu_release_device', PLAIN),
    nearMiss: (t) => restored(t, null).call('intel_iommu_release_device', PLAIN),
  },
  {
    rule: 'ATS027',
    what: 'the same; near miss: events were lost within the restore that shows no write',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => restored(t, 0x8000).call('intel_iommu_release_device', PLAIN),
    nearMiss: (t) => restored(t, null, true).call('intel_iommu_release_device', PLAIN),
  },
  {
    rule: 'ATS023',
    what: 'the reset alone is recorded, and nobody restores for a second; near miss: somebody does',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' })
        .write(PLAIN, 0x4, 0x6)
        .call('pcie_flr', PLAIN, { ret: 0 })
        .wait(1500)
        .write(PF, 0x4, 0x6),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' })
        .write(PLAIN, 0x4, 0x6)
        .call('pcie_flr', PLAIN, { ret: 0 })
        .write(PLAIN, 0x106, 0x8000)
        .wait(1500)
        .write(PF, 0x4, 0x6),
  },
  {
    rule: 'ATS023',
    what: 'near miss: the reset said that it did nothing',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' })
        .write(PLAIN, 0x4, 0x6)
        .call('pci_reset_function', PLAIN, { ret: 0 }),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' })
        .write(PLAIN, 0x4, 0x6)
        .call('pci_reset_function', PLAIN, { ret: -25 }),
  },
  {
    rule: 'ATS023',
    what: 'near miss: whether ATS was on before is unknown',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      reset(
        t.supported(PLAIN, 1, { vf: 0, en: [1, 1], cap: '0x100' }).write(PLAIN, 0x4, 0x6),
        PLAIN,
        () => {},
      ),
    nearMiss: (t) =>
      reset(t.supported(PLAIN, 1, { vf: 0, cap: '0x100' }).write(PLAIN, 0x4, 0x6), PLAIN, () =>
        t.call('pci_restore_state', PLAIN, { vf: 0, en: [1, 1] }),
      ),
  },
  {
    rule: 'ATS023',
    what: 'near miss: ATS was off before, and goes on unseen',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      reset(
        t.supported(PLAIN, 1, { vf: 0, en: [1, 1], cap: '0x100' }).write(PLAIN, 0x4, 0x6),
        PLAIN,
        () => {},
      ),
    nearMiss: (t) =>
      reset(t.supported(PLAIN, 1, { vf: 0, en: [0, 0], cap: '0x100' }).write(PLAIN, 0x4, 0x6), PLAIN, () =>
        t.call('pci_restore_state', PLAIN, { vf: 0, en: [1, 1] }),
      ),
  },
  {
    rule: 'ATS023',
    what: 'near miss: the driver switches ATS off before the reset is over',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      reset(t.enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' }).write(PLAIN, 0x4, 0x6), PLAIN, () => {}),
    nearMiss: (t) =>
      reset(t.enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' }).write(PLAIN, 0x4, 0x6), PLAIN, () =>
        t.disable(PLAIN, { vf: 0, en: [1, 0] }),
      ),
  },
  {
    rule: 'ATS027',
    what: 'near miss: whether ATS was switched off is not recorded',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t
        .disable('0000:09:00.0', { vf: 0, en: [1, 0] })
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .call('intel_iommu_release_device', PLAIN),
    nearMiss: (t) => t.enable(PLAIN, 12, 0, { vf: 0, ...on }).call('intel_iommu_release_device', PLAIN),
  },
  {
    rule: 'ATS027',
    what: 'the register is on and the core off when the function is removed; near miss: when its driver is released only',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => writtenOn(t).call('pci_stop_and_remove_bus_device', PLAIN),
    nearMiss: (t) => writtenOn(t).call('intel_iommu_release_device', PLAIN),
  },
  {
    rule: 'ATS027',
    what: 'what the core believes is unknown; near miss: the link was down',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      knownDisable(t)
        .write(PLAIN, 0x106, 0x8000, '0x100', true)
        .call('pci_stop_and_remove_bus_device', PLAIN),
    nearMiss: (t) =>
      writtenOn(t)
        .event('pci_hp_event', '0000:00:02.0 slot:1, event:LINK_DOWN')
        .call('pci_stop_and_remove_bus_device', PLAIN),
  },
  {
    rule: 'ATS027',
    what: 'near miss: the register is switched off before',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => writtenOn(t).call('pci_stop_and_remove_bus_device', PLAIN),
    nearMiss: (t) =>
      writtenOn(t).write(PLAIN, 0x106, 0, '0x100', true).call('pci_stop_and_remove_bus_device', PLAIN),
  },
  {
    rule: 'ATS027',
    what: 'near miss: the register is unknown, and so is what the core believes',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => writtenOn(t).call('pci_stop_and_remove_bus_device', PLAIN),
    nearMiss: (t) =>
      knownDisable(t).supported(PLAIN, 1, { vf: 0 }).call('pci_stop_and_remove_bus_device', PLAIN),
  },
  {
    rule: 'ATS027',
    what: 'near miss: whether the core has switched it off is not recorded',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => writtenOn(t).call('pci_stop_and_remove_bus_device', PLAIN),
    nearMiss: (t) =>
      t
        .write(PLAIN, 0x106, 0x8000, '0x100', true)
        .supported(PLAIN, 1, { vf: 0 })
        .call('pci_stop_and_remove_bus_device', PLAIN),
  },
];
