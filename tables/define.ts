/** The column types a table may use, in the words of this project. See `columns.ts` for their memory layout. */
export type ColumnType =
  | 'bool'
  | 'u8'
  | 'u16'
  | 'u32'
  | 'i32'
  | 'i64'
  | 'u64'
  | 'f64'
  /** Text with few distinct values: dictionary encoded. */
  | 'dict'
  /** Free text: stored once per row. */
  | 'text';

export interface ColumnDef {
  readonly name: string;
  readonly type: ColumnType;
  /** True where a row may have no value (unknown is NULL, never a made-up number). */
  readonly nullable?: boolean;
  /** Unit of the value, e.g. `ns`, `bytes`. Absent for names and counts. */
  readonly unit?: string;
  readonly doc: string;
}

export interface TableDef {
  /** SQL schema; `main` when absent. */
  readonly schema?: string;
  readonly name: string;
  readonly doc: string;
  readonly columns: readonly ColumnDef[];
}

type ValueOf<T extends ColumnType> = T extends 'bool'
  ? boolean
  : T extends 'i64' | 'u64'
    ? bigint
    : T extends 'dict' | 'text'
      ? string
      : number;

type CellOf<C extends ColumnDef> = C['nullable'] extends true
  ? ValueOf<C['type']> | null
  : ValueOf<C['type']>;

/** The TypeScript type of one row of a declared table. */
export type RowOf<T extends TableDef> = {
  [C in T['columns'][number] as C['name']]: CellOf<C>;
};

/** Declares a table. The declaration is kept literal, so that row types can be derived from it. */
export function defineTable<const T extends TableDef>(def: T): T {
  return def;
}

/** `name`, or `schema.name` outside the main schema. */
export function qualifiedName(def: TableDef): string {
  return def.schema && def.schema !== 'main' ? `${def.schema}.${def.name}` : def.name;
}
