import { nanosecondsOf, type WordPair } from '../../tables/index.ts';

const SPACE = 32;
const LEFT_PAREN = 40;
const RIGHT_PAREN = 41;
const DASH = 45;
const DOT = 46;
const COLON = 58;
const LEFT_BRACKET = 91;
const RIGHT_BRACKET = 93;

export function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

/**
 * The head of one event line, as positions into the buffer and numbers:
 *
 *              sh-150     [000] d..1.    25.421342: event_name: body
 *              comm pid    cpu  flags    time       name        body
 *
 * Follows `trace_print_context` (kernel/trace/trace_output.c, 6.12 and 7.2) and `trace-cmd report` (3.1 to 3.4).
 * A comm may itself hold spaces, dashes, colons and brackets, so the line is anchored on `-pid [cpu]`.
 */
export class EventLine {
  commStart = 0;
  commEnd = 0;
  pid = -1;
  cpu = -1;
  /** Empty (`flagsStart === flagsEnd`) when the trace was printed without them. */
  flagsStart = 0;
  flagsEnd = 0;
  readonly time: WordPair = { lo: 0, hi: 0 };
  /** Digits after the decimal point of the time; 0 for a bare integer. */
  decimals = 0;
  nameStart = 0;
  nameEnd = 0;
  bodyStart = 0;
  /** True for `func <-caller`: the function tracer prints no event name. */
  isFunctionEntry = false;

  /** Reads `buffer[start, end)`. Returns false when it is not an event line. */
  parse(buffer: Uint8Array, start: number, end: number): boolean {
    let at = start;
    for (;;) {
      while (at < end && buffer[at] !== LEFT_BRACKET) at++;
      if (at >= end) return false;
      const after = this.parseContext(buffer, start, at, end);
      if (after > 0) {
        if (this.parseTimeAndName(buffer, after, end)) return true;
      }
      at++;
    }
  }

  /** `comm-pid (tgid) [cpu]` around the bracket at `bracket`; returns the position after it, or 0. */
  private parseContext(buffer: Uint8Array, start: number, bracket: number, end: number): number {
    let cpu = 0;
    let at = bracket + 1;
    const cpuStart = at;
    while (at < end && isDigit(buffer[at])) cpu = cpu * 10 + buffer[at++] - 48;
    if (at === cpuStart || at - cpuStart > 5 || buffer[at] !== RIGHT_BRACKET) return 0;
    const after = at + 1;

    at = bracket - 1;
    while (at >= start && buffer[at] === SPACE) at--;
    if (at >= start && buffer[at] === RIGHT_PAREN) {
      while (at >= start && buffer[at] !== LEFT_PAREN) at--;
      at--;
      while (at >= start && buffer[at] === SPACE) at--;
    }
    let pid = 0;
    let scale = 1;
    const pidEnd = at;
    while (at >= start && isDigit(buffer[at])) {
      pid += (buffer[at--] - 48) * scale;
      scale *= 10;
    }
    if (at === pidEnd || pidEnd - at > 10 || at < start || buffer[at] !== DASH) return 0;
    let from = start;
    while (from < at && buffer[from] === SPACE) from++;
    this.commStart = from;
    this.commEnd = at;
    this.pid = pid;
    this.cpu = cpu;
    return after;
  }

  private parseTimeAndName(buffer: Uint8Array, from: number, end: number): boolean {
    let at = from;
    while (at < end && buffer[at] === SPACE) at++;
    this.flagsStart = this.flagsEnd = at;
    if (at < end && !isDigit(buffer[at])) {
      while (at < end && buffer[at] !== SPACE) at++;
      this.flagsEnd = at;
      if (at - this.flagsStart > 12) return false;
      while (at < end && buffer[at] === SPACE) at++;
    }
    const timeEnd = this.parseTime(buffer, at, end);
    if (timeEnd === 0) return false;
    at = timeEnd;
    if (buffer[at] !== COLON) return false;
    at++;
    while (at < end && buffer[at] === SPACE) at++;
    this.nameStart = at;
    while (at < end && buffer[at] !== COLON && buffer[at] !== SPACE) at++;
    this.nameEnd = at;
    if (at === this.nameStart) return false;
    this.isFunctionEntry = at >= end || buffer[at] !== COLON;
    if (this.isFunctionEntry) {
      this.bodyStart = this.nameStart;
      return true;
    }
    at++;
    while (at < end && buffer[at] === SPACE) at++;
    this.bodyStart = at;
    return true;
  }

  /** `secs.fraction`, or an integer of a counting clock. Returns the position after it, or 0. */
  private parseTime(buffer: Uint8Array, from: number, end: number): number {
    let at = from;
    let high = 0;
    let whole = 0;
    while (at < end && isDigit(buffer[at])) {
      if (at - from === 9) {
        high = whole;
        whole = 0;
      }
      whole = whole * 10 + buffer[at++] - 48;
    }
    const digits = at - from;
    if (digits === 0 || digits > 20) return 0;
    if (at >= end || buffer[at] !== DOT) {
      this.decimals = 0;
      this.setTicks(high, whole, digits);
      return at;
    }
    if (digits > 9) return 0;
    at++;
    const fractionStart = at;
    let fraction = 0;
    while (at < end && isDigit(buffer[at]) && at - fractionStart < 9)
      fraction = fraction * 10 + buffer[at++] - 48;
    const decimals = at - fractionStart;
    if (decimals === 0) return 0;
    for (let i = decimals; i < 9; i++) fraction *= 10;
    this.decimals = decimals;
    nanosecondsOf(whole, fraction, this.time);
    return at;
  }

  private setTicks(high: number, low: number, digits: number): void {
    if (digits <= 9) {
      this.time.lo = low;
      this.time.hi = 0;
      return;
    }
    const lowDigits = digits - 9;
    if (lowDigits <= 6) {
      const value = high * 10 ** lowDigits + low;
      this.time.lo = value >>> 0;
      this.time.hi = Math.floor(value / 4294967296);
      return;
    }
    const value = BigInt(high) * 10n ** BigInt(lowDigits) + BigInt(low);
    this.time.lo = Number(value & 0xffffffffn);
    this.time.hi = Number((value >> 32n) & 0xffffffffn);
  }
}
