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
  ...RECORDING_RULES,
].sort((a, b) => (a.id < b.id ? -1 : 1));

export const RULE_BY_ID: ReadonlyMap<string, Rule> = new Map(RULES.map((rule) => [rule.id, rule]));

type HookLists = { readonly [K in keyof RuleHooks]-?: NonNullable<RuleHooks[K]>[] };

function collect<K extends keyof RuleHooks>(name: K): NonNullable<RuleHooks[K]>[] {
  return RULES.flatMap((rule) => {
    const hook = rule[name];
    return hook ? [hook as NonNullable<RuleHooks[K]>] : [];
  });
}

const HOOKS: HookLists = {
  onCall: collect('onCall'),
  onUnnamedCall: collect('onUnnamedCall'),
  onEnter: collect('onEnter'),
  onPoint: collect('onPoint'),
  onCapabilityGone: collect('onCapabilityGone'),
  onHardwareReset: collect('onHardwareReset'),
  onWrite: collect('onWrite'),
  onStable: collect('onStable'),
  onBelief: collect('onBelief'),
  onResetEnd: collect('onResetEnd'),
  onReleased: collect('onReleased'),
  onRead: collect('onRead'),
  onLoneWarn: collect('onLoneWarn'),
};

/** The hooks of all rules for one moment, in the order of the rules. */
export function hooksOf<K extends keyof RuleHooks>(name: K): HookLists[K] {
  return HOOKS[name];
}
