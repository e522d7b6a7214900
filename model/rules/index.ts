import { EVENT_KINDS } from '../events.ts';
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
import type { Rule, RuleHooks } from './rule.ts';
import { SIMULATOR_RULES } from './simulator.ts';
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
  ...ACCOUNTING_RULES,
  ...SIMULATOR_RULES,
  ...RECORDING_RULES,
].sort((a, b) => (a.id < b.id ? -1 : 1));

export const RULE_BY_ID: ReadonlyMap<string, Rule> = new Map(RULES.map((rule) => [rule.id, rule]));

type Hook<K extends keyof RuleHooks> = NonNullable<RuleHooks[K]>;

function collect<K extends keyof RuleHooks>(name: K, rules: readonly Rule[] = RULES): readonly Hook<K>[] {
  return rules.flatMap((rule) => {
    const hook = rule[name];
    return hook ? [hook as Hook<K>] : [];
  });
}

/** By number of the kind, the hooks of the rules that look at it. */
function byKind<K extends keyof RuleHooks>(name: K, kinds: 'calls' | 'entries' | 'points') {
  return EVENT_KINDS.map((kind) =>
    collect(
      name,
      RULES.filter((rule) => rule[kinds]?.includes(kind.name) ?? true),
    ),
  );
}

/** Hooks for moments that come once an event: by kind, in the order of the rules. */
export const CALL_HOOKS = byKind('onCall', 'calls');
export const ENTER_HOOKS = byKind('onEnter', 'entries');
export const POINT_HOOKS = byKind('onPoint', 'points');

/** Hooks of all rules for the other moments, in the order of the rules. */
export const HOOKS = {
  onUnnamedCall: collect('onUnnamedCall'),
  onCapabilityGone: collect('onCapabilityGone'),
  onHardwareReset: collect('onHardwareReset'),
  onWrite: collect('onWrite'),
  onPasidWrite: collect('onPasidWrite'),
  onStable: collect('onStable'),
  onBelief: collect('onBelief'),
  onResetEnd: collect('onResetEnd'),
  onReleased: collect('onReleased'),
  onRead: collect('onRead'),
  onLoneWarn: collect('onLoneWarn'),
} as const;
