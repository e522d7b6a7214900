import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type AskOptions, ask } from '../queries/answer.ts';
import { namedQuery, QUERY_NAMES } from '../queries/catalog.ts';
import type { Engine } from '../queries/engine.ts';
import { askToParquet } from '../queries/parquet.ts';
import { QueryError } from '../queries/query-error.ts';
import { visible } from '../reports/visible.ts';
import { UsageError } from './exit-codes.ts';
import { FORMATS, type QueryFormat, writeAnswer } from './query-formats.ts';
import { numberOf } from './query-inputs.ts';
import { FileOutput, fileProblem, type Output, STDOUT, writeWhole } from './query-output.ts';
import { freeParameters, namedParameters, type Parameters } from './query-parameters.ts';
import { openForQuery, type SourceFlags } from './query-source.ts';
import { paletteFor } from './terminal.ts';

export interface QueryFlags extends SourceFlags {
  readonly name?: string;
  readonly param: readonly string[];
  readonly format: string;
  readonly json?: boolean;
  readonly out?: string;
  readonly force?: boolean;
  readonly rows?: string;
  readonly width?: string;
  readonly timeLimit: string;
  readonly list?: boolean;
}

/** What is to be asked, and of what. */
interface Task {
  readonly inputs: readonly string[];
  /** Absent for the interactive shell. */
  readonly sql?: string;
  readonly parameters: Parameters;
}

function formatOf(flags: QueryFlags): QueryFormat {
  const format = FORMATS.find((known) => known === (flags.json ? 'json' : flags.format));
  if (!format) throw new UsageError(`--format ${flags.format}: expected one of ${FORMATS.join(', ')}.`);
  if (format === 'parquet' && flags.out === undefined)
    throw new UsageError('--format parquet needs --out FILE: Parquet cannot be written into a pipe.');
  if (format === 'arrow' && flags.out === undefined && process.stdout.isTTY)
    throw new UsageError('--format arrow is binary: give --out FILE, or redirect the output.');
  return format;
}

/** Tells inputs from SQL: SQL is the last argument, unless it names a file or a query is named. */
function taskOf(args: readonly string[], flags: QueryFlags): Task {
  if (flags.name !== undefined) {
    if (!QUERY_NAMES.includes(flags.name))
      throw new UsageError(`--name ${flags.name}: no such query; "atscope query --list" lists them.`);
    const query = namedQuery(flags.name);
    if (query.fleet && flags.dataset === undefined)
      throw new UsageError(`--name ${flags.name} asks a data set of many captures: give --dataset DIR.`);
    return { inputs: args, sql: query.sql, parameters: namedParameters(query.parameters, flags.param) };
  }
  const last = args.at(-1);
  const parameters = freeParameters(flags.param);
  if (last === undefined || last === '-' || existsSync(last)) return { inputs: args, parameters };
  return { inputs: args.slice(0, -1), sql: last, parameters };
}

function listQueries(flags: QueryFlags): void {
  const queries = QUERY_NAMES.map(namedQuery);
  if (flags.json) {
    const rows = queries.map(({ sql: _, ...query }) => query);
    process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    return;
  }
  const { bold } = paletteFor(process.stdout);
  const column = Math.max(...queries.map((query) => query.name.length));
  for (const query of queries) {
    const parameters = query.parameters.map(({ name, fallback }) => (fallback ? `[${name}]` : name));
    const tail = parameters.length > 0 ? ` (--param ${parameters.join(', ')})` : '';
    process.stdout.write(`${bold(query.name.padEnd(column))}  ${query.title}${tail}\n`);
  }
}

/** Runs `atscope query`. @throws UsageError, InputError */
export async function runQuery(args: readonly string[], flags: QueryFlags): Promise<void> {
  if (flags.list) {
    listQueries(flags);
    return;
  }
  const format = formatOf(flags);
  const task = taskOf(args, flags);
  if (task.inputs.length === 0 && flags.dataset === undefined) {
    throw new UsageError(
      task.sql !== undefined && flags.name === undefined
        ? `${visible(task.sql)}: neither a file nor SQL with an input before it. Give INPUT... 'SQL'.`
        : 'query needs a database or recordings: atscope query INPUT... [SQL].',
    );
  }
  if (task.sql === undefined && !process.stdin.isTTY) {
    throw new UsageError(
      `no SQL: the last argument, ${args.at(-1)}, is a file. Give the SQL as the last argument, or --name NAME; without either, a terminal gets a shell.`,
    );
  }
  const timeLimit = numberOf('--time-limit', flags.timeLimit, 0);
  const outFile = flags.out === undefined ? [] : [resolve(flags.out)];
  const engine = await openForQuery(task.inputs, flags, outFile);
  try {
    if (task.sql === undefined) {
      const { runShell } = await import('./shell.ts');
      await runShell(engine, {
        timeLimit,
        allowFiles: flags.allowFiles === true,
        rows: flags.rows === undefined ? undefined : numberOf('--rows', flags.rows, 0),
        width: flags.width === undefined ? undefined : numberOf('--width', flags.width, 0),
      });
      return;
    }
    await answer(
      engine,
      task.sql,
      { parameters: task.parameters, timeLimit, allowFiles: flags.allowFiles },
      flags,
      format,
    );
  } finally {
    engine.close();
  }
}

async function answer(
  engine: Engine,
  sql: string,
  options: AskOptions,
  flags: QueryFlags,
  format: QueryFormat,
): Promise<void> {
  const controller = new AbortController();
  const cancel = () => controller.abort();
  process.once('SIGINT', cancel);
  const asked = { ...options, signal: controller.signal };
  try {
    if (flags.out === undefined) await write(engine, sql, asked, flags, format, STDOUT);
    else {
      await writeWhole('--out', resolve(flags.out), flags.force === true, async (beside) => {
        if (format === 'parquet') {
          // The engine may write this one file and no other: see `openForQuery`.
          await askToParquet(engine, sql, asked, beside);
          return;
        }
        const file = new FileOutput(beside);
        try {
          await write(engine, sql, asked, flags, format, file);
        } finally {
          file.close();
        }
      });
    }
  } catch (error) {
    if (error instanceof QueryError && error.kind === 'cancelled') {
      // 128 + SIGINT, as shells expect it of a program that was interrupted.
      process.stderr.write(`atscope: query: ${error.message}\n`);
      process.exitCode = 130;
      return;
    }
    throw userError(error);
  } finally {
    process.removeListener('SIGINT', cancel);
  }
}

/** @returns the error as one that a user can act on. What SQL quotes of the data is made visible. */
export function userError(error: unknown): unknown {
  if (error instanceof QueryError) {
    const text = error.message.split('\n').map(visible).join('\n');
    return new UsageError(`${error.kind === 'refused' ? 'refused: ' : 'query: '}${text}`);
  }
  const problem = fileProblem(error);
  return problem === null ? error : new UsageError(`cannot write the answer (${problem}).`);
}

async function write(
  engine: Engine,
  sql: string,
  options: AskOptions,
  flags: QueryFlags,
  format: QueryFormat,
  output: Output,
): Promise<void> {
  if (format === 'parquet') return;
  const terminal = output === STDOUT && process.stdout.isTTY === true;
  const layout = {
    width:
      flags.width === undefined
        ? terminal
          ? process.stdout.columns || 80
          : 0
        : numberOf('--width', flags.width, 0),
    rows: flags.rows === undefined ? (terminal ? 200 : 0) : numberOf('--rows', flags.rows, 0),
    palette: paletteFor(process.stdout),
  };
  await ask(engine, sql, options, (result) => writeAnswer(format, result, output, { layout, terminal }));
}
