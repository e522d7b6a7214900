import { expect, test } from 'vitest';
import { toArrow } from '../../tables/arrow.ts';
import { ALL_TABLES, defineTable, rowsOf, TableBuilder } from '../../tables/index.ts';

const KINDS = defineTable({
  name: 'kinds',
  doc: 'A column of every type.',
  columns: [
    { name: 'b', type: 'bool', nullable: true, doc: 'A boolean.' },
    { name: 'tiny', type: 'u8', nullable: true, doc: 'A byte.' },
    { name: 'small', type: 'u16', nullable: true, doc: 'Two bytes.' },
    { name: 'word', type: 'u32', nullable: true, doc: 'Four bytes.' },
    { name: 'int', type: 'i32', nullable: true, doc: 'Four bytes, signed.' },
    { name: 'long', type: 'i64', nullable: true, unit: 'ns', doc: 'Eight bytes, signed.' },
    { name: 'ulong', type: 'u64', nullable: true, doc: 'Eight bytes.' },
    { name: 'real', type: 'f64', nullable: true, doc: 'A double.' },
    { name: 'dict', type: 'dict', nullable: true, doc: 'Repeated text.' },
    { name: 'text', type: 'text', nullable: true, doc: 'Free text.' },
  ],
});

function sample(rows: number) {
  const builder = new TableBuilder(KINDS);
  for (let i = 0; i < rows; i++) {
    const absent = i % 5 === 2;
    builder.append({
      b: absent ? null : i % 3 === 0,
      tiny: absent ? null : i % 256,
      small: absent ? null : i,
      word: absent ? null : 4_294_967_295 - i,
      int: absent ? null : -i,
      long: absent ? null : -1n * BigInt(i),
      ulong: absent ? null : 18_000_000_000_000_000_000n,
      real: absent ? null : i / 8,
      dict: absent ? null : `value ${i % 10}`,
      text: absent ? null : `text ${i} ü`,
    });
  }
  return builder.finish();
}

test('Arrow sees the rows of the table', async () => {
  const table = sample(1000);
  const arrow = await toArrow(table);
  expect(arrow.numRows).toBe(1000);
  const rows = arrow.toArray().map((row) => ({ ...row.toJSON() }));
  expect(rows).toEqual(rowsOf(table));
});

test('numbers and text are not copied', async () => {
  const table = sample(100);
  const arrow = await toArrow(table);
  for (const name of ['word', 'long', 'real', 'text', 'dict']) {
    const column = table.columns.find((candidate) => candidate.def.name === name);
    expect(arrow.getChild(name)?.data[0].values.buffer).toBe(column?.data.buffer);
  }
});

test('it survives the way through Arrow IPC, with docs and units', async () => {
  const { tableFromIPC, tableToIPC } = await import('apache-arrow');
  const table = sample(50);
  const back = tableFromIPC(tableToIPC(await toArrow(table), 'file'));
  expect(back.toArray().map((row) => ({ ...row.toJSON() }))).toEqual(rowsOf(table));
  const field = back.schema.fields.find((candidate) => candidate.name === 'long');
  expect(Object.fromEntries(field?.metadata ?? [])).toEqual({ doc: 'Eight bytes, signed.', unit: 'ns' });
});

test('empty tables of every declaration', async () => {
  for (const def of ALL_TABLES) {
    const arrow = await toArrow(new TableBuilder(def).finish());
    expect(arrow.numRows).toBe(0);
    expect(arrow.schema.names).toEqual(def.columns.map((column) => column.name));
  }
});
