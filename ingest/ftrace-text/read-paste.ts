import type { DecodeOptions } from '../format.ts';
import { scanLines } from '../lines.ts';
import type { SourceRecording } from '../recording.ts';
import type { ByteSource } from '../source.ts';
import { LF } from './bytes.ts';
import { LineDecoder } from './decode.ts';
import { NameTable } from './name-table.ts';
import { type Changes, changeNames, ShownLines } from './pasted.ts';

/** Reads a text that was changed on its way here. Its lines keep their places in the source. */
export function readPaste(
  source: ByteSource,
  out: SourceRecording,
  options: DecodeOptions,
  changes: Changes,
): void {
  const decoder = new LineDecoder(out, options, new NameTable());
  const last = new Uint8Array(1);
  source.read(source.size - 1, last);
  const isOpen = last[0] !== LF;
  /** Where the lines of the source begin that are not handed on yet. */
  let starts: number[] = [];
  const shown = new ShownLines(changes, (bytes, start, end, offset, length) => {
    const next = offset + length;
    const count = starts.findIndex((at) => at >= next);
    const lines = count < 0 ? starts.length : count;
    starts = starts.slice(lines);
    if (isOpen && next === source.size) decoder.onCut(offset, length);
    else decoder.onLine(bytes, start, end, offset, length);
    // A line that was put together is where its first part is.
    decoder.pass(lines - 1);
  });
  const scan = scanLines(
    source,
    options.chunkSize,
    (bytes, start, end, offset, length) => {
      starts.push(offset);
      shown.line(bytes, start, end, offset, length);
    },
    options.progress,
  );
  shown.flush();
  out.note(
    'info',
    'pasted',
    null,
    `the text was changed after it was printed (${changeNames(changes).join(', ')}) and is read as it was before`,
  );
  if (scan.longLines > 0) {
    out.note(
      'warning',
      'long-line',
      null,
      `${scan.longLines} lines longer than 1 MiB were read in part only`,
    );
  }
  decoder.finish();
}
