import { nanosecondsOf, type WordPair } from '../../tables/index.ts';
import { COLON, DOT, isDigit, LEFT_PAREN, PLUS, SPACE, skipSpaces } from './bytes.ts';

/** A line whose context has not ended by then is no event line; keeps hostile lines cheap. */
export const LONGEST_CONTEXT = 512;

/** What stands before the body of an event line, as positions into the buffer and numbers, whatever the rendering. */
export class Head {
  commStart = 0;
  commEnd = 0;
  /** -1 where the rendering prints no task. */
  pid = -1;
  /** -1 where it is not printed or not known (`(-------)`). */
  tgid = -1;
  /** -1 where the rendering prints no CPU. */
  cpu = -1;
  /** Empty when the rendering prints no flags. */
  flagsStart = 0;
  flagsEnd = 0;
  /** Text of a time that `resolveTime` still has to read; empty when `time` is set or there is none. */
  timeStart = 0;
  timeEnd = 0;
  readonly time: WordPair = { lo: 0, hi: 0 };
  /** False where the rendering prints no time. */
  timed = false;
  /** Decimals of a second that the time shows; 0 for a counting clock. */
  decimals = 0;
  /** Subsystem before the name (`sys:name:`, perf only), or empty. */
  systemStart = 0;
  systemEnd = 0;
  nameStart = 0;
  nameEnd = 0;
  bodyStart = 0;
  /** True where no `name:` stands before the body: the function tracer and stack marks. */
  bare = false;

  clear(start: number): void {
    this.commStart = this.commEnd = start;
    this.pid = this.tgid = this.cpu = -1;
    this.flagsStart = this.flagsEnd = start;
    this.timeStart = this.timeEnd = start;
    this.timed = false;
    this.decimals = 0;
    this.systemStart = this.systemEnd = start;
    this.nameStart = this.nameEnd = this.bodyStart = start;
    this.bare = false;
  }

  /** Turns the text of the time into nanoseconds, or ticks of a counting clock. */
  resolveTime(buffer: Uint8Array): void {
    if (this.timeEnd === this.timeStart) return;
    const { timeStart, timeEnd } = this;
    this.timed = true;
    this.timeStart = this.timeEnd;
    let whole = 0;
    let high = 0;
    let at = timeStart;
    for (; at < timeEnd && buffer[at] !== DOT; at++) {
      if (at - timeStart === 10) {
        high = whole;
        whole = 0;
      }
      whole = whole * 10 + buffer[at] - 48;
    }
    if (at === timeEnd) {
      this.decimals = 0;
      setTicks(high, whole, timeEnd - timeStart, this.time);
      return;
    }
    // Times before zero wrap: 18446744073.709551.
    if (at - timeStart === 11) whole += high * 10;
    let fraction = 0;
    this.decimals = timeEnd - at - 1;
    for (at++; at < timeEnd; at++) fraction = fraction * 10 + buffer[at] - 48;
    for (let i = this.decimals; i < 9; i++) fraction *= 10;
    nanosecondsOf(whole, fraction, this.time);
  }

  /** A time that is known as nanoseconds. */
  setTime(ns: bigint, decimals: number): void {
    this.time.lo = Number(ns & 0xffffffffn);
    this.time.hi = Number((ns >> 32n) & 0xffffffffn);
    this.timed = true;
    this.timeStart = this.timeEnd;
    this.decimals = decimals;
  }
}

/** `high` holds the first ten of `digits` digits when there are more than ten. */
function setTicks(high: number, low: number, digits: number, out: WordPair): void {
  if (digits <= 15) {
    const value = digits > 10 ? high * 10 ** (digits - 10) + low : low;
    out.lo = value >>> 0;
    out.hi = Math.floor(value / 4294967296);
    return;
  }
  const value = BigInt(high) * 10n ** BigInt(digits - 10) + BigInt(low);
  out.lo = Number(value & 0xffffffffn);
  out.hi = Number((value >> 32n) & 0xffffffffn);
}

/**
 * Finds the end of a time at `from`: `secs.fraction` (1 to 9 decimals) or the integer of a counting clock.
 * Returns 0 when there is none.
 */
export function endOfTime(buffer: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && at - from <= 20 && isDigit(buffer[at])) at++;
  const digits = at - from;
  if (digits === 0 || digits > 20) return 0;
  if (at >= end || buffer[at] !== DOT) return at;
  if (digits > 11) return 0;
  const fraction = ++at;
  while (at < end && at - fraction <= 9 && isDigit(buffer[at])) at++;
  return at === fraction || at - fraction > 9 ? 0 : at;
}

/**
 * Reads the name of the event after the colon of the time: `name: body`, or a body without a name as the function
 * tracer prints it. `(+1188)` before the name is the difference that `trace-cmd report --ts-diff` prints.
 */
export function parseName(buffer: Uint8Array, from: number, end: number, head: Head): boolean {
  let at = skipSpaces(buffer, from, end);
  if (buffer[at] === LEFT_PAREN && buffer[at + 1] === PLUS && at + 1 < end) {
    let after = at + 2;
    while (after < end && isDigit(buffer[after])) after++;
    if (after < end && buffer[after] === 41) at = skipSpaces(buffer, after + 1, end);
  }
  head.nameStart = at;
  const limit = Math.min(end, at + LONGEST_CONTEXT);
  while (at < limit && buffer[at] !== SPACE) {
    if (buffer[at] === COLON && (at + 1 >= end || buffer[at + 1] === SPACE)) break;
    at++;
  }
  if (at === head.nameStart) return false;
  head.bare = at >= end || buffer[at] !== COLON;
  if (head.bare) {
    head.nameEnd = head.bodyStart = head.nameStart;
    return true;
  }
  head.nameEnd = at;
  head.bodyStart = skipSpaces(buffer, at + 1, end);
  return true;
}
