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
  /** Those of them that go on where the one before them ended. */
  readonly continuing: readonly number[];
}

/** When a recording was made, as far as its traces tell. */
export interface Watched {
  readonly stretches: readonly Stretch[];
  /** Traces of which nothing tells when they ran. */
  readonly undated: readonly number[];
}

/** Tasks of a trace that goes on where another ended are those of that one: a call may begin in it and return here. */
export function shareTasks({ stretches }: Watched, events: EventColumns): void {
  for (const { sources, continuing } of stretches)
    for (const source of continuing) events.sameTasksAs.set(source, sources[0]);
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
  for (const { sources, continuing } of stretches) {
    const end = ends.get(continuing.at(-1) ?? -1);
    if (end !== undefined) for (const source of [sources[0], ...continuing]) ends.set(source, end);
  }
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
  const all: (Stretch & { readonly continues: boolean })[] = [];
  for (const { source, offsetNs } of relations) {
    const { first_ns: first, last_ns: last, detail } = rows[source];
    if (!isTrace(rows[source]) || offsetNs === null || first === null || last === null) continue;
    const continues = A_PART.test(detail ?? '');
    all.push({ from: first + offsetNs, to: last + offsetNs, sources: [source], continuing: [], continues });
  }
  all.sort((a, b) => Number(a.from - b.from));
  const merged: Stretch[] = [];
  for (const { from, to, sources, continues } of all) {
    const last = merged.at(-1);
    const isApart = last === undefined || from > last.to;
    if (!last || (isApart && !continues)) {
      merged.push({ from, to, sources, continuing: [] });
      continue;
    }
    merged[merged.length - 1] = {
      from: last.from,
      to: to > last.to ? to : last.to,
      sources: [...last.sources, ...sources],
      continuing: isApart ? [...last.continuing, ...sources] : last.continuing,
    };
  }
  return merged;
}

export function watchedBy(rows: readonly SourceRow[], relations: readonly ClockRelation[]): Watched {
  const undated = relations.filter(({ source, offsetNs }) => isTrace(rows[source]) && offsetNs === null);
  return { stretches: stretchesOf(rows, relations), undated: undated.map(({ source }) => source) };
}
