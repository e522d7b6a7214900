import type { RowOf, SOURCES } from '../tables/index.ts';
import type { ClockRelation } from './order.ts';

type SourceRow = RowOf<typeof SOURCES>;

const LISTING_FORMATS: ReadonlySet<string> = new Set(['lspci']);

/** A source that shows the hardware at one time that it does not tell. */
export function isListing(row: SourceRow): boolean {
  return LISTING_FORMATS.has(row.format);
}

/**
 * Where listings stand among the other sources. A listing has no time, and what its file is called is no evidence. It
 * stands before or after the recording
 * - where the user or the bundle says so;
 * - where listings are given on both sides of the traces: the last one in front of them and the last one behind them;
 * - behind the log where there is no trace.
 * Every other listing may have been taken at any time.
 */
export function placeListings(rows: readonly SourceRow[]): Map<number, ClockRelation> {
  const listings = rows.filter((row) => isListing(row) && row.records > 0n);
  const traces = rows.filter((row) => !isListing(row) && row.records > 0n && row.format !== 'kernel-log');
  const said = listings.filter((row) => row.taken !== null);
  const placed = new Map(
    said.map((row) => [
      row.source,
      place(
        row.source,
        row.taken as 'before' | 'after',
        `taken ${row.taken} the recording, as the input says`,
      ),
    ]),
  );
  const silent = listings.filter((row) => row.taken === null);
  if (traces.length === 0) {
    for (const { source } of silent) {
      placed.set(
        source,
        place(source, 'after', 'no trace to compare with: the listings follow the log in the order given'),
      );
    }
    return placed;
  }
  const before = silent.findLast((row) => row.source < traces[0].source);
  const after = silent.findLast((row) => row.source > traces[traces.length - 1].source);
  if (before && after) {
    placed.set(before.source, place(before.source, 'before', 'given before the trace, another one after it'));
    placed.set(after.source, place(after.source, 'after', 'given after the trace, another one before it'));
  }
  for (const { source } of silent) if (!placed.has(source)) placed.set(source, undated(source));
  return placed;
}

function place(source: number, relation: 'before' | 'after', method: string): ClockRelation {
  return { source, relation, offsetNs: null, residualNs: null, matches: 0, method };
}

function undated(source: number): ClockRelation {
  return {
    source,
    relation: 'concurrent',
    offsetNs: null,
    residualNs: null,
    matches: 0,
    method: 'a listing has no time, and nothing says when it was taken',
  };
}
