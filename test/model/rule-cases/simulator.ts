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

/** PF and VF are on, and the PF is switched off and prepared again; the registers are told with the calls. */
function preparedAgain(shift: number): string {
  return bench(
    [1, 'add', PF],
    [2, 'enable', PF, { page_shift: 12, result: 0 }],
    [3, 'register_write', PF, { ...control(0x8000), by: 'core' }],
    [4, 'vf_on', VF, UNDER_PF],
    [5, 'add', VF, UNDER_PF],
    [6, 'enable', VF, { page_shift: 12, result: 0 }],
    [7, 'register_write', VF, { ...control(0x8000), by: 'core' }],
    [8, 'disable', PF],
    [9, 'register_write', PF, { ...control(0), by: 'core' }],
    [10, 'prepare', PF, { page_shift: shift, result: 0 }],
    [11, 'register_write', PF, { ...control(shift - 12), by: 'core' }],
  );
}

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
  {
    rule: 'ATS006',
    what: 'told once where calls and registers are recorded; near miss: the shift stays',
    fn: PF,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    bench: { trips: preparedAgain(13), nearMiss: preparedAgain(12) },
  },
  {
    rule: 'ATS029',
    what: 'the hardware is on after the core has found it; near miss: what it held before that is not held against the core',
    fn: PLAIN,
    severity: 'note',
    trips: (t) => t,
    nearMiss: (t) => t,
    bench: {
      trips: bench([1, 'add', PLAIN], [2, 'register_write', PLAIN, control(0x8000)]),
      nearMiss: bench([1, 'register_write', PLAIN, control(0x8000)], [2, 'add', PLAIN]),
    },
  },
  {
    rule: 'ATS031',
    what: 'near miss: the write does not tell the bits of PASID',
    fn: PF,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    bench: {
      trips: bench(
        [1, 'register_write', PF, pasid(1)],
        [2, 'register_write', PF, control(0x8000)],
        [3, 'register_write', PF, pasid(3)],
      ),
      nearMiss: bench(
        [1, 'register_write', PF, pasid(1)],
        [2, 'register_write', PF, control(0x8000)],
        [3, 'register_write', PF, { register: 'pasid_control', stu: 0 }],
      ),
    },
  },
  {
    rule: 'ATS043',
    what: 'a VF begins with Enable clear, and the core adding it changes nothing; near miss: it is enabled',
    fn: VF,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    bench: {
      trips: bench([1, 'vf_on', VF, UNDER_PF], [2, 'add', VF, UNDER_PF], [3, 'translation_request', VF]),
      nearMiss: bench(
        [1, 'vf_on', VF, UNDER_PF],
        [2, 'add', VF, UNDER_PF],
        [3, 'enable', VF, { page_shift: 12, result: 0 }],
        [4, 'translation_request', VF],
      ),
    },
  },
  {
    rule: 'ATS043',
    what: 'a disable of an unknown state leaves a clear register clear; near miss: it may have cleared a set one',
    fn: VF,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    bench: {
      trips: bench([1, 'register_read', VF, control(0)], [2, 'disable', VF], [3, 'translation_request', VF]),
      nearMiss: bench(
        [1, 'register_read', VF, control(0x8000)],
        [2, 'disable', VF],
        [3, 'translation_request', VF],
      ),
    },
  },
  {
    rule: 'ATS043',
    what: 'a restore while the core has ATS off writes nothing; near miss: of an unknown state it may',
    fn: VF,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    bench: {
      trips: bench(
        [1, 'register_read', VF, control(0)],
        [2, 'disable', VF],
        [3, 'restore', VF],
        [4, 'translation_request', VF],
      ),
      nearMiss: bench(
        [1, 'register_read', VF, control(0)],
        [2, 'restore', VF],
        [3, 'translation_request', VF],
      ),
    },
  },
  {
    rule: 'ATS043',
    what: 'near miss: a restore of an unknown state leaves a set register set',
    fn: VF,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    bench: {
      trips: bench([1, 'register_read', VF, control(0)], [2, 'translation_request', VF]),
      nearMiss: bench(
        [1, 'register_read', VF, control(0x8000)],
        [2, 'restore', VF],
        [3, 'translation_request', VF],
      ),
    },
  },
];
