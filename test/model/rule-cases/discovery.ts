import type { TraceWriter } from '../../support/trace-writer.ts';
import { on, PF, PLAIN, pfState, type RuleCase, readyPf, VF, vfState, WARN_LINE } from './steps.ts';

/** The core does not trust a device, and reads its ATS Control. */
function untrustedReads(trace: TraceWriter, value: number): TraceWriter {
  return trace
    .supported(PLAIN, 0, { vf: 0, cap: '0x100', en: [0, 0], args: { untrusted: 1 } })
    .event(
      'rd',
      `(pci_user_read+0x1/0x2 <- pci_user_read_config_word) where=0x106 val=0x${value.toString(16)} cap=0x100 vf=0 bdf="${PLAIN}"`,
    );
}

export const DISCOVERY_CASES: readonly RuleCase[] = [
  {
    rule: 'ATS020',
    what: 'the support test changes its mind; near miss: the function was removed in between',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t.supported(PLAIN, 1, { vf: 0 }).supported(PLAIN, 0, { vf: 0 }),
    nearMiss: (t) =>
      t
        .supported(PLAIN, 1, { vf: 0 })
        .call('pci_stop_and_remove_bus_device', PLAIN)
        .appear(PLAIN)
        .supported(PLAIN, 0, { vf: 0 }),
  },
  {
    rule: 'ATS020',
    what: 'a quirk comes after the IOMMU probe, seen in the log; near miss: before it',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    log: {
      trips: `[    1.000000] pci ${PLAIN}: Adding to iommu group 7\n[    1.100000] pci ${PLAIN}: disabling ATS\n`,
      nearMiss: `[    1.000000] pci ${PLAIN}: disabling ATS\n[    1.100000] pci ${PLAIN}: Adding to iommu group 7\n`,
    },
  },
  {
    rule: 'ATS020',
    what: 'the answer of a VF changes with the quirk of its PF; near miss: it was asked once',
    fn: VF,
    severity: 'error',
    profile: '6.12-new',
    trips: (t) =>
      readyPf(t).addVf(PF, VF, 0, () => {
        t.supported(VF, 1, vfState)
          .call('pci_restore_state', PF, { vf: 0, pf: 1, cap: '0x0' })
          .supported(VF, 0, vfState);
      }),
    nearMiss: (t) =>
      readyPf(t).addVf(PF, VF, 0, () => {
        t.call('pci_restore_state', PF, { vf: 0, pf: 1, cap: '0x0' }).supported(VF, 0, vfState);
      }),
  },
  {
    rule: 'ATS021',
    what: 'the capability vanishes while ATS is on; near miss: while it is off',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t
        .appear(PLAIN)
        .enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' })
        .call('pci_restore_state', PLAIN, { cap: '0x0' }),
    nearMiss: (t) =>
      t
        .appear(PLAIN)
        .enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .call('pci_restore_state', PLAIN, { cap: '0x0' }),
  },
  {
    rule: 'ATS021',
    what: 'disable writes PCI Status; near miss: somebody else does',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t.disable(PLAIN, { vf: 0, inside: () => t.write(PLAIN, 6, 0x10, '0x0') }),
    nearMiss: (t) => t.disable(PLAIN, { vf: 0 }).write(PLAIN, 6, 0x10, '0x0'),
  },
  {
    rule: 'ATS021',
    what: 'restore writes PCI Status; near miss: the rest of the state does, which is normal',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t.call('pci_restore_ats_state', PLAIN, { vf: 0, inside: () => t.write(PLAIN, 6, 0x10, '0x0') }),
    nearMiss: (t) =>
      t.call('pci_restore_state', PLAIN, { vf: 0, inside: () => t.write(PLAIN, 6, 0x10, '0x0') }),
  },
  {
    rule: 'ATS021',
    what: 'the log says that a quirk came while ATS was on; near miss: while it was off',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t.enable(PLAIN, 12, 0, { vf: 0, ...on }).call('pci_disable_ats', PF, { vf: 0, en: [0, 0] }),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .call('pci_disable_ats', PF, { vf: 0, en: [0, 0] }),
    log: {
      trips: `${WARN_LINE('    1.000350', 'pci_disable_ats', 100)}[    1.100000] pci ${PLAIN}: disabling ATS\n`,
      nearMiss: `${WARN_LINE('    1.000550', 'pci_disable_ats', 100)}[    1.100000] pci ${PLAIN}: disabling ATS\n`,
    },
  },
  {
    rule: 'ATS022',
    what: 'a VF of an untrusted PF is enabled; near miss: a trusted one',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      t
        .supported(PF, 0, { ...pfState, args: { untrusted: 1 } })
        .addVf(PF, VF, 0, () => t.enable(VF, 12, 0, { ...vfState, ...on })),
    nearMiss: (t) =>
      t
        .supported(PF, 1, { ...pfState, args: { untrusted: 0 } })
        .addVf(PF, VF, 0, () => t.enable(VF, 12, 0, { ...vfState, ...on })),
  },
  {
    rule: 'ATS022',
    what: 'user space switches ATS on in an untrusted device; near miss: it writes the register without Enable',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t
        .supported(PLAIN, 0, { vf: 0, cap: '0x100', en: [0, 0], args: { untrusted: 1 } })
        .write(PLAIN, 0x106, 0x8000, '0x100', true),
    nearMiss: (t) =>
      t
        .supported(PLAIN, 0, { vf: 0, cap: '0x100', en: [0, 0], args: { untrusted: 1 } })
        .write(PLAIN, 0x106, 0x0000, '0x100', true),
  },
  {
    rule: 'ATS022',
    what: 'the PF is refused although it has a capability; near miss: a quirk may have taken it',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      t.supported(PF, 0, pfState).addVf(PF, VF, 0, () => t.enable(VF, 12, 0, { ...vfState, ...on })),
    nearMiss: (t) =>
      t
        .appear(PF)
        .supported(PF, 0, { vf: 0, pf: 1 })
        .addVf(PF, VF, 0, () => t.enable(VF, 12, 0, { ...vfState, ...on })),
  },
  {
    rule: 'ATS022',
    what: 'in a VF of an untrusted PF; near miss: whether it is trusted is unknown',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      t
        .supported(PF, 0, { ...pfState, args: { untrusted: 1 } })
        .addVf(PF, VF, 0)
        .write(VF, 0x106, 0x8000, '0x100', true),
    nearMiss: (t) => t.addVf(PF, VF, 0).write(VF, 0x106, 0x8000, '0x100', true),
  },
  {
    rule: 'ATS020',
    what: 'the answer of a VF changes while its PF keeps its capability; near miss: the same answer twice',
    fn: VF,
    severity: 'error',
    trips: (t) => readyPf(t).addVf(PF, VF, 0, () => t.supported(VF, 0, vfState).supported(VF, 1, vfState)),
    nearMiss: (t) => readyPf(t).addVf(PF, VF, 0, () => t.supported(VF, 1, vfState).supported(VF, 1, vfState)),
  },
  {
    rule: 'ATS020',
    what: 'the log says so after the probe; near miss: it does not say when',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t.supported(PLAIN, 1, { vf: 0 }).disable(PLAIN, { vf: 0, en: [0, 0] }),
    nearMiss: (t) => t.supported(PLAIN, 1, { vf: 0 }).disable(PLAIN, { vf: 0, en: [0, 0] }),
    log: {
      trips: `${WARN_LINE('    1.000250', 'pci_disable_ats', 100)}[    1.100000] pci ${PLAIN}: disabling ATS\n`,
      nearMiss: `pci ${PLAIN}: disabling ATS\npci ${PLAIN}: disabling ATS\n`,
    },
  },
  {
    rule: 'ATS021',
    what: 'near miss: the log does not say when, or of which function',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t.enable(PLAIN, 12, 0, { vf: 0, ...on }).call('pci_disable_ats', PF, { vf: 0, en: [0, 0] }),
    nearMiss: (t) => t.enable(PLAIN, 12, 0, { vf: 0, ...on }),
    log: {
      trips: `${WARN_LINE('    1.000350', 'pci_disable_ats', 100)}[    1.100000] pci ${PLAIN}: disabling ATS\n[    1.200000] disabling ATS\n`,
      nearMiss: `pci ${PLAIN}: disabling ATS\ndisabling ATS\n`,
    },
  },
  {
    rule: 'ATS022',
    what: 'near miss: the function is known to be trusted',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t
        .supported(PLAIN, 0, { vf: 0, cap: '0x100', args: { untrusted: 1 } })
        .enable(PLAIN, 12, 0, { vf: 0, ...on }),
    nearMiss: (t) =>
      t
        .supported(PLAIN, 1, { vf: 0, cap: '0x100', args: { untrusted: 0 } })
        .enable(PLAIN, 12, 0, { vf: 0, ...on }),
  },
  {
    rule: 'ATS022',
    what: 'a VF is refused although its PF is fit; near miss: nothing names the PF, which a PF-aware kernel asks',
    fn: VF,
    severity: 'error',
    profile: 'series',
    trips: (t) =>
      readyPf(t)
        .addVf(PF, VF, 0, () => t.supported(VF, 0, vfState))
        .write(VF, 0x106, 0x8000, '0x100', true),
    nearMiss: (t) => readyPf(t).supported(VF, 0, vfState).write(VF, 0x106, 0x8000, '0x100', true),
  },
  {
    rule: 'ATS021',
    what: 'restore writes a word at 6; near miss: one byte, which ATS calls never write',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t.call('pci_restore_ats_state', PLAIN, {
        vf: 0,
        inside: () => t.event('cfg', `(pci_write_config_word+0x4/0x40) where=0x6 val=0x10 bdf="${PLAIN}"`),
      }),
    nearMiss: (t) =>
      t.call('pci_restore_ats_state', PLAIN, {
        vf: 0,
        inside: () => t.event('cfg', `(pci_write_config_byte+0x4/0x40) where=0x6 val=0x10 bdf="${PLAIN}"`),
      }),
  },
  {
    rule: 'ATS022',
    what: 'the register of an untrusted device reads as enabled; near miss: as disabled',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => untrustedReads(t, 0x8000),
    nearMiss: (t) => untrustedReads(t, 0x0000),
  },
];
