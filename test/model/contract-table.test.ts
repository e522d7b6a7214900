import { describe, expect, it } from 'vitest';
import { PROFILES } from '../../model/features.ts';
import {
  differencesFromTheContract,
  differencesWithUnknowns,
  secondKernelAgrees,
} from '../support/contract-table.ts';

describe('what the kernel says, at a glance (rules section L)', () => {
  it('prepare, enable and the support test answer as in the table, on every kernel', () => {
    expect([...differencesFromTheContract()]).toEqual([]);
  });

  it('an unknown operand leaves the answer unknown exactly where it decides', () => {
    expect([...differencesWithUnknowns()]).toEqual([]);
  });

  it('disable of what is off WARNs on every kernel', () => {
    expect(secondKernelAgrees()).toBe(true);
  });

  it('which kernel is loud about what', () => {
    const loud = (feature: 'prepare_warns_unsupported' | 'driver_warns_on_enable_failure') =>
      PROFILES.filter(({ features }) => features[feature]).map(({ id }) => id);
    expect(loud('prepare_warns_unsupported')).toEqual(['amd-series', 'no-ats-quirk']);
    expect(loud('driver_warns_on_enable_failure')).toEqual(['series', 'amd-series', 'no-ats-quirk']);
  });
});
