import type { ColumnDef, ColumnType, TableDef } from './define.ts';

/** The SQL type of each column type. A loader may store a dictionary as an ENUM: see `createTableSql`. */
const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  bool: 'BOOLEAN',
  u8: 'UTINYINT',
  u16: 'USMALLINT',
  u32: 'UINTEGER',
  i32: 'INTEGER',
  i64: 'BIGINT',
  u64: 'UBIGINT',
  f64: 'DOUBLE',
  dict: 'VARCHAR',
  text: 'VARCHAR',
};

export function sqlType(column: ColumnDef): string {
  return SQL_TYPES[column.type];
}

/** An identifier in SQL, whatever characters it holds. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('\0', '').replaceAll('"', '""')}"`;
}

/** A text literal in SQL. */
export function quoteText(text: string): string {
  return `'${text.replaceAll('\0', '').replaceAll("'", "''")}'`;
}

/** The table's name with its schema, quoted. */
export function sqlTableName(def: TableDef): string {
  return `${quoteIdentifier(def.schema ?? 'main')}.${quoteIdentifier(def.name)}`;
}

/** What SQL users read about a column: its doc, with the unit and whether it may be NULL. */
export function columnComment(column: ColumnDef): string {
  const notes = [column.unit ? `unit: ${column.unit}` : null, column.nullable ? 'may be NULL' : null];
  const tail = notes.filter((note) => note !== null).join(', ');
  return tail ? `${column.doc} (${tail})` : column.doc;
}

/** The type ENUM of these values. */
export function enumType(values: readonly string[]): string {
  return `ENUM(${values.map(quoteText).join(', ')})`;
}

/** The `CREATE TABLE` statement of a declaration. `typeAt` may choose another type for the column at an index. */
export function createTableSql(def: TableDef, typeAt?: (index: number) => string): string {
  const columns = def.columns.map(
    (column, index) => `  ${quoteIdentifier(column.name)} ${typeAt?.(index) ?? sqlType(column)}`,
  );
  return `CREATE TABLE ${sqlTableName(def)} (\n${columns.join(',\n')}\n);`;
}

/** The `COMMENT ON` statements of a declaration: the table first, then those of its columns that have a doc. */
export function commentSql(def: TableDef): string[] {
  const table = sqlTableName(def);
  return [
    `COMMENT ON TABLE ${table} IS ${quoteText(def.doc)};`,
    ...def.columns
      .filter(({ doc }) => doc !== '')
      .map(
        (column) =>
          `COMMENT ON COLUMN ${table}.${quoteIdentifier(column.name)} IS ${quoteText(columnComment(column))};`,
      ),
  ];
}
