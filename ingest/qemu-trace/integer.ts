import { hexDigit } from '../ascii.ts';

/** An integer as two words, and whether it was printed in hex. */
export interface Integer {
  lo: number;
  hi: number;
  hex: boolean;
}

const TWO_32 = 4294967296;
const MINUS = 45;

/** Reads `buffer[start, end)` as `0x...` or as a decimal number of at most 64 bits. False for anything else. */
export function parseInteger(buffer: Uint8Array, start: number, end: number, out: Integer): boolean {
  if (end - start > 2 && buffer[start] === 48 && (buffer[start + 1] | 32) === 120) {
    return parseHex(buffer, start + 2, end, out);
  }
  const negative = buffer[start] === MINUS;
  const from = negative ? start + 1 : start;
  const digits = end - from;
  if (digits < 1 || digits > 20) return false;
  let value = 0;
  for (let at = from; at < end; at++) {
    const digit = buffer[at] - 48;
    if (digit < 0 || digit > 9) return false;
    value = value * 10 + digit;
  }
  out.hex = false;
  if (digits > 15) return parseLong(buffer, from, end, negative, out);
  out.lo = value >>> 0;
  out.hi = Math.floor(value / TWO_32);
  if (negative) negate(out);
  return true;
}

/** Hex digits without a prefix, at most 16. */
export function parseHex(buffer: Uint8Array, start: number, end: number, out: Integer): boolean {
  if (end <= start || end - start > 16) return false;
  let lo = 0;
  let hi = 0;
  for (let at = start; at < end; at++) {
    const digit = hexDigit(buffer[at]);
    if (digit < 0) return false;
    hi = ((hi << 4) | (lo >>> 28)) >>> 0;
    lo = ((lo << 4) | digit) >>> 0;
  }
  out.lo = lo;
  out.hi = hi;
  out.hex = true;
  return true;
}

function parseLong(buffer: Uint8Array, from: number, end: number, negative: boolean, out: Integer): boolean {
  let value = 0n;
  for (let at = from; at < end; at++) value = value * 10n + BigInt(buffer[at] - 48);
  if (value > 0xffff_ffff_ffff_ffffn || (negative && value > 0x8000_0000_0000_0000n)) return false;
  out.lo = Number(value & 0xffffffffn);
  out.hi = Number(value >> 32n);
  if (negative) negate(out);
  return true;
}

function negate(out: Integer): void {
  out.hi = (~out.hi + (out.lo === 0 ? 1 : 0)) >>> 0;
  out.lo = -out.lo >>> 0;
}
