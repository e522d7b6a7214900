import { EQUALS } from '../ascii.ts';
import { type LineHandler, MAX_LINE } from '../lines.ts';

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  return byte >= 0x41 && byte <= 0x46 ? byte - 0x37 : -1;
}

/**
 * Takes lines in quoted-printable (RFC 2045, 6.7), as the raw text of a mail has them, and hands on what they encode: `=3D` is
 * `=`, an `=` at the end joins the next line. A joined line stands where its first part does, with the length of all parts.
 */
export class QuotedPrintable {
  private readonly next: LineHandler;
  private buffer = Buffer.alloc(4096);
  private filled = 0;
  private offset = 0;
  private length = 0;

  constructor(next: LineHandler) {
    this.next = next;
  }

  readonly line: LineHandler = (bytes, start, end, offset, length) => {
    if (this.length === 0) this.offset = offset;
    this.length += length;
    const isSoft = end > start && bytes[end - 1] === EQUALS && this.filled < MAX_LINE;
    this.take(bytes, start, isSoft ? end - 1 : end);
    if (!isSoft) this.flush();
  };

  /** Hands on a line whose next part is missing. */
  flush(): void {
    if (this.length === 0) return;
    this.next(this.buffer, 0, this.filled, this.offset, this.length);
    this.filled = 0;
    this.length = 0;
  }

  private take(bytes: Uint8Array, start: number, end: number): void {
    if (this.filled + end - start > this.buffer.length) {
      const grown = Buffer.alloc((this.filled + end - start) * 2);
      this.buffer.copy(grown, 0, 0, this.filled);
      this.buffer = grown;
    }
    for (let i = start; i < end; i++) {
      const high = bytes[i] === EQUALS && i + 2 < end ? hexDigit(bytes[i + 1]) : -1;
      const low = high < 0 ? -1 : hexDigit(bytes[i + 2]);
      this.buffer[this.filled++] = low < 0 ? bytes[i] : high * 16 + low;
      if (low >= 0) i += 2;
    }
  }
}
