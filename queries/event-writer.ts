import { CONSTANT_COLUMNS, type EventBatch, type StreamedTable } from '../ingest/event-stream.ts';
import { quoteIdentifier, sqlType } from '../tables/ddl.ts';
import { type Column, EVENT_COLUMNS, type Table } from '../tables/index.ts';
import type { Engine } from './engine.ts';
import { eventColumnType, loadTable } from './load.ts';
import { distinctNames } from './load-tables.ts';

const SCHEMA = 'ftrace';

interface Written {
  /** Until the recording is finished and all names are known. */
  readonly name: string;
  readonly columns: { readonly name: string; type: string; values: string[] }[];
  /** Rows that do not fit the table as it was made: they wait for the end, in their order. */
  readonly waiting: EventBatch[];
}

/**
 * Writes batches of trace events as they come. A table is made for what its first batch holds. A later batch with a new
 * value of a dictionary or a wider number waits, with all that follow it, until the end: then the column gets its final
 * type once. Most dictionaries are complete after the first batch.
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
    if (table.waiting.length > 0 || typesOf(table, batch).some((type, i) => type !== table.columns[i]?.type))
      table.waiting.push(batch);
    else this.load(table, batch);
  }

  /** Writes what waits. @returns the name of the table that now holds all rows. */
  async finish({ table: number, def }: StreamedTable): Promise<string> {
    const table = this.tables.get(number);
    if (!table) throw new Error(`no batch of ${def.name} came`);
    const last = table.waiting.at(-1);
    if (last) {
      for (const sql of alterations(table, last)) await this.engine.connection.run(sql);
      for (const batch of table.waiting) this.load(table, batch);
      table.waiting.length = 0;
    }
    return table.name;
  }

  private async create(batch: EventBatch): Promise<Written> {
    const names = distinctNames([...EVENT_COLUMNS.map(({ name }) => name), ...fieldsOf(batch).map(nameOf)]);
    const table: Written = { name: `#${batch.table}`, columns: [], waiting: [] };
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
      table.columns[i] ??= { name: batch.columns[i].def.name, type: '', values: [] };
      // A list of many values is no list of arguments.
      for (const value of values) table.columns[i].values.push(value);
    });
  }

  private load(table: Written, batch: EventBatch): void {
    const columns = batch.columns.map((column, i) => withValues(column, table.columns[i].values));
    const part: Table = {
      def: { schema: SCHEMA, name: table.name, doc: '', columns: [] },
      length: batch.rows,
      columns,
    };
    loadTable(this.engine.duckdb, this.engine.raw, part, table.name);
  }
}

function withValues(column: Column, values: readonly string[]): Column {
  return column.def.type === 'dict' ? { ...column, dictionary: values } : column;
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

/** The types of the columns that hold this batch and all before it. */
function typesOf(table: Written, batch: EventBatch): string[] {
  return batch.columns.map((column, i) => eventColumnType(withValues(column, table.columns[i].values)));
}

/** What gives a table the columns and types of its last batch. */
function alterations(table: Written, last: EventBatch): string[] {
  const names = distinctNames([...EVENT_COLUMNS.map(({ name }) => name), ...fieldsOf(last).map(nameOf)]);
  const fields = EVENT_COLUMNS.length - CONSTANT_COLUMNS.size;
  const types = typesOf(table, last);
  return table.columns.flatMap((column, i) => {
    const name = quoteIdentifier(i < fields ? column.name : names[EVENT_COLUMNS.length + i - fields]);
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
