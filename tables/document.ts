import { CAPTURE_TABLES } from './capture.ts';
import { ALL_TABLES, EVENT_COLUMNS } from './catalog/index.ts';
import { sqlType } from './ddl.ts';
import { type ColumnDef, qualifiedName, type TableDef } from './define.ts';

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function columnRows(columns: readonly ColumnDef[]): string {
  const rows = columns.map(
    (column) =>
      `| \`${column.name}\` | ${sqlType(column)} | ${column.unit ?? ''} | ${column.nullable ? 'yes' : ''} | ${cell(column.doc)} |`,
  );
  return ['| column | type | unit | NULL | |', '|---|---|---|---|---|', ...rows].join('\n');
}

function section(def: TableDef): string {
  return `## ${qualifiedName(def)}\n\n${def.doc}\n\n${columnRows(def.columns)}\n`;
}

/** `docs/schema.md`: every declared table, derived from the declarations. */
export function schemaDocument(): string {
  const tables = [...ALL_TABLES, ...CAPTURE_TABLES];
  const contents = tables.map((def) => `- [${qualifiedName(def)}](#${def.name}): ${def.doc}`);
  return `${[
    '# Tables',
    '',
    'Generated from `tables/` by `scripts/generate-docs.ts`; the same text is in the database as comments',
    '(`SELECT table_name, column_name, comment FROM duckdb_columns()`).',
    '',
    'Times are nanoseconds in BIGINT. A value that is not known is NULL. Addresses of PCI functions are text in the form',
    '`dddd:bb:dd.f`.',
    '',
    ...contents,
    '- [ftrace.*](#trace-events): one table for each kind of trace event.',
    '',
    ...tables.map(section),
    '## Trace events',
    '',
    'The schema `ftrace` holds one table for each kind of trace event in the recording, named like the event. Each begins',
    "with these columns; the event's own fields follow. A field named like one of them has the prefix `arg_`. Repeated",
    'text, such as names of tasks, is stored there as ENUM, which compares like VARCHAR with text but sorts by first',
    'appearance: `ORDER BY comm::VARCHAR` sorts by name.',
    '',
    columnRows(EVENT_COLUMNS),
  ].join('\n')}\n`;
}
