import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { commentSql, quoteIdentifier, quoteText } from '../tables/ddl.ts';
import { ALL_TABLES, CAPTURE_TABLES, qualifiedName, SCHEMA_VERSION } from '../tables/index.ts';
import { type Engine, type EngineLimits, lockEngine, type Openings, openEngine } from './engine.ts';
import { createMacros } from './library.ts';
import { QueryError } from './query-error.ts';

/** Tells what a directory holds; readers of data sets skip names with `_`. */
export const DATASET_MARK = '_atscope.json';

/** Names of the tables of a data set: its directories. @throws QueryError for a directory that is none */
function tableNames(directory: string): string[] {
  let mark: { kind?: unknown; schema_version?: unknown };
  let names: string[];
  try {
    mark = JSON.parse(readFileSync(join(directory, DATASET_MARK), 'utf8'));
    names = readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && /^[A-Za-z]/.test(entry.name))
      .map((entry) => entry.name)
      .sort();
  } catch {
    throw new QueryError(
      'sql',
      `${directory}: no data set; "atscope ingest --parquet ${directory}" makes one.`,
    );
  }
  if (mark.kind !== 'parquet')
    throw new QueryError('sql', `${directory}: holds ${mark.kind} files; a data set holds Parquet.`);
  if (mark.schema_version !== SCHEMA_VERSION) {
    throw new QueryError(
      'sql',
      `${directory}: its tables are of version ${mark.schema_version}, this program knows version ${SCHEMA_VERSION}. Use the program that wrote it, or ingest the recordings into a new directory.`,
    );
  }
  return names;
}

/** The name of a table from that of its directory: see `fileNameOf`. */
function decoded(name: string): string {
  return name.replace(/%([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

function viewSql(directory: string, name: string): string[] {
  const [first, ...rest] = decoded(name).split('.');
  const schema = rest.length > 0 ? first : 'main';
  const view = `${quoteIdentifier(schema)}.${quoteIdentifier(rest.length > 0 ? rest.join('.') : first)}`;
  const files = quoteText(join(directory, name, '*', 'data.parquet'));
  const def = [...ALL_TABLES, ...CAPTURE_TABLES].find((known) => qualifiedName(known) === name);
  return [
    ...(schema === 'main' ? [] : [`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)};`]),
    // An id of nothing but digits is text all the same; kinds of event differ in their fields from kernel to kernel.
    `CREATE VIEW ${view} AS SELECT capture, * EXCLUDE (capture) FROM read_parquet(${files}, hive_partitioning = true, hive_types = {'capture': 'VARCHAR'}, union_by_name = true);`,
    ...(def
      ? commentSql(def).map((statement) => statement.replace('COMMENT ON TABLE', 'COMMENT ON VIEW'))
      : []),
  ];
}

/**
 * Opens a data set of many captures: each table is a view over the files of all captures, with the id of the capture as
 * its first column. Nothing but the files of the data set can be read.
 * @throws QueryError for a directory that is no data set, or of another version
 */
export async function openDataset(
  path: string,
  limits: EngineLimits = {},
  openings: Openings = {},
): Promise<Engine> {
  const directory = resolve(path);
  const names = tableNames(directory);
  const engine = await openEngine(limits);
  try {
    await createMacros(engine);
    await engine.connection.run(names.flatMap((name) => viewSql(directory, name)).join('\n'));
    await lockEngine(engine, { ...openings, directories: [`${directory}/`] });
  } catch (error) {
    engine.close();
    throw error;
  }
  return engine;
}
