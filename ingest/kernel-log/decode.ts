import type { DecodeOptions } from '../format.ts';
import { type LineHandler, scanLines } from '../lines.ts';
import { HtmlText } from '../paste/html-text.ts';
import { QuotedPrintable } from '../paste/quoted-printable.ts';
import type { SourceRecording } from '../recording.ts';
import { type ByteSource, headOf } from '../source.ts';
import { decodeJournalExport, isJournalExport } from './journal-export.ts';
import { decodeJson, isJson } from './json.ts';
import { LineDecoder } from './lines.ts';
import { hasParts, segmentsOf, sliceOf } from './pstore.ts';
import { RecordWriter } from './records.ts';
import { type Sample, sampleOf } from './sniff.ts';

/**
 * Reads a kernel log in any rendering. JSON and the journal export format are told by their beginning; everything else is read
 * line by line, each by its own form, so that renderings may be mixed.
 */
export async function decode(
  source: ByteSource,
  out: SourceRecording,
  options: DecodeOptions,
): Promise<void> {
  const head = headOf(source);
  const sample = Buffer.from(head).toString('latin1');
  const writer = new RecordWriter(out);
  if (isJson(sample)) decodeJson(source, out, writer, options);
  else if (isJournalExport(sample)) decodeJournalExport(source, out, writer, options);
  else decodeLines(source, sampleOf(head), hasParts(sample), out, writer, options);
  writer.finish();
  describe(out, writer);
}

function decodeLines(
  source: ByteSource,
  sample: Sample,
  isPstore: boolean,
  out: SourceRecording,
  writer: RecordWriter,
  options: DecodeOptions,
): void {
  const decoder = new LineDecoder(out, writer, sample.hints);
  if (!isPstore) {
    const line = sample.isHtml ? new HtmlText(decoder.line).line : decoder.line;
    scan(source, options, sample.escapes > 0 && sample.plainEquals === 0, line);
    return;
  }
  for (const segment of segmentsOf(source, options.chunkSize)) {
    decoder.seek(segment.line);
    scanLines(sliceOf(source, segment), options.chunkSize, (bytes, start, end, offset, length) =>
      decoder.line(bytes, start, end, segment.start + offset, length),
    );
  }
}

function scan(
  source: ByteSource,
  options: DecodeOptions,
  isQuotedPrintable: boolean,
  line: LineHandler,
): void {
  if (!isQuotedPrintable) {
    scanLines(source, options.chunkSize, line, options.progress);
    return;
  }
  const quoted = new QuotedPrintable(line);
  scanLines(source, options.chunkSize, quoted.line, options.progress);
  quoted.flush();
}

/** Sets what the source as a whole is, from its records. */
function describe(out: SourceRecording, writer: RecordWriter): void {
  const ranked = [...writer.renderings].sort((a, b) => b[1] - a[1]);
  out.detail = ranked.length === 0 ? null : ranked.map(([rendering]) => rendering).join(', ');
  out.clock = writer.hasUptime ? 'printk' : null;
  out.timeUnit = out.firstNs === null ? null : 'ns';
}
