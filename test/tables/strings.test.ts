import { expect, test } from 'vitest';
import { StringPool } from '../../tables/index.ts';

test('the same bytes give the same id, at every size of the pool', () => {
  const pool = new StringPool();
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 5000; i++) expect(pool.internString(`value ${i}`)).toBe(i);
  }
  expect(pool.size).toBe(5000);
  expect(pool.values()).toEqual(Array.from({ length: 5000 }, (_, i) => `value ${i}`));
});
