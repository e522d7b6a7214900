import type { Data, RecordBatch, Schema, Utf8 } from 'apache-arrow';
import { type Arrow, dataOf, entries, schemaOf } from './arrow.ts';
import { type Column, isNullAt } from './columns.ts';
import type { Table } from './table.ts';

/**
 * Rows in a record batch of a file: enough for speed, few enough that a reader need not hold the whole table. A multiple
 * of eight, so that batches share no byte of a bitmap.
 */
const BATCH_ROWS = 131_072;

/** How dictionaries stand in a file. */
export interface ArrowFileOptions {
  /** Entries go with the batch that first uses them (as delta dictionaries), or all of them stand before the first row. */
  readonly dictionaries?: 'delta' | 'whole';
  /** Rows in a record batch: a multiple of 8. */
  readonly batchRows?: number;
}

/** What of a dictionary is in the file. */
interface Written {
  /** The pieces of the dictionary. Those that are written are empty here, but for the first: the writer knows it by that. */
  chunks: Data<Utf8>[];
  entries: number;
}

function rowsOfColumn(column: Column, from: number, to: number): Column {
  const { offsets, validity } = column;
  return {
    ...column,
    length: to - from,
    data: offsets ? column.data : column.data.subarray(from, to),
    offsets: offsets?.subarray(from, to + 1),
    validity: validity?.subarray(from >> 3, (to + 7) >> 3),
    // Counted by the library when the batch is written.
    nullCount: validity ? -1 : 0,
  };
}

/** Entries that the rows refer to lie below this. */
function entriesUsed(rows: Column): number {
  const indices = rows.data as Int32Array;
  let used = 0;
  for (let row = 0; row < rows.length; row++)
    if (indices[row] >= used && !isNullAt(rows, row)) used = indices[row] + 1;
  return used;
}

/** Adds a piece for the entries up to `used` that the file does not have yet. */
function extend(arrow: Arrow, written: Written, dictionary: readonly string[], used: number): void {
  if (written.chunks.length > 0 && used <= written.entries) return;
  const [chunk] = entries(arrow, dictionary.slice(written.entries, used)).data;
  const [first, ...later] = written.chunks;
  const [empty] = entries(arrow, []).data;
  written.chunks = first ? [first, ...later.map(() => empty), chunk] : [chunk];
  written.entries = Math.max(written.entries, used);
}

function* batchesOf(
  arrow: Arrow,
  table: Table,
  { dictionaries = 'delta', batchRows = BATCH_ROWS }: ArrowFileOptions,
): Generator<RecordBatch> {
  const schema = schemaOf(arrow, table);
  const struct = new arrow.Struct(schema.fields);
  const written = table.columns.map((): Written => ({ chunks: [], entries: 0 }));
  for (let from = 0; from === 0 || from < table.length; from += batchRows) {
    const to = Math.min(table.length, from + batchRows);
    const children = table.columns.map((column, index) => {
      const rows = rowsOfColumn(column, from, to);
      const { dictionary } = column;
      if (!dictionary) return dataOf(arrow, rows, schema.fields[index].type);
      const used = dictionaries === 'whole' ? dictionary.length : entriesUsed(rows);
      extend(arrow, written[index], dictionary, used);
      return dataOf(arrow, rows, schema.fields[index].type, new arrow.Vector(written[index].chunks));
    });
    const data = arrow.makeData({ type: struct, length: to - from, nullCount: 0, children });
    yield new arrow.RecordBatch(schema, data);
  }
}

/**
 * A finished table as the pieces of an Arrow IPC file, made while they are asked for: no more than a batch and its new
 * dictionary entries are in memory a second time. A table of one batch has whole dictionaries either way; entries that no
 * row refers to are left out of delta dictionaries.
 */
export async function* arrowFile(table: Table, options: ArrowFileOptions = {}): AsyncGenerator<Uint8Array> {
  const arrow = await import('apache-arrow');
  const pieces: Uint8Array[] = [];
  class Pieces extends arrow.AsyncByteQueue {
    override write(piece: Uint8Array): void {
      if (piece.byteLength > 0) pieces.push(piece);
    }
  }
  class FileWriter extends arrow.RecordBatchFileWriter {
    // The library's own files lack the schema at the front, which the format asks for and readers of streams need.
    protected override _writeSchema(schema: Schema): this {
      super._writeSchema(schema);
      return this._writeMessage(arrow.Message.from(schema));
    }
  }
  const writer = new FileWriter();
  writer.reset(new Pieces());
  for (const batch of batchesOf(arrow, table, options)) {
    writer.write(batch);
    yield* pieces.splice(0);
  }
  writer.finish();
  yield* pieces.splice(0);
}
