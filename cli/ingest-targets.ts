import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { EventBatch, EventStream } from '../ingest/event-stream.ts';
import { modelWants } from '../model/lift/ftrace.ts';
import { DATASET_MARK } from '../queries/dataset.ts';
import type { EngineLimits } from '../queries/engine.ts';
import { writeArrowFiles, writeParquetFiles } from '../queries/export.ts';
import { SaveThread, saveWorker } from '../queries/save-thread.ts';
import { saveDatabase } from '../queries/saved.ts';
import type { ArrowFileOptions } from '../tables/arrow-file.ts';
import { SCHEMA_VERSION } from '../tables/index.ts';
import { UsageError } from './exit-codes.ts';
import type { RecordedCapture } from './query-inputs.ts';
import { FileOutput, fileProblem, guardPending, writeWhole } from './query-output.ts';

/** Rows of a row group of DuckDB: a batch of so many goes to the disk whole. */
const ROW_GROUP = 122_880;

type Kind = 'arrow' | 'parquet';

function markText(kind: Kind): string {
  return `${JSON.stringify({ kind, schema_version: SCHEMA_VERSION }, null, 2)}\n`;
}

/** @throws UsageError for a directory that holds something else, or tables of another version. */
function checkDirectory(option: string, path: string, kind: Kind): void {
  if (!existsSync(path)) return;
  if (!statSync(path).isDirectory()) throw new UsageError(`${option} ${path}: is a file; name a directory.`);
  if (readdirSync(path).length === 0) return;
  let mark: { kind?: unknown; schema_version?: unknown } = {};
  try {
    mark = JSON.parse(readFileSync(join(path, DATASET_MARK), 'utf8'));
  } catch {
    // Without a mark that can be read the directory is not ours.
  }
  if (mark.kind !== kind)
    throw new UsageError(`${option} ${path}: the directory holds something else. Name a new or empty one.`);
  if (mark.schema_version !== SCHEMA_VERSION) {
    throw new UsageError(
      `${option} ${path}: holds tables of version ${mark.schema_version}, this program writes version ${SCHEMA_VERSION}. Name another directory.`,
    );
  }
}

/**
 * Writes the database file. `record` reads the recording; the rows of frequent events that it hands to the stream are
 * written while it does, by another thread.
 * @throws UsageError for what the file system refuses, and what `record` throws
 */
export async function toDatabase(
  path: string,
  force: boolean,
  limits: EngineLimits,
  record: (stream?: EventStream) => Promise<RecordedCapture>,
): Promise<RecordedCapture> {
  const target = resolve(path);
  if (existsSync(target) && statSync(target).isDirectory())
    throw new UsageError(`--db ${path}: is a directory; name a file.`);
  return writeWhole('--db', target, force, async (beside) => {
    const script = saveWorker();
    let thread: SaveThread | null = null;
    const started = (at: URL) => {
      thread ??= new SaveThread(at, beside, limits);
      return thread;
    };
    // The thread starts with a large recording, or with the first batch: a small one has none.
    const stream = script && {
      keep: { wants: modelWants },
      batchRows: ROW_GROUP,
      begin: () => started(script),
      take: (batch: EventBatch) => started(script).append(batch),
      pause: () => thread?.pause() ?? null,
    };
    try {
      const capture = await record(stream ?? undefined);
      if (thread) await (thread as SaveThread).finish(capture.tables, capture.streamed);
      else await saveDatabase(beside, capture.tables, limits);
      return capture;
    } finally {
      await (thread as SaveThread | null)?.close();
    }
  });
}

/** Writes one Arrow file per table into a new directory. @throws UsageError */
export async function toArrowDirectory(
  path: string,
  capture: RecordedCapture,
  force: boolean,
  options: ArrowFileOptions = {},
): Promise<void> {
  const target = resolve(path);
  checkDirectory('--arrow', target, 'arrow');
  const empty = existsSync(target) && readdirSync(target).length === 0;
  await writeWhole('--arrow', target, force || empty, async (beside) => {
    mkdirSync(beside);
    writeFileSync(join(beside, DATASET_MARK), markText('arrow'));
    await writeArrowFiles(beside, capture.tables, options, async (file, pieces) => {
      const output = new FileOutput(file);
      try {
        for await (const piece of pieces) await output.write(piece);
      } finally {
        output.close();
      }
    });
  });
}

/** Moves every partition into place; `captures` last, because a capture is in the data set when it stands there. */
function movePartitions(from: string, to: string, capture: string): void {
  const partition = `capture=${capture}`;
  const tables = readdirSync(from).sort((a, b) => Number(a === 'captures') - Number(b === 'captures'));
  const moved: string[] = [];
  try {
    for (const table of tables) {
      const target = join(to, table, partition);
      mkdirSync(dirname(target), { recursive: true });
      rmSync(target, { recursive: true, force: true });
      renameSync(join(from, table, partition), target);
      moved.push(target);
    }
  } catch (error) {
    for (const target of moved) rmSync(target, { recursive: true, force: true });
    throw error;
  }
}

/** Removes what a capture had before and has no longer: partitions of tables that are not among `tables`. */
function removeStale(dataset: string, capture: string, tables: ReadonlySet<string>): void {
  for (const entry of readdirSync(dataset, { withFileTypes: true })) {
    if (entry.isDirectory() && /^[A-Za-z]/.test(entry.name) && !tables.has(entry.name))
      rmSync(join(dataset, entry.name, `capture=${capture}`), { recursive: true, force: true });
  }
}

/** Adds the capture to a data set of Parquet files, which is made when it is missing. @throws UsageError */
export async function toDataset(
  path: string,
  capture: RecordedCapture,
  force: boolean,
  limits: EngineLimits,
): Promise<void> {
  const dataset = resolve(path);
  checkDirectory('--parquet', dataset, 'parquet');
  const present = existsSync(join(dataset, 'captures', `capture=${capture.id}`));
  if (present && !force) {
    throw new UsageError(
      `--parquet ${path}: has this capture already (${capture.id}). Replace it with --force.`,
    );
  }
  const beside = join(dataset, `.${capture.id}.${process.pid}.part`);
  const fresh = !existsSync(dataset);
  try {
    await guardPending(beside, async () => {
      if (fresh) mkdirSync(dataset);
      mkdirSync(beside);
      await writeParquetFiles(beside, capture.id, capture.tables, limits);
      writeFileSync(join(dataset, DATASET_MARK), markText('parquet'));
      const tables = new Set(readdirSync(beside));
      movePartitions(beside, dataset, capture.id);
      if (present) removeStale(dataset, capture.id, tables);
    });
  } catch (error) {
    if (fresh) rmSync(dataset, { recursive: true, force: true });
    const problem = fileProblem(error);
    if (problem === null) throw error;
    throw new UsageError(`--parquet ${path}: cannot write it (${problem}). Nothing was left behind.`);
  }
}
