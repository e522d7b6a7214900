import { Damage } from './damage.ts';

/** What a cursor reads from: a byte source, or a decompressed section in memory. */
export interface Readable {
  readonly size: number;
  read(offset: number, target: Uint8Array): number;
  /** The bytes themselves, where they are in memory and do not change. */
  view?(offset: number, length: number): Uint8Array;
}

const WINDOW = 16384;
/** Names and versions are short; a longer run without NUL is not text. */
const MAX_STRING = 4096;
const latin1 = new TextDecoder('latin1');

/**
 * Reads the integers, strings and blobs of a trace.dat one after the other. Integers are in the byte order of the
 * file; 64-bit ones that do not fit a double exactly are damage, for no offset or size in a file is that large.
 */
export class Cursor {
  position: number;
  readonly end: number;
  readonly bigEndian: boolean;
  private readonly source: Readable;
  /** Added to positions in messages, for sections that were decompressed elsewhere. */
  private readonly origin: number | null;
  private readonly window = new Uint8Array(WINDOW);
  private readonly view = new DataView(this.window.buffer);
  private windowStart = 0;
  private windowLength = 0;

  constructor(
    source: Readable,
    bigEndian: boolean,
    start = 0,
    end: number = source.size,
    origin: number | null = null,
  ) {
    this.source = source;
    this.bigEndian = bigEndian;
    this.position = start;
    this.end = Math.min(end, source.size);
    this.origin = origin;
  }

  /** A cursor over the same bytes at another place. */
  fork(position: number): Cursor {
    return new Cursor(this.source, this.bigEndian, position, this.end, this.origin);
  }

  get remaining(): number {
    return this.end - this.position;
  }

  u8(): number {
    return this.window[this.need(1, 'a byte')];
  }

  u16(): number {
    return this.view.getUint16(this.need(2, 'a 16-bit number'), !this.bigEndian);
  }

  u32(): number {
    return this.view.getUint32(this.need(4, 'a 32-bit number'), !this.bigEndian);
  }

  /** A 64-bit offset or size. */
  size64(what: string): number {
    const at = this.need(8, what);
    const lo = this.view.getUint32(at + (this.bigEndian ? 4 : 0), !this.bigEndian);
    const hi = this.view.getUint32(at + (this.bigEndian ? 0 : 4), !this.bigEndian);
    if (hi >= 0x200000)
      throw this.damage(`${what} is 0x${hi.toString(16)}${lo.toString(16).padStart(8, '0')}, too large`, 8);
    return hi * 4294967296 + lo;
  }

  u64(): bigint {
    return this.view.getBigUint64(this.need(8, 'a 64-bit number'), !this.bigEndian);
  }

  /** Text up to and without a NUL. The rest of the input counts as text when `endsInput` and there is no NUL. */
  string(what: string, endsInput = false): string {
    const bytes: number[] = [];
    for (;;) {
      if (endsInput && this.remaining <= 0) break;
      if (bytes.length > MAX_STRING)
        throw this.damage(`${what} has no end within ${MAX_STRING} bytes`, bytes.length);
      const byte = this.u8();
      if (byte === 0) break;
      bytes.push(byte);
    }
    return latin1.decode(Uint8Array.from(bytes));
  }

  /** The next `length` bytes, which the caller does not change. */
  take(length: number, what: string): Uint8Array {
    if (length > this.remaining) throw this.short(length, what);
    const view = this.source.view?.(this.position, length);
    if (view) {
      this.position += length;
      return view;
    }
    const bytes = new Uint8Array(length);
    if (this.source.read(this.position, bytes) < length) throw this.short(length, what);
    this.position += length;
    return bytes;
  }

  skip(length: number, what: string): void {
    if (length > this.remaining) throw this.short(length, what);
    this.position += length;
  }

  damage(message: string, back = 0): Damage {
    return new Damage(message, this.origin ?? this.position - back);
  }

  private short(length: number, what: string): Damage {
    return this.damage(`${what} should have ${length} bytes, but only ${Math.max(0, this.remaining)} follow`);
  }

  /** Makes the next bytes available in the window, steps over them and returns their place there. */
  private need(length: number, what: string): number {
    let at = this.position - this.windowStart;
    if (at < 0 || at + length > this.windowLength) {
      if (length > this.remaining) throw this.short(length, what);
      this.windowStart = this.position;
      const wanted = Math.min(WINDOW, this.remaining);
      this.windowLength = this.source.read(this.position, this.window.subarray(0, wanted));
      if (this.windowLength < length) throw this.short(length, what);
      at = 0;
    }
    this.position += length;
    return at;
  }
}
