import {
  columnOf,
  type LOG_RECORDS,
  rowAt,
  rowsOf,
  type SPLAT_FRAMES,
  type SPLATS,
  type Table,
} from '../../tables/index.ts';
import { clearDraft, type EventColumns, newDraft } from '../event-columns.ts';
import { type EventKindName, KIND, POINT, UNKNOWN } from '../events.ts';
import { isFunctionAddress } from './arguments.ts';
import { functionAddress, requesterOf } from './invalidation-descriptor.ts';
import { LOG_MESSAGES } from './log-messages.ts';
import { nameProbedWarns } from './probed-warns.ts';
import { type TellingSplat, tellingSplats } from './telling-splats.ts';
import { WordSearch } from './word-search.ts';

const decoder = new TextDecoder();
const WORDS = new WordSearch(LOG_MESSAGES.map(({ word }) => word));

/** WARN sites that say something about ATS state: the functions of drivers/pci/ats.c and the enable paths of drivers. */
const WARN_FUNCTIONS =
  /^(pci_(prepare|enable|disable)_ats|pci_(enable|disable)_(pri|pasid)|pci_reset_pri|iommu_enable_pci_ats|arm_smmu_enable_ats|arm_smmu_attach_commit)(\.|$)/;

/** How many records may stand between the text of a WARN and its line. */
const TEXT_REACH = 2;
/** How many records after an error of the invalidation queue its descriptors may stand. */
const DESCRIPTOR_REACH = 6;
/** Names of `pci_power_t` by its values (drivers/pci/pci.c, pci_power_name()). */
const POWER_STATES = ['D0', 'D1', 'D2', 'D3hot', 'D3cold'];
/** What a register of a unit that is gone reads as. */
const ALL_ONES = 0xffff;

/** Lifts WARNs, messages and the begin of further boots. Messages that name no device keep none. */
export function liftLog(
  records: Table<typeof LOG_RECORDS>,
  splats: Table<typeof SPLATS>,
  frames: Table<typeof SPLAT_FRAMES>,
  events: EventColumns,
): void {
  const uptime = uptimeRecords(records, splats);
  const telling = tellingSplats(splats, frames);
  // Beside a trace the WARN belongs to a call.
  const spoken = kindsOf(events)[KIND['ats.enable']] ? new Set<number>() : spokenFor(splats, records);
  for (let row = 0; row < splats.length; row++)
    if (!spoken.has(row)) liftSplat(splats, row, uptime, telling, events);
  const message = columnOf(records, 'message');
  const { offsets } = message;
  if (!offsets || records.length === 0) return;
  const bytes = message.data as Uint8Array;
  const textAt = (row: number) => decoder.decode(bytes.subarray(offsets[row], offsets[row + 1]));
  const boots = bootsOf(records);
  for (const row of boots.starts) liftRecord(records, row, 'log.boot', {}, false, events);
  const taken = new Map<number, string>();
  const nameless = new NamelessErrors(records, events);
  const besides: { readonly row: number; readonly place: number }[] = [];
  for (const { row, word: place } of WORDS.find(bytes, offsets, records.length)) {
    if (taken.has(row)) continue;
    const { pattern, kind, ofAnother, ofQueue, onlyBeside } = LOG_MESSAGES[place];
    const text = textAt(row);
    const match = pattern.exec(text);
    if (!match) continue;
    taken.set(row, kind);
    const { groups } = match;
    if (onlyBeside) {
      besides.push({ row, place });
      continue;
    }
    const device =
      groups?.device ?? requesterDevice(groups?.requester) ?? descriptorDevice(groups?.descriptor);
    const event = liftRecord(
      records,
      row,
      kind,
      { ...groups, device: device ?? undefined },
      ofAnother === true,
      events,
    );
    if (kind === 'log.descriptor') nameless.name(row, event);
    else if (ofQueue === true && events.device[event] < 0) nameless.wait(row, event);
  }
  const seen = kindsOf(events);
  for (const { row, place } of besides) {
    const { pattern, kind, onlyBeside } = LOG_MESSAGES[place];
    if (onlyBeside && seen[KIND[onlyBeside]])
      liftRecord(records, row, kind, { ...pattern.exec(textAt(row))?.groups }, false, events);
  }
  nameProbedWarns(records, splats, frames, events);
}

/** Which kinds of event there are so far: 1 by number of the kind. */
function kindsOf(events: EventColumns): Uint8Array {
  const seen = new Uint8Array(256);
  for (let row = 0; row < events.length; row++) seen[events.kind[row]] = 1;
  return seen;
}

/** Where the second and each further boot of a source begins. */
function bootsOf(records: Table<typeof LOG_RECORDS>): { starts: number[] } {
  const boot = columnOf(records, 'boot').data as Uint16Array;
  const source = columnOf(records, 'source').data as Uint16Array;
  const starts: number[] = [];
  for (let row = 1; row < records.length; row++) {
    if (boot[row] !== boot[row - 1] && source[row] === source[row - 1]) starts.push(row);
  }
  return { starts };
}

/** The device of a requester id; null for 0, with which old hardware says that it does not know, and for all ones, which a register that is gone reads as. */
function requesterDevice(requester: string | undefined): string | null {
  const id = requester === undefined ? 0 : Number.parseInt(requester, 16);
  return id > 0 && id < ALL_ONES ? functionAddress(id) : null;
}

/** The function that a device-TLB descriptor is for. */
function descriptorDevice(descriptor: string | undefined): string | null {
  return descriptor === undefined ? null : requesterOf(BigInt(`0x${descriptor}`));
}

/**
 * Errors of an invalidation queue that name no function (`SID 0` of hardware that does not report it). The kernel prints the
 * descriptors at the head of the queue after them: the first one that goes to a device-TLB names the function.
 */
class NamelessErrors {
  private readonly source: ArrayLike<number>;
  private readonly events: EventColumns;
  private waiting: { readonly row: number; readonly event: number }[] = [];

  constructor(records: Table<typeof LOG_RECORDS>, events: EventColumns) {
    this.source = columnOf(records, 'source').data as Uint16Array;
    this.events = events;
  }

  wait(row: number, event: number): void {
    this.waiting.push({ row, event });
  }

  /** The descriptor of record `row`, lifted as `descriptor`, names the errors shortly before it. */
  name(row: number, descriptor: number): void {
    const { events, source } = this;
    for (const error of this.waiting) {
      if (
        row - error.row < DESCRIPTOR_REACH &&
        source[row] === source[error.row] &&
        events.device[descriptor] >= 0
      )
        events.nameDevice(error.event, events.device[descriptor], descriptor);
    }
    this.waiting = [];
  }
}

const draft = newDraft();

function setTime(time: bigint | null): void {
  if (time === null) return;
  draft.timed = 1;
  draft.timeLo = Number(time & 0xffffffffn);
  draft.timeHi = Number((time >> 32n) & 0xffffffffn);
}

/** First records of splats whose time is the time since boot: `source:seq`. Other times belong on no trace's timeline. */
function uptimeRecords(
  records: Table<typeof LOG_RECORDS>,
  splats: Table<typeof SPLATS>,
): ReadonlySet<string> {
  const wanted = new Set(rowsOf(splats).map((splat) => `${splat.source}:${splat.first_seq}`));
  const [source, seq, kind] = ['source', 'seq', 'time_kind'].map((name) => columnOf(records, name));
  const uptime = kind.dictionary?.indexOf('uptime') ?? -1;
  const found = new Set<string>();
  if (wanted.size === 0) return found;
  for (let row = 0; row < records.length; row++) {
    if (kind.data[row] !== uptime) continue;
    const key = `${source.data[row]}:${seq.data[row]}`;
    if (wanted.has(key)) found.add(key);
  }
  return found;
}

/**
 * WARNs, by row, that need not be told: where the WARN of SMMUv3 has a text (7.3), that text names device and page shift and
 * stands for the WARN.
 */
function spokenFor(splats: Table<typeof SPLATS>, records: Table<typeof LOG_RECORDS>): ReadonlySet<number> {
  const near = new Map<string, number>();
  for (let row = 0; row < splats.length; row++) {
    const { kind, symbol, source, first_seq: first } = rowAt(splats, row);
    if (kind !== 'warn' || symbol !== 'arm_smmu_enable_ats') continue;
    for (let seq = first - TEXT_REACH; seq <= first + TEXT_REACH; seq++) near.set(`${source}:${seq}`, row);
  }
  const spoken = new Set<number>();
  if (near.size === 0) return spoken;
  const [source, seq] = [columnOf(records, 'source').data, columnOf(records, 'seq').data];
  for (let record = 0; record < records.length; record++) {
    const row = near.get(`${source[record]}:${seq[record]}`);
    if (row !== undefined && rowAt(records, record).message.includes('Failed to enable ATS (STU '))
      spoken.add(row);
  }
  return spoken;
}

function liftSplat(
  splats: Table<typeof SPLATS>,
  row: number,
  uptime: ReadonlySet<string>,
  telling: ReadonlyMap<string, TellingSplat>,
  events: EventColumns,
): void {
  const splat = rowAt(splats, row);
  const told = telling.get(`${splat.source}:${splat.splat}`);
  const warned = splat.kind === 'warn' && splat.symbol !== null && WARN_FUNCTIONS.test(splat.symbol);
  if (!warned && !told) return;
  const symbol = told?.symbol ?? (splat.symbol as string);
  clearDraft(draft);
  setTime(uptime.has(`${splat.source}:${splat.first_seq}`) ? splat.time_ns : null);
  draft.kind = KIND[told?.kind ?? 'log.warn'];
  draft.phase = POINT;
  draft.symbol = events.names.internString(symbol.split('.')[0]);
  draft.pid = splat.pid ?? UNKNOWN;
  draft.cpu = splat.cpu ?? UNKNOWN;
  draft.comm = splat.comm === null ? -1 : events.names.internString(splat.comm);
  draft.source = splat.source;
  draft.seq = splat.first_seq;
  draft.offset = Number(splat.offset);
  draft.length = splat.length;
  draft.line = splat.line ?? UNKNOWN;
  events.add(draft);
}

function liftRecord(
  records: Table<typeof LOG_RECORDS>,
  row: number,
  kind: EventKindName,
  groups: Record<string, string | undefined>,
  ofAnother: boolean,
  events: EventColumns,
): number {
  const record = rowAt(records, row);
  clearDraft(draft);
  setTime(record.time_kind === 'uptime' ? record.time_ns : null);
  draft.kind = KIND[kind];
  draft.phase = POINT;
  const named = groups.device ?? (ofAnother ? null : record.device);
  // VT-d and AMD leave the segment out where there is only one.
  const device = named && /^[0-9a-f]{2}:/i.test(named) ? `0000:${named}` : named;
  draft.device = device && isFunctionAddress(device) ? events.names.internString(device.toLowerCase()) : -1;
  if (groups.shift) draft.pageShift = Number(groups.shift);
  if (groups.index) draft.index = Number(groups.index);
  if (groups.power) draft.index = POWER_STATES.indexOf(groups.power);
  if (groups.bus) {
    draft.index = Number.parseInt(groups.bus, 16);
    draft.value = Number.parseInt(groups.lastBus ?? groups.bus, 16);
  }
  if (groups.requester) draft.value = Number.parseInt(groups.requester, 16);
  draft.source = record.source;
  draft.seq = record.seq;
  draft.offset = Number(record.offset);
  draft.length = record.length;
  draft.line = record.line ?? UNKNOWN;
  return events.add(draft);
}
