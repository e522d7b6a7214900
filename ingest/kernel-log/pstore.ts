import { type LineHandler, scanLines } from '../lines.ts';
import type { ByteSource } from '../source.ts';

/** Quoting and times of CI systems before a header. */
const PREFIX = '[>| ]{0,16}(?:\\d{4}-\\d\\d-\\d\\dT[\\d:.]{8,20}Z )?';
/** Header of a part of a kernel message dump, pstore_dump() in fs/pstore/platform.c. */
const PART = new RegExp(
  `^${PREFIX}(Oops|Panic|Emergency|Restart|Halt|Poweroff|Shutdown|Unknown)#(\\d{1,9}) Part(\\d{1,9})\\s*$`,
  'm',
);
const LONGEST = 80;

export interface Segment {
  readonly start: number;
  readonly end: number;
  /** Number of lines before it. */
  readonly line: number;
}

interface Part extends Segment {
  readonly dump: string;
  readonly part: number;
}

/** True when a sample of a source has headers of pstore parts. */
export function hasParts(sample: string): boolean {
  return PART.test(sample);
}

/** Parts of each dump in the order of the log: part 1 holds the last records, so higher numbers come first. */
export function segmentsOf(source: ByteSource, chunkSize: number): readonly Segment[] {
  const starts: { offset: number; line: number; dump: string; part: number }[] = [
    { offset: 0, line: 0, dump: '', part: 0 },
  ];
  let line = 0;
  const onLine: LineHandler = (bytes, start, end, offset) => {
    if (end - start <= LONGEST && end - start >= 11) {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
      const match = PART.exec(text);
      if (match) starts.push({ offset, line, dump: `${match[1]}#${match[2]}`, part: Number(match[3]) });
    }
    line++;
  };
  scanLines(source, chunkSize, onLine);
  const parts = starts.map((from, i): Part => {
    return {
      start: from.offset,
      end: starts[i + 1]?.offset ?? source.size,
      line: from.line,
      dump: from.dump,
      part: from.part,
    };
  });
  const dumps = [...new Set(parts.map((part) => part.dump))];
  return dumps.flatMap((dump) => parts.filter((part) => part.dump === dump).sort((a, b) => b.part - a.part));
}

/** A part of a source as a source of its own. */
export function sliceOf(source: ByteSource, segment: Segment): ByteSource {
  return {
    path: source.path,
    size: segment.end - segment.start,
    read: (offset, target) => {
      const left = segment.end - segment.start - offset;
      return left <= 0
        ? 0
        : source.read(segment.start + offset, target.subarray(0, Math.min(left, target.length)));
    },
    close: () => {},
  };
}
