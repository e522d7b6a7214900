import {
  ATS_CALLS,
  ATS_EVENTS,
  FUNCTIONS,
  STATE_INTERVALS,
  type Table,
  TableBuilder,
  TRANSITIONS,
} from '../tables/index.ts';
import type { Calls } from './calls.ts';
import type { EventColumns } from './event-columns.ts';
import { EVENT_KINDS, PHASES, UNKNOWN } from './events.ts';
import type { Order } from './order.ts';
import type { ReplayResult } from './replay/replay.ts';
import { FIELD_COUNT, STATE_FIELDS } from './state.ts';
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

export class StoryTeller {
  private readonly events: EventColumns;
  private readonly order: Order;
  private readonly calls: Calls;
  private readonly replay: ReplayResult;
  /** Position in the replay of each row. */
  readonly positionOf: Int32Array;

  constructor(events: EventColumns, order: Order, calls: Calls, replay: ReplayResult) {
    this.events = events;
    this.order = order;
    this.calls = calls;
    this.replay = replay;
    this.positionOf = new Int32Array(events.length).fill(-1);
    order.rows.forEach((row, position) => {
      this.positionOf[row] = position;
    });
  }

  tell(): Story {
    return {
      functions: this.functions(),
      atsEvents: this.atsEvents(),
      atsCalls: this.atsCalls(),
      transitions: this.transitions(),
      stateIntervals: this.stateIntervals(),
    };
  }

  timeOf(row: number): bigint | null {
    return row >= 0 && this.order.timed[row] ? this.order.time[row] : null;
  }

  functionAt(fn: number): FunctionRecord {
    return this.replay.topology.at(fn);
  }

  private fnAt(row: number): FunctionRecord | null {
    const fn = this.replay.fnOf[row];
    return fn < 0 ? null : this.replay.topology.at(fn);
  }

  private functions(): Table<typeof FUNCTIONS> {
    const builder = new TableBuilder(FUNCTIONS);
    const { topology } = this.replay;
    const spans = this.timeSpans();
    for (const fn of topology.functions) {
      const pf = fn.pf >= 0 ? topology.at(fn.pf) : null;
      builder.append({
        fn: fn.fn,
        function: fn.address,
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
    const { events } = this;
    this.order.rows.forEach((row, position) => {
      const fn = this.fnAt(row);
      const call = this.calls.callOf[row];
      const result = events.result[row];
      builder.append({
        event: position,
        time_ns: this.timeOf(row),
        kind: EVENT_KINDS[events.kind[row]].name,
        phase: PHASES[events.phase[row]],
        fn: fn?.fn ?? null,
        function: fn?.address ?? null,
        page_shift: orNull(events.pageShift[row]),
        result: result === UNKNOWN ? null : BigInt(result),
        call: call < 0 ? null : call,
        cpu: orNull(events.cpu[row]),
        pid: orNull(events.pid[row]),
        comm: events.nameOf(events.comm[row]),
        caller: events.nameOf(events.caller[row]),
        source: events.source[row],
        seq: events.seq[row],
        offset: BigInt(events.offsetOf(row)),
        line: orNull(events.line[row]),
      });
    });
    return builder.finish();
  }

  private atsCalls(): Table<typeof ATS_CALLS> {
    const builder = new TableBuilder(ATS_CALLS);
    const { events } = this;
    for (const call of this.calls.list) {
      const row = call.exit >= 0 ? call.exit : call.enter;
      const fn = this.fnAt(row) ?? (call.enter >= 0 ? this.fnAt(call.enter) : null);
      const start = this.timeOf(call.enter);
      const end = this.timeOf(call.exit);
      const shift = [call.enter, call.exit]
        .map((at) => (at < 0 ? UNKNOWN : events.pageShift[at]))
        .find((value) => value !== UNKNOWN);
      const result = call.exit >= 0 ? events.result[call.exit] : UNKNOWN;
      builder.append({
        call: call.id,
        kind: EVENT_KINDS[call.kind].name,
        fn: fn?.fn ?? null,
        function: fn?.address ?? null,
        start_ns: start,
        end_ns: end,
        duration_ns: start !== null && end !== null ? end - start : null,
        page_shift: shift ?? null,
        result: result === UNKNOWN ? null : BigInt(result),
        warned: call.warn >= 0,
        caller: events.nameOf(events.caller[row]),
        parent: call.parent < 0 ? null : call.parent,
        pid: orNull(events.pid[row]),
        enter_event: call.enter < 0 ? null : this.positionOf[call.enter],
        return_event: call.exit < 0 ? null : this.positionOf[call.exit],
      });
    }
    return builder.finish();
  }

  private transitions(): Table<typeof TRANSITIONS> {
    const builder = new TableBuilder(TRANSITIONS);
    for (const transition of this.replay.transitions) {
      const { layer, field } = STATE_FIELDS[transition.field];
      builder.append({
        event: this.positionOf[transition.event],
        time_ns: this.timeOf(transition.event),
        fn: transition.fn,
        function: this.replay.topology.at(transition.fn).address,
        layer,
        field,
        old_value: orNull(transition.from),
        new_value: orNull(transition.to),
        origin: transition.origin,
      });
    }
    return builder.finish();
  }

  private stateIntervals(): Table<typeof STATE_INTERVALS> {
    const builder = new TableBuilder(STATE_INTERVALS);
    const last = this.lastTime();
    const spans = this.timeSpans();
    const open = new Map<number, (typeof this.replay.transitions)[number]>();
    const close = (begun: (typeof this.replay.transitions)[number], endRow: number) => {
      const { layer, field } = STATE_FIELDS[begun.field];
      const fn = this.functionAt(begun.fn);
      builder.append({
        fn: fn.fn,
        function: fn.address,
        layer,
        field,
        value: orNull(begun.to),
        from_ns: this.timeOf(begun.event),
        to_ns: endRow >= 0 ? this.timeOf(endRow) : fn.removing ? (spans[fn.fn]?.last ?? last) : last,
        from_event: this.positionOf[begun.event],
        to_event: endRow >= 0 ? this.positionOf[endRow] : null,
        origin: begun.origin,
      });
    };
    for (const transition of this.replay.transitions) {
      const key = transition.fn * FIELD_COUNT + transition.field;
      const begun = open.get(key);
      if (begun) close(begun, transition.event);
      open.set(key, transition);
    }
    for (const [, begun] of [...open].sort(([a], [b]) => a - b)) close(begun, -1);
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
