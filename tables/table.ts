import { type Cell, type Column, ColumnBuilder, cellAt } from './columns.ts';
import type { RowOf, TableDef } from './define.ts';
import type { StringPool } from './strings.ts';

/** A finished table: columns of equal length. */
export interface Table<T extends TableDef = TableDef> {
  readonly def: T;
  readonly length: number;
  readonly columns: readonly Column[];
}

/**
 * A table whose columns are made when they are first asked for: large ones that most uses never look at. What it is made of
 * is let go then.
 * @param length rows that `make` gives; not given where only it can tell.
 */
export function tableLater<T extends TableDef>(def: T, make: () => Table<T>, length?: number): Table<T> {
  let made: Table<T> | null = null;
  let pending: (() => Table<T>) | null = make;
  const table = () => {
    made ??= pending?.() ?? null;
    pending = null;
    return made as Table<T>;
  };
  return {
    def,
    get length() {
      return length ?? table().length;
    },
    get columns() {
      return table().columns;
    },
  };
}

/** A table under construction. */
export class TableBuilder<T extends TableDef = TableDef> {
  readonly def: T;
  readonly columns: ColumnBuilder[];
  private readonly byName = new Map<string, ColumnBuilder>();

  /** `pools` gives some dictionary columns a pool they share with other columns. */
  constructor(def: T, pools: Readonly<Record<string, StringPool>> = {}) {
    this.def = def;
    this.columns = def.columns.map((column) => new ColumnBuilder(column, pools[column.name]));
    for (const column of this.columns) this.byName.set(column.def.name, column);
  }

  get length(): number {
    return this.columns[0].length;
  }

  /** @throws Error for a column that the declaration does not have: a mistake in this program. */
  column(name: string): ColumnBuilder {
    const column = this.byName.get(name);
    if (!column) throw new Error(`table ${this.def.name}: no column ${name}`);
    return column;
  }

  /** Makes room for `rows` more rows, and `textBytes` more bytes in each text column. */
  expect(rows: number, textBytes: number): void {
    for (const column of this.columns) column.expect(rows, textBytes);
  }

  append(row: RowOf<T>): void {
    for (const column of this.columns) {
      const value = (row as Record<string, Cell | undefined>)[column.def.name];
      if (value === undefined) throw new Error(`table ${this.def.name}: row without ${column.def.name}`);
      column.push(value);
    }
  }

  finish(): Table<T> {
    return { def: this.def, length: this.length, columns: this.columns.map((column) => column.finish()) };
  }
}

/** @throws Error for a column that the table does not have. */
export function columnOf(table: Table, name: string): Column {
  const column = table.columns.find((candidate) => candidate.def.name === name);
  if (!column) throw new Error(`table ${table.def.name}: no column ${name}`);
  return column;
}

/** One row as an object. For small tables and tests, not for hot paths. */
export function rowAt<T extends TableDef>(table: Table<T>, row: number): RowOf<T> {
  const out: Record<string, Cell> = {};
  for (const column of table.columns) out[column.def.name] = cellAt(column, row);
  return out as RowOf<T>;
}

/** All rows as objects. For small tables and tests. */
export function rowsOf<T extends TableDef>(table: Table<T>): RowOf<T>[] {
  return Array.from({ length: table.length }, (_, row) => rowAt(table, row));
}
