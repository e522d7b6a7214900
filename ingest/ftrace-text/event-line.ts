import {
  COLON,
  DASH,
  isDigit,
  LEFT_BRACKET,
  LEFT_PAREN,
  RIGHT_BRACKET,
  RIGHT_PAREN,
  SPACE,
} from './bytes.ts';
import { endOfTime, type Head, LONGEST_CONTEXT, parseName } from './head.ts';

/** Longer than any flags of any version, with the lock depth that trace-cmd appends. */
const LONGEST_FLAGS = 12;

/**
 * Reads an ordinary event line:
 *
 *              sh-150     (    150) [000] d..1.    25.421342: event_name: body
 *              comm pid    tgid      cpu  flags    time       name        body
 *
 * Follows `trace_print_context` (kernel/trace/trace_output.c, 3.x to 7.2) and `trace-cmd report` (3.1 to 3.4), whose
 * `-R` puts `-0x0` where the flags stand. A comm may itself hold spaces, dashes, colons and brackets, so the line is
 * anchored on `-pid [cpu]`. Returns false when `buffer[start, end)` is no such line.
 */
export function parseEventLine(buffer: Uint8Array, start: number, end: number, head: Head): boolean {
  const limit = Math.min(end, start + LONGEST_CONTEXT);
  for (let at = start; at < limit; at++) {
    if (buffer[at] !== LEFT_BRACKET) continue;
    const after = parseContext(buffer, start, at, end, head);
    if (after > 0 && parseTimeAndName(buffer, after, end, head)) return true;
  }
  return false;
}

/** `comm-pid (tgid) [cpu]` around the bracket at `bracket`; returns the position after it, or 0. */
function parseContext(buffer: Uint8Array, start: number, bracket: number, end: number, head: Head): number {
  let cpu = 0;
  let at = bracket + 1;
  const cpuStart = at;
  while (at < end && isDigit(buffer[at])) cpu = cpu * 10 + buffer[at++] - 48;
  if (at === cpuStart || at - cpuStart > 5 || buffer[at] !== RIGHT_BRACKET) return 0;
  const after = at + 1;

  at = bracket - 1;
  while (at >= start && buffer[at] === SPACE) at--;
  let tgid = -1;
  if (at >= start && buffer[at] === RIGHT_PAREN) {
    let open = at - 1;
    while (open >= start && at - open < 12 && buffer[open] !== LEFT_PAREN) open--;
    if (open < start || buffer[open] !== LEFT_PAREN) return 0;
    tgid = unsignedIn(buffer, open + 1, at);
    at = open - 1;
    while (at >= start && buffer[at] === SPACE) at--;
  }
  let pid = 0;
  let scale = 1;
  const pidEnd = at;
  while (at >= start && pidEnd - at < 10 && isDigit(buffer[at])) {
    pid += (buffer[at--] - 48) * scale;
    scale *= 10;
  }
  if (at === pidEnd || at < start || buffer[at] !== DASH) return 0;
  let from = start;
  while (from < at && buffer[from] === SPACE) from++;
  head.commStart = from;
  head.commEnd = at;
  head.pid = pid;
  head.tgid = tgid;
  head.cpu = cpu;
  return after;
}

/** The number in `[start, end)` among spaces, or -1 (`(-------)`: not known). */
function unsignedIn(buffer: Uint8Array, start: number, end: number): number {
  let value = -1;
  for (let at = start; at < end; at++) {
    if (isDigit(buffer[at])) value = (value < 0 ? 0 : value) * 10 + buffer[at] - 48;
    else if (buffer[at] !== SPACE) return -1;
  }
  return value;
}

function parseTimeAndName(buffer: Uint8Array, from: number, end: number, head: Head): boolean {
  let at = from;
  while (at < end && buffer[at] === SPACE) at++;
  head.flagsStart = head.flagsEnd = at;
  if (at < end && !isDigit(buffer[at])) {
    while (at < end && buffer[at] !== SPACE) at++;
    head.flagsEnd = at;
    if (at - head.flagsStart > LONGEST_FLAGS) return false;
    while (at < end && buffer[at] === SPACE) at++;
  }
  const after = endOfTime(buffer, at, end);
  if (after === 0 || after >= end || buffer[after] !== COLON) return false;
  head.timeStart = at;
  head.timeEnd = after;
  head.systemStart = head.systemEnd;
  return parseName(buffer, after + 1, end, head);
}
