import { expect, it } from 'vitest';
import { machineDifferences } from '../support/machine-table.ts';

it('calls do to register and core what the contract says, and their outcomes teach what the rules say', () => {
  expect([...machineDifferences()]).toEqual([]);
});
