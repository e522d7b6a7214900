import type { Table as ArrowTable, Data, DataType, Schema, Utf8, Vector } from 'apache-arrow';
import type { Column } from './columns.ts';
import type { Table } from './table.ts';

export type Arrow = typeof import('apache-arrow');

function bitmapOf(bytes: Uint8Array): Uint8Array {
  const bits = new Uint8Array((bytes.length + 7) >> 3);
  for (let row = 0; row < bytes.length; row++) if (bytes[row] !== 0) bits[row >> 3] |= 1 << (row & 7);
  return bits;
}

function typeOf(arrow: Arrow, column: Column, dictionaryId: number): DataType {
  switch (column.def.type) {
    case 'bool':
      return new arrow.Bool();
    case 'u8':
      return new arrow.Uint8();
    case 'u16':
      return new arrow.Uint16();
    case 'u32':
      return new arrow.Uint32();
    case 'i32':
      return new arrow.Int32();
    case 'i64':
      return new arrow.Int64();
    case 'u64':
      return new arrow.Uint64();
    case 'f64':
      return new arrow.Float64();
    case 'text':
      return new arrow.Utf8();
    case 'dict':
      return new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32(), dictionaryId);
  }
}

/** The Arrow schema of a table. Docs and units travel as metadata of the fields. */
export function schemaOf(arrow: Arrow, table: Table): Schema {
  const fields = table.columns.map((column, index) => {
    const { def } = column;
    const metadata = new Map(def.doc === '' ? [] : [['doc', def.doc]]);
    if (def.unit) metadata.set('unit', def.unit);
    return new arrow.Field(def.name, typeOf(arrow, column, index), def.nullable === true, metadata);
  });
  return new arrow.Schema(fields, new Map([['doc', table.def.doc]]));
}

/** Entries of a dictionary as Arrow text. */
export function entries(arrow: Arrow, texts: readonly string[]): Vector<Utf8> {
  return arrow.vectorFromArray([...texts], new arrow.Utf8());
}

/**
 * A column as Arrow data over the same memory; only booleans (a bitmap in Arrow) are copied. A column of a dictionary
 * comes with its entries.
 */
export function dataOf(arrow: Arrow, column: Column, type: DataType, dictionary?: Vector<Utf8>): Data {
  const { data, length, nullCount } = column;
  return arrow.makeData({
    type,
    length,
    nullCount,
    nullBitmap: column.validity,
    data: column.def.type === 'bool' ? bitmapOf(data as Uint8Array) : data,
    ...(column.offsets ? { valueOffsets: column.offsets } : {}),
    ...(dictionary ? { dictionary } : {}),
  } as Parameters<Arrow['makeData']>[0]);
}

/**
 * A finished table as an Arrow table over the same memory; only booleans (a bitmap in Arrow) and dictionaries are
 * copied.
 */
export async function toArrow(table: Table): Promise<ArrowTable> {
  const arrow = await import('apache-arrow');
  const schema = schemaOf(arrow, table);
  const children = table.columns.map((column, index) =>
    dataOf(arrow, column, schema.fields[index].type, column.dictionary && entries(arrow, column.dictionary)),
  );
  const data = arrow.makeData({
    type: new arrow.Struct(schema.fields),
    length: table.length,
    nullCount: 0,
    children,
  });
  return new arrow.Table(schema, [new arrow.RecordBatch(schema, data)]);
}
