import { ESC, LF, NO_BREAK, SPACE, TAB } from '../ascii.ts';

/** What a byte asks of the reader: nothing, or a closer look at the text that holds it. */
export const PLAIN = 0;
/** A control byte: NUL of a serial line, ANSI sequence, carriage return. */
export const CONTROL = 1;
/** Part of a UTF-8 sequence, or of something that should have been one. */
export const HIGH = 2;
/** `[`, which may begin a second record merged into the line. */
export const BRACKET = 4;

export const BYTE_CLASS = new Uint8Array(256);
BYTE_CLASS.fill(CONTROL, 0, SPACE);
BYTE_CLASS[TAB] = PLAIN;
BYTE_CLASS[LF] = PLAIN;
BYTE_CLASS[0x7f] = CONTROL;
BYTE_CLASS.fill(HIGH, 0x80);
BYTE_CLASS[0x5b] = BRACKET;

/**
 * Four bytes at once: true when none of them is a control byte (tab and line end included), part of a UTF-8 sequence or `[`. A carry
 * or borrow between the bytes comes only from a byte that is none of the plain ones itself.
 */
export function isPlainWord(word: number): boolean {
  return (
    (((word + 0x01010101) | (word - 0x20202020) | word | ((word ^ 0x5b5b5b5b) - 0x01010101)) & 0x80808080) ===
    0
  );
}

/** Four bytes at once: false when none of them is a control byte. */
function mayHoldControl(word: number): boolean {
  const deleted = word ^ 0x7f7f7f7f;
  return ((((word - 0x20202020) & ~word) | ((deleted - 0x01010101) & ~deleted)) & 0x80808080) !== 0;
}

/** True when a control byte stands in `[start, end)` of the memory of `view`. */
export function hasControl(view: DataView, start: number, end: number): boolean {
  let i = start;
  for (const last = end - 3; i < last; i += 4) {
    if (!mayHoldControl(view.getInt32(i, true))) continue;
    for (let k = i; k < i + 4; k++) if (BYTE_CLASS[view.getUint8(k)] === CONTROL) return true;
  }
  for (; i < end; i++) if (BYTE_CLASS[view.getUint8(i)] === CONTROL) return true;
  return false;
}

/** True for a byte that follows the bracket of a time. */
export function mayBeTime(byte: number): boolean {
  return byte === SPACE || (byte >= 0x30 && byte <= 0x39);
}

const BELL = 0x07;

/** Index after the terminal sequence that begins with the escape at `at` (ECMA-48: CSI, OSC, two bytes). */
function sequenceEnd(bytes: Uint8Array, at: number, end: number): number {
  const kind = bytes[at + 1];
  let i = at + 2;
  if (kind === 0x5b) {
    while (i < end && bytes[i] >= 0x20 && bytes[i] < 0x40) i++;
    return Math.min(i + 1, end);
  }
  if (kind === 0x5d) {
    while (i < end && bytes[i] !== BELL && bytes[i] !== ESC) i++;
    return Math.min(bytes[i] === ESC ? i + 2 : i + 1, end);
  }
  return Math.min(i, end);
}

/** Copies `source[start, end)` without control bytes and terminal sequences to `target`; returns the length of the copy. */
export function withoutControls(source: Uint8Array, start: number, end: number, target: Uint8Array): number {
  let length = 0;
  for (let i = start; i < end; ) {
    const byte = source[i];
    if (byte === ESC) {
      i = sequenceEnd(source, i, end);
      continue;
    }
    if (BYTE_CLASS[byte] !== CONTROL) target[length++] = byte;
    i++;
  }
  return length;
}

export interface Utf8Result {
  length: number;
  noBreaks: number;
  invalid: number;
}

/**
 * Copies UTF-8 to `target` (three times as large): no-break spaces become spaces, each byte that belongs to no valid sequence
 * becomes U+FFFD, so that the copy is valid.
 */
export function repairUtf8(source: Uint8Array, length: number, target: Uint8Array, out: Utf8Result): void {
  out.length = 0;
  out.noBreaks = 0;
  out.invalid = 0;
  for (let i = 0; i < length; ) {
    const size = source[i] < 0x80 ? 1 : sequenceSize(source, i, length);
    if (
      (size === 2 && source[i] === 0xc2 && source[i + 1] === NO_BREAK) ||
      (size === 0 && source[i] === NO_BREAK)
    ) {
      target[out.length++] = SPACE;
      out.noBreaks++;
    } else if (size === 0) {
      target[out.length++] = 0xef;
      target[out.length++] = 0xbf;
      target[out.length++] = 0xbd;
      out.invalid++;
    } else {
      for (let k = 0; k < size; k++) target[out.length++] = source[i + k];
    }
    i += size || 1;
  }
}

/** Length of the valid sequence of two to four bytes at `at` (Unicode, table 3-7), or 0. */
function sequenceSize(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at];
  const size =
    lead >= 0xc2 && lead <= 0xdf
      ? 2
      : lead >= 0xe0 && lead <= 0xef
        ? 3
        : lead >= 0xf0 && lead <= 0xf4
          ? 4
          : 0;
  if (size === 0 || at + size > end) return 0;
  const second = bytes[at + 1];
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let k = 2; k < size; k++) if ((bytes[at + k] & 0xc0) !== 0x80) return 0;
  return size;
}
