import {
  ascii,
  COMMA,
  EQUALS,
  findByte,
  isDigit,
  MINUS,
  numberIn,
  SEMICOLON,
  skipDigits,
  startsWith,
} from '../ascii.ts';
import { type Head, UPTIME } from './head.ts';

const LOWER_C = 0x63;
const PLUS = 0x2b;
const CALLER = ascii('caller');
const FRAGMENT = ascii('ncfrag');
/** Longest run of `key=value` fields before the semicolon. */
const MAX_FIELDS = 256;

/**
 * Reads `prio,seq,usec,flags[,key=value...];` of /dev/kmsg (Documentation/ABI/testing/dev-kmsg, info_print_ext_header() in
 * kernel/printk/printk.c). netconsole's extended form is the same with `ncfrag=offset/total` and, with its `release` option,
 * the kernel release in front. Returns the index of the text, or -1 when the line has another form.
 */
export function readKmsg(bytes: Uint8Array, at: number, end: number, head: Head): number {
  if (!isDigit(bytes[at])) return -1;
  let i = skipDigits(bytes, at, end);
  let netconsole = false;
  if (bytes[i] !== COMMA || i === at) {
    const comma = releaseEnd(bytes, at, end);
    if (comma < 0) return -1;
    netconsole = true;
    at = comma + 1;
    i = skipDigits(bytes, at, end);
  }
  if (i === at || i - at > 5 || bytes[i] !== COMMA) return -1;
  const prio = numberIn(bytes, at, i);
  const sequenceStart = ++i;
  let sequence = 0;
  for (let byte = bytes[i]; i < end && isDigit(byte); byte = bytes[++i])
    sequence = sequence * 10 + byte - 0x30;
  if (i === sequenceStart || i - sequenceStart > 15 || bytes[i] !== COMMA) return -1;
  const timeStart = ++i;
  let micros = 0;
  for (let byte = bytes[i]; i < end && isDigit(byte); byte = bytes[++i]) micros = micros * 10 + byte - 0x30;
  if (i === timeStart || i - timeStart > 16 || i >= end || bytes[i] !== COMMA) return -1;
  const flag = bytes[i + 1];
  if (flag !== MINUS && flag !== LOWER_C && flag !== PLUS) return -1;
  const semicolon = bytes[i + 2] === SEMICOLON && i + 2 < end ? i + 2 : fieldsEnd(bytes, i + 2, end, head);
  if (semicolon < 0) return -1;
  head.level = prio & 7;
  head.facility = prio >> 3 > 255 ? -1 : prio >> 3;
  head.sequence = sequence;
  head.timeKind = UPTIME;
  head.seconds = Math.floor(micros / 1e6);
  head.nanos = (micros - head.seconds * 1e6) * 1000;
  head.stepNs = 1000;
  head.continues ||= flag === PLUS;
  head.escaped = true;
  head.rendering = netconsole ? 'netconsole' : head.rendering === 'netconsole' ? head.rendering : '/dev/kmsg';
  return semicolon + 1;
}

/** Index of the comma after a kernel release such as `6.12.107+deb12-amd64`, or -1. */
function releaseEnd(bytes: Uint8Array, at: number, end: number): number {
  let dots = 0;
  for (let i = at; i < end && i - at < 65; i++) {
    const byte = bytes[i];
    if (byte === COMMA) return dots > 0 && isDigit(bytes[at]) ? i : -1;
    if (byte === 0x2e) dots++;
    else if (byte <= 0x20 || byte === SEMICOLON) return -1;
  }
  return -1;
}

/** Reads the fields after the flags up to the semicolon; unknown ones are skipped, as the format asks. */
function fieldsEnd(bytes: Uint8Array, at: number, end: number, head: Head): number {
  const limit = Math.min(end, at + MAX_FIELDS);
  let start = at;
  for (let i = at; i < limit; i++) {
    const byte = bytes[i];
    if (byte !== COMMA && byte !== SEMICOLON) continue;
    readField(bytes, start, i, head);
    start = i + 1;
    if (byte === SEMICOLON) return i;
  }
  return -1;
}

function readField(bytes: Uint8Array, start: number, end: number, head: Head): void {
  const equals = findByte(bytes, EQUALS, start, end);
  if (equals < 0) return;
  if (equals - start === CALLER.length && startsWith(bytes, start, end, CALLER)) {
    head.callerStart = equals + 1;
    head.callerEnd = end;
  } else if (equals - start === FRAGMENT.length && startsWith(bytes, start, end, FRAGMENT)) {
    head.rendering = 'netconsole';
    head.continues = bytes[equals + 1] !== 0x30 || bytes[equals + 2] !== 0x2f;
  }
}
