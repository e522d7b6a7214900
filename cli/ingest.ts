import { existsSync } from 'node:fs';
import type { EventStream } from '../ingest/event-stream.ts';
import { thousands } from '../reports/thousands.ts';
import { qualifiedName } from '../tables/index.ts';
import { UsageError } from './exit-codes.ts';
import { toArrowDirectory, toDatabase, toDataset } from './ingest-targets.ts';
import { onInterrupt, type RecordingFlags, recordedCapture } from './query-inputs.ts';
import { removePending } from './query-output.ts';
import { limitsOf } from './query-source.ts';

export interface IngestFlags extends RecordingFlags {
  readonly db?: string;
  readonly parquet?: string;
  readonly arrow?: string;
  readonly arrowDictionaries: string;
  readonly force?: boolean;
  readonly memory: string;
  readonly threads?: string;
  readonly json?: boolean;
}

/** Runs `atscope ingest`: reads and judges recordings and writes every table. @throws UsageError, InputError */
export async function runIngest(inputs: readonly string[], flags: IngestFlags): Promise<void> {
  const { db, parquet, arrow, arrowDictionaries: dictionaries, force = false } = flags;
  if (db === undefined && parquet === undefined && arrow === undefined)
    throw new UsageError('ingest needs a place to write to: --db FILE, --parquet DIR, or --arrow DIR.');
  if (dictionaries !== 'delta' && dictionaries !== 'whole')
    throw new UsageError(`--arrow-dictionaries ${dictionaries}: expected delta or whole.`);
  // Said before minutes of reading rather than after.
  if (db !== undefined && existsSync(db) && !force)
    throw new UsageError(`--db ${db}: exists already. Name another, or replace it with --force.`);
  const limits = limitsOf(flags);
  const done = onInterrupt(removePending);
  try {
    // Files of another kind need all rows; a database takes them as they come. Without --all there are only
    // those that the model reads, which stay until it has.
    const streams = flags.all === true && parquet === undefined && arrow === undefined;
    const record = (stream?: EventStream) => recordedCapture(inputs, flags, streams ? stream : undefined);
    const capture = db === undefined ? await record() : await toDatabase(db, force, limits, record);
    if (parquet !== undefined) await toDataset(parquet, capture, force, limits);
    if (arrow !== undefined) await toArrowDirectory(arrow, capture, force, { dictionaries });
    const tables = [...capture.tables, ...capture.streamed].map((table) => ({
      name: qualifiedName(table.def),
      rows: table.length,
    }));
    if (flags.json) {
      const written = { db: db ?? null, parquet: parquet ?? null, arrow: arrow ?? null };
      process.stdout.write(`${JSON.stringify({ capture: capture.id, ...written, tables }, null, 2)}\n`);
      return;
    }
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    const places = [db, parquet, arrow].filter((path) => path !== undefined).join(', ');
    process.stdout.write(
      `capture ${capture.id}: ${thousands(rows)} rows in ${tables.length} tables, written to ${places}\n`,
    );
  } finally {
    done();
  }
}
