import { UNKNOWN } from './events.ts';

export const EINVAL = -22;
export const EBUSY = -16;

/** Three-valued truth: 1, 0 or UNKNOWN. */
export type Tri = number;

export function and(a: Tri, b: Tri): Tri {
  if (a === 0 || b === 0) return 0;
  return a === UNKNOWN || b === UNKNOWN ? UNKNOWN : 1;
}

export function not(a: Tri): Tri {
  return a === UNKNOWN ? UNKNOWN : a === 0 ? 1 : 0;
}

export function triOf(value: boolean | null): Tri {
  return value === null ? UNKNOWN : value ? 1 : 0;
}

/** What decides the answer of prepare and enable. Every operand may be unknown. */
export interface Operands {
  /** Own capability. */
  readonly cap: Tri;
  readonly untrusted: Tri;
  /** `pci_ats_supported` of the PF alone, for a VF. */
  readonly pfSupported: Tri;
  /** The last answer that the support test itself gave for this function, with nothing since that could change it. */
  readonly answered: Tri;
  readonly enabled: Tri;
  readonly isVf: Tri;
  /** `ats_stu` of the PF, for a VF. */
  readonly pfStu: number;
  readonly pageShift: number;
}

/** The features that decide it. */
export interface ContractFeatures {
  readonly pfAware: Tri;
  readonly checksVfShift: Tri;
}

/** `pci_ats_supported()` (contract 3.1). */
export function supported(operands: Operands, features: ContractFeatures): Tri {
  const own = and(operands.cap, not(operands.untrusted));
  if (own === 0) return 0;
  if (operands.answered !== UNKNOWN) return operands.answered;
  const asksPf = and(features.pfAware, operands.isVf);
  if (asksPf === 0) return own;
  if (asksPf === 1) return and(own, operands.pfSupported);
  return operands.pfSupported === 1 ? own : UNKNOWN;
}

/** Why prepare or enable answers as it does. */
export type StepName = 'unsupported' | 'enabled' | 'below-minimum' | 'vf-shift' | 'accepted';

/** The kernel's tests in their order (contract 3.2 and 3.3), and what is returned by the first that holds. */
const STEPS: readonly { readonly name: StepName; readonly result: number }[] = [
  { name: 'unsupported', result: EINVAL },
  { name: 'enabled', result: EBUSY },
  { name: 'below-minimum', result: EINVAL },
  { name: 'vf-shift', result: EINVAL },
  { name: 'accepted', result: 0 },
];

/** Every set of explanations, by the bits of the steps in it, so that a call costs no memory. */
const SETS: readonly (readonly StepName[])[] = Array.from({ length: 1 << STEPS.length }, (_, bits) =>
  STEPS.filter((_step, i) => bits & (1 << i)).map((step) => step.name),
);

/** Whether each step holds for one call of prepare or enable. */
function holds(
  step: number,
  kind: 'ats.prepare' | 'ats.enable',
  operands: Operands,
  features: ContractFeatures,
): Tri {
  const { pageShift, pfStu, isVf } = operands;
  switch (step) {
    case 0:
      return not(supported(operands, features));
    case 1:
      return operands.enabled;
    case 2:
      return pageShift === UNKNOWN ? UNKNOWN : pageShift < 12 ? 1 : 0;
    case 3: {
      const applies = kind === 'ats.enable' ? isVf : and(features.checksVfShift, isVf);
      return and(applies, pfStu === UNKNOWN || pageShift === UNKNOWN ? UNKNOWN : pfStu !== pageShift ? 1 : 0);
    }
    default:
      return 1;
  }
}

/** The tests that may have given this result: those not known to be false, up to the first known to be true. */
export function explanations(
  kind: 'ats.prepare' | 'ats.enable',
  operands: Operands,
  features: ContractFeatures,
  result: number,
): readonly StepName[] {
  let bits = 0;
  for (let step = 0; step < STEPS.length; step++) {
    const is = holds(step, kind, operands, features);
    if (is !== 0 && STEPS[step].result === result) bits |= 1 << step;
    if (is === 1) break;
  }
  return SETS[bits];
}

/** What prepare or enable must answer; null where an unknown operand decides it. */
export function outcomeOf(
  kind: 'ats.prepare' | 'ats.enable',
  operands: Operands,
  features: ContractFeatures,
): { readonly name: StepName; readonly result: number } | null {
  for (let step = 0; step < STEPS.length; step++) {
    const is = holds(step, kind, operands, features);
    if (is === UNKNOWN) return null;
    if (is === 1) return STEPS[step];
  }
  return null;
}
