import { liveVf, on, PF, PLAIN, probe, type RuleCase, readyPf, VF, vfState } from './steps.ts';

export const RECORDING_CASES: readonly RuleCase[] = [
  {
    rule: 'ATS090',
    what: 'a function was there before; near miss: everything is seen from its start',
    fn: null,
    severity: 'note',
    trips: (t) => t.enable(PLAIN, 12, 0, { vf: 0, ...on }),
    nearMiss: (t) =>
      t
        .appear(PLAIN)
        .prepare(PLAIN, 12, 0, { vf: 0 })
        .enable(PLAIN, 12, 0, { vf: 0, ...on }),
  },
  {
    rule: 'ATS091',
    what: 'a VF whose PF nobody names; near miss: the PF is named',
    fn: VF,
    severity: 'note',
    trips: (t) => t.enable(VF, 12, 0, { ...vfState, ...on }),
    nearMiss: (t) => liveVf(readyPf(t)),
  },
  {
    rule: 'ATS092',
    what: 'an address is used again without a removal; near miss: with one',
    fn: PLAIN,
    severity: 'note',
    trips: (t) => t.appear(PLAIN).prepare(PLAIN, 12, 0, { vf: 0 }).appear(PLAIN),
    nearMiss: (t) =>
      t
        .appear(PLAIN)
        .prepare(PLAIN, 12, 0, { vf: 0 })
        .call('pci_stop_and_remove_bus_device', PLAIN)
        .appear(PLAIN),
  },
  {
    rule: 'ATS093',
    what: 'enable succeeds although ATS is off for lack of a capability; near miss: it is refused',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) =>
      t.appear(PLAIN, { cap: '0x0' }).supported(PLAIN, 0, { vf: 0 }).enable(PLAIN, 12, 0, { vf: 0 }),
    nearMiss: (t) =>
      t.appear(PLAIN, { cap: '0x0' }).supported(PLAIN, 0, { vf: 0 }).enable(PLAIN, 12, -22, { vf: 0 }),
  },
  {
    rule: 'ATS093',
    what: 'the core is off where the recorded calls leave it on; near miss: a loss in between',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0 })
        .disable(PLAIN, { vf: 0 })
        .enable(PLAIN, 12, 0, { vf: 0 })
        .supported(PLAIN, 1, { vf: 0, en: [0, 0] }),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0 })
        .disable(PLAIN, { vf: 0 })
        .enable(PLAIN, 12, 0, { vf: 0 })
        .raw('CPU:0 [LOST 7 EVENTS]')
        .supported(PLAIN, 1, { vf: 0, en: [0, 0] }),
  },
  {
    rule: 'ATS094',
    what: 'an enable of a function that nothing names fails; near miss: it succeeds',
    fn: null,
    severity: 'warning',
    trips: (t) => t.enable(PLAIN, 12, -22, { unnamed: true }),
    nearMiss: (t) => t.enable(PLAIN, 12, 0, { unnamed: true }),
  },
  {
    rule: 'ATS094',
    what: 'an unnamed prepare fails and the probe with it; near miss: the probe goes on, as for devices without ATS',
    fn: null,
    severity: 'warning',
    trips: (t) => probe(t, PLAIN, '0xffffffffffffffea', () => t.prepare(PLAIN, 12, -22, { unnamed: true })),
    nearMiss: (t) =>
      probe(t, PLAIN, '0xff2b58cac13fcd60', () => t.prepare(PLAIN, 12, -22, { unnamed: true })),
  },
  {
    rule: 'ATS094',
    what: 'enable of a VF fails and its PF is unknown; near miss: the shift explains it',
    fn: VF,
    severity: 'warning',
    trips: (t) => t.enable(VF, 12, -22, { vf: 1, en: [0, 0] }),
    nearMiss: (t) => t.supported(VF, 1, vfState).enable(VF, 11, -22, { ...vfState, en: [0, 0] }),
  },
  {
    rule: 'ATS093',
    what: 'the page shift is not recorded; near miss: neither is the result',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) => t.appear(PLAIN, { cap: '0x0' }).call('pci_enable_ats', PLAIN, { vf: 0, ret: 0 }),
    nearMiss: (t) => t.appear(PLAIN, { cap: '0x0' }).call('pci_enable_ats', PLAIN, { vf: 0 }),
  },
  {
    rule: 'ATS094',
    what: 'prepare of a supported VF is refused, and its shift is not recorded; near miss: whether it is supported is unknown',
    fn: VF,
    severity: 'warning',
    profile: 'series',
    trips: (t) =>
      t.supported(VF, 1, vfState).call('pci_prepare_ats', VF, { ...vfState, ret: -22, en: [0, 0] }),
    nearMiss: (t) => t.call('pci_prepare_ats', VF, { vf: 1, ret: -22, en: [0, 0] }),
  },
  {
    rule: 'ATS094',
    what: 'an unnamed enable fails in a probe that fails; near miss: how it ended is not recorded',
    fn: null,
    severity: 'warning',
    trips: (t) => probe(t, PLAIN, '0xffffffffffffffea', () => t.enable(PLAIN, 12, -22, { unnamed: true })),
    nearMiss: (t) => t.call('pci_enable_ats', PLAIN, { ps: 12, unnamed: true }),
  },
  {
    rule: 'ATS094',
    what: 'near miss: an unnamed call of another kind fails',
    fn: null,
    severity: 'warning',
    trips: (t) => t.enable(PLAIN, 12, -22, { unnamed: true }),
    nearMiss: (t) => t.call('pci_enable_pasid', PLAIN, { ret: -22, unnamed: true }),
  },
  {
    rule: 'ATS094',
    what: 'near miss: an unnamed prepare fails and how the probe ended is not recorded',
    fn: null,
    severity: 'warning',
    trips: (t) => probe(t, PLAIN, '0xffffffffffffffea', () => t.prepare(PLAIN, 12, -22, { unnamed: true })),
    nearMiss: (t) =>
      t.call('intel_iommu_probe_device', PLAIN, {
        noReturn: true,
        inside: () => t.prepare(PLAIN, 12, -22, { unnamed: true }),
      }),
  },
  {
    rule: 'ATS093',
    what: 'a VF is enabled with a shift that is not that of its PF; near miss: with one that is not recorded',
    fn: VF,
    severity: 'warning',
    trips: (t) => readyPf(t).addVf(PF, VF, 0, () => t.enable(VF, 13, 0, vfState)),
    nearMiss: (t) => readyPf(t).addVf(PF, VF, 0, () => t.call('pci_enable_ats', VF, { ...vfState, ret: 0 })),
  },
];
