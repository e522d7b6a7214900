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

export const PROBES_CASES: readonly RuleCase[] = [
  {
    rule: 'ATS017',
    what: 'VT-d goes on after a failed prepare; near miss: its probe fails too',
    fn: PF,
    severity: 'warning',
    trips: (t) =>
      probe(t.supported(PF, 1, pfState), PF, '0xff2b58cac13fcd60', () =>
        t.prepare(PF, 11, -22, { ...pfState, en: [0, 0] }),
      ),
    nearMiss: (t) =>
      probe(t.supported(PF, 1, pfState), PF, '0xffffffffffffffea', () =>
        t.prepare(PF, 11, -22, { ...pfState, en: [0, 0] }),
      ),
  },
  {
    rule: 'ATS017',
    what: 'near miss: whether the function supports ATS is unknown, and AMD prepares every device',
    fn: PF,
    severity: 'warning',
    trips: (t) =>
      probe(t.supported(PF, 1, pfState), PF, '0xff2b58cac13fcd60', () =>
        t.prepare(PF, 11, -22, { ...pfState, en: [0, 0] }),
      ),
    nearMiss: (t) => probe(t, PF, '0xff2b58cac13fcd60', () => t.prepare(PF, 12, -22, { vf: 0, en: [0, 0] })),
  },
  {
    rule: 'ATS041',
    what: 'the driver releases a function whose probe failed; near miss: a later probe succeeded',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => probe(t, PLAIN, '0xffffffffffffffea', () => {}).call('intel_iommu_release_device', PLAIN),
    nearMiss: (t) =>
      probe(
        probe(t, PLAIN, '0xffffffffffffffea', () => {}),
        PLAIN,
        '0xff2b58cac13fcd60',
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
];
