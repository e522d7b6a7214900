import {
  DASH,
  DOT,
  EQUALS,
  GREATER,
  indexOfByte,
  isDigit,
  LESS,
  PIPE,
  RIGHT_PAREN,
  SPACE,
  skipSpaces,
  startsWith,
  trimEnd,
} from './bytes.ts';
import { CallText } from './call-text.ts';
import { endOfTime, type Head } from './head.ts';

/** No rendering has more columns than time, relative time, task, flags and duration. */
const MOST_COLUMNS = 5;

/**
 * A line of the function_graph tracer, whose columns each come and go with an option:
 *
 *        50.232315 |   1)     sh-50      |  ...1. | ! 142.703 us  |  func(); /* ret=0x1 *\/
 *     abstime         cpu     proc          irqs    overhead duration   call
 *
 * Follows `print_graph_prologue`, `print_graph_duration` and `print_graph_irq`
 * (kernel/trace/trace_functions_graph.c, 3.x to 7.2). The columns are told by what stands in them, since people post
 * these traces without the legend.
 */
export class GraphLine {
  readonly call = new CallText();
  /** True for `==========>` and `<==========`: an interrupt begins or ends. */
  isInterrupt = false;
  /** In nanoseconds, -1 where not printed. */
  duration = -1;
  /** Spaces before the call; a call and its end have the same. */
  depth = 0;
  hasTime = false;
  hasTask = false;
  /** Columns that were recognised. */
  columns = 0;

  /**
   * Reads `buffer[start, end)`. Returns false when it is no line of this tracer. `bare` admits a line without any
   * column, which only the header of the trace can tell from other text.
   */
  parse(buffer: Uint8Array, start: number, end: number, head: Head, bare: boolean): boolean {
    head.clear(start);
    this.isInterrupt = false;
    this.duration = -1;
    this.hasTime = this.hasTask = false;
    this.columns = 0;
    let at = start;
    for (let i = 0; i <= MOST_COLUMNS; i++) {
      const next = this.readColumn(buffer, at, end, head);
      if (next < 0) break;
      at = next;
      this.columns++;
    }
    if (this.columns === 0 && !bare) return false;
    const call = skipSpaces(buffer, at, end);
    this.depth = call - at;
    head.bodyStart = call;
    return this.isInterrupt || this.call.parse(buffer, call, end);
  }

  /** Reads one column at `from`; returns the position after it, or -1 when the call begins there. */
  private readColumn(buffer: Uint8Array, from: number, end: number, head: Head): number {
    const at = skipSpaces(buffer, from, end);
    if (at >= end) return -1;
    if (head.cpu < 0 && isDigit(buffer[at])) {
      let digit = at;
      let cpu = 0;
      while (digit < end && digit - at < 5 && isDigit(buffer[digit])) cpu = cpu * 10 + buffer[digit++] - 48;
      if (buffer[digit] === RIGHT_PAREN && digit < end) {
        head.cpu = cpu;
        return digit + 1;
      }
    }
    if (isInterrupt(buffer, at, end)) {
      this.isInterrupt = true;
      return end;
    }
    if (buffer[at] === PIPE) return at + 1;
    const limit = Math.min(end, at + 64);
    const pipe = indexOfByte(buffer, PIPE, at, limit);
    if (pipe < 0) return -1;
    const stop = trimEnd(buffer, at, pipe);
    return this.setColumn(buffer, at, stop, head) ? pipe + 1 : -1;
  }

  /** One column by what it holds. */
  private setColumn(buffer: Uint8Array, start: number, end: number, head: Head): boolean {
    if (buffer[end - 1] === 115 && buffer[end - 2] === 117 && buffer[end - 3] === SPACE) {
      this.duration = nanosecondsIn(buffer, start, end - 3);
      return this.duration >= 0;
    }
    const time = endOfTime(buffer, start, end);
    if (time === end && indexOfByte(buffer, DOT, start, end) > 0) {
      // The first is the absolute time, a second one the time since the start.
      if (this.hasTime) return true;
      this.hasTime = true;
      head.timeStart = start;
      head.timeEnd = end;
      return true;
    }
    return this.setTask(buffer, start, end, head) || setFlags(buffer, start, end, head);
  }

  private setTask(buffer: Uint8Array, start: number, end: number, head: Head): boolean {
    let at = end;
    let pid = 0;
    let scale = 1;
    while (at > start && end - at < 10 && isDigit(buffer[at - 1])) {
      pid += (buffer[--at] - 48) * scale;
      scale *= 10;
    }
    if (at === end || at <= start || buffer[at - 1] !== DASH) return false;
    this.hasTask = true;
    head.pid = pid;
    head.commStart = start;
    head.commEnd = at - 1;
    return true;
  }
}

/** An arrow, not a task that is called `<idle>` or `<...>`. */
function isInterrupt(buffer: Uint8Array, at: number, end: number): boolean {
  if (buffer[at] !== EQUALS && buffer[at] !== LESS) return false;
  return startsWith(buffer, at, end, '==========>') || startsWith(buffer, at, end, '<==========');
}

/** `d..1.`: 4 to 9 letters, dots and depths. */
function setFlags(buffer: Uint8Array, start: number, end: number, head: Head): boolean {
  if (end - start < 4 || end - start > 9) return false;
  for (let at = start; at < end; at++) if (buffer[at] === SPACE || buffer[at] >= 123) return false;
  if (buffer[end - 1] === GREATER) return false;
  head.flagsStart = start;
  head.flagsEnd = end;
  return true;
}

/** `+ 13.300` or `11751.88` microseconds as whole nanoseconds, or -1. */
function nanosecondsIn(buffer: Uint8Array, start: number, end: number): number {
  let at = start;
  if (!isDigit(buffer[at])) at = skipSpaces(buffer, at + 1, end);
  const stop = trimEnd(buffer, at, end);
  let value = 0;
  let decimals = -1;
  if (at >= stop || stop - at > 20) return -1;
  for (; at < stop; at++) {
    if (buffer[at] === DOT && decimals < 0) decimals = 0;
    else if (!isDigit(buffer[at])) return -1;
    else {
      value = value * 10 + buffer[at] - 48;
      if (decimals >= 0) decimals++;
    }
  }
  const scale = 3 - Math.max(decimals, 0);
  return scale >= 0 ? value * 10 ** scale : Math.floor(value / 10 ** -scale);
}
