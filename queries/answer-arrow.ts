import type { DuckDBDataChunk, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import type { DataType, RecordBatch } from 'apache-arrow';
import type { Answer } from './answer.ts';
import { textOf } from './values.ts';

type Arrow = typeof import('apache-arrow');

/** Rows in a record batch; DuckDB gives 2048 at a time, which is too little for a reader. */
const BATCH_ROWS = 65_536;

/** How values of an SQL type are stored in Arrow. Types without a simple counterpart travel as text. */
interface Mapping {
  readonly type: DataType;
  convert(value: DuckDBValue): unknown;
}

function mappingOf(arrow: Arrow, type: DuckDBType): Mapping {
  const same = (value: DuckDBValue) => value;
  switch (String(type)) {
    case 'BOOLEAN':
      return { type: new arrow.Bool(), convert: same };
    case 'TINYINT':
      return { type: new arrow.Int8(), convert: same };
    case 'SMALLINT':
      return { type: new arrow.Int16(), convert: same };
    case 'INTEGER':
      return { type: new arrow.Int32(), convert: same };
    case 'BIGINT':
      return { type: new arrow.Int64(), convert: same };
    case 'UTINYINT':
      return { type: new arrow.Uint8(), convert: same };
    case 'USMALLINT':
      return { type: new arrow.Uint16(), convert: same };
    case 'UINTEGER':
      return { type: new arrow.Uint32(), convert: same };
    case 'UBIGINT':
      return { type: new arrow.Uint64(), convert: same };
    case 'FLOAT':
      return { type: new arrow.Float32(), convert: same };
    case 'DOUBLE':
      return { type: new arrow.Float64(), convert: same };
    default:
      return { type: new arrow.Utf8(), convert: textOf };
  }
}

/** An answer as Arrow record batches while it streams: at least one, which carries the schema. */
export async function toArrowBatches(answer: Answer): Promise<AsyncIterable<RecordBatch>> {
  const arrow = await import('apache-arrow');
  const mappings = answer.columns.map((column) => mappingOf(arrow, column.type));
  const fields = answer.columns.map(
    (column, index) => new arrow.Field(column.name, mappings[index].type, true),
  );
  const schema = new arrow.Schema(fields);
  const batchOf = (chunks: readonly DuckDBDataChunk[], length: number): RecordBatch => {
    const children = mappings.map(({ type, convert }, index) => {
      const builder = arrow.makeBuilder({ type, nullValues: [null] });
      for (const chunk of chunks)
        for (const value of chunk.getColumnValues(index))
          builder.append(value === null ? null : convert(value));
      return builder.finish().flush();
    });
    const data = arrow.makeData({ type: new arrow.Struct(fields), length, nullCount: 0, children });
    return new arrow.RecordBatch(schema, data);
  };
  async function* batches(): AsyncGenerator<RecordBatch> {
    let pending: DuckDBDataChunk[] = [];
    let rows = 0;
    let sent = false;
    for await (const chunk of answer.chunks) {
      pending.push(chunk);
      rows += chunk.rowCount;
      if (rows < BATCH_ROWS) continue;
      yield batchOf(pending, rows);
      sent = true;
      pending = [];
      rows = 0;
    }
    // An answer without rows has a batch too: it carries the schema.
    if (rows > 0 || !sent) yield batchOf(pending, rows);
  }
  return batches();
}
