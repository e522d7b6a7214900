import type { Column, TableDef } from '../tables/index.ts';
import type { EventNeeds } from './needs.ts';

/** Rows of one kind of trace event that leave the recording before it is finished. */
export interface EventBatch {
  /** Number of the table, the same for all batches of a kind. */
  readonly table: number;
  readonly name: string;
  readonly rows: number;
  /** The source of all its rows. */
  readonly source: number;
  /**
   * Without the columns that say the same in every row: see `CONSTANT_COLUMNS`. Dictionaries stand in `newValues`; a
   * column whose dictionary would be very large is of type `text` from some batch on.
   */
  readonly columns: readonly Column[];
  /** For each column, the values that its dictionary got since the batch before. */
  readonly newValues: readonly (readonly string[])[];
}

/** A table whose rows all went out in batches. */
export interface StreamedTable {
  readonly table: number;
  readonly def: TableDef;
  readonly length: number;
}

/**
 * Takes the rows of frequent kinds of event while a recording is still being read, so that memory does not grow with
 * the recording and both cores have work.
 */
export interface EventStream {
  /** Kinds whose tables stay in the recording, because the model reads them. */
  readonly keep: EventNeeds;
  /** Rows from which a batch goes out. */
  readonly batchRows: number;
  /** A recording was opened that is so large that batches will come. */
  begin?(): void;
  take(batch: EventBatch): void;
  /** Resolves when the taker has caught up; null when it has. */
  pause(): Promise<void> | null;
}

/** Columns of a streamed table that say the same in every row: its source, no return, and NULL. */
export const CONSTANT_COLUMNS: ReadonlySet<string> = new Set([
  'source',
  'symbol',
  'caller',
  'is_return',
  'line',
]);
