import { bigOf, type RowOf, rowsOf, type SOURCES, type Table } from '../tables/index.ts';
import { type Calls, pairCalls } from './calls.ts';
import type { EventColumns } from './event-columns.ts';
import { KIND, UNKNOWN } from './events.ts';
import { isHardwareSource } from './hardware/align.ts';
import { placeListings } from './listings.ts';
import { type ClockRelation, mergeSources } from './order.ts';
import type { Twin } from './twins.ts';

/** A WARN of a log and a call of a trace that may be the same thing: the offset then lies between these two. */
interface Candidate {
  readonly warn: number;
  readonly call: number;
  readonly low: bigint;
  readonly high: bigint;
}

/** What kind of clock a format has; the others are traces or logs of the hardware. */
const CLASSES: Readonly<Record<string, string>> = { 'kernel-log': 'log', lspci: 'listing' };

/** Farther apart than this, two clocks of one boot do not count from the same start. */
const FARTHEST_NS = 3_600_000_000_000n;

/**
 * Lays the clocks of all sources onto that of the first trace (or of the first source). A log and a trace share no
 * clock: they are aligned by WARNs whose call the trace shows, or stay concurrent.
 */
export function relateClocks(
  sources: Table<typeof SOURCES>,
  events: EventColumns,
  twins: readonly Twin[],
): ClockRelation[] {
  const relations = relateDistinct(sources, events, twins);
  const paths = rowsOf(sources).map((row) => row.path);
  return relations.map((relation) => {
    const twin = twins.find((candidate) => candidate.source === relation.source);
    return twin ? relateTwin(twin, relations[twin.of], paths[twin.of]) : relation;
  });
}

/** A twin lies on the clock of the source whose events it recorded too. */
function relateTwin(twin: Twin, of: ClockRelation, path: string): ClockRelation {
  const onto = of.offsetNs ?? 0n;
  return {
    source: twin.source,
    relation: of.relation === 'concurrent' ? 'concurrent' : 'aligned',
    offsetNs: of.offsetNs === null ? null : onto + twin.offsetNs,
    residualNs: of.offsetNs === null ? null : twin.residualNs + (of.residualNs ?? 0n),
    matches: twin.matched,
    method: `${twin.matched} of its ${twin.total} events are in ${path} as well and count once`,
    joins: { ...twin, extras: twin.extras.map((extra) => ({ ...extra, offset: onto + extra.offset })) },
  };
}

function relateDistinct(
  sources: Table<typeof SOURCES>,
  events: EventColumns,
  twins: readonly Twin[],
): ClockRelation[] {
  const rows = rowsOf(sources);
  const classOf = (row: SourceRow) => CLASSES[row.format] ?? (isHardwareSource(row) ? 'hardware' : 'trace');
  const isTwin = (source: number) => twins.some((twin) => twin.source === source);
  const reference =
    ['trace', 'log', 'hardware', 'listing']
      .map((wanted) => rows.find((row) => classOf(row) === wanted && row.records > 0n))
      .find((row) => row) ?? rows[0];
  const listings = placeListings(rows);
  const isLog = (source: number) => classOf(rows[source]) === 'log';
  const traces = rows
    .filter((row) => classOf(row) === classOf(reference))
    .map((row) => relateAlike(row, reference));
  // A WARN may belong to a call of any trace on the common clock.
  const onCommonClock = traces.filter((relation) => relation.offsetNs !== null && !isTwin(relation.source));
  // Pairing the calls is only worth it where a WARN waits for one.
  const calls =
    classOf(reference) !== 'trace' || !hasTimedWarn(events)
      ? null
      : pairCalls(events, mergeSources(events, onCommonClock).rows);
  return rows.map(
    (row) =>
      listings.get(row.source) ??
      traces.find((relation) => relation.source === row.source) ??
      (calls && isLog(row.source) ? alignByWarns(events, row.source, calls) : null) ??
      unrelated(row.source),
  );
}

function hasTimedWarn(events: EventColumns): boolean {
  for (let row = 0; row < events.length; row++)
    if (events.kind[row] === KIND['log.warn'] && events.isTimed(row)) return true;
  return false;
}

type SourceRow = RowOf<typeof SOURCES>;

/** Two traces, or two logs: they share a clock unless one of them says otherwise. */
function relateAlike(row: SourceRow, reference: SourceRow): ClockRelation {
  const base = { source: row.source, residualNs: null, matches: 0, offsetNs: 0n };
  if (row === reference) {
    return {
      ...base,
      relation: 'reference',
      residualNs: 0n,
      method: 'the common time is the clock of this source',
    };
  }
  if (row.time_unit !== reference.time_unit) {
    return { ...unrelated(row.source), method: 'one clock counts time, the other does not' };
  }
  if (row.clock !== null && reference.clock !== null && row.clock !== reference.clock) {
    return { ...unrelated(row.source), method: `clock ${row.clock} is not clock ${reference.clock}` };
  }
  return {
    ...base,
    relation: 'same',
    method: 'taken as the same clock: both are of one kind and neither says otherwise',
  };
}

function unrelated(source: number): ClockRelation {
  return {
    source,
    relation: 'concurrent',
    offsetNs: null,
    residualNs: null,
    matches: 0,
    method: 'no event is in both sources; the order between them is unknown',
  };
}

/** True when the call can have been the one that WARNed. */
function mayWarn(events: EventColumns, calls: Calls, call: number): boolean {
  const [enter, exit] = [calls.enter[call], calls.exit[call]];
  const result = exit >= 0 ? events.result[exit] : UNKNOWN;
  const enabled = enter >= 0 ? events.enabled[enter] : UNKNOWN;
  if (calls.kind[call] === KIND['ats.disable']) return enabled === UNKNOWN || enabled === 0;
  return result === UNKNOWN || result !== 0;
}

/** What a WARN's function is called in the trace: a driver's WARN about a failed enable lies around that enable. */
function tracedSymbol(symbol: string | null): string | null {
  return symbol === 'iommu_enable_pci_ats' || symbol?.startsWith('arm_smmu_') ? 'pci_enable_ats' : symbol;
}

/** A driver WARNs just after the call that failed; the trace shows only the call. */
const AFTER_CALL_NS = 50_000_000n;

function candidatesOf(events: EventColumns, log: number, calls: Calls): Candidate[] {
  const candidates: Candidate[] = [];
  const bySymbol = new Map<string | null, number[]>();
  for (let warn = 0; warn < events.length; warn++) {
    if (events.kind[warn] !== KIND['log.warn'] || events.source[warn] !== log || !events.isTimed(warn))
      continue;
    if (events.twinOf[warn] !== UNKNOWN) continue;
    const own = events.nameOf(events.symbol[warn]);
    const symbol = tracedSymbol(own);
    const at = bigOf(events.timeLo(warn), events.timeHi(warn));
    const slack = own === symbol ? 0n : AFTER_CALL_NS;
    let possible = bySymbol.get(symbol);
    if (!possible) {
      possible = callsThatMayWarn(events, calls, symbol);
      bySymbol.set(symbol, possible);
    }
    for (const call of possible) {
      const [enter, exit] = [calls.enter[call], calls.exit[call]];
      if (events.pid[warn] !== UNKNOWN && events.pid[enter] !== events.pid[warn]) continue;
      const low = bigOf(events.timeLo(enter), events.timeHi(enter)) - at;
      const high = bigOf(events.timeLo(exit), events.timeHi(exit)) + slack - at;
      if (low > -FARTHEST_NS && high < FARTHEST_NS) candidates.push({ warn, call, low, high });
    }
  }
  return candidates;
}

/** Finished calls of a function that can have WARNed, in the order of the calls. */
function callsThatMayWarn(events: EventColumns, calls: Calls, symbol: string | null): number[] {
  const found: number[] = [];
  for (let call = 0; call < calls.length; call++) {
    if (calls.enter[call] < 0 || calls.exit[call] < 0 || !mayWarn(events, calls, call)) continue;
    if (events.nameOf(calls.symbol[call]) === symbol) found.push(call);
  }
  return found;
}

function alignByWarns(events: EventColumns, log: number, calls: Calls): ClockRelation | null {
  const candidates = candidatesOf(events, log, calls);
  if (candidates.length === 0) return null;
  const best = bestOverlap(candidates);
  if (!best) return null;
  const offset = (best.low + best.high) / 2n;
  return {
    source: log,
    relation: 'aligned',
    offsetNs: offset,
    residualNs: (best.high - best.low + 1n) / 2n,
    matches: best.count,
    method: `${best.count} WARN${best.count === 1 ? '' : 's'} of the log fall into calls of the trace`,
  };
}

/** The offsets that make the most WARNs fall into a call; null when two separate ranges do equally well. */
function bestOverlap(candidates: readonly Candidate[]): { low: bigint; high: bigint; count: number } | null {
  const edges = [...new Set(candidates.flatMap((candidate) => [candidate.low, candidate.high]))].sort(
    (a, b) => (a < b ? -1 : a > b ? 1 : 0),
  );
  let best: { low: bigint; high: bigint; count: number } | null = null;
  let ties = 0;
  for (let i = 0; i + 1 < edges.length; i++) {
    const [low, high] = [edges[i], edges[i + 1]];
    const inside = new Set(
      candidates.filter((one) => one.low <= low && one.high >= high).map((one) => one.warn),
    );
    if (!best || inside.size > best.count) {
      best = { low, high, count: inside.size };
      ties = 0;
    } else if (inside.size === best.count) {
      if (best.high === low) best.high = high;
      else ties++;
    }
  }
  return best && best.count > 0 && ties === 0 ? best : null;
}

/**
 * Gives each WARN of an aligned log to the call it fell into.
 * @param offsets added to the times of each source, null for a source that is not aligned.
 */
export function attachWarns(events: EventColumns, calls: Calls, relations: readonly ClockRelation[]): void {
  for (const relation of relations) {
    if (relation.relation !== 'aligned') continue;
    const offset = relation.offsetNs as bigint;
    const slack = relation.residualNs as bigint;
    const taken = new Set<number>();
    const attached = new Set<number>();
    for (const { warn, call, low, high } of candidatesOf(events, relation.source, calls)) {
      if (taken.has(call) || attached.has(warn)) continue;
      if (offset < low - slack || offset > high + slack) continue;
      if (events.symbol[warn] === calls.symbol[call]) calls.warn[call] = warn;
      else calls.driverWarn[call] = warn;
      taken.add(call);
      attached.add(warn);
    }
  }
}
