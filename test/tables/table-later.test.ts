import { expect, it } from 'vitest';
import { CLOCKS, rowsOf, TableBuilder, tableLater } from '../../tables/index.ts';

function clocks() {
  const builder = new TableBuilder(CLOCKS);
  builder.append({
    source: 0,
    clock: 'local',
    relation: 'reference',
    offset_ns: 0n,
    drift_ppb: null,
    residual_ns: null,
    matches: 0,
    method: '',
  });
  return builder.finish();
}

it('a table that is made later is made once, when somebody looks at its columns', () => {
  let made = 0;
  const table = tableLater(
    CLOCKS,
    () => {
      made++;
      return clocks();
    },
    1,
  );
  expect(tableLater(CLOCKS, clocks).length).toBe(1);
  expect(table.length).toBe(1);
  expect(made).toBe(0);
  expect(rowsOf(table)).toEqual(rowsOf(clocks()));
  expect(rowsOf({ ...table })).toEqual(rowsOf(clocks()));
  expect(made).toBe(1);
});
