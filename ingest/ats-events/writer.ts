import { type EventTableBuilder, newHeader } from '../event-table.ts';
import type { DecodeOptions } from '../format.ts';
import type { RecordPlace } from '../place.ts';
import type { SourceRecording } from '../recording.ts';
import { fieldValue, type RawValue, timeOf, ValueError } from './values.ts';
import { EVENTS, type EventDef, FIELDS, type FieldDef, type FieldName } from './vocabulary.ts';

/** Tables of these events are named so, to stand apart from the trace events of a kernel. */
export const TABLE_PREFIX = 'sim_';

const EVENT_BY_NAME: ReadonlyMap<string, EventDef> = new Map(EVENTS.map((event) => [event.name, event]));
const FIELD_BY_NAME: ReadonlyMap<string, FieldDef> = new Map(FIELDS.map((field) => [field.name, field]));
/** A column per field of a log; logs of other make must not grow one per line. */
const MAX_EXTRA = 64;
const encoder = new TextEncoder();

/** A record that cannot be used: which field, and what was expected of it. */
export class RecordError extends Error {
  readonly field: string;

  constructor(field: string, expected: string, found: RawValue | undefined) {
    const shown = found === undefined ? 'nothing' : JSON.stringify(found).slice(0, 80);
    super(`"${field}": expected ${expected}, found ${shown}`);
    this.field = field;
  }
}

/** Writes checked events into tables, whatever text they were read from. */
export class EventWriter {
  /** Unit of times without one of their own, or null. */
  unit: string | null;
  /** Offset of the ATS capability of functions that do not say theirs, or null. */
  capability: bigint | null = null;
  private readonly out: SourceRecording;
  private readonly options: DecodeOptions;
  private readonly tables = new Map<string, EventTableBuilder | null>();
  private readonly extras = new Map<string, string>();
  private readonly header = newHeader();
  private last: bigint | null = null;

  constructor(out: SourceRecording, options: DecodeOptions, unit: string | null) {
    this.out = out;
    this.options = options;
    this.unit = unit;
  }

  /** Checks a record and writes it. @throws RecordError; nothing is written then. */
  write(record: ReadonlyMap<string, RawValue>, place: RecordPlace): void {
    const event = this.eventOf(record);
    const time = this.check('time', record, (raw) => timeOf(raw, this.unit));
    const values = new Map<string, bigint | string>();
    for (const [name, raw] of record) {
      if (name === 'time' || name === 'event' || raw === null) continue;
      const field = FIELD_BY_NAME.get(name);
      if (field)
        values.set(
          name,
          this.check(name, record, (value) => fieldValue(field.type, value)),
        );
    }
    this.checkNeeds(event, record, values);
    const { out, header } = this;
    this.setTime(time, place);
    header.seq = out.records++;
    header.offset = place.offset;
    header.length = place.length;
    header.line = place.line;
    const thread = values.get('thread');
    header.pid = typeof thread === 'bigint' && thread >= 0n && thread < 0x7fffffffn ? Number(thread) : -1;
    out.bytes.record += place.length;
    out.eventCounts.set(TABLE_PREFIX + event.name, (out.eventCounts.get(TABLE_PREFIX + event.name) ?? 0) + 1);
    if (event.name === 'add' && this.capability !== null && !values.has('ats_capability'))
      values.set('ats_capability', this.capability);
    if (event.name === 'config_write' || event.name === 'config_read')
      this.writeAccess(event.name, time, values);
    this.writeRow(event, record, values);
  }

  private eventOf(record: ReadonlyMap<string, RawValue>): EventDef {
    const raw = record.get('event');
    const event = typeof raw === 'string' ? EVENT_BY_NAME.get(raw.trim()) : undefined;
    if (event) return event;
    throw new RecordError('event', `one of ${EVENTS.map((known) => known.name).join(', ')}`, raw);
  }

  private check<T>(
    name: FieldName | string,
    record: ReadonlyMap<string, RawValue>,
    read: (raw: RawValue) => T,
  ): T {
    const raw = record.get(name);
    try {
      return read(raw ?? null);
    } catch (error) {
      if (error instanceof ValueError) throw new RecordError(name, error.expected, raw);
      throw error;
    }
  }

  private checkNeeds(
    event: EventDef,
    record: ReadonlyMap<string, RawValue>,
    values: ReadonlyMap<string, bigint | string>,
  ): void {
    for (const need of event.needs) {
      const choices = typeof need === 'string' ? [need] : need;
      if (choices.some((name) => values.has(name))) continue;
      const first = choices[0];
      const what = choices.length > 1 ? `one of the fields ${choices.join(', ')}` : 'a value';
      throw new RecordError(first, `${what} in an event "${event.name}"`, record.get(first));
    }
    const phase = values.get('phase');
    if (phase !== undefined && !['call', 'enter', 'return'].includes(String(phase)))
      throw new RecordError('phase', '"call", "enter" or "return"', record.get('phase'));
    const by = values.get('by');
    if (by !== undefined && !['core', 'user'].includes(String(by)))
      throw new RecordError('by', '"core" or "user"', record.get('by'));
    const width = values.get('width');
    if (width !== undefined && ![1n, 2n, 4n].includes(width as bigint))
      throw new RecordError('width', '1, 2 or 4', record.get('width'));
  }

  private setTime(time: bigint, place: RecordPlace): void {
    const { out, header } = this;
    header.timeLo = Number(time & 0xffffffffn);
    header.timeHi = Number((time >> 32n) & 0xffffffffn);
    if (this.last !== null && time < this.last)
      out.note(
        'info',
        'time-backwards',
        place,
        'a record is earlier than the one before; the order of the log is kept',
      );
    this.last = time;
    out.firstNs ??= time;
    out.lastNs = time;
  }

  private writeAccess(name: string, time: bigint, values: ReadonlyMap<string, bigint | string>): void {
    const { out, header } = this;
    const table = out.configAccesses;
    const width = values.get('width');
    const fn = String(values.get('function'));
    table.append({
      source: out.id,
      seq: header.seq,
      time_ns: time,
      is_write: name === 'config_write',
      function: fn,
      device: 'unknown',
      slot: fn.slice(5),
      where: Number((values.get('offset') as bigint) & 0xfffn),
      value: Number((values.get('value') as bigint) & 0xffffffffn),
      width: width === undefined ? null : Number(width),
      offset: BigInt(header.offset),
      length: header.length,
      line: header.line,
    });
  }

  private writeRow(
    event: EventDef,
    record: ReadonlyMap<string, RawValue>,
    values: ReadonlyMap<string, bigint | string>,
  ): void {
    const table = this.tableOf(event, record);
    if (!table) return;
    const phase = values.get('phase') ?? (event.group === 'software' ? 'call' : 'point');
    this.header.isReturn = phase === 'return';
    const row = table.begin(this.out.id, this.header);
    // The function comes first: it is what the event is about.
    for (const [name, value] of [...values].sort(
      ([a], [b]) => Number(b === 'function') - Number(a === 'function'),
    ))
      this.set(table, name, row, value);
    for (const [name, raw] of record) {
      if (FIELD_BY_NAME.has(name) || raw === null) continue;
      const column = this.extraName(name);
      if (column)
        this.set(
          table,
          column,
          row,
          typeof raw === 'number' && Number.isSafeInteger(raw) ? BigInt(raw) : String(raw),
        );
    }
  }

  private set(table: EventTableBuilder, name: string, row: number, value: bigint | string): void {
    const field = table.field(name);
    if (typeof value === 'string') {
      const bytes = encoder.encode(value);
      field.setBytes(row, bytes, 0, bytes.length);
    } else field.setPair(row, Number(value & 0xffffffffn), Number((value >> 32n) & 0xffffffffn), false);
  }

  private tableOf(event: EventDef, record: ReadonlyMap<string, RawValue>): EventTableBuilder | null {
    let table = this.tables.get(event.name);
    if (table === undefined) {
      const name = TABLE_PREFIX + event.name;
      const wanted = this.options.needs.wants({
        name,
        system: 'ats-events',
        symbol: null,
        isReturn: false,
        fields: [...record.keys()],
      });
      table = wanted ? this.out.events(name, 'ats-events') : null;
      this.tables.set(event.name, table);
    }
    return table;
  }

  /** The column of a field without a meaning; null when there are too many of them. */
  private extraName(name: string): string | null {
    let column = this.extras.get(name);
    if (column === undefined) {
      if (this.extras.size >= MAX_EXTRA) return null;
      column =
        name
          .toLowerCase()
          .replace(/[^a-z0-9]+/g, '_')
          .replace(/^_+|_+$/g, '')
          .slice(0, 40) || 'field';
      if (FIELD_BY_NAME.has(column)) column = `extra_${column}`;
      this.extras.set(name, column);
    }
    return column;
  }
}
