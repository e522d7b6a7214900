import { cpus } from 'node:os';
import type { DuckDBConnection } from '@duckdb/node-api';
import type bindings from '@duckdb/node-bindings';
import { quoteText } from '../tables/ddl.ts';
import { duckdbApi } from './duckdb-api.ts';

/** What SQL may use at most. */
export interface EngineLimits {
  /** Most memory DuckDB may use, in its notation; `1GB` when not given. */
  readonly memoryLimit?: string;
  /** Threads DuckDB may use; as many as there are CPUs, at most 4, when not given. */
  readonly threads?: number;
  /**
   * What is left when a query does not stop: one call of a function on a huge value, such as `repeat('x', 4000000000)`,
   * cannot be interrupted, and its memory is not counted. Whoever owns the process ends it here.
   */
  readonly runaway?: (why: string) => void;
}

export interface EngineOptions extends EngineLimits {
  /** Database file; in memory when not given. */
  readonly path?: string;
  readonly readOnly?: boolean;
}

/** An open DuckDB instance. */
export interface Engine {
  readonly duckdb: typeof bindings;
  readonly raw: bindings.Connection;
  readonly connection: DuckDBConnection;
  /** A second connection, for what is asked while the first is busy. */
  readonly beside: DuckDBConnection;
  /** Most memory DuckDB may use. */
  readonly memoryBytes: number;
  readonly runaway: EngineLimits['runaway'];
  close(): void;
}

const DEFAULT_MEMORY = '1GB';
const UNITS: Readonly<Record<string, number>> = { K: 1, M: 2, G: 3, T: 4 };

/** Bytes of a size in DuckDB's notation: `512MB`, `4GiB`. */
function bytesOf(size: string): number {
  const [, number, unit, binary] = /^([\d.]+)\s*([KMGT])(i?)B$/i.exec(size) ?? [];
  if (number === undefined) return Number.POSITIVE_INFINITY;
  return Number(number) * (binary ? 1024 : 1000) ** UNITS[unit.toUpperCase()];
}

function configOf(duckdb: typeof bindings, options: EngineOptions): bindings.Config {
  const config = duckdb.create_config();
  const settings: Record<string, string> = {
    threads: String(options.threads ?? Math.min(4, cpus().length)),
    memory_limit: options.memoryLimit ?? DEFAULT_MEMORY,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    // Without a directory to spill into, a query that needs more memory ends with an error.
    temp_directory: '',
  };
  if (options.readOnly) settings.access_mode = 'READ_ONLY';
  for (const [name, value] of Object.entries(settings)) duckdb.set_config(config, name, value);
  return config;
}

/** Opens DuckDB; nothing is locked yet. @throws Error from DuckDB, e.g. for a file that is no database. */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  const [{ DuckDBConnection }, { default: duckdb }] = await Promise.all([
    duckdbApi(),
    import('@duckdb/node-bindings'),
  ]);
  const instance = await duckdb.open(options.path ?? ':memory:', configOf(duckdb, options));
  const raw = await duckdb.connect(instance);
  const connection = new DuckDBConnection(raw);
  const beside = new DuckDBConnection(await duckdb.connect(instance));
  return {
    duckdb,
    raw,
    connection,
    beside,
    memoryBytes: bytesOf(options.memoryLimit ?? DEFAULT_MEMORY),
    runaway: options.runaway,
    close() {
      beside.closeSync();
      connection.closeSync();
      duckdb.close_sync(instance);
    },
  };
}

/** What stays open when the doors are closed. */
export interface Openings {
  /** Files that may be read and written. */
  readonly files?: readonly string[];
  /** Directories whose files may be read and written. */
  readonly directories?: readonly string[];
  /** Leaves all files open. */
  readonly allFiles?: boolean;
}

/** Closes the doors: from now on no files, network or extensions, and no change of the configuration. */
export async function lockEngine(engine: Engine, openings: Openings = {}): Promise<void> {
  const list = (paths: readonly string[]) => `[${paths.map(quoteText).join(', ')}]`;
  const statements: string[] = [];
  if (openings.files?.length) statements.push(`SET allowed_paths = ${list(openings.files)};`);
  if (openings.directories?.length)
    statements.push(`SET allowed_directories = ${list(openings.directories)};`);
  if (!openings.allFiles) statements.push('SET enable_external_access = false;');
  statements.push('SET lock_configuration = true;');
  await engine.connection.run(statements.join('\n'));
}
