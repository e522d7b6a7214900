import { ACCOUNTING_CASES } from './accounting.ts';
import { CALLS_CASES } from './calls.ts';
import { DISCOVERY_CASES } from './discovery.ts';
import { INVALIDATION_CASES } from './invalidation.ts';
import { LIFE_CYCLE_CASES } from './life-cycle.ts';
import { PASID_AND_PRI_CASES } from './pasid-and-pri.ts';
import { PF_AND_VF_CASES } from './pf-and-vf.ts';
import { PROBES_CASES } from './probes.ts';
import { RECORDING_CASES } from './recording.ts';
import { REGISTERS_CASES } from './registers.ts';
import { RESETS_CASES } from './resets.ts';
import { SIMULATOR_CASES } from './simulator.ts';
import type { RuleCase } from './steps.ts';
import { TIMEOUTS_CASES } from './timeouts.ts';
import { TRANSLATION_UNIT_CASES } from './translation-unit.ts';

/** The stories of all rules: one file for each of model/rules/. */
export const RULE_CASES: readonly RuleCase[] = [
  ...PF_AND_VF_CASES,
  ...TRANSLATION_UNIT_CASES,
  ...CALLS_CASES,
  ...PROBES_CASES,
  ...DISCOVERY_CASES,
  ...LIFE_CYCLE_CASES,
  ...RESETS_CASES,
  ...REGISTERS_CASES,
  ...PASID_AND_PRI_CASES,
  ...INVALIDATION_CASES,
  ...TIMEOUTS_CASES,
  ...ACCOUNTING_CASES,
  ...RECORDING_CASES,
  ...SIMULATOR_CASES,
];
