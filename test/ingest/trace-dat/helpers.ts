import type { EventKind } from '../../../ingest/needs.ts';
import { type Recorded, Recording, type SourceRecording } from '../../../ingest/recording.ts';
import { MemorySource } from '../../../ingest/source.ts';
import { Excerpts, traceDat } from '../../../ingest/trace-dat/index.ts';
import { type Cell, cellAt, type Table } from '../../../tables/index.ts';
import { ByteWriter, utf8 } from './writer.ts';

export interface Decoded {
  readonly out: SourceRecording;
  readonly recorded: Recorded;
}

/** Decodes a file in memory; everything is wanted unless said otherwise. */
export async function decode(
  bytes: Uint8Array,
  wants: (kind: EventKind) => boolean = () => true,
  chunkSize = 65536,
): Promise<Decoded> {
  const source = new MemorySource('test.dat', bytes);
  const recording = new Recording();
  const out = recording.addSource('test.dat', 'trace-dat', bytes.length);
  await traceDat.decode(source, out, { needs: { wants }, chunkSize });
  return { out, recorded: recording.finish() };
}

export async function report(bytes: Uint8Array): Promise<string[]> {
  const lines: string[] = [];
  await (await Excerpts.open(new MemorySource('test.dat', bytes))).report((line) => lines.push(line));
  return lines;
}

export type Row = Record<string, Cell>;

export function rowsOf(table: Table | undefined): Row[] {
  if (!table) return [];
  return Array.from({ length: table.length }, (_, row) =>
    Object.fromEntries(table.columns.map((column) => [column.def.name, cellAt(column, row)])),
  );
}

/** All rows of all events, in order. */
export function allRows({ recorded }: Pick<Decoded, 'recorded'>): Row[] {
  return recorded.events
    .flatMap((table) => rowsOf(table).map((row) => ({ event: table.def.name, ...row }) as Row))
    .sort((a, b) => Number(a.seq) - Number(b.seq));
}

export function byteSum({ out }: Decoded): number {
  return Object.values(out.bytes).reduce((sum, count) => sum + count, 0);
}

/** Lines of a report: a line that begins with no task continues the event before it. */
export function eventLines(text: string): string[] {
  const events: string[] = [];
  for (const line of text.split('\n')) {
    if (/^\s*\S.*-\d+\s+\[\d+\]/.test(line)) events.push(line);
    else if (events.length > 0 && !/^CPU:\d+ \[/.test(line)) events[events.length - 1] += `\n${line}`;
  }
  return events.map((event) => event.replace(/\n+$/, ''));
}

export const COMMON =
  '\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n' +
  '\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n' +
  '\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n' +
  '\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n';

export function format(name: string, id: number, fields: readonly string[], print: string): string {
  const lines = fields.map((field) => `\tfield:${field}\n`).join('');
  return `name: ${name}\nID: ${id}\nformat:\n${COMMON}${lines}\nprint fmt: ${print}\n`;
}

/** The payload of an event: the common fields, then what `rest` writes. */
export function payload(
  id: number,
  pid: number,
  rest: (writer: ByteWriter) => void = () => {},
  { flags = 0, preempt = 0, bigEndian = false } = {},
): Uint8Array {
  const writer = new ByteWriter(bigEndian).int(id, 2).int(flags, 1).int(preempt, 1).int(pid, 4);
  rest(writer);
  return writer.done();
}

export { utf8 };
