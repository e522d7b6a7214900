import type { Table as ArrowTable, Data, DataType } from 'apache-arrow';
import type { Column } from './columns.ts';
import type { Table } from './table.ts';

type Arrow = typeof import('apache-arrow');

function bitmapOf(bytes: Uint8Array): Uint8Array {
  const bits = new Uint8Array((bytes.length + 7) >> 3);
  for (let row = 0; row < bytes.length; row++) if (bytes[row] !== 0) bits[row >> 3] |= 1 << (row & 7);
  return bits;
}

function dataOf(arrow: Arrow, column: Column, dictionaryId: number): Data<DataType> {
  const { data, length, nullCount } = column;
  const common = { length, nullCount, nullBitmap: column.validity };
  switch (column.def.type) {
    case 'bool':
      return arrow.makeData({ ...common, type: new arrow.Bool(), data: bitmapOf(data as Uint8Array) });
    case 'u8':
      return arrow.makeData({ ...common, type: new arrow.Uint8(), data: data as Uint8Array });
    case 'u16':
      return arrow.makeData({ ...common, type: new arrow.Uint16(), data: data as Uint16Array });
    case 'u32':
      return arrow.makeData({ ...common, type: new arrow.Uint32(), data: data as Uint32Array });
    case 'i32':
      return arrow.makeData({ ...common, type: new arrow.Int32(), data: data as Int32Array });
    case 'i64':
      return arrow.makeData({ ...common, type: new arrow.Int64(), data: data as BigInt64Array });
    case 'u64':
      return arrow.makeData({ ...common, type: new arrow.Uint64(), data: data as BigUint64Array });
    case 'f64':
      return arrow.makeData({ ...common, type: new arrow.Float64(), data: data as Float64Array });
    case 'text':
      return arrow.makeData({
        ...common,
        type: new arrow.Utf8(),
        data: data as Uint8Array,
        valueOffsets: column.offsets as Int32Array,
      });
    case 'dict':
      return arrow.makeData({
        ...common,
        type: new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32(), dictionaryId),
        data: data as Int32Array,
        dictionary: arrow.vectorFromArray([...(column.dictionary as readonly string[])], new arrow.Utf8()),
      });
  }
}

/**
 * A finished table as an Arrow table over the same memory; only booleans (a bitmap in Arrow) and dictionaries are
 * copied. Docs and units travel as metadata of the fields.
 */
export async function toArrow(table: Table): Promise<ArrowTable> {
  const arrow = await import('apache-arrow');
  const children = table.columns.map((column, index) => dataOf(arrow, column, index));
  const fields = table.columns.map(({ def }, index) => {
    const metadata = new Map([['doc', def.doc]]);
    if (def.unit) metadata.set('unit', def.unit);
    return new arrow.Field(def.name, children[index].type, def.nullable === true, metadata);
  });
  const schema = new arrow.Schema(fields, new Map([['doc', table.def.doc]]));
  const data = arrow.makeData({
    type: new arrow.Struct(fields),
    length: table.length,
    nullCount: 0,
    children,
  });
  return new arrow.Table(schema, [new arrow.RecordBatch(schema, data)]);
}

/** Rows in a record batch of a file: enough for speed, few enough that a reader need not hold the whole table. */
const BATCH_ROWS = 131_072;

/**
 * A finished table as the pieces of an Arrow IPC file, made while they are asked for. Dictionaries are whole from the
 * beginning, so that every implementation reads them.
 */
export async function* arrowFile(table: Table): AsyncGenerator<Uint8Array> {
  const arrow = await import('apache-arrow');
  const whole = await toArrow(table);
  const writer = new arrow.RecordBatchFileWriter();
  const pieces = writer[Symbol.asyncIterator]();
  const [batch] = whole.batches;
  for (let row = 0; row === 0 || row < table.length; row += BATCH_ROWS) {
    writer.write(batch.slice(row, Math.min(table.length, row + BATCH_ROWS)));
  }
  writer.finish();
  writer.close();
  for (let piece = await pieces.next(); !piece.done; piece = await pieces.next()) yield piece.value;
}
