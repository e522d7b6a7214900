import { sqlType } from '../tables/ddl.ts';
import {
  ALL_TABLES,
  CAPTURE_TABLES,
  EVENT_COLUMNS,
  qualifiedName,
  SCHEMA_VERSION,
  type TableDef,
} from '../tables/index.ts';
import type { QueryField } from './header.ts';
import { LIBRARY, type LibraryItem, signatureOf } from './library.ts';

/** A column or parameter as users of SQL meet it. */
export interface DescribedField {
  readonly name: string;
  readonly type: string;
  readonly unit: string | null;
  readonly nullable: boolean | null;
  readonly doc: string;
}

/** A table, view or macro as users of SQL meet it. */
export interface Described {
  readonly name: string;
  readonly kind: 'table' | 'event tables' | 'view' | 'table macro' | 'macro';
  /** How SQL uses it. */
  readonly usage: string;
  readonly doc: string;
  readonly parameters: readonly DescribedField[];
  readonly columns: readonly DescribedField[];
  /** Type of a macro's value. */
  readonly returns: string | null;
  readonly example: string | null;
}

export interface DescribedSchema {
  readonly schema_version: number;
  readonly items: readonly Described[];
}

function describedTable(def: TableDef, kind: 'table' | 'event tables'): Described {
  const columns = def.columns.map((column) => ({
    name: column.name,
    type: sqlType(column),
    unit: column.unit ?? null,
    nullable: column.nullable === true,
    doc: column.doc,
  }));
  const name = qualifiedName(def);
  return { name, kind, usage: name, doc: def.doc, parameters: [], columns, returns: null, example: null };
}

function describedField(field: QueryField): DescribedField {
  return {
    name: field.name,
    type: field.type ?? 'VARCHAR',
    unit: field.unit ?? null,
    nullable: null,
    doc: field.doc,
  };
}

function describedItem(item: LibraryItem): Described {
  return {
    name: item.name,
    kind: item.kind,
    usage: signatureOf(item),
    doc: item.doc,
    parameters: item.parameters.map(describedField),
    columns: item.columns.map(describedField),
    returns: item.returns ?? null,
    example: item.example,
  };
}

const EVENTS: TableDef = {
  schema: 'ftrace',
  name: '*',
  doc: "One table for each kind of trace event in the recording, named like the event; the event's own fields follow these.",
  columns: EVENT_COLUMNS,
};

/** Every table, view and macro, from their declarations. */
export function describeSchema(): DescribedSchema {
  return {
    schema_version: SCHEMA_VERSION,
    items: [
      ...[...ALL_TABLES, ...CAPTURE_TABLES].map((def) => describedTable(def, 'table')),
      describedTable(EVENTS, 'event tables'),
      ...LIBRARY.map(describedItem),
    ],
  };
}

/** The item of a name, in any case; `ftrace.NAME` is any table of trace events. */
export function describeItem(name: string): Described | null {
  const wanted = name.toLowerCase().replace(/\(.*\)$/, '');
  const { items } = describeSchema();
  const known = items.find((item) => item.name.toLowerCase() === wanted);
  if (known) return known;
  return wanted.startsWith('ftrace.') ? (items.find((item) => item.kind === 'event tables') ?? null) : null;
}
