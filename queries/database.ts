import { cpus } from 'node:os';
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import type bindings from '@duckdb/node-bindings';
import type { Analysis } from '../model/analysis.ts';
import { commentSql, createTableSql, quoteIdentifier } from '../tables/ddl.ts';
import { ALL_TABLES, type Table, TableBuilder, type TableDef } from '../tables/index.ts';
import { namedQuery } from './catalog.ts';
import { eventColumnType, loadTable } from './load.ts';
import timelineTables from './schema/timeline.sql';

export interface DatabaseOptions {
  /** Most memory DuckDB may use, in its notation; `1GB` when not given. */
  readonly memoryLimit?: string;
  /** Threads DuckDB may use; as many as there are CPUs, at most 4, when not given. */
  readonly threads?: number;
  /** Load the tables of trace events too; true when not given. */
  readonly events?: boolean;
}

export type QueryParameters = Readonly<Record<string, DuckDBValue>>;

/** An analysis loaded into an in-process database. SQL given to it can reach nothing outside of it. */
export interface Database {
  /** Runs SQL; each row is an object. 64-bit integers are BigInt. */
  query(sql: string, parameters?: QueryParameters): Promise<Record<string, unknown>[]>;
  /** Runs a query of the catalogue. @throws Error for a name it does not have. */
  named<Row>(name: string, parameters?: QueryParameters): Promise<Row[]>;
  close(): void;
}

/** Every declared table, so that SQL finds it whether or not this recording had anything for it. */
function tablesOf(analysis: Analysis, withEvents: boolean): Table[] {
  const { events, ...filled } = analysis;
  const tables = Object.values(filled) as Table[];
  const present = new Set<TableDef>(tables.map((table) => table.def));
  const empty = ALL_TABLES.filter((def) => !present.has(def)).map((def) => new TableBuilder(def).finish());
  return [...tables, ...empty, ...(withEvents ? events : [])];
}

/** SQL takes names that differ only in case for the same: the later one gets a number. */
function distinctName(name: string, taken: Set<string>): string {
  let candidate = name;
  for (let number = 2; taken.has(candidate.toLowerCase()); number++) candidate = `${name}_${number}`;
  taken.add(candidate.toLowerCase());
  return candidate;
}

function distinctDef(def: TableDef, tables: Set<string>): TableDef {
  const columns = new Set<string>();
  return {
    ...def,
    name: distinctName(def.name, tables),
    columns: def.columns.map((column) => ({ ...column, name: distinctName(column.name, columns) })),
  };
}

function configOf(duckdb: typeof bindings, options: DatabaseOptions): bindings.Config {
  const config = duckdb.create_config();
  const settings = {
    threads: String(options.threads ?? Math.min(4, cpus().length)),
    memory_limit: options.memoryLimit ?? '1GB',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    // Without a directory to spill into, a query that needs more memory ends with an error.
    temp_directory: '',
  };
  for (const [name, value] of Object.entries(settings)) duckdb.set_config(config, name, value);
  return config;
}

async function load(
  duckdb: typeof bindings,
  raw: bindings.Connection,
  tables: readonly Table[],
): Promise<void> {
  const taken = new Map<string, Set<string>>();
  const statements = ['BEGIN;'];
  const loads: (() => void)[] = [];
  for (const table of tables) {
    const schema = table.def.schema ?? 'main';
    let names = taken.get(schema);
    if (!names) {
      names = new Set();
      taken.set(schema, names);
      if (schema !== 'main') statements.push(`CREATE SCHEMA ${quoteIdentifier(schema)};`);
    }
    const def = distinctDef(table.def, names);
    const typeAt = schema === 'main' ? undefined : (index: number) => eventColumnType(table.columns[index]);
    statements.push(createTableSql(def, typeAt), ...commentSql(def));
    loads.push(() => loadTable(duckdb, raw, table, def.name));
  }
  statements.push('COMMIT;');
  await duckdb.query(raw, statements.join('\n'));
  for (const run of loads) run();
}

function objectsOf(connection: DuckDBConnection): Database['query'] {
  return async (sql, parameters) => {
    const reader = await connection.runAndReadAll(sql, parameters ? { ...parameters } : undefined);
    return reader.getRowObjectsJS();
  };
}

/** Loads an analysis into a fresh database in memory. The caller closes it. */
export async function openDatabase(analysis: Analysis, options: DatabaseOptions = {}): Promise<Database> {
  const [{ DuckDBConnection }, { default: duckdb }] = await Promise.all([
    import('@duckdb/node-api'),
    import('@duckdb/node-bindings'),
  ]);
  const instance = await duckdb.open(':memory:', configOf(duckdb, options));
  const raw = await duckdb.connect(instance);
  const connection = new DuckDBConnection(raw);
  const close = () => {
    connection.closeSync();
    duckdb.close_sync(instance);
  };
  try {
    await load(duckdb, raw, tablesOf(analysis, options.events !== false));
    await connection.run(timelineTables);
    await connection.run('SET enable_external_access = false; SET lock_configuration = true;');
  } catch (error) {
    close();
    throw error;
  }
  const query = objectsOf(connection);
  return {
    query,
    named: async <Row>(name: string, parameters?: QueryParameters) =>
      (await query(namedQuery(name).sql, parameters)) as Row[],
    close,
  };
}
