/**
 * Times are nanoseconds in 64-bit integers, end to end. On hot paths they travel as two 32-bit words, because a double
 * is exact only for 104 days of nanoseconds and a BigInt costs an allocation.
 */
export interface WordPair {
  lo: number;
  hi: number;
}

const TWO_16 = 65536;
const TWO_32 = 4294967296;

/** Writes `seconds * 1e9 + nanoseconds` into `out`. `seconds` below 2^32, `nanoseconds` below 2^52. */
export function nanosecondsOf(seconds: number, nanoseconds: number, out: WordPair): void {
  // Split the seconds into 16-bit halves, so that every product stays far below 2^53. The remainder of doubles is a call.
  const upper = Math.floor(seconds / TWO_16);
  const low = (seconds - upper * TWO_16) * 1e9 + nanoseconds;
  const lowHi = Math.floor(low / TWO_32);
  const high = upper * 1e9;
  const highHi = Math.floor(high / TWO_16);
  const lo = low - lowHi * TWO_32 + (high - highHi * TWO_16) * TWO_16;
  out.lo = lo >>> 0;
  out.hi = (lowHi + highHi + (lo >= TWO_32 ? 1 : 0)) >>> 0;
}

/** Signed 64-bit value of a pair of words. */
export function bigOf(lo: number, hi: number): bigint {
  return (BigInt(hi | 0) << 32n) | BigInt(lo >>> 0);
}

/** Compares two pairs as unsigned 64-bit numbers: negative, zero or positive. */
export function comparePairs(aLo: number, aHi: number, bLo: number, bHi: number): number {
  return aHi !== bHi ? (aHi >>> 0) - (bHi >>> 0) : (aLo >>> 0) - (bLo >>> 0);
}

/** `12.345678901` for 12345678901n: seconds with as many decimals as are not zero, six at least. */
export function formatSeconds(ns: bigint): string {
  const sign = ns < 0n ? '-' : '';
  const abs = ns < 0n ? -ns : ns;
  const fraction = String(abs % 1_000_000_000n).padStart(9, '0');
  const shown = fraction.endsWith('000') ? fraction.slice(0, 6) : fraction;
  return `${sign}${abs / 1_000_000_000n}.${shown}`;
}
