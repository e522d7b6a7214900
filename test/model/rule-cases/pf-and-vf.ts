import type { TraceWriter } from '../../support/trace-writer.ts';
import { liveVf, on, PF, pfState, type RuleCase, readyPf, VF, VF2, vfState } from './steps.ts';

/** Something happens while another task prepares the PF. */
function whilePrepared(trace: TraceWriter, ps: number, then: () => void): TraceWriter {
  const other = () => {
    trace.task = 'kworker/1:0-55';
    trace.cpu = 1;
  };
  other();
  trace.event('pci_prepare_ats', `(pci_prepare_ats+0x4/0x70) ps=${ps} vf=0 pf=1 en=0 bdf="${PF}"`);
  trace.task = 'sh-100';
  trace.cpu = 0;
  then();
  other();
  return trace.event(
    'pci_prepare_ats_ret',
    `(intel_iommu_probe_device+0x4d9/0x8e0 <- pci_prepare_ats) ps=${ps} ret=0 vf=0 pf=1 en=0 bdf="${PF}"`,
  );
}

export const PF_AND_VF_CASES: readonly RuleCase[] = [
  {
    rule: 'ATS001',
    what: 'the support test of a VF answers true although its PF has no capability',
    fn: VF,
    severity: 'warning',
    trips: (t) => t.appear(PF, { cap: '0x0' }).addVf(PF, VF, 0, () => t.supported(VF, 1, vfState)),
    nearMiss: (t) =>
      t
        .appear(PF, { cap: '0x100' })
        .supported(PF, 1, pfState)
        .addVf(PF, VF, 0, () => t.supported(VF, 1, vfState)),
  },
  {
    rule: 'ATS001',
    what: 'the PF is untrusted; near miss: the VF is refused',
    fn: VF,
    severity: 'warning',
    trips: (t) =>
      t
        .appear(PF)
        .supported(PF, 0, { ...pfState, args: { untrusted: 1 } })
        .addVf(PF, VF, 0, () => t.supported(VF, 1, vfState)),
    nearMiss: (t) =>
      t
        .appear(PF)
        .supported(PF, 0, { ...pfState, args: { untrusted: 1 } })
        .addVf(PF, VF, 0, () => t.supported(VF, 0, vfState)),
  },
  {
    rule: 'ATS002',
    what: 'a VF is enabled after its PF lost its capability; near miss: the PF keeps it',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      readyPf(t)
        .supported(PF, 0, { vf: 0, pf: 1, cap: '0x0' })
        .addVf(PF, VF, 0, () =>
          t
            .supported(VF, 1, vfState)
            .prepare(VF, 12, 0, vfState)
            .enable(VF, 12, 0, { ...vfState, ...on }),
        ),
    nearMiss: (t) => liveVf(readyPf(t)),
  },
  {
    rule: 'ATS003',
    what: 'prepare of a VF accepts another page shift',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      readyPf(t, 12).addVf(PF, VF, 0, () => t.supported(VF, 1, vfState).prepare(VF, 13, 0, vfState)),
    nearMiss: (t) =>
      readyPf(t, 13).addVf(PF, VF, 0, () => t.supported(VF, 1, vfState).prepare(VF, 13, 0, vfState)),
  },
  {
    rule: 'ATS003',
    what: 'the kernel refuses it and nothing else explains that; near miss: whether the VF supports ATS is unknown',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      t.addVf(PF, VF, 0, () => t.supported(VF, 1, vfState).prepare(VF, 14, -22, { ...vfState, en: [0, 0] })),
    nearMiss: (t) => t.addVf(PF, VF, 0, () => t.prepare(VF, 14, -22, { ...vfState, en: [0, 0] })),
  },
  {
    rule: 'ATS003',
    what: 'the PF was never prepared; near miss: the PF is being prepared on another task',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      t
        .appear(PF)
        .supported(PF, 1, pfState)
        .addVf(PF, VF, 0, () => t.prepare(VF, 12, 0, vfState)),
    nearMiss: (t) =>
      whilePrepared(t.appear(PF).supported(PF, 1, pfState), 12, () =>
        t.addVf(PF, VF, 0, () => t.prepare(VF, 12, 0, vfState)),
      ),
  },
  {
    rule: 'ATS004',
    what: 'enable of a VF is refused because the PF holds another page shift',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      readyPf(t).addVf(PF, VF, 0, () =>
        t.supported(VF, 1, vfState).enable(VF, 13, -22, { ...vfState, en: [0, 0] }),
      ),
    nearMiss: (t) =>
      readyPf(t).addVf(PF, VF, 0, () =>
        t.supported(VF, 0, vfState).enable(VF, 13, -22, { ...vfState, en: [0, 0] }),
      ),
  },
  {
    rule: 'ATS004',
    what: 'the return names no device, the entry of the call does; near miss: neither does',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      t
        .supported(VF, 1, vfState)
        .event('e', `(pci_enable_ats+0x4/0xa0) ps=13 en=0 bdf="${VF}"`)
        .event('r', '(iommu_enable_pci_caps+0x4a/0x60 <- pci_enable_ats) ret=-22'),
    nearMiss: (t) =>
      t
        .supported(VF, 1, vfState)
        .event('e', '(pci_enable_ats+0x4/0xa0) ps=13 en=0')
        .event('r', '(iommu_enable_pci_caps+0x4a/0x60 <- pci_enable_ats) ret=-22'),
  },
  {
    rule: 'ATS004',
    what: 'only the restore of the PF tells its STU; near miss: it is that of the VF',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      t
        .call('pci_restore_ats_state', PF, { ...pfState, inside: () => t.write(PF, 0x106, 0x8000) })
        .addVf(PF, VF, 0, () => t.supported(VF, 1, vfState).enable(VF, 13, -22, { ...vfState, en: [0, 0] })),
    nearMiss: (t) =>
      t
        .call('pci_restore_ats_state', PF, { ...pfState, inside: () => t.write(PF, 0x106, 0x8001) })
        .addVf(PF, VF, 0, () => t.supported(VF, 1, vfState).enable(VF, 13, 0, { ...vfState, en: [0, 1] })),
  },
  {
    rule: 'ATS005',
    what: 'a VF is enabled before its PF was prepared; near miss: the PF appeared before the recording',
    fn: VF,
    severity: 'warning',
    trips: (t) =>
      t
        .appear(PF)
        .supported(PF, 1, pfState)
        .addVf(PF, VF, 0, () => t.call('pci_enable_ats', VF, { ...vfState, ps: 12, noReturn: true })),
    nearMiss: (t) =>
      t
        .supported(PF, 1, pfState)
        .addVf(PF, VF, 0, () => t.call('pci_enable_ats', VF, { ...vfState, ps: 12, noReturn: true })),
  },
  {
    rule: 'ATS006',
    what: 'a PF is prepared again with another page shift under a live VF; near miss: with the same',
    fn: PF,
    severity: 'error',
    trips: (t) =>
      liveVf(readyPf(t))
        .disable(PF, { ...pfState, en: [1, 0] })
        .prepare(PF, 13, 0, { ...pfState, en: [0, 0] }),
    nearMiss: (t) =>
      liveVf(readyPf(t))
        .disable(PF, { ...pfState, en: [1, 0] })
        .prepare(PF, 12, 0, { ...pfState, en: [0, 0] }),
  },
  {
    rule: 'ATS006',
    what: 'enable changes it; near miss: the VF was switched off before',
    fn: PF,
    severity: 'error',
    trips: (t) =>
      liveVf(readyPf(t))
        .disable(PF, { ...pfState, en: [1, 0] })
        .enable(PF, 14, 0, { ...pfState, ...on }),
    nearMiss: (t) =>
      liveVf(readyPf(t))
        .disable(VF, { ...vfState, en: [1, 0] })
        .disable(PF, { ...pfState, en: [1, 0] })
        .enable(PF, 14, 0, { ...pfState, ...on }),
  },
  {
    rule: 'ATS006',
    what: 'near miss: the VF is gone, with ATS on or not, and so are the ones before it',
    fn: PF,
    severity: 'error',
    trips: (t) =>
      liveVf(readyPf(t))
        .disable(PF, { ...pfState, en: [1, 0] })
        .prepare(PF, 13, 0, { ...pfState, en: [0, 0], stu: [12, 13] }),
    nearMiss: (t) =>
      liveVf(liveVf(readyPf(t)).call('pci_stop_and_remove_bus_device', VF))
        .call('pci_stop_and_remove_bus_device', VF)
        .disable(PF, { ...pfState, en: [1, 0] })
        .prepare(PF, 13, 0, { ...pfState, en: [0, 0], stu: [12, 13] }),
  },
  {
    rule: 'ATS007',
    what: 'a VF reads a non-zero STU; near miss: a PF does',
    fn: VF,
    severity: 'warning',
    trips: (t) => {
      liveVf(readyPf(t));
      return t.event(
        'rd',
        `(pci_user_read+0x1/0x2 <- pci_user_read_config_word) where=0x106 val=0x8001 cap=0x100 vf=1 bdf="${VF}"`,
      );
    },
    nearMiss: (t) =>
      readyPf(t, 13).event(
        'rd',
        `(pci_user_read+0x1/0x2 <- pci_user_read_config_word) where=0x106 val=0x8001 cap=0x100 vf=0 bdf="${PF}"`,
      ),
  },
  {
    rule: 'ATS008',
    what: 'a PF is switched off while a VF is on; near miss: the VF is off',
    fn: PF,
    severity: 'note',
    trips: (t) => liveVf(readyPf(t)).disable(PF, { ...pfState, en: [1, 0] }),
    nearMiss: (t) =>
      liveVf(readyPf(t))
        .disable(VF, { ...vfState, en: [1, 0] })
        .disable(PF, { ...pfState, en: [1, 0] }),
  },
  {
    rule: 'ATS001',
    what: 'prepare of the VF gets past the test; near miss: nothing names its PF',
    fn: VF,
    severity: 'warning',
    trips: (t) => t.appear(PF, { cap: '0x0' }).addVf(PF, VF, 0, () => t.prepare(VF, 12, 0, vfState)),
    nearMiss: (t) => t.appear(PF, { cap: '0x0' }).prepare(VF, 12, 0, vfState),
  },
  {
    rule: 'ATS001',
    what: 'an error where the support test is PF-aware; near miss: whether the PF supports ATS is unknown',
    fn: VF,
    severity: 'error',
    profile: '6.12-new',
    trips: (t) => t.appear(PF, { cap: '0x0' }).addVf(PF, VF, 0, () => t.supported(VF, 1, vfState)),
    nearMiss: (t) => t.appear(PF).addVf(PF, VF, 0, () => t.prepare(VF, 12, 0, vfState)),
  },
  {
    rule: 'ATS002',
    what: 'near miss: nothing names its PF',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      t.appear(PF, { cap: '0x0' }).addVf(PF, VF, 0, () => t.enable(VF, 12, 0, { ...vfState, ...on })),
    nearMiss: (t) => t.appear(PF, { cap: '0x0' }).enable(VF, 12, 0, { ...vfState, ...on }),
  },
  {
    rule: 'ATS002',
    what: 'near miss: whether the PF supports ATS is unknown',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      t.appear(PF, { cap: '0x0' }).addVf(PF, VF, 0, () => t.enable(VF, 12, 0, { ...vfState, ...on })),
    nearMiss: (t) => t.appear(PF).addVf(PF, VF, 0, () => t.enable(VF, 12, 0, { ...vfState, ...on })),
  },
  {
    rule: 'ATS003',
    what: 'the result is not recorded; near miss: the page shift is not',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      readyPf(t).addVf(PF, VF, 0, () =>
        t.supported(VF, 1, vfState).call('pci_prepare_ats', VF, { ...vfState, ps: 13, noReturn: true }),
      ),
    nearMiss: (t) =>
      readyPf(t).addVf(PF, VF, 0, () =>
        t.supported(VF, 1, vfState).call('pci_prepare_ats', VF, { ...vfState, ret: 0 }),
      ),
  },
  {
    rule: 'ATS003',
    what: 'nothing says what the function is, and only the shift of a PF explains the refusal; near miss: it is accepted',
    fn: VF,
    severity: 'error',
    profile: 'series',
    trips: (t) => t.supported(VF, 1, { cap: '0x100' }).prepare(VF, 14, -22, { cap: '0x100', en: [0, 0] }),
    nearMiss: (t) => t.supported(VF, 1, { cap: '0x100' }).prepare(VF, 14, 0, { cap: '0x100', en: [0, 0] }),
  },
  {
    rule: 'ATS004',
    what: 'nothing says what the function is; near miss: it is a plain function, which no PF holds back',
    fn: VF,
    severity: 'error',
    trips: (t) => t.supported(VF, 1, { cap: '0x100' }).enable(VF, 14, -22, { cap: '0x100', en: [0, 0] }),
    nearMiss: (t) =>
      t.supported(VF, 1, { vf: 0, cap: '0x100' }).enable(VF, 14, -22, { vf: 0, cap: '0x100', en: [0, 0] }),
  },
  {
    rule: 'ATS004',
    what: 'near miss: nothing says what the function is, and it is not recorded how the call ended',
    fn: VF,
    severity: 'error',
    trips: (t) => t.supported(VF, 1, { cap: '0x100' }).enable(VF, 14, -22, { cap: '0x100', en: [0, 0] }),
    nearMiss: (t) =>
      t.supported(VF, 1, { cap: '0x100' }).call('pci_enable_ats', VF, { ps: 14, cap: '0x100', en: [0, 0] }),
  },
  {
    rule: 'ATS004',
    what: 'near miss: how the call ended is not recorded',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      readyPf(t).addVf(PF, VF, 0, () =>
        t.supported(VF, 1, vfState).enable(VF, 13, -22, { ...vfState, en: [0, 0] }),
      ),
    nearMiss: (t) =>
      readyPf(t).addVf(PF, VF, 0, () =>
        t.supported(VF, 1, vfState).call('pci_enable_ats', VF, { ...vfState, ps: 13 }),
      ),
  },
  {
    rule: 'ATS004',
    what: 'near miss: ATS was on already',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      readyPf(t).addVf(PF, VF, 0, () =>
        t.supported(VF, 1, vfState).enable(VF, 13, -22, { ...vfState, en: [0, 0] }),
      ),
    nearMiss: (t) => liveVf(readyPf(t)).enable(VF, 13, -16, { ...vfState, en: [1, 1] }),
  },
  {
    rule: 'ATS004',
    what: 'near miss: whether the VF supports ATS is unknown',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      readyPf(t).addVf(PF, VF, 0, () =>
        t.supported(VF, 1, vfState).enable(VF, 13, -22, { ...vfState, en: [0, 0] }),
      ),
    nearMiss: (t) => readyPf(t).addVf(PF, VF, 0, () => t.enable(VF, 13, -22, { vf: 1, pf: 0, en: [0, 0] })),
  },
  {
    rule: 'ATS004',
    what: 'near miss: the PF is being prepared on another task',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      readyPf(t).addVf(PF, VF, 0, () =>
        t.supported(VF, 1, vfState).enable(VF, 13, -22, { ...vfState, en: [0, 0] }),
      ),
    nearMiss: (t) =>
      whilePrepared(readyPf(t).disable(PF, { ...pfState, en: [1, 0] }), 13, () =>
        t.addVf(PF, VF, 0, () => t.supported(VF, 1, vfState).enable(VF, 13, -22, { ...vfState, en: [0, 0] })),
      ),
  },
  {
    rule: 'ATS005',
    what: 'a VF is prepared with a shift that is not recorded; near miss: how a prepare of the PF ended is not',
    fn: VF,
    severity: 'warning',
    trips: (t) =>
      t
        .appear(PF)
        .supported(PF, 1, pfState)
        .addVf(PF, VF, 0, () => t.call('pci_prepare_ats', VF, { ...vfState, noReturn: true })),
    nearMiss: (t) =>
      t
        .appear(PF)
        .supported(PF, 1, pfState)
        .call('pci_prepare_ats', PF, { ...pfState, ps: 12, noReturn: true })
        .addVf(PF, VF, 0, () => t.call('pci_prepare_ats', VF, { ...vfState, noReturn: true })),
  },
  {
    rule: 'ATS005',
    what: 'near miss: whether the PF supports ATS is unknown',
    fn: VF,
    severity: 'warning',
    trips: (t) =>
      t
        .appear(PF)
        .supported(PF, 1, pfState)
        .addVf(PF, VF, 0, () => t.call('pci_enable_ats', VF, { ...vfState, ps: 12, noReturn: true }))
        .prepare('0000:09:00.0', 12, 0),
    nearMiss: (t) =>
      t
        .appear(PF)
        .addVf(PF, VF, 0, () => t.call('pci_enable_ats', VF, { ...vfState, ps: 12, noReturn: true }))
        .prepare('0000:09:00.0', 12, 0),
  },
  {
    rule: 'ATS006',
    what: 'two VFs are live; near miss: what the PF held before is unknown',
    fn: PF,
    severity: 'error',
    trips: (t) =>
      liveVf(liveVf(readyPf(t)), 12, VF2, 1)
        .disable(PF, { ...pfState, en: [1, 0] })
        .prepare(PF, 13, 0, { ...pfState, en: [0, 0] }),
    nearMiss: (t) =>
      t
        .addVf(PF, VF, 0, () => t.supported(VF, 1, { ...vfState, en: [1, 1] }))
        .prepare(PF, 13, 0, { ...pfState, en: [0, 0] }),
  },
  {
    rule: 'ATS006',
    what: 'near miss: the page shift of the call is not recorded',
    fn: PF,
    severity: 'error',
    trips: (t) =>
      liveVf(readyPf(t))
        .disable(PF, { ...pfState, en: [1, 0] })
        .prepare(PF, 13, 0, { ...pfState, en: [0, 0] }),
    nearMiss: (t) =>
      liveVf(readyPf(t))
        .disable(PF, { ...pfState, en: [1, 0] })
        .call('pci_prepare_ats', PF, { ...pfState, ret: 0, en: [0, 0] }),
  },
  {
    rule: 'ATS006',
    what: 'near miss: user space writes the register, which is ATS028',
    fn: PF,
    severity: 'error',
    trips: (t) =>
      liveVf(readyPf(t))
        .disable(PF, { ...pfState, en: [1, 0] })
        .prepare(PF, 13, 0, { ...pfState, en: [0, 0] }),
    nearMiss: (t) =>
      t
        .write(PF, 0x106, 0x0000, '0x100', true)
        .addVf(PF, VF, 0)
        .write(VF, 0x106, 0x8000, '0x100', true)
        .event(
          'cfg',
          `(pci_user_write_config_word+0x4/0x40) where=0x106 val=0x0001 cap=0x100 vf=0 pf=1 bdf="${PF}"`,
        )
        .event(
          'cfg',
          `(pci_user_write_config_word+0x4/0x40) where=0x106 val=0x0002 cap=0x100 vf=0 pf=1 bdf="${PF}"`,
        ),
  },
  {
    rule: 'ATS007',
    what: 'near miss: whether the function is a VF is unknown',
    fn: VF,
    severity: 'warning',
    trips: (t) =>
      t.event(
        'rd',
        `(pci_user_read+0x1/0x2 <- pci_user_read_config_word) where=0x106 val=0x8001 cap=0x100 vf=1 bdf="${VF}"`,
      ),
    nearMiss: (t) =>
      t.event(
        'rd',
        `(pci_user_read+0x1/0x2 <- pci_user_read_config_word) where=0x106 val=0x8001 cap=0x100 bdf="${VF}"`,
      ),
  },
  {
    rule: 'ATS008',
    what: 'near miss: the function has no VFs',
    fn: PF,
    severity: 'note',
    trips: (t) => liveVf(readyPf(t)).disable(PF, { ...pfState, en: [1, 0] }),
    nearMiss: (t) => readyPf(t).disable(PF, { ...pfState, en: [1, 0] }),
  },
  {
    rule: 'ATS001',
    what: 'a call that names no function does not touch what is known of capabilities; near miss: the PF has one',
    fn: VF,
    severity: 'warning',
    trips: (t) =>
      t
        .appear(PF, { cap: '0x0' })
        .enable(PF, 12, 0, { unnamed: true })
        .addVf(PF, VF, 0, () => t.supported(VF, 1, vfState)),
    nearMiss: (t) =>
      t
        .appear(PF)
        .supported(PF, 1, pfState)
        .enable(PF, 12, 0, { unnamed: true })
        .addVf(PF, VF, 0, () => t.supported(VF, 1, vfState)),
  },
  {
    rule: 'ATS003',
    what: 'a shift that no register can hold; near miss: nothing names the PF',
    fn: VF,
    severity: 'error',
    profile: 'series',
    trips: (t) =>
      readyPf(t).addVf(PF, VF, 0, () =>
        t.supported(VF, 1, vfState).prepare(VF, 44, -22, { ...vfState, en: [0, 0] }),
      ),
    nearMiss: (t) => readyPf(t).prepare(VF, 12, 0, vfState),
  },
  {
    rule: 'ATS004',
    what: '6.1: the PF was never enabled, so it holds no shift; near miss: it was, once',
    fn: VF,
    severity: 'error',
    profile: '6.1',
    trips: (t) =>
      t
        .appear(PF)
        .supported(PF, 1, pfState)
        .addVf(PF, VF, 0, () => t.supported(VF, 1, vfState).enable(VF, 12, -22, { ...vfState, en: [0, 0] })),
    nearMiss: (t) =>
      t
        .appear(PF)
        .enable(PF, 12, 0, { ...pfState, ...on })
        .disable(PF, { ...pfState, en: [1, 0] })
        .addVf(PF, VF, 0, () => t.supported(VF, 1, vfState).enable(VF, 12, 0, { ...vfState, ...on })),
  },
  {
    rule: 'ATS004',
    what: 'the PF appears and nobody records prepare, so what it holds is unknown; near miss: the VF is accepted',
    fn: VF,
    severity: 'error',
    profile: '7.2',
    trips: (t) =>
      t
        .appear(PF)
        .supported(PF, 1, pfState)
        .addVf(PF, VF, 0, () => t.supported(VF, 1, vfState).enable(VF, 12, -22, { ...vfState, en: [0, 0] })),
    nearMiss: (t) =>
      t
        .appear(PF)
        .supported(PF, 1, pfState)
        .addVf(PF, VF, 0, () => t.supported(VF, 1, vfState).enable(VF, 12, 0, { ...vfState, ...on })),
  },
];
