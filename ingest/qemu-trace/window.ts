import type { ByteSource } from '../source.ts';

/** A part of a source in memory, which moves forward. Positions are counted from the start of the loaded record. */
export class ByteWindow {
  bytes: Buffer;
  /** Index in `bytes` of the loaded record. */
  at = 0;
  private readonly source: ByteSource;
  private readonly chunkSize: number;
  private readonly littleEndian: boolean;
  private base = 0;
  private filled = 0;

  constructor(source: ByteSource, chunkSize: number, littleEndian: boolean) {
    this.source = source;
    this.chunkSize = chunkSize;
    this.littleEndian = littleEndian;
    this.bytes = Buffer.alloc(Math.max(chunkSize, 64));
  }

  /** Makes `length` bytes from `offset` on available. False where the source ends before. Offsets must not go down. */
  load(offset: number, length: number): boolean {
    if (offset + length > this.source.size) return false;
    this.at = offset - this.base;
    if (this.at + length <= this.filled) return true;
    this.bytes.copyWithin(0, this.at, this.filled);
    this.filled = Math.max(0, this.filled - this.at);
    this.base = offset;
    this.at = 0;
    const wanted = Math.max(length, this.chunkSize);
    if (this.bytes.length < wanted)
      this.bytes = Buffer.concat([this.bytes.subarray(0, this.filled)], wanted * 2);
    while (this.filled < length) {
      const target = this.bytes.subarray(
        this.filled,
        Math.min(this.bytes.length, this.filled + this.chunkSize),
      );
      const got = this.source.read(this.base + this.filled, target);
      if (got === 0) return false;
      this.filled += got;
    }
    return true;
  }

  /** 32 bits at a position of the record. */
  word(position: number): number {
    const at = this.at + position;
    return this.littleEndian ? this.bytes.readUInt32LE(at) : this.bytes.readUInt32BE(at);
  }

  /** The lower half of 64 bits at a position of the record. */
  low(position: number): number {
    return this.word(this.littleEndian ? position : position + 4);
  }

  /** The upper half of 64 bits at a position of the record. */
  high(position: number): number {
    return this.word(this.littleEndian ? position + 4 : position);
  }
}
