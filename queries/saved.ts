import { closeSync, openSync, readSync } from 'node:fs';
import type { EventBatch, StreamedTable } from '../ingest/event-stream.ts';
import { quoteText } from '../tables/ddl.ts';
import { SCHEMA_VERSION, type Table } from '../tables/index.ts';
import { type Engine, type EngineLimits, lockEngine, type Openings, openEngine } from './engine.ts';
import { EventWriter } from './event-writer.ts';
import { fillFile, prepareFile } from './fill.ts';
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

/** A database file that is being written. Whatever happens, it must be closed. */
export class DatabaseFile {
  private readonly engine: Engine;
  private readonly events: EventWriter;

  private constructor(engine: Engine) {
    this.engine = engine;
    this.events = new EventWriter(engine);
  }

  /** @throws Error from DuckDB for a path that cannot be written. */
  static async create(path: string, limits: EngineLimits, manyRows: boolean): Promise<DatabaseFile> {
    const engine = await openEngine(limits);
    try {
      // A commit of more than this goes into the file at once instead of into the log first, and out of memory.
      await engine.connection.run("SET checkpoint_threshold = '32MB';");
      const blocks = manyRows ? 262_144 : 16_384;
      await engine.connection.run(
        `ATTACH ${quoteText(path)} AS ${CATALOG} (BLOCK_SIZE ${blocks}); USE ${CATALOG};`,
      );
      await prepareFile(engine);
      return new DatabaseFile(engine);
    } catch (error) {
      engine.close();
      throw error;
    }
  }

  /** Writes rows of trace events. @throws Error from DuckDB, e.g. for a full disk. */
  append(batch: EventBatch): Promise<void> {
    return this.events.append(batch);
  }

  /** Writes all other tables and the standard library. @throws Error from DuckDB, e.g. for a full disk. */
  async finish(tables: readonly Table[], streamed: readonly StreamedTable[] = []): Promise<void> {
    const written = new Map<Table, string>();
    for (const account of streamed)
      written.set({ ...account, columns: [] }, await this.events.finish(account));
    // What stands in the file takes no memory beside the other tables.
    if (streamed.length > 0) await this.engine.connection.run(`CHECKPOINT ${CATALOG};`);
    await fillFile(this.engine, tables, written);
    // Without the checkpoint the newest rows stand in a log file beside the database.
    await this.engine.connection.run(`CHECKPOINT ${CATALOG}; USE memory; DETACH ${CATALOG};`);
  }

  close(): void {
    this.engine.close();
  }
}

/** Writes tables and the standard library into a new database file. @throws Error from DuckDB, e.g. for a full disk. */
export async function saveDatabase(
  path: string,
  tables: readonly Table[],
  limits: EngineLimits = {},
): Promise<void> {
  const rows = tables.reduce((sum, table) => sum + table.length, 0);
  const file = await DatabaseFile.create(path, limits, rows >= MANY_ROWS);
  try {
    await file.finish(tables);
  } finally {
    file.close();
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
      `${path}: its tables are of version ${version}, older than ${SCHEMA_VERSION}: columns may be missing. Ingest the recording again.`,
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
    await engine.beside.run(`USE ${CATALOG};`);
    await checkVersion(engine, path);
    await lockEngine(engine, openings);
  } catch (error) {
    engine.close();
    throw error;
  }
  return engine;
}
