import type { ByteSource } from './source.ts';

/** Receives one line: `buffer[start, end)` without the line end, and where it stands in the source. */
export type LineHandler = (
  buffer: Uint8Array,
  start: number,
  end: number,
  offset: number,
  length: number,
) => void;

/** A line longer than this is handed over in its first part only; the rest is skipped and counted. */
export const MAX_LINE = 1 << 20;

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
}

export interface LineScan {
  /** Lines longer than `MAX_LINE`. */
  longLines: number;
  /** True when the last line has no line end. */
  openEnd: boolean;
}

/** Lines up to this length are searched for their end four bytes at a time, which costs less than a call into the runtime. */
const SHORT = 256;

/** Index of the first line end from `at` on, or -1. `view` is a view of `buffer`. */
function findLineEnd(buffer: Buffer, view: DataView, at: number, filled: number): number {
  let i = at;
  for (const last = Math.min(filled, at + SHORT) - 3; i < last; i += 4) {
    const word = view.getInt32(i, true) ^ 0x0a0a0a0a;
    if (((word - 0x01010101) & ~word & 0x80808080) === 0) continue;
    while (buffer[i] !== 10) i++;
    return i;
  }
  return buffer.indexOf(10, i);
}

/**
 * Calls `onLine` for every line of a source. Line ends are LF or CRLF; `length` counts them. The same lines come out
 * whatever the chunk size.
 */
export function scanLines(
  source: ByteSource,
  chunkSize: number,
  onLine: LineHandler,
  onChunk?: (bytesRead: number) => void,
): LineScan {
  const result: LineScan = { longLines: 0, openEnd: false };
  let buffer = Buffer.allocUnsafe(Math.max(chunkSize * 2, 256));
  let view = viewOf(buffer);
  let filled = 0;
  /** Source offset of `buffer[0]`. */
  let base = 0;
  /** Bytes of a long line that were dropped from the buffer already. */
  let skipped = 0;

  const emit = (start: number, lf: number, lineEnd: number) => {
    let end = lf;
    if (end > start && buffer[end - 1] === 13) end--;
    if (skipped > 0) {
      // The first part of this line still stands at the start of the buffer.
      onLine(buffer, 0, MAX_LINE, base, lineEnd + skipped);
      result.longLines++;
      base += skipped;
      skipped = 0;
      return;
    }
    onLine(buffer, start, end, base + start, lineEnd - start);
  };

  for (;;) {
    if (buffer.length - filled < chunkSize) {
      const grown = Buffer.allocUnsafe(buffer.length * 2);
      buffer.copy(grown, 0, 0, filled);
      buffer = grown;
      view = viewOf(grown);
    }
    const got = source.read(base + skipped + filled, buffer.subarray(filled, filled + chunkSize));
    if (got === 0) break;
    let searchFrom = filled;
    filled += got;
    let start = 0;
    for (;;) {
      const lf = findLineEnd(buffer, view, searchFrom, filled);
      if (lf < 0 || lf >= filled) break;
      emit(start, lf, lf + 1);
      start = lf + 1;
      searchFrom = start;
    }
    if (start > 0) {
      buffer.copyWithin(0, start, filled);
      filled -= start;
      base += start;
    } else if (filled > MAX_LINE) {
      skipped += filled - MAX_LINE;
      filled = MAX_LINE;
    }
    onChunk?.(base + skipped + filled);
  }
  if (filled > 0) {
    result.openEnd = true;
    emit(0, filled, filled);
  }
  return result;
}
