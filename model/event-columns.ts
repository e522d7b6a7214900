import { bigOf, StringPool } from '../tables/index.ts';
import { UNKNOWN } from './events.ts';

const INT32_COLUMNS = [
  /** Position in `EVENT_KINDS`. */
  'kind',
  /** `ENTER`, `RETURN` or `POINT`. */
  'phase',
  /** Device as printed, id in `names`; -1 when the event has no device, -2 when it has an empty one. */
  'device',
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
  /** Value of a write, unsigned bits. */
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

/** One event in the making. Everything not set is unknown. */
export type EventDraft = Record<Int32ColumnName, number> & {
  timeLo: number;
  timeHi: number;
  timed: number;
  offset: number;
};

/**
 * The events of the model as columns. Values that an event does not carry are `UNKNOWN`. Rows are added in any order;
 * `order.ts` gives the order of the replay.
 */
export class EventColumns {
  length = 0;
  private capacity = 1024;
  private readonly ints = new Map<Int32ColumnName, Int32Array>();
  private words = new Uint32Array(2048);
  private offsets = new Float64Array(1024);
  private timedFlags = new Uint8Array(1024);
  /** Devices, callers, symbols and task names. */
  readonly names = new StringPool();

  kind!: Int32Array;
  phase!: Int32Array;
  device!: Int32Array;
  pid!: Int32Array;
  cpu!: Int32Array;
  comm!: Int32Array;
  caller!: Int32Array;
  symbol!: Int32Array;
  pageShift!: Int32Array;
  result!: Int32Array;
  enabled!: Int32Array;
  cap!: Int32Array;
  stu!: Int32Array;
  isVf!: Int32Array;
  isPf!: Int32Array;
  untrusted!: Int32Array;
  index!: Int32Array;
  where!: Int32Array;
  value!: Int32Array;
  width!: Int32Array;
  domainType!: Int32Array;
  table!: Int32Array;
  source!: Int32Array;
  seq!: Int32Array;
  /** Length of the record in its source, in bytes. */
  recordLength!: Int32Array;
  line!: Int32Array;

  constructor() {
    for (const name of INT32_COLUMNS) this.setColumn(name, new Int32Array(this.capacity));
  }

  add(draft: EventDraft): number {
    if (this.length === this.capacity) this.grow();
    const row = this.length++;
    for (const name of INT32_COLUMNS) (this.ints.get(name) as Int32Array)[row] = draft[name];
    this.words[row * 2] = draft.timeLo;
    this.words[row * 2 + 1] = draft.timeHi;
    this.timedFlags[row] = draft.timed;
    this.offsets[row] = draft.offset;
    return row;
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

  private setColumn(name: Int32ColumnName, column: Int32Array): void {
    this.ints.set(name, column);
    if (name === 'length') this.recordLength = column;
    else this[name] = column;
  }

  private grow(): void {
    this.capacity *= 2;
    for (const name of INT32_COLUMNS) {
      const grown = new Int32Array(this.capacity);
      grown.set(this.ints.get(name) as Int32Array);
      this.setColumn(name, grown);
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

const EMPTY: EventDraft = {
  ...(Object.fromEntries(INT32_COLUMNS.map((name) => [name, UNKNOWN])) as Record<Int32ColumnName, number>),
  device: -1,
  comm: -1,
  caller: -1,
  symbol: -1,
  timeLo: 0,
  timeHi: 0,
  timed: 0,
  offset: 0,
};

/** Makes every value of a draft unknown again. */
export function clearDraft(draft: EventDraft): void {
  Object.assign(draft, EMPTY);
}

export function newDraft(): EventDraft {
  return { ...EMPTY };
}
