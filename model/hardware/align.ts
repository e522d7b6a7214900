import {
  type CONFIG_ACCESSES,
  columnOf,
  isNullAt,
  rowsOf,
  type SOURCES,
  type Table,
} from '../../tables/index.ts';
import { type Calls, pairCalls } from '../calls.ts';
import type { EventColumns } from '../event-columns.ts';
import { KIND, kindSet, UNKNOWN } from '../events.ts';
import { isFunctionAddress } from '../lift/arguments.ts';
import { type ClockRelation, mergeSources } from '../order.ts';
import { SPACE_MARK } from '../topology.ts';
import { expectedWrites } from './call-writes.ts';
import { type ClockFit, fitClocks, type NoFit, type TimedKey } from './fit.ts';
import type { KnownOffsets } from './offsets.ts';

/** Formats whose sources are logs of the hardware, not of the kernel that runs on it. */
const HARDWARE_FORMATS: ReadonlySet<string> = new Set(['qemu-trace']);

export function isHardwareSource(source: { readonly format: string }): boolean {
  return HARDWARE_FORMATS.has(source.format);
}

/** The kernel's record of a write, or the call that made it, that an event of the hardware's log is the other view of. */
export interface MatchedWrite {
  /** Row of the kernel's event: the write itself, or the entry or return of the call. */
  readonly row: number;
  /** It is the write itself. */
  readonly isWrite: boolean;
}

/** How the logs of the hardware stand to the kernel's. */
export interface HardwareAlignment {
  readonly relations: readonly ClockRelation[];
  /** The kernel's record of a write, by row of the same write in the hardware's log. */
  readonly matches: ReadonlyMap<number, MatchedWrite>;
  /** Sources of the hardware that nothing relates to the kernel's: their addresses are a space of their own. */
  readonly apart: readonly { readonly source: number; readonly why: string }[];
}

/** Writes with times that count from `start`, ns: as differences they fit a number exactly. */
interface WriteList<Write extends TimedKey> {
  readonly start: bigint;
  readonly writes: readonly Write[];
}

/** A recording without a log of the hardware. */
export const NO_HARDWARE: HardwareAlignment = { relations: [], matches: new Map(), apart: [] };

const KERNEL_WRITES = kindSet('config.write', 'config.write_user');

/** A write as the kernel tells it. */
interface KernelWrite extends TimedKey {
  readonly row: number;
  readonly isWrite: boolean;
}

/**
 * Lays the clocks of the hardware's logs onto the common clock by writes to config space: those the kernel's probes
 * recorded, or where there are none, those that its ATS calls are known to make. A log that cannot be laid onto a
 * kernel's is kept apart: the same address need not be the same device there.
 */
export function alignHardware(
  sources: Table<typeof SOURCES>,
  events: EventColumns,
  accesses: Table<typeof CONFIG_ACCESSES>,
  known: KnownOffsets,
  relations: readonly ClockRelation[],
): HardwareAlignment {
  const rows = rowsOf(sources);
  const hardware = rows.filter(isHardwareSource);
  // A log of a simulator has software of its own; beside a kernel's it is another machine.
  const offClock = (row: { readonly source: number }) =>
    relations.find((relation) => relation.source === row.source)?.offsetNs === null;
  const matches = new Map<number, MatchedWrite>();
  const apart: { source: number; why: string }[] = [];
  const others = rows.filter((row) => !isHardwareSource(row) && row.format !== 'lspci' && row.records > 0n);
  const simulators = others.filter((row) => row.format === 'ats-events');
  if (simulators.length > 0 && simulators.length < others.length && others.some(offClock))
    for (const { source } of simulators) apart.push({ source, why: NO_TRACE });
  if (hardware.length === 0 || others.length === 0) return { relations, matches, apart };
  const kernel = relations.filter(
    (relation) => relation.offsetNs !== null && others.some((row) => row.source === relation.source),
  );
  const merged = mergeSources(events, kernel);
  const isTraced = rows.some(
    (row) => row.format !== 'kernel-log' && kernel.some((one) => one.source === row.source),
  );
  const counted = others.some((row) => row.time_unit === 'ticks');
  const writes =
    isTraced && !counted ? kernelWrites(events, known, merged.rows, merged.time) : { start: 0n, writes: [] };
  const aligned = new Map<number, ClockRelation>();
  for (const source of hardware) {
    const seen = hardwareWrites(accesses, source.source);
    const fit = fitClocks(writes.writes, seen.writes);
    if (typeof fit === 'string') {
      apart.push({ source: source.source, why: counted ? COUNTED : isTraced ? WHY[fit] : NO_TRACE });
      continue;
    }
    const partners = new Map<number, KernelWrite>();
    for (const [a, b] of fit.pairs) partners.set(seen.writes[b].seq, writes.writes[a]);
    for (let row = 0; row < events.length; row++) {
      if (events.source[row] !== source.source || events.kind[row] !== KIND['hw.write']) continue;
      const write = partners.get(events.seq[row]);
      if (write) matches.set(row, { row: write.row, isWrite: write.isWrite });
    }
    const relation = relationOf(source.source, fit, writes, seen);
    const timeOf = commonTimes(source.source, events, fit, writes.start, seen.start, partners);
    aligned.set(source.source, { ...relation, timeOf });
  }
  return {
    relations: relations.map((relation) => {
      const why = apart.find((one) => one.source === relation.source)?.why;
      return (
        aligned.get(relation.source) ?? (why ? { ...relation, method: `not aligned: ${why}` } : relation)
      );
    }),
    matches,
    apart,
  };
}

const NO_TRACE = 'only a trace with writes to config space shares events with it';
const COUNTED = 'the clock of the trace counts and tells no time';
const WHY: Record<NoFit, string> = {
  'nothing-common': 'no write to config space is in both',
  'too-few': 'too few writes to config space are in both',
  ambiguous:
    'the writes to config space fit in two places equally well (a guest that started more than once?)',
};

/** A write is told by its function, its place and its value; a call whose event names no device by the others. */
const keyOf = (device: string | null, where: number, value: number) =>
  `${device ?? '*'} ${where} ${value >>> 0}`;

/** Writes of the kernel on the common clock, in order of time. */
function kernelWrites(
  events: EventColumns,
  known: KnownOffsets,
  order: Int32Array,
  time: BigInt64Array,
): WriteList<KernelWrite> {
  const writes: KernelWrite[] = [];
  const start = order.length > 0 ? time[order[0]] : 0n;
  const since = (row: number) => Number(time[row] - start);
  for (const row of order) {
    if (!KERNEL_WRITES.has(events.kind[row]) || events.device[row] < 0) continue;
    const device = events.names.get(events.device[row]);
    if (!isFunctionAddress(device) || events.where[row] === UNKNOWN || events.value[row] === UNKNOWN)
      continue;
    const width = events.width[row];
    const value =
      width === 1 ? events.value[row] & 0xff : width === 2 ? events.value[row] & 0xffff : events.value[row];
    const at = since(row);
    writes.push({ key: keyOf(device, events.where[row], value), time: at, until: at, row, isWrite: true });
  }
  if (writes.length === 0) {
    const calls: Calls = pairCalls(events, order);
    for (const { device, where, value, enter, exit } of expectedWrites(events, calls, known)) {
      writes.push({
        key: keyOf(device, where, value),
        // A return alone: the write came just before it.
        time: enter >= 0 ? since(enter) : since(exit) - SHORT_CALL_NS,
        until: since(exit >= 0 ? exit : enter),
        row: exit >= 0 ? exit : enter,
        isWrite: false,
      });
    }
  }
  writes.sort((a, b) => a.time - b.time || a.row - b.row);
  return { start, writes };
}

/** An ATS call takes about this long. */
const SHORT_CALL_NS = 200_000;

/** A write in the hardware's log: its record, and its time from the start of that log. */
interface SeenWrite extends TimedKey {
  readonly seq: number;
}

function hardwareWrites(accesses: Table<typeof CONFIG_ACCESSES>, source: number): WriteList<SeenWrite> {
  const of = (name: string) => columnOf(accesses, name);
  const [sources, isWrite, where, value, seq] = ['source', 'is_write', 'where', 'value', 'seq'].map(
    (name) => of(name).data,
  );
  const [functions, time] = [of('function'), of('time_ns')];
  const times = time.data as BigInt64Array;
  const writes: SeenWrite[] = [];
  let start: bigint | null = null;
  for (let row = 0; row < accesses.length; row++) {
    if (sources[row] !== source || isWrite[row] === 0 || isNullAt(functions, row) || isNullAt(time, row))
      continue;
    start ??= times[row];
    const at = Number(times[row] - start);
    const device = (functions.dictionary as readonly string[])[Number(functions.data[row])];
    writes.push({
      key: keyOf(device, Number(where[row]), Number(value[row])),
      alias: keyOf(null, Number(where[row]), Number(value[row])),
      time: at,
      until: at,
      seq: Number(seq[row]),
    });
  }
  return { start: start ?? 0n, writes };
}

function relationOf(
  source: number,
  fit: ClockFit,
  { start, writes }: WriteList<KernelWrite>,
  seen: WriteList<SeenWrite>,
): ClockRelation {
  const what = writes[0].isWrite
    ? 'writes to config space that the trace recorded'
    : 'ATS calls of the trace that write to config space';
  return {
    source,
    relation: 'aligned',
    offsetNs: start - seen.start - BigInt(Math.round(fit.offset)),
    driftPpb: Math.round(-fit.drift * 1e9),
    residualNs: BigInt(Math.round(fit.residual)),
    matches: fit.pairs.length,
    method: `${fit.pairs.length} of ${writes.length} ${what} are in this log; the slowest took ${Math.round(fit.worst / 1000)} us longer than the fastest`,
  };
}

/**
 * Times of the events of a hardware log on the common clock. A record that is the other view of a kernel's write happened
 * when that write did; what lies between such records stays between them, whatever the clocks say.
 */
function commonTimes(
  source: number,
  events: EventColumns,
  fit: ClockFit,
  kernelStart: bigint,
  start: bigint,
  partners: ReadonlyMap<number, KernelWrite>,
): (row: number) => bigint | null {
  const rows: number[] = [];
  for (let row = 0; row < events.length; row++) if (events.source[row] === source) rows.push(row);
  rows.sort((a, b) => events.seq[a] - events.seq[b] || a - b);
  const times = new Map<number, bigint>();
  let ceiling = Number.POSITIVE_INFINITY;
  for (let i = rows.length - 1; i >= 0; i--) {
    const row = rows[i];
    const own = events.timeOf(row);
    if (own === null) continue;
    const laidOver = (Number(own - start) - fit.offset) / (1 + fit.drift);
    const partner = partners.get(events.seq[row]);
    const at = partner
      ? Math.min(Math.max(laidOver, partner.time), partner.until)
      : Math.min(laidOver, ceiling);
    ceiling = Math.min(ceiling, at);
    times.set(row, kernelStart + BigInt(Math.round(at)));
  }
  return (row) => times.get(row) ?? null;
}

/** Gives the functions of logs that stand apart addresses of their own, so that they never mix with the kernel's. */
export function setApart(events: EventColumns, apart: HardwareAlignment['apart']): void {
  const spaces = new Map(apart.map(({ source }, i) => [source, i === 0 ? 'hw' : `hw${i + 1}`]));
  if (spaces.size === 0) return;
  const own = (source: number, id: number) =>
    id < 0 ? id : events.names.internString(`${events.names.get(id)}${SPACE_MARK}${spaces.get(source)}`);
  for (let row = 0; row < events.length; row++) {
    const source = events.source[row];
    if (!spaces.has(source)) continue;
    events.device[row] = own(source, events.device[row]);
    if (events.kind[row] === KIND['hw.vf_on']) events.symbol[row] = own(source, events.symbol[row]);
  }
}
