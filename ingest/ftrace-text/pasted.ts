import type { LineHandler } from '../lines.ts';
import { withoutControls } from '../paste/clean.ts';
import { HtmlText } from '../paste/html-text.ts';
import { QuotedPrintable } from '../paste/quoted-printable.ts';
import { latin1Of } from './bytes.ts';
import { type Breaks, breaksOf, Unwrapped } from './unwrap.ts';

/** Larger inputs are no pastes. */
export const LARGEST_PASTE = 1 << 26;

/** What was done to a text on its way from the tracer to here, and has to be undone before its lines can be read. */
export interface Changes {
  /** The source of a mail: `=3D` stands for `=`, an `=` at the end of a line joins the next one. */
  readonly quotedPrintable: boolean;
  /** The source of a page: `&lt;` stands for `<`. */
  readonly html: boolean;
  /** Colours of a terminal, no-break spaces, typographic quotes. */
  readonly characters: boolean;
  /** Lines broken by a mail program. */
  readonly breaks: Breaks | null;
}

/** Names of the changes for the import log. */
export function changeNames(changes: Changes): string[] {
  const names: string[] = [];
  if (changes.quotedPrintable) names.push('quoted-printable');
  if (changes.html) names.push('HTML');
  if (changes.characters) names.push('colours or typographic characters');
  if (changes.breaks) names.push('broken lines');
  return names;
}

const LINE_END = Buffer.from('\n');
const ESCAPED = /&(?:lt|gt|quot|nbsp|#60|#62|#34);|<\/?(?:pre|code|span|div|br)\b/i;
/** What the tracers print in angle brackets; a page has it escaped. */
const RAW = / <-|<\.\.\.>|<idle>|<stack trace>|=> <|<(?:user stack|TASK)/;
const TYPOGRAPHIC = /\x1b[[\]]|\xc2\xa0|(?:^|[\x00-\x7f])\xa0|\xe2\x80[\x8b\x9c-\x9f\xaf]/;

/** What was done to a text of which `head` is the first part; null for nothing. */
export function changesOf(head: Uint8Array): Changes | null {
  const text = latin1Of(head, 0, head.length);
  const changes: Changes = {
    quotedPrintable: isQuotedPrintable(text),
    html: ESCAPED.test(text) && !RAW.test(text),
    characters: TYPOGRAPHIC.test(text),
    breaks: null,
  };
  const breaks = breaksOf(linesOf(head, changes));
  const isChanged = changes.quotedPrintable || changes.html || changes.characters || breaks !== null;
  return isChanged ? { ...changes, breaks } : null;
}

/** True when all equals signs are written as quoted-printable wants it. */
function isQuotedPrintable(text: string): boolean {
  return /=3D|=\r?\n/.test(text) && !/=(?![0-9A-F]{2}|\r?\n|$)/.test(text);
}

/** The lines of a sample as they were before the changes; the last one, which may be cut, is left out. */
function linesOf(head: Uint8Array, changes: Changes): Uint8Array[] {
  const lines: Uint8Array[] = [];
  const shown = new ShownLines(changes, (bytes, start, end) => {
    lines.push(Uint8Array.prototype.slice.call(bytes, start, end));
  });
  for (let start = 0; start < head.length; ) {
    const lf = head.indexOf(10, start);
    if (lf < 0) break;
    shown.line(head, start, lf > start && head[lf - 1] === 13 ? lf - 1 : lf, start, lf + 1 - start);
    start = lf + 1;
  }
  shown.flush();
  return lines;
}

/** A sample as it was before the changes. */
export function shownHead(head: Uint8Array, changes: Changes): Uint8Array {
  return Buffer.concat(linesOf(head, changes).flatMap((line) => [line, LINE_END]));
}

/** Takes the lines of a changed text and hands on what they were; a line stands where its first part does. */
export class ShownLines {
  readonly line: LineHandler;
  private readonly flushes: (() => void)[] = [];

  constructor(changes: Changes, next: LineHandler) {
    let line = next;
    if (changes.breaks) {
      const unwrapped = new Unwrapped(changes.breaks, line);
      this.flushes.unshift(() => unwrapped.flush());
      line = unwrapped.line;
    }
    if (changes.characters) line = plainCharacters(line);
    if (changes.html) line = new HtmlText(line).line;
    if (changes.quotedPrintable) {
      const quoted = new QuotedPrintable(line);
      this.flushes.unshift(() => quoted.flush());
      line = quoted.line;
    }
    this.line = line;
  }

  /** Hands on what waits for a next line. */
  flush(): void {
    for (const flush of this.flushes) flush();
  }
}

/** Hands on lines without sequences of a terminal, and with the characters that programs replaced. */
function plainCharacters(next: LineHandler): LineHandler {
  let buffer = new Uint8Array(4096);
  return (bytes, start, end, offset, length) => {
    if (end - start > buffer.length) buffer = new Uint8Array((end - start) * 2);
    const filled = withoutControls(bytes, start, end, buffer);
    let to = 0;
    for (let at = 0; at < filled; ) {
      const size = typographicSize(buffer, at, filled);
      if (size === 0) buffer[to++] = buffer[at++];
      else {
        const plain = plainOf(buffer, at, size);
        if (plain > 0) buffer[to++] = plain;
        at += size;
      }
    }
    next(buffer, 0, to, offset, length);
  };
}

/** Bytes of a no-break space, typographic quote or space of no width at `at`; 0 for anything else. */
function typographicSize(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] === 0xa0) return at === 0 || bytes[at - 1] < 0x80 ? 1 : 0;
  if (bytes[at] === 0xc2 && bytes[at + 1] === 0xa0 && at + 1 < end) return 2;
  if (bytes[at] !== 0xe2 || bytes[at + 1] !== 0x80 || at + 2 >= end) return 0;
  const last = bytes[at + 2];
  return last === 0x8b || last === 0xaf || (last >= 0x9c && last <= 0x9f) ? 3 : 0;
}

/** What the tracer printed there; 0 for nothing. */
function plainOf(bytes: Uint8Array, at: number, size: number): number {
  if (size < 3 || bytes[at + 2] === 0xaf) return 0x20;
  return bytes[at + 2] === 0x8b ? 0 : 0x22;
}
