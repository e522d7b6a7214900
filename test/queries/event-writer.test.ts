import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { EventBatch, StreamedTable } from '../../ingest/event-stream.ts';
import { EventTableBuilder, newHeader, sharedPools } from '../../ingest/event-table.ts';
import { openEngine } from '../../queries/engine.ts';
import { EventWriter } from '../../queries/event-writer.ts';
import { loadTables } from '../../queries/load-tables.ts';
import type { Table } from '../../tables/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'event-writer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const BATCH = 1024;
const encoder = new TextEncoder();

/** What the field `late` holds from a row on, and whether values are missing before. */
interface Story {
  readonly rows: number;
  /** A new text appears every so many rows. */
  readonly news: number;
  /** From this row on `address` has its top bit set. */
  readonly topBitFrom: number;
  /** From this row on the field `late` exists. */
  readonly lateFrom: number;
  readonly nulls: boolean;
}

/** The same rows into two tables: one that sends batches, one that does not. */
function build(story: Story, batches: EventBatch[] | null): Table | StreamedTable {
  const pools = sharedPools();
  const table = new EventTableBuilder('busy', 'test', pools);
  const stream = {
    keep: { wants: () => false },
    batchRows: BATCH,
    take: (batch: EventBatch) => batches?.push(batch),
    pause: () => null,
  };
  if (batches) table.streamTo(stream, 0, 0);
  table.field('name').expect('dict');
  table.field('nothing');
  for (let i = 0; i < story.rows; i++) {
    const comm = pools.comm.internString(`task-${Math.floor(i / story.news)}`);
    const missing = story.nulls && i % 3 === 1;
    const row = table.begin(0, {
      ...newHeader(),
      seq: i,
      timeLo: i * 5,
      timeHi: 7,
      cpu: missing ? -1 : i % 4,
      pid: i,
      comm,
      offset: 5_000_000_000 + i,
      length: 20,
    });
    const text = encoder.encode(`value ${i % story.news}`);
    if (!missing) table.field('name').setBytes(row, text, 0, text.length);
    table.field('count').setPair(row, i, 0, false);
    table.field('address').setPair(row, i, i >= story.topBitFrom ? 0xffff8880 : 0x7fff, true);
    table.field('nothing');
    if (i >= story.lateFrom) table.field('late').setPair(row, -i, -1, false);
  }
  return table.finish();
}

/** A row count and a hash over all rows, whatever the types. */
async function contentOf(fill: (engine: Awaited<ReturnType<typeof openEngine>>) => Promise<string>) {
  const engine = await openEngine({ threads: 1 });
  try {
    const name = await fill(engine);
    const columns = await engine.connection.runAndReadAll(
      `SELECT column_name, CASE WHEN data_type LIKE 'ENUM%' THEN 'VARCHAR' ELSE data_type END FROM duckdb_columns() WHERE table_name = '${name}' ORDER BY column_index`,
    );
    const rows = await engine.connection.runAndReadAll(
      `SELECT count(*), sum(hash(t::VARCHAR))::VARCHAR, min(t::VARCHAR), max(t::VARCHAR) FROM ftrace."${name}" t`,
    );
    const order = await engine.connection.runAndReadAll(`SELECT seq FROM ftrace."${name}"`);
    return { columns: columns.getRows(), rows: rows.getRows(), order: order.getRows().flat() };
  } finally {
    engine.close();
  }
}

async function compare(story: Story): Promise<number> {
  const whole = build(story, null) as Table;
  const expected = await contentOf(async (engine) => {
    await loadTables(engine, [whole]);
    return 'busy';
  });
  const batches: EventBatch[] = [];
  const account = build(story, batches) as StreamedTable;
  expect(account.length).toBe(story.rows);
  expect(account.def.columns.map(({ name }) => name)).toEqual(whole.def.columns.map(({ name }) => name));
  const actual = await contentOf(async (engine) => {
    const writer = new EventWriter(engine);
    // As if another thread got them.
    for (const batch of batches) await writer.append(structuredClone(batch));
    return writer.finish(account);
  });
  expect(actual).toEqual(expected);
  return batches.length;
}

describe('trace events that are written while they are read', () => {
  it('give the rows, in their order, and the columns that the whole table gives', async () => {
    const batches = await compare({ rows: 5000, news: 700, topBitFrom: 2500, lateFrom: 3000, nulls: true });
    expect(batches).toBe(5);
  });

  it('when texts turn out to be nearly all different', async () => {
    const story = { rows: 30_000, news: 1, topBitFrom: 99_999, lateFrom: 20_000, nulls: true };
    expect(await compare(story)).toBe(30);
  });

  it('whatever grows, widens, appears or is missing along the way', async () => {
    const row = fc.integer({ min: 0, max: 4000 });
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          rows: fc.integer({ min: BATCH + 1, max: 4000 }),
          news: fc.constantFrom(1, 3, 100, 1500, 5000),
          topBitFrom: row,
          lateFrom: row,
          nulls: fc.boolean(),
        }),
        async (story) => {
          await compare(story);
        },
      ),
      { numRuns: 5, seed: 11, endOnFailure: true },
    );
  });
});
