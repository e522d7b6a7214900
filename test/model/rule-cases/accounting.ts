import type { TraceWriter } from '../../support/trace-writer.ts';
import { attach, liveVf, on, PF, PLAIN, pfState, type RuleCase, readyPf, VF, vfState } from './steps.ts';

function tags(trace: TraceWriter, ...steps: string[]): TraceWriter {
  trace.appear(PLAIN).enable(PLAIN, 12, 0, { vf: 0, ...on });
  for (const step of steps) {
    const [what, users] = step.split(' ');
    trace.event(`cache_tag_${what}`, `dmar0/${PLAIN} type devtlb did 9 pasid 0 ref ${users}`);
  }
  return trace;
}

export const ACCOUNTING_CASES: readonly RuleCase[] = [
  {
    rule: 'ATS038',
    what: 'a required device sits in a paging domain with ATS off; near miss: in the blocked domain',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) =>
      attach(t.call('pci_ats_required', PLAIN, { vf: 0, ret: 1, en: [0, 0], noEntry: true }), PLAIN, '0xb'),
    nearMiss: (t) =>
      attach(t.call('pci_ats_required', PLAIN, { vf: 0, ret: 1, en: [0, 0], noEntry: true }), PLAIN, '0x0'),
  },
  {
    rule: 'ATS038',
    what: 'the identity domain, on a VF whose PF must have ATS on; near miss: the attach fails',
    fn: VF,
    severity: 'warning',
    trips: (t) =>
      attach(
        liveVf(readyPf(t))
          .call('pci_ats_required', PF, { ...pfState, ret: 1, noEntry: true })
          .disable(VF, { ...vfState, en: [1, 0] }),
        VF,
        '0x4',
      ),
    nearMiss: (t) =>
      liveVf(readyPf(t))
        .call('pci_ats_required', PF, { ...pfState, ret: 1, noEntry: true })
        .disable(VF, { ...vfState, en: [1, 0] })
        .call('__iommu_attach_device', VF, { ret: -22, args: { type: '0x4' } }),
  },
  {
    rule: 'ATS038',
    what: 'only the outermost attach counts; near miss: ATS goes on before that is over',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) =>
      t
        .call('pci_ats_required', PLAIN, { vf: 0, ret: 1, en: [0, 0], noEntry: true })
        .call('__iommu_device_set_domain', PLAIN, {
          ret: 0,
          args: { type: '0xb' },
          inside: () => attach(t, PLAIN, '0xb'),
        }),
    nearMiss: (t) =>
      t
        .call('pci_ats_required', PLAIN, { vf: 0, ret: 1, en: [0, 0], noEntry: true })
        .call('__iommu_device_set_domain', PLAIN, {
          ret: 0,
          args: { type: '0xb' },
          inside: () => attach(t, PLAIN, '0xb').enable(PLAIN, 12, 0, { vf: 0, ...on }),
        }),
  },
  {
    rule: 'ATS038',
    what: 'near miss: the device is not required any more',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) =>
      attach(t.call('pci_ats_required', PLAIN, { vf: 0, ret: 1, en: [0, 0], noEntry: true }), PLAIN, '0x3'),
    nearMiss: (t) =>
      attach(
        t
          .call('pci_ats_required', PLAIN, { vf: 0, ret: 1, en: [0, 0], noEntry: true })
          .call('pci_ats_required', PLAIN, { vf: 0, ret: 0, en: [0, 0], noEntry: true }),
        PLAIN,
        '0x3',
      ),
  },
  {
    rule: 'ATS038',
    what: 'near miss: the type of the domain is not recorded',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) =>
      attach(t.call('pci_ats_required', PLAIN, { vf: 0, ret: 1, en: [0, 0], noEntry: true }), PLAIN, '0xb'),
    nearMiss: (t) =>
      t
        .call('pci_ats_required', PLAIN, { vf: 0, ret: 1, en: [0, 0], noEntry: true })
        .call('__iommu_attach_device', PLAIN, { ret: 0 }),
  },
  {
    rule: 'ATS039',
    what: 'the driver counts a user too many; near miss: as many as there are',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) => tags(t, 'assign 1', 'assign 2', 'unassign 2', 'unassign 2'),
    nearMiss: (t) => tags(t, 'assign 1', 'assign 2', 'unassign 2', 'unassign 1'),
  },
  {
    rule: 'ATS039',
    what: 'near miss: the function was there before the recording, and tags of other kinds do not count',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) => tags(t, 'assign 3'),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .event('cache_tag_assign', `dmar0/${PLAIN} type devtlb did 9 pasid 0 ref 3`)
        .event('cache_tag_assign', `dmar0/${PLAIN} type iotlb did 10 pasid 0 ref 4`),
  },
  {
    rule: 'ATS038',
    what: 'a question whose answer is not recorded changes nothing; near miss: whether ATS is on is unknown',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) =>
      attach(
        t
          .call('pci_ats_required', PLAIN, { vf: 0, ret: 1, en: [0, 0], noEntry: true })
          .call('pci_ats_required', PLAIN, { vf: 0, noReturn: true }),
        PLAIN,
        '0x3',
      ),
    nearMiss: (t) =>
      attach(t.call('pci_ats_required', PLAIN, { vf: 0, ret: 1, noEntry: true }), PLAIN, '0x3'),
  },
  {
    rule: 'ATS038',
    what: 'near miss: the entry of the attach, which prints the domain, is not recorded',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) =>
      attach(t.call('pci_ats_required', PLAIN, { vf: 0, ret: 1, en: [0, 0], noEntry: true }), PLAIN, '0x3'),
    nearMiss: (t) =>
      t
        .call('pci_ats_required', PLAIN, { vf: 0, ret: 1, en: [0, 0], noEntry: true })
        .call('__iommu_attach_device', PLAIN, { ret: 0, noEntry: true }),
  },
  {
    rule: 'ATS039',
    what: 'near miss: fewer than were registered, but nobody records how they go',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) => tags(t, 'assign 1', 'assign 2', 'unassign 1'),
    nearMiss: (t) => tags(t, 'assign 1', 'assign 1'),
  },
  {
    rule: 'ATS039',
    what: 'near miss: the event prints no count',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) => tags(t, 'assign 2'),
    nearMiss: (t) =>
      t
        .appear(PLAIN)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .event('cache_tag_unassign', `dmar0/${VF} type devtlb did 9 pasid 0 ref 1`)
        .event('cache_tag_assign', `dmar0/${PLAIN} type devtlb did 9 pasid 0`),
  },
];
