import type { Block } from './block.ts';

const decoder = new TextDecoder('utf-8', { fatal: false });

/** One record for printing: its payload, with reads that stay inside it (a read beyond gives 0 or ""). */
export class RecordView {
  readonly length: number;
  readonly cpu: number;
  readonly timeNs: bigint;
  private readonly block: Block;
  private readonly start: number;
  private readonly bigEndian: boolean;

  constructor(block: Block, start: number, length: number, bigEndian: boolean, cpu: number, timeNs: bigint) {
    this.block = block;
    this.start = start;
    this.length = length;
    this.bigEndian = bigEndian;
    this.cpu = cpu;
    this.timeNs = timeNs;
  }

  integer(at: number, size: number, signed: boolean): bigint {
    if (at < 0 || at + size > this.length) return 0n;
    const { view } = this.block;
    const place = this.start + at;
    const little = !this.bigEndian;
    switch (size) {
      case 1:
        return BigInt(signed ? view.getInt8(place) : view.getUint8(place));
      case 2:
        return BigInt(signed ? view.getInt16(place, little) : view.getUint16(place, little));
      case 4:
        return BigInt(signed ? view.getInt32(place, little) : view.getUint32(place, little));
      case 8:
        return signed ? view.getBigInt64(place, little) : view.getBigUint64(place, little);
      default:
        return 0n;
    }
  }

  bytes(at: number, size: number): Uint8Array {
    const from = Math.max(0, Math.min(at, this.length));
    const to = Math.max(from, Math.min(at + size, this.length));
    return this.block.bytes.subarray(this.start + from, this.start + to);
  }

  /** Text up to its NUL. */
  text(at: number, size: number): string {
    const bytes = this.bytes(at, size);
    const end = bytes.indexOf(0);
    return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
  }

  /** Groups of 32 bits in hexadecimal with commas, highest first, as the kernel prints bitmasks. */
  bitmask({ at, size }: { at: number; size: number }): string {
    const bytes = [...this.bytes(at, Math.min(size, 1024))];
    if (!this.bigEndian) bytes.reverse();
    let text = '';
    bytes.forEach((byte, i) => {
      if (i > 0 && (bytes.length - i) % 4 === 0) text += ',';
      text += byte.toString(16).padStart(2, '0');
    });
    return text;
  }

  /** The CPUs of a mask as ranges: `0-3,8`. */
  cpuList({ at, size }: { at: number; size: number }): string {
    const bytes = [...this.bytes(at, Math.min(size, 1024))];
    if (this.bigEndian) bytes.reverse();
    const ranges: string[] = [];
    const isSet = (cpu: number) => ((bytes[cpu >> 3] ?? 0) & (1 << (cpu & 7))) !== 0;
    for (let cpu = 0; cpu < bytes.length * 8; cpu++) {
      if (!isSet(cpu)) continue;
      let last = cpu;
      while (isSet(last + 1)) last++;
      ranges.push(last > cpu ? `${cpu}-${last}` : String(cpu));
      cpu = last;
    }
    return ranges.join(',');
  }
}
