import { COLON, DASH, isDigit, isHexDigit, latin1Of, SPACE, skipSpaces } from './bytes.ts';
import { endOfTime, type Head, LONGEST_CONTEXT, parseName } from './head.ts';

/** Which of the latency renderings a line is; they mean different times. */
export type LatencyKind = 'relative' | 'absolute' | 'verbose' | null;

/** Letters of the flags (`trace_print_lat_fmt`): interrupts, rescheduling, context, depths. */
const FLAG = new Set([...'.dXbDNnpBLlZzHhSs'].map((letter) => letter.charCodeAt(0)));

function isFlag(byte: number): boolean {
  return FLAG.has(byte) || isHexDigit(byte);
}

/**
 * Reads a line of the latency format, where the CPU is glued to the flags and the comm is cut to 8 characters:
 *
 *          sh-50        0d..1. 119499us#: name: body      tracefs: microseconds since the start of the buffer
 *          sh-50        0.....  5674904: name: body       tracefs with a counting clock
 *          sh-50      0.....     5.674904: name: body     trace-cmd report -l: the whole time
 *
 * Follows `lat_print_generic` and `lat_print_timestamp` (kernel/trace/trace_output.c). Null when it is no such line.
 */
export function parseLatencyLine(buffer: Uint8Array, start: number, end: number, head: Head): LatencyKind {
  const limit = Math.min(end, start + 64);
  for (let dash = start; dash < limit; dash++) {
    if (buffer[dash] !== DASH || !isDigit(buffer[dash + 1])) continue;
    const kind = parseFromDash(buffer, start, dash, end, head);
    if (kind) return kind;
  }
  return null;
}

function parseFromDash(
  buffer: Uint8Array,
  start: number,
  dash: number,
  end: number,
  head: Head,
): LatencyKind {
  let at = dash + 1;
  let pid = 0;
  while (at < end && at - dash <= 10 && isDigit(buffer[at])) pid = pid * 10 + buffer[at++] - 48;
  if (buffer[at] !== SPACE) return null;
  at = skipSpaces(buffer, at, end);
  const cpuStart = at;
  let cpu = 0;
  while (at < end && at - cpuStart < 5 && isDigit(buffer[at])) cpu = cpu * 10 + buffer[at++] - 48;
  const flagsStart = at;
  while (at < end && isFlag(buffer[at])) at++;
  if (flagsStart === cpuStart || at - flagsStart < 4 || at - flagsStart > 9 || buffer[at] !== SPACE)
    return null;
  head.clear(start);
  head.flagsStart = flagsStart;
  head.flagsEnd = at;
  at = skipSpaces(buffer, at, end);
  const after = endOfTime(buffer, at, end);
  if (after === 0) return null;
  head.commStart = skipSpaces(buffer, start, dash);
  head.commEnd = dash;
  // The kernel prints 8 characters of a comm here: anything longer is another program's prefix.
  if (head.commEnd - head.commStart > 8) return null;
  head.pid = pid;
  head.cpu = cpu;
  head.timeStart = at;
  head.timeEnd = after;
  if (buffer[after] === COLON) return parseName(buffer, after + 1, end, head) ? 'absolute' : null;
  if (buffer[after] !== 117 || buffer[after + 1] !== 115 || buffer[after + 3] !== COLON) return null;
  if (!parseName(buffer, after + 4, end, head)) return null;
  head.resolveTime(buffer);
  const us = (BigInt(head.time.hi) << 32n) | BigInt(head.time.lo);
  head.setTime(us * 1000n, 6);
  return 'relative';
}

const VERBOSE =
  /^ *(\S.*?) +(\d+) +(\d+) (\d+ [0-9a-f]{8}) [0-9a-f]{8,16} \[([0-9a-f]{8,16})\] \d+(?:\.\d{3}ms)? \(\+\d+(\.\d{3}ms)?\): /;

/**
 * Reads a line of the verbose latency format. The number in brackets is the whole time, in microseconds or ticks, in
 * base 16 (`lat_print_timestamp`):
 *
 *     sh      50   0 0 00000000 00000000 [00569798] 119.499ms (+1.188ms): name: body
 */
export function parseVerboseLine(buffer: Uint8Array, start: number, end: number, head: Head): LatencyKind {
  const text = latin1Of(buffer, start, Math.min(end, start + LONGEST_CONTEXT));
  const match = VERBOSE.exec(text);
  if (!match || match[1].length > 16) return null;
  head.clear(start);
  head.commStart = skipSpaces(buffer, start, end);
  head.commEnd = head.commStart + match[1].length;
  head.pid = Number(match[2]);
  head.cpu = Number(match[3]);
  head.flagsStart = start + text.indexOf(match[4], head.commEnd - start + match[2].length);
  head.flagsEnd = head.flagsStart + match[4].length;
  const time = BigInt(`0x${match[5]}`);
  if (match[6]) head.setTime(time * 1000n, 6);
  else head.setTime(time, 0);
  return parseName(buffer, start + match[0].length, end, head) ? 'verbose' : null;
}
