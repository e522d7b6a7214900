import type { TraceWriter } from '../../support/trace-writer.ts';
import { liveVf, on, PF, PLAIN, pfState, type RuleCase, readyPf, reset, VF, vfState } from './steps.ts';

/** A PF is prepared and not enabled, it is reset, and a VF of it is enabled. */
function resetPrepared(trace: TraceWriter, ps: number, after: () => void): TraceWriter {
  trace.appear(PF).prepare(PF, ps, 0, { ...pfState, en: [0, 0], stu: [0, ps] });
  reset(trace, PF, () => trace.call('pci_restore_ats_state', PF, { ...pfState, en: [0, 0] }));
  after();
  return trace.addVf(PF, VF, 0, () =>
    trace.supported(VF, 1, vfState).enable(VF, ps, 0, { ...vfState, ...on }),
  );
}

export const TRANSLATION_UNIT_CASES: readonly RuleCase[] = [
  {
    rule: 'ATS009',
    what: 'prepare with 11; near miss: with 12',
    fn: PF,
    severity: 'error',
    trips: (t) => t.supported(PF, 1, pfState).prepare(PF, 11, -22, { ...pfState, en: [0, 0] }),
    nearMiss: (t) => t.supported(PF, 1, pfState).prepare(PF, 12, 0, { ...pfState, en: [0, 0] }),
  },
  {
    rule: 'ATS009',
    what: 'enable with a size instead of a shift, as a negative number; near miss: ATS is on, so the kernel answers -EBUSY first',
    fn: PF,
    severity: 'error',
    trips: (t) => t.supported(PF, 1, pfState).enable(PF, -4096, -22, { ...pfState, en: [0, 0] }),
    nearMiss: (t) => t.supported(PF, 1, pfState).enable(PF, 0, -16, { ...pfState, en: [1, 1] }),
  },
  {
    rule: 'ATS010',
    what: 'page shift 44 is accepted; near miss: 43',
    fn: PF,
    severity: 'error',
    trips: (t) => t.prepare(PF, 44, 0, { ...pfState, en: [0, 0] }),
    nearMiss: (t) => t.prepare(PF, 43, 0, { ...pfState, en: [0, 0] }),
  },
  {
    rule: 'ATS011',
    what: 'prepared with 12, enabled with 14; near miss: prepared again with 14 in between',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) => t.prepare(PLAIN, 12, 0, { vf: 0, en: [0, 0] }).enable(PLAIN, 14, 0, { vf: 0, ...on }),
    nearMiss: (t) =>
      t
        .prepare(PLAIN, 12, 0, { vf: 0, en: [0, 0] })
        .prepare(PLAIN, 14, 0, { vf: 0, en: [0, 0] })
        .enable(PLAIN, 14, 0, { vf: 0, ...on }),
  },
  {
    rule: 'ATS012',
    what: 'user space writes another STU while a VF runs; near miss: while nothing runs',
    fn: PF,
    severity: 'error',
    trips: (t) => liveVf(readyPf(t)).write(PF, 0x106, 0x8001, '0x100', true),
    nearMiss: (t) => t.prepare(PF, 12, 0, { ...pfState, en: [0, 0] }).write(PF, 0x106, 0x0001, '0x100', true),
  },
  {
    rule: 'ATS012',
    what: 'a PF that is prepared only loses its STU in a reset, and a VF is enabled; near miss: 4 KiB, which is what a reset leaves',
    fn: PF,
    severity: 'warning',
    trips: (t) => resetPrepared(t, 14, () => {}),
    nearMiss: (t) => resetPrepared(t, 12, () => {}),
  },
  {
    rule: 'ATS012',
    what: 'near miss: it is prepared again',
    fn: PF,
    severity: 'warning',
    trips: (t) => resetPrepared(t, 14, () => {}),
    nearMiss: (t) =>
      resetPrepared(t, 14, () => t.prepare(PF, 14, 0, { ...pfState, en: [0, 0], stu: [14, 14] })),
  },
];
