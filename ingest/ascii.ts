/** Bytes that renderings of text are built from. */
export const TAB = 0x09;
export const LF = 0x0a;
export const ESC = 0x1b;
export const SPACE = 0x20;
export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const MINUS = 0x2d;
export const DOT = 0x2e;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const LESS = 0x3c;
export const EQUALS = 0x3d;
export const GREATER = 0x3e;
export const OPEN = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE = 0x5d;
export const BRACE = 0x7b;
export const PIPE = 0x7c;
export const NO_BREAK_LEAD = 0xc2;
export const NO_BREAK = 0xa0;

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

const HEX_DIGITS = new Int8Array(256).fill(-1);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  HEX_DIGITS[digit.charCodeAt(0)] = HEX_DIGITS[digit.toUpperCase().charCodeAt(0)] = value;
}

/** Value of a hexadecimal digit, or -1. */
export function hexDigit(byte: number): number {
  return HEX_DIGITS[byte];
}

/** A space, or a no-break space as mail programs and browsers put in its place (UTF-8 C2 A0, Latin-1 A0). */
export function isBlank(byte: number): boolean {
  return byte === SPACE || byte === NO_BREAK || byte === NO_BREAK_LEAD;
}

/** Index of the first byte from `at` that is not a space. */
export function skipSpaces(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && bytes[i] === SPACE) i++;
  return i;
}

/** Index of the first byte from `at` that is not blank in the sense of `isBlank`. */
export function skipBlanks(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && isBlank(bytes[i])) i++;
  return i;
}

/** Index of the first byte from `at` that is no digit. */
export function skipDigits(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && isDigit(bytes[i])) i++;
  return i;
}

/** Index of the first space, or `end`. */
export function wordEnd(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && bytes[i] !== SPACE) i++;
  return i;
}

/** Value of the digits in `[at, end)`; exact up to 15 digits. */
export function numberIn(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  for (let i = at; i < end; i++) value = value * 10 + bytes[i] - 0x30;
  return value;
}

/** The bytes of an ASCII text. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

export function startsWith(bytes: Uint8Array, at: number, end: number, pattern: Uint8Array): boolean {
  if (end - at < pattern.length) return false;
  for (let i = 0; i < pattern.length; i++) if (bytes[at + i] !== pattern[i]) return false;
  return true;
}

/** Index of a byte in `[at, end)`, or -1. Unlike `indexOf` of the buffer it never looks beyond the line. */
export function findByte(bytes: Uint8Array, byte: number, at: number, end: number): number {
  for (let i = at; i < end; i++) if (bytes[i] === byte) return i;
  return -1;
}

/** True when a byte stands in `[start, end)` of the memory of `view`; it looks at four bytes at once. */
export function hasByte(view: DataView, byte: number, start: number, end: number): boolean {
  const all = byte * 0x01010101;
  let i = start;
  for (const last = end - 3; i < last; i += 4) {
    const word = view.getInt32(i, true) ^ all;
    if (((word - 0x01010101) & ~word & 0x80808080) !== 0) return true;
  }
  for (; i < end; i++) if (view.getUint8(i) === byte) return true;
  return false;
}

/** A view of the same memory that reads and writes words at any index. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
