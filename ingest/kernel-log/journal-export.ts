import { EQUALS, LF } from '../ascii.ts';
import type { DecodeOptions } from '../format.ts';
import { MAX_LINE } from '../lines.ts';
import type { SourceRecording } from '../recording.ts';
import type { ByteSource } from '../source.ts';
import { JOURNAL_FIELDS, type JournalEntry, type JournalField, JournalReader } from './journal.ts';
import type { RecordWriter } from './records.ts';

const FIELDS: ReadonlySet<string> = new Set(JOURNAL_FIELDS);

/** True when a sample of a source is in the journal export format. */
export function isJournalExport(sample: string): boolean {
  return (
    /^(?:__CURSOR=|__REALTIME_TIMESTAMP=\d{10,16}\r?\n)/m.test(sample.slice(0, 4096)) &&
    /^_[A-Z_]+=/m.test(sample)
  );
}

/** Reads forward through a source, a line or a number of bytes at a time. */
class Reader {
  position = 0;
  line = 1;
  private readonly source: ByteSource;
  private readonly chunk: Buffer;
  private chunkAt = 0;
  private chunkEnd = 0;

  constructor(source: ByteSource, chunkSize: number) {
    this.source = source;
    this.chunk = Buffer.alloc(chunkSize);
  }

  /** The next line without its end, up to `MAX_LINE` bytes of it; null at the end of the source. */
  readLine(): Buffer | null {
    const parts: Buffer[] = [];
    let kept = 0;
    while (this.fill()) {
      const from = this.position - this.chunkAt;
      const found = this.chunk.indexOf(LF, from);
      const stop = found < 0 || found >= this.chunkEnd ? this.chunkEnd : found;
      const part = Buffer.from(this.chunk.subarray(from, Math.min(stop, from + MAX_LINE - kept)));
      kept += part.length;
      parts.push(part);
      this.position += stop - from;
      if (stop === this.chunkEnd) continue;
      this.position++;
      this.line++;
      return Buffer.concat(parts);
    }
    return kept === 0 && parts.length === 0 ? null : Buffer.concat(parts);
  }

  /** The next `size` bytes, of which at most `MAX_LINE` are kept; null when the source is shorter. */
  readBytes(size: number): Buffer | null {
    if (this.position + size > this.source.size) return null;
    const bytes = Buffer.alloc(Math.min(size, MAX_LINE));
    this.source.read(this.position, bytes);
    this.position += size;
    return bytes;
  }

  private fill(): boolean {
    if (this.position >= this.chunkAt && this.position < this.chunkAt + this.chunkEnd) return true;
    this.chunkAt = this.position;
    this.chunkEnd = this.source.read(this.position, this.chunk);
    return this.chunkEnd > 0;
  }
}

/**
 * Reads `journalctl -o export` (https://systemd.io/JOURNAL_EXPORT_FORMATS): entries of `FIELD=value` lines with an empty line after
 * each; a value with control bytes stands after `FIELD` alone as its length, 64-bit little-endian, and its bytes.
 */
export function decodeJournalExport(
  source: ByteSource,
  out: SourceRecording,
  writer: RecordWriter,
  options: DecodeOptions,
): void {
  const journal = new JournalReader(writer, 'journalctl -o export');
  const reader = new Reader(source, options.chunkSize);
  let entry: JournalEntry = {};
  let start = { offset: 0, line: 1 };

  const finishEntry = () => {
    const length = reader.position - start.offset;
    const place = { ...start, length };
    if (journal.take(entry, place)) out.bytes.record += length;
    else out.bytes.comment += length;
    entry = {};
    start = { offset: reader.position, line: reader.line };
    options.progress?.(reader.position);
  };

  for (let line = reader.readLine(); line !== null; line = reader.readLine()) {
    const end = line.length > 0 && line[line.length - 1] === 13 ? line.length - 1 : line.length;
    if (end === 0) {
      finishEntry();
      continue;
    }
    const equals = line.indexOf(EQUALS);
    const name = line.toString('latin1', 0, equals < 0 ? end : equals);
    const value = equals < 0 ? readBinary(reader) : line.subarray(equals + 1, end);
    if (value === null) {
      giveUp(source, out, reader, start);
      return;
    }
    if (FIELDS.has(name)) entry[name as JournalField] = value;
  }
  if (reader.position > start.offset) finishEntry();
}

/** A value after its length; null when the length reaches past the end of the source. */
function readBinary(reader: Reader): Buffer | null {
  const size = reader.readBytes(8)?.readBigUInt64LE();
  if (size === undefined || size > 0x1000000000n) return null;
  const value = reader.readBytes(Number(size));
  if (value !== null) reader.readLine();
  return value;
}

/** The rest of the source is lost once the length of a value is wrong. */
function giveUp(
  source: ByteSource,
  out: SourceRecording,
  reader: Reader,
  start: { readonly offset: number; readonly line: number },
): void {
  out.bytes.unparsed += source.size - start.offset;
  out.unparsed++;
  out.complete = false;
  out.note(
    'warning',
    'cut-journal',
    start,
    `a field before offset ${reader.position} is longer than the source`,
  );
}
