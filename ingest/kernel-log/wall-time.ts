import {
  ascii,
  COLON,
  COMMA,
  DOT,
  isDigit,
  MINUS,
  numberIn,
  SPACE,
  skipDigits,
  startsWith,
} from '../ascii.ts';
import { type Head, NONE, WALL } from './head.ts';

/** Days from 1970-01-01 to a date of the proleptic Gregorian calendar. `month` counts from 1. */
export function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    era * 146097 +
    yearOfEra * 365 +
    Math.floor(yearOfEra / 4) -
    Math.floor(yearOfEra / 100) +
    dayOfYear -
    719468
  );
}

/**
 * Abbreviated months as strftime("%b") prints them in the locales in which people post logs: English, German, French, Spanish,
 * Italian, Portuguese, Dutch, Scandinavian, Polish, Czech, Turkish, Russian. The first three letters decide. Where two languages
 * mean different months the more frequent one counts.
 */
const MONTHS = new Map<string, number>();
for (const [names, month] of [
  ['jan gen ene sty led oca \u044f\u043d\u0432', 1],
  ['feb f\u00e9v fev lut \u00fano \u015fub \u0444\u0435\u0432', 2],
  ['mar m\u00e4r mrz mrt b\u0159e \u043c\u0430\u0440', 3],
  ['apr avr abr kwi dub nis \u0430\u043f\u0440', 4],
  ['may mai mag mei maj kv\u011b \u043c\u0430\u0439 \u043c\u0430\u044f', 5],
  ['jun giu cze \u010den haz \u0438\u044e\u043d', 6],
  ['jul lug lip \u010dec tem \u0438\u044e\u043b', 7],
  ['aug ao\u00fb ago sie srp a\u011fu \u0430\u0432\u0433', 8],
  ['sep set wrz z\u00e1\u0159 eyl \u0441\u0435\u043d', 9],
  ['oct okt ott out pa\u017a \u0159\u00edj eki \u043e\u043a\u0442', 10],
  ['nov lis kas \u043d\u043e\u044f', 11],
  ['dec dez d\u00e9c dic des gru pro ara \u0434\u0435\u043a', 12],
] as const) {
  for (const name of names.split(' ')) MONTHS.set(name, month);
}
// Both are cut to `jui` and told apart by the fourth letter.
MONTHS.set('juin', 6);
MONTHS.set('juil', 7);

const decoder = new TextDecoder('utf-8');

/** A time as it was printed last, and what it means: most lines of a log are of the same second as the one before. */
class TimeMemo {
  private readonly text = new Uint8Array(40);
  private length = 0;
  seconds = 0;

  /** Index after the remembered time where it stands at `at`, or -1. */
  endAt(bytes: Uint8Array, at: number, end: number): number {
    const { text, length } = this;
    if (length === 0 || end - at < length) return -1;
    // Seconds differ first.
    for (let i = length - 1; i >= 0; i--) if (bytes[at + i] !== text[i]) return -1;
    return at + length;
  }

  keep(bytes: Uint8Array, at: number, end: number, seconds: number): void {
    this.length = 0;
    if (end - at > this.text.length) return;
    for (let i = at; i < end; i++) this.text[this.length++] = bytes[i];
    this.seconds = seconds;
  }
}

const lastIso = new TimeMemo();
const lastCtime = new TimeMemo();
const lastSyslog = new TimeMemo();

/** The last name that was looked up, and its month: nearly all lines of a log have the same. */
let lastName = new Uint8Array();
let lastMonth = 0;

/** Month of a name, 1 to 12, or 0 for a name that is none. */
function monthOf(bytes: Uint8Array, start: number, end: number): number {
  if (end - start !== lastName.length || !startsWith(bytes, start, end, lastName)) {
    lastName = Uint8Array.from(bytes.subarray(start, end));
    const name = decoder.decode(lastName).toLowerCase();
    lastMonth = MONTHS.get(name.slice(0, 3)) ?? MONTHS.get(name.slice(0, 4)) ?? numberedMonth(name);
  }
  return lastMonth;
}

/** `11\u6708` of Japanese and Chinese, `11\uc6d4` of Korean. */
function numberedMonth(name: string): number {
  const month = Number(/^(\d{1,2})[\u6708\uc6d4]$/.exec(name)?.[1] ?? 0);
  return month <= 12 ? month : 0;
}

function twoDigits(bytes: Uint8Array, at: number): number {
  return isDigit(bytes[at]) && isDigit(bytes[at + 1]) ? (bytes[at] - 0x30) * 10 + bytes[at + 1] - 0x30 : -1;
}

/** Seconds of `HH:MM:SS` at `at`, or -1. */
export function readClock(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < 8 || bytes[at + 2] !== COLON || bytes[at + 5] !== COLON) return -1;
  const hours = twoDigits(bytes, at);
  const minutes = twoDigits(bytes, at + 3);
  const seconds = twoDigits(bytes, at + 6);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 60) return -1;
  return hours * 3600 + minutes * 60 + seconds;
}

/** Reads a fraction after `.` or `,` into `head.nanos`; returns the index after it. */
function readFraction(bytes: Uint8Array, at: number, end: number, head: Head): number {
  head.nanos = 0;
  head.stepNs = 1_000_000_000;
  if (at >= end || (bytes[at] !== DOT && bytes[at] !== COMMA)) return at;
  const stop = skipDigits(bytes, at + 1, end);
  let unit = 1_000_000_000;
  for (let i = at + 1; i < stop && unit > 1; i++) {
    unit /= 10;
    head.nanos += (bytes[i] - 0x30) * unit;
  }
  head.stepNs = unit;
  return stop === at + 1 ? at : stop;
}

const PLUS = 0x2b;
const Z = 0x5a;

/** Reads `Z`, `+01:00` or `+0100`; takes it off `head.seconds`. Returns the index after it. */
function readZone(bytes: Uint8Array, at: number, end: number, head: Head): number {
  if (at < end && bytes[at] === Z) return at + 1;
  if (end - at < 5 || (bytes[at] !== PLUS && bytes[at] !== MINUS)) return at;
  const colon = bytes[at + 3] === COLON ? 1 : 0;
  const hours = twoDigits(bytes, at + 1);
  const minutes = twoDigits(bytes, at + 3 + colon);
  if (hours < 0 || minutes < 0 || at + 5 + colon > end) return at;
  const sign = bytes[at] === PLUS ? -1 : 1;
  head.seconds += sign * (hours * 3600 + minutes * 60);
  return at + 5 + colon;
}

/**
 * Reads an ISO 8601 time (`2026-11-22T22:06:08,815742+00:00`, also with a space for the `T`, a point, no fraction or no
 * zone, which then counts as UTC). Returns the index after it, or -1.
 */
export function readIso(bytes: Uint8Array, at: number, end: number, head: Head): number {
  const known = lastIso.endAt(bytes, at, end);
  if (known >= 0) {
    head.timeKind = WALL;
    head.seconds = lastIso.seconds;
    return readZone(bytes, readFraction(bytes, known, end, head), end, head);
  }
  if (end - at < 19 || bytes[at + 4] !== MINUS || bytes[at + 7] !== MINUS) return -1;
  if (bytes[at + 10] !== 0x54 && bytes[at + 10] !== SPACE) return -1;
  if (skipDigits(bytes, at, at + 4) !== at + 4) return -1;
  const year = numberIn(bytes, at, at + 4);
  const month = twoDigits(bytes, at + 5);
  const day = twoDigits(bytes, at + 8);
  const clock = readClock(bytes, at + 11, end);
  if (clock < 0 || year < 1970 || month < 1 || month > 12 || day < 1 || day > 31) return -1;
  head.timeKind = WALL;
  head.seconds = daysOf(year, month, day) * 86400 + clock;
  lastIso.keep(bytes, at, at + 19, head.seconds);
  return readZone(bytes, readFraction(bytes, at + 19, end, head), end, head);
}

/**
 * Reads the date of ctime(3) as `dmesg -T` prints it, `Sun Nov 22 22:06:08 2026`. It is local time without a zone, taken as
 * UTC. Returns the index after it, or -1.
 */
export function readCtime(bytes: Uint8Array, at: number, end: number, head: Head): number {
  const known = lastCtime.endAt(bytes, at, end);
  if (known >= 0) {
    setWall(head, lastCtime.seconds);
    return known;
  }
  let i = at;
  while (i < end && bytes[i] !== SPACE && i - at < 8) i++;
  if (i === at || bytes[i] !== SPACE) return -1;
  const after = readMonthDay(bytes, i + 1, end);
  if (after.index < 0) return -1;
  const clock = readClock(bytes, after.index, end);
  const yearAt = after.index + 9;
  if (clock < 0 || yearAt + 4 > end || skipDigits(bytes, yearAt, yearAt + 4) !== yearAt + 4) return -1;
  const year = numberIn(bytes, yearAt, yearAt + 4);
  setDate(head, year, after.month, after.day, clock);
  if (after.month > 0) lastCtime.keep(bytes, at, yearAt + 4, head.seconds);
  return yearAt + 4;
}

interface MonthDay {
  /** Index after the day and its space, or -1. */
  readonly index: number;
  /** 0 for a name in an unknown language. */
  readonly month: number;
  readonly day: number;
}

/** In bytes; Cyrillic letters have two, some names a full stop. */
const LONGEST_MONTH = 12;
const NO_MONTH_DAY: MonthDay = { index: -1, month: 0, day: 0 };

/** Reads `Nov 22 ` or `Nov  2 `. */
function readMonthDay(bytes: Uint8Array, at: number, end: number): MonthDay {
  let i = at;
  while (i < end && bytes[i] !== SPACE && i - at < LONGEST_MONTH) i++;
  if (i - at < 3 || bytes[i] !== SPACE || (isDigit(bytes[at]) && bytes[i - 1] < 0x80)) return NO_MONTH_DAY;
  const nameEnd = i++;
  if (bytes[i] === SPACE) i++;
  const stop = skipDigits(bytes, i, end);
  if (stop === i || stop - i > 2 || bytes[stop] !== SPACE) return NO_MONTH_DAY;
  return { index: stop + 1, month: monthOf(bytes, at, nameEnd), day: numberIn(bytes, i, stop) };
}

function setDate(head: Head, year: number, month: number, day: number, clock: number): void {
  setWall(head, month === 0 ? 0 : daysOf(year, month, day) * 86400 + clock);
  if (month === 0) head.timeKind = NONE;
}

/** A time of whole seconds. */
function setWall(head: Head, seconds: number): void {
  head.timeKind = WALL;
  head.seconds = seconds;
  head.nanos = 0;
  head.stepNs = 1_000_000_000;
}

/** Year that is given to the times of RFC 3164, which name none. */
export const NO_YEAR = 1970;

/**
 * Reads the date of RFC 3164, `Nov 22 22:06:08`, with a fraction where `journalctl -o short-precise` adds one. It names no
 * year: the time counts from the start of 1970. Returns the index after it, or -1.
 */
export function readSyslogDate(bytes: Uint8Array, at: number, end: number, head: Head): number {
  let clockEnd = lastSyslog.endAt(bytes, at, end);
  if (clockEnd >= 0) setWall(head, lastSyslog.seconds);
  else {
    const date = readMonthDay(bytes, at, end);
    if (date.index < 0) return -1;
    const clock = readClock(bytes, date.index, end);
    if (clock < 0) return -1;
    clockEnd = date.index + 8;
    setDate(head, NO_YEAR, date.month, date.day, clock);
    if (date.month > 0) lastSyslog.keep(bytes, at, clockEnd, head.seconds);
  }
  return readFraction(bytes, clockEnd, end, head);
}

const UTC = ascii(' UTC');

/** Reads the date of `journalctl -o short-full`, `Sun 2026-11-22 22:06:08 UTC`. Returns the index after it, or -1. */
export function readShortFull(bytes: Uint8Array, at: number, end: number, head: Head): number {
  let i = at;
  while (i < end && bytes[i] !== SPACE && i - at < 8) i++;
  if (i === at || bytes[i] !== SPACE || isDigit(bytes[at])) return -1;
  const after = readIso(bytes, i + 1, end, head);
  if (after < 0) return -1;
  if (startsWith(bytes, after, end, UTC)) return after + UTC.length;
  // Any other zone is a name such as CET: taken as UTC.
  let zone = after + 1;
  while (zone < end && bytes[zone] >= 0x41 && bytes[zone] <= 0x5a) zone++;
  return bytes[after] === SPACE && zone > after + 2 && bytes[zone] === SPACE ? zone : after;
}
