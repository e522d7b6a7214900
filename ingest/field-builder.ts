import { type Column, ColumnBuilder, isNullAt, type StringPool } from '../tables/index.ts';

const encoder = new TextEncoder();

/** Rows that wait in a block before they go into the columns together. */
const BLOCK_ROWS = 1024;
const FIRST_ROWS = 16;

/** A dictionary of more values than this is free text in disguise. */
const MOST_VALUES = 16_384;

/**
 * A column of an event whose type is learned from its values. It begins with the narrowest type that holds the first
 * value and widens without losing one: unsigned and signed 64-bit share their bits, numbers turn into their text when
 * a text arrives. Of several values for one row, the first stays.
 */
export class FieldBuilder {
  readonly name: string;
  private column: ColumnBuilder | null = null;
  private hex = false;
  private type: 'i64' | 'u64' | 'dict' | null = null;
  /** Rows whose value could not be read, until the first value tells the type. */
  private unreadable: { readonly row: number; readonly text: Uint8Array }[] = [];
  /** The row after the last one that has a value. */
  private next = 0;
  /** The newest `staged` rows before `next`: two words each, or an id of the pool. */
  private block = new Uint32Array(FIRST_ROWS * 2);
  private staged = 0;
  private expected: 'i64' | 'dict' = 'i64';
  private valuesTaken = 0;
  /** Batches hold their texts, not places in a dictionary. */
  private free = false;

  constructor(name: string) {
    this.name = name;
  }

  /** An integer as two words. `hex` tells how the source printed it, which decides how a later widening prints it. */
  setPair(row: number, lo: number, hi: number, hex: boolean): void {
    if (row !== this.next || this.type === null || this.type === 'dict') {
      if (row < this.next) return;
      this.ready(row, 'i64');
      if (this.type === 'dict') {
        const text = encoder.encode(printed(lo, hi, hex));
        this.setBytes(row, text, 0, text.length);
        return;
      }
    }
    if (hex) {
      this.hex = true;
      if (hi >>> 31 === 1) this.type = 'u64';
    }
    if (this.staged * 2 === this.block.length) this.makeRoom();
    const at = this.staged++ * 2;
    this.block[at] = lo;
    this.block[at + 1] = hi;
    this.next = row + 1;
  }

  setBytes(row: number, source: Uint8Array, start: number, end: number): void {
    if (row < this.next) return;
    if (row !== this.next || this.type !== 'dict') {
      this.ready(row, 'dict');
      if (this.type !== 'dict') this.widenToText();
    }
    const { pool } = this.column as ColumnBuilder;
    if (this.staged === this.block.length) this.makeRoom();
    this.block[this.staged++] = (pool as StringPool).intern(source, start, end);
    this.next = row + 1;
  }

  /** A value that the probe could not read, as `(fault)`: a text among texts, NULL among numbers. */
  setUnreadable(row: number, source: Uint8Array, start: number, end: number): void {
    if (this.type === null) this.unreadable.push({ row, text: source.slice(start, end) });
    else if (this.type === 'dict') this.setBytes(row, source, start, end);
  }

  /** What the column holds should no row of a batch have a value. */
  expect(type: 'i64' | 'dict'): void {
    this.expected = type;
  }

  /** The `rows` rows so far, and the values that the dictionary got; the builder goes on with row 0. */
  take(rows: number): { column: Column; newValues: readonly string[] } {
    const builder = this.ready(rows, this.expected);
    this.free ||= (builder.pool?.size ?? 0) > MOST_VALUES;
    if (this.free) {
      // The next batch begins a dictionary of its own: this one would grow with the recording.
      this.column = this.newColumn('dict');
      this.column.expect(rows, 0);
      this.next = 0;
      return { column: textOf(builder), newValues: [] };
    }
    const column = this.typed(builder.take());
    const newValues = builder.pool?.valuesFrom(this.valuesTaken) ?? [];
    this.valuesTaken += newValues.length;
    this.next = 0;
    return { column, newValues };
  }

  finish(rows: number): Column {
    const column = this.ready(rows, this.unreadable.length > 0 ? 'dict' : 'i64');
    return this.typed(column.finish());
  }

  private typed(built: Column): Column {
    if (this.type !== 'u64') return built;
    const { buffer, byteOffset, length } = built.data;
    return {
      ...built,
      def: { ...built.def, type: 'u64' },
      data: new BigUint64Array(buffer, byteOffset, length),
    };
  }

  /** The column with everything before `row` in it; `type` is its type when it has none yet. */
  private ready(row: number, type: 'i64' | 'dict'): ColumnBuilder {
    if (!this.column) {
      this.type = type;
      this.column = this.newColumn(type);
      for (const { row: at, text } of type === 'dict' ? this.unreadable : []) {
        this.column.padTo(at);
        if (this.column.length === at) this.column.pushBytes(text, 0, text.length);
      }
      this.unreadable = [];
    }
    this.flush();
    this.column.padTo(row);
    this.next = row;
    return this.column;
  }

  private newColumn(type: 'i64' | 'dict'): ColumnBuilder {
    return new ColumnBuilder({ name: this.name, type, nullable: true, doc: '' });
  }

  private makeRoom(): void {
    if (this.block.length < BLOCK_ROWS * 2) {
      const grown = new Uint32Array(this.block.length * 2);
      grown.set(this.block);
      this.block = grown;
    } else this.flush();
  }

  private flush(): void {
    this.column?.pushBlock(this.block, this.staged);
    this.staged = 0;
  }

  private widenToText(): void {
    const old = (this.column as ColumnBuilder).finish();
    const wide = this.newColumn('dict');
    const numbers = old.data as BigInt64Array;
    for (let row = 0; row < old.length; row++) {
      if (isNullAt(old, row)) wide.pushNull();
      else {
        const value = numbers[row];
        wide.push(printed(Number(value & 0xffffffffn), Number((value >> 32n) & 0xffffffffn), this.hex));
      }
    }
    this.type = 'dict';
    this.column = wide;
  }
}

function printed(lo: number, hi: number, hex: boolean): string {
  const unsigned = (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
  return hex ? `0x${unsigned.toString(16)}` : String(BigInt.asIntN(64, unsigned));
}

/** The rows of a column with a dictionary as the texts themselves. */
function textOf(builder: ColumnBuilder): Column {
  const pool = builder.pool as StringPool;
  const { def, length, data: ids, validity, nullCount } = builder.take();
  const offsets = new Int32Array(length + 1);
  for (let row = 0, end = 0; row < length; row++) {
    if (!validity || (validity[row >> 3] & (1 << (row & 7))) !== 0) end += pool.lengthOf(ids[row] as number);
    offsets[row + 1] = end;
  }
  const data = new Uint8Array(offsets[length]);
  for (let row = 0; row < length; row++) {
    if (offsets[row + 1] > offsets[row]) pool.copyTo(ids[row] as number, data, offsets[row]);
  }
  return { def: { ...def, type: 'text' }, length, data, validity, nullCount, offsets };
}
