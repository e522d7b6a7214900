import {
  ascii,
  BACKSLASH,
  CLOSE,
  COLON,
  findByte,
  GREATER,
  isDigit,
  OPEN,
  PIPE,
  QUOTE,
  SPACE,
  skipDigits,
  skipSpaces,
  startsWith,
} from '../ascii.ts';
import { Head } from './head.ts';
import { readClock, readIso } from './wall-time.ts';

const scratch = new Head();
const LAVA_JSON = ascii('- {"dt"');
const LAVA_YAML = ascii('- {dt:');
const PLUS = 0x2b;
const APOSTROPHE = 0x27;
/** What follows the backslash of an escape of JSON, and the byte that it stands for. */
const JSON_ESCAPES = new Map(
  Object.entries({ '"': 0x22, '\\': 0x5c, '/': 0x2f, n: 0x20, r: 0x20, t: 0x09, b: 0x20, f: 0x20 }),
);

/**
 * Index after one prefix that something between the kernel and the reader put before the line, or `at` when there is none:
 * quoting (`> `, `| `, `+` of a diff), line numbers of an editor, times of a CI system.
 */
export function skipOuter(bytes: Uint8Array, at: number, end: number): number {
  const byte = bytes[at];
  if (byte === GREATER || byte === PIPE) return skipGutter(bytes, at, end);
  if (byte === PLUS && (bytes[at + 1] === OPEN || bytes[at + 1] === 0x3c)) return at + 1;
  if (byte === OPEN) return skipBracketedTime(bytes, at, end);
  if (isDigit(byte)) return skipNumber(bytes, at, end);
  if (byte === SPACE) {
    const next = skipSpaces(bytes, at, end);
    return bytes[next] === GREATER || bytes[next] === PIPE || isDigit(bytes[next]) || bytes[next] === OPEN
      ? next
      : at;
  }
  return at;
}

/** Index after the quoting signs `>` or `|` at `at` and the one space that follows them. */
export function skipGutter(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && (bytes[i] === GREATER || bytes[i] === PIPE)) i++;
  return i > at && bytes[i] === SPACE && i < end ? i + 1 : i;
}

/** `2026-11-22T22:06:08.8157420Z ` (GitHub, LAVA), `22:06:08 ` (Jenkins), `123: ` or `123 ` (editors, grep -n). */
function skipNumber(bytes: Uint8Array, at: number, end: number): number {
  const iso = readIso(bytes, at, end, scratch);
  if (iso >= 0) return bytes[iso] === SPACE && iso < end ? iso + 1 : at;
  if (readClock(bytes, at, end) >= 0) {
    let i = at + 8;
    if (bytes[i] === 0x2e) i = skipDigits(bytes, i + 1, end);
    return i < end && bytes[i] === SPACE ? skipSpaces(bytes, i, end) : at;
  }
  const stop = skipDigits(bytes, at, end);
  if (stop - at > 7 || stop >= end) return at;
  if (bytes[stop] === COLON || bytes[stop] === PIPE || bytes[stop] === 0x2d)
    return skipSpaces(bytes, stop + 1, end);
  const next = skipSpaces(bytes, stop, end);
  return next > stop && (bytes[next] === OPEN || bytes[next] === 0x3c || bytes[next] === GREATER) ? next : at;
}

/** `[22:06:08] `, `[2026-11-22 22:06:08] `, `[2026-11-22T22:06:08.815Z] `: terminal programs and Jenkins. */
function skipBracketedTime(bytes: Uint8Array, at: number, end: number): number {
  const close = findByte(bytes, CLOSE, at, end);
  if (close < 0 || close - at > 40) return at;
  const isTime = readIso(bytes, at + 1, close, scratch) >= 0 || readClock(bytes, at + 1, close) >= 0;
  if (!isTime) return at;
  return bytes[close + 1] === SPACE && close + 1 < end ? close + 2 : close + 1;
}

export interface LavaText {
  readonly start: number;
  readonly end: number;
  /** The text has escapes: of JSON, or the doubled single quotes of YAML. */
  readonly escapes: 'json' | 'yaml' | null;
}

/**
 * Place of the text in a line of a LAVA log, `- {"dt": "...", "lvl": "target", "msg": "..."}` or the same in YAML with single
 * quotes; null for any other line.
 */
export function lavaText(bytes: Uint8Array, at: number, end: number): LavaText | null {
  if (!startsWith(bytes, at, end, LAVA_JSON) && !startsWith(bytes, at, end, LAVA_YAML)) return null;
  const quote = bytes[at + 3] === QUOTE ? '"' : "'";
  const key = quote === '"' ? ascii('"msg": "') : ascii("msg: '");
  for (let i = at; i + key.length < end; i++) {
    if (!startsWith(bytes, i, end, key)) continue;
    let stop = end - 1;
    while (stop > i && bytes[stop] !== quote.charCodeAt(0)) stop--;
    const start = i + key.length;
    if (stop < start) return null;
    const sign = quote === '"' ? BACKSLASH : APOSTROPHE;
    const escapes = findByte(bytes, sign, start, stop) < 0 ? null : quote === '"' ? 'json' : 'yaml';
    return { start, end: stop, escapes };
  }
  return null;
}

/** Writes the text of a LAVA log without its escapes to `target`, which may be the same memory; returns its length. */
export function unescapeLava(bytes: Uint8Array, text: LavaText, target: Uint8Array): number {
  let length = 0;
  for (let i = text.start; i < text.end; i++) {
    const byte = bytes[i];
    if (text.escapes === 'yaml') {
      if (byte === APOSTROPHE && bytes[i + 1] === APOSTROPHE) i++;
    } else if (byte === BACKSLASH && i + 1 < text.end) {
      const plain = JSON_ESCAPES.get(String.fromCharCode(bytes[i + 1]));
      if (plain !== undefined) {
        target[length++] = plain;
        i++;
        continue;
      }
      const code = unicodeAt(bytes, i + 1, text.end);
      if (code >= 0) {
        // Control bytes are those of the terminal.
        if (code >= 0x20) length += Buffer.from(String.fromCharCode(code)).copy(target, length);
        i += 5;
        continue;
      }
    }
    target[length++] = byte;
  }
  return length;
}

/** Value of `uXXXX` at `at`, or -1. */
function unicodeAt(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== 0x75 || at + 5 > end) return -1;
  const digits = String.fromCharCode(...bytes.subarray(at + 1, at + 5));
  return /^[0-9a-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : -1;
}
