import { bigOf, type RowOf, rowsOf, type SOURCES, type Table } from '../tables/index.ts';
import type { EventColumns } from './event-columns.ts';
import { KIND, UNKNOWN } from './events.ts';
import { orderWithinSource, type TwinExtra } from './order.ts';

/** A source that recorded what an earlier source of the input recorded too. */
export interface Twin {
  readonly source: number;
  /** The source whose events count. */
  readonly of: number;
  /** Events that both have; those of this source are left out of the replay. */
  readonly matched: number;
  /** Events of this source. */
  readonly total: number;
  /** Added to the times of this source to get those of the other: at the middle match, and how far others lie from it. */
  readonly offsetNs: bigint;
  readonly residualNs: bigint;
  /** What only this source has, and where it belongs among the events of the other. */
  readonly extras: readonly TwinExtra[];
  /** Events of the other that this source has too. */
  readonly shared: ReadonlySet<number>;
}

type SourceRow = RowOf<typeof SOURCES>;

/** What two clocks must agree in before equal events count as one. */
interface Agreement {
  /** Equal events are this near once the clocks are laid over each other; drift is followed. */
  readonly tolerance: bigint;
  /** The offset of the clocks is at most this; null where they may count from different starts. */
  readonly farthest: bigint | null;
  /** Part of the events of either source, in the time that both cover, that must be in the other. */
  readonly part: number;
}

/** One clock, or clocks that neither source tells apart: the instances stamp an event one after the other. */
const SAME_CLOCK: Agreement = { tolerance: 5_000_000n, farthest: 100_000_000n, part: 0.6 };
/** Clocks with other starts: only the times between events tell, and a story that repeats itself is not so regular. */
const OTHER_START: Agreement = { tolerance: 1_000_000n, farthest: null, part: 0.9 };
/** Clocks that count something else than time, such as jiffies. */
const SAME_TICKS: Agreement = { tolerance: 2n, farthest: 2n, part: 0.6 };
/** trace-cmd report prints ticks as if they were ns, rounded to thousands. */
const ROUNDED_TICKS: Agreement = { tolerance: 1_000n, farthest: 1_000n, part: 0.9 };
/** It also prints the ns of some clocks as a bare number, which then passes for ticks. */
const BARE_NS: Agreement = { tolerance: 5_000_000n, farthest: 100_000_000n, part: 0.9 };
/** As ticks, no recording is as long as this. */
const LONG_FOR_TICKS = 1_000_000_000n;

/** printk stamps a message once: every rendering of the log shows the same time, to the microsecond. */
const LOG_TOLERANCE_NS = 1_000n;
/** Fewer matches than this are chance. */
const LEAST_MATCHES = 4;
const LEAST_PART_OF_LOG = 0.6;
/** Matches that clocks with other starts need. */
const LEAST_REGULAR = 20;
/** Width of the bins in which the offset of two clocks is looked for. */
const BIN_NS = 2_000_000n;
/** A key that occurs more often says little about the offset. */
const MOST_PER_KEY = 8;

/**
 * Finds sources that recorded the same events: two tracing instances of one boot, a trace and its report, a log in several
 * renderings. Their common events count once, from the source given first; what only the later one has is laid between
 * them by the matches around it. Sources of different events, such as the files of single CPUs or the parts of one trace,
 * are no twins.
 */
export function findTwins(sources: Table<typeof SOURCES>, events: EventColumns): Twin[] {
  const twins: Twin[] = [];
  for (const isLog of [false, true]) {
    const group = rowsOf(sources).filter((row) => isReplayed(row, isLog));
    const lanes = group.length < 2 ? [] : group.map((row) => laneOf(events, row, isLog));
    lanes.forEach((whole, at) => {
      let twin: Twin | null = null;
      for (const [before, earlier] of lanes.slice(0, at).entries()) {
        // Once a source is known to be a twin, what else it has may be in another twin of the same source.
        const known = twins.find((candidate) => candidate.source === earlier.source);
        if (known && known.of !== twin?.of) continue;
        const [first, second] = [leftOver(events, earlier), leftOver(events, whole)];
        const found = isLog
          ? matchLogs(first, second)
          : matchTraces(
              events,
              first,
              second,
              agreementOf(group[before], group[at], whole),
              known && twin ? twin.offsetNs - known.offsetNs : null,
            );
        if (!found) continue;
        for (const { row, other } of found) {
          events.recordTwin(row, other);
          complete(events, other, row);
        }
        twin ??= twinOf(first, second, found);
      }
      if (!twin) return;
      twins.push({ ...twin, extras: twin.extras.filter(({ row }) => events.twinOf[row] === UNKNOWN) });
      events.sameTasksAs.set(twin.source, twin.of);
    });
  }
  return twins;
}

function isReplayed(row: SourceRow, log: boolean): boolean {
  return log ? row.format === 'kernel-log' : row.format === 'ftrace-text' || row.format === 'trace-dat';
}

function agreementOf(a: SourceRow, b: SourceRow, { times }: Lane): Agreement {
  const [ticks, others] = [a.time_unit === 'ticks', b.time_unit === 'ticks'];
  if (ticks !== others) return times[times.length - 1] - times[0] > LONG_FOR_TICKS ? BARE_NS : ROUNDED_TICKS;
  if (ticks) return SAME_TICKS;
  return a.clock !== null && b.clock !== null && a.clock !== b.clock ? OTHER_START : SAME_CLOCK;
}

/** The events of one source in their order, and what each shows. */
interface Lane {
  readonly source: number;
  readonly rows: Int32Array;
  readonly keys: Float64Array;
  readonly times: BigInt64Array;
  /** Places in `rows` by key. */
  readonly byKey: ReadonlyMap<number, readonly number[]>;
}

function laneOf(events: EventColumns, { source }: SourceRow, isLog: boolean): Lane {
  const rows = orderWithinSource(events, source).filter(
    (row) => events.kind[row] !== KIND.loss && (isLog || events.isTimed(row)),
  );
  return laneFrom(events, source, rows);
}

/** What of a lane counts still. */
function leftOver(events: EventColumns, lane: Lane): Lane {
  const rows = lane.rows.filter((row) => events.twinOf[row] === UNKNOWN);
  return rows.length === lane.rows.length ? lane : laneFrom(events, lane.source, rows);
}

function laneFrom(events: EventColumns, source: number, rows: Int32Array): Lane {
  const keys = new Float64Array(rows.length);
  const times = new BigInt64Array(rows.length);
  const byKey = new Map<number, number[]>();
  rows.forEach((row, at) => {
    keys[at] = keyOf(events, row);
    times[at] = events.isTimed(row) ? bigOf(events.timeLo(row), events.timeHi(row)) : -1n;
    const places = byKey.get(keys[at]);
    if (places) places.push(at);
    else byKey.set(keys[at], [at]);
  });
  return { source, rows, keys, times, byKey };
}

/** What an event shows apart from its time, as a number of 52 bits. */
function keyOf(events: EventColumns, row: number): number {
  let high = 17;
  let low = 31;
  const mix = (value: number) => {
    high = Math.imul(high ^ value, 0x9e3779b1);
    high ^= high >>> 15;
    low = Math.imul(low + value, 0x85ebca6b);
    low ^= low >>> 13;
  };
  // Where a report prints addresses only, nobody can tell a write by user space from one by the kernel.
  mix(events.kind[row] === KIND['config.write_user'] ? KIND['config.write'] : events.kind[row]);
  mix(events.phase[row]);
  mix(events.pid[row]);
  mix(events.device[row]);
  mix(events.pageShift[row]);
  mix(events.result[row]);
  mix(events.where[row]);
  mix(events.value[row]);
  mix(events.index[row]);
  return (high >>> 6) * 0x4000000 + (low >>> 6);
}

/** One rendering may tell what another leaves out: the probed function, and the caller by name. */
function complete(events: EventColumns, row: number, twin: number): void {
  if (events.symbol[row] < 0 && events.symbol[twin] >= 0) {
    events.kind[row] = events.kind[twin];
    events.symbol[row] = events.symbol[twin];
    if (events.width[twin] !== UNKNOWN) events.setWidth(row, events.width[twin]);
  }
  const caller = events.nameOf(events.caller[row]);
  if (events.caller[twin] >= 0 && (caller === null || /^(0x)?[0-9a-f]+$/.test(caller)))
    events.caller[row] = events.caller[twin];
}

/** Events of kinds that the other source has as well, from `lead` before its first event to `trail` behind its last. */
function comparable(events: EventColumns, lane: Lane, other: Lane, lead: bigint, trail: bigint): number {
  const kinds = new Set(Array.from(other.rows, (row) => events.kind[row] * 4 + events.phase[row]));
  const from = other.times[0] - lead;
  const to = other.times[other.times.length - 1] + trail;
  let count = 0;
  lane.rows.forEach((row, at) => {
    if (lane.times[at] < from || lane.times[at] > to) return;
    if (kinds.has(events.kind[row] * 4 + events.phase[row])) count++;
  });
  return count;
}

/** An event of the later source, and the event of the earlier one that is the same. */
interface Match {
  readonly row: number;
  readonly other: number;
  /** Added to the time of the later gives that of the earlier. */
  readonly offset: bigint;
}

/** @param known the offset, where it is known that the two recorded the same. */
function matchTraces(
  events: EventColumns,
  first: Lane,
  second: Lane,
  { tolerance, farthest, part }: Agreement,
  known: bigint | null,
): readonly Match[] | null {
  const guess = known ?? likelyOffset(first, second, farthest);
  if (guess === null || first.rows.length === 0 || second.rows.length === 0) return null;
  const reached = new Map<number, number>();
  const matches: Match[] = [];
  let offset = guess;
  second.rows.forEach((row, place) => {
    const key = second.keys[place];
    const places = first.byKey.get(key);
    if (!places) return;
    let next = reached.get(key) ?? 0;
    const at = second.times[place] + offset;
    while (next < places.length && first.times[places[next]] < at - tolerance) next++;
    if (next < places.length && first.times[places[next]] <= at + tolerance) {
      offset = first.times[places[next]] - second.times[place];
      matches.push({ row, other: first.rows[places[next]], offset });
      next++;
    }
    reached.set(key, next);
  });
  if (known !== null) return matches.length > 0 ? matches : null;
  const common = Math.max(
    matches.length / comparable(events, second, first, tolerance + guess, tolerance - guess),
    matches.length / comparable(events, first, second, tolerance - guess, tolerance + guess),
  );
  const least = farthest === null ? LEAST_REGULAR : LEAST_MATCHES;
  return matches.length >= least && common >= part ? matches : null;
}

/** The offset that most pairs of equal events agree on; null when no two do. */
function likelyOffset(first: Lane, second: Lane, farthest: bigint | null): bigint | null {
  const bins = new Map<bigint, bigint[]>();
  for (const [key, places] of second.byKey) {
    const others = first.byKey.get(key);
    if (!others) continue;
    for (const place of places.slice(0, MOST_PER_KEY)) {
      for (const other of others.slice(0, MOST_PER_KEY)) {
        const offset = first.times[other] - second.times[place];
        if (farthest !== null && (offset > farthest || offset < -farthest)) continue;
        const bin = offset / BIN_NS;
        const found = bins.get(bin);
        if (found) found.push(offset);
        else bins.set(bin, [offset]);
      }
    }
  }
  let best: bigint[] = [];
  for (const [bin, offsets] of bins) {
    const near = [...offsets, ...(bins.get(bin + 1n) ?? [])];
    if (near.length > best.length) best = near;
  }
  if (best.length < LEAST_MATCHES) return null;
  best.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return best[best.length >> 1];
}

/** Logs of one boot carry the times of printk: equal messages of equal times are one; without times, equal sequences are. */
function matchLogs(first: Lane, second: Lane): readonly Match[] | null {
  const matches: Match[] = [];
  const taken = new Set<number>();
  let reached = -1;
  let timed = false;
  second.rows.forEach((row, place) => {
    const time = second.times[place];
    const found = first.byKey.get(second.keys[place])?.find((candidate) => {
      if (taken.has(candidate)) return false;
      if (time < 0n || first.times[candidate] < 0n) return candidate > reached;
      const apart = first.times[candidate] - time;
      return apart <= LOG_TOLERANCE_NS && apart >= -LOG_TOLERANCE_NS;
    });
    if (found === undefined) return;
    taken.add(found);
    reached = found;
    timed ||= time >= 0n && first.times[found] >= 0n;
    matches.push({ row, other: first.rows[found], offset: 0n });
  });
  const part = matches.length / Math.min(first.rows.length, second.rows.length);
  return timed || (matches.length >= 2 && part >= LEAST_PART_OF_LOG) ? matches : null;
}

function twinOf(first: Lane, second: Lane, matches: readonly Match[]): Twin {
  const offsets = matches.map(({ offset }) => offset).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const middle = offsets[offsets.length >> 1];
  const [low, high] = [middle - offsets[0], offsets[offsets.length - 1] - middle];
  const extras: TwinExtra[] = [];
  let next = 0;
  let { offset } = matches[0];
  let after = -1;
  for (const row of second.rows) {
    if (matches[next]?.row === row) {
      offset = matches[next].offset;
      after = matches[next].other;
      next++;
    } else extras.push({ row, after, offset });
  }
  return {
    source: second.source,
    of: first.source,
    matched: matches.length,
    total: second.rows.length,
    offsetNs: middle,
    residualNs: low > high ? low : high,
    extras,
    shared: new Set(matches.map(({ other }) => other)),
  };
}
