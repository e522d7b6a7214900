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
  {
    rule: 'ATS010',
    what: 'near miss: whether the function is a VF, whose shift is only compared, is unknown',
    fn: PF,
    severity: 'error',
    trips: (t) => t.prepare(PF, 44, 0, { ...pfState, en: [0, 0] }),
    nearMiss: (t) => t.prepare(PF, 44, 0, { cap: '0x100', en: [0, 0] }),
  },
  {
    rule: 'ATS010',
    what: 'near miss: the page shift is not recorded',
    fn: PF,
    severity: 'error',
    trips: (t) => t.prepare(PF, 268, 0, { ...pfState, en: [0, 0] }),
    nearMiss: (t) => t.call('pci_prepare_ats', PF, { ...pfState, ret: 0, en: [0, 0] }),
  },
  {
    rule: 'ATS011',
    what: 'near miss: how a prepare in between ended is not recorded',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) => t.prepare(PLAIN, 12, 0, { vf: 0, en: [0, 0] }).enable(PLAIN, 44, 0, { vf: 0, ...on }),
    nearMiss: (t) =>
      t
        .prepare(PLAIN, 12, 0, { vf: 0, en: [0, 0] })
        .call('pci_prepare_ats', PLAIN, { ps: 14, vf: 0, en: [0, 0], noReturn: true })
        .enable(PLAIN, 14, 0, { vf: 0, ...on }),
  },
  {
    rule: 'ATS011',
    what: 'near miss: the page shift of enable is not recorded',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) => t.prepare(PLAIN, 12, 0, { vf: 0, en: [0, 0] }).enable(PLAIN, 14, 0, { vf: 0, ...on }),
    nearMiss: (t) =>
      t.prepare(PLAIN, 12, 0, { vf: 0, en: [0, 0] }).call('pci_enable_ats', PLAIN, { vf: 0, ret: 0, ...on }),
  },
  {
    rule: 'ATS012',
    what: 'near miss: the core has programmed nothing',
    fn: PF,
    severity: 'error',
    trips: (t) => liveVf(readyPf(t)).write(PF, 0x106, 0x8001, '0x100', true),
    nearMiss: (t) =>
      t
        .prepare('0000:09:00.0', 12, 0, { vf: 0 })
        .appear(PF)
        .addVf(PF, VF, 0, () => t.supported(VF, 1, { ...vfState, en: [1, 1] }))
        .write(PF, 0x106, 0x0001, '0x100', true),
  },
  {
    rule: 'ATS012',
    what: 'near miss: what the core has programmed is unknown',
    fn: PF,
    severity: 'error',
    trips: (t) => liveVf(readyPf(t)).write(PF, 0x106, 0x8001, '0x100', true),
    nearMiss: (t) =>
      t
        .supported(PF, 1, pfState)
        .addVf(PF, VF, 0, () => t.supported(VF, 1, { ...vfState, en: [1, 1] }))
        .write(PF, 0x106, 0x0001, '0x100', true),
  },
  {
    rule: 'ATS012',
    what: 'near miss: the VF that uses it is going away',
    fn: PF,
    severity: 'error',
    trips: (t) =>
      liveVf(readyPf(t))
        .disable(PF, { ...pfState, en: [1, 0] })
        .write(PF, 0x106, 0x0001, '0x100', true),
    nearMiss: (t) =>
      liveVf(readyPf(t))
        .disable(PF, { ...pfState, en: [1, 0] })
        .call('pci_stop_and_remove_bus_device', VF, { noReturn: true })
        .write(PF, 0x106, 0x0001, '0x100', true),
  },
  {
    rule: 'ATS012',
    what: 'near miss: somebody writes the register after the reset',
    fn: PF,
    severity: 'warning',
    trips: (t) => resetPrepared(t, 14, () => {}),
    nearMiss: (t) => resetPrepared(t, 14, () => t.write(PF, 0x106, 0x0002, '0x100', true)),
  },
  {
    rule: 'ATS012',
    what: 'a prepare that is refused writes nothing; near miss: one whose shift is not recorded does',
    fn: PF,
    severity: 'warning',
    trips: (t) => resetPrepared(t, 14, () => t.prepare(PF, 11, -22, { ...pfState, en: [0, 0] })),
    nearMiss: (t) =>
      resetPrepared(t, 14, () => t.call('pci_prepare_ats', PF, { ...pfState, ret: 0, en: [0, 0] })),
  },
  {
    rule: 'ATS012',
    what: 'near miss: how a prepare after the reset ended is not recorded',
    fn: PF,
    severity: 'warning',
    trips: (t) => resetPrepared(t, 14, () => {}),
    nearMiss: (t) =>
      resetPrepared(t, 14, () =>
        t.call('pci_prepare_ats', PF, { ...pfState, ps: 14, en: [0, 0], noReturn: true }),
      ),
  },
  {
    rule: 'ATS012',
    what: 'near miss: another task prepares the PF at the same time',
    fn: PF,
    severity: 'warning',
    trips: (t) => resetPrepared(t, 14, () => {}),
    nearMiss: (t) => {
      const prepares = (event: string, more: string) => {
        t.task = 'kworker/1:0-55';
        t.event(event, `${more} ps=14 vf=0 pf=1 en=0 bdf="${PF}"`);
        t.task = 'sh-100';
      };
      resetPrepared(t, 14, () => prepares('pci_prepare_ats', '(pci_prepare_ats+0x4/0x70)'));
      prepares('pci_prepare_ats_ret', '(intel_iommu_probe_device+0x4d9/0x8e0 <- pci_prepare_ats) ret=0');
      return t;
    },
  },
  {
    rule: 'ATS012',
    what: 'near miss: the PF was enabled, so a restore that nobody records may have written it',
    fn: PF,
    severity: 'warning',
    trips: (t) => resetPrepared(t, 14, () => {}),
    nearMiss: (t) => {
      t.appear(PF).enable(PF, 14, 0, { ...pfState, ...on });
      reset(t, PF, () => {});
      return liveVf(t, 14);
    },
  },
  {
    rule: 'ATS012',
    what: 'near miss: the VF is prepared only',
    fn: PF,
    severity: 'warning',
    trips: (t) => resetPrepared(t, 14, () => {}),
    nearMiss: (t) => {
      t.appear(PF).prepare(PF, 14, 0, { ...pfState, en: [0, 0], stu: [0, 14] });
      reset(t, PF, () => {});
      return t.addVf(PF, VF, 0, () => t.supported(VF, 1, vfState).prepare(VF, 14, 0, vfState));
    },
  },
  {
    rule: 'ATS012',
    what: 'near miss: the VF is refused',
    fn: PF,
    severity: 'warning',
    trips: (t) => resetPrepared(t, 14, () => {}),
    nearMiss: (t) => {
      t.appear(PF).prepare(PF, 14, 0, { ...pfState, en: [0, 0], stu: [0, 14] });
      reset(t, PF, () => {});
      return t.addVf(PF, VF, 0, () => t.supported(VF, 1, vfState).enable(VF, 12, -22, vfState));
    },
  },
  {
    rule: 'ATS011',
    what: 'near miss: a write that only a prepare makes shows one in between, of which no end is recorded',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) =>
      t
        .prepare(PLAIN, 12, 0, { vf: 0, en: [0, 0], cap: '0x100', noEntry: true })
        .enable(PLAIN, 14, 0, { vf: 0, ...on }),
    nearMiss: (t) =>
      t
        .prepare(PLAIN, 12, 0, { vf: 0, en: [0, 0], cap: '0x100', noEntry: true })
        .write(PLAIN, 0x106, 0x0002)
        .enable(PLAIN, 14, 0, { vf: 0, ...on }),
  },
];
