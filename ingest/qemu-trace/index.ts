import type { DecodeOptions, Format } from '../format.ts';
import type { SourceRecording } from '../recording.ts';
import { type ByteSource, headOf } from '../source.ts';
import type { TraceEvents } from './declarations.ts';
import { detect } from './detect.ts';
import { SimpleTraceDecoder } from './simple.ts';
import { readSimpleHeader, SIMPLE_HEADER_BYTES } from './simple-header.ts';
import { TraceTextDecoder } from './text.ts';

export { parseTraceEvents, type TraceEvents } from './declarations.ts';

/**
 * Reads a trace of QEMU, as text or binary.
 * @param declared what QEMU's `trace-events-all` says (`parseTraceEvents`): arguments get the names and types they
 *   have there. NULL: a text is read by the names it prints, a binary trace has names and times only.
 * @throws InputError for a binary trace of a version with another layout.
 */
export function decodeQemuTrace(
  source: ByteSource,
  out: SourceRecording,
  options: DecodeOptions,
  declared: TraceEvents | null,
): void {
  if (readSimpleHeader(headOf(source, SIMPLE_HEADER_BYTES)))
    new SimpleTraceDecoder(out, options, declared).decode(source);
  else new TraceTextDecoder(out, options, declared).decode(source);
}

/** Traces of QEMU. See README.md. */
export const qemuTrace: Format = {
  id: 'qemu-trace',
  title: 'QEMU trace (-trace to a log, simpletrace versions 3 and 4)',
  detect,
  async decode(source, out, options) {
    decodeQemuTrace(source, out, options, null);
  },
};
