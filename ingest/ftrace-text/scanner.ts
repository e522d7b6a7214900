import { CR, HASH, LF } from './bytes.ts';
import { parseEventLine } from './event-line.ts';
import { Head } from './head.ts';
import { HeadMemo } from './head-memo.ts';
import type { NameTable } from './name-table.ts';
import { isStackMark, mentionsStack } from './stacks.ts';

/** Lines one scan can hand over before the caller has to decode them. */
const MOST_LINES = 8192;
const STRIDE = 3;
const SUMMARY = 8;
const MOST_NAMES = 4096;

/** What a scan found, in memory that threads may share. */
export class ScanResult {
  readonly memory: ArrayBufferLike;
  readonly summary: Int32Array;
  readonly lines: Int32Array;
  /** Lines passed over, by the id of their name. */
  readonly counts: Int32Array;

  constructor(memory: ArrayBufferLike = new ArrayBuffer(ScanResult.bytes)) {
    this.memory = memory;
    this.summary = new Int32Array(memory, 0, SUMMARY);
    this.counts = new Int32Array(memory, SUMMARY * 4, MOST_NAMES);
    this.lines = new Int32Array(memory, (SUMMARY + MOST_NAMES) * 4, (MOST_LINES + 2) * STRIDE);
  }

  static readonly bytes = (SUMMARY + MOST_NAMES + (MOST_LINES + 2) * STRIDE) * 4;

  /** Lines to be decoded. */
  get length(): number {
    return this.summary[0];
  }

  /** Where the scan ended; the rest is to be scanned again. */
  get stoppedAt(): number {
    return this.summary[1];
  }

  /** Lines passed over: plain events, each of them one. */
  get skipped(): number {
    return this.summary[2];
  }

  get skippedBytes(): number {
    return this.summary[3];
  }

  /** Smallest and largest CPU of the lines passed over; 0x7fffffff and -1 when none was. */
  get lowestCpu(): number {
    return this.summary[4];
  }

  get highestCpu(): number {
    return this.summary[5];
  }

  /** Names of which `counts` tells. */
  get names(): number {
    return this.summary[6];
  }

  startOf(i: number): number {
    return this.lines[i * STRIDE];
  }

  /** Position after the line end. */
  nextOf(i: number): number {
    return this.lines[i * STRIDE + 1];
  }

  /** Lines passed over before this one, since the start of the scan. */
  skippedBefore(i: number): number {
    return this.lines[i * STRIDE + 2];
  }
}

/**
 * Passes over the lines of plain events whose names nobody wants, which in most recordings are nearly all, and hands
 * over the rest. It needs no state from before the lines it looks at, so parts of a text can be scanned at the same
 * time. Handed over besides: the line before and after each that is no plain event, and the first and the last line,
 * so that whoever decodes them always sees the neighbours.
 */
export class Scanner {
  private readonly names: NameTable;
  private readonly head = new Head();
  private readonly memo: HeadMemo;

  constructor(names: NameTable) {
    this.names = names;
    this.memo = new HeadMemo(names);
  }

  /**
   * Scans the whole lines `buffer[from, to)`; each ends in LF. `all` hands over every line. Stops early when the
   * result is full and, unless `all`, behind the mark of a stack trace, from where on the reader wants all lines, and
   * behind a line of a header, where another trace may begin.
   */
  scan(buffer: Buffer, from: number, to: number, all: boolean, out: ScanResult): void {
    const { names, head, memo } = this;
    memo.use(buffer);
    const { counts, lines } = out;
    names.refresh();
    counts.fill(0, 0, names.size);
    let filled = 0;
    let skipped = 0;
    let skippedBytes = 0;
    let lowest = 0x7fffffff;
    let highest = -1;
    let at = from;
    let plainBefore = false;
    /** Name and start of the line before, when it was passed over. */
    let heldName = -1;
    let heldStart = 0;
    const last = MOST_LINES * STRIDE;
    while (at < to && filled < last) {
      const lf = buffer.indexOf(LF, at);
      const next = lf < 0 || lf >= to ? to : lf + 1;
      const known = plainBefore ? memo.find(at, next - 1) : -1;
      if (known >= 0) {
        counts[known]++;
        skipped++;
        skippedBytes += next - at;
        if (memo.cpu < lowest) lowest = memo.cpu;
        if (memo.cpu > highest) highest = memo.cpu;
        heldName = known;
        heldStart = at;
        at = next;
        continue;
      }
      let end = next - 1;
      if (end > at && buffer[end - 1] === CR) end--;
      const event = !all && parseEventLine(buffer, at, end, head);
      const stack = event ? isStackMark(buffer, head, end) : !all && mentionsStack(buffer, at, end);
      const plain = event && !head.bare && !stack;
      const name = plain && plainBefore ? names.find(buffer, head.nameStart, head.nameEnd) : -1;
      if (plain) memo.learn(buffer, at, head, name);
      if (name >= 0) {
        counts[name]++;
        skipped++;
        skippedBytes += next - at;
        if (head.cpu < lowest) lowest = head.cpu;
        if (head.cpu > highest) highest = head.cpu;
        heldName = name;
        heldStart = at;
      } else {
        if (!plain && heldName >= 0) {
          counts[heldName]--;
          skipped--;
          skippedBytes -= at - heldStart;
          lines[filled] = heldStart;
          lines[filled + 1] = at;
          lines[filled + 2] = skipped;
          filled += STRIDE;
        }
        heldName = -1;
        lines[filled] = at;
        lines[filled + 1] = next;
        lines[filled + 2] = skipped;
        filled += STRIDE;
        if (stack || (buffer[at] === HASH && !all)) {
          at = next;
          break;
        }
      }
      plainBefore = plain;
      at = next;
    }
    if (heldName >= 0) {
      counts[heldName]--;
      skipped--;
      skippedBytes -= at - heldStart;
      lines[filled] = heldStart;
      lines[filled + 1] = at;
      lines[filled + 2] = skipped;
      filled += STRIDE;
    }
    const { summary } = out;
    summary[0] = filled / STRIDE;
    summary[1] = at;
    summary[2] = skipped;
    summary[3] = skippedBytes;
    summary[4] = lowest;
    summary[5] = highest;
    summary[6] = names.size;
  }
}
