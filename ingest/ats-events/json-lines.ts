import type { DecodeOptions } from '../format.ts';
import { scanLines } from '../lines.ts';
import type { SourceRecording } from '../recording.ts';
import type { ByteSource } from '../source.ts';
import { integerOf, type RawValue, ValueError } from './values.ts';
import { TIME_UNITS } from './vocabulary.ts';
import { EventWriter, RecordError } from './writer.ts';

/** Version of the format that this reads. */
export const VERSION = 1;

/** What the first line declares. */
export interface LogHeader {
  readonly unit: string | null;
  readonly clock: string | null;
  readonly producer: string | null;
  readonly capability: bigint | null;
}

/** The header of a line, or null when the line is none. @throws RecordError for a header that cannot be used. */
export function headerOf(object: Readonly<Record<string, unknown>>): LogHeader | null {
  if (!('ats_events' in object)) return null;
  const text = (name: string) => (typeof object[name] === 'string' ? String(object[name]) : null);
  if (object.ats_events !== VERSION)
    throw new RecordError(
      'ats_events',
      `${VERSION}, the version of the format`,
      object.ats_events as RawValue,
    );
  const unit = text('time_unit');
  if (object.time_unit !== undefined && (unit === null || !(unit in TIME_UNITS)))
    throw new RecordError(
      'time_unit',
      `one of ${Object.keys(TIME_UNITS).join(', ')}`,
      object.time_unit as RawValue,
    );
  let capability: bigint | null = null;
  if (object.ats_capability !== undefined) {
    try {
      capability = integerOf(object.ats_capability as RawValue);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      throw new RecordError('ats_capability', error.expected, object.ats_capability as RawValue);
    }
  }
  return { unit, clock: text('clock'), producer: text('producer'), capability };
}

/** Reads a log of one JSON object a line. A line that cannot be used is told with its field and passed over. */
export function decodeJsonLines(source: ByteSource, out: SourceRecording, options: DecodeOptions): void {
  const writer = new EventWriter(out, options, null);
  let line = 0;
  let isFirst = true;
  scanLines(
    source,
    options.chunkSize,
    (buffer, start, end, offset, length) => {
      line++;
      const place = { offset, length, line };
      const text = Buffer.from(buffer.buffer, buffer.byteOffset + start, end - start)
        .toString('utf8')
        .trim();
      if (text === '' || text.startsWith('#') || text.startsWith('//')) {
        out.bytes.comment += length;
        return;
      }
      const bad = (code: string, message: string) => {
        out.bytes.unparsed += length;
        out.unparsed++;
        out.note('warning', code, place, `line ${line}: ${message}`);
      };
      let object: unknown;
      try {
        object = JSON.parse(text.replace(/^\uFEFF/, ''));
      } catch {
        return bad('not-json', `expected one JSON object, found ${JSON.stringify(text.slice(0, 60))}`);
      }
      if (typeof object !== 'object' || object === null || Array.isArray(object))
        return bad('not-json', 'expected one JSON object with fields "time" and "event"');
      try {
        const header = isFirst ? headerOf(object as Record<string, unknown>) : null;
        isFirst = false;
        if (header) {
          out.bytes.comment += length;
          writer.unit = header.unit;
          writer.capability = header.capability;
          out.clock = header.clock ?? 'sim';
          out.detail = header.producer;
          return;
        }
        writer.write(new Map(Object.entries(object).map(([name, value]) => [name, plain(value)])), place);
      } catch (error) {
        if (!(error instanceof RecordError)) throw error;
        bad(`field-${error.field}`, error.message);
      }
    },
    options.progress,
  );
  finish(out);
}

export function finish(out: SourceRecording): void {
  out.clock ??= 'sim';
  out.timeUnit = 'ns';
  out.detail ??= 'ATS event log';
}

/** Objects and lists are kept as their text. */
function plain(value: unknown): RawValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  return JSON.stringify(value) ?? null;
}
