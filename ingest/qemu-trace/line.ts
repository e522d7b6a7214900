import { nanosecondsOf, type WordPair } from '../../tables/index.ts';

const AT = 64;
const COLON = 58;
const DASH = 45;
const DOT = 46;
const SPACE = 32;
const UNDERSCORE = 95;
const UPPER_T = 84;
const UPPER_Z = 90;
/** Length of `2026-11-22T22:07:28`. */
const SECOND_LENGTH = 19;

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

const NAME_BYTES = new Uint8Array(256);
for (const byte of Buffer.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_'))
  NAME_BYTES[byte] = 1;

/** Days from 1970-01-01 to a date of the Gregorian calendar. */
function daysOf(year: number, month: number, day: number): number {
  return Math.floor(Date.UTC(year, month - 1, day) / 86_400_000);
}

/** How lines begin (util/log.c qemu_log, scripts/tracetool/backend/log.py). */
export type Stamp = 'iso' | 'pid' | 'none';

/**
 * The parts of a line of QEMU's log trace backend, as positions in the buffer it was read from:
 *
 *     23421@1795385833.428158:pci_cfg_write mch 00:00.0 @0x90 <- 0x33333330
 *     2026-11-22T22:07:28.601247Z pci_cfg_write mch 00:00.0 @0x90 <- 0x33333330
 *     pci_cfg_write mch 00:00.0 @0x90 <- 0x33333330
 */
export class TraceLine {
  stamp: Stamp = 'none';
  /** Since 1970, in ns; meaningless without a stamp. */
  readonly time: WordPair = { lo: 0, hi: 0 };
  /** Thread of QEMU, or -1. */
  thread = -1;
  nameStart = 0;
  nameEnd = 0;
  argsStart = 0;
  /** The name where it is one of the two that nearly all lines have, else empty. */
  access: '' | 'pci_cfg_read' | 'pci_cfg_write' = '';
  private readonly second: WordPair = { lo: 0, hi: 0 };
  private readonly secondText = new Uint8Array(SECOND_LENGTH);

  /** Reads a line that begins with a stamp. False where there is no stamp or no event behind it. */
  parseStamped(buffer: Uint8Array, start: number, end: number): boolean {
    if (end - start < 12 || !isDigit(buffer[start])) return false;
    this.thread = -1;
    let at = this.parseIso(buffer, start, end);
    if (at > 0) this.stamp = 'iso';
    else {
      at = this.parsePid(buffer, start, end);
      if (at === 0) return false;
      this.stamp = 'pid';
    }
    return this.parseName(buffer, at, end);
  }

  /** Reads a line that begins with the name of an event. */
  parseBare(buffer: Uint8Array, start: number, end: number): boolean {
    this.stamp = 'none';
    this.thread = -1;
    return this.parseName(buffer, start, end);
  }

  /** `23421@1795385833.428158:`. Returns the position after it, or 0. */
  private parsePid(buffer: Uint8Array, start: number, end: number): number {
    let at = start;
    let thread = 0;
    while (at < end && at - start < 10 && isDigit(buffer[at])) thread = thread * 10 + buffer[at++] - 48;
    if (buffer[at] !== AT || at >= end) return 0;
    const secondsStart = ++at;
    let seconds = 0;
    while (at < end && at - secondsStart < 10 && isDigit(buffer[at]))
      seconds = seconds * 10 + buffer[at++] - 48;
    if (at === secondsStart || at >= end || buffer[at] !== DOT || seconds > 0xffffffff) return 0;
    const fractionStart = ++at;
    let micros = 0;
    while (at < end && at - fractionStart < 6 && isDigit(buffer[at]))
      micros = micros * 10 + buffer[at++] - 48;
    if (at - fractionStart !== 6 || buffer[at] !== COLON) return 0;
    this.thread = thread > 0x7fffffff ? -1 : thread;
    nanosecondsOf(seconds, micros * 1000, this.time);
    return at + 1;
  }

  /** `2026-11-22T22:07:28.601247Z `; GLib leaves a fraction of zero out. Returns the position after it, or 0. */
  private parseIso(buffer: Uint8Array, start: number, end: number): number {
    if (end - start < 21 || !this.parseSecond(buffer, start)) return 0;
    let at = start + SECOND_LENGTH;
    let nanos = 0;
    if (buffer[at] === DOT) {
      const fractionStart = ++at;
      let scale = 100_000_000;
      if (buffer[at + 6] === UPPER_Z && end - at > 7) {
        const micros = sixDigits(buffer, at);
        if (micros >= 0) {
          nanos = micros * 1000;
          at += 6;
          scale = 0;
        }
      }
      for (; scale > 0 && at < end && at - fractionStart < 9; at++) {
        const digit = buffer[at] - 48;
        if (digit < 0 || digit > 9) break;
        nanos += digit * scale;
        scale /= 10;
      }
      if (at === fractionStart) return 0;
    }
    if (at + 1 >= end || buffer[at] !== UPPER_Z || buffer[at + 1] !== SPACE) return 0;
    const lo = this.second.lo + nanos;
    this.time.lo = lo >>> 0;
    this.time.hi = this.second.hi + (lo >= 4294967296 ? 1 : 0);
    return at + 2;
  }

  /** `2026-11-22T22:07:28` into `second`. Lines come many to a second, so the text of the last one is kept. */
  private parseSecond(buffer: Uint8Array, start: number): boolean {
    const { secondText } = this;
    let same = SECOND_LENGTH - 1;
    while (same >= 0 && secondText[same] === buffer[start + same]) same--;
    if (same < 0) return true;
    if (buffer[start + 4] !== DASH || buffer[start + 7] !== DASH || buffer[start + 10] !== UPPER_T)
      return false;
    if (buffer[start + 13] !== COLON || buffer[start + 16] !== COLON) return false;
    const year = number(buffer, start, 4);
    const month = number(buffer, start + 5, 2);
    const day = number(buffer, start + 8, 2);
    const hour = number(buffer, start + 11, 2);
    const minute = number(buffer, start + 14, 2);
    const second = number(buffer, start + 17, 2);
    if (!(year >= 1970 && year < 2106 && month >= 1 && month <= 12 && day >= 1 && day <= 31)) return false;
    if (!(hour < 24 && minute < 60 && second <= 60)) return false;
    nanosecondsOf(daysOf(year, month, day) * 86400 + hour * 3600 + minute * 60 + second, 0, this.second);
    secondText.set(buffer.subarray(start, start + SECOND_LENGTH));
    return true;
  }

  private parseName(buffer: Uint8Array, start: number, end: number): boolean {
    this.access = accessAt(buffer, start, end);
    if (this.access !== '') {
      this.nameStart = start;
      this.nameEnd = start + this.access.length;
      this.argsStart = this.nameEnd + 1;
      return true;
    }
    let at = start;
    let underscores = 0;
    while (at < end && NAME_BYTES[buffer[at]] === 1) if (buffer[at++] === UNDERSCORE) underscores++;
    if (underscores === 0 || isDigit(buffer[start]) || buffer[start] === UNDERSCORE) return false;
    if (at < end && buffer[at] !== SPACE) return false;
    this.nameStart = start;
    this.nameEnd = at;
    this.argsStart = Math.min(at + 1, end);
    return true;
  }
}

/** Six digits as a number; negative where one is none. */
function sixDigits(buffer: Uint8Array, at: number): number {
  const a = buffer[at] - 48;
  const b = buffer[at + 1] - 48;
  const c = buffer[at + 2] - 48;
  const d = buffer[at + 3] - 48;
  const e = buffer[at + 4] - 48;
  const f = buffer[at + 5] - 48;
  const all = a >= 0 && b >= 0 && c >= 0 && d >= 0 && e >= 0 && f >= 0;
  if (!all || a > 9 || b > 9 || c > 9 || d > 9 || e > 9 || f > 9) return -1;
  return a * 100_000 + b * 10_000 + c * 1000 + d * 100 + e * 10 + f;
}

/** `pci_cfg_read ` or `pci_cfg_write `, byte by byte: nearly every line of a log has one of them. */
function accessAt(buffer: Uint8Array, at: number, end: number): '' | 'pci_cfg_read' | 'pci_cfg_write' {
  if (
    end - at < 14 ||
    buffer[at] !== 112 ||
    buffer[at + 1] !== 99 ||
    buffer[at + 2] !== 105 ||
    buffer[at + 3] !== UNDERSCORE ||
    buffer[at + 4] !== 99 ||
    buffer[at + 5] !== 102 ||
    buffer[at + 6] !== 103 ||
    buffer[at + 7] !== UNDERSCORE
  )
    return '';
  if (buffer[at + 8] === 114)
    return buffer[at + 9] === 101 &&
      buffer[at + 10] === 97 &&
      buffer[at + 11] === 100 &&
      buffer[at + 12] === SPACE
      ? 'pci_cfg_read'
      : '';
  return buffer[at + 8] === 119 &&
    buffer[at + 9] === 114 &&
    buffer[at + 10] === 105 &&
    buffer[at + 11] === 116 &&
    buffer[at + 12] === 101 &&
    buffer[at + 13] === SPACE
    ? 'pci_cfg_write'
    : '';
}

/** A number of exactly `count` digits, or NaN. */
function number(buffer: Uint8Array, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at++) {
    if (!isDigit(buffer[at])) return Number.NaN;
    value = value * 10 + buffer[at] - 48;
  }
  return value;
}
