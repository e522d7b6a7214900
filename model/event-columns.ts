import { bigOf, StringPool } from '../tables/index.ts';
import { UNKNOWN } from './events.ts';

const INT32_COLUMNS = [
  /** Device as printed, id in `names`; -1 when the event has no device, -2 when it has an empty one. */
  'device',
  /** Device as a pointer, id in `names`, where the event shows one. */
  'pointer',
  /** Event that tells the name of a device behind a pointer, where this one does not print it. */
  'namedBy',
  /** The same event in another source that counts in its stead. */
  'twinOf',
  'pid',
  'cpu',
  /** Id in `names`, or -1. */
  'comm',
  /** Id in `names`, or -1. */
  'caller',
  /** Id in `names` of the probed function or event, or -1. */
  'symbol',
  /** Page shift asked for. */
  'pageShift',
  /** Normalised result: 0 or negative error number; 0 or 1 for a question. */
  'result',
  /** `ats_enabled` as printed. */
  'enabled',
  /** `ats_cap` as printed. */
  'cap',
  /** `ats_stu` (a page shift in the PCI core) as printed. */
  'stu',
  /** VF index, group, `type` of a cache tag, or power state. */
  'index',
  /** Config offset of a write. */
  'where',
  /** Value of a write, unsigned bits; requester id that an error names. */
  'value',
  /** Bytes of a write. */
  'width',
  /** Domain type as printed. */
  'domainType',
  /** Number of the event table it came from: two probes on one function have two. */
  'table',
  'source',
  'seq',
  'length',
  'line',
] as const;

type Int32ColumnName = (typeof INT32_COLUMNS)[number];

/** `length` of an event stands in `recordLength`: `length` of the columns is the number of events. */
type ColumnField = Exclude<Int32ColumnName, 'length'> | 'recordLength';

const COLUMN_FIELDS: readonly ColumnField[] = INT32_COLUMNS.map((name) =>
  name === 'length' ? 'recordLength' : name,
);

/** One event in the making. Everything not set is unknown. */
export type EventDraft = Record<Int32ColumnName, number> & {
  /** Position in `EVENT_KINDS`. */
  kind: number;
  /** `ENTER`, `RETURN` or `POINT`. */
  phase: number;
  isVf: number;
  isPf: number;
  untrusted: number;
  timeLo: number;
  timeHi: number;
  timed: number;
  offset: number;
};

/** Places in `nature`: two bits each, 0 for unknown. */
const IS_VF = 0;
const IS_PF = 2;
const UNTRUSTED = 4;
const NO = 2;
const YES = 3;
const MEANING = new Int32Array([UNKNOWN, UNKNOWN, 0, 1]);

/**
 * Memory for a column. Columns that begin at the same place of a page fall on the same lines of the processor's cache, and
 * the replay reads twenty of them at once; so each begins two lines after the one before.
 */
function columnMemory(place: number, rows: number): Int32Array {
  return new Int32Array(new ArrayBuffer(rows * 4 + COLUMN_FIELDS.length * 128), place * 128, rows);
}

/**
 * The events of the model as columns. Values that an event does not carry are `UNKNOWN`. Rows are added in any order;
 * `order.ts` gives the order of the replay. A column that no event has set yet is the one blank column, which takes no
 * memory of its own: most recordings carry half of what events can.
 */
export class EventColumns {
  length = 0;
  private capacity = 1024;
  private blank = new Int32Array(1024).fill(UNKNOWN);
  private words = new Uint32Array(2048);
  private offsets = new Float64Array(1024);
  private timedFlags = new Uint8Array(1024);
  /** What the event prints of what the function is: `isVf`, `isPf` and `untrusted`. */
  private nature = new Uint8Array(1024);
  /** Devices, callers, symbols and task names. */
  readonly names = new StringPool();
  /** Sources that recorded the same tasks as another one at the same time. */
  readonly sameTasksAs = new Map<number, number>();

  /** Position in `EVENT_KINDS`. */
  kind = new Uint8Array(1024);
  /** `ENTER`, `RETURN` or `POINT`. */
  phase = new Uint8Array(1024);
  device: Int32Array = this.blank;
  pointer: Int32Array = this.blank;
  namedBy: Int32Array = this.blank;
  twinOf: Int32Array = this.blank;
  pid: Int32Array = this.blank;
  cpu: Int32Array = this.blank;
  comm: Int32Array = this.blank;
  caller: Int32Array = this.blank;
  symbol: Int32Array = this.blank;
  pageShift: Int32Array = this.blank;
  result: Int32Array = this.blank;
  enabled: Int32Array = this.blank;
  cap: Int32Array = this.blank;
  stu: Int32Array = this.blank;
  index: Int32Array = this.blank;
  where: Int32Array = this.blank;
  value: Int32Array = this.blank;
  width: Int32Array = this.blank;
  domainType: Int32Array = this.blank;
  table: Int32Array = this.blank;
  source: Int32Array = this.blank;
  seq: Int32Array = this.blank;
  /** Length of the record in its source, in bytes. */
  recordLength: Int32Array = this.blank;
  line: Int32Array = this.blank;

  add(draft: EventDraft): number {
    if (this.length === this.capacity) this.grow();
    const row = this.length++;
    this.kind[row] = draft.kind;
    this.phase[row] = draft.phase;
    this.nature[row] =
      (toBits(draft.isVf) << IS_VF) | (toBits(draft.isPf) << IS_PF) | (toBits(draft.untrusted) << UNTRUSTED);
    if (draft.device !== UNKNOWN)
      (this.device === this.blank ? this.own('device') : this.device)[row] = draft.device;
    if (draft.pointer !== UNKNOWN)
      (this.pointer === this.blank ? this.own('pointer') : this.pointer)[row] = draft.pointer;
    if (draft.pid !== UNKNOWN) (this.pid === this.blank ? this.own('pid') : this.pid)[row] = draft.pid;
    if (draft.cpu !== UNKNOWN) (this.cpu === this.blank ? this.own('cpu') : this.cpu)[row] = draft.cpu;
    if (draft.comm !== UNKNOWN) (this.comm === this.blank ? this.own('comm') : this.comm)[row] = draft.comm;
    if (draft.caller !== UNKNOWN)
      (this.caller === this.blank ? this.own('caller') : this.caller)[row] = draft.caller;
    if (draft.symbol !== UNKNOWN)
      (this.symbol === this.blank ? this.own('symbol') : this.symbol)[row] = draft.symbol;
    if (draft.pageShift !== UNKNOWN)
      (this.pageShift === this.blank ? this.own('pageShift') : this.pageShift)[row] = draft.pageShift;
    if (draft.result !== UNKNOWN)
      (this.result === this.blank ? this.own('result') : this.result)[row] = draft.result;
    if (draft.enabled !== UNKNOWN)
      (this.enabled === this.blank ? this.own('enabled') : this.enabled)[row] = draft.enabled;
    if (draft.cap !== UNKNOWN) (this.cap === this.blank ? this.own('cap') : this.cap)[row] = draft.cap;
    if (draft.stu !== UNKNOWN) (this.stu === this.blank ? this.own('stu') : this.stu)[row] = draft.stu;
    if (draft.index !== UNKNOWN)
      (this.index === this.blank ? this.own('index') : this.index)[row] = draft.index;
    if (draft.where !== UNKNOWN)
      (this.where === this.blank ? this.own('where') : this.where)[row] = draft.where;
    if (draft.value !== UNKNOWN)
      (this.value === this.blank ? this.own('value') : this.value)[row] = draft.value;
    if (draft.width !== UNKNOWN)
      (this.width === this.blank ? this.own('width') : this.width)[row] = draft.width;
    if (draft.domainType !== UNKNOWN)
      (this.domainType === this.blank ? this.own('domainType') : this.domainType)[row] = draft.domainType;
    if (draft.table !== UNKNOWN)
      (this.table === this.blank ? this.own('table') : this.table)[row] = draft.table;
    if (draft.source !== UNKNOWN)
      (this.source === this.blank ? this.own('source') : this.source)[row] = draft.source;
    if (draft.seq !== UNKNOWN) (this.seq === this.blank ? this.own('seq') : this.seq)[row] = draft.seq;
    if (draft.length !== UNKNOWN)
      (this.recordLength === this.blank ? this.own('recordLength') : this.recordLength)[row] = draft.length;
    if (draft.line !== UNKNOWN) (this.line === this.blank ? this.own('line') : this.line)[row] = draft.line;
    this.words[row * 2] = draft.timeLo;
    this.words[row * 2 + 1] = draft.timeHi;
    this.timedFlags[row] = draft.timed;
    this.offsets[row] = draft.offset;
    return row;
  }

  /** 1, 0 or UNKNOWN, as are the next two. */
  isVf(row: number): number {
    return MEANING[(this.nature[row] >> IS_VF) & 3];
  }

  isPf(row: number): number {
    return MEANING[(this.nature[row] >> IS_PF) & 3];
  }

  untrusted(row: number): number {
    return MEANING[(this.nature[row] >> UNTRUSTED) & 3];
  }

  /** Gives an event the name of its device, as another event tells it. */
  nameDevice(row: number, device: number, namedBy: number): void {
    this.device[row] = device;
    (this.namedBy === this.blank ? this.own('namedBy') : this.namedBy)[row] = namedBy;
  }

  /** Leaves an event to the same event in another source. */
  recordTwin(row: number, twin: number): void {
    (this.twinOf === this.blank ? this.own('twinOf') : this.twinOf)[row] = twin;
  }

  setWidth(row: number, width: number): void {
    (this.width === this.blank ? this.own('width') : this.width)[row] = width;
  }

  /** Time on the clock of the source, ns; null for a record without a time. */
  timeOf(row: number): bigint | null {
    return this.timedFlags[row] ? bigOf(this.words[row * 2], this.words[row * 2 + 1]) : null;
  }

  timeLo(row: number): number {
    return this.words[row * 2];
  }

  timeHi(row: number): number {
    return this.words[row * 2 + 1];
  }

  isTimed(row: number): boolean {
    return this.timedFlags[row] !== 0;
  }

  offsetOf(row: number): number {
    return this.offsets[row];
  }

  nameOf(id: number): string | null {
    return id < 0 ? null : this.names.get(id);
  }

  /** The first value of a column gives it memory of its own. */
  private own(name: ColumnField): Int32Array {
    const column = columnMemory(COLUMN_FIELDS.indexOf(name), this.capacity).fill(UNKNOWN);
    this[name] = column;
    return column;
  }

  /** Makes room for so many more events, so that they do not outgrow their memory time and again. */
  expect(rows: number): void {
    if (this.length + rows > this.capacity) this.grow(this.length + rows);
  }

  /** Half as much again where nothing better is known: twice as much would leave up to half of the memory empty. */
  private grow(rows = Math.ceil((this.capacity * 3) / 2)): void {
    const { length, blank } = this;
    this.capacity = rows;
    this.blank = new Int32Array(rows).fill(UNKNOWN);
    COLUMN_FIELDS.forEach((name, place) => {
      const column = this[name];
      if (column === blank) {
        this[name] = this.blank;
        return;
      }
      const grown = columnMemory(place, rows);
      grown.set(column);
      grown.fill(UNKNOWN, length);
      this[name] = grown;
    });
    this.kind = bytesFrom(this.kind, rows);
    this.phase = bytesFrom(this.phase, rows);
    this.nature = bytesFrom(this.nature, rows);
    this.timedFlags = bytesFrom(this.timedFlags, rows);
    const words = new Uint32Array(rows * 2);
    words.set(this.words);
    this.words = words;
    const offsets = new Float64Array(rows);
    offsets.set(this.offsets);
    this.offsets = offsets;
  }
}

function bytesFrom(column: Uint8Array, rows: number): Uint8Array<ArrayBuffer> {
  const grown = new Uint8Array(rows);
  grown.set(column);
  return grown;
}

function toBits(value: number): number {
  return value === UNKNOWN ? 0 : value ? YES : NO;
}

/** Makes every value of a draft unknown again. */
export function clearDraft(draft: EventDraft): void {
  draft.kind = UNKNOWN;
  draft.phase = UNKNOWN;
  draft.device = -1;
  draft.pointer = UNKNOWN;
  draft.namedBy = UNKNOWN;
  draft.twinOf = UNKNOWN;
  draft.pid = UNKNOWN;
  draft.cpu = UNKNOWN;
  draft.comm = -1;
  draft.caller = -1;
  draft.symbol = -1;
  draft.pageShift = UNKNOWN;
  draft.result = UNKNOWN;
  draft.enabled = UNKNOWN;
  draft.cap = UNKNOWN;
  draft.stu = UNKNOWN;
  draft.isVf = UNKNOWN;
  draft.isPf = UNKNOWN;
  draft.untrusted = UNKNOWN;
  draft.index = UNKNOWN;
  draft.where = UNKNOWN;
  draft.value = UNKNOWN;
  draft.width = UNKNOWN;
  draft.domainType = UNKNOWN;
  draft.table = UNKNOWN;
  draft.source = UNKNOWN;
  draft.seq = UNKNOWN;
  draft.length = UNKNOWN;
  draft.line = UNKNOWN;
  draft.timeLo = 0;
  draft.timeHi = 0;
  draft.timed = 0;
  draft.offset = 0;
}

export function newDraft(): EventDraft {
  const draft = {} as EventDraft;
  clearDraft(draft);
  return draft;
}
