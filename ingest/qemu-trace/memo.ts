const LONGEST = 32;

/** Remembers the id of the last slice of bytes, for records that repeat the one before. */
export class BytesMemo {
  private readonly bytes = new Uint8Array(LONGEST);
  private length = -1;
  private id = -1;

  /** The remembered id, or -1 where the slice is another. */
  get(buffer: Uint8Array, start: number, end: number): number {
    const { bytes, length } = this;
    if (end - start !== length) return -1;
    for (let i = 0; i < length; i++) if (bytes[i] !== buffer[start + i]) return -1;
    return this.id;
  }

  set(buffer: Uint8Array, start: number, end: number, id: number): void {
    if (end - start > LONGEST) return;
    this.length = end - start;
    for (let i = 0; i < this.length; i++) this.bytes[i] = buffer[start + i];
    this.id = id;
  }
}
