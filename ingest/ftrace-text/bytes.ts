export const TAB = 9;
export const LF = 10;
export const CR = 13;
export const SPACE = 32;
export const QUOTE = 34;
export const HASH = 35;
export const LEFT_PAREN = 40;
export const RIGHT_PAREN = 41;
export const PLUS = 43;
export const COMMA = 44;
export const DASH = 45;
export const DOT = 46;
export const SLASH = 47;
export const COLON = 58;
export const SEMICOLON = 59;
export const LESS = 60;
export const EQUALS = 61;
export const GREATER = 62;
export const LEFT_BRACKET = 91;
export const RIGHT_BRACKET = 93;
export const LEFT_BRACE = 123;
export const PIPE = 124;
export const RIGHT_BRACE = 125;

const latin1 = new TextDecoder('latin1');

export function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

export function isHexDigit(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || (byte >= 97 && byte <= 102) || (byte >= 65 && byte <= 70);
}

/** Letters, digits, `_`, `.`, `-`, `$`: what the names of arguments and functions are made of. */
export function isNameByte(byte: number): boolean {
  return (
    (byte >= 97 && byte <= 122) ||
    (byte >= 65 && byte <= 90) ||
    isDigit(byte) ||
    byte === 95 ||
    byte === DOT ||
    byte === DASH ||
    byte === 36
  );
}

/** Position of `byte` in `[start, end)`, or -1. */
export function indexOfByte(buffer: Uint8Array, byte: number, start: number, end: number): number {
  for (let at = start; at < end; at++) if (buffer[at] === byte) return at;
  return -1;
}

/** Position of the parenthesis that closes the one at `open`, or -1. */
export function closingParen(buffer: Uint8Array, open: number, end: number): number {
  let depth = 0;
  for (let at = open; at < end; at++) {
    if (buffer[at] === LEFT_PAREN) depth++;
    else if (buffer[at] === RIGHT_PAREN && --depth === 0) return at;
  }
  return -1;
}

export function skipSpaces(buffer: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && buffer[at] === SPACE) at++;
  return at;
}

/** The end of `[start, end)` without spaces. */
export function trimEnd(buffer: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && (buffer[at - 1] === SPACE || buffer[at - 1] === TAB)) at--;
  return at;
}

/** Whether `text` (ASCII) stands at `at`. */
export function startsWith(buffer: Uint8Array, at: number, end: number, text: string): boolean {
  if (end - at < text.length) return false;
  for (let i = 0; i < text.length; i++) if (buffer[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** A byte as a character each: positions in the string are positions in the bytes. */
export function latin1Of(buffer: Uint8Array, start: number, end: number): string {
  return latin1.decode(buffer.subarray(start, end));
}
