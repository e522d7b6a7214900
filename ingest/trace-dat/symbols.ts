const NEWLINE = 10;
const SPACE = 32;
const TAB = 9;
const BRACKET = 91;

/** Memory of a module comes in whole pages. */
const PAGE = 4096;

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
    // No line is shorter than `0 T x`. Memory that is not written to is not taken from the machine.
    const most = Math.ceil(this.text.length / 6);
    const lo = new Uint32Array(most);
    const hi = new Uint32Array(most);
    const rest = new Uint32Array(most);
    const count = readAddresses(this.text, lo, hi, rest);
    let sorted = Math.min(1, count);
    while (sorted < count && compare(lo[sorted - 1], hi[sorted - 1], lo[sorted], hi[sorted]) <= 0) sorted++;
    mergeRest(lo, hi, rest, sorted, count);
    this.count = count;
    this.lo = lo;
    this.hi = hi;
    this.rest = rest;
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

  /**
   * The same, but null too where nothing tells how far the function before the address reaches and the address lies on
   * another page: code of a module that was gone when the symbols were copied is not to be blamed on its neighbour.
   */
  holderOf(lo: number, hi: number): Location | null {
    const location = this.at(lo, hi);
    if (!location || location.size > 0) return location;
    return ((lo >>> 0) & (PAGE - 1)) >= location.offset ? location : null;
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

/**
 * Brings the columns into the order of the addresses; of equal ones the first comes first. The first `sorted` rows are
 * in order already, as all of the kernel are but those of modules. In place: fresh memory costs more than the moves.
 */
function mergeRest(lo: Uint32Array, hi: Uint32Array, rest: Uint32Array, sorted: number, count: number): void {
  const order = orderOf(lo, hi, sorted, count);
  const otherLo = new Uint32Array(order.length);
  const otherHi = new Uint32Array(order.length);
  const otherRest = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i++) {
    otherLo[i] = lo[order[i]];
    otherHi[i] = hi[order[i]];
    otherRest[i] = rest[order[i]];
  }
  let first = sorted - 1;
  let other = order.length - 1;
  for (let to = count - 1; other >= 0; to--) {
    if (first >= 0 && compare(lo[first], hi[first], otherLo[other], otherHi[other]) > 0) {
      lo[to] = lo[first];
      hi[to] = hi[first];
      rest[to] = rest[first--];
    } else {
      lo[to] = otherLo[other];
      hi[to] = otherHi[other];
      rest[to] = otherRest[other--];
    }
  }
}

/** The numbers of the rows `[from, to)` in the order of their addresses, of equal ones in their own. */
function orderOf(lo: Uint32Array, hi: Uint32Array, from: number, to: number): Float64Array | Uint32Array {
  const count = to - from;
  // Addresses of modules have one upper half: the lower one and the number fit a double, and sort without a function.
  let alike = count <= 0x200000;
  for (let i = from; alike && i < to; i++) alike = hi[i] === hi[from];
  if (alike) {
    const keys = new Float64Array(count);
    for (let i = 0; i < count; i++) keys[i] = lo[from + i] * 0x200000 + i;
    keys.sort();
    for (let i = 0; i < count; i++) keys[i] = from + (keys[i] % 0x200000);
    return keys;
  }
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = from + i;
  return order.sort((a, b) => compare(lo[a], hi[a], lo[b], hi[b]) || a - b);
}

/** The value of a hexadecimal digit as the kernel writes them; -1 for other bytes. */
const HEX = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++) {
  const text = digit.toString(16);
  HEX[text.charCodeAt(0)] = digit;
  HEX[text.toUpperCase().charCodeAt(0)] = digit;
}

/**
 * Reads lines like `ffffffff81000000 T name` and perhaps `[module]` into columns; returns their number.
 * @param rest gets the place of each name in the text.
 */
function readAddresses(text: Uint8Array, lo: Uint32Array, hi: Uint32Array, rest: Uint32Array): number {
  const { length } = text;
  let count = 0;
  let at = 0;
  // The upper half of nearly all addresses is that of the line before: eight equal bytes need no parsing.
  let start = -1;
  let upper = 0;
  while (at < length) {
    let lowHalf = 0;
    let highHalf = 0;
    const from = at;
    if (start >= 0 && sameEight(text, start, at)) {
      highHalf = upper;
      for (at += 8; at < from + 16; at++) {
        const digit = HEX[text[at]];
        if (digit < 0) break;
        lowHalf = (lowHalf << 4) | digit;
      }
    }
    if (at !== from + 16) {
      at = from;
      lowHalf = 0;
      highHalf = 0;
      for (; at < length; at++) {
        const digit = HEX[text[at]];
        if (digit < 0) break;
        highHalf = (highHalf << 4) | (lowHalf >>> 28);
        lowHalf = (lowHalf << 4) | digit;
      }
      start = at === from + 16 ? from : -1;
      upper = highHalf;
    }
    const digits = at - from;
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
      lo[count] = lowHalf;
      hi[count] = highHalf;
      rest[count] = at + 3;
      count++;
    }
    const end = text.indexOf(NEWLINE, at);
    at = end < 0 ? length : end + 1;
  }
  return count;
}

function sameEight(text: Uint8Array, a: number, b: number): boolean {
  return (
    text[a] === text[b] &&
    text[a + 1] === text[b + 1] &&
    text[a + 2] === text[b + 2] &&
    text[a + 3] === text[b + 3] &&
    text[a + 4] === text[b + 4] &&
    text[a + 5] === text[b + 5] &&
    text[a + 6] === text[b + 6] &&
    text[a + 7] === text[b + 7]
  );
}
