import { bigOf } from '../tables/index.ts';
import { type Calls, pairCalls } from './calls.ts';
import type { EventColumns } from './event-columns.ts';
import { KIND, UNKNOWN } from './events.ts';
import type { ClockRelation, Order } from './order.ts';

/** A message of a log and an event of a trace that may be the same thing: the offset then lies between these two. */
interface Candidate {
  readonly message: number;
  readonly low: bigint;
  readonly high: bigint;
}

/** A WARN and a call that it may have come from. */
interface WarnCandidate extends Candidate {
  readonly call: number;
}

/** Farther apart than this, two clocks of one boot do not count from the same start. */
const FARTHEST_NS = 3_600_000_000_000n;

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

/**
 * A device is added to its group by a tracepoint and, at once, a message (drivers/iommu/iommu.c, 6.1 to 7.2). The message is
 * stamped later by some 10 us: measured against twelve recordings, their difference varies by 4 to 36 us.
 */
const BEFORE_MESSAGE_NS = 200_000n;
const CLOCK_JITTER_NS = 50_000n;
/**
 * A task may be preempted between event and message, and two clocks of one machine drift apart: over half a minute of an
 * emulated machine under load their offset was seen to move by 4.4 ms. What lies this near counts as the same offset, and
 * the residual says how far apart the matches are.
 */
const NEAR_NS = 20_000_000n;
/** A single device says little, unless both clocks count from the boot. */
const BOTH_FROM_BOOT_NS = 1_000_000_000n;

/** Lays the clock of a log onto that of the traces by what both tell: WARNs and their calls, devices added to groups. */
export class LogAligner {
  private readonly events: EventColumns;
  private readonly order: Order;
  private calls: Calls | null = null;

  /** @param order the events of the traces on the common clock. */
  constructor(events: EventColumns, order: Order) {
    this.events = events;
    this.order = order;
  }

  /** How the clock of the log stands to the common clock; null where nothing or too little tells. */
  align(log: number): ClockRelation | null {
    const warns = this.warnCandidates(log);
    const groups = this.groupCandidates(log);
    const candidates = [...warns, ...groups];
    const densest = bestOverlap(candidates);
    if (!densest) return null;
    const best = withNeighbours(densest, candidates);
    const offset = (best.low + best.high) / 2n;
    const falls = (all: readonly Candidate[]) =>
      new Set(all.filter((one) => gapTo(best, one) === 0n).map(({ message }) => message)).size;
    const [byWarns, byGroups] = [falls(warns), falls(groups)];
    const far = offset > BOTH_FROM_BOOT_NS || offset < -BOTH_FROM_BOOT_NS;
    if (byWarns === 0 && byGroups === 1 && far) return null;
    const told = [
      byWarns > 0
        ? `${counted(byWarns, 'WARN')} of the log ${byWarns === 1 ? 'falls' : 'fall'} into calls of the trace`
        : '',
      byGroups > 0
        ? `${counted(byGroups, 'device')} ${byGroups === 1 ? 'is' : 'are'} added to a group in both`
        : '',
    ];
    return {
      source: log,
      relation: 'aligned',
      offsetNs: offset,
      residualNs: (best.high - best.low + 1n) / 2n,
      matches: byWarns + byGroups,
      method: told.filter(Boolean).join('; '),
    };
  }

  private warnCandidates(log: number): WarnCandidate[] {
    if (!hasTimed(this.events, log, KIND['log.warn'])) return [];
    this.calls ??= pairCalls(this.events, this.order.rows);
    return warnCandidates(this.events, log, this.calls, this.order.time);
  }

  private groupCandidates(log: number): Candidate[] {
    const { events, order } = this;
    if (!hasTimed(events, log, KIND['log.group_add'])) return [];
    const added = new Map<number, bigint[]>();
    for (const row of order.rows) {
      if (events.kind[row] !== KIND['iommu.group_add'] || !order.timed[row]) continue;
      const times = added.get(events.device[row]);
      if (times) times.push(order.time[row]);
      else added.set(events.device[row], [order.time[row]]);
    }
    const candidates: Candidate[] = [];
    for (let row = 0; row < events.length; row++) {
      if (events.kind[row] !== KIND['log.group_add'] || !isOwn(events, row, log)) continue;
      const at = bigOf(events.timeLo(row), events.timeHi(row));
      for (const time of added.get(events.device[row]) ?? []) {
        const apart = time - at;
        if (apart < FARTHEST_NS && apart > -FARTHEST_NS)
          candidates.push({ message: row, low: apart - CLOCK_JITTER_NS, high: apart + BEFORE_MESSAGE_NS });
      }
    }
    return candidates;
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A timed event of the log that counts itself. */
function isOwn(events: EventColumns, row: number, log: number): boolean {
  return events.source[row] === log && events.isTimed(row) && events.twinOf[row] === UNKNOWN;
}

function hasTimed(events: EventColumns, log: number, kind: number): boolean {
  for (let row = 0; row < events.length; row++)
    if (events.kind[row] === kind && isOwn(events, row, log)) return true;
  return false;
}

/** @param time common times of the events of the traces. */
function warnCandidates(
  events: EventColumns,
  log: number,
  calls: Calls,
  time: BigInt64Array,
): WarnCandidate[] {
  const candidates: WarnCandidate[] = [];
  const bySymbol = new Map<string | null, number[]>();
  for (let warn = 0; warn < events.length; warn++) {
    if (events.kind[warn] !== KIND['log.warn'] || !isOwn(events, warn, log)) continue;
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
      const low = time[enter] - at;
      // A recording that stops at a WARN (traceoff_on_warning) never shows the return.
      const high = (exit >= 0 ? time[exit] + slack : time[enter] + AFTER_CALL_NS) - at;
      if (low > -FARTHEST_NS && high < FARTHEST_NS) candidates.push({ message: warn, call, low, high });
    }
  }
  return candidates;
}

/** Finished calls of a function that can have WARNed, in the order of the calls. */
function callsThatMayWarn(events: EventColumns, calls: Calls, symbol: string | null): number[] {
  const found: number[] = [];
  for (let call = 0; call < calls.length; call++) {
    if (calls.enter[call] < 0 || !mayWarn(events, calls, call)) continue;
    if (events.nameOf(calls.symbol[call]) === symbol) found.push(call);
  }
  return found;
}

/** Offsets from `low` to `high`, in ns. */
interface Range {
  readonly low: bigint;
  readonly high: bigint;
}

/** The offsets that the most messages allow; null when ranges that are not near each other do equally well. */
function bestOverlap(candidates: readonly Candidate[]): Range | null {
  const edges = candidates.flatMap(({ message, low, high }) => [
    { at: low, message, step: 1 },
    { at: high, message, step: -1 },
  ]);
  edges.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : b.step - a.step));
  const open = new Map<number, number>();
  let most = 0;
  let best: Range | null = null;
  edges.forEach(({ at, message, step }, i) => {
    const count = (open.get(message) ?? 0) + step;
    if (count === 0) open.delete(message);
    else open.set(message, count);
    const next = edges[i + 1];
    if (!next || next.at === at || open.size < most) return;
    best = { low: best && open.size === most ? best.low : at, high: next.at };
    most = open.size;
  });
  const found = best as Range | null;
  if (!found || found.high - found.low <= NEAR_NS) return found;
  const whole = candidates.some(({ low, high }) => low <= found.low && high >= found.high);
  return whole ? found : null;
}

/** How far a candidate lies outside a range; 0 where they touch. */
function gapTo(range: Range, { low, high }: Range): bigint {
  if (low > range.high) return low - range.high;
  return range.low > high ? range.low - high : 0n;
}

/** The range made wide enough for the messages that have one candidate near it and none within. */
function withNeighbours(range: Range, candidates: readonly Candidate[]): Range {
  const near = new Map<number, Candidate[]>();
  for (const one of candidates) {
    if (gapTo(range, one) > NEAR_NS) continue;
    const same = near.get(one.message);
    if (same) same.push(one);
    else near.set(one.message, [one]);
  }
  let { low, high } = range;
  for (const [one, ...others] of near.values()) {
    if (others.length > 0 || gapTo(range, one) === 0n) continue;
    if (one.low > high) high = one.low;
    if (one.high < low) low = one.high;
  }
  return { low, high };
}

/**
 * Gives each WARN of an aligned log to the call it fell into.
 * @param time common times of the events.
 */
export function attachWarns(
  events: EventColumns,
  calls: Calls,
  time: BigInt64Array,
  relations: readonly ClockRelation[],
): void {
  for (const relation of relations) {
    if (relation.relation !== 'aligned') continue;
    const offset = relation.offsetNs as bigint;
    const slack = relation.residualNs as bigint;
    const taken = new Set<number>();
    const attached = new Set<number>();
    for (const { message: warn, call, low, high } of warnCandidates(events, relation.source, calls, time)) {
      if (taken.has(call) || attached.has(warn)) continue;
      if (offset < low - slack || offset > high + slack) continue;
      if (events.symbol[warn] === calls.symbol[call]) calls.warn[call] = warn;
      else calls.driverWarn[call] = warn;
      taken.add(call);
      attached.add(warn);
    }
  }
}
