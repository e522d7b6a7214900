import {
  ColumnBuilder,
  type ColumnDef,
  EVENT_COLUMNS,
  eventTableDef,
  StringPool,
  type Table,
} from '../tables/index.ts';
import { CONSTANT_COLUMNS, type EventStream, type StreamedTable } from './event-stream.ts';
import { FieldBuilder } from './field-builder.ts';

/** What every event has, as the decoder fills it in. Absent values are -1. */
export interface EventHeader {
  seq: number;
  timeLo: number;
  timeHi: number;
  /** False where the source gives the event no time. */
  timed: boolean;
  cpu: number;
  pid: number;
  /** Id in the pool of task names, or -1. */
  comm: number;
  /** Id in the pool of flag texts, or -1. */
  flags: number;
  /** Id in the pool of symbols, or -1. */
  symbol: number;
  /** Id in the pool of symbols, or -1. */
  caller: number;
  isReturn: boolean;
  offset: number;
  length: number;
  line: number;
}

/** A header whose every part is absent. */
export function newHeader(): EventHeader {
  return {
    seq: 0,
    timeLo: 0,
    timeHi: 0,
    timed: true,
    cpu: -1,
    pid: -1,
    comm: -1,
    flags: -1,
    symbol: -1,
    caller: -1,
    isReturn: false,
    offset: 0,
    length: 0,
    line: -1,
  };
}

/** Dictionaries that all event tables of a recording share. */
export interface SharedPools {
  readonly comm: StringPool;
  readonly flags: StringPool;
  readonly symbol: StringPool;
}

export function sharedPools(): SharedPools {
  return { comm: new StringPool(), flags: new StringPool(), symbol: new StringPool() };
}

/** Rows that wait in a block before they go into the columns together: a call per row and column costs far more. */
const BLOCK_ROWS = 1024;
const FIRST_ROWS = 16;

/** The rows of a block, a column each; -1 stands for NULL, 64-bit values take two words. */
function newBlock(rows: number) {
  return {
    source: new Int32Array(rows),
    seq: new Uint32Array(rows),
    time_ns: new Uint32Array(rows * 2),
    timed: new Uint8Array(rows),
    cpu: new Int32Array(rows),
    pid: new Int32Array(rows),
    comm: new Int32Array(rows),
    flags: new Int32Array(rows),
    symbol: new Int32Array(rows),
    caller: new Int32Array(rows),
    is_return: new Uint8Array(rows),
    offset: new Uint32Array(rows * 2),
    length: new Uint32Array(rows),
    line: new Int32Array(rows),
  };
}

type Block = ReturnType<typeof newBlock>;

/** The table of one kind of trace event. */
export class EventTableBuilder {
  readonly name: string;
  readonly system: string | null;
  rows = 0;
  private readonly common: ReadonlyMap<string, ColumnBuilder>;
  private readonly fields = new Map<string, FieldBuilder>();
  private block = newBlock(FIRST_ROWS);
  private room = FIRST_ROWS;
  private staged = 0;
  private stream: { readonly to: EventStream; readonly table: number; readonly source: number } | null = null;
  /** Rows that went out in batches. */
  private gone = 0;
  private readonly valuesTaken = new Map<string, number>();
  private untimed = false;

  constructor(name: string, system: string | null, pools: SharedPools) {
    this.name = name;
    this.system = system;
    const shared: Readonly<Record<string, StringPool>> = {
      comm: pools.comm,
      flags: pools.flags,
      symbol: pools.symbol,
      caller: pools.symbol,
    };
    this.common = new Map(EVENT_COLUMNS.map((def) => [def.name, new ColumnBuilder(def, shared[def.name])]));
  }

  /**
   * From now on rows go out in batches as soon as there are enough. All are of one source, none has a symbol, a caller
   * or a line, and the fields are known.
   */
  streamTo(to: EventStream, table: number, source: number): void {
    this.stream = { to, table, source };
  }

  get isStreamed(): boolean {
    return this.stream !== null;
  }

  /** Begins a row; the fields of the event follow through `field(name).set...(row, ...)` with the returned row. */
  begin(source: number, header: EventHeader): number {
    if (this.staged === this.room) this.makeRoom();
    const { block } = this;
    const at = this.staged++;
    block.source[at] = source;
    block.seq[at] = header.seq;
    if (header.timed === false) {
      this.untimed = true;
      block.timed[at] = block.time_ns[at * 2] = block.time_ns[at * 2 + 1] = 0;
    } else {
      block.timed[at] = 1;
      block.time_ns[at * 2] = header.timeLo;
      block.time_ns[at * 2 + 1] = header.timeHi;
    }
    block.cpu[at] = header.cpu;
    block.pid[at] = header.pid;
    block.comm[at] = header.comm;
    block.flags[at] = header.flags;
    block.symbol[at] = header.symbol;
    block.caller[at] = header.caller;
    block.is_return[at] = header.isReturn ? 1 : 0;
    const { offset } = header;
    block.offset[at * 2] = offset;
    block.offset[at * 2 + 1] = offset > 0xffffffff ? offset / 4294967296 : 0;
    block.length[at] = header.length;
    block.line[at] = header.line;
    return this.rows++ - this.gone;
  }

  field(name: string): FieldBuilder {
    let field = this.fields.get(name);
    if (!field) {
      field = new FieldBuilder(name);
      this.fields.set(name, field);
    }
    return field;
  }

  /** The table of what is left, or the account of one whose rows went out in batches. */
  finish(): Table | StreamedTable {
    this.flush();
    if (this.stream && this.gone > 0) {
      const fields = this.sendBatch(this.stream);
      return {
        table: this.stream.table,
        def: eventTableDef(this.name, this.system, fields),
        length: this.rows,
      };
    }
    const fields = [...this.fields.values()].map((field) => field.finish(this.rows));
    const def = eventTableDef(
      this.name,
      this.system,
      fields.map((field) => field.def),
    );
    const common = [...this.common.values()].map((column) => {
      column.padTo(this.rows);
      return column.finish();
    });
    return {
      def,
      length: this.rows,
      columns: [...common, ...fields].map((column, i) => ({ ...column, def: def.columns[i] })),
    };
  }

  /** Returns the declarations of the fields. */
  private sendBatch({ to, table, source }: NonNullable<EventTableBuilder['stream']>): ColumnDef[] {
    const rows = this.rows - this.gone;
    const common = [...this.common].filter(([name]) => !CONSTANT_COLUMNS.has(name));
    const taken = common.map(([name, builder]) => {
      builder.padTo(rows);
      const known = this.valuesTaken.get(name) ?? 0;
      const newValues = builder.pool?.valuesFrom(known) ?? [];
      this.valuesTaken.set(name, known + newValues.length);
      return { column: builder.take(), newValues };
    });
    if (this.gone === 0) for (const name of CONSTANT_COLUMNS) this.common.get(name)?.take();
    const fields = [...this.fields.values()].map((field) => field.take(rows));
    const defs = fields.map(({ column }) => column.def);
    const { columns } = eventTableDef(this.name, this.system, defs);
    const inTable = columns.filter(({ name }) => !CONSTANT_COLUMNS.has(name));
    const all = [...taken, ...fields];
    this.gone = this.rows;
    to.take({
      table,
      name: this.name,
      rows,
      source,
      columns: all.map(({ column }, i) => ({ ...column, def: inTable[i] })),
      newValues: all.map(({ newValues }) => newValues),
    });
    return defs;
  }

  private makeRoom(): void {
    if (this.room === BLOCK_ROWS) {
      this.flush();
      if (this.stream && this.rows - this.gone >= this.stream.to.batchRows) this.sendBatch(this.stream);
      return;
    }
    this.room *= 2;
    const grown = newBlock(this.room);
    for (const [name, values] of Object.entries(this.block)) grown[name as keyof Block].set(values);
    this.block = grown;
  }

  private flush(): void {
    const { block, staged, common } = this;
    for (const [name, column] of common) {
      const values = block[name as keyof Block];
      if (this.stream && CONSTANT_COLUMNS.has(name) && this.gone > 0) continue;
      if (name === 'time_ns') column.pushBlock(values, staged, this.untimed ? block.timed : undefined);
      else if (values instanceof Int32Array)
        pushOptional(column, values, this.rows - this.gone - staged, staged);
      else column.pushBlock(values, staged);
    }
    this.staged = 0;
    this.untimed = false;
  }
}

const present = new Uint8Array(BLOCK_ROWS);

/** Appends values of which -1 is NULL as the rows from `row` on. */
function pushOptional(column: ColumnBuilder, values: Int32Array, row: number, count: number): void {
  let some = 0;
  for (let i = 0; i < count; i++) {
    const is = values[i] === -1 ? 0 : 1;
    present[i] = is;
    some += is;
  }
  // A block of nothing but NULL is made up for by the next value, or at the end.
  if (some === 0) return;
  column.padTo(row);
  column.pushBlock(values, count, some === count ? undefined : present);
}
