import { cellAt, columnOf, type QuotedRecord, type Table } from '../tables/index.ts';
import type { EventRecord } from './format.ts';
import type { ReadInputs } from './read.ts';
import type { ByteSource } from './source.ts';

/** A record longer than this is quoted in part. */
const LONGEST = 4096;

/** The records at these places as a person would read them, in the order asked. */
export async function quote(
  inputs: Pick<ReadInputs, 'sources' | 'formats' | 'recorded'>,
  places: readonly QuotedRecord[],
): Promise<string[]> {
  const texts = new Array<string>(places.length).fill('');
  for (const [source, format] of inputs.formats.entries()) {
    const wanted = places.flatMap((place, i) => (place.source === source ? [{ place, i }] : []));
    if (wanted.length === 0) continue;
    const own = wanted.map(({ place }) => place);
    const quoted = format.excerpt
      ? await format.excerpt(inputs.sources[source], eventsAt(inputs.recorded.events, own))
      : own.map((place) => quoteBytes(inputs.sources[source], place));
    wanted.forEach(({ i }, k) => {
      texts[i] = quoted[k];
    });
  }
  return texts;
}

/** The rows of event tables that these records became; records of no event table are left as unknown events. */
function eventsAt(tables: readonly Table[], places: readonly QuotedRecord[]): EventRecord[] {
  const found = new Map<number, EventRecord>();
  for (const place of places) {
    if (!found.has(place.seq)) found.set(place.seq, { ...place, ...eventAt(tables, place) });
  }
  return places.map(({ seq }) => found.get(seq) as EventRecord);
}

function eventAt(tables: readonly Table[], place: QuotedRecord): Pick<EventRecord, 'event' | 'nth'> {
  for (const table of tables) {
    const [sources, seqs, times, offsets] = ['source', 'seq', 'time_ns', 'offset'].map((name) =>
      columnOf(table, name),
    );
    const keyOf = (row: number) => Number(sources.data[row]) * 2 ** 32 + Number(seqs.data[row]);
    const row = firstAtLeast(table.length, keyOf, place.source * 2 ** 32 + place.seq);
    if (row === table.length || keyOf(row) !== place.source * 2 ** 32 + place.seq) continue;
    let first = row;
    while (
      first > 0 &&
      sources.data[first - 1] === sources.data[row] &&
      offsets.data[first - 1] === offsets.data[row] &&
      cellAt(times, first - 1) === cellAt(times, row)
    )
      first--;
    return { event: table.def.name, nth: row - first };
  }
  return { event: null, nth: 0 };
}

/** The first of `length` rows whose key is not below the one given; rows stand in the order of their keys. */
function firstAtLeast(length: number, keyOf: (row: number) => number, key: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keyOf(middle) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The bytes of a text record, without its line end. */
function quoteBytes(source: ByteSource, { offset, length }: QuotedRecord): string {
  const bytes = new Uint8Array(Math.min(length, LONGEST));
  const got = source.read(offset, bytes);
  const text = new TextDecoder('utf-8', { fatal: false })
    .decode(bytes.subarray(0, got))
    .replace(/[\r\n]+$/, '');
  return length > LONGEST ? `${text} ...` : text;
}
