import type { RowOf, SOURCES } from '../tables/index.ts';
import { isListing } from './listings.ts';
import type { ClockRelation } from './order.ts';

type SourceRow = RowOf<typeof SOURCES>;

/** Common time from the first to the last record of a trace, or of several that overlap or continue one another. */
export interface Stretch {
  readonly from: bigint;
  readonly to: bigint;
}

/** When a recording was made, as far as its traces tell. */
export interface Watched {
  readonly stretches: readonly Stretch[];
  /** Traces of which nothing tells when they ran. */
  readonly undated: ReadonlySet<number>;
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
    all.push({ from: first + offsetNs, to: last + offsetNs, continues: A_PART.test(detail ?? '') });
  }
  all.sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  const merged: Stretch[] = [];
  for (const { from, to, continues } of all) {
    const last = merged.at(-1);
    if (!last || (from > last.to && !continues)) merged.push({ from, to });
    else if (to > last.to) merged[merged.length - 1] = { from: last.from, to };
  }
  return merged;
}

export function watchedBy(rows: readonly SourceRow[], relations: readonly ClockRelation[]): Watched {
  const undated = relations.filter(({ source, offsetNs }) => isTrace(rows[source]) && offsetNs === null);
  return { stretches: stretchesOf(rows, relations), undated: new Set(undated.map(({ source }) => source)) };
}
