import { type Call, type Calls, pairCalls } from '../calls.ts';
import type { EventColumns } from '../event-columns.ts';
import { ENTER, EVENT_KINDS, type EventKindName, KIND, kindSet, RETURN, UNKNOWN } from '../events.ts';
import type { Features } from '../features.ts';
import type { FindingCollector } from '../findings.ts';
import { contractFeatures, Machine, operandsOf } from '../machine.ts';
import type { Order } from '../order.ts';
import { enableSteps, explanations, prepareSteps } from '../predict.ts';
import { MachineCoverage, type MachineKind, machineEvent, machineState } from '../reference-machine.ts';
import { hooksOf } from '../rules/index.ts';
import type { CompletedCall } from '../rules/rule.ts';
import {
  CORE_CAP,
  CORE_EN,
  CORE_STU,
  CORE_SUPPORTED,
  DRV_EN,
  HW_EN,
  HW_STU,
  StateStore,
  type Transition,
} from '../state.ts';
import { type FunctionRecord, Topology } from '../topology.ts';
import type { WhatIf } from '../what-if.ts';
import { type Question, RuleBench, type RuleCount } from './bench.ts';
import { correctFeatures } from './feature-evidence.ts';
import { Identity } from './identity.ts';
import { noteWhatIsMissing } from './missing.ts';
import { noteResync, Observer } from './observer.ts';
import { RegisterAccesses } from './register-accesses.ts';
import { WindowTracker } from './windows.ts';

export interface ReplayInput {
  readonly events: EventColumns;
  readonly order: Order;
  readonly features: Features;
  /** An address inside the kernel image that the recording prints, where it prints addresses. */
  readonly imageAddress: bigint | null;
  /** Calls paired already, with the WARNs of the log attached. */
  readonly calls?: Calls;
  /** Another kernel to compare with. */
  readonly whatIf?: WhatIf | null;
}

export interface ReplayResult {
  readonly topology: Topology;
  /** State after the last event. */
  readonly state: StateStore;
  readonly calls: Calls;
  readonly transitions: readonly Transition[];
  readonly collector: FindingCollector;
  readonly questions: readonly Question[];
  readonly counts: ReadonlyMap<string, RuleCount>;
  readonly kindCounts: Int32Array;
  readonly machineCoverage: MachineCoverage;
  /** ATS calls whose event names no device. */
  readonly unnamedCalls: number;
  /** Function of each event (by row), or -1. */
  readonly fnOf: Int32Array;
  /** Result of a call; UNKNOWN when not recorded. */
  resultOf(call: Call): number;
}

const ATS_STATE_KINDS = kindSet('ats.prepare', 'ats.enable', 'ats.disable', 'ats.restore');
const PREPARE_OR_ENABLE = kindSet('ats.prepare', 'ats.enable');
/** Calls that the machine or the contract knows. */
const CONTRACT_KINDS = kindSet('ats.supported', 'ats.prepare', 'ats.enable', 'ats.disable', 'ats.restore');
const WATCHED_FIELDS: ReadonlySet<number> = new Set([HW_EN, HW_STU, CORE_EN, CORE_STU]);

/** Nothing has named the device yet. */
function isPointer(fn: FunctionRecord): boolean {
  return fn.address.startsWith('0x');
}

/** The call tells something about the ATS state of a function. */
export function isAtsCall(call: Call): boolean {
  return CONTRACT_KINDS.has(call.kind);
}

/** The call is judged by what it returns. */
export function isJudgedByResult(call: Call): boolean {
  return PREPARE_OR_ENABLE.has(call.kind);
}

/** Folds the ordered events over the state of all functions and lets the rules look at every step. */
export class Replay {
  private readonly events: EventColumns;
  private readonly order: Order;
  private readonly features: Features;
  private readonly calls: Calls;
  private readonly topology = new Topology();
  private readonly state: StateStore;
  private readonly machine: Machine;
  private readonly bench: RuleBench;
  private readonly identity: Identity;
  private readonly observer: Observer;
  private readonly registers: RegisterAccesses;
  private readonly windows: WindowTracker;
  private readonly transitions: Transition[] = [];
  private readonly fnOf: Int32Array;
  private readonly whatIf: WhatIf | null;
  private readonly warnsOfCalls: ReadonlySet<number>;
  /** Open prepare, enable, disable and restore calls per function: how many, and the latest. */
  private readonly openCount: number[] = [];
  private readonly openCall: number[] = [];
  /** The last end of a prepare or enable per function. */
  private readonly lastUnitChange = new Map<number, number>();
  /** Functions whose watched state changed since the rules last looked at it. */
  private readonly dirty = new Set<number>();
  private readonly machineCoverage = new MachineCoverage();
  private unnamedCalls = 0;

  constructor(input: ReplayInput) {
    const { events, order, features } = input;
    this.events = events;
    this.order = order;
    this.features = features;
    this.whatIf = input.whatIf ?? null;
    const calls = input.calls ?? pairCalls(events, order.rows);
    this.calls = calls;
    this.fnOf = new Int32Array(events.length).fill(-1);
    this.warnsOfCalls = new Set(calls.list.flatMap((call) => [call.warn, call.driverWarn]));
    this.state = new StateStore((transition) => {
      this.transitions.push(transition);
      if (WATCHED_FIELDS.has(transition.field)) this.dirty.add(transition.fn);
    });
    const { topology, state } = this;
    this.machine = new Machine(state, topology, features);
    const bench = new RuleBench({
      events,
      order,
      calls,
      state,
      topology,
      features,
      imageAddress: input.imageAddress,
    });
    this.bench = bench;
    this.identity = new Identity(events, calls, topology, state, this.machine, {
      ended: (fn, row) => {
        this.tookRemoval(fn);
        this.windows.closeRelease(fn);
        bench.expectations.removed(fn.fn, row);
      },
      reused: (fn, row) =>
        noteResync(
          bench,
          fn,
          row,
          'its address was used again by a new device whose predecessor was not seen to leave',
        ),
    });
    this.observer = new Observer(events, order, state, bench, (fn, row) => {
      for (const hook of hooksOf('onCapabilityGone')) hook(bench, fn, row);
      // Earlier answers of the support test no longer hold, neither for the function nor for its VFs.
      for (const id of [fn.fn, ...fn.vfs]) state.set(id, CORE_SUPPORTED, UNKNOWN, row, 'learned');
    });
    this.registers = new RegisterAccesses(events, calls, state, (kind) => bench.wasRecorded(kind));
    this.windows = new WindowTracker(state, {
      resetEnded: (reset) => {
        for (const hook of hooksOf('onResetEnd')) hook(bench, reset);
      },
      released: (fn, event) => {
        this.tookRemoval(fn);
        for (const hook of hooksOf('onReleased')) hook(bench, fn, event);
        bench.expectations.removed(fn.fn, event);
      },
      wiped: (fn, event) => {
        for (const hook of hooksOf('onHardwareReset')) hook(bench, fn, event);
      },
      observable: () => bench.wasRecorded('config.write') || bench.wasRecorded('ats.restore'),
    });
  }

  run(): ReplayResult {
    const { bench } = this;
    for (const row of this.order.rows) {
      this.step(row);
      bench.position++;
    }
    const last = this.lastTime();
    this.windows.finish(last, (row) => this.order.time[row]);
    bench.expectations.finish(last, (row) => this.order.time[row]);
    noteWhatIsMissing(bench, this.topology, this.calls);
    return {
      topology: this.topology,
      state: this.state,
      calls: this.calls,
      transitions: this.transitions,
      collector: bench.collector,
      questions: [...bench.questions.values()],
      counts: bench.counts,
      kindCounts: bench.kindCounts,
      machineCoverage: this.machineCoverage,
      unnamedCalls: this.unnamedCalls,
      fnOf: this.fnOf,
      resultOf: (call) => bench.resultOf(call),
    };
  }

  private step(row: number): void {
    const { events } = this;
    const kind = events.kind[row];
    if (kind === KIND.loss) return this.onLoss(row);
    if (kind === KIND['log.warn']) return this.onWarn(row);
    const phase = events.phase[row];
    if (phase === ENTER || phase === RETURN) {
      // Of several probes on one function one event stands for the call.
      const call = this.calls.list[this.calls.callOf[row]];
      if ((phase === ENTER ? call.enter : call.exit) !== row) return;
    }
    const fn = this.identity.functionOf(row);
    if (!fn) {
      if (ATS_STATE_KINDS.has(kind)) this.onUnnamed(row);
      if (phase === RETURN) {
        for (const hook of hooksOf('onUnnamedCall'))
          hook(this.bench, this.calls.list[this.calls.callOf[row]], row);
      }
      if (phase !== ENTER && phase !== RETURN) this.point(null, row);
      return;
    }
    this.fnOf[row] = fn.fn;
    this.observer.nature(fn, row);
    // An entry probe shows the state before the call, a return probe the state after it.
    if (phase !== RETURN) this.observeState(fn, row);
    if (phase === ENTER) this.onEnter(fn, row);
    else if (phase === RETURN) this.onReturn(fn, row);
    else this.onPoint(fn, row);
    if (phase === RETURN) this.observeState(fn, row);
    this.lookAtStable(row);
  }

  /** What is shown while another task is inside an ATS call of the function may be a state in between. */
  private observeState(fn: FunctionRecord, row: number): void {
    const open = this.openCount[fn.fn] ?? 0;
    if (open > 1 || (open === 1 && this.openCall[fn.fn] !== this.calls.callOf[row])) return;
    this.observer.changing(fn, row);
  }

  private onEnter(fn: FunctionRecord, row: number): void {
    if (this.events.kind[row] === KIND['device.add']) {
      const state = this.coreState(fn);
      if (state) this.machineCoverage.took(state.kind, 'absent', 'device_add', state.name);
    }
    const call = this.calls.list[this.calls.callOf[row]];
    const kind = this.nameOf(call);
    for (const hook of hooksOf('onEnter')) hook(this.bench, call, fn, row);
    this.windows.enter(fn, call, row, kind);
    if (ATS_STATE_KINDS.has(call.kind) && call.exit >= 0) {
      this.openCount[fn.fn] = (this.openCount[fn.fn] ?? 0) + 1;
      this.openCall[fn.fn] = call.id;
    }
    if (call.exit < 0) this.complete(fn, call, row);
    if (kind === 'device.remove' || kind === 'iommu.release')
      this.beginRelease(fn, row, kind === 'iommu.release');
    if (kind === 'iommu.attach') this.bench.expectations.used(fn.fn, row);
    this.windows.lifeCycle(this.taskKey(row), fn, kind);
  }

  private onReturn(fn: FunctionRecord, row: number): void {
    const call = this.calls.list[this.calls.callOf[row]];
    this.complete(fn, call, row);
    if (call.enter >= 0 && ATS_STATE_KINDS.has(call.kind)) {
      this.openCount[fn.fn] = Math.max(0, (this.openCount[fn.fn] ?? 0) - 1);
    }
    this.windows.exit(fn, call, row, this.nameOf(call), this.events.result[row]);
  }

  private beginRelease(fn: FunctionRecord, row: number, byIommu: boolean): void {
    fn.removing = true;
    this.windows.releaseBegins(fn, row, this.taskKey(row), byIommu);
  }

  private complete(fn: FunctionRecord, call: Call, row: number): void {
    const kind = this.nameOf(call);
    let done = this.describe(fn, call, row, kind);
    if (CONTRACT_KINDS.has(call.kind)) {
      const corrections = this.features.corrections.length;
      correctFeatures(this.features, done);
      if (this.features.corrections.length > corrections) done = this.describe(fn, call, row, kind);
    }
    for (const hook of hooksOf('onCall')) hook(this.bench, done);
    if (ATS_STATE_KINDS.has(call.kind) && isPointer(fn)) this.onPointerCall(row);
    this.whatIf?.look(done);
    const before = this.coreState(fn);
    const step = machineEvent(kind, done.result, this.state.get(fn.fn, CORE_EN));
    this.machine.apply(done);
    if (before) this.machineCoverage.took(before.kind, before.name, step, this.coreState(fn)?.name ?? null);
    if (PREPARE_OR_ENABLE.has(call.kind)) this.lastUnitChange.set(fn.fn, row);
    if (kind === 'ats.enable' && done.result === 0) this.windows.enabledAgain(fn);
    if (kind === 'ats.restore' && !this.bench.wasRecorded('config.write')) this.windows.enabledAgain(fn);
    // Whether the STU of a PF matters depends on its VFs.
    if (fn.pf >= 0) this.dirty.add(fn.pf);
  }

  private tookRemoval(fn: FunctionRecord): void {
    const state = this.coreState(fn);
    if (state && !fn.removalCounted) this.machineCoverage.took(state.kind, state.name, 'removed', 'absent');
    fn.removalCounted = true;
  }

  /** Where the function stands in the reference machine; null where what kind of function it is, is unknown. */
  private coreState(fn: FunctionRecord): { kind: MachineKind; name: string | null } | null {
    if (fn.isVf === UNKNOWN) return null;
    const kind = fn.isVf === 1 ? 'vf' : 'pf';
    return {
      kind,
      name: machineState(kind, this.state.get(fn.fn, CORE_EN), this.state.get(fn.fn, CORE_STU)),
    };
  }

  private describe(fn: FunctionRecord, call: Call, row: number, kind: EventKindName): CompletedCall {
    const { events } = this;
    const pf = fn.pf >= 0 ? this.topology.at(fn.pf) : null;
    const shiftOf = (at: number) => (at >= 0 ? events.pageShift[at] : UNKNOWN);
    const entered = shiftOf(call.enter);
    const pageShift = entered !== UNKNOWN ? entered : shiftOf(call.exit);
    const result = call.exit >= 0 ? events.result[call.exit] : UNKNOWN;
    const operands = operandsOf(this.state, fn, pf, pageShift);
    const features = contractFeatures(this.features);
    const steps =
      kind === 'ats.prepare'
        ? prepareSteps(operands, features)
        : kind === 'ats.enable'
          ? enableSteps(operands, features)
          : null;
    return {
      call,
      kind,
      fn,
      event: row,
      pageShift,
      result,
      pf,
      operands,
      features:
        call.enter >= 0 && events.value[call.enter] !== UNKNOWN
          ? events.value[call.enter]
          : events.value[row],
      explanations: steps && result !== UNKNOWN ? explanations(steps, result) : [],
      pfBusy: pf !== null && this.pfWasBusy(pf, call),
    };
  }

  /** No lock orders a PF's prepare and enable against its VFs' (contract section 6). */
  private pfWasBusy(pf: FunctionRecord, call: Call): boolean {
    if (this.openCount[pf.fn] > 0) return true;
    const changed = this.lastUnitChange.get(pf.fn);
    if (changed === undefined || call.enter < 0) return false;
    return (
      this.bench.positionOf(changed) > this.bench.positionOf(call.enter) ||
      this.bench.simultaneous(changed, call.enter)
    );
  }

  private onPoint(fn: FunctionRecord, row: number): void {
    const { events, bench, registers } = this;
    const kind = events.kind[row];
    if (kind === KIND['config.write'] || kind === KIND['config.write_user']) {
      const write = registers.write(fn, row, kind === KIND['config.write_user']);
      if (write) {
        for (const hook of hooksOf('onWrite')) hook(bench, write);
        registers.take(fn, row, write.enable, write.stu, 'write');
        if (write.enable === 1) this.windows.enabledAgain(fn);
      }
    } else if (kind === KIND['config.read']) {
      const read = registers.read(fn, row);
      if (read) {
        if (read.stu !== UNKNOWN) for (const hook of hooksOf('onRead')) hook(bench, fn, row, read.stu);
        registers.take(fn, row, read.enable, read.stu, 'observed');
      }
    } else if (kind === KIND['cachetag.assign'] || kind === KIND['cachetag.unassign']) {
      if (events.index[row] === 1) {
        this.state.set(fn.fn, DRV_EN, kind === KIND['cachetag.assign'] ? 1 : 0, row, 'observed');
        for (const hook of hooksOf('onBelief')) hook(bench, fn, row);
      }
    } else if (kind === KIND['iommu.group_remove']) this.beginRelease(fn, row, true);
    this.point(fn, row);
  }

  private point(fn: FunctionRecord | null, row: number): void {
    const kind = EVENT_KINDS[this.events.kind[row]].name;
    for (const hook of hooksOf('onPoint')) hook(this.bench, kind, fn, row);
    if (fn && kind === 'log.quirk' && this.order.timed[row])
      this.state.set(fn.fn, CORE_CAP, 0, row, 'observed');
    if (fn && kind === 'log.group_remove') fn.probed = false;
    if (fn && kind === 'invalidate') this.bench.expectations.used(fn.fn, row);
  }

  private onWarn(row: number): void {
    if (this.warnsOfCalls.has(row)) return;
    const symbol = this.events.nameOf(this.events.symbol[row]);
    if (symbol) for (const hook of hooksOf('onLoneWarn')) hook(this.bench, row, symbol);
  }

  /** A device that only a pointer stands for may be any of those that other events name. */
  private onPointerCall(row: number): void {
    for (const fn of this.topology.functions) if (!isPointer(fn)) this.machine.forgetCalls(fn, row);
  }

  /** An ATS call of an unnamed function may have been of any whose known state fits it. */
  private onUnnamed(row: number): void {
    const { events } = this;
    if (events.phase[row] === RETURN && this.calls.list[this.calls.callOf[row]].enter >= 0) return;
    this.unnamedCalls++;
    const clashes = (known: number, shown: number) =>
      known !== UNKNOWN && shown !== UNKNOWN && known !== (shown ? 1 : 0);
    for (const fn of this.topology.functions) {
      if (clashes(fn.isVf, events.isVf[row])) continue;
      if (events.phase[row] !== RETURN && clashes(this.state.get(fn.fn, CORE_EN), events.enabled[row]))
        continue;
      this.machine.forgetCalls(fn, row);
    }
  }

  private onLoss(row: number): void {
    for (const fn of this.topology.functions) this.machine.forgetAll(fn, row);
    this.openCount.fill(0);
    this.windows.forget();
    this.bench.forget();
    this.dirty.clear();
  }

  private lookAtStable(row: number): void {
    if (this.dirty.size === 0) return;
    this.bench.stateScope = true;
    // Two functions change at once only where a VF's change matters to its PF: the order of their numbers is stable.
    const ids = this.dirty.size === 1 ? this.dirty : [...this.dirty].sort((a, b) => a - b);
    for (const id of ids) {
      const fn = this.topology.at(id);
      if (this.openCount[id] > 0 || this.windows.inReset(fn)) continue;
      this.dirty.delete(id);
      for (const hook of hooksOf('onStable')) hook(this.bench, fn, row);
    }
    this.bench.stateScope = false;
  }

  private nameOf(call: Call): EventKindName {
    return EVENT_KINDS[call.kind].name;
  }

  private taskKey(row: number): number {
    return this.events.source[row] * 0x80000000 + this.events.pid[row];
  }

  private lastTime(): bigint | null {
    for (let at = this.order.rows.length - 1; at >= 0; at--) {
      const row = this.order.rows[at];
      if (this.order.timed[row]) return this.order.time[row];
    }
    return null;
  }
}
