import { MAX_LINE } from '../lines.ts';
import type { ByteSource } from '../source.ts';
import { LF } from './bytes.ts';

/** Whole lines of a source in a buffer, from its beginning. */
export interface Block {
  /** Bytes of whole lines. */
  end: number;
  /** Where the block stands in the source. */
  offset: number;
  /** Bytes of the only line of the block that are not in the buffer: it is longer than `MAX_LINE`. */
  skipped: number;
  /** True when the last line of the block has no line end. */
  openEnd: boolean;
}

export function newBlock(): Block {
  return { end: 0, offset: 0, skipped: 0, openEnd: false };
}

/** Cuts a source into blocks of whole lines. The lines are the same whatever the size of the reads. */
export class BlockReader {
  private readonly source: ByteSource;
  private readonly chunkSize: number;
  private carry = new Uint8Array(0);
  private offset = 0;

  constructor(source: ByteSource, chunkSize: number) {
    this.source = source;
    this.chunkSize = chunkSize;
  }

  /** Bytes that a buffer must have. */
  static capacity(chunkSize: number): number {
    return MAX_LINE + 2 * chunkSize;
  }

  /** Fills `buffer` with the next block. Returns false at the end of the source. */
  next(buffer: Buffer, block: Block): boolean {
    buffer.set(this.carry);
    let filled = this.carry.length;
    block.offset = this.offset;
    block.skipped = 0;
    block.openEnd = false;
    // Behind a long line whole lines may be left.
    const kept = this.carry.lastIndexOf(LF);
    if (kept >= 0) {
      block.end = kept + 1;
      this.carry = this.carry.subarray(kept + 1);
      this.offset += block.end;
      return true;
    }
    for (;;) {
      const got = this.source.read(this.offset + filled, buffer.subarray(filled, filled + this.chunkSize));
      if (got === 0) {
        this.carry = this.carry.subarray(0, 0);
        this.offset += filled;
        block.end = filled;
        block.openEnd = filled > 0;
        return filled > 0;
      }
      const last = buffer.subarray(filled, filled + got).lastIndexOf(LF);
      if (last >= 0) {
        block.end = filled + last + 1;
        this.carry = Uint8Array.prototype.slice.call(buffer, block.end, filled + got);
        this.offset += block.end;
        return true;
      }
      filled += got;
      if (filled > MAX_LINE) return this.passLongLine(buffer, filled, block);
    }
  }

  /** Keeps the first part of a line and passes over the rest. */
  private passLongLine(buffer: Buffer, filled: number, block: Block): boolean {
    const rest = buffer.subarray(MAX_LINE, MAX_LINE + this.chunkSize);
    let at = this.offset + filled;
    for (;;) {
      const got = this.source.read(at, rest);
      const lf = rest.subarray(0, got).indexOf(LF);
      at += lf < 0 ? got : lf + 1;
      if (got > 0 && lf < 0) continue;
      this.carry = Uint8Array.prototype.slice.call(rest, lf + 1, got);
      block.end = MAX_LINE;
      block.skipped = at - this.offset - MAX_LINE;
      block.openEnd = lf < 0;
      this.offset = at;
      return true;
    }
  }
}
