import { GREATER, MINUS, OPEN, PIPE, SPACE, skipDigits, skipSpaces, wordEnd } from '../ascii.ts';
import { skipGutter } from './outer.ts';
import { readClock } from './wall-time.ts';

/** Mail programs break lines at 72 to 80 columns. */
const MIN_BROKEN = 40;
const MAX_BROKEN = 100;
const FULL = 68;
/** A longer line with spaces in it shows that its surroundings are not wrapped. */
const UNWRAPPED = 104;
/** For so many lines after such a line nothing counts as wrapped. */
const REACH = 5000;

/** Tells whether a line is the rest of the one before it, which a mail program broke. */
export class Wrapping {
  private quiet = 0;
  private lastWidth = 0;
  private wasQuoted = false;

  /** Notes the line `[start, end)`, quoting included, after it was read. */
  note(bytes: Uint8Array, start: number, end: number): void {
    const width = end - start;
    this.lastWidth = width;
    this.wasQuoted = isGutter(bytes[start]);
    if (width > UNWRAPPED && skipLastSpace(bytes, start, end) > start + UNWRAPPED) this.quiet = REACH;
    else if (this.quiet > 0) this.quiet--;
  }

  /** True when the text at `at` of the line from `start` would not have fitted on the line before, and both are quoted or not. */
  isRest(bytes: Uint8Array, start: number, at: number, end: number): boolean {
    if (this.wasQuoted !== isGutter(bytes[start]) || hasTime(bytes, start, at)) return false;
    if (this.quiet > 0 || this.lastWidth < MIN_BROKEN || this.lastWidth > MAX_BROKEN) return false;
    const first = skipSpaces(bytes, at, end);
    return first < end && this.lastWidth + 1 + wordEnd(bytes, first, end) - first > FULL;
  }
}

/** True when the prefix `[start, at)` has the time of a CI system: it prints one for each line, and breaks none. */
function hasTime(bytes: Uint8Array, start: number, at: number): boolean {
  const first = isGutter(bytes[start]) ? skipGutter(bytes, start, at) : start;
  const clock = bytes[first] === OPEN ? first + 1 : first;
  return at - clock >= 8 && (isDate(bytes, clock, at) || readClock(bytes, clock, at) >= 0);
}

/** True for `2026-11-22T` at `at`. */
function isDate(bytes: Uint8Array, at: number, end: number): boolean {
  return (
    end - at >= 11 &&
    bytes[at + 4] === MINUS &&
    bytes[at + 7] === MINUS &&
    skipDigits(bytes, at, end) === at + 4
  );
}

/** Index of the last space in a line, or -1: a long line without one is no evidence, no program breaks words. */
function skipLastSpace(bytes: Uint8Array, start: number, end: number): number {
  for (let i = end - 1; i >= start; i--) if (bytes[i] === SPACE) return i;
  return -1;
}

function isGutter(byte: number): boolean {
  return byte === GREATER || byte === PIPE;
}
