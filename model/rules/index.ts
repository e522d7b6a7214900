import { EVENT_KINDS, kindMask, UNKNOWN } from '../events.ts';
import { ACCOUNTING_RULES } from './accounting.ts';
import { CALL_RULES } from './calls.ts';
import { DISCOVERY_RULES } from './discovery.ts';
import { INVALIDATION_RULES } from './invalidation.ts';
import { LIFE_CYCLE_RULES } from './life-cycle.ts';
import { PASID_AND_PRI_RULES } from './pasid-and-pri.ts';
import { PF_AND_VF_RULES } from './pf-and-vf.ts';
import { PROBE_RULES } from './probes.ts';
import { RECORDING_RULES } from './recording.ts';
import { REGISTER_RULES } from './registers.ts';
import { RESET_RULES } from './resets.ts';
import type { CalledFunction, Outcome, Rule, RuleHooks } from './rule.ts';
import { SIMULATOR_RULES } from './simulator.ts';
import { TIMEOUT_RULES } from './timeouts.ts';
import { TRANSLATION_UNIT_RULES } from './translation-unit.ts';

/** Every rule, by id. */
export const RULES: readonly Rule[] = [
  ...PF_AND_VF_RULES,
  ...TRANSLATION_UNIT_RULES,
  ...CALL_RULES,
  ...PROBE_RULES,
  ...DISCOVERY_RULES,
  ...LIFE_CYCLE_RULES,
  ...RESET_RULES,
  ...REGISTER_RULES,
  ...PASID_AND_PRI_RULES,
  ...INVALIDATION_RULES,
  ...TIMEOUT_RULES,
  ...ACCOUNTING_RULES,
  ...SIMULATOR_RULES,
  ...RECORDING_RULES,
].sort((a, b) => (a.id < b.id ? -1 : 1));

export const RULE_BY_ID: ReadonlyMap<string, Rule> = new Map(RULES.map((rule) => [rule.id, rule]));

type Hook<K extends keyof RuleHooks> = NonNullable<RuleHooks[K]>;

/** A rule that looks at some moment. */
export interface Look<H> {
  /** Place of the rule in `RULES`. */
  readonly rule: number;
  readonly look: H;
}

function collect<K extends keyof RuleHooks>(
  name: K,
  listens: (rule: Rule) => boolean = () => true,
): readonly Look<Hook<K>>[] {
  return RULES.flatMap((rule, place) => {
    const look = rule[name];
    return look && listens(rule) ? [{ rule: place, look: look as Hook<K> }] : [];
  });
}

/** What a rule does not restrict, it looks at. */
function includes<T>(list: readonly T[] | undefined, item: T): boolean {
  return list?.includes(item) ?? true;
}

/** Rules that look at entries and at other events: by number of the kind, in the order of the rules. */
export const ENTER_LOOKS = EVENT_KINDS.map(({ name }) =>
  collect('onEnter', (rule) => includes(rule.entries, name)),
);
export const POINT_LOOKS = EVENT_KINDS.map(({ name }) =>
  collect('onPoint', (rule) => includes(rule.points, name)),
);

const CALLED: readonly CalledFunction[] = ['pf', 'vf', 'unknown'];
const OUTCOMES: readonly Outcome[] = ['accepted', 'refused', 'unknown'];
/** Calls that are questions: success is the answer yes. */
const QUESTIONS = kindMask('ats.supported', 'ats.required');
const CALL_LOOKS = EVENT_KINDS.flatMap(({ name }) =>
  CALLED.flatMap((called) =>
    OUTCOMES.map((outcome) =>
      collect(
        'onCall',
        (rule) =>
          includes(rule.calls, name) && includes(rule.callsOf, called) && includes(rule.outcomes, outcome),
      ),
    ),
  ),
);

/**
 * Rules that look at a finished call, in their order.
 * @param kind number of its kind.
 * @param isVf 1 when its function is a VF, 0 when not, UNKNOWN.
 * @param result what it returned; UNKNOWN.
 */
export function looksAtCall(kind: number, isVf: number, result: number): readonly Look<Hook<'onCall'>>[] {
  const called = isVf === UNKNOWN ? 2 : isVf;
  const outcome = result === UNKNOWN ? 2 : result === QUESTIONS[kind] ? 0 : 1;
  return CALL_LOOKS[(kind * CALLED.length + called) * OUTCOMES.length + outcome];
}

/** Rules that look at the other moments, in their order. */
export const LOOKS = {
  onUnnamedCall: collect('onUnnamedCall'),
  onCapabilityGone: collect('onCapabilityGone'),
  onHardwareReset: collect('onHardwareReset'),
  onVfsCleared: collect('onVfsCleared'),
  onWrite: collect('onWrite'),
  onPasidWrite: collect('onPasidWrite'),
  onStable: collect('onStable'),
  onBelief: collect('onBelief'),
  onResetEnd: collect('onResetEnd'),
  onReleased: collect('onReleased'),
  onRead: collect('onRead'),
  onShown: collect('onShown'),
  onLoneWarn: collect('onLoneWarn'),
} as const;
