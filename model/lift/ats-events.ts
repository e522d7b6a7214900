import { type Column, columnOf, EVENT_COLUMNS, isNullAt, type Table } from '../../tables/index.ts';
import { clearDraft, type EventColumns, newDraft } from '../event-columns.ts';
import { ENTER, type EventKindName, KIND, POINT, RETURN, UNKNOWN } from '../events.ts';
import { ATS_CONTROL, PASID_CONTROL, PRI_CONTROL } from '../hardware/registers.ts';
import { isFunctionAddress, wordReader } from './arguments.ts';

/** Tables of the ATS event log are named so. */
const PREFIX = 'sim_';

/** Software calls by the name of their event. */
const CALLS: Readonly<Record<string, EventKindName>> = {
  add: 'device.add',
  remove: 'device.remove',
  supported: 'ats.supported',
  prepare: 'ats.prepare',
  enable: 'ats.enable',
  disable: 'ats.disable',
  restore: 'ats.restore',
  pasid_enable: 'pasid.enable',
  pasid_disable: 'pasid.disable',
  pri_enable: 'pri.enable',
  pri_disable: 'pri.disable',
  attach: 'iommu.attach',
  block: 'iommu.block',
  flr: 'reset.flr',
  reset_function: 'reset.function',
};

const POINTS: Readonly<Record<string, EventKindName>> = {
  register_write: 'hw.write',
  register_read: 'hw.read',
  vf_on: 'hw.vf_on',
  vf_off: 'hw.gone',
  reset: 'hw.reset',
  translation_request: 'translation.request',
  translation_completion: 'translation.completion',
  invalidation_request: 'invalidation.request',
  invalidation_completion: 'invalidation.completion',
  page_request: 'page.request',
  page_response: 'page.response',
};

const REGISTER: Readonly<Record<string, number>> = {
  ats_control: ATS_CONTROL,
  pasid_control: PASID_CONTROL,
  pri_control: PRI_CONTROL,
};

/** Whether a table holds events of an ATS event log that the model can use. */
export function isSimulatorEvent(name: string): boolean {
  if (!name.startsWith(PREFIX)) return false;
  const event = name.slice(PREFIX.length);
  return event in CALLS || event in POINTS;
}

/** Lifts the events of ATS event logs. A call that one record tells whole becomes an entry and a return. */
export function liftAtsEvents(tables: readonly Table[], events: EventColumns): void {
  tables.forEach((table, number) => {
    if (!isSimulatorEvent(table.def.name)) return;
    const lifter = new SimulatorTable(table, number, events);
    for (let row = 0; row < table.length; row++) lifter.lift(row);
  });
}

class SimulatorTable {
  private readonly events: EventColumns;
  private readonly number: number;
  private readonly name: string;
  private readonly column: Readonly<Record<string, Column>>;
  private readonly time;
  private readonly readers = new Map<string, ReturnType<typeof wordReader>>();
  private readonly texts = new Map<string, Column>();
  private readonly draft = newDraft();

  constructor(table: Table, number: number, events: EventColumns) {
    this.events = events;
    this.number = number;
    this.name = table.def.name.slice(PREFIX.length);
    this.column = Object.fromEntries(EVENT_COLUMNS.map((def) => [def.name, columnOf(table, def.name)]));
    this.time = wordReader(this.column.time_ns);
    const common = new Set(EVENT_COLUMNS.map((column) => column.name));
    for (const column of table.columns) {
      if (common.has(column.def.name)) continue;
      if (column.def.type === 'dict') this.texts.set(column.def.name, column);
      else this.readers.set(column.def.name, wordReader(column));
    }
  }

  lift(row: number): void {
    const call = CALLS[this.name];
    if (!call) return this.point(row, POINTS[this.name]);
    const phase = this.text('phase', row) ?? 'call';
    const pf = this.name === 'add' ? this.text('pf', row) : null;
    if (pf) this.emit(row, 'vf.add', ENTER, pf);
    if (phase !== 'return') this.emit(row, call, ENTER);
    if (this.name === 'add' && this.number32('ats_capability', row) !== UNKNOWN) {
      this.emit(row, 'ats.init', ENTER);
      this.emit(row, 'ats.init', RETURN);
    }
    if (phase !== 'enter') this.emit(row, call, RETURN);
    if (pf) this.emit(row, 'vf.add', RETURN, pf);
  }

  private emit(row: number, kind: EventKindName, phase: number, device?: string): void {
    const { draft } = this;
    this.begin(row, kind, phase, device ?? this.text('function', row));
    draft.symbol = this.events.names.internString(kind);
    const shift = this.number32('page_shift', row);
    const stu = this.number32('stu', row);
    draft.pageShift = shift !== UNKNOWN ? shift : stu === UNKNOWN ? UNKNOWN : stu + 12;
    draft.value = this.number32('features', row);
    draft.index = this.number32('vf_index', row);
    if (device === undefined) {
      draft.isVf = this.text('pf', row) ? 1 : this.number32('is_vf', row);
      // Without a PF it is none of the VFs, says the format.
      if (this.name === 'add' && draft.isVf === UNKNOWN) draft.isVf = 0;
      draft.untrusted = this.number32('untrusted', row);
      // The core has looked for the capability when it is done with looking.
      if (kind !== 'device.add' && (kind !== 'ats.init' || phase === RETURN))
        draft.cap = this.number32('ats_capability', row);
      if (phase === ENTER) draft.enabled = this.number32('enabled', row);
    }
    if (phase === RETURN) draft.result = this.number32('result', row);
    this.events.add(draft);
  }

  private point(row: number, kind: EventKindName): void {
    const { draft } = this;
    if (kind === 'invalidation.request') {
      this.begin(row, 'invalidate', POINT, this.text('function', row));
      this.events.add(draft);
    }
    this.begin(row, kind, POINT, this.text('function', row));
    draft.value = this.number32('tag', row);
    if (kind === 'hw.vf_on') {
      const pf = this.text('pf', row);
      draft.index = this.number32('vf_index', row);
      if (pf) draft.symbol = this.events.names.internString(pf);
    } else if (kind === 'hw.write' || kind === 'hw.read') this.register(row);
    this.events.add(draft);
  }

  /** `result` of a write tells who made it: 1 user space, 0 the core. */
  private register(row: number): void {
    const { draft } = this;
    const register = REGISTER[this.text('register', row) ?? ''];
    draft.index = register ?? UNKNOWN;
    const value = this.number32('value', row);
    draft.value = value;
    draft.enabled = this.number32('enable', row);
    draft.stu = this.number32('stu', row);
    if (value !== UNKNOWN && register === ATS_CONTROL) {
      draft.enabled = (value >>> 15) & 1;
      draft.stu = value & 31;
    } else if (value !== UNKNOWN) draft.enabled = value & (register === PASID_CONTROL ? 7 : 1);
    const by = this.text('by', row);
    draft.result = by === null ? UNKNOWN : by === 'user' ? 1 : 0;
  }

  private begin(row: number, kind: EventKindName, phase: number, device: string | null): void {
    const { draft, column, time } = this;
    clearDraft(draft);
    draft.kind = KIND[kind];
    draft.phase = phase;
    draft.table = this.number;
    draft.device = device && isFunctionAddress(device) ? this.events.names.internString(device) : -1;
    draft.source = column.source.data[row] as number;
    draft.seq = column.seq.data[row] as number;
    draft.offset = Number(column.offset.data[row]);
    draft.length = column.length.data[row] as number;
    draft.line = isNullAt(column.line, row) ? UNKNOWN : (column.line.data[row] as number);
    draft.pid = isNullAt(column.pid, row) ? UNKNOWN : (column.pid.data[row] as number);
    if (time.isNull(row)) return;
    draft.timed = 1;
    draft.timeLo = time.lo(row) >>> 0;
    draft.timeHi = time.hi(row) >>> 0;
  }

  private number32(name: string, row: number): number {
    const reader = this.readers.get(name);
    return !reader || reader.isNull(row) ? UNKNOWN : reader.lo(row);
  }

  private text(name: string, row: number): string | null {
    const column = this.texts.get(name);
    if (!column || isNullAt(column, row)) return null;
    return (column.dictionary as readonly string[])[column.data[row] as number];
  }
}
