import { liveVf, on, PF, pfState, type RuleCase, readyPf, VF, vfState } from './steps.ts';

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
    nearMiss: (t) => {
      t.appear(PF).supported(PF, 1, pfState);
      t.task = 'kworker/1:0-55';
      t.cpu = 1;
      t.event('pci_prepare_ats', `(pci_prepare_ats+0x4/0x70) ps=12 vf=0 pf=1 en=0 bdf="${PF}"`);
      t.task = 'sh-100';
      t.cpu = 0;
      t.addVf(PF, VF, 0, () => t.prepare(VF, 12, 0, vfState));
      t.task = 'kworker/1:0-55';
      t.cpu = 1;
      return t.event(
        'pci_prepare_ats_ret',
        `(intel_iommu_probe_device+0x4d9/0x8e0 <- pci_prepare_ats) ps=12 ret=0 vf=0 pf=1 en=0 bdf="${PF}"`,
      );
    },
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
];
