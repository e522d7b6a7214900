import { type Column, cellAt, columnOf, EVENT_COLUMNS, isNullAt, type Table } from '../../tables/index.ts';
import { clearDraft, type EventColumns, type EventDraft, newDraft } from '../event-columns.ts';
import { ENTER, KIND, POINT, RETURN, UNKNOWN } from '../events.ts';
import {
  classifyCaller,
  FUNCTION_BY_SYMBOL,
  KNOWN_FUNCTIONS,
  KNOWN_TRACEPOINTS,
  type KnownFunction,
} from '../known-functions.ts';
import { type AddressedProbes, addressedProbes, mayBeOnAtsFunction } from './addressed-probes.ts';
import {
  type ArgumentReaders,
  type ArgumentRole,
  bindArguments,
  isFunctionAddress,
  wordReader,
} from './arguments.ts';
import { isSimulatorEvent } from './ats-events.ts';
import { requesterOf } from './invalidation-descriptor.ts';
import { aerEvent, linkEvent, type PciEvent } from './pci-tracepoints.ts';
import { callerInStack } from './stack-caller.ts';

const COMMON = new Set(EVENT_COLUMNS.map((column) => column.name));

/** `pci_enable_ats.part.0` is still `pci_enable_ats`: the compiler adds suffixes after a dot. */
export function knownSymbol(symbol: string): KnownFunction | null {
  const exact = FUNCTION_BY_SYMBOL.get(symbol);
  if (exact) return exact;
  const dot = symbol.indexOf('.');
  return dot > 0 ? (FUNCTION_BY_SYMBOL.get(symbol.slice(0, dot)) ?? null) : null;
}

/**
 * The function behind an event whose location is only an address, as `trace-cmd report` prints it: told by the event's
 * name, which people derive from the probed function (`pci_enable_ats`, `pci_enable_ats_ret`, `p_pci_enable_ats_0`).
 * An abbreviation counts when it is long and all functions it may stand for mean the same.
 */
export function knownEventName(name: string): KnownFunction | null {
  const exact = knownSymbol(name);
  if (exact) return exact;
  let best: KnownFunction | null = null;
  for (const known of KNOWN_FUNCTIONS) {
    if (name.includes(known.symbol) && (!best || known.symbol.length > best.symbol.length)) best = known;
  }
  if (best) return best;
  const bare = name.replace(/_(ret|return|exit|entry|enter)$/, '');
  if (bare.length < 15) return null;
  const fitting = KNOWN_FUNCTIONS.filter((known) => known.symbol.startsWith(bare));
  return fitting.length > 0 && fitting.every((known) => known.kind === fitting[0].kind) ? fitting[0] : null;
}

/** A config write told by its arguments alone: nobody can say who wrote, nor how wide. */
const UNATTRIBUTED_WRITE: KnownFunction = { symbol: '', kind: 'config.write', result: 'none' };

/** Whether the model can use a kind of trace event: the needs that decoders are given. */
export function modelWants(kind: {
  readonly name: string;
  readonly system?: string | null;
  readonly symbol: string | null;
  readonly atAddress?: boolean;
  readonly fields: readonly string[];
}): boolean {
  if (kind.symbol !== null) return knownSymbol(kind.symbol) !== null;
  // The hardware calls no function of the kernel, whatever its events are called.
  if (kind.system === 'qemu') return false;
  return (
    isSimulatorEvent(kind.name) ||
    kind.name in KNOWN_TRACEPOINTS ||
    knownEventName(kind.name) !== null ||
    isConfigWrite(kind.fields) ||
    (kind.atAddress === true && mayBeOnAtsFunction(kind.fields))
  );
}

function isConfigWrite(fields: readonly string[]): boolean {
  return fields.includes('where') && (fields.includes('val') || fields.includes('value'));
}

/** Turns the rows of the event tables of a recording into events of the model. */
export function liftEventTables(tables: readonly Table[], events: EventColumns): void {
  const addressed = addressedProbes(tables, knownEventName);
  const lifters = tables.flatMap((table, number) =>
    isSimulatorEvent(table.def.name) ? [] : [new EventTableLifter(table, number, events, addressed)],
  );
  events.expect(lifters.reduce((sum, lifter) => sum + lifter.likelyRows, 0));
  for (const lifter of lifters) lifter.liftAll();
}

class EventTableLifter {
  private readonly table: Table;
  private readonly number: number;
  private readonly events: EventColumns;
  private readonly draft: EventDraft = newDraft();
  private readonly readers: [ArgumentReaders, ArgumentReaders];
  private readonly column: Record<string, Column>;
  private readonly time;
  private readonly knownBySymbol: (KnownFunction | null)[];
  private readonly knownByName: KnownFunction | null;
  private readonly addressed: AddressedProbes;
  private readonly stack: Column | null;
  private readonly names = new Map<string, number>();

  constructor(table: Table, number: number, events: EventColumns, addressed: AddressedProbes) {
    this.table = table;
    this.addressed = addressed;
    this.number = number;
    this.events = events;
    this.readers = [bindArguments(table, COMMON, false), bindArguments(table, COMMON, true)];
    this.column = Object.fromEntries(EVENT_COLUMNS.map((def) => [def.name, columnOf(table, def.name)]));
    this.stack = table.columns.find((column) => column.def.name === 'stack') ?? null;
    this.time = wordReader(this.column.time_ns);
    this.knownBySymbol = (this.column.symbol.dictionary ?? []).map(knownSymbol);
    const fields = table.columns.map((column) => column.def.name);
    this.knownByName = knownEventName(table.def.name) ?? (isConfigWrite(fields) ? UNATTRIBUTED_WRITE : null);
  }

  /** Rows that most likely become events of the model. */
  get likelyRows(): number {
    const isKnown =
      this.knownByName !== null ||
      KNOWN_TRACEPOINTS[this.table.def.name] !== undefined ||
      this.knownBySymbol.some((known) => known !== null);
    return isKnown ? this.table.length : 0;
  }

  liftAll(): void {
    for (let row = 0; row < this.table.length; row++) this.lift(row);
  }

  lift(row: number): void {
    const tracepoint = KNOWN_TRACEPOINTS[this.table.def.name];
    const { symbol } = this.column;
    const hasSymbol = !isNullAt(symbol, row);
    const known = hasSymbol
      ? this.knownBySymbol[symbol.data[row] as number]
      : tracepoint
        ? null
        : (this.addressed.functionOf(this.table, row) ?? this.knownByName);
    if (!known && !tracepoint) return;
    const { draft } = this;
    clearDraft(draft);
    this.setHeader(row);
    // What was read is known only when the read is over.
    if (known?.kind === 'config.read' && this.column.is_return.data[row] === 0) return;
    if (known) this.setCall(row, known, hasSymbol);
    else if (!this.setTracepoint(row, tracepoint)) return;
    this.events.add(draft);
  }

  private setHeader(row: number): void {
    const { draft, column } = this;
    if (!this.time.isNull(row)) {
      draft.timeLo = this.time.lo(row);
      draft.timeHi = this.time.hi(row);
      draft.timed = 1;
    }
    draft.table = this.number;
    draft.source = column.source.data[row] as number;
    draft.seq = column.seq.data[row] as number;
    draft.offset = Number(column.offset.data[row]);
    draft.length = column.length.data[row] as number;
    draft.line = this.integer(column.line, row);
    draft.pid = this.integer(column.pid, row);
    draft.cpu = this.integer(column.cpu, row);
    draft.comm = this.textId(column.comm, row);
    draft.caller = this.textId(column.caller, row);
  }

  private setCall(row: number, known: KnownFunction, hasSymbol: boolean): void {
    const { draft } = this;
    const isReturn = this.column.is_return.data[row] !== 0;
    const { numbers, device, pointer } = this.readers[isReturn ? 1 : 0];
    const isWrite = known.kind.startsWith('config.');
    draft.kind = KIND[known.kind];
    draft.phase = isWrite ? POINT : isReturn ? RETURN : ENTER;
    if (this.stack) this.askStack(row, known.symbol);
    draft.symbol = known.symbol === '' || (isWrite && !hasSymbol) ? -1 : this.nameId(known.symbol);
    draft.device = this.deviceId(device(row));
    const address = pointer(row);
    if (address !== null) draft.pointer = this.nameId(address);
    draft.width = isWrite && hasSymbol ? (known.width ?? UNKNOWN) : UNKNOWN;
    const lo = (role: ArgumentRole) => {
      const reader = numbers.get(role);
      return !reader || reader.isNull(row) ? UNKNOWN : reader.lo(row);
    };
    draft.pageShift = lo('pageShift');
    draft.enabled = lo('enabled');
    draft.cap = lo('cap');
    draft.stu = lo('stu');
    draft.isVf = lo('isVf');
    draft.isPf = lo('isPf');
    draft.untrusted = lo('untrusted');
    draft.index = lo('index');
    draft.domainType = known.kind === 'iommu.attach' ? lo('domainType') : UNKNOWN;
    if (isWrite) {
      draft.where = lo('where');
      draft.value = lo('value');
    }
    if (known.kind === 'pasid.enable') draft.value = lo('features');
    if (isReturn) draft.result = this.result(row, known, numbers);
  }

  /** Probes print no caller at the entry, and none that helps where they nest: a recorded stack has it. */
  private askStack(row: number, symbol: string): void {
    const { draft, events } = this;
    const stack = this.stack ? cellAt(this.stack, row) : null;
    const printed = events.nameOf(draft.caller);
    if (stack === null || (printed !== null && classifyCaller(printed, null) !== 'unknown')) return;
    const caller = callerInStack(String(stack), symbol);
    if (caller !== null) draft.caller = this.nameId(caller);
  }

  private result(row: number, known: KnownFunction, numbers: ArgumentReaders['numbers']): number {
    const reader = numbers.get('result');
    if (!reader || reader.isNull(row) || known.result === 'none') return UNKNOWN;
    const lo = reader.lo(row);
    if (known.result === 'bool') return (lo & 0xff) === 0 ? 0 : 1;
    if (known.result === 'int') return lo;
    // An error number as a pointer is one of the last 4095 addresses (include/linux/err.h).
    const hi = reader.hi(row);
    return (hi === -1 || hi === 0) && lo >>> 0 >= 0xfffff001 ? lo : 0;
  }

  private setTracepoint(row: number, kind: (typeof KNOWN_TRACEPOINTS)[string]): boolean {
    const { draft } = this;
    const { device, text, numbers } = this.readers[0];
    draft.kind = KIND[kind];
    draft.phase = POINT;
    if (kind === 'invalidate') return this.setInvalidation(row);
    if (kind === 'log.link_down')
      return this.setPciEvent(row, linkEvent(text(row), this.field('event', row)));
    if (kind === 'log.aer')
      return this.setPciEvent(
        row,
        aerEvent(text(row), this.field('status', row), this.field('severity', row)),
      );
    if (kind !== 'cachetag.assign' && kind !== 'cachetag.unassign') {
      draft.device = this.deviceId(device(row));
      return true;
    }
    const body = text(row);
    // iommu/dev type devtlb did 9 pasid 0 ref 1 (drivers/iommu/intel/trace.h)
    const printed = body === null ? null : /^\S+?\/(\S+) type (\w+) did (\d+)(?:.* ref (\d+))?/.exec(body);
    const name = printed ? printed[1] : device(row);
    if (!name || !isFunctionAddress(name)) return false;
    draft.device = this.deviceId(name.toLowerCase());
    const number = (role: ArgumentRole) => {
      const reader = numbers.get(role);
      return reader && !reader.isNull(row) ? reader.lo(row) : UNKNOWN;
    };
    const type = number('domainType');
    draft.index = printed ? (printed[2].endsWith('devtlb') ? 1 : 0) : type === UNKNOWN ? UNKNOWN : type & 1;
    draft.where = printed ? Number(printed[3]) : number('domain');
    draft.value = printed ? (printed[4] === undefined ? UNKNOWN : Number(printed[4])) : number('users');
    return true;
  }

  /** A descriptor of VT-d's invalidation queue: only those for device-TLBs matter (intel_iommu:qi_submit). */
  private setInvalidation(row: number): boolean {
    const column = this.table.columns.find((candidate) => candidate.def.name === 'qw0');
    const body = this.readers[0].text(row);
    // dev_tlb_inv dmar0: 0x... 0x... 0x... 0x... (drivers/iommu/intel/trace.h)
    const printed = body === null ? null : /: 0x([0-9a-f]+)/i.exec(body);
    const qw0 = printed
      ? BigInt(`0x${printed[1]}`)
      : column && !isNullAt(column, row)
        ? BigInt(column.data[row])
        : null;
    const requester = qw0 === null ? null : requesterOf(qw0);
    if (requester === null) return false;
    this.draft.device = this.deviceId(requester);
    return true;
  }

  private setPciEvent(row: number, event: PciEvent | null): boolean {
    const device = event?.device ?? this.readers[0].device(row);
    if (!event || !device || !isFunctionAddress(device)) return false;
    this.draft.kind = KIND[event.kind];
    this.draft.device = this.deviceId(device.toLowerCase());
    return true;
  }

  /** A field that the recording has as a number; null where it has only the text. */
  private field(name: string, row: number): number | null {
    const column = this.table.columns.find((candidate) => candidate.def.name === name);
    return column && !isNullAt(column, row) && !column.dictionary ? Number(column.data[row]) : null;
  }

  private integer(column: Column, row: number): number {
    return isNullAt(column, row) ? UNKNOWN : (column.data[row] as number);
  }

  private textId(column: Column, row: number): number {
    if (isNullAt(column, row)) return -1;
    return this.nameId((column.dictionary as readonly string[])[column.data[row] as number]);
  }

  private deviceId(device: string | null): number {
    if (device === null) return -1;
    return device === '' ? -2 : this.nameId(device);
  }

  private nameId(text: string): number {
    let id = this.names.get(text);
    if (id === undefined) {
      id = this.events.names.internString(text);
      this.names.set(text, id);
    }
    return id;
  }
}
