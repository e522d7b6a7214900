import { skipGutter } from '../kernel-log/outer.ts';
import { type LineHandler, MAX_LINE } from '../lines.ts';
import { latin1Of, SPACE, TAB, trimEnd } from './bytes.ts';
import { afterPrefix, MOST_PREFIXES } from './prefix.ts';

/** Mail programs break lines at 72 to 80 columns; a word that would have fitted into so many was not broken off. */
const FULL = 68;
const NARROWEST = 32;
const WIDEST = 100;
/** A longer line with a space in it shows that its surroundings are not broken. */
const UNBROKEN = 104;
/** So much of a line says whether it begins anew. */
const LOOK = 160;

/** How lines begin that continue none: events of all renderings, calls, frames, marks, comments. */
const BEGINS =
  /^\s*(?:$|#|=> |CPU[: ]\d|cpus=\d|-{20}|\d{1,5}\) |\d+\.\d{6} \||\S.{0,40}?-\d+ +(?:\([ \d-]{1,9}\) +)?\[\d{3,5}\](?:\s|$)|\S.{0,15}?-\d+ +\d*[.dDbX][.\w]{3,8}(?:\s|$)|\S.{0,31}? \d+(?:\/\d+)? +\[\d{3,5}\] |\t?[0-9a-f]{16} )/;
/** What people and programs write has line ends of its own. */
const FREE_TEXT = /: (?:print|bprint|bputs|tracing_mark_write|console|raw_data|user_events): /;
/** An event, or the beginning of one. */
const EVENT =
  /^\s*\S.{0,40}?-?\d+ +(?:\([ \d-]{1,9}\) +)?(?:\[\d{3,5}\]|\d*[.dDbX][.\w]{3,8} )|^\s*(?:\d{1,5}\) |\d+\.\d{6} \|)/;

function widthOfFirstWord(text: string): number {
  return /^\s*(\S*)/.exec(text)?.[1].length ?? 0;
}

/** Whether the line is one of its own, if need be behind prefixes. */
function begins(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  for (let i = 0; i <= MOST_PREFIXES; i++) {
    if (BEGINS.test(latin1Of(bytes, at, Math.min(end, at + LOOK)))) return true;
    const next = afterPrefix(bytes, at, end);
    if (next === at) return false;
    at = next;
  }
  return false;
}

/** Whether `[start, end)` is the rest of a line that ends `width` columns from the left and begins as `first`. */
function isRest(first: string, width: number, bytes: Uint8Array, start: number, end: number): boolean {
  if (width < NARROWEST || width > WIDEST || FREE_TEXT.test(first)) return false;
  const word = widthOfFirstWord(latin1Of(bytes, start, Math.min(end, start + LOOK)));
  return width + 1 + word > FULL && !begins(bytes, start, end);
}

/** How a mail program broke lines: in place of a space, or behind one (format=flowed, RFC 3676). */
export type Breaks = 'hard' | 'flowed';

/** How the lines of a text were broken; null where they were not. */
export function breaksOf(lines: readonly Uint8Array[]): Breaks | null {
  let rests = 0;
  let flowed = 0;
  let spaces = 0;
  let first = '';
  let width = 0;
  for (const line of lines) {
    const stop = trimEnd(line, 0, line.length);
    if (stop > UNBROKEN && line.lastIndexOf(SPACE, stop) > UNBROKEN) return null;
    const from = skipGutter(line, 0, stop);
    if (EVENT.test(first) && isRest(first, width, line, from, stop)) {
      rests++;
      // Calls are indented by two, so of an odd number of spaces one is missing.
      if (spaces === 1 || (spaces > 0 && spaces % 2 === 0)) flowed++;
    } else first = latin1Of(line, from, Math.min(stop, from + LOOK));
    // A line broken among spaces ends in some of them.
    width = line.length;
    spaces = line.length - stop;
  }
  if (rests === 0) return null;
  return flowed === rests ? 'flowed' : 'hard';
}

/** Takes lines some of which a mail program broke, and hands on whole ones, without marks of quotation. */
export class Unwrapped {
  private readonly isHard: boolean;
  private readonly next: LineHandler;
  private buffer = Buffer.alloc(4096);
  private filled = 0;
  private offset = 0;
  /** Bytes in the source of the line that waits; 0 when none does. */
  private length = 0;
  private width = 0;
  private first = '';

  constructor(breaks: Breaks, next: LineHandler) {
    this.isHard = breaks === 'hard';
    this.next = next;
  }

  readonly line: LineHandler = (bytes, start, end, offset, length) => {
    const from = skipGutter(bytes, start, end);
    if (this.isBroken() && isRest(this.first, this.width, bytes, from, end)) {
      let at = from;
      while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
      this.take(bytes, at, end);
      this.length += length;
    } else {
      this.flush();
      this.first = latin1Of(bytes, from, Math.min(end, from + LOOK));
      this.offset = offset;
      this.length = length;
      this.take(bytes, from, end);
    }
    this.width = end - start;
  };

  /** Whether the line that waits may go on in the next one: an event, or the header of a trace. */
  private isBroken(): boolean {
    if (this.length === 0 || this.filled >= MAX_LINE) return false;
    return this.first.startsWith('#') || EVENT.test(this.first);
  }

  /** Hands on the line that waits for its rest. */
  flush(): void {
    if (this.length === 0) return;
    const { filled, offset, length } = this;
    this.filled = 0;
    this.length = 0;
    this.next(this.buffer, 0, filled, offset, length);
  }

  private take(bytes: Uint8Array, start: number, end: number): void {
    if (this.filled + end - start + 1 > this.buffer.length) {
      const grown = Buffer.alloc((this.filled + end - start) * 2 + 1);
      this.buffer.copy(grown, 0, 0, this.filled);
      this.buffer = grown;
    }
    if (this.filled > 0 && (this.isHard || this.buffer[this.filled - 1] !== SPACE))
      this.buffer[this.filled++] = SPACE;
    this.buffer.set(bytes.subarray(start, end), this.filled);
    this.filled += end - start;
  }
}
