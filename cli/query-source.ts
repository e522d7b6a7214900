import { existsSync, statSync } from 'node:fs';
import { InputError } from '../ingest/input-error.ts';
import { openDataset } from '../queries/dataset.ts';
import { type Engine, type EngineLimits, lockEngine, openEngine } from '../queries/engine.ts';
import { fillEngine } from '../queries/fill.ts';
import type { LoadOptions } from '../queries/load-tables.ts';
import { QueryError } from '../queries/query-error.ts';
import { isSavedDatabase, openSaved } from '../queries/saved.ts';
import { UsageError } from './exit-codes.ts';
import { endProgram } from './last-resort.ts';
import { numberOf, type RecordingFlags, recordedCapture } from './query-inputs.ts';

/** Options that say what SQL is asked of, and what it may use. */
export interface SourceFlags extends RecordingFlags {
  readonly dataset?: string;
  readonly memory: string;
  readonly threads?: string;
  readonly allowFiles?: boolean;
}

/** @throws UsageError for a size that is none. */
export function limitsOf(flags: Pick<SourceFlags, 'memory' | 'threads'>): EngineLimits {
  if (!/^\d+(\.\d+)?\s?([KMGT]i?B)$/i.test(flags.memory))
    throw new UsageError(`--memory ${flags.memory}: expected a size with its unit, e.g. 512MB or 4GB.`);
  const threads = flags.threads === undefined ? undefined : numberOf('--threads', flags.threads, 1);
  if (threads !== undefined && !Number.isInteger(threads))
    throw new UsageError(`--threads ${flags.threads}: expected a whole number.`);
  return { memoryLimit: flags.memory, threads, runaway: endProgram };
}

/** Whether an input is a file with a saved database in it. */
export function isDatabase(path: string): boolean {
  try {
    return existsSync(path) && statSync(path).isFile() && isSavedDatabase(path);
  } catch {
    // Whoever opens it next says better why it cannot be read.
    return false;
  }
}

/** The path beside `file` that `writeWhole` uses; the engine may write there. */
function besides(files: readonly string[]): string[] {
  return files.map((file) => `${file}.${process.pid}.part`);
}

/** A database or data set that cannot be used is an input that cannot be used. */
export async function orInputError(opening: Promise<Engine>): Promise<Engine> {
  try {
    return await opening;
  } catch (error) {
    throw error instanceof QueryError ? new InputError(error.message) : error;
  }
}

/**
 * Opens what SQL is asked of: a saved database, or recordings, which are read and replayed first. The doors are closed,
 * but for what `outFiles` need. `options` say how recordings are loaded.
 * @throws UsageError, InputError
 */
export async function openForQuery(
  inputs: readonly string[],
  flags: SourceFlags,
  outFiles: readonly string[],
  options: LoadOptions = {},
): Promise<Engine> {
  const limits = limitsOf(flags);
  const openings = { files: besides(outFiles), allFiles: flags.allowFiles };
  if (flags.dataset !== undefined) {
    if (inputs.length > 0)
      throw new UsageError(`--dataset ${flags.dataset} is asked alone; ${inputs[0]} is one input too many.`);
    return orInputError(openDataset(flags.dataset, limits, openings));
  }
  const databases = inputs.filter(isDatabase);
  if (databases.length > 0) {
    if (inputs.length > 1) {
      throw new UsageError(
        `${databases[0]} is a database; it is asked alone. Many captures are asked as a data set: ingest them with --parquet DIR and ask --dataset DIR.`,
      );
    }
    return orInputError(openSaved(inputs[0], limits, openings));
  }
  // The engine opens in a thread of its own while the recordings are read.
  const opening = openEngine(limits);
  opening.catch(() => {});
  const { tables } = await recordedCapture(inputs, flags).catch(async (error) => {
    (await opening.catch(() => null))?.close();
    throw error;
  });
  const engine = await opening;
  try {
    await fillEngine(engine, tables, options);
    await lockEngine(engine, openings);
  } catch (error) {
    engine.close();
    if (/out of memory/i.test((error as Error).message))
      throw new UsageError(
        `the tables need more memory than ${flags.memory}; allow more with --memory, e.g. 4GB.`,
      );
    throw error;
  }
  return engine;
}
