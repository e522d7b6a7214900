import { PF, PLAIN, type RuleCase, VF, VF2 } from './steps.ts';

/** An ATS event log: its header, and an event in each row. */
function bench(
  ...events: readonly (readonly [time: number, event: string, fn: string, more?: object])[]
): string {
  const lines = events.map(([time, event, fn, more]) => ({ time, event, function: fn, ...more }));
  return [{ ats_events: 1, time_unit: 'us' }, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('');
}

const control = (value: number) => ({ register: 'ats_control', value });
const pasid = (value: number) => ({ register: 'pasid_control', value });
const UNDER_PF = { pf: PF, vf_index: 0 };

/** Stories that only a log of the hardware or of a test bench tells. */
export const SIMULATOR_CASES: readonly RuleCase[] = [
  {
    rule: 'ATS006',
    what: 'the register of a PF gets another STU while a VF is enabled; near miss: the VF is disabled first',
    fn: PF,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    bench: {
      trips: bench(
        [1, 'register_write', PF, control(0x8000)],
        [2, 'vf_on', VF, UNDER_PF],
        [3, 'register_write', VF, control(0x8000)],
        [4, 'register_write', PF, control(0x8001)],
      ),
      nearMiss: bench(
        [1, 'register_write', PF, control(0x8000)],
        [2, 'vf_on', VF, UNDER_PF],
        [3, 'register_write', VF, control(0x8000)],
        [4, 'register_write', VF, control(0)],
        [5, 'register_write', PF, control(0x8001)],
      ),
    },
  },
  {
    rule: 'ATS006',
    what: 'under two VFs; near miss: the STU stays',
    fn: PF,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    bench: {
      trips: bench(
        [1, 'register_write', PF, control(0x8000)],
        [2, 'vf_on', VF, UNDER_PF],
        [3, 'vf_on', VF2, { pf: PF, vf_index: 1 }],
        [4, 'register_write', VF, control(0x8000)],
        [5, 'register_write', VF2, control(0x8000)],
        [6, 'register_write', PF, control(0x8001)],
      ),
      nearMiss: bench(
        [1, 'register_write', PF, control(0x8001)],
        [2, 'vf_on', VF, UNDER_PF],
        [3, 'register_write', VF, control(0x8000)],
        [4, 'register_write', PF, control(0x0001)],
      ),
    },
  },
  {
    rule: 'ATS006',
    what: 'near miss: what the register held before is unknown, and then Enable alone is written',
    fn: PF,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    bench: {
      trips: bench(
        [1, 'register_write', PF, control(0x8000)],
        [2, 'vf_on', VF, UNDER_PF],
        [3, 'register_write', VF, control(0x8000)],
        [4, 'register_write', PF, { register: 'ats_control', stu: 1 }],
      ),
      nearMiss: bench(
        [2, 'vf_on', VF, UNDER_PF],
        [3, 'register_write', VF, control(0x8000)],
        [4, 'register_write', PF, control(0x8001)],
        [5, 'register_write', PF, { register: 'ats_control', enable: 0 }],
      ),
    },
  },
  {
    rule: 'ATS028',
    what: 'a test bench writes the register behind the core; near miss: it is the core that writes',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    bench: {
      trips: bench(
        [1, 'register_write', PLAIN, control(0x8000)],
        [2, 'register_write', PLAIN, { ...control(0), by: 'user' }],
      ),
      nearMiss: bench(
        [1, 'register_write', PLAIN, control(0x8000)],
        [2, 'register_write', PLAIN, { ...control(0), by: 'core' }],
      ),
    },
  },
  {
    rule: 'ATS031',
    what: 'PASID Control changes in the hardware under ATS; near miss: it gets the value it has',
    fn: PF,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    bench: {
      trips: bench(
        [1, 'register_write', PF, pasid(1)],
        [2, 'register_write', PF, control(0x8000)],
        [3, 'register_write', PF, pasid(0)],
      ),
      nearMiss: bench(
        [1, 'register_write', PF, pasid(1)],
        [2, 'register_write', PF, control(0x8000)],
        [3, 'register_write', PF, pasid(1)],
      ),
    },
  },
  {
    rule: 'ATS031',
    what: 'it changes under a VF; near miss: while ATS is off everywhere',
    fn: PF,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    bench: {
      trips: bench(
        [1, 'register_write', PF, pasid(1)],
        [2, 'vf_on', VF, UNDER_PF],
        [3, 'register_write', VF, control(0x8000)],
        [4, 'register_write', PF, pasid(0)],
      ),
      nearMiss: bench(
        [1, 'register_write', PF, pasid(1)],
        [2, 'register_write', PF, control(0)],
        [3, 'vf_on', VF, UNDER_PF],
        [4, 'register_write', PF, pasid(0)],
      ),
    },
  },
  {
    rule: 'ATS042',
    what: 'one of two invalidations is never completed; near miss: a reset ends it',
    fn: VF,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    bench: {
      trips: bench(
        [1, 'invalidation_request', VF, { tag: 1 }],
        [2, 'invalidation_request', VF, { tag: 2 }],
        [4, 'invalidation_completion', VF, { tag: 2 }],
        [90, 'translation_request', PLAIN],
      ),
      nearMiss: bench(
        [1, 'invalidation_request', VF, { tag: 1 }],
        [2, 'invalidation_request', VF, { tag: 2 }],
        [4, 'invalidation_completion', VF, { tag: 2 }],
        [5, 'reset', VF],
        [90, 'translation_request', PLAIN],
      ),
    },
  },
  {
    rule: 'ATS042',
    what: 'a tag is used again before its completion; near miss: after it',
    fn: VF,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    bench: {
      trips: bench(
        [1, 'invalidation_request', VF, { tag: 1 }],
        [2, 'invalidation_request', VF, { tag: 1 }],
        [3, 'invalidation_completion', VF, { tag: 1 }],
      ),
      nearMiss: bench(
        [1, 'invalidation_request', VF, { tag: 1 }],
        [2, 'invalidation_completion', VF, { tag: 1 }],
        [3, 'invalidation_request', VF, { tag: 1 }],
        [4, 'invalidation_completion', VF, { tag: 1 }],
      ),
    },
  },
  {
    rule: 'ATS042',
    what: 'a request waits 90 s and more; near miss: the log ends before',
    fn: VF,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    bench: {
      trips: bench(
        [1, 'invalidation_request', VF],
        [5_000_000, 'invalidation_completion', VF],
        [6_000_000, 'invalidation_request', VF],
        [97_000_000, 'translation_request', PLAIN],
      ),
      nearMiss: bench(
        [1, 'invalidation_request', VF],
        [5_000_000, 'invalidation_completion', VF],
        [6_000_000, 'invalidation_request', VF],
        [40_000_000, 'translation_request', PLAIN],
      ),
    },
  },
  {
    rule: 'ATS043',
    what: 'a translation request after Enable was cleared; near miss: at the instant of it',
    fn: VF,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    bench: {
      trips: bench(
        [1, 'register_write', VF, control(0x8000)],
        [2, 'translation_request', VF],
        [3, 'register_write', VF, control(0)],
        [4, 'translation_request', VF],
      ),
      nearMiss: bench(
        [1, 'register_write', VF, control(0x8000)],
        [2, 'translation_request', VF],
        [3, 'register_write', VF, control(0)],
        [3, 'translation_request', VF],
      ),
    },
  },
];
