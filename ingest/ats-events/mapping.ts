import { parse } from 'yaml';
import { InputError } from '../input-error.ts';
import type { RawValue } from './values.ts';
import { EVENTS, FIELDS, TIME_UNITS } from './vocabulary.ts';

/** How a text log of another make is read as an ATS event log. */
export interface Mapping {
  /** File it was read from. */
  readonly path: string;
  readonly kind: 'csv' | 'regex';
  readonly separator: string;
  /** Names of columns; null: the first line has them. */
  readonly columns: readonly string[] | null;
  readonly unit: string;
  readonly clock: string;
  /** Our field by the name of a column or a group. */
  readonly fieldOf: ReadonlyMap<string, string>;
  /** What values of one of our fields stand for; null: the record says nothing. */
  readonly values: ReadonlyMap<string, ReadonlyMap<string, RawValue>>;
  /** Fields of every record that has no value of its own for them. */
  readonly set: ReadonlyMap<string, RawValue>;
  readonly lines: readonly { readonly match: RegExp; readonly set: ReadonlyMap<string, RawValue> }[];
  readonly skip: readonly RegExp[];
  /** Lines that no pattern matches are nothing to report. */
  readonly ignoresOthers: boolean;
}

const KEYS = [
  'format',
  'separator',
  'columns',
  'time_unit',
  'clock',
  'fields',
  'values',
  'set',
  'lines',
  'skip',
  'other',
];
const FIELD_NAMES: ReadonlySet<string> = new Set(FIELDS.map((field) => field.name));
const EVENT_NAMES: ReadonlySet<string> = new Set(EVENTS.map((event) => event.name));

/**
 * Reads a mapping file.
 * @throws InputError that names the key, what was expected of it and what was found.
 */
export function parseMapping(text: string, path: string): Mapping {
  let root: unknown;
  try {
    root = parse(text);
  } catch (error) {
    throw new InputError(`${path}: is no YAML: ${(error as Error).message.split('\n')[0]}`);
  }
  return new MappingReader(path).read(root);
}

class MappingReader {
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  read(root: unknown): Mapping {
    const map = this.mapAt('the mapping', root);
    for (const key of map.keys())
      if (!KEYS.includes(key)) throw this.wrong(key, `one of the keys ${KEYS.join(', ')}`, key);
    const kind = map.get('format') ?? (map.has('lines') ? 'regex' : undefined);
    if (kind !== 'csv' && kind !== 'regex') throw this.wrong('format', '"csv" or "regex"', kind);
    const unit = map.get('time_unit');
    if (typeof unit !== 'string' || !(unit in TIME_UNITS))
      throw this.wrong('time_unit', `one of ${Object.keys(TIME_UNITS).join(', ')}`, unit);
    const separator = map.get('separator') ?? ',';
    if (typeof separator !== 'string' || separator.length !== 1)
      throw this.wrong('separator', 'one character, e.g. ";" or "\\t"', separator);
    const other = map.get('other') ?? 'report';
    if (other !== 'report' && other !== 'ignore') throw this.wrong('other', '"report" or "ignore"', other);
    if (kind === 'csv' && !map.has('fields'))
      throw this.wrong(
        'fields',
        'which column holds which field, e.g. { time: cycle, event: op }',
        undefined,
      );
    return {
      path: this.path,
      kind,
      separator,
      columns: map.has('columns') ? this.list('columns', map.get('columns')).map(String) : null,
      unit,
      clock: typeof map.get('clock') === 'string' ? String(map.get('clock')) : 'sim',
      fieldOf: this.fields(map.get('fields')),
      values: this.values(map.get('values')),
      set: this.settings('set', map.get('set')),
      lines: kind === 'regex' ? this.lines(map.get('lines')) : [],
      skip: this.list('skip', map.get('skip') ?? []).map((one, i) => this.pattern(`skip[${i}]`, one)),
      ignoresOthers: other === 'ignore',
    };
  }

  private fields(node: unknown): ReadonlyMap<string, string> {
    const fieldOf = new Map<string, string>();
    for (const [field, theirs] of node === undefined ? [] : this.mapAt('fields', node)) {
      if (!FIELD_NAMES.has(field))
        throw this.wrong(`fields.${field}`, `one of our fields: ${[...FIELD_NAMES].join(', ')}`, field);
      if (typeof theirs !== 'string' && typeof theirs !== 'number')
        throw this.wrong(`fields.${field}`, 'the name of a column or a group', theirs);
      fieldOf.set(String(theirs), field);
    }
    return fieldOf;
  }

  private values(node: unknown): ReadonlyMap<string, ReadonlyMap<string, RawValue>> {
    const values = new Map<string, ReadonlyMap<string, RawValue>>();
    for (const [field, table] of node === undefined ? [] : this.mapAt('values', node)) {
      if (!FIELD_NAMES.has(field))
        throw this.wrong(`values.${field}`, `one of our fields: ${[...FIELD_NAMES].join(', ')}`, field);
      values.set(field, this.settings(`values.${field}`, table, field));
    }
    return values;
  }

  /** Fields and their values; or, for `of`, what values of that field stand for. */
  private settings(key: string, node: unknown, of?: string): ReadonlyMap<string, RawValue> {
    const set = new Map<string, RawValue>();
    for (const [name, value] of node === undefined ? [] : this.mapAt(key, node)) {
      if (of === undefined && !FIELD_NAMES.has(name))
        throw this.wrong(`${key}.${name}`, `one of our fields: ${[...FIELD_NAMES].join(', ')}`, name);
      if (value !== null && !['string', 'number', 'boolean'].includes(typeof value))
        throw this.wrong(`${key}.${name}`, 'a text, a number, true or false', value);
      if ((of ?? name) === 'event' && value !== null && !EVENT_NAMES.has(String(value)))
        throw this.wrong(`${key}.${name}`, `one of our events: ${[...EVENT_NAMES].join(', ')}`, value);
      set.set(name, value as RawValue);
    }
    return set;
  }

  private lines(node: unknown): Mapping['lines'] {
    const rules = this.list('lines', node);
    if (rules.length === 0)
      throw this.wrong('lines', 'at least one { match: PATTERN, set: { event: ... } }', node);
    return rules.map((rule, i) => {
      const map = this.mapAt(`lines[${i}]`, rule);
      for (const key of map.keys())
        if (key !== 'match' && key !== 'set')
          throw this.wrong(`lines[${i}].${key}`, 'the keys "match" and "set"', key);
      return {
        match: this.pattern(`lines[${i}].match`, map.get('match')),
        set: this.settings(`lines[${i}].set`, map.get('set')),
      };
    });
  }

  private pattern(key: string, node: unknown): RegExp {
    if (typeof node !== 'string') throw this.wrong(key, 'a regular expression in quotes', node);
    try {
      return new RegExp(node, 'u');
    } catch (error) {
      throw this.wrong(key, `a regular expression (${(error as Error).message})`, node);
    }
  }

  private list(key: string, node: unknown): readonly unknown[] {
    if (Array.isArray(node)) return node;
    if (typeof node === 'string') return [node];
    throw this.wrong(key, 'a list', node);
  }

  private mapAt(key: string, node: unknown): Map<string, unknown> {
    if (typeof node !== 'object' || node === null || Array.isArray(node))
      throw this.wrong(key, 'keys with values', node);
    return new Map(Object.entries(node));
  }

  private wrong(key: string, expected: string, found: unknown): InputError {
    const shown = found === undefined ? 'nothing' : JSON.stringify(found)?.slice(0, 80);
    return new InputError(`${this.path}: ${key}: expected ${expected}, found ${shown}.`);
  }
}
