import {
  ALL_TABLES,
  ATS_CALLS,
  ATS_EVENTS,
  CAPTURE_TABLES,
  CLOCKS,
  FINDINGS,
  FUNCTIONS,
  LOSSES,
  qualifiedName,
  SOURCES,
  STATE_INTERVALS,
  type Table,
  TableBuilder,
} from '../tables/index.ts';
import type { Engine } from './engine.ts';
import { createLibrary } from './library.ts';
import { createTables, fillTables, inTransaction, type LoadOptions, sqlTables } from './load-tables.ts';
import timelineTables from './schema/timeline.sql';

/** What `schema/timeline.sql` reads. */
export const FOR_TIMELINES: ReadonlySet<string> = new Set(
  [ATS_CALLS, ATS_EVENTS, CLOCKS, FINDINGS, FUNCTIONS, LOSSES, SOURCES, STATE_INTERVALS].map(qualifiedName),
);

/** The tables that are the same in every database, empty. */
export function declaredTables(): readonly Table[] {
  return [...ALL_TABLES, ...CAPTURE_TABLES].map((def) => new TableBuilder(def).finish());
}

/**
 * Fills an engine in memory with an analysis: tables, the standard library, and what the timelines need, which is
 * computed beside the rest.
 */
export async function fillEngine(
  engine: Engine,
  tables: readonly Table[],
  options: LoadOptions = {},
): Promise<void> {
  const named = sqlTables(tables);
  const isFirst = ({ table }: (typeof named)[number]) => FOR_TIMELINES.has(qualifiedName(table.def));
  await inTransaction(engine, async () => {
    await createTables(engine, named, options);
    fillTables(engine, named.filter(isFirst), options);
  });
  const timelines = engine.beside.run(timelineTables);
  const others = async () => {
    await options.meanwhile?.();
    await inTransaction(engine, async () => {
      const rest = named.filter((table) => !isFirst(table));
      fillTables(engine, rest, options);
      await createLibrary(engine, tables);
    });
  };
  // Nobody closes an engine that is still at work.
  for (const done of await Promise.allSettled([others(), timelines]))
    if (done.status === 'rejected') throw done.reason;
}

/** Creates the tables that every database has, so that `fillFile` finds them. */
export async function prepareFile(engine: Engine): Promise<void> {
  await inTransaction(engine, () => createTables(engine, sqlTables(declaredTables())));
}

/**
 * The same as `fillEngine` for a prepared file, in one transaction: each commit writes to the disk.
 * @param written trace events that stand in the file already, and under which name
 */
export async function fillFile(
  engine: Engine,
  tables: readonly Table[],
  written: ReadonlyMap<Table, string>,
): Promise<void> {
  const named = sqlTables([...tables, ...written.keys()]);
  const declared = new Set(declaredTables().map(({ def }) => qualifiedName(def)));
  const isNew = ({ table }: (typeof named)[number]) => !declared.has(qualifiedName(table.def));
  await inTransaction(engine, async () => {
    await createTables(engine, named.filter(isNew), { written });
    fillTables(engine, named, { written });
    await createLibrary(engine, [...tables, ...written.keys()]);
    await engine.duckdb.query(engine.raw, timelineTables);
  });
}
