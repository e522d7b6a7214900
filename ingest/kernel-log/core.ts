import {
  ascii,
  CLOSE,
  COLON,
  DOT,
  findByte,
  GREATER,
  isBlank,
  isDigit,
  LESS,
  MINUS,
  numberIn,
  OPEN,
  SEMICOLON,
  SPACE,
  skipBlanks,
  skipDigits,
  skipSpaces,
  startsWith,
  wordEnd,
} from '../ascii.ts';
import {
  afterBlank,
  type Head,
  NONE,
  RELATIVE,
  readCaller,
  readSeconds,
  readUptime,
  UPTIME,
  WALL,
} from './head.ts';
import { readKmsg } from './kmsg.ts';
import { readCtime, readIso, readShortFull, readSyslogDate } from './wall-time.ts';

/** Names of facilities and levels in the order of their numbers, as `dmesg -x` prints them (util-linux sys-utils/dmesg.c). */
export const FACILITIES = 'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp'.split(' ');
export const LEVELS = 'emerg alert crit err warn notice info debug'.split(' ');
const FACILITY_BYTES = FACILITIES.map(ascii);
const LEVEL_BYTES = LEVELS.map(ascii);
/** Heads inside heads, e.g. a console line behind a level behind a time. */
const MAX_NESTING = 4;
const KERNEL = ascii('kernel');
const REPEATED = ascii('message repeated ');

/** What the sample of a source taught about the lines that a single line cannot tell. */
export interface Hints {
  /** Lines without any head are records: `dmesg -t`, or an excerpt posted without times. */
  bare: boolean;
  /** `host kernel:` follows the bracketed time: `journalctl -o short-monotonic`. */
  monotonicJournal: boolean;
  /** `host kernel:` follows ISO times. */
  isoJournal: boolean;
}

/**
 * Reads the head of a record in any rendering that starts at `at`: time, level, facility, caller. Returns the index of the
 * message, or -1 when no record starts here. `head.textEnd` must be the end of the line; it shrinks when the head closes a
 * bracket there.
 */
export function readHead(bytes: Uint8Array, at: number, head: Head, hints: Hints): number {
  const end = head.textEnd;
  if (at >= end || head.nesting++ > MAX_NESTING) return -1;
  const byte = bytes[at];
  if (byte === OPEN) return readBracket(bytes, at, end, head, hints);
  if (byte === LESS) return readPriority(bytes, at, end, head, hints);
  if (isDigit(byte)) return readNumber(bytes, at, end, head, hints);
  if (((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a) || byte >= 0xc3)
    return readWord(bytes, at, end, head, hints);
  return -1;
}

/** Heads that begin with a bracket: the console, dmesg and its `-T`, `-d`, `-e` forms, a caller id alone. */
function readBracket(bytes: Uint8Array, at: number, end: number, head: Head, hints: Hints): number {
  const uptime = readUptime(bytes, at, end, head);
  if (uptime >= 0) {
    if (head.rendering === 'text without times') head.rendering = 'console or dmesg';
    const after = readCaller(bytes, uptime, end, head);
    const text = afterBlank(bytes, after, end);
    if (!hints.monotonicJournal) return text;
    const tagged = readTag(bytes, text, end, head);
    if (tagged < 0) return text;
    head.rendering = 'syslog or journalctl short';
    return tagged;
  }
  const stepped = readStepped(bytes, at, end, head);
  if (stepped >= 0) return afterBlank(bytes, readCaller(bytes, stepped, end, head), end);
  const first = skipBlanks(bytes, at + 1, end);
  const other =
    bytes[first] === LESS || bytes[first] === 0x2b
      ? readDelta(bytes, first, end, head)
      : readDated(bytes, first, end, head);
  if (other >= 0) return afterBlank(bytes, readCaller(bytes, other, end, head), end);
  const caller = readCaller(bytes, at, end, head);
  if (caller === at || (!hints.bare && head.level < 0)) return -1;
  return afterBlank(bytes, caller, end);
}

/** `[    0.512346 <    0.100001>]` of `dmesg -d`: the time, and the seconds since the record before. */
function readStepped(bytes: Uint8Array, at: number, end: number, head: Head): number {
  const stop = readSeconds(bytes, at, end, head);
  if (stop < 0 || bytes[stop] !== SPACE || bytes[stop + 1] !== LESS) return -1;
  const close = findByte(bytes, CLOSE, stop, Math.min(end, stop + 32));
  if (close < 0 || bytes[close - 1] !== GREATER) return -1;
  head.timeKind = UPTIME;
  head.stepNs = 1000;
  head.rendering = 'dmesg delta';
  return close + 1;
}

/** `[<    0.000199>]` of `dmesg -d`, `[  +0.003929]` of `dmesg --reltime`: seconds since the record before. */
function readDelta(bytes: Uint8Array, at: number, end: number, head: Head): number {
  const angle = bytes[at] === LESS;
  let first = skipBlanks(bytes, at + 1, end);
  const sign = bytes[first] === MINUS ? -1 : 1;
  if (sign < 0) first++;
  const point = skipDigits(bytes, first, end);
  if (point === first || point - first > 9 || bytes[point] !== DOT) return -1;
  const stop = skipDigits(bytes, point + 1, end);
  if (stop !== point + 7 || (angle && bytes[stop] !== GREATER)) return -1;
  const close = angle ? stop + 1 : stop;
  if (close >= end || bytes[close] !== CLOSE) return -1;
  head.timeKind = RELATIVE;
  head.seconds = sign * numberIn(bytes, first, point);
  head.nanos = sign * numberIn(bytes, point + 1, stop) * 1000;
  head.stepNs = 1000;
  head.rendering = angle ? 'dmesg delta' : 'dmesg reltime';
  return close + 1;
}

/** `[Sun Nov 22 22:06:08 2026]` of `dmesg -T`, `[Nov22 22:06]` with which `dmesg --reltime` starts a minute. */
function readDated(bytes: Uint8Array, at: number, end: number, head: Head): number {
  const ctime = readCtime(bytes, at, end, head);
  if (ctime >= 0) {
    head.rendering = 'dmesg -T';
    return bytes[ctime] === CLOSE && ctime < end ? ctime + 1 : -1;
  }
  head.timeKind = NONE;
  if (end - at < 12 || isDigit(bytes[at])) return -1;
  const day = skipDigits(bytes, at + 3, end);
  if (day === at + 3 || day > at + 5 || bytes[day] !== SPACE) return -1;
  const hour = skipDigits(bytes, day + 1, end);
  if (hour !== day + 3 || bytes[hour] !== COLON || bytes[hour + 3] !== CLOSE || hour + 3 >= end) return -1;
  head.timeKind = RELATIVE;
  head.seconds = 0;
  head.nanos = 0;
  head.stepNs = 1000;
  head.rendering = 'dmesg reltime';
  return hour + 4;
}

/** `<6>`: level and facility, then any other head or none. */
function readPriority(bytes: Uint8Array, at: number, end: number, head: Head, hints: Hints): number {
  const stop = skipDigits(bytes, at + 1, end);
  if (stop === at + 1 || stop > at + 4 || stop >= end || bytes[stop] !== GREATER) return -1;
  const priority = numberIn(bytes, at + 1, stop);
  if (priority > 191) return -1;
  head.level = priority & 7;
  head.facility = priority >> 3;
  const next = stop + 1;
  if (bytes[next] === 0x31 && bytes[next + 1] === SPACE) {
    const rfc5424 = read5424(bytes, next + 2, end, head);
    if (rfc5424 >= 0) return rfc5424;
  }
  head.rendering = 'dmesg -r or console with levels';
  const inner = bytes[next] === LESS ? -1 : readHead(bytes, next, head, hints);
  return inner >= 0 ? inner : next;
}

/** RFC 5424 after `<PRI>1 `: time, host, application, process, message id, structured data, message. */
function read5424(bytes: Uint8Array, at: number, end: number, head: Head): number {
  let i = readIso(bytes, at, end, head);
  if (i < 0) return -1;
  const app = wordEnd(bytes, wordEnd(bytes, at, end) + 1, end) + 1;
  const kernel = startsWith(bytes, app, end, KERNEL) && bytes[app + KERNEL.length] === SPACE;
  i = wordEnd(bytes, app, end) + 1;
  i = wordEnd(bytes, i, end) + 1;
  i = wordEnd(bytes, i, end) + 1;
  if (i >= end) return -1;
  i = bytes[i] === OPEN ? structuredEnd(bytes, i, end) : wordEnd(bytes, i, end);
  head.rendering = 'RFC 5424 syslog';
  const text = skipSpaces(bytes, Math.min(i + 1, end), end);
  if (!kernel) {
    head.kernel = false;
    return Math.min(app, end);
  }
  return readInner(bytes, text, end, head);
}

/** Index after the last `]` of the structured data `[id key="value"]...`. */
function structuredEnd(bytes: Uint8Array, at: number, end: number): number {
  let quoted = false;
  for (let i = at; i < end; i++) {
    const byte = bytes[i];
    if (quoted && byte === 0x5c) i++;
    else if (byte === 0x22) quoted = !quoted;
    else if (!quoted && byte === CLOSE && bytes[i + 1] !== OPEN) return i + 1;
  }
  return end;
}

/** Heads that begin with a digit: /dev/kmsg, ISO times, `journalctl -o short-unix`, a month of Japanese, Chinese or Korean. */
function readNumber(bytes: Uint8Array, at: number, end: number, head: Head, hints: Hints): number {
  const iso = readIso(bytes, at, end, head);
  if (iso >= 0) return afterIso(bytes, at, iso, end, head, hints);
  const kmsg = readKmsg(bytes, at, end, head);
  if (kmsg >= 0) return kmsg;
  const point = skipDigits(bytes, at, end);
  if (bytes[point] >= 0x80) return readWord(bytes, at, end, head, hints);
  const stop = skipDigits(bytes, point + 1, end);
  if (
    point - at < 9 ||
    point - at > 10 ||
    bytes[point] !== DOT ||
    stop !== point + 7 ||
    bytes[stop] !== SPACE
  )
    return -1;
  const text = readTag(bytes, stop + 1, end, head);
  if (text < 0 || head.timeKind === UPTIME) return text;
  head.timeKind = WALL;
  head.seconds = numberIn(bytes, at, point);
  head.nanos = numberIn(bytes, point + 1, stop) * 1000;
  head.stepNs = 1000;
  head.rendering = 'syslog or journalctl short';
  return text;
}

/**
 * After an ISO time stands the message (`dmesg --time-format=iso`, whose fraction has a comma), `host kernel:` (journalctl,
 * rsyslog), or a whole console line (a CI system printed the time). The last one's time is that of the console line.
 */
function afterIso(bytes: Uint8Array, at: number, iso: number, end: number, head: Head, hints: Hints): number {
  const text = skipSpaces(bytes, iso, end);
  if (text === iso || text >= end) return -1;
  const { seconds, nanos, stepNs } = head;
  const restore = () => {
    head.timeKind = WALL;
    head.seconds = seconds;
    head.nanos = nanos;
    head.stepNs = stepNs;
    head.rendering = 'dmesg iso';
  };
  if (bytes[at + 19] === 0x2c) {
    restore();
    return afterBlank(bytes, readCaller(bytes, iso, end, head), end);
  }
  const detached = readDetached(bytes, text, end, head);
  if (detached >= 0) return detached;
  const byte = bytes[text];
  if (byte === OPEN || byte === LESS || isDigit(byte)) {
    const inner = readHead(bytes, text, head, hints);
    if (inner >= 0) return inner;
  }
  head.timeKind = WALL;
  const tagged = readTag(bytes, text, end, head);
  if (tagged >= 0 && (head.kernel || hints.isoJournal)) {
    if (head.timeKind === WALL) restore();
    head.rendering = 'syslog or journalctl iso';
    return tagged;
  }
  head.kernel = true;
  const word = readWord(bytes, text, end, head, hints);
  if (word >= 0) return word;
  head.timeKind = NONE;
  return -1;
}

/**
 * `T39596;text#012 KEY=value`: what a syslog daemon leaves of netconsole's extended form, whose numbers it took for the tag.
 */
function readDetached(bytes: Uint8Array, at: number, end: number, head: Head): number {
  if (bytes[at] !== 0x54 && bytes[at] !== 0x43) return -1;
  const stop = skipDigits(bytes, at + 1, end);
  if (stop === at + 1 || stop >= end || bytes[stop] !== SEMICOLON) return -1;
  head.callerStart = at;
  head.callerEnd = stop;
  head.escaped = true;
  head.rendering = 'netconsole';
  return stop + 1;
}

/** Heads that begin with a letter: `dmesg -x`, RFC 3164, `journalctl -o short` and `short-full`. */
function readWord(bytes: Uint8Array, at: number, end: number, head: Head, hints: Hints): number {
  const decoded = readDecoded(bytes, at, end, head, hints);
  if (decoded >= 0) return decoded;
  let date = readSyslogDate(bytes, at, end, head);
  if (date < 0) date = readShortFull(bytes, at, end, head);
  if (date < 0) {
    head.timeKind = NONE;
    return -1;
  }
  if (bytes[date] !== SPACE) return -1;
  head.rendering = 'syslog or journalctl short';
  return readTag(bytes, date + 1, end, head);
}

/** Facility and level of the last line of `dmesg -x`: the next one mostly has the same. */
let lastFacility = 0;
let lastLevel = 0;

/** Number of the name that stands at `at`, the likely one first, or -1. */
function nameAt(
  names: readonly Uint8Array[],
  likely: number,
  bytes: Uint8Array,
  at: number,
  end: number,
): number {
  if (startsWith(bytes, at, end, names[likely])) return likely;
  for (let i = 0; i < names.length; i++) if (startsWith(bytes, at, end, names[i])) return i;
  return -1;
}

/** `kern  :info  : ` of `dmesg -x`, then any other head or none. */
export function readDecoded(bytes: Uint8Array, at: number, end: number, head: Head, hints: Hints): number {
  const facility = nameAt(FACILITY_BYTES, lastFacility, bytes, at, end);
  if (facility < 0) return -1;
  const colon = skipSpaces(bytes, at + FACILITY_BYTES[facility].length, end);
  if (colon >= end || bytes[colon] !== COLON) return -1;
  const level = nameAt(LEVEL_BYTES, lastLevel, bytes, colon + 1, end);
  if (level < 0) return -1;
  lastFacility = facility;
  lastLevel = level;
  const second = skipSpaces(bytes, colon + 1 + LEVEL_BYTES[level].length, end);
  if (second >= end || bytes[second] !== COLON) return -1;
  head.facility = facility;
  head.level = level;
  const next = afterBlank(bytes, second + 1, end);
  const inner = bytes[next] === OPEN || isDigit(bytes[next]) ? readHead(bytes, next, head, hints) : -1;
  head.rendering = 'dmesg -x';
  return inner >= 0 ? inner : next;
}

/** `host kernel: ` or `host program[123]: `. Returns the index of the message, or -1 when there is no tag. */
function readTag(bytes: Uint8Array, at: number, end: number, head: Head): number {
  const host = wordEnd(bytes, at, end);
  const tag = host + 1;
  if (host === at || tag >= end || bytes[host - 1] === COLON) return -1;
  if (startsWith(bytes, tag, end, KERNEL)) {
    let i = tag + KERNEL.length;
    if (bytes[i] === OPEN) i = findByte(bytes, CLOSE, i, end) + 1;
    if (i > tag && i < end && bytes[i] === COLON) {
      head.facility = 0;
      return readInner(bytes, i + 1, end, head);
    }
  }
  const limit = Math.min(end, tag + 128);
  for (let i = tag; i < limit; i++) {
    const byte = bytes[i];
    if (byte === COLON && (i + 1 >= end || isBlank(bytes[i + 1]) || bytes[i + 1] === COLON)) {
      head.kernel = i === tag;
      return head.kernel ? -1 : tag;
    }
    if (byte === SPACE) return -1;
  }
  return -1;
}

/** The kernel's own time and caller, which many system logs keep inside the message. */
function readInner(bytes: Uint8Array, at: number, end: number, head: Head): number {
  let text = afterBlank(bytes, at, end);
  if (startsWith(bytes, text, end, REPEATED)) text = readRepeated(bytes, text + REPEATED.length, end, head);
  if (bytes[text] !== OPEN || text >= end) return text;
  const uptime = readUptime(bytes, text, end, head);
  const after = readCaller(bytes, uptime < 0 ? text : uptime, end, head);
  return after === text ? text : afterBlank(bytes, after, end);
}

/** `message repeated 3 times: [ text]`, which rsyslog writes in place of equal lines. */
function readRepeated(bytes: Uint8Array, at: number, end: number, head: Head): number {
  const open = findByte(bytes, OPEN, at, end);
  const stop = skipDigits(bytes, at, end);
  if (stop === at || stop - at > 9 || open < 0 || open >= end || bytes[end - 1] !== CLOSE)
    return at - REPEATED.length;
  head.repeated = numberIn(bytes, at, stop);
  head.textEnd = end - 1;
  return afterBlank(bytes, open + 1, end - 1);
}
