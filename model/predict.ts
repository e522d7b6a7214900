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
  if (operands.isVf === 0) return operands.answered !== UNKNOWN ? operands.answered : own;
  if (operands.answered !== UNKNOWN) return operands.answered;
  const asksPf = and(features.pfAware, operands.isVf);
  if (asksPf === 0) return own;
  if (asksPf === 1) return and(own, operands.pfSupported);
  return operands.pfSupported === 1 ? own : UNKNOWN;
}

/** One row of the kernel's tests, in their order: whether it holds, and what is returned if it does. */
interface Step {
  readonly name: 'unsupported' | 'enabled' | 'below-minimum' | 'vf-shift' | 'accepted';
  readonly holds: Tri;
  readonly result: number;
}

/** `pci_prepare_ats()` (contract 3.2) as its sequence of tests. */
export function prepareSteps(operands: Operands, features: ContractFeatures): readonly Step[] {
  return [
    ...commonSteps(operands, features),
    shiftStep(operands, and(features.checksVfShift, operands.isVf)),
    ACCEPTED,
  ];
}

/** `pci_enable_ats()` (contract 3.3) as its sequence of tests. */
export function enableSteps(operands: Operands, features: ContractFeatures): readonly Step[] {
  return [...commonSteps(operands, features), shiftStep(operands, operands.isVf), ACCEPTED];
}

const ACCEPTED: Step = { name: 'accepted', holds: 1, result: 0 };

function commonSteps(operands: Operands, features: ContractFeatures): Step[] {
  return [
    { name: 'unsupported', holds: not(supported(operands, features)), result: EINVAL },
    { name: 'enabled', holds: operands.enabled, result: EBUSY },
    {
      name: 'below-minimum',
      holds: operands.pageShift === UNKNOWN ? UNKNOWN : operands.pageShift < 12 ? 1 : 0,
      result: EINVAL,
    },
  ];
}

function shiftStep(operands: Operands, applies: Tri): Step {
  const differs =
    operands.pfStu === UNKNOWN || operands.pageShift === UNKNOWN
      ? UNKNOWN
      : operands.pfStu !== operands.pageShift
        ? 1
        : 0;
  return { name: 'vf-shift', holds: and(applies, differs), result: EINVAL };
}

/** The tests that may have given this result: those not known to be false, up to the first known to be true. */
export function explanations(steps: readonly Step[], result: number): Step['name'][] {
  const names: Step['name'][] = [];
  for (const step of steps) {
    if (step.holds !== 0 && step.result === result) names.push(step.name);
    if (step.holds === 1) break;
  }
  return names;
}
