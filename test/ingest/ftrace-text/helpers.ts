import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ftraceText } from '../../../ingest/ftrace-text/index.ts';
import type { EventKind } from '../../../ingest/needs.ts';
import { type Recorded, Recording } from '../../../ingest/recording.ts';
import { MemorySource } from '../../../ingest/source.ts';
import { type Cell, rowsOf } from '../../../tables/index.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/ftrace-text/', import.meta.url));

export const FMT = readdirSync(`${FIXTURES}fmt`)
  .sort()
  .map((name) => `fmt/${name}`);

export const ALL_FIXTURES = [
  ...FMT,
  ...readdirSync(FIXTURES)
    .filter((name) => name.endsWith('.txt'))
    .sort(),
];

export function fixture(name: string): Buffer {
  return readFileSync(FIXTURES + name);
}

export type Wants = (kind: EventKind) => boolean;

export const everything: Wants = () => true;

/** Wants few kinds of event, so that the lines of the others are passed over. */
export const onlyEnable: Wants = ({ name, symbol }) =>
  (symbol ?? name).includes('pci_enable_ats') || name === 'map';

export async function decode(
  text: string | Uint8Array,
  { wants = everything, chunkSize = 1 << 16 }: { wants?: Wants; chunkSize?: number } = {},
): Promise<Recorded> {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
  const recording = new Recording();
  const out = recording.addSource('trace.txt', ftraceText.id, bytes.length);
  await ftraceText.decode(new MemorySource('trace.txt', bytes), out, { needs: { wants }, chunkSize });
  return recording.finish();
}

export type Row = Record<string, Cell>;

/** All rows of all event tables in the order of the text, with the name of their table. */
export function eventsOf(recorded: Recorded): Row[] {
  return recorded.events
    .flatMap((table) => rowsOf(table).map((row) => ({ event: table.def.name, ...(row as Row) }) as Row))
    .sort((a, b) => Number(a.seq) - Number(b.seq));
}

export function sourceOf(recorded: Recorded): Row {
  return rowsOf(recorded.sources)[0] as unknown as Row;
}

export function notesOf(recorded: Recorded): string[] {
  return rowsOf(recorded.importLog).map(({ code }) => String(code));
}

/** Everything that reading gave, for comparing one reading with another. */
export function digest(recorded: Recorded): unknown {
  const rows = eventsOf(recorded);
  return {
    source: sourceOf(recorded),
    log: rowsOf(recorded.importLog),
    losses: rowsOf(recorded.losses),
    counts: [...recorded.eventCounts[0]].sort(([a], [b]) => (a < b ? -1 : 1)),
    rows,
  };
}

/** Bytes in all buckets together. */
export function accounted(recorded: Recorded): number {
  const source = sourceOf(recorded);
  return ['record', 'continuation', 'marker', 'comment', 'unparsed'].reduce(
    (sum, bucket) => sum + Number(source[`${bucket}_bytes`]),
    0,
  );
}

/** The low 32 bits of a printed result, signed: `-22` for -22, 0xffffffea and 0xffffffffffffffea. */
export function int32(value: Cell): number | null {
  return value === null || value === undefined ? null : Number(BigInt.asIntN(32, BigInt(value as bigint)));
}

/** A line of the story in few words, for comparing renderings. */
export function word(value: Cell): string {
  return value === null || value === undefined ? '-' : String(value);
}
