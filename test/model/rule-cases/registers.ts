import { liveVf, on, PLAIN, type RuleCase, readyPf, VF, vfState } from './steps.ts';

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
];
