import { bigOf } from '../tables/index.ts';
import type { EventColumns } from './event-columns.ts';

/** How the clock of a source relates to the common time. */
export interface ClockRelation {
  readonly source: number;
  readonly relation: 'reference' | 'same' | 'aligned' | 'concurrent';
  /** Added to the source's times to get the common time; null when the order against other sources is unknown. */
  readonly offsetNs: bigint | null;
  /** How fast the clock gains on the common one, 1e-9; the offset holds at its first record. NULL: not known. */
  readonly driftPpb?: number | null;
  readonly residualNs: bigint | null;
  readonly matches: number;
  readonly method: string;
  /** Common time of a row, where more than offset and drift is known of it; null for a row without a time. */
  readonly timeOf?: (row: number) => bigint | null;
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
 * go to the source given first. Sources whose clock could not be laid onto the common one follow at the end.
 */
export function mergeSources(events: EventColumns, relations: readonly ClockRelation[]): Order {
  const time = new BigInt64Array(events.length);
  const timed = new Uint8Array(events.length);
  const concurrent = new Uint8Array(events.length);
  const rows = new Int32Array(events.length);
  const lanes: { order: Int32Array; at: number }[] = [];
  const late: Int32Array[] = [];
  // At one instant the kernel's record of a write comes before the hardware's.
  const lanesFirst = [...relations].sort((a, b) => Number(Boolean(a.timeOf)) - Number(Boolean(b.timeOf)));
  for (const relation of lanesFirst) {
    const order = orderWithinSource(events, relation.source);
    const offset = relation.offsetNs;
    let last: bigint | null = null;
    for (const row of order) {
      if (relation.timeOf) last = relation.timeOf(row) ?? last;
      else if (events.isTimed(row)) last = bigOf(events.timeLo(row), events.timeHi(row)) + (offset ?? 0n);
      if (last !== null && offset !== null) {
        time[row] = last;
        timed[row] = 1;
      }
      if (relation.relation === 'concurrent') concurrent[row] = 1;
    }
    if (relation.relation === 'concurrent') late.push(order);
    else lanes.push({ order, at: 0 });
  }
  let filled = 0;
  if (lanes.length === 1) {
    rows.set(lanes[0].order);
    filled = lanes[0].order.length;
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
  for (const order of late) {
    rows.set(order, filled);
    filled += order.length;
  }
  const positions = new Int32Array(events.length).fill(-1);
  for (let at = 0; at < filled; at++) positions[rows[at]] = at;
  return { rows: rows.subarray(0, filled), time, positions, timed, concurrent };
}
