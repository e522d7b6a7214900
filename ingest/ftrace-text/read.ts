import type { DecodeOptions } from '../format.ts';
import { MAX_LINE } from '../lines.ts';
import type { SourceRecording } from '../recording.ts';
import type { ByteSource } from '../source.ts';
import { type Block, BlockReader, newBlock } from './blocks.ts';
import { CR, LF } from './bytes.ts';
import { LineDecoder } from './decode.ts';
import { NameTable } from './name-table.ts';
import { Scanner, ScanResult } from './scanner.ts';

/** Reads an ftrace text: cuts it into blocks, passes over what nobody wants, decodes the rest. */
export class TextReader {
  readonly names: NameTable;
  private readonly out: SourceRecording;
  private readonly scanner: Scanner;
  private readonly decoder: LineDecoder;
  private readonly own = new ScanResult();
  private longLines = 0;

  constructor(out: SourceRecording, options: DecodeOptions, names: NameTable) {
    this.out = out;
    this.names = names;
    this.scanner = new Scanner(names);
    this.decoder = new LineDecoder(out, options, names);
  }

  /** True when no line may be passed over any more. */
  get needsAllLines(): boolean {
    return this.decoder.needsAllLines;
  }

  /** Scans the whole lines of a block ahead of its turn. */
  scan(buffer: Buffer, end: number, result: ScanResult): void {
    this.scanner.scan(buffer, 0, end, false, result);
  }

  /** Decodes a block. `scanned` is what was found in it already, as far as that goes. */
  decode(buffer: Buffer, block: Block, scanned: ScanResult | null): void {
    if (block.skipped > 0) {
      this.onLongLine(buffer, block);
      return;
    }
    const whole = block.openEnd ? buffer.lastIndexOf(LF, block.end - 1) + 1 : block.end;
    let from = 0;
    if (scanned && !this.decoder.needsAllLines) from = this.take(buffer, block, scanned);
    while (from < whole) {
      this.scanner.scan(buffer, from, whole, this.decoder.needsAllLines, this.own);
      from = this.take(buffer, block, this.own);
    }
    if (block.openEnd) this.decoder.onCut(block.offset + whole, block.end - whole);
  }

  finish(): void {
    const { out, longLines } = this;
    if (longLines > 0) {
      out.note('warning', 'long-line', null, `${longLines} lines longer than 1 MiB were read in part only`);
    }
    this.decoder.finish();
  }

  /** Decodes the lines of a scan; returns where it stopped. */
  private take(buffer: Buffer, block: Block, scan: ScanResult): number {
    const { decoder } = this;
    decoder.addSkipped(scan, this.names);
    let skipped = 0;
    for (let i = 0; i < scan.length; i++) {
      const start = scan.startOf(i);
      const next = scan.nextOf(i);
      const passed = scan.skippedBefore(i);
      decoder.skip(passed - skipped);
      skipped = passed;
      let end = next - 1;
      if (end - start > MAX_LINE) {
        end = start + MAX_LINE;
        this.longLines++;
      } else if (end > start && buffer[end - 1] === CR) end--;
      decoder.onLine(buffer, start, end, block.offset + start, next - start);
    }
    decoder.skip(scan.skipped - skipped);
    return scan.stoppedAt;
  }

  private onLongLine(buffer: Buffer, block: Block): void {
    const length = block.end + block.skipped;
    this.longLines++;
    if (block.openEnd) this.decoder.onCut(block.offset, length);
    else this.decoder.onLine(buffer, 0, block.end, block.offset, length);
  }
}

/** Reads a text on this thread alone. */
export function readOnOneThread(source: ByteSource, out: SourceRecording, options: DecodeOptions): void {
  const reader = new TextReader(out, options, new NameTable());
  const blocks = new BlockReader(source, options.chunkSize);
  const buffer = Buffer.allocUnsafe(BlockReader.capacity(options.chunkSize));
  const block = newBlock();
  while (blocks.next(buffer, block)) {
    reader.decode(buffer, block, null);
    options.progress?.(block.offset + block.end + block.skipped);
  }
  reader.finish();
}
