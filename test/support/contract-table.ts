import { UNKNOWN } from '../../model/events.ts';
import { type FeatureSet, PROFILES } from '../../model/features.ts';
import {
  type ContractFeatures,
  explanations,
  type Operands,
  outcomeOf,
  supported,
  triOf,
} from '../../model/predict.ts';
import { KernelOracle, NO_ATS, PF, VF1 } from './kernel-oracle.ts';

/** Columns of the table of what the kernel says: 6.1, 6.12-old, 6.12-new, 7.2, series, series with the AMD series. */
const COLUMNS = ['6.1', '6.12-old', '6.12-new', '7.2', 'series', 'amd-series'];

/** A PF, plain function or VF with everything in order. */
const GOOD: Operands = {
  cap: 1,
  untrusted: 0,
  pfSupported: 1,
  answered: UNKNOWN,
  enabled: 0,
  isVf: 0,
  pfStu: UNKNOWN,
  pageShift: 12,
};
const VF: Operands = { ...GOOD, isVf: 1, pfStu: 12 };

type Call = 'supported' | 'ats.prepare' | 'ats.enable';

/** What the contract says (rules section L): a call, its operands, and the answer in each column; `-` where it does not exist. */
const ROWS: readonly [what: string, call: Call, operands: Operands, answers: string][] = [
  ['supported(VF), PF quirked', 'supported', { ...VF, pfSupported: 0 }, '1 1 0 1 0 0'],
  ['supported(VF), all well', 'supported', VF, '1 1 1 1 1 1'],
  ['supported(PF), untrusted', 'supported', { ...GOOD, untrusted: 1 }, '0 0 0 0 0 0'],
  ['supported(PF), no capability', 'supported', { ...GOOD, cap: 0 }, '0 0 0 0 0 0'],
  ['prepare unsupported', 'ats.prepare', { ...GOOD, cap: 0 }, '- -22 -22 -22 -22 -22'],
  ['prepare(VF) wrong shift', 'ats.prepare', { ...VF, pageShift: 13 }, '- 0 0 0 -22 -22'],
  ['prepare(VF), PF never prepared', 'ats.prepare', { ...VF, pfStu: 0 }, '- 0 0 0 -22 -22'],
  ['prepare(VF), PF quirked', 'ats.prepare', { ...VF, pfSupported: 0 }, '- 0 -22 0 -22 -22'],
  ['enable(VF) wrong shift', 'ats.enable', { ...VF, pageShift: 13 }, '-22 -22 -22 -22 -22 -22'],
  ['enable(VF), PF quirked, shift right', 'ats.enable', { ...VF, pfSupported: 0 }, '0 0 -22 0 -22 -22'],
  ['enable twice', 'ats.enable', { ...GOOD, enabled: 1 }, '-16 -16 -16 -16 -16 -16'],
  [
    'enable twice, shift too small',
    'ats.enable',
    { ...GOOD, enabled: 1, pageShift: 11 },
    '-16 -16 -16 -16 -16 -16',
  ],
  ['enable unsupported and on', 'ats.enable', { ...GOOD, cap: 0, enabled: 1 }, '-22 -22 -22 -22 -22 -22'],
  ['prepare after enable', 'ats.prepare', { ...GOOD, enabled: 1 }, '- -16 -16 -16 -16 -16'],
  ['shift 44 on a PF', 'ats.enable', { ...GOOD, pageShift: 44 }, '0 0 0 0 0 0'],
  ['shift 11', 'ats.enable', { ...GOOD, pageShift: 11 }, '-22 -22 -22 -22 -22 -22'],
  ['shift 11 in prepare', 'ats.prepare', { ...GOOD, pageShift: 11 }, '- -22 -22 -22 -22 -22'],
  ['a negative shift', 'ats.prepare', { ...GOOD, pageShift: -4096 }, '- -22 -22 -22 -22 -22'],
  ['re-prepare of a PF with another shift', 'ats.prepare', { ...GOOD, pageShift: 13 }, '- 0 0 0 0 0'],
];

function contractOf(features: FeatureSet): ContractFeatures {
  return {
    pfAware: triOf(features.supported_is_pf_aware),
    checksVfShift: triOf(features.prepare_checks_vf_shift),
  };
}

function answer(call: Call, operands: Operands, contract: ContractFeatures): number {
  if (call === 'supported') return supported(operands, contract);
  return outcomeOf(call, operands, contract)?.result ?? UNKNOWN;
}

/** Where the prediction differs from the table of the contract, for every row and profile. */
export function* differencesFromTheContract(): Generator<string> {
  for (const [what, call, operands, answers] of ROWS) {
    for (const [i, expected] of answers.split(' ').entries()) {
      const profile = PROFILES.find(({ id }) => id === COLUMNS[i]);
      if (!profile) throw new Error(`no profile ${COLUMNS[i]}`);
      if (expected === '-') {
        if (profile.features.prepare_exists !== false) yield `${what}, ${profile.id}: prepare exists`;
        continue;
      }
      const contract = contractOf(profile.features);
      const got = answer(call, operands, contract);
      if (got !== Number(expected)) yield `${what}, ${profile.id}: ${got}, not ${expected}`;
      if (call !== 'supported' && explanations(call, operands, contract, got).length !== 1)
        yield `${what}, ${profile.id}: not explained by one test`;
    }
  }
}

/** The same where an operand or feature is unknown: unknown wherever it decides, known wherever it does not. */
const UNKNOWNS: readonly [
  what: string,
  call: Call,
  operands: Operands,
  contract: ContractFeatures,
  answer: number,
][] = [
  [
    'no capability decides',
    'supported',
    { ...GOOD, cap: 0, untrusted: UNKNOWN },
    { pfAware: 1, checksVfShift: 1 },
    0,
  ],
  [
    'untrusted decides',
    'supported',
    { ...GOOD, cap: UNKNOWN, untrusted: 1 },
    { pfAware: 1, checksVfShift: 1 },
    0,
  ],
  [
    'own capability unknown',
    'supported',
    { ...GOOD, cap: UNKNOWN },
    { pfAware: 0, checksVfShift: 0 },
    UNKNOWN,
  ],
  [
    'what was answered counts',
    'supported',
    { ...GOOD, cap: UNKNOWN, answered: 1 },
    { pfAware: 0, checksVfShift: 0 },
    1,
  ],
  [
    'what was answered counts for a VF',
    'supported',
    { ...VF, cap: UNKNOWN, answered: 0 },
    { pfAware: 1, checksVfShift: 0 },
    0,
  ],
  [
    'a known lack outweighs an old answer',
    'supported',
    { ...GOOD, cap: 0, answered: 1 },
    { pfAware: 0, checksVfShift: 0 },
    0,
  ],
  [
    'PF unknown and asked',
    'supported',
    { ...VF, pfSupported: UNKNOWN },
    { pfAware: 1, checksVfShift: 0 },
    UNKNOWN,
  ],
  [
    'PF unknown and not asked',
    'supported',
    { ...VF, pfSupported: UNKNOWN },
    { pfAware: 0, checksVfShift: 0 },
    1,
  ],
  ['PF good, whether it is asked unknown', 'supported', VF, { pfAware: UNKNOWN, checksVfShift: 0 }, 1],
  [
    'PF bad, whether it is asked unknown',
    'supported',
    { ...VF, pfSupported: 0 },
    { pfAware: UNKNOWN, checksVfShift: 0 },
    UNKNOWN,
  ],
  [
    'a plain function asks no PF',
    'supported',
    { ...GOOD, pfSupported: 0 },
    { pfAware: 1, checksVfShift: 0 },
    1,
  ],
  [
    'whether it is a VF unknown, PF bad',
    'supported',
    { ...VF, isVf: UNKNOWN, pfSupported: 0 },
    { pfAware: 1, checksVfShift: 0 },
    UNKNOWN,
  ],
  ['shift unknown', 'ats.enable', { ...GOOD, pageShift: UNKNOWN }, { pfAware: 0, checksVfShift: 0 }, UNKNOWN],
  [
    'shift unknown, but on',
    'ats.enable',
    { ...GOOD, pageShift: UNKNOWN, enabled: 1 },
    { pfAware: 0, checksVfShift: 0 },
    -16,
  ],
  [
    'shift of the PF unknown',
    'ats.enable',
    { ...VF, pfStu: UNKNOWN },
    { pfAware: 0, checksVfShift: 0 },
    UNKNOWN,
  ],
  [
    'shift of the PF unknown and not compared',
    'ats.prepare',
    { ...VF, pfStu: UNKNOWN },
    { pfAware: 0, checksVfShift: 0 },
    0,
  ],
  [
    'whether it is compared unknown',
    'ats.prepare',
    { ...VF, pageShift: 13 },
    { pfAware: 0, checksVfShift: UNKNOWN },
    UNKNOWN,
  ],
  [
    'whether it is compared unknown, same shift',
    'ats.prepare',
    VF,
    { pfAware: 0, checksVfShift: UNKNOWN },
    0,
  ],
  [
    'whether ATS is on unknown',
    'ats.enable',
    { ...GOOD, enabled: UNKNOWN },
    { pfAware: 0, checksVfShift: 0 },
    UNKNOWN,
  ],
  [
    'a plain function holds no shift of a PF',
    'ats.enable',
    { ...GOOD, pfStu: 13 },
    { pfAware: 0, checksVfShift: 1 },
    0,
  ],
];

export function* differencesWithUnknowns(): Generator<string> {
  for (const [what, call, operands, contract, expected] of UNKNOWNS) {
    const got = answer(call, operands, contract);
    if (got !== expected) yield `${what}: ${got}, not ${expected}`;
  }
  const plain: ContractFeatures = { pfAware: 0, checksVfShift: 0 };
  const disjunction = explanations(
    'ats.enable',
    { ...VF, cap: UNKNOWN, pfStu: UNKNOWN, pageShift: 12 },
    plain,
    -22,
  );
  if (disjunction.join() !== 'unsupported,vf-shift') yield `-EINVAL of a VF may be ${disjunction.join()}`;
  const decided = explanations('ats.enable', { ...VF, pageShift: 11, pfStu: 13 }, plain, -22);
  if (decided.join() !== 'below-minimum') yield `-EINVAL for shift 11 is ${decided.join()}`;
  if (explanations('ats.enable', GOOD, plain, -22).length > 0) yield 'an impossible refusal is explained';
  if (explanations('ats.enable', { ...GOOD, enabled: 1 }, plain, 0).length > 0)
    yield 'a second enable may succeed';
}

/** The rest of the table, played on the second kernel: disable twice, and a release with ATS on, which say nothing. */
export function secondKernelAgrees(): boolean {
  return PROFILES.every((profile) => {
    const kernel = new KernelOracle(profile, false);
    kernel.prepare(PF, 12);
    kernel.enable(PF, 12);
    kernel.disable(PF);
    const once = kernel.expected.length;
    kernel.disable(PF);
    kernel.disable(NO_ATS);
    kernel.disable(VF1);
    return once === 0 && kernel.expected.join() === [PF, NO_ATS, VF1].map((fn) => `ATS015@${fn}`).join();
  });
}
