import { tableFromIPC as tableFromOther } from '@uwdata/flechette';
import { MessageReader, tableFromIPC } from 'apache-arrow';
import { expect, test } from 'vitest';
import { type ArrowFileOptions, arrowFile } from '../../tables/arrow-file.ts';
import { defineTable, rowsOf, type Table, TableBuilder } from '../../tables/index.ts';

const TASKS = defineTable({
  name: 'tasks',
  doc: 'Dictionaries that grow, that are constant, that begin late and that are never used.',
  columns: [
    { name: 'grows', type: 'dict', nullable: true, doc: 'A new value every few rows.' },
    { name: 'constant', type: 'dict', doc: 'One value.' },
    { name: 'late', type: 'dict', nullable: true, doc: 'NULL in the first batches.' },
    { name: 'never', type: 'dict', nullable: true, doc: 'Always NULL.' },
    { name: 'flag', type: 'bool', nullable: true, doc: 'A boolean.' },
    { name: 'time', type: 'i64', doc: 'A number.' },
    { name: 'text', type: 'text', nullable: true, doc: 'Free text.' },
  ],
});

function tasks(rows: number): Table {
  const builder = new TableBuilder(TASKS);
  for (let i = 0; i < rows; i++) {
    builder.append({
      grows: i % 7 === 3 ? null : `task ${Math.floor(i / 5)} ü`,
      constant: 'x',
      late: i < rows / 2 ? null : `late ${i % 3}`,
      never: null,
      flag: i % 6 === 0 ? null : i % 2 === 0,
      time: BigInt(i) << 33n,
      text: i % 9 === 0 ? null : `text ${i}`,
    });
  }
  return builder.finish();
}

async function bytesOf(table: Table, options?: ArrowFileOptions): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of arrowFile(table, options)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** The messages of a file, in their order: `S` schema, `R` record batch, `D` dictionary, `d` entries added to one. */
function messages(bytes: Uint8Array): string {
  // Behind the magic number the messages stand as in a stream.
  let order = '';
  const reader = new MessageReader(bytes.subarray(8));
  for (const message of reader) {
    if (message.isSchema()) order += 'S';
    else if (message.isRecordBatch()) order += 'R';
    else if (message.isDictionaryBatch()) order += message.header().isDelta ? 'd' : 'D';
    reader.readMessageBody(message.bodyLength);
  }
  return order;
}

function byArrow(bytes: Uint8Array): unknown[] {
  return tableFromIPC(bytes)
    .toArray()
    .map((row) => ({ ...row.toJSON() }));
}

test.each([0, 1, 7, 8, 9, 40, 61])(
  '%i rows in batches of 8 read back equal, by two readers',
  async (rows) => {
    const table = tasks(rows);
    for (const dictionaries of ['delta', 'whole'] as const) {
      const bytes = await bytesOf(table, { dictionaries, batchRows: 8 });
      expect(byArrow(bytes)).toEqual(rowsOf(table));
      expect(tableFromOther(bytes, { useBigInt: true }).toArray()).toEqual(rowsOf(table));
      // Also by programs that read a file from its front: the messages are those of a stream.
      expect(byArrow(bytes.subarray(8))).toEqual(rowsOf(table));
    }
  },
);

test('new entries stand before the batch that first uses them, and nothing is written twice', async () => {
  expect(messages(await bytesOf(tasks(40), { batchRows: 8 }))).toBe('SDDDDRdRddRdRdR');
  expect(messages(await bytesOf(tasks(40), { batchRows: 8, dictionaries: 'whole' }))).toBe('SDDDDRRRRR');
});

test('a table of one batch has no delta dictionaries: every reader can read it', async () => {
  expect(messages(await bytesOf(tasks(1000)))).toBe('SDDDDR');
});

test('entries that only other tables use are left out', async () => {
  const { def, columns, length } = tasks(8);
  const [grows, ...others] = columns;
  const dictionary = [
    ...(grows.dictionary as string[]),
    ...Array.from({ length: 50_000 }, (_, i) => `x${i}`),
  ];
  const table = { def, length, columns: [{ ...grows, dictionary }, ...others] };
  const bytes = await bytesOf(table);
  expect(bytes.length).toBeLessThan(10_000);
  expect(byArrow(bytes)).toEqual(rowsOf(table));
  expect((await bytesOf(table, { dictionaries: 'whole' })).length).toBeGreaterThan(400_000);
});
