import { CLOSE, DOT, isBlank, isDigit, NO_BREAK, NO_BREAK_LEAD, OPEN, SPACE } from '../ascii.ts';

/** Kinds of time a record can have, as `log_records.time_kind` names them. */
export const TIME_KINDS = ['none', 'uptime', 'wall', 'relative'] as const;
export const NONE = 0;
export const UPTIME = 1;
export const WALL = 2;
export const RELATIVE = 3;

/** The renderings that one line can show, as `sources.detail` names them. */
export const RENDERINGS = [
  'text without times',
  'console or dmesg',
  'dmesg -r or console with levels',
  'dmesg -x',
  'dmesg -T',
  'dmesg delta',
  'dmesg reltime',
  'dmesg iso',
  '/dev/kmsg',
  'syslog or journalctl short',
  'syslog or journalctl iso',
  'RFC 5424 syslog',
  'netconsole',
  'dmesg JSON',
  'journalctl -o json',
  'journalctl -o export',
] as const;
export type Rendering = (typeof RENDERINGS)[number];

/** What stands before the message of a record. One object is reused for all lines. */
export class Head {
  timeKind = NONE;
  seconds = 0;
  nanos = 0;
  /** Smallest step the time can show, in ns. */
  stepNs = 0;
  /** -1 where the rendering has none. */
  level = -1;
  /** -1 where the rendering has none. */
  facility = -1;
  /** Place of the caller id in the line; -1 when there is none. */
  callerStart = -1;
  callerEnd = -1;
  /** Place of the device of the dictionary, as printed; -1 when there is none. */
  deviceStart = -1;
  deviceEnd = -1;
  /** Place of the message. */
  textStart = 0;
  textEnd = 0;
  /** False for a line of another program in a system log. */
  kernel = true;
  /** Number of the record in the kernel's ring buffer; -1 when not printed. */
  sequence = -1;
  /** True for a fragment of a record that is not its first. */
  continues = false;
  /** `message repeated N times`; 1 otherwise. */
  repeated = 1;
  /** The text has `\xNN` escapes, and `#012` for line ends when a syslog daemon wrote it. */
  escaped = false;
  rendering: Rendering = 'text without times';
  /** How many heads were read inside one another. */
  nesting = 0;

  clear(): void {
    this.nesting = 0;
    this.timeKind = NONE;
    this.seconds = 0;
    this.nanos = 0;
    this.stepNs = 0;
    this.level = -1;
    this.facility = -1;
    this.callerStart = -1;
    this.callerEnd = -1;
    this.deviceStart = -1;
    this.deviceEnd = -1;
    this.kernel = true;
    this.sequence = -1;
    this.continues = false;
    this.repeated = 1;
    this.escaped = false;
    this.rendering = 'text without times';
  }
}

/**
 * Reads the seconds and microseconds of `[   12.345678`, the `[%5lu.%06lu` of print_time() in kernel/printk/printk.c, into `head`. The
 * padding may be no-break spaces. Returns the index after them, or -1.
 */
export function readSeconds(bytes: Uint8Array, at: number, end: number, head: Head): number {
  let i = at + 1;
  let byte = bytes[i];
  while (isBlank(byte)) byte = bytes[++i];
  const first = i;
  let seconds = 0;
  while (isDigit(byte)) {
    seconds = seconds * 10 + byte - 0x30;
    byte = bytes[++i];
  }
  if (byte !== DOT || i === first || i - first > 9) return -1;
  let micros = 0;
  for (let k = 0; k < 6; k++) {
    byte = bytes[++i];
    if (!isDigit(byte)) return -1;
    micros = micros * 10 + byte - 0x30;
  }
  if (++i >= end) return -1;
  head.seconds = seconds;
  head.nanos = micros * 1000;
  return i;
}

/** Reads `[   12.345678]`. Returns the index after the bracket, or -1 when it is none. */
export function readUptime(bytes: Uint8Array, at: number, end: number, head: Head): number {
  const i = readSeconds(bytes, at, end, head);
  if (i < 0 || bytes[i] !== CLOSE) return -1;
  head.timeKind = UPTIME;
  head.stepNs = 1000;
  return i + 1;
}

const T = 0x54;
const C = 0x43;

/**
 * Reads the caller id of CONFIG_PRINTK_CALLER, print_caller() in kernel/printk/printk.c: `[  T123]` for a task, `[   C1]`
 * for an interrupt. The console prints it right after the time, dmesg after a space. More than one in a bracket
 * (`[T12:C3]`) is kept as printed. Returns the index after the bracket, or `at` when there is none.
 */
export function readCaller(bytes: Uint8Array, at: number, end: number, head: Head): number {
  let i = bytes[at] === SPACE ? at + 1 : at;
  if (bytes[i] !== OPEN || i >= end) return at;
  let byte = bytes[++i];
  while (isBlank(byte)) byte = bytes[++i];
  const first = i;
  while (byte === T || byte === C) {
    const digits = i + 1;
    byte = bytes[++i];
    while (isDigit(byte)) byte = bytes[++i];
    if (i === digits) return at;
    if (byte === 0x3a) byte = bytes[++i];
  }
  if (byte !== CLOSE || i === first || i >= end) return at;
  head.callerStart = first;
  head.callerEnd = i;
  return i + 1;
}

/** Index of the message after its head: one blank separates them. */
export function afterBlank(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return end;
  if (bytes[at] === SPACE || bytes[at] === NO_BREAK) return at + 1;
  return bytes[at] === NO_BREAK_LEAD && bytes[at + 1] === NO_BREAK ? at + 2 : at;
}
