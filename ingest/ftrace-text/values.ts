import type { EventTableBuilder } from '../event-table.ts';
import { DASH, isDigit, isHexDigit, LEFT_PAREN, latin1Of, RIGHT_PAREN, SPACE, startsWith } from './bytes.ts';

type Field = ReturnType<EventTableBuilder['field']>;

/**
 * Puts one printed value into a row: an integer (decimal or 0x) becomes a number, `(fault)` an unreadable value,
 * everything else a text.
 */
export function storeValue(
  table: EventTableBuilder,
  row: number,
  name: string,
  buffer: Uint8Array,
  start: number,
  end: number,
  quoted: boolean,
): void {
  const field = table.field(name);
  if (!quoted && end > start && storeInteger(field, row, buffer, start, end)) return;
  if (!quoted && buffer[start] === LEFT_PAREN) {
    if (end - start === 7 && startsWith(buffer, start, end, '(fault)')) {
      field.setUnreadable(row, buffer, start, end);
      return;
    }
    // One byte in the option `fields`: `(1)`.
    if (buffer[end - 1] === RIGHT_PAREN && storeInteger(field, row, buffer, start + 1, end - 1)) return;
  }
  field.setBytes(row, buffer, start, end);
}

/** A value of which the text says in base 16 and behind it, in parentheses, in base 10 (option `fields`). */
export function storeTwice(
  table: EventTableBuilder,
  row: number,
  name: string,
  buffer: Uint8Array,
  start: number,
  end: number,
): void {
  const open = end + 2;
  const close = closeOfNumber(buffer, end, buffer.length);
  // Only a negative number of up to 32 bits reads differently: base 16 shows it without its sign.
  if (close > 0 && buffer[open] === DASH && end - start <= 10) {
    storeValue(table, row, name, buffer, open, close, false);
  } else storeValue(table, row, name, buffer, start, end, false);
}

/** The parenthesis that closes ` (123)` at `start`, or 0. */
export function closeOfNumber(buffer: Uint8Array, start: number, end: number): number {
  if (start + 2 >= end || buffer[start] !== SPACE || buffer[start + 1] !== LEFT_PAREN) return 0;
  let at = start + 2;
  if (buffer[at] === DASH) at++;
  const digits = at;
  while (at < end && at - digits <= 20 && isDigit(buffer[at])) at++;
  return at > digits && at < end && buffer[at] === RIGHT_PAREN ? at : 0;
}

/** Reads a whole `[start, end)` as an integer. Returns false, with nothing stored, when it is none. */
function storeInteger(field: Field, row: number, buffer: Uint8Array, start: number, end: number): boolean {
  if (buffer[start] === 48 && buffer[start + 1] === 120 && end - start > 2) {
    return end - start <= 18 && storeHex(field, row, buffer, start + 2, end);
  }
  return storeDecimal(field, row, buffer, start, end);
}

function storeHex(field: Field, row: number, buffer: Uint8Array, start: number, end: number): boolean {
  let lo = 0;
  let hi = 0;
  for (let at = start; at < end; at++) {
    const byte = buffer[at];
    if (!isHexDigit(byte)) return false;
    const digit = isDigit(byte) ? byte - 48 : (byte | 32) - 87;
    hi = ((hi << 4) | (lo >>> 28)) >>> 0;
    lo = ((lo << 4) | digit) >>> 0;
  }
  field.setPair(row, lo, hi, true);
  return true;
}

const LARGEST = (1n << 64n) - 1n;
const SMALLEST = -(1n << 63n);

function storeDecimal(field: Field, row: number, buffer: Uint8Array, start: number, end: number): boolean {
  const negative = buffer[start] === DASH;
  const from = negative ? start + 1 : start;
  if (end <= from || end - from > 20) return false;
  for (let at = from; at < end; at++) if (!isDigit(buffer[at])) return false;
  if (end - from > 15) {
    const value = BigInt(latin1Of(buffer, start, end));
    if (value > LARGEST || value < SMALLEST) return false;
    // Beyond the signed range the bits would read back as a negative number: such a column is unsigned, as in base 16.
    const unsigned = value > LARGEST >> 1n;
    field.setPair(row, Number(value & 0xffffffffn), Number((value >> 32n) & 0xffffffffn), unsigned);
    return true;
  }
  let value = 0;
  for (let at = from; at < end; at++) value = value * 10 + buffer[at] - 48;
  if (negative) value = -value;
  const hi = Math.floor(value / 4294967296);
  field.setPair(row, value - hi * 4294967296, hi, false);
  return true;
}

/** Nanoseconds or another plain number of at most 53 bits. */
export function storeNumber(table: EventTableBuilder, row: number, name: string, value: number): void {
  const hi = Math.floor(value / 4294967296);
  table.field(name).setPair(row, value - hi * 4294967296, hi, false);
}
