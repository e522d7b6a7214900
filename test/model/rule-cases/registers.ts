import type { TraceWriter } from '../../support/trace-writer.ts';
import { liveVf, on, PLAIN, type RuleCase, readyPf, reset, VF, vfState, WARN_LINE } from './steps.ts';

/** User space writes one byte of config space. */
function byteWrite(trace: TraceWriter, where: number, value: number): TraceWriter {
  return trace.event(
    'cfg',
    `(pci_user_write_config_byte+0x4/0x40) where=0x${where.toString(16)} val=0x${value.toString(16)} cap=0x100 bdf="${PLAIN}"`,
  );
}

/** ATS is on with STU 1, and a reset of which nobody records the restore leaves the register unknown. */
function afterReset(trace: TraceWriter): TraceWriter {
  return reset(trace.enable(PLAIN, 13, 0, { vf: 0, ...on, cap: '0x100' }), PLAIN, () => {});
}

/** The core has programmed STU 0, and the register reads as STU 2. */
function readBack(trace: TraceWriter): TraceWriter {
  return trace
    .enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' })
    .event(
      'rd',
      `(pci_user_read+0x1/0x2 <- pci_user_read_config_word) where=0x106 val=0x8002 cap=0x100 vf=0 bdf="${PLAIN}"`,
    );
}

export const REGISTERS_CASES: readonly RuleCase[] = [
  {
    rule: 'ATS028',
    what: 'user space clears Enable; near miss: the core does, in a disable',
    fn: VF,
    severity: 'error',
    trips: (t) => liveVf(readyPf(t)).write(VF, 0x106, 0, '0x100', true),
    nearMiss: (t) =>
      liveVf(readyPf(t)).disable(VF, { ...vfState, en: [1, 0], inside: () => t.write(VF, 0x106, 0) }),
  },
  {
    rule: 'ATS028',
    what: 'user space writes the value that is there: only a note; near miss: another register',
    fn: VF,
    severity: 'note',
    trips: (t) => liveVf(readyPf(t)).write(VF, 0x106, 0x8000, '0x100', true),
    nearMiss: (t) => liveVf(readyPf(t)).write(VF, 0x108, 0x8000, '0x100', true),
  },
  {
    rule: 'ATS029',
    what: 'the register is on and the core off; near miss: both off',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t
        .event('iommu_probe', `(intel_iommu_probe_device+0x4/0x8e0) bdf="${PLAIN}"`)
        .prepare(PLAIN, 12, 0, { vf: 0, en: [0, 0], cap: '0x100' })
        .write(PLAIN, 0x106, 0x8000, '0x100', true),
    nearMiss: (t) =>
      t
        .event('iommu_probe', `(intel_iommu_probe_device+0x4/0x8e0) bdf="${PLAIN}"`)
        .prepare(PLAIN, 12, 0, { vf: 0, en: [0, 0], cap: '0x100' })
        .write(PLAIN, 0x106, 0x0000, '0x100', true),
  },
  {
    rule: 'ATS030',
    what: 'the register is off and the core on; near miss: it is written on again by enable',
    fn: VF,
    severity: 'error',
    trips: (t) => liveVf(readyPf(t)).write(VF, 0x106, 0, '0x100', true),
    nearMiss: (t) =>
      liveVf(readyPf(t))
        .disable(VF, { ...vfState, en: [1, 0], inside: () => t.write(VF, 0x106, 0) })
        .enable(VF, 12, 0, { ...vfState, ...on, inside: () => t.write(VF, 0x106, 0x8000) }),
  },
  {
    rule: 'ATS028',
    what: 'a byte with Enable as it was: a note; near miss: the byte of another register',
    fn: PLAIN,
    severity: 'note',
    trips: (t) =>
      byteWrite(
        t.prepare(PLAIN, 13, 0, { vf: 0, en: [0, 0], cap: '0x100' }).enable(PLAIN, 13, 0, { vf: 0, ...on }),
        0x107,
        0x80,
      ),
    nearMiss: (t) => byteWrite(t.enable(PLAIN, 13, 0, { vf: 0, ...on, cap: '0x100' }), 0x108, 0x80),
  },
  {
    rule: 'ATS028',
    what: 'a byte with another STU; near miss: the byte of another register',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => byteWrite(t.enable(PLAIN, 13, 0, { vf: 0, ...on, cap: '0x100' }), 0x106, 0x02),
    nearMiss: (t) => byteWrite(t.enable(PLAIN, 13, 0, { vf: 0, ...on, cap: '0x100' }), 0x105, 0x02),
  },
  {
    rule: 'ATS028',
    what: 'the kernel writes outside of the core; near miss: inside of it',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t
        .prepare(PLAIN, 12, 0, { vf: 0, en: [0, 0], cap: '0x100' })
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .write(PLAIN, 0x106, 0),
    nearMiss: (t) =>
      t
        .prepare(PLAIN, 12, 0, { vf: 0, en: [0, 0], cap: '0x100' })
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0], inside: () => t.write(PLAIN, 0x106, 0) }),
  },
  {
    rule: 'ATS028',
    what: 'the register is unknown after a reset and the core tells what it held: another STU; near miss: another register',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => afterReset(t).write(PLAIN, 0x106, 0x8000, '0x100', true),
    nearMiss: (t) => afterReset(t).write(PLAIN, 0x108, 0x8000, '0x100', true),
  },
  {
    rule: 'ATS028',
    what: 'the same STU: a note; near miss: another register',
    fn: PLAIN,
    severity: 'note',
    trips: (t) => afterReset(t).write(PLAIN, 0x106, 0x8001, '0x100', true),
    nearMiss: (t) => afterReset(t).write(PLAIN, 0x108, 0x8001, '0x100', true),
  },
  {
    rule: 'ATS028',
    what: 'a read shows what the register holds, whatever the core believes: a note; near miss: another register',
    fn: PLAIN,
    severity: 'note',
    trips: (t) => readBack(t).write(PLAIN, 0x106, 0x8002, '0x100', true),
    nearMiss: (t) => readBack(t).write(PLAIN, 0x108, 0x8002, '0x100', true),
  },
  {
    rule: 'ATS028',
    what: 'the core has never programmed an STU, so the value before is unknown: a note; near miss: another register',
    fn: PLAIN,
    severity: 'note',
    trips: (t) => t.prepare(VF, 12, 0, vfState).appear(PLAIN).write(PLAIN, 0x106, 0x0014, '0x100', true),
    nearMiss: (t) => t.prepare(VF, 12, 0, vfState).appear(PLAIN).write(PLAIN, 0x108, 0x0014, '0x100', true),
  },
  {
    rule: 'ATS029',
    what: 'near miss: the register is unknown',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t
        .supported(PLAIN, 1, { vf: 0, en: [0, 0], cap: '0x100' })
        .prepare(PLAIN, 12, 0, { vf: 0, en: [0, 0] })
        .write(PLAIN, 0x106, 0x8000, '0x100', true),
    nearMiss: (t) => t.supported(PLAIN, 1, { vf: 0, en: [0, 0], cap: '0x100' }),
  },
  {
    rule: 'ATS029',
    what: 'near miss: what the core believes is unknown',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t
        .supported(PLAIN, 1, { vf: 0, en: [0, 0], cap: '0x100' })
        .prepare(PLAIN, 12, 0, { vf: 0, en: [0, 0] })
        .write(PLAIN, 0x106, 0x8000, '0x100', true),
    nearMiss: (t) =>
      t.supported(PLAIN, 1, { vf: 0, cap: '0x100' }).write(PLAIN, 0x106, 0x8000, '0x100', true),
  },
  {
    rule: 'ATS030',
    what: 'near miss: what the core believes is unknown',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t.enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' }).write(PLAIN, 0x106, 0, '0x100', true),
    nearMiss: (t) => t.supported(PLAIN, 1, { vf: 0, cap: '0x100' }).write(PLAIN, 0x106, 0, '0x100', true),
  },
  {
    rule: 'ATS029',
    what: 'a disable that WARNs touches no register; near miss: one that does not WARN may have',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t.write(PLAIN, 0x106, 0x8000, '0x100', true).disable(PLAIN, { vf: 0 }),
    nearMiss: (t) => t.write(PLAIN, 0x106, 0x8000, '0x100', true).disable(PLAIN, { vf: 0 }),
    log: {
      trips: WARN_LINE('    1.000250', 'pci_disable_ats', 100),
      nearMiss: WARN_LINE('    1.000250', 'pci_restore_state', 100),
    },
  },
];
