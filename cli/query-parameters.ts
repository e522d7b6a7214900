import type { DuckDBValue } from '@duckdb/node-api';
import type { QueryField } from '../queries/named-query.ts';
import { UsageError } from './exit-codes.ts';

export type Parameters = Record<string, DuckDBValue>;

/** `name=value` pairs. @throws UsageError */
function pairs(list: readonly string[]): Map<string, string> {
  const values = new Map<string, string>();
  for (const text of list) {
    const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? [];
    if (name === undefined) throw new UsageError(`--param ${text}: expected name=value.`);
    if (values.has(name)) throw new UsageError(`--param ${text}: ${name} has a value already.`);
    values.set(name, value);
  }
  return values;
}

/** A value by how it looks: a number, true or false, null, else text. Text in double quotes is text whatever it holds. */
function guessed(text: string): DuckDBValue {
  if (/^".*"$/s.test(text)) return text.slice(1, -1);
  if (/^[+-]?\d{1,18}$/.test(text)) return BigInt(text);
  if (/^[+-]?(\d+\.\d*|\.\d+|\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text);
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  return /^null$/i.test(text) ? null : text;
}

function typed(field: QueryField, text: string): DuckDBValue {
  switch (field.type ?? 'VARCHAR') {
    case 'VARCHAR':
      return text;
    case 'DOUBLE':
      if (!Number.isFinite(Number(text)) || text.trim() === '') break;
      return Number(text);
    default:
      if (/^[+-]?\d{1,18}$/.test(text)) return BigInt(text);
  }
  throw new UsageError(`--param ${field.name}=${text}: expected a value of type ${field.type}: ${field.doc}`);
}

/** The parameters of SQL that a user wrote. */
export function freeParameters(list: readonly string[]): Parameters {
  return Object.fromEntries([...pairs(list)].map(([name, text]) => [name, guessed(text)]));
}

/** The parameters of a named query, of the types its header gives. @throws UsageError for one too many or missing. */
export function namedParameters(fields: readonly QueryField[], list: readonly string[]): Parameters {
  const given = pairs(list);
  for (const name of given.keys()) {
    if (!fields.some((field) => field.name === name)) {
      const known = fields.map((field) => field.name).join(', ');
      throw new UsageError(
        `--param ${name}: the query has no such parameter; ${known === '' ? 'it has none' : `it has ${known}`}.`,
      );
    }
  }
  const values: Parameters = {};
  for (const field of fields) {
    const text = given.get(field.name) ?? field.fallback;
    if (text === undefined) throw new UsageError(`the query needs --param ${field.name}=VALUE: ${field.doc}`);
    values[field.name] = typed(field, text);
  }
  return values;
}
