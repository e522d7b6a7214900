import { PF, PLAIN, pfState, probe, type RuleCase, refused } from './steps.ts';

/** The log of a story whose first event is that a device is added to a group, and of a use of freed memory later. */
function kasanIn(symbol: string): string {
  const lines = [
    '='.repeat(66),
    `BUG: KASAN: slab-use-after-free in ${symbol}+0x5c/0xb0`,
    'CPU: 1 UID: 0 PID: 100 Comm: sh Not tainted 7.2.13 #1',
    'Call Trace:',
    ' <TASK>',
    ' kernfs_fop_write_iter+0x114/0x1b0',
    ' </TASK>',
    '='.repeat(66),
  ];
  const report = lines.map((line) => `[    1.500000] ${line}\n`).join('');
  return `[    1.000100] pci ${PF}: Adding to iommu group 9\n${report}`;
}

const EINVAL = '0xffffffffffffffea';
const OBJECT = '0xff2b58cac13fcd60';

export const PROBES_CASES: readonly RuleCase[] = [
  {
    rule: 'ATS017',
    what: 'VT-d goes on after a failed prepare; near miss: its probe fails too',
    fn: PF,
    severity: 'warning',
    trips: (t) =>
      probe(t.supported(PF, 1, pfState), PF, OBJECT, () =>
        t.prepare(PF, 11, -22, { ...pfState, en: [0, 0] }),
      ),
    nearMiss: (t) =>
      probe(t.supported(PF, 1, pfState), PF, EINVAL, () =>
        t.prepare(PF, 11, -22, { ...pfState, en: [0, 0] }),
      ),
  },
  {
    rule: 'ATS017',
    what: 'near miss: whether the function supports ATS is unknown, and AMD prepares every device',
    fn: PF,
    severity: 'warning',
    trips: (t) =>
      probe(t.supported(PF, 1, pfState), PF, OBJECT, () =>
        t.prepare(PF, 11, -22, { ...pfState, en: [0, 0] }),
      ),
    nearMiss: (t) => probe(t, PF, OBJECT, () => t.prepare(PF, 12, -22, { vf: 0, en: [0, 0] })),
  },
  {
    rule: 'ATS041',
    what: 'the driver releases a function whose probe failed; near miss: a later probe succeeded',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => probe(t, PLAIN, EINVAL, () => {}).call('intel_iommu_release_device', PLAIN),
    nearMiss: (t) =>
      probe(
        probe(t, PLAIN, EINVAL, () => {}),
        PLAIN,
        OBJECT,
        () => {},
      ).call('intel_iommu_release_device', PLAIN),
  },
  {
    rule: 'ATS041',
    what: 'KASAN reports a use of freed memory in the driver after a failed probe; near miss: in another part of the kernel',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => refused(t),
    nearMiss: (t) => refused(t),
    log: { trips: kasanIn('device_rbtree_find'), nearMiss: kasanIn('pci_slot_release') },
  },
  {
    rule: 'ATS017',
    what: 'a probe that the assumed kernel would fail; near miss: how prepare ended is not recorded',
    fn: PF,
    severity: 'warning',
    profile: '7.2',
    trips: (t) =>
      probe(
        t.supported(PF, 1, pfState),
        PF,
        OBJECT,
        () => t.prepare(PF, 11, -22, { ...pfState, en: [0, 0] }),
        'arm_smmu',
      ),
    nearMiss: (t) =>
      probe(
        t.supported(PF, 1, pfState),
        PF,
        OBJECT,
        () => t.call('pci_prepare_ats', PF, { ...pfState, ps: 12, en: [0, 0] }),
        'arm_smmu',
      ),
  },
  {
    rule: 'ATS017',
    what: 'AMD with the series goes on, as it does; near miss: prepare fails outside of the probe',
    fn: PF,
    severity: 'warning',
    profile: 'series',
    trips: (t) =>
      probe(
        t.supported(PF, 1, pfState),
        PF,
        OBJECT,
        () => t.prepare(PF, 11, -22, { ...pfState, en: [0, 0] }),
        'amd_iommu',
      ),
    nearMiss: (t) =>
      probe(
        t.supported(PF, 1, pfState).prepare(PF, 11, -22, { ...pfState, en: [0, 0] }),
        PF,
        OBJECT,
        () => {},
        'amd_iommu',
      ),
  },
  {
    rule: 'ATS017',
    what: 'near miss: how the probe ended is not recorded',
    fn: PF,
    severity: 'warning',
    trips: (t) =>
      probe(t.supported(PF, 1, pfState), PF, OBJECT, () =>
        t.prepare(PF, 11, -22, { ...pfState, en: [0, 0] }),
      ),
    nearMiss: (t) =>
      t.supported(PF, 1, pfState).call('intel_iommu_probe_device', PF, {
        inside: () => t.prepare(PF, 11, -22, { ...pfState, en: [0, 0] }),
      }),
  },
  {
    rule: 'ATS017',
    what: 'near miss: nor is that it ended',
    fn: PF,
    severity: 'warning',
    trips: (t) =>
      probe(t.supported(PF, 1, pfState), PF, OBJECT, () =>
        t.prepare(PF, 11, -22, { ...pfState, en: [0, 0] }),
      ),
    nearMiss: (t) =>
      t.supported(PF, 1, pfState).call('intel_iommu_probe_device', PF, {
        noReturn: true,
        inside: () => t.prepare(PF, 11, -22, { ...pfState, en: [0, 0] }),
      }),
  },
  {
    rule: 'ATS041',
    what: "the driver attaches it; near miss: the IOMMU core does, to a domain that is not the driver's",
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      probe(t, PLAIN, EINVAL, () => {}, 'arm_smmu').call('arm_smmu_attach_dev', PLAIN, { ret: 0 }),
    nearMiss: (t) =>
      probe(t, PLAIN, EINVAL, () => {}, 'arm_smmu').call('__iommu_attach_device', PLAIN, { ret: 0 }),
  },
  {
    rule: 'ATS041',
    what: 'the driver switches ATS off; near miss: a module does',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => probe(t, PLAIN, EINVAL, () => {}).disable(PLAIN, { vf: 0, en: [1, 0] }),
    nearMiss: (t) =>
      probe(t, PLAIN, EINVAL, () => {}).disable(PLAIN, {
        vf: 0,
        en: [1, 0],
        caller: 'inject+0x1e/0x1000 [atslab]',
      }),
  },
  {
    rule: 'ATS041',
    what: 'near miss: how the probe ended is not recorded',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => probe(t, PLAIN, EINVAL, () => {}).call('intel_iommu_release_device', PLAIN),
    nearMiss: (t) => t.call('intel_iommu_probe_device', PLAIN).call('intel_iommu_release_device', PLAIN),
  },
  {
    rule: 'ATS041',
    what: 'near miss: the driver does not serve the device (-ENODEV)',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => probe(t, PLAIN, EINVAL, () => {}).call('intel_iommu_release_device', PLAIN),
    nearMiss: (t) =>
      probe(t, PLAIN, '0xffffffffffffffed', () => {}).call('intel_iommu_release_device', PLAIN),
  },
  {
    rule: 'ATS041',
    what: 'the driver switches PASID off; near miss: a module does',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      probe(t, PLAIN, EINVAL, () => {}).call('pci_disable_pasid', PLAIN, {
        vf: 0,
        caller: 'intel_iommu_release_device+0x40/0x90',
      }),
    nearMiss: (t) =>
      probe(t, PLAIN, EINVAL, () => {}).call('pci_disable_pasid', PLAIN, {
        vf: 0,
        caller: 'inject+0x1e/0x1000 [atslab]',
      }),
  },
];
