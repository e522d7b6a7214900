import type { DuckDBDataChunk, DuckDBType, DuckDBValue, Json } from '@duckdb/node-api';
import { duckdbApi } from './duckdb-api.ts';

/** A value as text; NULL is null. Lists and structs are in DuckDB's notation. */
export function textOf(value: DuckDBValue): string | null {
  if (value === null) return null;
  return typeof value === 'string' ? value : String(value);
}

/** The rows of a chunk as text, row by row. */
export function textRows(chunk: DuckDBDataChunk): (string | null)[][] {
  const columns = Array.from({ length: chunk.columnCount }, (_, index) => chunk.getColumnValues(index));
  return Array.from({ length: chunk.rowCount }, (_, row) => columns.map((values) => textOf(values[row])));
}

/** The rows of a chunk as JSON values: integers of 64 bits and more are text, so that no digit is lost. */
export async function jsonColumns(chunk: DuckDBDataChunk): Promise<(Json | null)[][]> {
  const { JsonDuckDBValueConverter } = await duckdbApi();
  return Array.from({ length: chunk.columnCount }, (_, index) =>
    chunk.convertColumnValues(index, JsonDuckDBValueConverter),
  );
}

const NUMERIC = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL|BIGNUM)\b/;

/** Whether values of a type are numbers: they stand to the right in a table. */
export function isNumeric(type: DuckDBType): boolean {
  return NUMERIC.test(String(type));
}
