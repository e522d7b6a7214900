import type { DuckDBDataChunk, DuckDBPreparedStatement, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import type { Engine } from './engine.ts';
import { guardStatement } from './guard.ts';
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

function bind(prepared: DuckDBPreparedStatement, parameters: Parameters): void {
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
  if (wanted.length > 0) prepared.bind({ ...parameters });
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
  bind(prepared, parameters);
  return prepared;
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
  const { text } = guardStatement(sql, options.allowFiles);
  const stopper = new Stopper(engine, options);
  const readOnly = !options.allowFiles;
  if (readOnly) await connection.run('BEGIN TRANSACTION READ ONLY');
  let prepared: DuckDBPreparedStatement | null = null;
  try {
    const result = await stopper.run(async () => {
      prepared = await prepare(engine, text, options.parameters ?? {});
      return prepared.stream();
    });
    const names = result.deduplicatedColumnNames();
    const columns = result.columnTypes().map((type, index) => ({ name: names[index], type }));
    const chunks = async function* () {
      for (;;) {
        const chunk = await stopper.run(() => result.fetchChunk());
        if (!chunk || chunk.rowCount === 0) return;
        yield chunk;
      }
    };
    return await use({ columns, chunks: chunks() });
  } finally {
    stopper.end();
    (prepared as DuckDBPreparedStatement | null)?.destroySync();
    if (readOnly) await connection.run('ROLLBACK').catch(() => {});
  }
}
