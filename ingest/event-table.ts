import {
  ColumnBuilder,
  type ColumnDef,
  type ColumnType,
  EVENT_COLUMNS,
  eventTableDef,
  StringPool,
  type Table,
} from '../tables/index.ts';

/**
 * A column of an event whose type is learned from its values. It begins with the narrowest type that holds the first
 * value and widens without losing one: unsigned and signed 64-bit share their bits, numbers turn into their text when
 * a text arrives.
 */
export class FieldBuilder {
  readonly name: string;
  private readonly declared: ColumnDef | null;
  private column: ColumnBuilder | null = null;
  private hex = false;
  private type: ColumnType = 'i64';
  /** Rows whose value could not be read, until the first value tells the type. */
  private unreadable: { readonly row: number; readonly text: Uint8Array }[] = [];

  constructor(name: string, declared: ColumnDef | null = null) {
    this.name = name;
    this.declared = declared;
    if (declared) {
      this.type = declared.type;
      this.column = new ColumnBuilder(declared);
    }
  }

  /**
   * An integer as two words. `hex` tells how the source printed it, which decides how a later widening prints it. Of
   * several values for one row, the first stays.
   */
  setPair(row: number, lo: number, hi: number, hex: boolean): void {
    const column = this.ready(row, 'i64');
    if (column.length > row) return;
    this.hex ||= hex;
    if (this.type === 'dict') {
      column.push(printed(lo, hi, hex));
      return;
    }
    if (hex && hi >>> 31 === 1) this.type = 'u64';
    column.pushPair(lo, hi);
  }

  /** A plain number, for declared columns of up to 32 bits and floats. */
  setNumber(row: number, value: number): void {
    const column = this.ready(row, 'i64');
    if (column.length === row) column.pushNumber(value);
  }

  setBytes(row: number, source: Uint8Array, start: number, end: number): void {
    let column = this.ready(row, 'dict');
    if (column.length > row) return;
    if (column.def.type !== 'dict' && column.def.type !== 'text') column = this.widenToText();
    column.pushBytes(source, start, end);
  }

  /** A value that the probe could not read, as `(fault)`: a text among texts, NULL among numbers. */
  setUnreadable(row: number, source: Uint8Array, start: number, end: number): void {
    if (!this.column) this.unreadable.push({ row, text: source.slice(start, end) });
    else if (this.type === 'dict') this.setBytes(row, source, start, end);
  }

  finish(rows: number) {
    const column = this.ready(rows, this.unreadable.length > 0 ? 'dict' : 'i64');
    const built = column.finish();
    if (built.def.type !== 'i64' || this.type !== 'u64') return built;
    const { buffer, byteOffset, length } = built.data;
    return {
      ...built,
      def: { ...built.def, type: this.type },
      data: new BigUint64Array(buffer, byteOffset, length),
    };
  }

  private ready(row: number, type: 'i64' | 'dict'): ColumnBuilder {
    if (!this.column) {
      this.type = type;
      this.column = new ColumnBuilder({ name: this.name, type, nullable: true, doc: 'Field of the event.' });
      for (const { row, text } of type === 'dict' ? this.unreadable : []) {
        this.column.padTo(row);
        if (this.column.length === row) this.column.pushBytes(text, 0, text.length);
      }
      this.unreadable = [];
    }
    this.column.padTo(row);
    return this.column;
  }

  private widenToText(): ColumnBuilder {
    const old = (this.column as ColumnBuilder).finish();
    const wide = new ColumnBuilder({
      name: this.name,
      type: 'dict',
      nullable: true,
      doc: 'Field of the event.',
    });
    for (let row = 0; row < old.length; row++) {
      if (old.validity && (old.validity[row >> 3] & (1 << (row & 7))) === 0) wide.pushNull();
      else if (old.def.type === 'i64') {
        const value = (old.data as BigInt64Array)[row];
        wide.push(printed(Number(value & 0xffffffffn), Number((value >> 32n) & 0xffffffffn), this.hex));
      } else wide.push(String(old.data[row]));
    }
    this.type = 'dict';
    this.column = wide;
    void this.declared;
    return wide;
  }
}

function printed(lo: number, hi: number, hex: boolean): string {
  const unsigned = (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
  return hex ? `0x${unsigned.toString(16)}` : String(BigInt.asIntN(64, unsigned));
}

/** What every event has, as the decoder fills it in. Absent values are -1. */
export interface EventHeader {
  seq: number;
  timeLo: number;
  timeHi: number;
  /** False where the source gives the event no time. */
  timed?: boolean;
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

/** Dictionaries that all event tables of a recording share. */
export interface SharedPools {
  readonly comm: StringPool;
  readonly flags: StringPool;
  readonly symbol: StringPool;
}

export function sharedPools(): SharedPools {
  return { comm: new StringPool(), flags: new StringPool(), symbol: new StringPool() };
}

/** The table of one kind of trace event. */
export class EventTableBuilder {
  readonly name: string;
  readonly system: string | null;
  rows = 0;
  private readonly common: ColumnBuilder[];
  private readonly fields = new Map<string, FieldBuilder>();

  constructor(name: string, system: string | null, pools: SharedPools) {
    this.name = name;
    this.system = system;
    this.common = EVENT_COLUMNS.map(
      (def) =>
        new ColumnBuilder(
          def,
          { comm: pools.comm, flags: pools.flags, symbol: pools.symbol, caller: pools.symbol }[def.name],
        ),
    );
  }

  /** Begins a row; the fields of the event follow through `field(name).set...(row, ...)` with the returned row. */
  begin(source: number, header: EventHeader): number {
    const [src, seq, time, cpu, pid, comm, flags, symbol, caller, isReturn, offset, length, line] =
      this.common;
    src.pushNumber(source);
    seq.pushNumber(header.seq);
    if (header.timed === false) time.pushNull();
    else time.pushPair(header.timeLo, header.timeHi);
    pushOrNull(cpu, header.cpu);
    pushOrNull(pid, header.pid);
    pushOrNull(comm, header.comm);
    pushOrNull(flags, header.flags);
    pushOrNull(symbol, header.symbol);
    pushOrNull(caller, header.caller);
    isReturn.pushNumber(header.isReturn ? 1 : 0);
    offset.pushNumber(header.offset);
    length.pushNumber(header.length);
    pushOrNull(line, header.line);
    return this.rows++;
  }

  field(name: string): FieldBuilder {
    let field = this.fields.get(name);
    if (!field) {
      field = new FieldBuilder(name);
      this.fields.set(name, field);
    }
    return field;
  }

  /** A field whose type the source declares. */
  declareField(def: ColumnDef): FieldBuilder {
    let field = this.fields.get(def.name);
    if (!field) {
      field = new FieldBuilder(def.name, def);
      this.fields.set(def.name, field);
    }
    return field;
  }

  finish(): Table {
    const fields = [...this.fields.values()].map((field) => field.finish(this.rows));
    const def = eventTableDef(
      this.name,
      this.system,
      fields.map((field) => field.def),
    );
    const columns = [...this.common.map((column) => column.finish()), ...fields];
    return {
      def,
      length: this.rows,
      columns: columns.map((column, i) => ({ ...column, def: def.columns[i] })),
    };
  }
}

function pushOrNull(column: ColumnBuilder, value: number): void {
  if (value < 0) column.pushNull();
  else column.pushNumber(value);
}
