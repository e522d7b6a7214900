import type { DecodeOptions, Format } from '../format.ts';
import { scanLines } from '../lines.ts';
import { Recording, type SourceRecording } from '../recording.ts';
import type { ByteSource } from '../source.ts';
import { finish } from './json-lines.ts';
import type { Mapping } from './mapping.ts';
import type { RawValue } from './values.ts';
import { EventWriter, RecordError } from './writer.ts';

/** What a line is: a record, nothing to be read, or no match. */
type Line = ReadonlyMap<string, RawValue> | 'nothing' | 'unmatched';

/** A longer line than this is no line of a log. */
const MAX_TEXT = 65536;

/** Splits a line of separated values; quotes may hold separators, and double quotes stand for one. */
export function cellsOf(line: string, separator: string): string[] {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    if (line[at] === '"') {
      let cell = '';
      at++;
      while (at < line.length) {
        if (line[at] !== '"') cell += line[at++];
        else if (line[at + 1] === '"') {
          cell += '"';
          at += 2;
        } else break;
      }
      const end = line.indexOf(separator, at);
      cells.push(cell);
      if (end < 0) return cells;
      at = end + 1;
    } else {
      const end = line.indexOf(separator, at);
      cells.push(line.slice(at, end < 0 ? undefined : end).trim());
      if (end < 0) return cells;
      at = end + 1;
    }
  }
}

/** Turns lines into records by a mapping. */
export class MappedLines {
  private readonly mapping: Mapping;
  private columns: readonly string[] | null;

  constructor(mapping: Mapping) {
    this.mapping = mapping;
    this.columns = mapping.columns;
  }

  /** @throws RecordError when a column that the mapping names is not there. */
  read(text: string): Line {
    const { mapping } = this;
    if (text.trim() === '' || mapping.skip.some((pattern) => pattern.test(text))) return 'nothing';
    if (mapping.kind === 'regex') {
      for (const { match, set } of mapping.lines) {
        const groups = match.exec(text);
        if (groups) return this.record(Object.entries(groups.groups ?? {}), set);
      }
      return mapping.ignoresOthers ? 'nothing' : 'unmatched';
    }
    const cells = cellsOf(text, mapping.separator);
    if (!this.columns) {
      const missing = [...mapping.fieldOf].find(([theirs]) => !cells.includes(theirs));
      if (missing)
        throw new RecordError(missing[1], `a column "${missing[0]}" in the first line`, text.slice(0, 60));
      this.columns = cells;
      return 'nothing';
    }
    return this.record(
      this.columns.map((name, i): [string, string | undefined] => [
        name,
        cells[i] === '' ? undefined : cells[i],
      ]),
      new Map(),
    );
  }

  private record(
    found: readonly (readonly [string, string | undefined])[],
    own: ReadonlyMap<string, RawValue>,
  ): Line {
    const { mapping } = this;
    const record = new Map<string, RawValue>([...mapping.set, ...own]);
    for (const [name, value] of found) {
      if (value === undefined) continue;
      const field = mapping.fieldOf.get(name) ?? name;
      const table = mapping.values.get(field);
      const meaning = table?.has(value) ? (table.get(value) as RawValue) : value;
      if (meaning === null && field === 'event') return 'nothing';
      record.set(field, meaning);
    }
    return record;
  }
}

function decodeMapped(
  source: ByteSource,
  out: SourceRecording,
  options: DecodeOptions,
  mapping: Mapping,
): void {
  const writer = new EventWriter(out, options, mapping.unit);
  const lines = new MappedLines(mapping);
  let line = 0;
  out.clock = mapping.clock;
  out.detail = `read through ${mapping.path}`;
  scanLines(
    source,
    options.chunkSize,
    (buffer, start, end, offset, length) => {
      line++;
      const place = { offset, length, line };
      const bad = (code: string, message: string) => {
        out.bytes.unparsed += length;
        out.unparsed++;
        out.note('warning', code, place, `line ${line}: ${message}`);
      };
      if (end - start > MAX_TEXT) return bad('long-line', 'is longer than 64 KiB and was not read');
      const text = Buffer.from(buffer.buffer, buffer.byteOffset + start, end - start).toString('utf8');
      try {
        const record = lines.read(text);
        if (record === 'nothing') out.bytes.comment += length;
        else if (record === 'unmatched')
          bad('no-pattern', `no pattern of the mapping matches ${JSON.stringify(text.slice(0, 60))}`);
        else writer.write(record, place);
      } catch (error) {
        if (!(error instanceof RecordError)) throw error;
        bad(`field-${error.field}`, error.message);
      }
    },
    options.progress,
  );
  finish(out);
}

/** The format of logs that are read through a mapping. */
export function mappedFormat(mapping: Mapping): Format {
  return {
    id: 'ats-events',
    title: `log read through ${mapping.path}`,
    detect: () => ({ confidence: 99, why: `is read through ${mapping.path}`, detail: 'mapped' }),
    async decode(source, out, options) {
      decodeMapped(source, out, options, mapping);
    },
  };
}

/** What a mapping makes of one line. */
export interface PreviewedLine {
  readonly line: number;
  readonly text: string;
  /** The record, or what is wrong with the line. */
  readonly record: ReadonlyMap<string, RawValue> | null;
  readonly problem: string | null;
}

/** The first records that a mapping makes of a text, and the lines it cannot read. */
export function previewMapping(text: string, mapping: Mapping, limit: number): PreviewedLine[] {
  const out = new Recording().addSource(mapping.path, 'ats-events', text.length);
  const options = { needs: { wants: () => true }, chunkSize: 1 };
  const writer = new EventWriter(out, options, mapping.unit);
  const lines = new MappedLines(mapping);
  const shown: PreviewedLine[] = [];
  for (const [i, own] of text.split(/\r?\n/).entries()) {
    if (shown.length >= limit) break;
    const at = { line: i + 1, text: own };
    try {
      const record = lines.read(own);
      if (record === 'nothing') continue;
      if (record === 'unmatched') {
        shown.push({ ...at, record: null, problem: 'no pattern of the mapping matches' });
        continue;
      }
      writer.write(record, { offset: 0, length: own.length, line: i + 1 });
      shown.push({ ...at, record, problem: null });
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      shown.push({ ...at, record: null, problem: error.message });
    }
  }
  return shown;
}
