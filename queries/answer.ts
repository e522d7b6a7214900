import type { DuckDBDataChunk, DuckDBPreparedStatement, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { duckdbApi } from './duckdb-api.ts';
import type { Engine } from './engine.ts';
import { guardStatement, readsOnly } from './guard.ts';
import { QueryError } from './query-error.ts';
import { type StopOptions, Stopper } from './stopper.ts';

export type Parameters = Readonly<Record<string, DuckDBValue>>;

export interface AskOptions extends StopOptions {
  readonly parameters?: Parameters;
  /** Allows statements that write, for an engine whose files are open. */
  readonly allowFiles?: boolean;
}

/** A column of an answer. */
export interface AnswerColumn {
  readonly name: string;
  readonly type: DuckDBType;
}

/** An answer that arrives in pieces: no more than a few of them are in memory at a time. */
export interface Answer {
  readonly columns: readonly AnswerColumn[];
  readonly chunks: AsyncIterable<DuckDBDataChunk>;
}

/** Whole numbers that fit are BIGINT: what functions such as `range` take. Left to itself DuckDB makes HUGEINT of them. */
function typesOf(parameters: Parameters, bigint: DuckDBType): Record<string, DuckDBType> {
  const fitting = Object.entries(parameters).filter(
    ([, value]) => typeof value === 'bigint' && BigInt.asIntN(64, value) === value,
  );
  return Object.fromEntries(fitting.map(([name]) => [name, bigint]));
}

async function bind(prepared: DuckDBPreparedStatement, parameters: Parameters): Promise<void> {
  const wanted = Array.from({ length: prepared.parameterCount }, (_, i) => prepared.parameterName(i + 1));
  const missing = wanted.filter((name) => !Object.hasOwn(parameters, name));
  if (missing.length > 0) {
    const list = missing.map((name) => `--param ${name}=VALUE`).join(' ');
    throw new QueryError('sql', `the SQL has parameters without a value: give ${list}.`);
  }
  const unknown = Object.keys(parameters).filter((name) => !wanted.includes(name));
  if (unknown.length > 0) {
    throw new QueryError(
      'sql',
      `no parameter $${unknown[0]} in the SQL; it has ${wanted.length > 0 ? wanted.map((name) => `$${name}`).join(', ') : 'none'}.`,
    );
  }
  if (wanted.length > 0) {
    const { BIGINT } = await duckdbApi();
    prepared.bind({ ...parameters }, typesOf(parameters, BIGINT));
  }
}

async function prepare(
  engine: Engine,
  sql: string,
  parameters: Parameters,
): Promise<DuckDBPreparedStatement> {
  const extracted = await engine.connection.extractStatements(sql);
  // PIVOT without a list of values becomes two statements, the first of which makes a type.
  if (extracted.count !== 1)
    throw new QueryError('refused', 'PIVOT needs its values here: PIVOT t ON c IN (a, b) USING ...');
  const prepared = await extracted.prepare(0);
  await bind(prepared, parameters);
  return prepared;
}

/**
 * DuckDB ends a stream that fails like one that is complete, but the failure aborts the transaction around it. Then the
 * statement runs once more without giving rows, because that tells why.
 */
async function checkComplete(
  { connection }: Engine,
  text: string,
  parameters: Parameters,
  stopper: Stopper,
): Promise<void> {
  const aborted = await connection.run('SELECT 1').then(
    () => false,
    () => true,
  );
  if (!aborted) return;
  await connection.run('ROLLBACK');
  await connection.run('BEGIN TRANSACTION READ ONLY');
  await stopper.run(() => connection.run(`EXPLAIN ANALYZE ${text}`, { ...parameters }));
  throw new QueryError('limit', 'it failed after its first rows; the answer is not complete.');
}

/**
 * Asks one statement that a user wrote, under all safeguards, and gives the answer to `use` while it streams. Nothing it
 * does can change the database, unless files are allowed.
 * @throws QueryError for SQL that is wrong, refused, cancelled, or over a limit; whatever `use` throws.
 */
export async function ask<T>(
  engine: Engine,
  sql: string,
  options: AskOptions,
  use: (answer: Answer) => Promise<T>,
): Promise<T> {
  const { connection } = engine;
  const statement = guardStatement(sql, options.allowFiles);
  const { text } = statement;
  const parameters = options.parameters ?? {};
  const reads = readsOnly(statement);
  const stopper = new Stopper(engine, options);
  if (reads) await connection.run('BEGIN TRANSACTION READ ONLY');
  let prepared: DuckDBPreparedStatement | null = null;
  try {
    const result = await stopper.run(async () => {
      prepared = await prepare(engine, text, parameters);
      return reads ? prepared.stream() : prepared.run();
    });
    const names = result.deduplicatedColumnNames();
    const columns = result.columnTypes().map((type, index) => ({ name: names[index], type }));
    const chunks = async function* () {
      for (;;) {
        const chunk = await stopper.run(() => result.fetchChunk());
        if (!chunk || chunk.rowCount === 0) break;
        yield chunk;
      }
      if (reads) await checkComplete(engine, text, parameters, stopper);
    };
    return await use({ columns, chunks: chunks() });
  } finally {
    stopper.end();
    (prepared as DuckDBPreparedStatement | null)?.destroySync();
    if (reads) await connection.run('ROLLBACK').catch(() => {});
  }
}
