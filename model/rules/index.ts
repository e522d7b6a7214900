import { CALL_RULES } from './calls.ts';
import { LIFE_CYCLE_RULES } from './life-cycle.ts';
import { PF_AND_VF_RULES } from './pf-and-vf.ts';
import { RECORDING_RULES } from './recording.ts';
import { REGISTER_RULES } from './registers.ts';
import type { Rule } from './rule.ts';
import { TRANSLATION_UNIT_RULES } from './translation-unit.ts';

/** Every rule, by id. */
export const RULES: readonly Rule[] = [
  ...PF_AND_VF_RULES,
  ...TRANSLATION_UNIT_RULES,
  ...CALL_RULES,
  ...LIFE_CYCLE_RULES,
  ...REGISTER_RULES,
  ...RECORDING_RULES,
].sort((a, b) => (a.id < b.id ? -1 : 1));

export const RULE_BY_ID: ReadonlyMap<string, Rule> = new Map(RULES.map((rule) => [rule.id, rule]));
