import type { ByteSource } from '../source.ts';

/** Bytes that are read one after the other in small pieces, from a source that is read in large ones. */
export class ReadAhead {
  private readonly source: ByteSource;
  private readonly end: number;
  private readonly size: number;
  private window = new Uint8Array(0);
  private start = 0;
  private length = 0;

  /**
   * @param end of what is worth reading, in bytes from the start of the source.
   * @param size bytes of a read.
   */
  constructor(source: ByteSource, end: number, size: number) {
    this.source = source;
    this.end = end;
    this.size = size;
  }

  /** As `ByteSource.read`. */
  read(offset: number, target: Uint8Array): number {
    let filled = 0;
    while (filled < target.length) {
      const at = offset + filled;
      if (at < this.start || at >= this.start + this.length) {
        const rest = target.subarray(filled);
        // What is larger than the window needs no copy.
        if (rest.length >= this.size) return filled + this.source.read(at, rest);
        if (!this.fill(at, rest.length)) break;
      }
      const from = at - this.start;
      const part = this.window.subarray(from, Math.min(this.length, from + target.length - filled));
      target.set(part, filled);
      filled += part.length;
    }
    return filled;
  }

  /** Reads the window anew; false at the end of the source. */
  private fill(at: number, least: number): boolean {
    if (this.window.length === 0) this.window = new Uint8Array(this.size);
    const wanted = Math.min(this.size, Math.max(least, this.end - at));
    this.start = at;
    this.length = this.source.read(at, this.window.subarray(0, wanted));
    return this.length > 0;
  }
}
