import type { EventTableBuilder } from '../event-table.ts';
import { isDigit } from './line.ts';

const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const MINUS = 45;
const EQUALS = 61;
const BRACE = 123;

function isNameByte(byte: number): boolean {
  return (
    (byte >= 97 && byte <= 122) ||
    (byte >= 65 && byte <= 90) ||
    isDigit(byte) ||
    byte === 95 ||
    byte === 46 ||
    byte === 45
  );
}

/**
 * Calls `onArgument` for every `name=value` of a body. A value ends at a space, except inside quotes and braces;
 * quotes are left out of the value. Words without `=` are passed over.
 */
export function forEachArgument(
  buffer: Uint8Array,
  start: number,
  end: number,
  onArgument: (
    nameStart: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
    quoted: boolean,
  ) => void,
): void {
  let at = start;
  while (at < end) {
    while (at < end && (buffer[at] === SPACE || buffer[at] === COMMA)) at++;
    const nameStart = at;
    while (at < end && isNameByte(buffer[at])) at++;
    if (at === nameStart || at >= end || buffer[at] !== EQUALS) {
      while (at < end && buffer[at] !== SPACE) at++;
      continue;
    }
    const nameEnd = at++;
    let valueStart = at;
    let valueEnd: number;
    let quoted = false;
    if (buffer[at] === QUOTE) {
      quoted = true;
      valueStart = ++at;
      at = closingQuote(buffer, at, end);
      valueEnd = at;
      if (at < end) at++;
    } else if (buffer[at] === BRACE) {
      while (at < end && buffer[at] !== 125) at++;
      if (at < end) at++;
      valueEnd = at;
    } else {
      while (at < end && buffer[at] !== SPACE) at++;
      valueEnd = at;
      if (valueEnd > valueStart && buffer[valueEnd - 1] === COMMA) valueEnd--;
    }
    onArgument(nameStart, nameEnd, valueStart, valueEnd, quoted);
  }
}

/** The kernel does not escape quotes inside a string: the closing one is the one before a space or the line end. */
function closingQuote(buffer: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    if (buffer[at] === QUOTE && (at + 1 >= end || buffer[at + 1] === SPACE)) return at;
  }
  return end;
}

const latin1 = new TextDecoder('latin1');

/** Adds one argument to a row: an integer (decimal or 0x) becomes a number, everything else a text. */
export function storeArgument(
  table: EventTableBuilder,
  row: number,
  name: string,
  buffer: Uint8Array,
  start: number,
  end: number,
  quoted: boolean,
): void {
  const field = table.field(name);
  if (!quoted && end > start) {
    if (buffer[start] === 48 && buffer[start + 1] === 120 && end - start > 2 && end - start <= 18) {
      if (storeHex(field, row, buffer, start + 2, end)) return;
    } else if (storeDecimal(field, row, buffer, start, end)) return;
  }
  field.setBytes(row, buffer, start, end);
}

type Field = ReturnType<EventTableBuilder['field']>;

function storeHex(field: Field, row: number, buffer: Uint8Array, start: number, end: number): boolean {
  let lo = 0;
  let hi = 0;
  for (let at = start; at < end; at++) {
    const byte = buffer[at] | 32;
    const digit = isDigit(buffer[at]) ? buffer[at] - 48 : byte >= 97 && byte <= 102 ? byte - 87 : -1;
    if (digit < 0) return false;
    hi = ((hi << 4) | (lo >>> 28)) >>> 0;
    lo = ((lo << 4) | digit) >>> 0;
  }
  field.setPair(row, lo, hi, true);
  return true;
}

function storeDecimal(field: Field, row: number, buffer: Uint8Array, start: number, end: number): boolean {
  const negative = buffer[start] === MINUS;
  const from = negative ? start + 1 : start;
  if (end === from || end - from > 20) return false;
  for (let at = from; at < end; at++) if (!isDigit(buffer[at])) return false;
  if (end - from > 15) {
    const value = BigInt(latin1.decode(buffer.subarray(start, end)));
    field.setPair(row, Number(value & 0xffffffffn), Number((value >> 32n) & 0xffffffffn), false);
    return true;
  }
  let value = 0;
  for (let at = from; at < end; at++) value = value * 10 + buffer[at] - 48;
  if (negative) value = -value;
  field.setPair(row, value % 4294967296, Math.floor(value / 4294967296), false);
  return true;
}
