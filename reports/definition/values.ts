import type { DuckDBValue } from '@duckdb/node-api';
import { textOf } from '../../queries/values.ts';
import { formatSeconds } from '../../tables/index.ts';

// Making a formatter takes a hundred times as long as using one.
const NUMBERS = new Intl.NumberFormat('en-US', { maximumFractionDigits: 6 });

/** A value as text for readers: numbers with separators, yes and no; NULL is null. */
export function displayText(value: DuckDBValue, format?: string): string | null {
  if (value === null || value === undefined) return null;
  if (format === 'seconds' && (typeof value === 'bigint' || typeof value === 'number'))
    return formatSeconds(BigInt(value));
  if (format === 'plain') return textOf(value);
  if (format === 'upper') return textOf(value)?.toUpperCase() ?? null;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof value === 'bigint' || typeof value === 'number') return NUMBERS.format(value);
  return textOf(value);
}

/** Whether a value counts as something for `{% if %}`. */
export function isSomething(value: DuckDBValue): boolean {
  return (
    value !== null && value !== undefined && value !== false && value !== 0 && value !== 0n && value !== ''
  );
}
