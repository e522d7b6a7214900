import type { SourceRecording } from '../recording.ts';
import type { ByteSource } from '../source.ts';
import { ReadAhead } from './read-ahead.ts';
import type { CpuExtent } from './trace-file.ts';
import { type Batch, freeState, type Part } from './unpack-pool.ts';

/** Chunks hold ten pages as trace-cmd writes them; much larger ones are damage or a bomb. */
const MAX_CHUNK = 64 * 1024 * 1024;
const MAX_CHUNK_PAGES = 64;
/** Pages of events pack 5 to 20 times; the data of a CPU that claims far more is a bomb. */
const MAX_RATIO = 200;
const RATIO_SLACK = 64 * 1024 * 1024;

/** A batch and where its chunks stand in the file: the head of each, and the length with it. */
export interface ReadBatch extends Batch {
  readonly places: readonly { readonly offset: number; readonly length: number }[];
  /** Bytes it takes unpacked. */
  readonly size: number;
}

/** Reads the packed chunks of one CPU one after the other: a count, then for each the packed size, the size, the data. */
export class ChunkReader {
  private readonly source: ReadAhead;
  private readonly out: SourceRecording;
  private readonly extent: CpuExtent;
  private readonly bigEndian: boolean;
  private readonly most: number;
  private readonly end: number;
  private next: number;
  private left = -1;
  private unpacked = 0;
  private readonly word = new DataView(new ArrayBuffer(4));

  /** @param window bytes per read: the heads of chunks are too small for reads of their own. */
  constructor(
    source: ByteSource,
    out: SourceRecording,
    extent: CpuExtent,
    pageSize: number,
    bigEndian: boolean,
    window: number,
  ) {
    this.source = new ReadAhead(source, extent.offset + extent.size, window);
    this.out = out;
    this.extent = extent;
    this.bigEndian = bigEndian;
    this.most = Math.min(MAX_CHUNK, Math.max(1048576, MAX_CHUNK_PAGES * pageSize));
    this.next = extent.offset;
    this.end = extent.offset + extent.size;
  }

  /**
   * The next chunks, of `target` bytes unpacked or a little more; null at the end.
   * @param used a batch that is not needed any more: its memory is used again.
   * @param withSpace whether the batch needs memory for the unpacked chunks.
   */
  read(target: number, used: ReadBatch | null, withSpace: boolean): ReadBatch | null {
    const places: { offset: number; length: number }[] = [];
    const heads: { length: number; size: number }[] = [];
    let size = 0;
    while (size < target) {
      const head = this.readHead();
      if (!head) break;
      places.push({ offset: this.next, length: 8 + head.length });
      this.next += 8 + head.length;
      heads.push(head);
      size += head.size;
    }
    if (places.length === 0) return null;
    const [{ offset: start }] = places;
    // Shared with the threads that unpack: handing it over copies nothing.
    const packed = sharedBytes(this.next - start, used?.packed);
    this.source.read(start, packed);
    const parts: Part[] = heads.map(({ length, size: unpacked }, i) => ({
      offset: places[i].offset - start + 8,
      length,
      size: unpacked,
    }));
    const space = sharedBytes(withSpace ? size : 0, used?.space);
    // A state of its own: a thread may still have the message about the batch whose memory this one takes over.
    const state = freeState(withSpace ? parts.length : 0);
    return { packed, parts, places, size, space, state, chunks: null };
  }

  /** Leaves the position at the head. A chunk of a senseless size is passed over as damaged. */
  private readHead(): { length: number; size: number } | null {
    const { out } = this;
    for (;;) {
      if (this.left < 0) {
        if (this.extent.size < 4) return this.giveUp('it is too short for a number of chunks');
        this.left = this.readWord(this.next);
        this.next += 4;
        out.bytes.comment += 4;
      }
      if (this.next >= this.end)
        return this.left > 0 ? this.giveUp(`${this.left} more chunks should follow`) : null;
      if (this.left === 0) {
        out.bytes.comment += this.end - this.next;
        this.next = this.end;
        return null;
      }
      if (this.next + 8 > this.end) return this.giveUp('the head of a chunk is cut');
      const length = this.readWord(this.next);
      const size = this.readWord(this.next + 4);
      if (this.next + 8 + length > this.end)
        return this.giveUp(`a chunk should have ${length} bytes, more than follow`);
      this.left--;
      this.unpacked += size;
      if (size <= this.most && this.unpacked <= RATIO_SLACK + MAX_RATIO * (this.next - this.extent.offset)) {
        return { length, size };
      }
      const message = `a chunk should unpack to ${size} bytes, more than makes sense`;
      out.note('error', 'huge-chunk', { offset: this.next }, message);
      out.bytes.unparsed += 8 + length;
      out.unparsed++;
      this.next += 8 + length;
    }
  }

  private giveUp(why: string): null {
    const { out } = this;
    out.note(
      'error',
      'cut-data',
      { offset: this.next },
      `the packed data of CPU ${this.extent.cpu} ends early: ${why}`,
    );
    out.complete = false;
    out.bytes.unparsed += Math.max(0, this.end - this.next);
    this.next = this.end;
    this.left = 0;
    return null;
  }

  private readWord(offset: number): number {
    this.source.read(offset, new Uint8Array(this.word.buffer));
    return this.word.getUint32(0, !this.bigEndian);
  }
}

/** Shared memory of a size, from what was there before if it is large enough. */
function sharedBytes(size: number, used: Uint8Array | undefined): Uint8Array {
  if (used && used.buffer.byteLength >= size) return new Uint8Array(used.buffer, 0, size);
  // A little more, so that the next batch fits as well.
  return new Uint8Array(new SharedArrayBuffer(size + (size >> 2)), 0, size);
}
