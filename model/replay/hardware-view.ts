import type { Calls } from '../calls.ts';
import { decodeControl } from '../control-register.ts';
import type { EventColumns } from '../event-columns.ts';
import { EVENT_KINDS, KIND, kindMask, UNKNOWN } from '../events.ts';
import type { HardwareAlignment, MatchedWrite } from '../hardware/align.ts';
import { ATS_CONTROL, PASID_CONTROL, PRI_CONTROL } from '../hardware/registers.ts';
import type { Order } from '../order.ts';
import { LOOKS, POINT_LOOKS } from '../rules/index.ts';
import type { ControlWrite } from '../rules/rule.ts';
import { HW_EN, HW_PASID, HW_PRI, HW_STU, type StateStore } from '../state.ts';
import type { Stretch } from '../stretches.ts';
import type { FunctionRecord, Topology } from '../topology.ts';
import type { RuleBench } from './bench.ts';
import type { Identity } from './identity.ts';
import type { RegisterAccesses } from './register-accesses.ts';
import { InvalidationRequests } from './requests.ts';

const ATS_CALLS = kindMask('ats.prepare', 'ats.enable', 'ats.disable', 'ats.restore');
const KERNEL_WRITES = kindMask('config.write', 'config.write_user');
/** A write stands at most this far from the call that made it when only clocks tell. */
const NEAR_NS = 20_000_000n;

interface Parts {
  readonly events: EventColumns;
  readonly order: Order;
  readonly calls: Calls;
  readonly state: StateStore;
  readonly topology: Topology;
  readonly bench: RuleBench;
  readonly identity: Identity;
  readonly registers: RegisterAccesses;
  readonly alignment: HardwareAlignment;
  /** When traces were running. */
  readonly stretches: readonly Stretch[];
}

/** What the hardware says of itself: takes the events of its log into the state, and tells which writes nobody else saw. */
export class HardwareView {
  private readonly parts: Parts;
  private readonly requests: InvalidationRequests;
  /** VFs that are gone from the hardware and that the kernel still has. */
  private readonly away = new Set<number>();
  /** The last event of the kernel's traces, where the hardware's log goes on after it; else -1. */
  readonly lastOfKernel: number;
  /** First and last time of the kernel's traces that the log of the hardware is aligned with. */
  private readonly span: { from: bigint; to: bigint } | null;
  /** ATS calls in the order of their begin. */
  private readonly atsCalls: readonly number[];

  constructor(parts: Parts) {
    this.parts = parts;
    this.requests = new InvalidationRequests(parts.events, parts.order, parts.bench);
    const { events, order, calls } = parts;
    const traces = new Set([...parts.alignment.matches.values()].map((match) => events.source[match.row]));
    let from: bigint | null = null;
    let to: bigint | null = null;
    let last = -1;
    for (const row of traces.size === 0 ? [] : order.rows) {
      if (!traces.has(events.source[row]) || !order.timed[row]) continue;
      last = row;
      const at = order.time[row];
      if (from === null || at < from) from = at;
      if (to === null || at > to) to = at;
    }
    this.lastOfKernel = last;
    this.span = from === null || to === null ? null : { from, to };
    const atsCalls: number[] = [];
    for (let call = 0; this.span && call < calls.length; call++)
      if (ATS_CALLS[calls.kind[call]]) atsCalls.push(call);
    this.atsCalls = atsCalls;
  }

  take(fn: FunctionRecord, row: number): void {
    const { events } = this.parts;
    switch (events.kind[row]) {
      case KIND['hw.write']:
        return this.register(fn, row, true);
      case KIND['hw.read']:
        return this.register(fn, row, false);
      case KIND['hw.vf_on']:
        // A VF that VF Enable makes appear begins in its reset state. Where it comes back while the kernel has it all along,
        // models of the hardware differ in what they keep.
        return this.appears(fn, row, this.away.delete(fn.fn) ? UNKNOWN : 0);
      case KIND['hw.gone']:
        this.requests.reset(fn);
        if (fn.byKernel && fn.isVf === 1) {
          this.away.add(fn.fn);
          this.parts.bench.each(LOOKS.onVfsCleared, [fn], row);
        }
        this.forget(fn, row);
        if (!fn.byKernel) this.parts.identity.leave(row);
        return;
      case KIND['hw.reset']:
        this.requests.reset(fn);
        // Where the kernel's own resets are recorded, they are judged by those.
        if (!this.parts.bench.wasRecorded('reset.flr')) {
          this.parts.bench.each(LOOKS.onHardwareReset, fn, row);
          this.parts.bench.each(LOOKS.onVfsCleared, this.parts.topology.vfsOf(fn), row);
        }
        // What a model of the hardware clears in a reset differs, so nothing is assumed.
        return this.forget(fn, row);
      default:
        return this.traffic(fn, row);
    }
  }

  /** The log is over. */
  finish(lastRow: number): void {
    this.requests.finish(lastRow);
  }

  private appears(fn: FunctionRecord, row: number, value: number): void {
    for (const field of [HW_EN, HW_STU]) this.parts.state.set(fn.fn, field, value, row, 'reset');
  }

  /** Messages between a function and the translation agent. */
  private traffic(fn: FunctionRecord, row: number): void {
    const kind = this.parts.events.kind[row];
    if (kind === KIND['invalidation.request']) this.requests.request(fn, row);
    else if (kind === KIND['invalidation.completion']) this.requests.completion(fn, row);
    this.parts.bench.each(POINT_LOOKS[kind], EVENT_KINDS[kind].name, fn, row);
  }

  private forget(fn: FunctionRecord, row: number): void {
    for (const field of [HW_EN, HW_STU, HW_PASID, HW_PRI])
      this.parts.state.set(fn.fn, field, UNKNOWN, row, 'reset');
  }

  private register(fn: FunctionRecord, row: number, isWrite: boolean): void {
    const { events, state } = this.parts;
    const origin = isWrite ? 'write' : 'observed';
    const enable = events.enabled[row];
    switch (events.index[row]) {
      case ATS_CONTROL:
        // Only a PF has the capability that makes VFs.
        if (fn.isVf === UNKNOWN && events.isVf(row) === 0) fn.isVf = 0;
        if (fn.capOffset === UNKNOWN) fn.capOffset = events.cap[row];
        if (isWrite) this.atsWrite(fn, row);
        else this.atsRead(fn, row);
        return;
      case PASID_CONTROL:
        if (isWrite) this.parts.bench.each(LOOKS.onPasidWrite, fn, row, enable);
        state.set(fn.fn, HW_PASID, enable, row, origin);
        return;
      case PRI_CONTROL:
        state.set(fn.fn, HW_PRI, enable, row, origin);
        return;
    }
  }

  private atsRead(fn: FunctionRecord, row: number): void {
    const { events, bench } = this.parts;
    const stu = events.stu[row];
    if (stu !== UNKNOWN) bench.each(LOOKS.onRead, fn, row, stu);
    bench.each(LOOKS.onShown, fn, row, events.enabled[row]);
    this.hold(fn, row, 'observed');
  }

  private atsWrite(fn: FunctionRecord, row: number): void {
    const { events, bench, registers, state, alignment } = this.parts;
    const enable = events.enabled[row];
    const stu = events.stu[row];
    const match = alignment.matches.get(row);
    // The kernel's own record of the write has told all this already, at the moment it was made.
    if (match?.isWrite && this.isDecoded(fn, match)) return;
    if (enable === UNKNOWN && stu === UNKNOWN) {
      for (const field of [HW_EN, HW_STU]) state.set(fn.fn, field, UNKNOWN, row, 'write');
      return;
    }
    // A log of a simulator may say who wrote.
    const fromUser = events.result[row] === 1;
    const isWatched = this.isWatched(fn, row);
    const by = match ? this.parts.calls.callOf[match.row] : isWatched ? this.callNear(fn, row) : -1;
    const write: ControlWrite = {
      fn,
      event: row,
      enable,
      stu,
      by,
      fromUser,
      byHardware: true,
      behindCore: fromUser || (by < 0 && !match && isWatched && registers.isBehindCore(fn, enable, stu)),
    };
    bench.each(LOOKS.onWrite, write);
    this.hold(fn, row, 'write');
  }

  /** What the register holds now. STU bits written to a VF do not stick. */
  private hold(fn: FunctionRecord, row: number, origin: 'write' | 'observed'): void {
    const { events, state } = this.parts;
    const { enabled, stu } = events;
    if (enabled[row] !== UNKNOWN) state.set(fn.fn, HW_EN, enabled[row], row, origin);
    if (stu[row] !== UNKNOWN && fn.isVf !== 1) state.set(fn.fn, HW_STU, stu[row], row, origin);
  }

  private isDecoded(fn: FunctionRecord, match: MatchedWrite): boolean {
    const { events } = this.parts;
    const { row } = match;
    return (
      KERNEL_WRITES[events.kind[row]] === 1 &&
      decodeControl(fn.capOffset, events.where[row], events.width[row], events.value[row]) !== null
    );
  }

  /** The kernel would have shown who wrote: it knows the function, and its trace has no hole at this time. */
  private isWatched(fn: FunctionRecord, row: number): boolean {
    const { span } = this;
    const { bench, order, stretches } = this.parts;
    if (!span || !fn.byKernel || fn.removing || !order.timed[row] || bench.wasRecorded('loss')) return false;
    const at = order.time[row];
    const isWithin = (one: { from: bigint; to: bigint }) => at >= one.from && at <= one.to;
    return isWithin(span) && stretches.some(isWithin);
  }

  /** An ATS call of the function, or of one that nothing names, around the time of a write. */
  private callNear(fn: FunctionRecord, row: number): number {
    const { events, order, calls } = this.parts;
    const at = order.time[row];
    for (const call of this.atsCalls) {
      const first = calls.enter[call] >= 0 ? calls.enter[call] : calls.exit[call];
      const last = calls.exit[call] >= 0 ? calls.exit[call] : calls.enter[call];
      if (!order.timed[first] || order.time[first] - NEAR_NS > at || order.time[last] + NEAR_NS < at)
        continue;
      const device = events.device[first];
      if (device < 0 || events.names.get(device) === fn.address) return call;
    }
    return -1;
  }
}
