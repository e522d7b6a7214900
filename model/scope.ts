import { rowsOf, type SOURCES, type Table } from '../tables/index.ts';
import type { EventColumns } from './event-columns.ts';
import { KIND, kindMask, UNKNOWN } from './events.ts';
import type { ClockRelation, Order } from './order.ts';
import { type Reason, someOf } from './reason.ts';
import type { ReplayResult } from './replay/replay.ts';
import { RULES } from './rules/index.ts';
import { isTrace, type Stretch, stretchesOf } from './stretches.ts';
import type { FunctionRecord } from './topology.ts';

/** What the verdict holds for. */
export interface Scope {
  /** In the order of time; empty where no trace has a time. */
  readonly stretches: readonly Stretch[];
  /** Functions of which a rule decided something; those with ATS, where that is known. */
  readonly functions: readonly string[];
  /** The others. */
  readonly others: readonly string[];
  /** What other sources show of functions where no trace looked. */
  readonly reasons: readonly Reason[];
}

/** What the IOMMU side and the PCI core say of a function when they set it up. */
const SET_UP = kindMask(
  'log.device_add',
  'log.group_add',
  'log.group_failed',
  'log.probe_failed',
  'log.enable_failed',
  'log.quirk',
  'hw.vf_on',
);
const LISTED = KIND['listing.function'];
/** Config space is written for reasons that have nothing to do with ATS: such a write alone is no sight of a function. */
const GLIMPSES = kindMask('config.write', 'config.write_user', 'config.read', 'state.save');
/** Every function that an IOMMU driver takes shows one of these, where it is recorded. */
const STEPS_OF_ALL = ['device.add', 'iommu.probe', 'iommu.group_add'] as const;
/** With one of these in the trace, a function was set up while it ran. */
const FIRST_STEPS = kindMask('device.add', 'iommu.probe', 'ats.prepare');
/** The clocks of a log and a trace that nothing relates, where both count from the boot, differ by so much at most. */
const UNRELATED_NS = 2_000_000_000n;
const ALIGNED_NS = 10_000_000n;
/** A trace that begins so long after the end of a log does not count from the boot. */
const ANOTHER_CLOCK_NS = 3_600_000_000_000n;

interface Unseen {
  readonly device: number;
  /** Source that shows it. */
  readonly by: number;
  from: bigint | null;
  to: bigint | null;
  /** No trace shows the function at all. */
  readonly never: boolean;
}

/**
 * Says where and when the traces looked, and what they would have needed to see.
 *
 * Probes are on functions of the kernel, not on devices: while a trace runs, a function of which it shows nothing had
 * nothing done to it. So what was set up before the trace and left alone in it is neither judged nor in the way; what was
 * done to it earlier is in the state that the trace finds. What comes after the trace, or between two, leaves no mark in
 * them. A function that another source shows to be set up there and that no trace shows was never judged, and a pass
 * that leaves it out would be read as one that includes it. Where a trace shows the function, the verdict is about what it
 * shows, and the rest is told beside it.
 */
export function scopeOf(
  sources: Table<typeof SOURCES>,
  events: EventColumns,
  order: Order,
  relations: readonly ClockRelation[],
  replay: ReplayResult,
): Scope {
  const rows = rowsOf(sources);
  const traces = rows.map(isTrace);
  const stretches = stretchesOf(rows, relations);
  const judged = judgedFunctions(replay);
  if (!traces.includes(true)) return { stretches, ...judged, reasons: [] };
  const traced = new Set<number>();
  const setUp = new Set<number>();
  for (let row = 0; row < events.length; row++) {
    const device = events.device[row];
    if (device < 0 || !traces[events.source[row]] || GLIMPSES[events.kind[row]]) continue;
    traced.add(device);
    if (FIRST_STEPS[events.kind[row]]) setUp.add(device);
  }
  const unseen = new Map<number, Unseen>();
  const note = (row: number, at: bigint | null) => {
    const device = events.device[row];
    const known = unseen.get(device);
    const by = events.source[row];
    if (!known) unseen.set(device, { device, by, from: at, to: at, never: !traced.has(device) });
    else if (at !== null && (known.to === null || at > known.to)) known.to = at;
  };
  const before = new Set<number>();
  // A trace whose time nobody knows may have been running then.
  const allPlaced = relations.every((one) => !traces[one.source] || one.offsetNs !== null);
  const watched = STEPS_OF_ALL.some((kind) => replay.observation.watched(kind));
  const logs = stretches.length === 0 ? [] : timedSources(rows, stretches, relations);
  for (let row = 0; row < events.length; row++) {
    const log = logs[events.source[row]];
    const device = events.device[row];
    if (!log || device < 0 || traces[events.source[row]] || !events.isTimed(row)) continue;
    if (!SET_UP[events.kind[row]]) continue;
    const at = log.isCommon && order.timed[row] ? order.time[row] : events.timeOf(row);
    if (at === null) continue;
    switch (placeOf(at, stretches, log.slackNs)) {
      case 'before':
        before.add(device);
        break;
      case 'during':
        if (watched && !traced.has(device)) note(row, at);
        break;
      case 'outside':
        if (!traced.has(device) || (allPlaced && at > stretches[stretches.length - 1].to)) note(row, at);
        break;
    }
  }
  for (const row of listedOnly(rows, events, relations, replay, traced, setUp)) {
    const device = events.device[row];
    if (!before.has(device) && !unseen.has(device)) note(row, null);
  }
  return { stretches, ...judged, reasons: reasonsOf([...unseen.values()], rows, events, stretches) };
}

/** Logs whose times can be compared with the traces: by source, whether they are common times, and how exact they are. */
function timedSources(
  rows: readonly {
    readonly format: string;
    readonly time_unit: string | null;
    readonly last_ns: bigint | null;
  }[],
  stretches: readonly Stretch[],
  relations: readonly ClockRelation[],
) {
  const logs: ({ isCommon: boolean; slackNs: bigint } | undefined)[] = [];
  const counted = rows.some((row) => row.time_unit === 'ticks');
  for (const { source, offsetNs, residualNs } of relations) {
    const { format, last_ns: last } = rows[source];
    if (offsetNs !== null) logs[source] = { isCommon: true, slackNs: ALIGNED_NS + (residualNs ?? 0n) };
    else if (format === 'kernel-log' && !counted && last !== null) {
      const fromBoot = stretches[0].from < last + ANOTHER_CLOCK_NS;
      if (fromBoot) logs[source] = { isCommon: false, slackNs: UNRELATED_NS };
    }
  }
  return logs;
}

/** Where a time lies among the stretches; `edge` where the clocks are not exact enough to say. */
function placeOf(
  at: bigint,
  stretches: readonly Stretch[],
  slack: bigint,
): 'before' | 'during' | 'outside' | 'edge' {
  if (at < stretches[0].from + slack) return 'before';
  for (const { from, to } of stretches) {
    if (at < from - slack) return 'outside';
    if (at <= from + slack) return 'edge';
    if (at < to - slack) return 'during';
    if (at <= to + slack) return 'edge';
  }
  return 'outside';
}

/** Functions with ATS that only listings show, where the trace ran from before they can have been there. */
function listedOnly(
  rows: readonly { readonly path: string }[],
  events: EventColumns,
  relations: readonly ClockRelation[],
  replay: ReplayResult,
  traced: ReadonlySet<number>,
  setUp: ReadonlySet<number>,
): number[] {
  const found: number[] = [];
  const early = new Set<number>();
  const late: number[] = [];
  const placed = rows.map((_, source) => relations.find((one) => one.source === source)?.relation);
  for (let row = 0; row < events.length; row++) {
    if (events.kind[row] !== LISTED) continue;
    const device = events.device[row];
    if (placed[events.source[row]] === 'before') early.add(device);
    if (traced.has(device)) continue;
    const fn = replay.topology.find(events.names.get(device));
    if (!fn || fn.capOffset === UNKNOWN || fn.capOffset === 0) continue;
    if (placed[events.source[row]] === 'after') late.push(row);
    if (fn.pf < 0) continue;
    const pf = replay.topology.at(fn.pf);
    if (setUp.has(events.names.internString(pf.address))) found.push(row);
  }
  return early.size === 0 ? found : [...found, ...late.filter((row) => !early.has(events.device[row]))];
}

function judgedFunctions(replay: ReplayResult): Pick<Scope, 'functions' | 'others'> {
  const judged = new Set<number>();
  for (const rule of RULES)
    for (const { fn, decided } of replay.countOf(rule.id).perFunction()) if (decided > 0) judged.add(fn);
  const all = [...judged].map((fn) => replay.topology.at(fn));
  const namesOf = (fns: readonly FunctionRecord[]) => [...new Set(fns.map((fn) => fn.address))].sort();
  const functions = namesOf(all.filter((fn) => fn.capOffset > 0));
  const others = namesOf(all).filter((name) => !functions.includes(name));
  return functions.length > 0 ? { functions, others } : { functions: others, others: [] };
}

function reasonsOf(
  unseen: readonly Unseen[],
  rows: readonly { readonly path: string }[],
  events: EventColumns,
  stretches: readonly Stretch[],
): Reason[] {
  const reasons: Reason[] = [];
  const never = unseen.filter((one) => one.never);
  const again = unseen.filter((one) => !one.never);
  const namesOf = (all: readonly Unseen[]) =>
    someOf(all.map(({ device }) => events.names.get(device)).sort());
  const timed = never.filter((one) => one.from !== null);
  if (timed.length > 0) {
    reasons.push({
      code: 'never-traced',
      decisive: true,
      reason: `${rows[timed[0].by].path} shows that ${namesOf(timed)} ${timed.length === 1 ? 'was' : 'were'} set up ${whenText(
        timed,
      )}, and no trace shows ${timed.length === 1 ? 'it' : 'them'}: ${coverText(stretches)}.`,
      settle: TRACE_LONGER,
    });
  }
  const listed = never.filter((one) => one.from === null);
  if (listed.length > 0) {
    reasons.push({
      code: 'never-traced',
      decisive: true,
      reason: `${rows[listed[0].by].path} lists ${namesOf(listed)} with ATS, and no trace shows how ${
        listed.length === 1 ? 'it' : 'they'
      } came to be there: ${coverText(stretches)}.`,
      settle: TRACE_LONGER,
    });
  }
  if (again.length > 0) {
    reasons.push({
      code: 'after-the-trace',
      decisive: false,
      reason: `${rows[again[0].by].path} shows that ${namesOf(again)} ${again.length === 1 ? 'was' : 'were'} set up again ${whenText(
        again,
      )}, after the end of the trace (${timeText(stretches[stretches.length - 1].to)}); the verdict says nothing of that.`,
      settle: TRACE_LONGER,
    });
  }
  return reasons;
}

const TRACE_LONGER =
  'Begin the trace before the functions appear and stop it after the last step (atscope capture), or give the trace of that time, too.';

function whenText(unseen: readonly Unseen[]): string {
  const times = unseen.flatMap(({ from, to }) => [from, to]).filter((at) => at !== null);
  const first = times.reduce((a, b) => (b < a ? b : a));
  const last = times.reduce((a, b) => (b > a ? b : a));
  return first === last ? `at ${timeText(first)}` : `between ${timeText(first)} and ${timeText(last)}`;
}

function coverText(stretches: readonly Stretch[]): string {
  if (stretches.length === 0) return 'it has no times';
  return `the recording covers ${stretchText(stretches)}`;
}

/** A common time, to the millisecond. */
function timeText(time: bigint): string {
  const ms = time / 1_000_000n;
  return `${ms / 1000n}.${String(ms % 1000n).padStart(3, '0')} s`;
}

/** `1.000 s to 2.000 s`, with the gaps between. */
export function stretchText(stretches: readonly Stretch[]): string {
  const parts = stretches.map(({ from, to }) => `${timeText(from)} to ${timeText(to)}`);
  return parts.length > 3
    ? `${stretches.length} stretches between ${timeText(stretches[0].from)} and ${timeText(
        stretches[stretches.length - 1].to,
      )}`
    : parts.join(' and ');
}
