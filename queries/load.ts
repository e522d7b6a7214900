import type bindings from '@duckdb/node-bindings';
import { enumType, sqlType } from '../tables/ddl.ts';
import type { Column, ColumnType, Table } from '../tables/index.ts';

type Bindings = typeof bindings;

/** Rows in a DuckDB vector. A multiple of 8, so that validity bitmaps can be copied byte for byte. */
const CHUNK_ROWS = 2048;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: false });
const ALL_VALID = new Uint8Array(CHUNK_ROWS / 8).fill(0xff);

/** Fills one column of a chunk with the rows from `row`, `count` of them. */
interface ColumnWriter {
  readonly type: bindings.LogicalType;
  write(vector: bindings.Vector, row: number, count: number): void;
}

function typeIds(duckdb: Bindings): Readonly<Record<Exclude<ColumnType, 'dict' | 'text'>, bindings.Type>> {
  const { Type } = duckdb;
  return {
    bool: Type.BOOLEAN,
    u8: Type.UTINYINT,
    u16: Type.USMALLINT,
    u32: Type.UINTEGER,
    i32: Type.INTEGER,
    i64: Type.BIGINT,
    u64: Type.UBIGINT,
    f64: Type.DOUBLE,
  };
}

function copyInto(
  duckdb: Bindings,
  vector: bindings.Vector,
  data: Column['data'],
  row: number,
  count: number,
): void {
  const width = data.BYTES_PER_ELEMENT;
  duckdb.copy_data_to_vector(
    vector,
    0,
    data.buffer as ArrayBuffer,
    data.byteOffset + row * width,
    count * width,
  );
}

function numbers(duckdb: Bindings, column: Column, type: bindings.Type): ColumnWriter {
  return {
    type: duckdb.create_logical_type(type),
    write: (vector, row, count) => copyInto(duckdb, vector, column.data, row, count),
  };
}

/** DuckDB turns text that is not UTF-8 into NULL; such bytes become U+FFFD here instead. */
function validUtf8(bytes: Uint8Array): Uint8Array {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] >= 0x80) return encoder.encode(decoder.decode(bytes));
  return bytes;
}

function freeText(duckdb: Bindings, column: Column): ColumnWriter {
  const bytes = column.data as Uint8Array;
  const offsets = column.offsets as Int32Array;
  return {
    type: duckdb.create_logical_type(duckdb.Type.VARCHAR),
    write(vector, row, count) {
      for (let i = 0; i < count; i++) {
        const text = bytes.subarray(offsets[row + i], offsets[row + i + 1]);
        duckdb.vector_assign_string_element_len(vector, i, validUtf8(text));
      }
    },
  };
}

/** Dictionary values one by one: for dictionaries that cannot be an ENUM. */
function dictionaryText(duckdb: Bindings, column: Column): ColumnWriter {
  const values = column.dictionary as readonly string[];
  // Of a large dictionary a batch may use a small part.
  const encoded = new Map<number, Uint8Array>();
  return {
    type: duckdb.create_logical_type(duckdb.Type.VARCHAR),
    write(vector, row, count) {
      for (let i = 0; i < count; i++) {
        const index = column.data[row + i] as number;
        let text = encoded.get(index);
        if (!text) {
          text = encoder.encode(values[index] ?? '');
          encoded.set(index, text);
        }
        duckdb.vector_assign_string_element_len(vector, i, text);
      }
    },
  };
}

/** An ENUM takes its values as C strings, each once; one of very many values is free text in disguise. */
function fitsEnum(values: readonly string[]): boolean {
  return (
    values.length > 0 &&
    values.length <= 0xffff &&
    new Set(values).size === values.length &&
    !values.some((text) => text.includes('\0'))
  );
}

/**
 * The SQL type in which a column of a trace event is stored. Repeated text is an ENUM there: it loads four times as fast
 * as VARCHAR. The tables of the model are small, and VARCHAR throughout.
 */
export function eventColumnType(column: Column): string {
  const values = column.dictionary;
  return values && fitsEnum(values) ? enumType(values) : sqlType(column.def);
}

/** Dictionary indices as an ENUM; where the table has VARCHAR, the appender looks the values up. */
function dictionary(duckdb: Bindings, column: Column): ColumnWriter {
  const values = column.dictionary as readonly string[];
  if (!fitsEnum(values)) return dictionaryText(duckdb, column);
  const indices = values.length <= 0xff ? new Uint8Array(CHUNK_ROWS) : new Uint16Array(CHUNK_ROWS);
  return {
    type: duckdb.create_enum_type(values),
    write(vector, row, count) {
      for (let i = 0; i < count; i++) indices[i] = column.data[row + i] as number;
      copyInto(duckdb, vector, indices, 0, count);
    },
  };
}

function writerOf(duckdb: Bindings, column: Column, ids: ReturnType<typeof typeIds>): ColumnWriter {
  const { type } = column.def;
  if (type === 'text') return freeText(duckdb, column);
  return type === 'dict' ? dictionary(duckdb, column) : numbers(duckdb, column, ids[type]);
}

function copyValidity(
  duckdb: Bindings,
  vector: bindings.Vector,
  column: Column,
  row: number,
  count: number,
): void {
  const bits = column.validity ?? ALL_VALID;
  const start = column.validity ? row >> 3 : 0;
  duckdb.copy_data_to_vector_validity(
    vector,
    0,
    bits.buffer as ArrayBuffer,
    bits.byteOffset + start,
    Math.min((count + 7) >> 3, bits.length - start),
  );
}

/**
 * Appends a finished table to a database table of the same columns, in chunks of typed memory.
 * @throws Error from DuckDB, e.g. when the memory limit is reached.
 */
export function loadTable(
  duckdb: Bindings,
  connection: bindings.Connection,
  table: Table,
  name: string,
): void {
  if (table.length === 0) return;
  const ids = typeIds(duckdb);
  const writers = table.columns.map((column) => writerOf(duckdb, column, ids));
  const chunk = duckdb.create_data_chunk(writers.map((writer) => writer.type));
  const appender = duckdb.appender_create(connection, table.def.schema ?? 'main', name);
  for (let row = 0; row < table.length; row += CHUNK_ROWS) {
    const count = Math.min(CHUNK_ROWS, table.length - row);
    duckdb.data_chunk_reset(chunk);
    duckdb.data_chunk_set_size(chunk, count);
    for (let index = 0; index < writers.length; index++) {
      const vector = duckdb.data_chunk_get_vector(chunk, index);
      const column = table.columns[index];
      writers[index].write(vector, row, count);
      if (column.nullCount > 0) {
        duckdb.vector_ensure_validity_writable(vector);
        copyValidity(duckdb, vector, column, row, count);
      }
    }
    duckdb.append_data_chunk(appender, chunk);
  }
  duckdb.appender_close_sync(appender);
}
