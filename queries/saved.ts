import { closeSync, openSync, readSync } from 'node:fs';
import { quoteText } from '../tables/ddl.ts';
import { SCHEMA_VERSION, type Table } from '../tables/index.ts';
import { fillEngine } from './database.ts';
import { type Engine, type EngineLimits, lockEngine, type Openings, openEngine } from './engine.ts';
import { QueryError } from './query-error.ts';

/**
 * The name a saved database is attached by. Opening the file itself would name it after the file, and a file called
 * `main` or `ftrace` makes every reference to that schema ambiguous.
 */
const CATALOG = 'atscope';

/** Whether a file is a DuckDB database: it has `DUCK` behind a checksum. */
export function isSavedDatabase(path: string): boolean {
  const head = Buffer.alloc(12);
  const fd = openSync(path, 'r');
  try {
    return readSync(fd, head, 0, 12, 0) === 12 && head.toString('latin1', 8) === 'DUCK';
  } finally {
    closeSync(fd);
  }
}

/** Rows from which blocks of the usual size pay off; below, sixty small tables would take 256 KiB each. */
const MANY_ROWS = 1_000_000;

/** Writes tables and the standard library into a new database file. @throws Error from DuckDB, e.g. for a full disk. */
export async function saveDatabase(
  path: string,
  tables: readonly Table[],
  limits: EngineLimits = {},
): Promise<void> {
  const engine = await openEngine(limits);
  try {
    const rows = tables.reduce((sum, table) => sum + table.length, 0);
    const blocks = rows < MANY_ROWS ? 16_384 : 262_144;
    await engine.connection.run(
      `ATTACH ${quoteText(path)} AS ${CATALOG} (BLOCK_SIZE ${blocks}); USE ${CATALOG};`,
    );
    await fillEngine(engine, tables);
    // Without the checkpoint the newest rows stand in a log file beside the database.
    await engine.connection.run(`CHECKPOINT ${CATALOG}; USE memory; DETACH ${CATALOG};`);
  } finally {
    engine.close();
  }
}

async function checkVersion(engine: Engine, path: string): Promise<void> {
  const reader = await engine.connection
    .runAndReadAll('SELECT schema_version, tool FROM main.captures')
    .catch(() => null);
  const [row] = reader?.getRows() ?? [];
  if (!row) {
    throw new QueryError(
      'sql',
      `${path}: a DuckDB database, but none that "atscope ingest" wrote (it has no table captures).`,
    );
  }
  const [version, tool] = row;
  if (Number(version) > SCHEMA_VERSION) {
    throw new QueryError(
      'sql',
      `${path}: written by ${tool} with tables of version ${version}; this program knows version ${SCHEMA_VERSION}. Use that program, or ingest the recording again with this one.`,
    );
  }
  if (Number(version) < SCHEMA_VERSION) {
    throw new QueryError(
      'sql',
      `${path}: its tables are of version ${version}, older than ${SCHEMA_VERSION}. Ingest the recording again.`,
    );
  }
}

/**
 * Opens a saved database for reading, with the doors closed.
 * @throws QueryError for a database that is damaged, of another program, or of another version.
 */
export async function openSaved(
  path: string,
  limits: EngineLimits = {},
  openings: Openings = {},
): Promise<Engine> {
  const engine = await openEngine(limits);
  try {
    await engine.connection
      .run(`ATTACH ${quoteText(path)} AS ${CATALOG} (READ_ONLY); USE ${CATALOG};`)
      .catch((error: Error) => {
        const newer = /newer (DuckDB )?version|version number|storage version/i.test(error.message);
        throw new QueryError(
          'sql',
          newer
            ? `${path}: written by a newer program. Use that one, or ingest the recording again with this one.`
            : `${path}: cannot be opened as a database (${error.message.split('\n')[0]}).`,
        );
      });
    await checkVersion(engine, path);
    await lockEngine(engine, openings);
  } catch (error) {
    engine.close();
    throw error;
  }
  return engine;
}
