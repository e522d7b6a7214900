import {
  COMMA,
  EQUALS,
  indexOfByte,
  isNameByte,
  LEFT_BRACE,
  LEFT_BRACKET,
  LEFT_PAREN,
  PLUS,
  QUOTE,
  RIGHT_BRACE,
  RIGHT_BRACKET,
  SLASH,
  SPACE,
} from './bytes.ts';

/** MODULE_NAME_LEN with the brackets and the space. */
const LONGEST_MODULE = 64;

/** Receives one `name=value`; `quoted` tells a text from a number that looks like one. */
export type ArgumentHandler = (
  nameStart: number,
  nameEnd: number,
  valueStart: number,
  valueEnd: number,
  quoted: boolean,
) => void;

/**
 * Calls `onArgument` for every `name=value` of a body. A value ends at a space, except inside quotes and braces
 * (arrays); quotes are left out of the value. Words without `=` are passed over.
 */
export function forEachArgument(
  buffer: Uint8Array,
  start: number,
  end: number,
  onArgument: ArgumentHandler,
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
    } else if (buffer[at] === LEFT_BRACE) {
      at = endOfArray(buffer, at, end);
      valueEnd = at;
    } else {
      while (at < end && buffer[at] !== SPACE) at++;
      at = afterModule(buffer, valueStart, at, end);
      valueEnd = at;
      if (valueEnd > valueStart && buffer[valueEnd - 1] === COMMA) valueEnd--;
    }
    onArgument(nameStart, nameEnd, valueStart, valueEnd, quoted);
  }
}

/** The end of a value with the module behind it, `func+0x1/0x2 [mod]`: what the type `symbol` prints (`%pS`). */
function afterModule(buffer: Uint8Array, start: number, end: number, limit: number): number {
  if (buffer[end + 1] !== LEFT_BRACKET || end + 2 >= limit) return end;
  const plus = indexOfByte(buffer, PLUS, start, end);
  if (plus < 0 || indexOfByte(buffer, SLASH, plus, end) < 0) return end;
  const close = indexOfByte(buffer, RIGHT_BRACKET, end, Math.min(limit, end + LONGEST_MODULE));
  return close < 0 ? end : close + 1;
}

/**
 * The kernel does not escape quotes inside a string. The closing one is the first that ends the line or stands before
 * the next argument; where none does, the first before a space.
 */
function closingQuote(buffer: Uint8Array, start: number, end: number): number {
  let weak = -1;
  for (let at = start; at < end; at++) {
    if (buffer[at] !== QUOTE) continue;
    if (at + 1 >= end) return at;
    if (buffer[at + 1] === COMMA || buffer[at + 1] === SPACE) {
      if (startsArgument(buffer, at + 2, end)) return at;
      if (weak < 0) weak = at;
    }
  }
  return weak >= 0 ? weak : end;
}

function startsArgument(buffer: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && buffer[at] === SPACE) at++;
  const name = at;
  while (at < end && at - name < 64 && isNameByte(buffer[at])) at++;
  return at > name && at < end && buffer[at] === EQUALS;
}

/** The position after the brace that closes the array at `start`; braces inside quotes do not count. */
function endOfArray(buffer: Uint8Array, start: number, end: number): number {
  let inQuotes = false;
  for (let at = start + 1; at < end; at++) {
    if (buffer[at] === QUOTE) inQuotes = !inQuotes;
    else if (buffer[at] === RIGHT_BRACE && !inQuotes) return at + 1;
  }
  return end;
}

/**
 * Calls `onArgument` for the arguments of a call, `dev=0xff11000003568000, ps=12`, as `print_function_args`
 * (kernel/trace/trace_output.c, from 6.15) prints them. Commas inside brackets do not separate.
 */
export function forEachCallArgument(
  buffer: Uint8Array,
  start: number,
  end: number,
  onArgument: ArgumentHandler,
): void {
  let at = start;
  while (at < end) {
    while (at < end && (buffer[at] === SPACE || buffer[at] === COMMA)) at++;
    const nameStart = at;
    while (at < end && isNameByte(buffer[at])) at++;
    const nameEnd = at;
    let depth = 0;
    for (; at < end && (buffer[at] !== COMMA || depth > 0); at++) {
      if (buffer[at] === LEFT_PAREN || buffer[at] === 91) depth++;
      else if (buffer[at] === 41 || buffer[at] === 93) depth--;
    }
    if (nameEnd > nameStart && buffer[nameEnd] === EQUALS)
      onArgument(nameStart, nameEnd, nameEnd + 1, at, false);
  }
}
