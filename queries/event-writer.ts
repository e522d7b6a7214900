import { CONSTANT_COLUMNS, type EventBatch, type StreamedTable } from '../ingest/event-stream.ts';
import { quoteIdentifier, sqlType } from '../tables/ddl.ts';
import { type Column, ColumnBuilder, type ColumnDef, EVENT_COLUMNS, type Table } from '../tables/index.ts';
import type { Engine } from './engine.ts';
import { eventColumnType, loadTable } from './load.ts';
import { distinctNames } from './load-tables.ts';

const SCHEMA = 'ftrace';

interface Written {
  /** Until the recording is finished and all names are known. */
  readonly name: string;
  readonly columns: WrittenColumn[];
  /** Rows that do not fit the table as it is, and those behind them. */
  readonly waiting: EventBatch[];
  written: number;
}

interface WrittenColumn {
  readonly def: ColumnDef;
  type: string;
  /** The dictionary so far; tables share some, and may never use what others have. */
  readonly values: string[];
  /** So many of its values, from the first on, are those that rows of this table have. */
  used: number;
}

/** An ENUM of so many values takes one byte a row. */
const BYTE_VALUES = 255;

/** A dictionary of more values in the first batch will soon be too large for an ENUM. */
const MOST_ENUM_VALUES = 16_384;

/**
 * Writes batches of trace events as they come. A table is made for what its first batch holds. A later batch with a new
 * value of a dictionary or a wider number waits, with those that follow it, until as many rows wait as were written:
 * then the columns get their new types. So no row is written more than twice, on average.
 */
export class EventWriter {
  private readonly engine: Engine;
  private readonly tables = new Map<number, Written>();

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** @throws Error from DuckDB, e.g. for a full disk. */
  async append(batch: EventBatch): Promise<void> {
    const known = this.tables.get(batch.table);
    const table = known ?? (await this.create(batch));
    if (known) this.learn(table, batch);
    const fits = typesOf(table, batch).every((type, i) => type === table.columns[i].type);
    if (fits && table.waiting.length === 0) this.load(table, batch);
    else {
      table.waiting.push(batch);
      if (table.waiting.reduce((sum, { rows }) => sum + rows, 0) >= table.written) await this.settle(table);
    }
  }

  /** Writes what waits. @returns the name of the table that now holds all rows. */
  async finish({ table: number, def }: StreamedTable): Promise<string> {
    const table = this.tables.get(number);
    if (!table) throw new Error(`no batch of ${def.name} came`);
    await this.settle(table);
    return table.name;
  }

  /** Writes what waits, after the columns have got the types for it. */
  private async settle(table: Written): Promise<void> {
    const last = table.waiting.at(-1);
    if (!last) return;
    for (const sql of alterations(table, last)) await this.engine.connection.run(sql);
    for (const batch of table.waiting) this.load(table, batch);
    table.waiting.length = 0;
  }

  private async create(batch: EventBatch): Promise<Written> {
    const names = distinctNames([...EVENT_COLUMNS.map(({ name }) => name), ...fieldsOf(batch).map(nameOf)]);
    const table: Written = { name: `#${batch.table}`, columns: [], waiting: [], written: 0 };
    this.learn(table, batch);
    const types = typesOf(table, batch);
    table.columns.forEach((column, i) => {
      column.type = types[i];
    });
    const at = new Map(batch.columns.map(({ def }, i) => [def.name, types[i]]));
    const columns = [...EVENT_COLUMNS, ...fieldsOf(batch).map(({ def }) => def)].map((def, i) => {
      const name = quoteIdentifier(names[i]);
      if (!CONSTANT_COLUMNS.has(def.name)) return `${name} ${at.get(def.name)}`;
      // The same in every row: it stands in the catalogue and takes no space.
      const value =
        def.name === 'source' ? String(batch.source) : def.name === 'is_return' ? 'false' : 'NULL';
      return `${name} ${sqlType(def)} GENERATED ALWAYS AS (${value}) VIRTUAL`;
    });
    await this.engine.connection.run(
      `CREATE SCHEMA IF NOT EXISTS ${SCHEMA}; CREATE TABLE ${tableName(table)} (${columns.join(', ')});`,
    );
    this.tables.set(batch.table, table);
    return table;
  }

  private learn(table: Written, batch: EventBatch): void {
    batch.newValues.forEach((values, i) => {
      table.columns[i] ??= { def: batch.columns[i].def, type: '', values: [], used: 0 };
      const column = table.columns[i];
      // A list of many values is no list of arguments.
      for (const value of values) column.values.push(value);
      if (batch.columns[i].def.type === 'dict' && column.values.length > column.used) {
        const { used } = column;
        for (const index of batch.columns[i].data as Int32Array)
          if (index >= column.used) column.used = index + 1;
        const known = column.values.length;
        // The type changes anyway: with what other tables have it may not need to again.
        column.used = column.used > used && known <= BYTE_VALUES ? known : Math.min(column.used, known);
      }
    });
  }

  private load(table: Written, batch: EventBatch): void {
    const columns = table.columns.map((column, i) =>
      withValues(batch.columns[i] ?? nothing(column.def, batch.rows), column),
    );
    const part: Table = {
      def: { schema: SCHEMA, name: table.name, doc: '', columns: [] },
      length: batch.rows,
      columns,
    };
    loadTable(this.engine.duckdb, this.engine.raw, part, table.name);
    table.written += batch.rows;
  }
}

function withValues(column: Column, { values, used, type }: WrittenColumn): Column {
  if (column.def.type !== 'dict') return column;
  return { ...column, dictionary: type === 'VARCHAR' ? values : values.slice(0, used) };
}

/** A column of rows from before its field appeared. */
function nothing(def: ColumnDef, rows: number): Column {
  const builder = new ColumnBuilder({ ...def, nullable: true });
  builder.padTo(rows);
  return builder.finish();
}

function fieldsOf(batch: EventBatch): readonly Column[] {
  return batch.columns.slice(EVENT_COLUMNS.length - CONSTANT_COLUMNS.size);
}

function nameOf({ def }: Column): string {
  return def.name;
}

function tableName(table: Written): string {
  return `${SCHEMA}.${quoteIdentifier(table.name)}`;
}

/** The types of the columns that hold this batch and all before it. What became VARCHAR stays that. */
function typesOf(table: Written, batch: EventBatch): string[] {
  return batch.columns.map((column, i) => {
    const known = table.columns[i];
    const { type, used } = known;
    const isText = column.def.type === 'dict';
    if (isText && (type === 'VARCHAR' ? used > 0 : type === '' && used > MOST_ENUM_VALUES)) return 'VARCHAR';
    return eventColumnType(withValues(column, known));
  });
}

/** What gives a table the columns and types of its last batch. */
function alterations(table: Written, last: EventBatch): string[] {
  const names = distinctNames([...EVENT_COLUMNS.map(({ name }) => name), ...fieldsOf(last).map(nameOf)]);
  const fields = EVENT_COLUMNS.length - CONSTANT_COLUMNS.size;
  const types = typesOf(table, last);
  return table.columns.flatMap((column, i) => {
    const name = quoteIdentifier(i < fields ? column.def.name : names[EVENT_COLUMNS.length + i - fields]);
    const was = column.type;
    const type = types[i];
    if (type === was) return [];
    column.type = type;
    if (was === '') return [`ALTER TABLE ${tableName(table)} ADD COLUMN ${name} ${type};`];
    // What was stored as a signed number has the bits of the unsigned one.
    const using =
      was === 'BIGINT' && type === 'UBIGINT'
        ? ` USING (${name}::HUGEINT + CASE WHEN ${name} < 0 THEN 18446744073709551616 ELSE 0 END)::UBIGINT`
        : '';
    return [`ALTER TABLE ${tableName(table)} ALTER COLUMN ${name} SET DATA TYPE ${type}${using};`];
  });
}
