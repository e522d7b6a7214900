/** One write as two logs tell it: which it is (`key`), and when, in ns from a start that suits the log. */
export interface TimedKey {
  readonly key: string;
  /** The same without what the other log may leave out. */
  readonly alias?: string;
  readonly time: number;
  /** Latest time at which it can have happened; the same as `time` where the record is the write itself. */
  readonly until: number;
}

/** How the second clock runs by the first: `second = first + offset + drift * first`. */
export interface ClockFit {
  readonly offset: number;
  /** Per unit of the first clock, e.g. 1e-6 is one microsecond in a second. */
  readonly drift: number;
  /** Pairs of positions in the two lists, in the order of the first. */
  readonly pairs: readonly (readonly [number, number])[];
  /** How far 19 of 20 pairs lie apart after the fit, ns. */
  readonly residual: number;
  /** How far the worst pair lies apart, ns. */
  readonly worst: number;
}

/** Why two lists could not be laid onto each other. */
export type NoFit = 'nothing-common' | 'too-few' | 'ambiguous';

/** Writes that fall into a window this wide are taken for the same at first, before drift is known. */
const WINDOW_NS = 2_000_000;
/** A write reaches the hardware at most this long after the kernel began it, in a guest that is held up. */
const LATE_NS = 20_000_000;
/** What clocks that jitter may make a write seem earlier than its cause. */
const EARLY_NS = 200_000;
/** More pairs than this are not compared: the rarest keys are enough. */
const MAX_PAIRS = 400_000;
/** Fewer pairs, or a smaller part of the first list, may be a coincidence. */
const MIN_PAIRS = 3;
const MIN_PART = 0.5;
/** A second place with as many pairs makes the fit ambiguous: a guest that booted twice does everything twice. */
const RIVAL_PART = 0.9;
/** Below this length of the story a drift cannot be told from delays. */
const DRIFT_SPAN_NS = 1_000_000_000;
/** No clock of a computer runs farther off than this. */
const MAX_DRIFT = 1e-3;

type Pairs = (readonly [number, number])[];

/**
 * Lays the clock of `second` (the hardware's log, which has every write) onto that of `first` (the writes that the kernel
 * recorded) by writes that both have. Robust to writes that one of them lacks, to clocks that drift, and to guests that
 * boot more than once. A write reaches the hardware after the kernel began it, never before, so the fit is drawn along the
 * fastest writes.
 */
export function fitClocks(first: readonly TimedKey[], second: readonly TimedKey[]): ClockFit | NoFit {
  const places = placesOf(second);
  const candidates = offsetsOf(first, places);
  if (candidates.offset.length === 0) return 'nothing-common';
  const [best, rival] = densest(candidates);
  const inReach = first.filter((one) => places.of.has(one.key)).length;
  if (best.count < MIN_PAIRS || best.count < inReach * MIN_PART || best.keys < 2) return 'too-few';
  if (rival >= best.count * RIVAL_PART) return 'ambiguous';

  let line: Line & { play: number } = { offset: best.middle, drift: 0, play: 0 };
  let pairs: Pairs = [];
  for (let round = 0; round < 12; round++) {
    const next = pair(first, places, line, WINDOW_NS, WINDOW_NS);
    const fitted = lineThrough(first, second, next);
    const isStable = next.length === pairs.length && Math.abs(fitted.drift - line.drift) < 1e-9;
    pairs = next;
    line = { ...fitted, play: 0 };
    if (isStable && round > 1) break;
  }
  if (pairs.length < MIN_PAIRS || pairs.length < inReach * MIN_PART) return 'too-few';
  line = tie(first, second, pairs, line);
  pairs = pair(first, places, line, EARLY_NS, LATE_NS);
  const away = deviations(first, second, pairs, line);
  const late = away.map((one) => (one.low > 0 ? one.low : one.high < 0 ? -one.high : 0));
  late.sort((a, b) => a - b);
  const within = late[Math.max(0, Math.ceil(late.length * 0.95) - 1)] ?? 0;
  return { ...line, pairs, residual: Math.max(within, line.play), worst: late.at(-1) ?? 0 };
}

/**
 * A write is never seen before it begins: the one that was seen soonest ties the clocks together. Where only calls around
 * the writes are known, the offset may lie anywhere between two bounds; half of that is `play`.
 */
function tie(
  first: readonly TimedKey[],
  second: readonly TimedKey[],
  pairs: Pairs,
  line: Line,
): Line & { play: number } {
  let upper = Number.POSITIVE_INFINITY;
  let lower = Number.NEGATIVE_INFINITY;
  for (const { low, high } of deviations(first, second, pairs, line)) {
    upper = Math.min(upper, high);
    lower = Math.max(lower, low);
  }
  const isSpan = pairs.every(([a]) => first[a].until > first[a].time) && lower < upper;
  const shift = isSpan ? (lower + upper) / 2 : upper;
  return { offset: line.offset + shift, drift: line.drift, play: isSpan ? (upper - lower) / 2 : 0 };
}

interface Line {
  readonly offset: number;
  readonly drift: number;
}

/** Where each key stands in a list, in the order of time. */
interface Places {
  readonly list: readonly TimedKey[];
  readonly of: ReadonlyMap<string, readonly number[]>;
}

function placesOf(list: readonly TimedKey[]): Places {
  const of = new Map<string, number[]>();
  const put = (key: string, at: number) => {
    const known = of.get(key);
    if (known) known.push(at);
    else of.set(key, [at]);
  };
  list.forEach(({ key, alias }, at) => {
    put(key, at);
    if (alias !== undefined) put(alias, at);
  });
  for (const places of of.values()) places.sort((a, b) => list[a].time - list[b].time);
  return { list, of };
}

interface Offsets {
  /** Sorted. */
  readonly offset: Float64Array;
  /** Position in the first list, by the same index. */
  readonly of: Int32Array;
  readonly keyOf: readonly string[];
}

/** The offsets of all pairs with the same key, rarest keys first. */
function offsetsOf(first: readonly TimedKey[], places: Places): Offsets {
  const counts = new Map<string, number>();
  for (const { key } of first) counts.set(key, (counts.get(key) ?? 0) + 1);
  const keys = [...counts]
    .map(([key, count]) => ({ key, pairs: count * (places.of.get(key)?.length ?? 0) }))
    .filter((one) => one.pairs > 0)
    .sort((a, b) => a.pairs - b.pairs || (a.key < b.key ? -1 : 1));
  const chosen = new Set<string>();
  let total = 0;
  for (const { key, pairs } of keys) {
    if (chosen.size > 0 && total + pairs > MAX_PAIRS) break;
    chosen.add(key);
    total += pairs;
  }
  const all: { offset: number; of: number }[] = [];
  first.forEach((one, of) => {
    if (!chosen.has(one.key)) return;
    for (const at of places.of.get(one.key) ?? []) all.push({ offset: places.list[at].time - one.time, of });
  });
  all.sort((a, b) => a.offset - b.offset || a.of - b.of);
  return {
    offset: Float64Array.from(all, (one) => one.offset),
    of: Int32Array.from(all, (one) => one.of),
    keyOf: first.map((one) => one.key),
  };
}

/** The window with the most writes of the first list, and the count of the best one away from it. */
function densest({ offset, of, keyOf }: Offsets): [{ count: number; keys: number; middle: number }, number] {
  const inside = new Map<number, number>();
  const counts = new Int32Array(offset.length);
  const starts = new Int32Array(offset.length);
  let from = 0;
  let best = 0;
  for (let to = 0; to < offset.length; to++) {
    inside.set(of[to], (inside.get(of[to]) ?? 0) + 1);
    while (offset[to] - offset[from] > WINDOW_NS) {
      const left = (inside.get(of[from]) ?? 1) - 1;
      if (left === 0) inside.delete(of[from]);
      else inside.set(of[from], left);
      from++;
    }
    counts[to] = inside.size;
    starts[to] = from;
    if (counts[to] > counts[best]) best = to;
  }
  const keys = new Set<string>();
  for (let at = starts[best]; at <= best; at++) keys.add(keyOf[of[at]]);
  const low = offset[starts[best]];
  const high = offset[best];
  let rival = 0;
  for (let to = 0; to < offset.length; to++) {
    const isApart = offset[to] < low - LATE_NS || offset[starts[to]] > high + LATE_NS;
    if (isApart && counts[to] > rival) rival = counts[to];
  }
  return [{ count: counts[best], keys: keys.size, middle: (low + high) / 2 }, rival];
}

/** Pairs writes with the same key whose times agree, each once, in order. */
function pair(
  first: readonly TimedKey[],
  places: Places,
  { offset, drift }: Line,
  early: number,
  late: number,
): Pairs {
  const second = places.list;
  const pairs: Pairs = [];
  const taken = new Set<number>();
  const next = new Map<string, number>();
  first.forEach((one, at) => {
    const of = places.of.get(one.key);
    if (!of) return;
    const earliest = one.time + offset + drift * one.time - early;
    const latest = one.until + offset + drift * one.until + late;
    let i = next.get(one.key) ?? 0;
    while (i < of.length && (second[of[i]].time < earliest || taken.has(of[i]))) i++;
    if (i < of.length && second[of[i]].time <= latest) {
      pairs.push([at, of[i]]);
      taken.add(of[i]);
      i++;
    }
    next.set(one.key, i);
  });
  return pairs;
}

/** How much later than the line each write was seen: counted from when it began (high) and from when it was over (low). */
function deviations(
  first: readonly TimedKey[],
  second: readonly TimedKey[],
  pairs: Pairs,
  { offset, drift }: Line,
): { low: number; high: number }[] {
  return pairs.map(([a, b]) => {
    const { time, until } = first[a];
    const seen = second[b].time;
    const high = seen - (time + offset + drift * time);
    const low = seen - (until + offset + drift * until);
    return { high, low };
  });
}

/** A straight line through the pairs: slope by the median of slopes (Theil and Sen), so that late writes do not tilt it. */
function lineThrough(first: readonly TimedKey[], second: readonly TimedKey[], pairs: Pairs): Line {
  const x = pairs.map(([a]) => first[a].time);
  const y = pairs.map(([a, b]) => second[b].time - first[a].time);
  // The first list is in the order of time.
  const span = x.length > 0 ? x[x.length - 1] - x[0] : 0;
  let drift = 0;
  if (span >= DRIFT_SPAN_NS && x.length >= 8) {
    const slopes: number[] = [];
    // Far pairs tell the slope best; all of them would be too many.
    const step = Math.max(1, Math.floor(x.length / 400));
    for (let i = 0; i < x.length; i += step) {
      for (let j = i + 1; j < x.length; j += step) {
        if (Math.abs(x[j] - x[i]) >= span / 4) slopes.push((y[j] - y[i]) / (x[j] - x[i]));
      }
    }
    const slope = median(slopes);
    if (Math.abs(slope) <= MAX_DRIFT) drift = slope;
  }
  return { offset: median(y.map((value, i) => value - drift * x[i])), drift };
}

function median(values: number[]): number {
  if (values.length === 0) return 0;
  values.sort((a, b) => a - b);
  const middle = values.length >> 1;
  return values.length % 2 === 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}
