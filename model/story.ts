import {
  ATS_CALLS,
  ATS_EVENTS,
  type ColumnBuilder,
  FUNCTIONS,
  STATE_INTERVALS,
  type Table,
  TableBuilder,
  TRANSITIONS,
  tableLater,
} from '../tables/index.ts';
import type { Calls } from './calls.ts';
import { DictionaryWriter } from './dictionary-writer.ts';
import type { EventColumns } from './event-columns.ts';
import { EVENT_KINDS, PHASES, UNKNOWN } from './events.ts';
import type { Order } from './order.ts';
import type { ReplayResult } from './replay/replay.ts';
import { FIELD_COUNT, ORIGINS, STATE_FIELDS } from './state.ts';
import type { FunctionRecord } from './topology.ts';

/** The story of a replay as tables: functions, events, calls, transitions and state intervals. */
export interface Story {
  readonly functions: Table<typeof FUNCTIONS>;
  readonly atsEvents: Table<typeof ATS_EVENTS>;
  readonly atsCalls: Table<typeof ATS_CALLS>;
  readonly transitions: Table<typeof TRANSITIONS>;
  readonly stateIntervals: Table<typeof STATE_INTERVALS>;
}

const orNull = (value: number) => (value === UNKNOWN ? null : value);

function pushKnown(column: ColumnBuilder, value: number): void {
  if (value === UNKNOWN) column.pushNull();
  else column.pushNumber(value);
}

/** A signed 32-bit number into a 64-bit column. */
function pushWide(column: ColumnBuilder, value: number): void {
  if (value === UNKNOWN) column.pushNull();
  else column.pushPair(value >>> 0, value < 0 ? 0xffffffff : 0);
}

/** A number, or nothing where it is negative. */
function pushIndex(column: ColumnBuilder, value: number): void {
  if (value < 0) column.pushNull();
  else column.pushNumber(value);
}

export class StoryTeller {
  private readonly events: EventColumns;
  private readonly order: Order;
  private readonly calls: Calls;
  private readonly replay: ReplayResult;
  /** Common time of each row as two words. */
  private readonly timeWords: Uint32Array;
  /** Position in the replay of each row. */
  readonly positionOf: Int32Array;

  constructor(events: EventColumns, order: Order, calls: Calls, replay: ReplayResult) {
    this.events = events;
    this.order = order;
    this.calls = calls;
    this.replay = replay;
    this.timeWords = new Uint32Array(order.time.buffer, order.time.byteOffset, order.time.length * 2);
    this.positionOf = order.positions;
  }

  /** The tables with a row for every event, call or change are made when somebody looks at them: a summary does not. */
  tell(): Story {
    const { order, calls, replay } = this;
    // Every change begins an interval.
    const changes = replay.transitions.length;
    return {
      functions: this.functions(),
      atsEvents: tableLater(ATS_EVENTS, () => this.atsEvents(), order.rows.length),
      atsCalls: tableLater(ATS_CALLS, () => this.atsCalls(), calls.length),
      transitions: tableLater(TRANSITIONS, () => this.transitions(), changes),
      stateIntervals: tableLater(STATE_INTERVALS, () => this.stateIntervals(), changes),
    };
  }

  timeOf(row: number): bigint | null {
    return row >= 0 && this.order.timed[row] ? this.order.time[row] : null;
  }

  functionAt(fn: number): FunctionRecord {
    return this.replay.topology.at(fn);
  }

  private functions(): Table<typeof FUNCTIONS> {
    const builder = new TableBuilder(FUNCTIONS);
    const { topology } = this.replay;
    const spans = this.timeSpans();
    for (const fn of topology.functions) {
      const pf = topology.pfOf(fn);
      builder.append({
        fn: fn.fn,
        function: fn.address,
        space: fn.space,
        generation: fn.generation,
        kind:
          fn.isVf === 1
            ? 'vf'
            : fn.isPf === 1 || fn.vfs.length > 0
              ? 'pf'
              : fn.isVf === 0
                ? 'function'
                : 'unknown',
        pf: pf?.address ?? null,
        pf_fn: pf?.fn ?? null,
        vf_index: fn.vfIndex >= 0 ? fn.vfIndex : null,
        ats_capability: orNull(fn.capOffset),
        start_seen: fn.startSeen,
        first_ns: spans[fn.fn]?.first ?? null,
        last_ns: spans[fn.fn]?.last ?? null,
        events: fn.events,
      });
    }
    return builder.finish();
  }

  /** First and last time of each function generation; a record without a common time tells nothing of them. */
  private timeSpans(): { first: bigint; last: bigint }[] {
    const spans: { first: bigint; last: bigint }[] = [];
    for (const row of this.order.rows) {
      const fn = this.replay.fnOf[row];
      const time = this.timeOf(row);
      if (fn < 0 || time === null) continue;
      const span = spans[fn];
      if (span) span.last = time;
      else spans[fn] = { first: time, last: time };
    }
    return spans;
  }

  private atsEvents(): Table<typeof ATS_EVENTS> {
    const builder = new TableBuilder(ATS_EVENTS);
    builder.expect(this.order.rows.length, 0);
    const { events, calls, replay } = this;
    const { rows } = this.order;
    const column = (name: string) => builder.column(name);
    const [event, time, fn, pageShift, result, call] = [
      'event',
      'time_ns',
      'fn',
      'page_shift',
      'result',
      'call',
    ].map(column);
    const [cpu, pid, source, seq, offset, line] = ['cpu', 'pid', 'source', 'seq', 'offset', 'line'].map(
      column,
    );
    const kind = new DictionaryWriter(column('kind'), (id) => EVENT_KINDS[id].name);
    const phase = new DictionaryWriter(column('phase'), (id) => PHASES[id]);
    const address = new DictionaryWriter(column('function'), (id) => this.functionAt(id).address);
    const [comm, caller] = ['comm', 'caller'].map(
      (name) => new DictionaryWriter(column(name), (id) => events.names.get(id)),
    );
    for (let position = 0; position < rows.length; position++) {
      const row = rows[position];
      event.pushNumber(position);
      this.pushTime(time, row);
      kind.push(events.kind[row]);
      phase.push(events.phase[row]);
      pushIndex(fn, replay.fnOf[row]);
      address.push(replay.fnOf[row]);
      pushKnown(pageShift, events.pageShift[row]);
      pushWide(result, events.result[row]);
      pushIndex(call, calls.callOf[row]);
      pushKnown(cpu, events.cpu[row]);
      pushKnown(pid, events.pid[row]);
      comm.push(events.comm[row]);
      caller.push(events.caller[row]);
      source.pushNumber(events.source[row]);
      seq.pushNumber(events.seq[row]);
      offset.pushNumber(events.offsetOf(row));
      pushKnown(line, events.line[row]);
    }
    return builder.finish();
  }

  private atsCalls(): Table<typeof ATS_CALLS> {
    const builder = new TableBuilder(ATS_CALLS);
    builder.expect(this.calls.length, 0);
    const { events, calls, replay, positionOf } = this;
    const column = (name: string) => builder.column(name);
    const [number, fn, start, end, duration, pageShift] = [
      'call',
      'fn',
      'start_ns',
      'end_ns',
      'duration_ns',
      'page_shift',
    ].map(column);
    const [result, warned, parent, pid] = ['result', 'warned', 'parent', 'pid'].map(column);
    const [enterEvent, returnEvent] = ['enter_event', 'return_event'].map(column);
    const kind = new DictionaryWriter(column('kind'), (id) => EVENT_KINDS[id].name);
    const address = new DictionaryWriter(column('function'), (id) => this.functionAt(id).address);
    const caller = new DictionaryWriter(column('caller'), (id) => events.names.get(id));
    for (let call = 0; call < calls.length; call++) {
      const enter = calls.enter[call];
      const exit = calls.exit[call];
      const row = exit >= 0 ? exit : enter;
      const of = replay.fnOf[row] >= 0 || enter < 0 ? replay.fnOf[row] : replay.fnOf[enter];
      const entered = enter >= 0 ? events.pageShift[enter] : UNKNOWN;
      number.pushNumber(call);
      kind.push(calls.kind[call]);
      pushIndex(fn, of);
      address.push(of);
      this.pushTime(start, enter);
      this.pushTime(end, exit);
      const timed = enter >= 0 && exit >= 0 && this.order.timed[enter] && this.order.timed[exit];
      if (timed) duration.push(this.order.time[exit] - this.order.time[enter]);
      else duration.pushNull();
      pushKnown(pageShift, entered === UNKNOWN && exit >= 0 ? events.pageShift[exit] : entered);
      pushWide(result, exit >= 0 ? events.result[exit] : UNKNOWN);
      warned.pushNumber(calls.warn[call] >= 0 ? 1 : 0);
      caller.push(events.caller[row]);
      pushIndex(parent, calls.parent[call]);
      pushKnown(pid, events.pid[row]);
      pushIndex(enterEvent, enter < 0 ? -1 : positionOf[enter]);
      pushIndex(returnEvent, exit < 0 ? -1 : positionOf[exit]);
    }
    return builder.finish();
  }

  private pushTime(column: ColumnBuilder, row: number): void {
    if (row < 0 || !this.order.timed[row]) column.pushNull();
    else column.pushPair(this.timeWords[row * 2], this.timeWords[row * 2 + 1]);
  }

  private transitions(): Table<typeof TRANSITIONS> {
    const builder = new TableBuilder(TRANSITIONS);
    builder.expect(this.replay.transitions.length, 0);
    const column = (name: string) => builder.column(name);
    const [event, time, fn, oldValue, newValue] = ['event', 'time_ns', 'fn', 'old_value', 'new_value'].map(
      column,
    );
    const address = new DictionaryWriter(column('function'), (id) => this.functionAt(id).address);
    const layer = new DictionaryWriter(column('layer'), (id) => STATE_FIELDS[id].layer);
    const field = new DictionaryWriter(column('field'), (id) => STATE_FIELDS[id].field);
    const origin = new DictionaryWriter(column('origin'), (id) => ORIGINS[id]);
    for (const change = this.replay.transitions.read(); change.next(); ) {
      event.pushNumber(this.positionOf[change.event]);
      this.pushTime(time, change.event);
      fn.pushNumber(change.fn);
      address.push(change.fn);
      layer.push(change.field);
      field.push(change.field);
      pushKnown(oldValue, change.from);
      pushKnown(newValue, change.to);
      origin.push(change.origin);
    }
    return builder.finish();
  }

  private stateIntervals(): Table<typeof STATE_INTERVALS> {
    const builder = new TableBuilder(STATE_INTERVALS);
    builder.expect(this.replay.transitions.length, 0);
    const last = this.lastTime();
    const spans = this.timeSpans();
    const column = (name: string) => builder.column(name);
    const [fn, value, from, to, fromEvent, toEvent] = [
      'fn',
      'value',
      'from_ns',
      'to_ns',
      'from_event',
      'to_event',
    ].map(column);
    const address = new DictionaryWriter(column('function'), (id) => this.functionAt(id).address);
    const layer = new DictionaryWriter(column('layer'), (id) => STATE_FIELDS[id].layer);
    const field = new DictionaryWriter(column('field'), (id) => STATE_FIELDS[id].field);
    const origin = new DictionaryWriter(column('origin'), (id) => ORIGINS[id]);
    // What began the interval under way of each field of each function.
    const keys = this.replay.topology.functions.length * FIELD_COUNT;
    const begunBy = new Int32Array(keys).fill(-1);
    const held = new Int32Array(keys);
    const heldBecause = new Uint8Array(keys);
    const close = (key: number, endRow: number) => {
      const of = this.functionAt(Math.floor(key / FIELD_COUNT));
      fn.pushNumber(of.fn);
      address.push(of.fn);
      layer.push(key % FIELD_COUNT);
      field.push(key % FIELD_COUNT);
      pushKnown(value, held[key]);
      this.pushTime(from, begunBy[key]);
      if (endRow >= 0) this.pushTime(to, endRow);
      else to.push(of.removing ? (spans[of.fn]?.last ?? last) : last);
      fromEvent.pushNumber(this.positionOf[begunBy[key]]);
      pushIndex(toEvent, endRow >= 0 ? this.positionOf[endRow] : -1);
      origin.push(heldBecause[key]);
    };
    for (const change = this.replay.transitions.read(); change.next(); ) {
      const key = change.fn * FIELD_COUNT + change.field;
      if (begunBy[key] >= 0) close(key, change.event);
      begunBy[key] = change.event;
      held[key] = change.to;
      heldBecause[key] = change.origin;
    }
    for (let key = 0; key < keys; key++) if (begunBy[key] >= 0) close(key, -1);
    return builder.finish();
  }

  private lastTime(): bigint | null {
    const { rows } = this.order;
    for (let at = rows.length - 1; at >= 0; at--) {
      const time = this.timeOf(rows[at]);
      if (time !== null) return time;
    }
    return null;
  }
}
