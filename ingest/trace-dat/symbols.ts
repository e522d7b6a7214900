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
    let count = 0;
    let sorted = 0;
    forEachAddress(this.text, (addressLo, addressHi, at) => {
      lo[count] = addressLo;
      hi[count] = addressHi;
      rest[count] = at;
      if (
        sorted === count &&
        (count === 0 || compare(lo[count - 1], hi[count - 1], addressLo, addressHi) <= 0)
      )
        sorted++;
      count++;
    });
    this.count = count;
    if (sorted === count) {
      this.lo = lo;
      this.hi = hi;
      this.rest = rest;
      return;
    }
    const order = orderOf(lo, hi, count, sorted);
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
 * The numbers of the symbols in the order of their addresses; of equal ones the first comes first. `sorted` of them are
 * in order already, as all of the kernel are but those of modules.
 */
function orderOf(lo: Uint32Array, hi: Uint32Array, count: number, sorted: number): Uint32Array {
  const others = new Uint32Array(count - sorted).map((_, i) => sorted + i);
  others.sort((a, b) => compare(lo[a], hi[a], lo[b], hi[b]) || a - b);
  const order = new Uint32Array(count);
  let next = 0;
  let at = 0;
  for (const other of others) {
    while (next < sorted && compare(lo[next], hi[next], lo[other], hi[other]) <= 0) order[at++] = next++;
    order[at++] = other;
  }
  while (next < sorted) order[at++] = next++;
  return order;
}

/** The value of a hexadecimal digit as the kernel writes them; -1 for other bytes. */
const HEX = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++) {
  const text = digit.toString(16);
  HEX[text.charCodeAt(0)] = digit;
  HEX[text.toUpperCase().charCodeAt(0)] = digit;
}

/** Lines are `ffffffff81000000 T name` and perhaps `[module]`. */
function forEachAddress(text: Uint8Array, onSymbol: (lo: number, hi: number, nameAt: number) => void): void {
  const { length } = text;
  let at = 0;
  while (at < length) {
    let lo = 0;
    let hi = 0;
    const start = at;
    for (; at < length; at++) {
      const digit = HEX[text[at]];
      if (digit < 0) break;
      hi = (hi << 4) | (lo >>> 28);
      lo = (lo << 4) | digit;
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
      onSymbol(lo >>> 0, hi >>> 0, at + 3);
    }
    while (at < length && text[at] !== NEWLINE) at++;
    at++;
  }
}
