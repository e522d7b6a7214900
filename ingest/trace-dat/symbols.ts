const NEWLINE = 10;
const SPACE = 32;
const TAB = 9;
const BRACKET = 91;

const latin1 = new TextDecoder('latin1');

/** A place in the kernel: the function, the distance from its start, and its size where the next symbol tells it. */
export interface Location {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly module: string | null;
}

/**
 * The kernel symbols of a trace (a copy of /proc/kallsyms), looked up by address. Only the addresses are parsed; the
 * names stay in the text until somebody asks. As in the kernel, of several symbols at one address the first counts,
 * and the size of a function reaches to the next symbol at another address.
 */
export class Symbols {
  private readonly text: Uint8Array;
  private readonly lo: Uint32Array;
  private readonly hi: Uint32Array;
  /** Where the symbol's line goes on after the address. */
  private readonly rest: Uint32Array;
  private readonly count: number;
  private byName: Map<string, number> | null = null;
  private readonly cache = new Map<number, { hi: number; location: Location | null }>();

  constructor(text: Uint8Array | null) {
    this.text = text ?? new Uint8Array(0);
    let lines = 0;
    for (let at = this.text.indexOf(NEWLINE); at >= 0; at = this.text.indexOf(NEWLINE, at + 1)) lines++;
    const lo = new Uint32Array(lines + 1);
    const hi = new Uint32Array(lines + 1);
    const rest = new Uint32Array(lines + 1);
    let count = 0;
    let ordered = true;
    forEachAddress(this.text, (addressLo, addressHi, at) => {
      if (count > 0 && compare(addressLo, addressHi, lo[count - 1], hi[count - 1]) < 0) ordered = false;
      lo[count] = addressLo;
      hi[count] = addressHi;
      rest[count++] = at;
    });
    this.count = count;
    if (ordered) {
      this.lo = lo;
      this.hi = hi;
      this.rest = rest;
      return;
    }
    const order = new Uint32Array(count).map((_, i) => i);
    order.sort((a, b) => compare(lo[a], hi[a], lo[b], hi[b]) || a - b);
    this.lo = order.map((i) => lo[i]);
    this.hi = order.map((i) => hi[i]);
    this.rest = order.map((i) => rest[i]);
  }

  /** The function that holds an address; null when no symbol comes before it. */
  at(lo: number, hi: number): Location | null {
    const known = this.cache.get(lo);
    if (known?.hi === hi) return known.location;
    const location = this.find(lo >>> 0, hi >>> 0);
    if (this.cache.size > 65536) this.cache.clear();
    this.cache.set(lo, { hi, location });
    return location;
  }

  /** The address of a symbol; null when there is none of the name. Looks through all names at its first use. */
  addressOf(name: string): bigint | null {
    if (!this.byName) {
      this.byName = new Map();
      for (let i = this.count - 1; i >= 0; i--) this.byName.set(this.nameAt(i).name, i);
    }
    const index = this.byName.get(name);
    return index === undefined ? null : (BigInt(this.hi[index]) << 32n) | BigInt(this.lo[index]);
  }

  private find(lo: number, hi: number): Location | null {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare(this.lo[middle], this.hi[middle], lo, hi) <= 0) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return null;
    const startLo = this.lo[low - 1];
    const startHi = this.hi[low - 1];
    // Far below the first function, or among addresses that a guarded kernel shows as zero.
    if ((startLo === 0 && startHi === 0) || startHi !== hi) return null;
    let first = low - 1;
    while (first > 0 && this.lo[first - 1] === startLo && this.hi[first - 1] === startHi) first--;
    const { name, module } = this.nameAt(first);
    let size = 0;
    if (low < this.count && this.hi[low] === startHi && this.nameAt(low).module === module)
      size = this.lo[low] - startLo;
    return { name, module, offset: lo - startLo, size };
  }

  private nameAt(index: number): { name: string; module: string | null } {
    const { text } = this;
    const start = this.rest[index];
    let end = start;
    while (end < text.length && text[end] !== NEWLINE && text[end] !== TAB && text[end] !== SPACE) end++;
    const name = latin1.decode(text.subarray(start, end));
    while (end < text.length && (text[end] === TAB || text[end] === SPACE)) end++;
    if (text[end] !== BRACKET) return { name, module: null };
    const close = text.indexOf(93, end);
    return {
      name,
      module: close < 0 ? null : latin1.decode(text.subarray(end + 1, Math.min(close, end + 64))),
    };
  }
}

/** `func+0x12/0x34 [module]` as the kernel prints an address (%pS), or `0x...` when no symbol holds it. */
export function locationText(location: Location | null, lo: number, hi: number): string {
  if (!location) return `0x${addressText(lo, hi)}`;
  const size = location.size > 0 ? `/0x${location.size.toString(16)}` : '';
  const module = location.module ? ` [${location.module}]` : '';
  return `${location.name}+0x${location.offset.toString(16)}${size}${module}`;
}

/** An address in hexadecimal, without zeros in front. */
export function addressText(lo: number, hi: number): string {
  const low = (lo >>> 0).toString(16);
  return hi === 0 ? low : (hi >>> 0).toString(16) + low.padStart(8, '0');
}

function compare(aLo: number, aHi: number, bLo: number, bHi: number): number {
  return aHi !== bHi ? aHi - bHi : aLo - bLo;
}

function hexValue(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  if (byte >= 97 && byte <= 102) return byte - 87;
  if (byte >= 65 && byte <= 70) return byte - 55;
  return -1;
}

/** Lines are `ffffffff81000000 T name` and perhaps `[module]`. */
function forEachAddress(text: Uint8Array, onSymbol: (lo: number, hi: number, nameAt: number) => void): void {
  let at = 0;
  while (at < text.length) {
    let lo = 0;
    let hi = 0;
    const start = at;
    for (; at < text.length; at++) {
      const digit = hexValue(text[at]);
      if (digit < 0) break;
      hi = ((hi << 4) | (lo >>> 28)) >>> 0;
      lo = ((lo << 4) | digit) >>> 0;
    }
    const digits = at - start;
    // A space, the type, a space. `A` and `a` are absolute values, not places.
    const type = text[at + 1];
    if (
      digits > 0 &&
      digits <= 16 &&
      text[at] === SPACE &&
      text[at + 2] === SPACE &&
      type !== 65 &&
      type !== 97
    ) {
      onSymbol(lo, hi, at + 3);
    }
    const end = text.indexOf(NEWLINE, at);
    if (end < 0) return;
    at = end + 1;
  }
}
