import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import type { Analysis } from '../model/analysis.ts';
import type { Table, TableDef } from '../tables/index.ts';
import { namedQuery } from './catalog.ts';
import { type Engine, type EngineLimits, lockEngine, openEngine } from './engine.ts';
import { declaredTables, fillEngine } from './fill.ts';
import type { LoadOptions } from './load-tables.ts';

export interface DatabaseOptions extends EngineLimits {
  /** Load the tables of trace events too; true when not given. */
  readonly events?: boolean;
  /** Docs as comments of tables and columns, for those who look around in it; true when not given. */
  readonly comments?: boolean;
  /** See `LoadOptions`. */
  readonly meanwhile?: LoadOptions['meanwhile'];
  /** Tables beside those of the analysis. */
  readonly extra?: readonly Table[];
}

export type QueryParameters = Readonly<Record<string, DuckDBValue>>;

/** An analysis loaded into an in-process database. SQL given to it can reach nothing outside of it. */
export interface Database extends Asker {
  readonly engine: Engine;
  /** Asks on the second connection only: what is wanted later, while other things are asked. */
  readonly beside: Asker;
  close(): void;
}

export interface Asker {
  /** Runs SQL; each row is an object. 64-bit integers are BigInt. */
  query(sql: string, parameters?: QueryParameters): Promise<Record<string, unknown>[]>;
  /** Runs a query of the catalogue. @throws Error for a name it does not have. */
  named<Row>(name: string, parameters?: QueryParameters): Promise<Row[]>;
}

/** Every declared table, so that SQL finds it whether or not this recording had anything for it. */
export function allTablesOf(
  analysis: Analysis,
  extra: readonly Table[] = [],
  withEvents = true,
): readonly Table[] {
  const { events, ...filled } = analysis;
  const own = Object.values(filled) as Table[];
  const defs = new Set<TableDef>(own.map((table) => table.def));
  const tables = [...own, ...extra.filter((table) => !defs.has(table.def))];
  const present = new Set<TableDef>(tables.map((table) => table.def));
  const empty = declaredTables().filter(({ def }) => !present.has(def));
  return [...tables, ...empty, ...(withEvents ? events : [])];
}

function objectsOf(connection: DuckDBConnection): Database['query'] {
  return async (sql, parameters) => {
    const reader = await connection.runAndReadAll(sql, parameters ? { ...parameters } : undefined);
    return reader.getRowObjectsJS();
  };
}

/** Loads an analysis into a fresh database in memory. The caller closes it. */
export async function openDatabase(analysis: Analysis, options: DatabaseOptions = {}): Promise<Database> {
  const engine = await openEngine(options);
  try {
    const { extra, events = true, comments, meanwhile } = options;
    await fillEngine(engine, allTablesOf(analysis, extra, events), { comments, meanwhile });
    await lockEngine(engine);
  } catch (error) {
    engine.close();
    throw error;
  }
  return databaseOf(engine);
}

/** Asks an engine that holds a capture: one that `fillEngine` filled, or a saved database. Closing it closes the engine. */
export function databaseOf(engine: Engine): Database {
  const [own, beside] = [engine.connection, engine.beside].map(objectsOf);
  const asker = (query: Database['query']): Asker => ({
    query,
    named: async <Row>(name: string, parameters?: QueryParameters) =>
      (await query(namedQuery(name).sql, parameters)) as Row[],
  });
  // What is asked at the same time goes to both connections.
  const lines = [own, beside].map((ask) => ({ ask, busy: 0 }));
  const query: Database['query'] = async (sql, parameters) => {
    const line = lines[0].busy <= lines[1].busy ? lines[0] : lines[1];
    line.busy++;
    try {
      return await line.ask(sql, parameters);
    } finally {
      line.busy--;
    }
  };
  return { engine, ...asker(query), beside: asker(beside), close: () => engine.close() };
}

/** A database whose tables are all empty, to check SQL against. The caller closes it. */
export async function openEmptyDatabase(limits: EngineLimits = {}): Promise<Database> {
  const engine = await openEngine(limits);
  try {
    await fillEngine(engine, declaredTables());
    await lockEngine(engine);
  } catch (error) {
    engine.close();
    throw error;
  }
  return databaseOf(engine);
}
