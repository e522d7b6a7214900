import type { DecodeOptions } from '../format.ts';
import { MAX_LINE, scanLines } from '../lines.ts';
import type { SourceRecording } from '../recording.ts';
import type { ByteSource } from '../source.ts';
import { FunctionBlock, type LinePlace } from './function-block.ts';
import { cleanLine, type Line, readLine } from './line.ts';
import { Snapshot } from './snapshot.ts';

/** No line of a listing is longer. */
const LONGEST = 4096;
/** A line shorter than this was not broken by a mailer. */
const WRAP_WIDTH = 60;

/**
 * Reads listings of `lspci` in any mixture of `-v`, `-vv`, `-vvv`, `-n`, `-nn`, `-k`, `-D` and `-x` to `-xxxx`, one or
 * more in a file. The tree of `-t` is passed over.
 */
export class LspciDecoder {
  private readonly out: SourceRecording;
  private readonly options: DecodeOptions;
  private snapshot = new Snapshot(0);
  private snapshots = 0;
  private seq = 0;
  private lineNumber = 0;
  private block: FunctionBlock | null = null;
  /** Length of the line before within the block, or 0 where nothing can be wrapped off it. */
  private wrapFrom = 0;
  private afterBlank = false;

  constructor(out: SourceRecording, options: DecodeOptions) {
    this.out = out;
    this.options = options;
  }

  decode(source: ByteSource): void {
    const { out } = this;
    const isOpen = endsOpen(source);
    scanLines(
      source,
      this.options.chunkSize,
      (buffer, start, end, offset, length) => {
        this.lineNumber++;
        const place = { offset, length, line: this.lineNumber };
        if (length > MAX_LINE + 2) {
          out.note('warning', 'long-line', place, 'a line longer than 1 MiB was read in its first part only');
        }
        const isCut = isOpen && offset + length === source.size;
        const bytes = Buffer.from(buffer.buffer, buffer.byteOffset + start, Math.min(end - start, LONGEST));
        const text = cleanLine(bytes.toString('latin1'));
        if (isCut && text.trim() !== '') this.onCut(place);
        else this.onLine(readLine(text), place);
      },
      this.options.progress,
    );
    this.endBlock();
    this.endSnapshot();
    out.records += this.seq;
    out.detail = this.snapshots > 1 ? `${this.snapshots} listings` : 'one listing';
  }

  private onLine(line: Line, place: LinePlace): void {
    const { out, block } = this;
    const afterBlank = this.afterBlank;
    this.afterBlank = line.kind === 'blank';
    const wrapFrom = this.wrapFrom;
    this.wrapFrom = 0;
    switch (line.kind) {
      case 'blank':
        out.bytes.comment += place.length;
        return;
      case 'function':
        out.bytes.record += place.length;
        this.endBlock();
        if (!this.snapshot.accepts(line.address.domain, line.address.rid)) this.endSnapshot();
        this.block = new FunctionBlock(line.address, line.rest, place);
        this.wrapFrom = place.length;
        return;
      case 'hex':
        if (!block?.addRow(line.offset, line.bytes, place))
          this.onUnparsed(place, 'a hex dump of no function');
        else out.bytes.continuation += place.length;
        return;
      case 'tree':
        out.bytes.comment += place.length;
        this.endBlock();
        out.note('info', 'lspci-tree', place, 'the tree of lspci -t has no state and was passed over');
        return;
      case 'comment':
        out.bytes.comment += place.length;
        this.endBlock();
        return;
      case 'indented':
        if (!block || (afterBlank && !line.known)) break;
        out.bytes.continuation += place.length;
        block.addText(line.text, place);
        this.wrapFrom = place.length;
        return;
      case 'other':
        if (!block || afterBlank || wrapFrom < WRAP_WIDTH) break;
        out.bytes.continuation += place.length;
        block.addWrapped(line.text);
        return;
    }
    // The block stays open: listings that lost their indent have lines that only lspci's context would tell.
    this.onUnparsed(place, 'a line that lspci does not print');
  }

  private onUnparsed(place: LinePlace, what: string): void {
    this.out.bytes.unparsed += place.length;
    this.out.unparsed++;
    this.out.note(
      'warning',
      'unparsed-line',
      place,
      `${what} (a listing has "bb:dd.f Class: Device" and lines below it)`,
    );
  }

  private onCut(place: LinePlace): void {
    const { out } = this;
    out.complete = false;
    out.bytes.unparsed += place.length;
    out.unparsed++;
    out.note(
      'warning',
      'cut',
      place,
      'the input ends without a line end: its last line may be cut and was not used',
    );
  }

  private endBlock(): void {
    if (!this.block) return;
    this.snapshot.add(this.block.finish());
    this.block = null;
  }

  private endSnapshot(): void {
    if (this.snapshot.size === 0) return;
    this.snapshot.write(this.out, this.seq);
    this.seq += this.snapshot.size;
    this.snapshots++;
    this.snapshot = new Snapshot(this.snapshots);
  }
}

function endsOpen(source: ByteSource): boolean {
  const last = new Uint8Array(1);
  return source.size > 0 && source.read(source.size - 1, last) === 1 && last[0] !== 10;
}
