import type { Format } from '../format.ts';
import type { Range } from '../recording.ts';
import type { ByteSource } from '../source.ts';

const SPACE = 0x20;
const LF = 0x0a;
const CR = 0x0d;

/** Parts of a source that stays open for itself. */
export function sectionOf(source: ByteSource, format: Format, own: readonly Range[]): SectionSource {
  const { path } = source;
  const size = lineEndAfter(source, own.at(-1)?.end ?? 0);
  const read = (offset: number, target: Uint8Array) =>
    source.read(offset, target.subarray(0, Math.max(0, size - offset)));
  return new SharedSource({ path, size, read, close: () => {} }).section(format, own);
}

/** Most bytes that follow a part on its last line. */
const LONGEST_REST = 4096;

/** Index after the line in which `at` stands: what follows it belongs to others, and is no cut line of this part. */
function lineEndAfter(source: ByteSource, at: number): number {
  const rest = new Uint8Array(LONGEST_REST);
  const end = rest.subarray(0, source.read(at, rest)).indexOf(LF);
  return end < 0 ? source.size : at + end + 1;
}

/** A paste that several sections share; it stays open until the last of them is closed. */
export class SharedSource {
  readonly source: ByteSource;
  private open = 0;

  constructor(source: ByteSource) {
    this.source = source;
  }

  section(format: Format, own: readonly Range[]): SectionSource {
    this.open++;
    return new SectionSource(this, format, own);
  }

  release(): void {
    if (--this.open === 0) this.source.close();
  }
}

/**
 * The parts of a mixed input that one format reads. Everything else reads as blank lines, so that offsets and line numbers
 * are those of the input.
 */
export class SectionSource implements ByteSource {
  readonly path: string;
  readonly size: number;
  readonly format: Format;
  readonly contentStart: number;
  private readonly shared: SharedSource;
  private readonly own: readonly Range[];
  private isOpen = true;

  constructor(shared: SharedSource, format: Format, own: readonly Range[]) {
    this.shared = shared;
    this.path = shared.source.path;
    this.size = shared.source.size;
    this.format = format;
    this.own = own;
    this.contentStart = own[0]?.start ?? 0;
  }

  read(offset: number, target: Uint8Array): number {
    const got = this.shared.source.read(offset, target);
    let at = offset;
    for (const { start, end } of this.own) {
      if (end <= at) continue;
      if (start >= offset + got) break;
      blank(target, at - offset, Math.max(at, start) - offset);
      at = Math.max(at, end);
    }
    blank(target, Math.min(at - offset, got), got);
    return got;
  }

  close(): void {
    if (this.isOpen) this.shared.release();
    this.isOpen = false;
  }
}

function blank(bytes: Uint8Array, from: number, to: number): void {
  for (let at = from; at < to; at++) if (bytes[at] !== LF && bytes[at] !== CR) bytes[at] = SPACE;
}
