import { commentSql, createTableSql, quoteIdentifier, sqlTableName } from '../tables/ddl.ts';
import { EVENT_COLUMNS, type Table, type TableDef } from '../tables/index.ts';
import type { Engine } from './engine.ts';
import { eventColumnType, loadTable } from './load.ts';

/** SQL takes names that differ only in case for the same: the later one gets a number. */
function distinctName(name: string, taken: Set<string>): string {
  let candidate = name;
  for (let number = 2; taken.has(candidate.toLowerCase()); number++) candidate = `${name}_${number}`;
  taken.add(candidate.toLowerCase());
  return candidate;
}

/** Names of columns under which SQL knows them: no two differ only in case. */
export function distinctNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => distinctName(name, taken));
}

function distinctDef(def: TableDef, tables: Set<string>): TableDef {
  const columns = new Set<string>();
  return {
    ...def,
    name: distinctName(def.name, tables),
    columns: def.columns.map((column) => ({ ...column, name: distinctName(column.name, columns) })),
  };
}

/** The tables under the names that SQL knows them by: no two differ only in case. */
export function sqlTables(tables: readonly Table[]): { table: Table; def: TableDef }[] {
  const taken = new Map<string, Set<string>>();
  return tables.map((table) => {
    const schema = table.def.schema ?? 'main';
    const names = taken.get(schema) ?? new Set();
    taken.set(schema, names);
    return { table, def: distinctDef(table.def, names) };
  });
}

/** What there is to say of a table: not again of the columns that all trace events have, which a hundred tables would repeat. */
function ownColumns(def: TableDef): TableDef {
  return def.schema ? { ...def, columns: def.columns.slice(EVENT_COLUMNS.length) } : def;
}

export interface LoadOptions {
  /** Tables that are in the database already, and under which name. */
  readonly written?: ReadonlyMap<Table, string>;
  /** Docs as comments of tables and columns; true when not given. They take more time than the tables themselves. */
  readonly comments?: boolean;
  /** What there is to do for the caller while the engine works on what was loaded. */
  meanwhile?(): Promise<unknown>;
}

/** A table under the name that SQL knows it by. */
export type NamedTable = ReturnType<typeof sqlTables>[number];

/** Creates tables and their comments; none has a row. @throws Error from DuckDB. */
export async function createTables(
  engine: Engine,
  named: readonly NamedTable[],
  { written = new Map(), comments = true }: LoadOptions = {},
): Promise<void> {
  const schemas = new Set(named.map(({ def }) => def.schema ?? 'main'));
  const statements: string[] = [];
  for (const schema of schemas)
    if (schema !== 'main') statements.push(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)};`);
  for (const { table, def } of named) {
    const typeAt = def.schema ? (index: number) => eventColumnType(table.columns[index]) : undefined;
    const before = written.get(table);
    statements.push(
      before === undefined
        ? createTableSql(def, typeAt)
        : `ALTER TABLE ${sqlTableName({ ...def, name: before })} RENAME TO ${quoteIdentifier(def.name)};`,
      ...(comments ? commentSql(ownColumns(def)) : []),
    );
  }
  if (statements.length > 0) await engine.duckdb.query(engine.raw, statements.join('\n'));
}

/** Fills tables that were created. @throws Error from DuckDB, e.g. when the disk is full. */
export function fillTables(
  engine: Engine,
  named: readonly NamedTable[],
  { written = new Map() }: LoadOptions = {},
): void {
  for (const { table, def } of named)
    if (!written.has(table)) loadTable(engine.duckdb, engine.raw, table, def.name);
}

/**
 * Does all of it in one transaction: a commit waits for the disk, and there may be a hundred small tables. Who sees it
 * fail closes the engine.
 */
export async function inTransaction(engine: Engine, work: () => Promise<void>): Promise<void> {
  await engine.duckdb.query(engine.raw, 'BEGIN;');
  await work();
  await engine.duckdb.query(engine.raw, 'COMMIT;');
}

/** Creates tables with their comments and fills them. @throws Error from DuckDB, e.g. when the disk is full. */
export async function loadTables(engine: Engine, tables: readonly Table[]): Promise<void> {
  const named = sqlTables(tables);
  await inTransaction(engine, async () => {
    await createTables(engine, named);
    fillTables(engine, named);
  });
}
