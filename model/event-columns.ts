import { bigOf, StringPool } from '../tables/index.ts';
import { UNKNOWN } from './events.ts';

const INT32_COLUMNS = [
  /** Position in `EVENT_KINDS`. */
  'kind',
  /** `ENTER`, `RETURN` or `POINT`. */
  'phase',
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
  'isVf',
  'isPf',
  'untrusted',
  /** VF index, group, or `type` of a cache tag. */
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
  timeLo: number;
  timeHi: number;
  timed: number;
  offset: number;
};

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
  /** Devices, callers, symbols and task names. */
  readonly names = new StringPool();
  /** Sources that recorded the same tasks as another one at the same time. */
  readonly sameTasksAs = new Map<number, number>();

  kind: Int32Array = this.blank;
  phase: Int32Array = this.blank;
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
  isVf: Int32Array = this.blank;
  isPf: Int32Array = this.blank;
  untrusted: Int32Array = this.blank;
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
    if (draft.kind !== UNKNOWN) (this.kind === this.blank ? this.own('kind') : this.kind)[row] = draft.kind;
    if (draft.phase !== UNKNOWN)
      (this.phase === this.blank ? this.own('phase') : this.phase)[row] = draft.phase;
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
    if (draft.isVf !== UNKNOWN) (this.isVf === this.blank ? this.own('isVf') : this.isVf)[row] = draft.isVf;
    if (draft.isPf !== UNKNOWN) (this.isPf === this.blank ? this.own('isPf') : this.isPf)[row] = draft.isPf;
    if (draft.untrusted !== UNKNOWN)
      (this.untrusted === this.blank ? this.own('untrusted') : this.untrusted)[row] = draft.untrusted;
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
    const column = new Int32Array(this.capacity).fill(UNKNOWN);
    this[name] = column;
    return column;
  }

  private grow(): void {
    const { length, blank } = this;
    this.capacity *= 2;
    this.blank = new Int32Array(this.capacity).fill(UNKNOWN);
    for (const name of COLUMN_FIELDS) {
      const column = this[name];
      if (column === blank) {
        this[name] = this.blank;
        continue;
      }
      const grown = new Int32Array(this.capacity);
      grown.set(column);
      grown.fill(UNKNOWN, length);
      this[name] = grown;
    }
    const words = new Uint32Array(this.capacity * 2);
    words.set(this.words);
    this.words = words;
    const offsets = new Float64Array(this.capacity);
    offsets.set(this.offsets);
    this.offsets = offsets;
    const timed = new Uint8Array(this.capacity);
    timed.set(this.timedFlags);
    this.timedFlags = timed;
  }
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
