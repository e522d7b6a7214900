import type { ColumnDef, ColumnType } from './define.ts';
import { StringPool } from './strings.ts';

/** A value of a cell as JavaScript sees it: 64-bit integers are BigInt, a missing value is null. */
export type Cell = number | bigint | boolean | string | null;

export type ColumnData =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Int32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/**
 * A finished column in Arrow layout. `bool` is a byte per row here (a bitmap in Arrow). `dict` holds indices into
 * `dictionary`. `text` holds UTF-8 bytes in `data` and row boundaries in `offsets`.
 */
export interface Column {
  readonly def: ColumnDef;
  readonly length: number;
  readonly data: ColumnData;
  /** One bit per row, least significant first, 1 = present; absent when no row is null. */
  readonly validity?: Uint8Array;
  readonly nullCount: number;
  readonly dictionary?: readonly string[];
  readonly offsets?: Int32Array;
}

const textDecoder = new TextDecoder('utf-8', { fatal: false });
const textEncoder = new TextEncoder();

function allocate(type: ColumnType, capacity: number): ColumnData {
  switch (type) {
    case 'bool':
    case 'u8':
    case 'text':
      return new Uint8Array(capacity);
    case 'u16':
      return new Uint16Array(capacity);
    case 'u32':
      return new Uint32Array(capacity);
    case 'i32':
    case 'dict':
      return new Int32Array(capacity);
    case 'f64':
      return new Float64Array(capacity);
    case 'i64':
      return new BigInt64Array(capacity);
    case 'u64':
      return new BigUint64Array(capacity);
  }
}

/** A growing column. Hot paths call the typed `push...` methods; cold paths call `push` with a cell. */
export class ColumnBuilder {
  readonly def: ColumnDef;
  length = 0;
  private capacity = 64;
  private data: ColumnData;
  /** The same memory as `data`, as 32-bit words, for 64-bit columns. */
  private words: Uint32Array | null = null;
  private validity: Uint8Array | null = null;
  private nulls = 0;
  private offsets: Int32Array | null = null;
  private textLength = 0;
  /** Shared by columns that repeat the same values. */
  readonly pool: StringPool | null;

  constructor(def: ColumnDef, pool?: StringPool) {
    this.def = def;
    this.data = allocate(def.type, this.capacity);
    this.pool = def.type === 'dict' ? (pool ?? new StringPool()) : null;
    if (def.type === 'text') this.offsets = new Int32Array(this.capacity + 1);
    if (def.type === 'i64' || def.type === 'u64') this.words = new Uint32Array(this.data.buffer);
  }

  /**
   * Makes room for `rows` more rows and, in a `text` column, `textBytes` more bytes, so that a long source does not copy its rows each time
   * they outgrow their memory. Memory that is not written to is not taken from the machine.
   */
  expect(rows: number, textBytes: number): void {
    if (this.length + rows > this.capacity) this.grow(this.length + rows);
    if (this.def.type === 'text') this.reserveText(textBytes);
  }

  /** A number for integer, float, boolean (0/1) and dictionary (pool id) columns. */
  pushNumber(value: number): void {
    this.reserve();
    if (this.words) {
      const lo = value % 4294967296;
      this.words[this.length * 2] = lo;
      this.words[this.length * 2 + 1] = Math.floor(value / 4294967296);
    } else {
      (this.data as Float64Array)[this.length] = value;
    }
    this.setPresent();
    this.length++;
  }

  /** A 64-bit value as two words. */
  pushPair(lo: number, hi: number): void {
    this.reserve();
    const words = this.words as Uint32Array;
    words[this.length * 2] = lo;
    words[this.length * 2 + 1] = hi;
    this.setPresent();
    this.length++;
  }

  /** Bytes of a `text` or `dict` column. */
  pushBytes(source: Uint8Array, start: number, end: number): void {
    if (this.pool) {
      this.pushNumber(this.pool.intern(source, start, end));
      return;
    }
    this.reserveText(end - start).set(source.subarray(start, end), this.textLength);
    this.reserve();
    this.textLength += end - start;
    this.setPresent();
    this.length++;
    (this.offsets as Int32Array)[this.length] = this.textLength;
  }

  /**
   * The memory of a `text` column, in which `size` more bytes have room from `textEnd` on. A decoder may write messages there one after
   * another and take them as rows with `takeTexts`; growing moves them.
   */
  textMemory(size: number): Uint8Array {
    return this.reserveText(size);
  }

  /** Index of the first byte of the memory of a `text` column that no row has. */
  get textEnd(): number {
    return this.textLength;
  }

  /** Appends `count` rows of a `text` column whose bytes were written from `textEnd` on; `ends` holds the index after each. */
  takeTexts(ends: Uint32Array, count: number): void {
    if (count === 0) return;
    const from = this.length;
    while (from + count > this.capacity) this.grow();
    (this.offsets as Int32Array).set(ends.subarray(0, count), from + 1);
    this.textLength = ends[count - 1];
    this.length = from + count;
    if (this.validity) setBits(this.validity, from, this.length);
  }

  pushNull(): void {
    this.padTo(this.length + 1);
  }

  /**
   * Appends `count` rows at once, which costs far less than a call per row. `values` are integers that fit the
   * column, and two words per row for 64-bit columns. `present` has a 1 for every row that is not null; absent when no
   * row is. What stands in `values` for a null does not matter.
   */
  pushBlock(values: ColumnData, count: number, present?: Uint8Array): void {
    const from = this.length;
    const end = from + count;
    if (present !== undefined && count > 0 && present.subarray(0, count).indexOf(1) < 0)
      return this.padTo(end);
    while (end > this.capacity) this.grow();
    if (this.words) this.words.set((values as Uint32Array).subarray(0, count * 2), from * 2);
    else (this.data as Uint8Array).set((values as Uint8Array).subarray(0, count), from);
    this.length = end;
    const first = present ? present.subarray(0, count).indexOf(0) : -1;
    if (!present || first < 0) {
      if (this.validity) setBits(this.validity, from, end);
      return;
    }
    const validity = this.ensureValidity(from);
    const { words } = this;
    for (let i = 0, at = from; i < count; i++, at++) {
      if (present[i] === 1) validity[at >> 3] |= 1 << (at & 7);
      else {
        this.nulls++;
        if (words) words[at * 2] = words[at * 2 + 1] = 0;
        else (this.data as Uint8Array)[at] = 0;
      }
    }
  }

  /** Appends nulls until the column has `length` rows. */
  padTo(length: number): void {
    const from = this.length;
    if (from >= length) return;
    while (length > this.capacity) this.grow();
    this.ensureValidity(from);
    // Memory that was never written holds zeros, in the data as in the bitmap.
    this.nulls += length - from;
    this.length = length;
    this.offsets?.fill(this.textLength, from + 1, length + 1);
  }

  push(value: Cell): void {
    if (value === null) this.pushNull();
    else if (typeof value === 'string' && this.pool) this.pushNumber(this.pool.internString(value));
    else if (typeof value === 'string') {
      const bytes = textEncoder.encode(value);
      this.pushBytes(bytes, 0, bytes.length);
    } else if (typeof value === 'bigint') {
      this.pushPair(Number(value & 0xffffffffn), Number((value >> 32n) & 0xffffffffn));
    } else this.pushNumber(Number(value));
  }

  /** The number stored at a row, without a null test. Not for 64-bit and text columns. */
  numberAt(row: number): number {
    return (this.data as Float64Array)[row];
  }

  isNull(row: number): boolean {
    return this.validity !== null && (this.validity[row >> 3] & (1 << (row & 7))) === 0;
  }

  finish(): Column {
    const { def, length } = this;
    const size = def.type === 'text' ? this.textLength : length;
    return {
      def,
      length,
      data: this.data.subarray(0, size),
      validity: this.validity?.subarray(0, (length + 7) >> 3),
      nullCount: this.nulls,
      dictionary: this.pool?.values(),
      offsets: this.offsets?.subarray(0, length + 1),
    };
  }

  /** The bitmap; where there was none, one that says that the first `rows` are present. */
  private ensureValidity(rows: number): Uint8Array {
    if (!this.validity) {
      this.validity = new Uint8Array((this.capacity + 7) >> 3);
      setBits(this.validity, 0, rows);
    }
    return this.validity;
  }

  /** The rows so far, without the dictionary; the builder goes on empty, in new memory, with the same pool. */
  take(): Column {
    const { def, length, data, validity, nulls } = this;
    const taken = {
      def,
      length,
      data: data.subarray(0, length),
      validity: validity?.subarray(0, (length + 7) >> 3),
      nullCount: nulls,
    };
    this.data = allocate(def.type, this.capacity);
    if (this.words) this.words = new Uint32Array(this.data.buffer);
    this.validity = null;
    this.nulls = 0;
    this.length = 0;
    return taken;
  }

  /** The memory of a `text` column with room for `size` more bytes. */
  private reserveText(size: number): Uint8Array {
    if (this.textLength + size > this.data.length) {
      const grown = new Uint8Array(Math.max(this.data.length * 2, this.textLength + size));
      grown.set(this.data as Uint8Array);
      this.data = grown;
    }
    return this.data as Uint8Array;
  }

  private setPresent(): void {
    if (this.validity) this.validity[this.length >> 3] |= 1 << (this.length & 7);
  }

  private reserve(): void {
    if (this.length === this.capacity) this.grow();
  }

  private grow(capacity = this.capacity * 2): void {
    this.capacity = capacity;
    if (this.offsets) {
      const offsets = new Int32Array(this.capacity + 1);
      offsets.set(this.offsets);
      this.offsets = offsets;
    } else {
      const grown = allocate(this.def.type, this.capacity);
      (grown as Uint8Array).set(this.data as Uint8Array);
      this.data = grown;
      if (this.words) this.words = new Uint32Array(grown.buffer);
    }
    if (this.validity) {
      const validity = new Uint8Array((this.capacity + 7) >> 3);
      validity.set(this.validity);
      this.validity = validity;
    }
  }
}

/** Sets the bits `[from, to)`. */
function setBits(bits: Uint8Array, from: number, to: number): void {
  let at = from;
  for (; at < to && (at & 7) !== 0; at++) bits[at >> 3] |= 1 << (at & 7);
  const whole = Math.max(at, to & ~7);
  bits.fill(0xff, at >> 3, whole >> 3);
  for (at = whole; at < to; at++) bits[at >> 3] |= 1 << (at & 7);
}

export function isNullAt(column: Column, row: number): boolean {
  return column.validity !== undefined && (column.validity[row >> 3] & (1 << (row & 7))) === 0;
}

/** The cell of a finished column. */
export function cellAt(column: Column, row: number): Cell {
  if (isNullAt(column, row)) return null;
  switch (column.def.type) {
    case 'bool':
      return column.data[row] !== 0;
    case 'dict':
      return (column.dictionary as readonly string[])[column.data[row] as number];
    case 'text': {
      const offsets = column.offsets as Int32Array;
      return textDecoder.decode((column.data as Uint8Array).subarray(offsets[row], offsets[row + 1]));
    }
    default:
      return column.data[row];
  }
}
