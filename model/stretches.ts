import type { RowOf, SOURCES } from '../tables/index.ts';
import type { EventColumns } from './event-columns.ts';
import { isListing } from './listings.ts';
import type { ClockRelation } from './order.ts';

type SourceRow = RowOf<typeof SOURCES>;

/** Common time from the first to the last record of a trace, or of several that overlap or continue one another. */
export interface Stretch {
  readonly from: bigint;
  readonly to: bigint;
  /** The traces. */
  readonly sources: readonly number[];
  /** Those of them that go on where another one ended. */
  readonly continuing: readonly { readonly source: number; readonly of: number }[];
}

/** When a recording was made, as far as its traces tell. */
export interface Watched {
  readonly stretches: readonly Stretch[];
  /** Traces of which nothing tells when they ran. */
  readonly undated: readonly number[];
}

/** A recording of one part. */
export const UNDIVIDED: Watched = { stretches: [], undated: [] };

/** Tasks of a trace that goes on where another ended are those of that one: a call may begin in it and return here. */
export function shareTasks({ stretches }: Watched, events: EventColumns): void {
  const { sameTasksAs } = events;
  for (const { continuing } of stretches)
    for (const { source, of } of continuing) sameTasksAs.set(source, sameTasksAs.get(of) ?? of);
}

/**
 * Common time of the last record of each source that lies on the common time; a trace that goes on in another source ends
 * with that one.
 */
export function endsOf(
  rows: readonly SourceRow[],
  relations: readonly ClockRelation[],
  { stretches }: Watched,
): Map<number, bigint> {
  const ends = new Map<number, bigint>();
  for (const { source, offsetNs, timeOf } of relations) {
    const { last_ns: last } = rows[source];
    if (last !== null && offsetNs !== null && !timeOf) ends.set(source, last + offsetNs);
  }
  for (const { continuing } of stretches)
    for (const { source, of } of [...continuing].reverse()) ends.set(of, ends.get(source) as bigint);
  return ends;
}

/** The traces that ran together: those of each stretch, and each of which nothing tells when it ran. */
export function partsOf({ stretches, undated }: Watched): (readonly number[])[] {
  return [...stretches.map(({ sources }) => sources), ...undated.map((source) => [source])];
}

/** What a text without a header is: what came out of `trace_pipe`, where nothing is lost between two readers, or a part of a trace. */
const A_PART = /^trace_pipe or a part of a trace/;

/** A source in which silence of a probe shows that nothing happened. */
export function isTrace(row: SourceRow): boolean {
  return row.records > 0n && row.format !== 'kernel-log' && row.format !== 'qemu-trace' && !isListing(row);
}

/** When traces were running, in the order of time; empty where no trace has a time. */
export function stretchesOf(rows: readonly SourceRow[], relations: readonly ClockRelation[]): Stretch[] {
  const all: { source: number; from: bigint; to: bigint }[] = [];
  for (const { source, offsetNs } of relations) {
    const { first_ns: first, last_ns: last } = rows[source];
    if (!isTrace(rows[source]) || offsetNs === null || first === null || last === null) continue;
    all.push({ source, from: first + offsetNs, to: last + offsetNs });
  }
  all.sort((a, b) => Number(a.from - b.from));
  const merged: Stretch[] = [];
  /** The trace that ends the last stretch so far. */
  let ending = -1;
  for (const { source, from, to } of all) {
    const last = merged.at(-1);
    const isApart = last === undefined || from > last.to;
    if (!last || (isApart && !A_PART.test(rows[source].detail ?? ''))) {
      merged.push({ from, to, sources: [source], continuing: [] });
      ending = source;
      continue;
    }
    merged[merged.length - 1] = {
      from: last.from,
      to: to > last.to ? to : last.to,
      sources: [...last.sources, source],
      continuing: isApart ? [...last.continuing, { source, of: ending }] : last.continuing,
    };
    if (to > last.to) ending = source;
  }
  return merged;
}

/** @param apart sources of another machine: they show nothing of when this one was watched. */
export function watchedBy(
  rows: readonly SourceRow[],
  relations: readonly ClockRelation[],
  apart: ReadonlySet<number>,
): Watched {
  const own = relations.filter(({ source }) => !apart.has(source));
  const undated = own.filter(
    ({ source, offsetNs }) => isTrace(rows[source]) && (offsetNs === null || rows[source].first_ns === null),
  );
  return { stretches: stretchesOf(rows, own), undated: undated.map(({ source }) => source) };
}
