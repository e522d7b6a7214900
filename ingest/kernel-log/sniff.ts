import { ascii, EQUALS, findByte, isDigit, startsWith, wordEnd } from '../ascii.ts';
import { withoutControls } from '../paste/clean.ts';
import { isHtmlText, showHtml } from '../paste/html-text.ts';
import { type Hints, readHead } from './core.ts';
import { Head, type Rendering } from './head.ts';
import { lavaText, skipOuter } from './outer.ts';

/** What a sample of lines shows. */
export interface Sample {
  /** Lines that are not blank. */
  lines: number;
  /** Lines with the head of a record. */
  headed: number;
  /** Lines that have an uptime in brackets behind something else: a prefix that is not known here. */
  embedded: number;
  /** The text is the source of a page. */
  isHtml: boolean;
  /** Lines whose head says that the kernel wrote them. */
  kernel: number;
  /** Equals signs written as `=3D`: the text is quoted-printable, as a mail carries it. */
  escapes: number;
  /** Equals signs that quoted-printable does not allow. */
  plainEquals: number;
  readonly renderings: Map<Rendering, number>;
  readonly hints: Hints;
}

const NO_HINTS: Hints = { bare: false, monotonicJournal: false, isoJournal: false };
const KERNEL = ascii('kernel: ');

/** Reads the lines of a sample, the first bytes of a source, without writing any record. */
export function sampleOf(head: Uint8Array): Sample {
  const hints = { ...NO_HINTS };
  const sample: Sample = {
    lines: 0,
    headed: 0,
    embedded: 0,
    isHtml: isHtmlText(Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1')),
    kernel: 0,
    escapes: 0,
    plainEquals: 0,
    renderings: new Map(),
    hints,
  };
  const record = new Head();
  const clean = new Uint8Array(head.length);
  const shown = sample.isHtml ? new Uint8Array(head.length) : clean;
  let tagged = 0;
  for (let start = 0; start < head.length; ) {
    let end = head.indexOf(10, start);
    if (end < 0) end = head.length;
    const length = sample.isHtml
      ? withoutControls(shown, 0, showHtml(head, start, end, shown), clean)
      : withoutControls(head, start, end, clean);
    start = end + 1;
    if (length === 0) continue;
    sample.lines++;
    countEscapes(clean, length, sample);
    const text = headIn(clean, length, record);
    if (text < 0) {
      if (hasUptime(clean, length)) sample.embedded++;
      continue;
    }
    sample.headed++;
    if (record.kernel) sample.kernel++;
    sample.renderings.set(record.rendering, (sample.renderings.get(record.rendering) ?? 0) + 1);
    const word = wordEnd(clean, text, length);
    if (record.rendering === 'console or dmesg' && startsWith(clean, word + 1, length, KERNEL)) tagged++;
    if (record.rendering === 'syslog or journalctl iso') hints.isoJournal = true;
  }
  hints.bare = sample.headed === 0 && sample.embedded === 0;
  hints.monotonicJournal = tagged > 0 && tagged * 2 > sample.headed;
  return sample;
}

/** No prefix in front of a record is longer. */
const LONGEST_PREFIX = 80;
const UPTIME_BRACKET = /.\[ {0,4}\d{1,9}\.\d{6}\]/s;

/** Events of a trace may quote what the console got. */
const TRACE_HEAD = / \[\d{3,}\] /;

function hasUptime(bytes: Uint8Array, length: number): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(length, LONGEST_PREFIX));
  const match = UPTIME_BRACKET.exec(text.toString('latin1'));
  return match !== null && !TRACE_HEAD.test(match.input.slice(0, match.index));
}

const recordHead = new Head();

/** True when the line `[start, end)` begins, behind quoting and prefixes, as a record of a kernel log. */
export function isRecord(bytes: Uint8Array, start: number, end: number): boolean {
  const line = bytes.subarray(start, end);
  return headIn(line, line.length, recordHead) >= 0;
}

/** Index of the message of a line, or -1 when it has no head. */
function headIn(bytes: Uint8Array, length: number, head: Head): number {
  let at = 0;
  let end = length;
  for (let prefixes = 0; prefixes < 16; prefixes++) {
    const lava = lavaText(bytes, at, end);
    if (lava) {
      at = lava.start;
      end = lava.end;
    }
    head.clear();
    head.textEnd = end;
    const text = readHead(bytes, at, head, NO_HINTS);
    if (text >= 0) return text;
    const next = skipOuter(bytes, at, head.textEnd);
    if (next === at) return -1;
    at = next;
  }
  return -1;
}

/** Counts the equals signs of a line that quoted-printable explains and those that it does not. */
function countEscapes(bytes: Uint8Array, length: number, sample: Sample): void {
  for (let i = findByte(bytes, EQUALS, 0, length); i >= 0; i = findByte(bytes, EQUALS, i + 1, length)) {
    if (bytes[i + 1] === 0x33 && bytes[i + 2] === 0x44 && i + 2 < length) sample.escapes++;
    else if (i + 1 < length && !(isHex(bytes[i + 1]) && isHex(bytes[i + 2]))) sample.plainEquals++;
  }
}

function isHex(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46);
}
