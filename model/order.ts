import { bigOf } from '../tables/index.ts';
import type { EventColumns } from './event-columns.ts';
import { KIND } from './events.ts';

/** How the clock of a source relates to the common time. */
export interface ClockRelation {
  readonly source: number;
  readonly relation: 'reference' | 'same' | 'aligned' | 'before' | 'after' | 'concurrent';
  /** Added to the source's times to get the common time; null when the order against other sources is unknown. */
  readonly offsetNs: bigint | null;
  /** How fast the clock gains on the common one, 1e-9; the offset holds at its first record. NULL: not known. */
  readonly driftPpb?: number | null;
  readonly residualNs: bigint | null;
  readonly matches: number;
  readonly method: string;
  /** Common time of a row, where more than offset and drift is known of it; null for a row without a time. */
  readonly timeOf?: (row: number) => bigint | null;
  /** Set for a source that recorded the events of another one: only what it alone has is added to those. */
  readonly joins?: JoinedSource;
}

/** An event that only the second of two recordings of the same events has. */
export interface TwinExtra {
  readonly row: number;
  /** The event of the other source that comes before it, or -1 when it comes before all that both have. */
  readonly after: number;
  /** Added to its time to get the common time. */
  readonly offset: bigint;
}

export interface JoinedSource {
  readonly of: number;
  readonly extras: readonly TwinExtra[];
  /** Events of the other source that both have: no extra moves across one. */
  readonly shared: ReadonlySet<number>;
}

/** Rows of one source in the order of the source; rows of one record keep the order in which they were added. */
export function orderWithinSource(events: EventColumns, source: number): Int32Array {
  let count = 0;
  let highest = -1;
  for (let row = 0; row < events.length; row++) {
    if (events.source[row] !== source) continue;
    count++;
    if (events.seq[row] > highest) highest = events.seq[row];
  }
  const rows = new Int32Array(count);
  let filled = 0;
  for (let row = 0; row < events.length; row++) if (events.source[row] === source) rows[filled++] = row;
  // A few events out of millions of records are compared; many are counted.
  if (count * 16 < highest) return rows.sort((a, b) => events.seq[a] - events.seq[b] || a - b);
  const starts = new Int32Array(highest + 2);
  for (const row of rows) starts[events.seq[row] + 1]++;
  for (let seq = 1; seq < starts.length; seq++) starts[seq] += starts[seq - 1];
  const order = new Int32Array(count);
  for (const row of rows) order[starts[events.seq[row]]++] = row;
  return order;
}

const ON_TIMELINE: ReadonlySet<string> = new Set(['reference', 'same', 'aligned']);

export interface Order {
  /** Rows in the order of the replay. */
  readonly rows: Int32Array;
  /** Common time of each row (by row), 0 where it has none. */
  readonly time: BigInt64Array;
  readonly timed: Uint8Array;
  /** Place of each row in `rows`, or -1. */
  readonly positions: Int32Array;
  /** 1 for rows whose order against other sources is unknown. They stand at the end. */
  readonly concurrent: Uint8Array;
}

/**
 * Merges the sources on the common time. Within one source the source's own order holds, whatever its times say; ties
 * go to the source given first. Listings of the hardware taken before or after the recording stand before or after all of
 * it. Sources whose clock could not be laid onto the common one follow at the end. Of a source that recorded what another
 * did only the rest is taken in.
 */
export function mergeSources(events: EventColumns, relations: readonly ClockRelation[]): Order {
  const time = new BigInt64Array(events.length);
  const timed = new Uint8Array(events.length);
  const concurrent = new Uint8Array(events.length);
  const rows = new Int32Array(events.length);
  const lanes: { order: Int32Array; at: number }[] = [];
  const early: Int32Array[] = [];
  const ending: Int32Array[] = [];
  const late: Int32Array[] = [];
  const setTime = (row: number, at: bigint) => {
    time[row] = at;
    timed[row] = 1;
  };
  // At one instant the kernel's record of a write comes before the hardware's.
  const lanesFirst = [...relations].sort((a, b) => Number(Boolean(a.timeOf)) - Number(Boolean(b.timeOf)));
  for (const relation of lanesFirst) {
    if (relation.joins) continue;
    const { source, offsetNs } = relation;
    let order: Int32Array = orderWithinSource(events, source);
    let last: bigint | null = null;
    for (const row of order) {
      if (relation.timeOf) last = relation.timeOf(row) ?? last;
      else if (events.isTimed(row)) last = bigOf(events.timeLo(row), events.timeHi(row)) + (offsetNs ?? 0n);
      if (last !== null && offsetNs !== null) setTime(row, last);
    }
    for (const { joins } of relations) {
      if (joins?.of !== source) continue;
      for (const { row, offset } of joins.extras) {
        if (offsetNs !== null && events.isTimed(row))
          setTime(row, bigOf(events.timeLo(row), events.timeHi(row)) + offset);
      }
      order = join(order, joins, time);
    }
    // What a function is holds from the start, whenever the listing that shows it was taken.
    if (!ON_TIMELINE.has(relation.relation)) {
      early.push(order.filter((row) => events.kind[row] === KIND['listing.function']));
      order = order.filter((row) => events.kind[row] !== KIND['listing.function']);
    }
    if (relation.relation === 'concurrent') {
      for (const row of order) concurrent[row] = 1;
      late.push(order);
    } else if (relation.relation === 'before') early.push(order);
    else if (relation.relation === 'after') ending.push(order);
    else lanes.push({ order, at: 0 });
  }
  let filled = 0;
  for (const order of early) {
    rows.set(order, filled);
    filled += order.length;
  }
  if (lanes.length === 1) {
    rows.set(lanes[0].order, filled);
    filled += lanes[0].order.length;
  } else {
    for (;;) {
      let best: (typeof lanes)[number] | null = null;
      for (const lane of lanes) {
        if (lane.at >= lane.order.length) continue;
        if (!best || time[lane.order[lane.at]] < time[best.order[best.at]]) best = lane;
      }
      if (!best) break;
      rows[filled++] = best.order[best.at++];
    }
  }
  for (const order of [...ending, ...late]) {
    rows.set(order, filled);
    filled += order.length;
  }
  const positions = new Int32Array(events.length).fill(-1);
  for (let at = 0; at < filled; at++) positions[rows[at]] = at;
  return { rows: rows.subarray(0, filled), time, positions, timed, concurrent };
}

/** Lays the events that only a twin has between those that both have: by time, and never across one that both have. */
function join(order: Int32Array, { extras, shared }: JoinedSource, time: BigInt64Array): Int32Array {
  const joined = new Int32Array(order.length + extras.length);
  let filled = 0;
  let next = 0;
  let reached = -1;
  const ready = () => next < extras.length && extras[next].after === reached;
  for (const row of order) {
    while (ready() && (shared.has(row) || time[extras[next].row] < time[row]))
      joined[filled++] = extras[next++].row;
    joined[filled++] = row;
    if (shared.has(row)) reached = row;
  }
  while (next < extras.length) joined[filled++] = extras[next++].row;
  return joined;
}
