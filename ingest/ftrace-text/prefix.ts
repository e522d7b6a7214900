import { skipOuter } from '../kernel-log/outer.ts';
import { GREATER, latin1Of, PIPE, SPACE, TAB } from './bytes.ts';

/**
 * What stands before a line: indentation, the number of the line, its file (`trace.txt:12:` of a search, `  guest.dat: ` of
 * `trace-cmd report` with several inputs).
 */
const BEFORE = /^(?:[ \t]+|\d{1,7}[ \t]+|[^\s:"(){}[\]=]{1,200}: ?(?:\d{1,7}[:-])?)/;
const LONGEST = 256;
/** A quotation in a quotation in the log of a CI system. */
export const MOST_PREFIXES = 8;
/** Longest name of a task (TASK_COMM_LEN without its NUL). */
const LONGEST_COMM = 15;

/**
 * Position behind one prefix that something between the tracer and the reader put before a line: quoting, times of a CI
 * system, line numbers, names of files, indentation; `start` when there is none. A line of a trace may itself look as if it
 * had one, so this is asked only of what is no such line.
 */
export function afterPrefix(buffer: Uint8Array, start: number, end: number): number {
  const outer = skipOuter(buffer, start, end);
  if (outer > start) return outer;
  const before = BEFORE.exec(latin1Of(buffer, start, Math.min(end, start + LONGEST)));
  return before ? start + before[0].length : start;
}

/** Where the name of a task begins in `[start, end)`, which may have a prefix before it. */
export function commStartOf(buffer: Uint8Array, start: number, end: number): number {
  let at = skipMarks(buffer, start, end);
  while (end - at > LONGEST_COMM) {
    const next = skipMarks(buffer, afterPrefix(buffer, at, end), end);
    if (next === at || next >= end) return at;
    at = next;
  }
  return at;
}

/** Passes over marks of quotation and white space. */
function skipMarks(buffer: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && isMark(buffer[at])) at++;
  return at;
}

function isMark(byte: number): boolean {
  return byte === GREATER || byte === PIPE || byte === SPACE || byte === TAB;
}
