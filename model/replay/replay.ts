import { type Calls, pairCalls } from '../calls.ts';
import type { EventColumns } from '../event-columns.ts';
import { ENTER, EVENT_KINDS, HARDWARE_KINDS, KIND, kindMask, RETURN, UNKNOWN } from '../events.ts';
import type { Features } from '../features.ts';
import type { FindingCollector } from '../findings.ts';
import { type HardwareAlignment, NO_HARDWARE } from '../hardware/align.ts';
import { Machine } from '../machine.ts';
import type { Observation, Watch } from '../observation.ts';
import type { Order } from '../order.ts';
import {
  ABSENT,
  DEVICE_ADD,
  MachineCoverage,
  machineEvent,
  machineState,
  NO_STEP,
  REMOVED,
} from '../reference-machine.ts';
import { CALL_HOOKS, ENTER_HOOKS, HOOKS, POINT_HOOKS } from '../rules/index.ts';
import {
  CORE_CAP,
  CORE_EN,
  CORE_STU,
  CORE_SUPPORTED,
  FIELD_COUNT,
  HW_EN,
  HW_STU,
  StateStore,
} from '../state.ts';
import { type FunctionRecord, Topology } from '../topology.ts';
import type { WhatIf } from '../what-if.ts';
import { Beliefs } from './beliefs.ts';
import { type Question, RuleBench } from './bench.ts';
import { CallFacts, FinishedCall } from './completed-call.ts';
import { correctFeatures } from './feature-evidence.ts';
import { HardwareView } from './hardware-view.ts';
import { Identity } from './identity.ts';
import { ListingQuestions } from './listing-questions.ts';
import { type ListingInput, ListingTracker } from './listings.ts';
import { noteWhatIsMissing } from './missing.ts';
import { noteResync, Observer } from './observer.ts';
import { RegisterAccesses } from './register-accesses.ts';
import type { RuleCounts } from './rule-counts.ts';
import { Stability } from './stability.ts';
import { TransitionLog } from './transition-log.ts';
import { isLifeStep, WindowTracker } from './windows.ts';

export interface ReplayInput {
  readonly events: EventColumns;
  readonly order: Order;
  readonly features: Features;
  /** An address inside the kernel image that the recording prints, where it prints addresses. */
  readonly imageAddress: bigint | null;
  /** How the hardware's logs stand to the kernel's; null where there are none. */
  readonly hardware?: HardwareAlignment | null;
  /** Calls paired already, with the WARNs of the log attached. */
  readonly calls?: Calls;
  /** Another kernel to compare with. */
  readonly whatIf?: WhatIf | null;
  /** How the recording was made, where that is known. */
  readonly watch?: Watch;
  /** Listings of the hardware, and where they stand. */
  readonly listings?: ListingInput | null;
}

export interface ReplayResult {
  readonly topology: Topology;
  /** State after the last event. */
  readonly state: StateStore;
  readonly calls: Calls;
  readonly transitions: TransitionLog;
  readonly collector: FindingCollector;
  readonly questions: readonly Question[];
  /** How often the condition of a rule was decided. */
  countOf(rule: string): RuleCounts;
  readonly kindCounts: Int32Array;
  /** What the recording would have shown. */
  readonly observation: Observation;
  readonly machineCoverage: MachineCoverage;
  /** ATS calls whose event names no device. */
  readonly unnamedCalls: number;
  /** Function of each event (by row), or -1. */
  readonly fnOf: Int32Array;
  /** Result of a call; UNKNOWN when not recorded. */
  resultOf(call: number): number;
}

const ATS_STATE_KINDS = kindMask('ats.prepare', 'ats.enable', 'ats.disable', 'ats.restore');
const PREPARE_OR_ENABLE = kindMask('ats.prepare', 'ats.enable');
/** Calls that the machine or the contract knows. */
const CONTRACT_KINDS = kindMask('ats.supported', 'ats.prepare', 'ats.enable', 'ats.disable', 'ats.restore');
/** Fields whose change makes the rules look at the state of a function. */
const WATCHED_FIELDS = new Uint8Array(FIELD_COUNT);
for (const field of [HW_EN, HW_STU, CORE_EN, CORE_STU]) WATCHED_FIELDS[field] = 1;
const LOSS = KIND.loss;
const WARN = KIND['log.warn'];
const BOOT = KIND['log.boot'];
const DEVICE_ADDED = KIND['device.add'];
const DEVICE_REMOVE = KIND['device.remove'];
const RELEASE = KIND['iommu.release'];
const ATTACH = KIND['iommu.attach'];
const ENABLE = KIND['ats.enable'];
const DISABLE = KIND['ats.disable'];
const RESTORE = KIND['ats.restore'];
const INVALIDATE = KIND.invalidate;
const WRITE = KIND['config.write'];
const USER_WRITE = KIND['config.write_user'];
const READ = KIND['config.read'];
const ASSIGN = KIND['cachetag.assign'];
const UNASSIGN = KIND['cachetag.unassign'];
const GROUP_REMOVE = KIND['iommu.group_remove'];
const QUIRK = KIND['log.quirk'];
const NO_ATS = KIND['log.noats'];
const LISTED_CONTROL = KIND['listing.control'];
const LOG_GROUP_REMOVE = KIND['log.group_remove'];

/** WARNs that belong to calls. */
function warnsOf(calls: Calls): ReadonlySet<number> {
  const warns = new Set<number>();
  for (let call = 0; call < calls.length; call++) {
    if (calls.warn[call] >= 0) warns.add(calls.warn[call]);
    if (calls.driverWarn[call] >= 0) warns.add(calls.driverWarn[call]);
  }
  return warns;
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
  private readonly hardware: HardwareView;
  private readonly transitions = new TransitionLog();
  private readonly listings: ListingTracker | null;
  private readonly listingInput: ListingInput | null;
  private readonly fnOf: Int32Array;
  private readonly whatIf: WhatIf | null;
  private readonly warnsOfCalls: ReadonlySet<number>;
  /** Open prepare, enable, disable and restore calls per function: how many, and the latest. */
  private readonly openCount: number[] = [];
  private readonly openCall: number[] = [];
  /** The last end of a prepare or enable per function. */
  private readonly lastUnitChange: number[] = [];
  private readonly stability = new Stability();
  private readonly facts: CallFacts;
  private readonly beliefs: Beliefs;
  private readonly machineCoverage = new MachineCoverage();
  private unnamedCalls = 0;
  /** The event that the replay is at. */
  private row = -1;

  constructor(input: ReplayInput) {
    const { events, order, features } = input;
    this.events = events;
    this.order = order;
    this.features = features;
    this.whatIf = input.whatIf ?? null;
    const calls = input.calls ?? pairCalls(events, order.rows);
    this.calls = calls;
    this.fnOf = new Int32Array(events.length).fill(-1);
    this.warnsOfCalls = warnsOf(calls);
    this.state = new StateStore((event, fn, field, from, to, origin) => {
      this.transitions.add(event, fn, field, from, to, origin);
      if (WATCHED_FIELDS[field]) this.stability.touch(fn);
      // Whether the STU of a PF matters depends on its VFs.
      if (field === CORE_EN && to === 1) {
        const { pf } = this.topology.at(fn);
        if (pf >= 0) this.stability.touch(pf);
      }
    });
    const { topology, state } = this;
    const alignment = input.hardware ?? NO_HARDWARE;
    this.machine = new Machine(state, topology, features);
    const bench = new RuleBench({
      events,
      order,
      calls,
      state,
      topology,
      features,
      imageAddress: input.imageAddress,
      watch: input.watch,
      matches: alignment.matches,
      apart: new Set(alignment.apart.map((one) => one.source)),
    });
    this.bench = bench;
    this.beliefs = new Beliefs(events, state, bench);
    this.facts = new CallFacts(events, calls, state, features, this.pfWasBusy);
    this.identity = new Identity(events, calls, topology, state, this.machine, {
      ended: (fn, row) => {
        this.tookRemoval(fn);
        this.windows.closeRelease(fn);
        bench.expectations.removed(fn.fn, row);
        topology.unlink(fn);
      },
      opened: (fn) => this.listings?.opened(fn),
      reused: (fn, row) =>
        noteResync(
          bench,
          fn,
          row,
          'its address was used again by a new device whose predecessor was not seen to leave',
        ),
    });
    this.observer = new Observer(events, order, state, bench, (fn, row) => {
      for (const hook of HOOKS.onCapabilityGone) hook(bench, fn, row);
      this.forgetAnswers(fn, row);
    });
    this.registers = new RegisterAccesses(events, calls, state, (kind) => bench.wasRecorded(kind));
    this.hardware = new HardwareView({
      events,
      order,
      calls,
      state,
      topology,
      bench,
      identity: this.identity,
      registers: this.registers,
      alignment,
    });
    this.listingInput = input.listings ?? null;
    this.listings = input.listings
      ? new ListingTracker(input.listings, events, state, topology, bench, this.registers)
      : null;
    this.windows = new WindowTracker(state, {
      resetEnded: (reset) => {
        bench.about(reset.fn, () => {
          for (const hook of HOOKS.onResetEnd) hook(bench, reset);
        });
      },
      released: (fn, event) => {
        this.tookRemoval(fn);
        bench.about(fn, () => {
          for (const hook of HOOKS.onReleased) hook(bench, fn, event);
        });
        bench.expectations.removed(fn.fn, event);
      },
      wiped: (fn, event) => {
        bench.about(fn, () => {
          for (const hook of HOOKS.onHardwareReset) hook(bench, fn, event);
          // The reset of a PF clears VF Enable: its VFs are reset with it.
          for (const vf of fn.vfs) state.set(vf, HW_EN, UNKNOWN, event, 'reset');
        });
      },
      calm: (fn) => this.stability.calm(fn.fn),
      observable: (fn) => bench.showsControlWrites(fn.fn) || bench.wasRecorded('ats.restore'),
    });
  }

  run(): ReplayResult {
    const { bench } = this;
    const { rows } = this.order;
    for (let position = 0; position < rows.length; position++) {
      bench.position = position;
      this.step(rows[position]);
      if (rows[position] === this.hardware.lastOfKernel) this.onKernelEnd(rows[position]);
    }
    bench.position = rows.length;
    if (this.hardware.lastOfKernel < 0) this.settle();
    this.hardware.finish(this.lastTimedRow());
    noteWhatIsMissing(bench, this.topology, this.calls);
    if (this.listingInput) {
      const { events, state, topology, transitions } = this;
      new ListingQuestions(this.listingInput, events, state, topology, bench, transitions).ask();
    }
    return {
      topology: this.topology,
      state: this.state,
      calls: this.calls,
      transitions: this.transitions,
      collector: bench.collector,
      questions: [...bench.questions.values()],
      countOf: (rule) => bench.countOf(rule),
      kindCounts: bench.kindCounts,
      observation: bench.observation,
      machineCoverage: this.machineCoverage,
      unnamedCalls: this.unnamedCalls,
      fnOf: this.fnOf,
      resultOf: (call) => bench.resultOf(call),
    };
  }

  private step(row: number): void {
    const { events } = this;
    const kind = events.kind[row];
    if (kind === LOSS) return this.onLoss(row);
    if (kind === WARN) return this.onWarn(row);
    if (kind === BOOT) return this.onBoot();
    const phase = events.phase[row];
    if (phase === ENTER || phase === RETURN) {
      // Of several probes on one function one event stands for the call.
      const call = this.calls.callOf[row];
      if ((phase === ENTER ? this.calls.enter : this.calls.exit)[call] !== row) return;
    }
    const fn = this.identity.functionOf(row);
    this.bench.subject = fn ? fn.fn : -1;
    if (!fn) {
      if (ATS_STATE_KINDS[kind]) this.onUnnamed(row);
      if (phase === RETURN) {
        for (const hook of HOOKS.onUnnamedCall) hook(this.bench, this.calls.callOf[row], row);
      }
      if (phase !== ENTER && phase !== RETURN) this.point(null, row);
      return;
    }
    this.fnOf[row] = fn.fn;
    if (HARDWARE_KINDS[kind]) {
      this.hardware.take(fn, row);
      this.lookAtChanged(row);
      return;
    }
    this.observer.nature(fn, row);
    // An entry probe shows the state before the call, a return probe the state after it.
    if (phase !== RETURN) this.observeState(fn, row);
    if (phase === ENTER) this.onEnter(fn, row);
    else if (phase === RETURN) this.onReturn(fn, row);
    else this.onPoint(fn, row);
    if (phase === RETURN) this.observeState(fn, row);
    this.lookAtChanged(row);
  }

  /** What is shown while another task is inside an ATS call of the function may be a state in between. */
  private observeState(fn: FunctionRecord, row: number): void {
    const open = this.openCount[fn.fn] ?? 0;
    if (open > 1 || (open === 1 && this.openCall[fn.fn] !== this.calls.callOf[row])) return;
    this.observer.changing(fn, row);
    this.listings?.reconcile(fn, row);
  }

  private onEnter(fn: FunctionRecord, row: number): void {
    const { calls } = this;
    const call = calls.callOf[row];
    const kind = calls.kind[call];
    const ends = calls.exit[call] >= 0;
    if (kind === DEVICE_ADDED)
      this.machineCoverage.took(fn.isVf === 1, ABSENT, DEVICE_ADD, this.coreState(fn));
    for (const hook of ENTER_HOOKS[kind]) hook(this.bench, call, fn, row);
    this.windows.enter(fn, call, ends, row, kind);
    if (ATS_STATE_KINDS[kind] && ends) {
      this.openCount[fn.fn] = (this.openCount[fn.fn] ?? 0) + 1;
      this.openCall[fn.fn] = call;
    }
    if (!ends) this.complete(fn, call, row);
    if (kind === DEVICE_REMOVE || kind === RELEASE) this.beginRelease(fn, row, kind === RELEASE);
    if (kind === ATTACH) this.bench.expectations.used(fn.fn, row);
    if (isLifeStep(kind)) this.windows.lifeCycle(this.taskKey(row), fn);
  }

  private onReturn(fn: FunctionRecord, row: number): void {
    const { calls } = this;
    const call = calls.callOf[row];
    const kind = calls.kind[call];
    this.complete(fn, call, row);
    if (calls.enter[call] >= 0 && ATS_STATE_KINDS[kind]) {
      this.openCount[fn.fn] = Math.max(0, (this.openCount[fn.fn] ?? 0) - 1);
      if (this.openCount[fn.fn] === 0) this.stability.calm(fn.fn);
    }
    this.windows.exit(fn, call, row, kind, this.events.result[row]);
  }

  private beginRelease(fn: FunctionRecord, row: number, byIommu: boolean): void {
    fn.removing = true;
    this.windows.releaseBegins(fn, row, this.taskKey(row), byIommu);
  }

  private complete(fn: FunctionRecord, call: number, row: number): void {
    const kind = this.calls.kind[call];
    const pf = fn.pf >= 0 ? this.topology.at(fn.pf) : null;
    const done = new FinishedCall(this.facts, call, fn, pf, row);
    if (CONTRACT_KINDS[kind] && correctFeatures(this.features, done)) done.explainAgain();
    for (const hook of CALL_HOOKS[kind]) hook(this.bench, done);
    if (fn.isPointer && ATS_STATE_KINDS[kind]) this.onPointerCall(row);
    this.whatIf?.look(done);
    const before = this.coreState(fn);
    const step = machineEvent(kind, done.result, this.state.get(fn.fn, CORE_EN));
    this.machine.apply(done);
    if (kind === ENABLE || kind === DISABLE) this.beliefs.called(done);
    if (step !== NO_STEP) this.machineCoverage.took(fn.isVf === 1, before, step, this.coreState(fn));
    if (PREPARE_OR_ENABLE[kind]) this.lastUnitChange[fn.fn] = row;
    if (kind === ENABLE && done.result === 0) this.windows.enabledAgain(fn);
    const restores = kind === RESTORE && this.state.get(fn.fn, CORE_CAP) !== 0;
    if (restores && !this.bench.showsControlWrites(fn.fn)) this.windows.enabledAgain(fn);
  }

  private tookRemoval(fn: FunctionRecord): void {
    if (!fn.removalCounted) this.machineCoverage.took(fn.isVf === 1, this.coreState(fn), REMOVED, ABSENT);
    fn.removalCounted = true;
  }

  /** Where the function stands in the reference machine; `NO_STEP` where what kind of function it is, is unknown. */
  private coreState(fn: FunctionRecord): number {
    if (fn.isVf === UNKNOWN) return NO_STEP;
    return machineState(fn.isVf === 1, this.state.get(fn.fn, CORE_EN), this.state.get(fn.fn, CORE_STU));
  }

  /** No lock orders a PF's prepare and enable against its VFs' (contract section 6). */
  private readonly pfWasBusy = (pf: FunctionRecord, enter: number): boolean => {
    if (this.openCount[pf.fn] > 0) return true;
    const changed = this.lastUnitChange[pf.fn];
    if (changed === undefined || enter < 0) return false;
    return (
      this.bench.positionOf(changed) > this.bench.positionOf(enter) || this.bench.simultaneous(changed, enter)
    );
  };

  private onPoint(fn: FunctionRecord, row: number): void {
    const { events, bench, registers } = this;
    const kind = events.kind[row];
    if (kind === WRITE || kind === USER_WRITE) {
      const write = registers.write(fn, row, kind === USER_WRITE);
      if (write) {
        for (const hook of HOOKS.onWrite) hook(bench, write);
        registers.take(fn, row, write.enable, write.stu, 'write');
        if (write.enable === 1) this.windows.enabledAgain(fn);
      }
    } else if (kind === READ) {
      const read = registers.read(fn, row);
      if (read) {
        if (read.stu !== UNKNOWN) for (const hook of HOOKS.onRead) hook(bench, fn, row, read.stu);
        registers.take(fn, row, read.enable, read.stu, 'observed');
      }
    } else if (kind === ASSIGN || kind === UNASSIGN) {
      if (events.index[row] === 1) {
        this.beliefs.tagged(fn, row);
        for (const hook of HOOKS.onBelief) hook(bench, fn, row);
      }
    } else if (kind === LISTED_CONTROL) this.listings?.control(fn, row);
    else if (kind === GROUP_REMOVE) this.beginRelease(fn, row, true);
    this.point(fn, row);
  }

  private point(fn: FunctionRecord | null, row: number): void {
    const kind = this.events.kind[row];
    const { name } = EVENT_KINDS[kind];
    for (const hook of POINT_HOOKS[kind]) hook(this.bench, name, fn, row);
    if (kind === NO_ATS) this.listings?.noAts(row);
    if (!fn) return;
    if (kind === QUIRK && this.order.timed[row]) {
      this.state.set(fn.fn, CORE_CAP, 0, row, 'observed');
      this.forgetAnswers(fn, row);
    }
    if (kind === LOG_GROUP_REMOVE) fn.probed = false;
    if (kind === INVALIDATE) this.bench.expectations.used(fn.fn, row);
  }

  /** Earlier answers of the support test no longer hold, neither for the function nor for its VFs. */
  private forgetAnswers(fn: FunctionRecord, row: number): void {
    for (const id of [fn.fn, ...fn.vfs]) this.state.set(id, CORE_SUPPORTED, UNKNOWN, row, 'learned');
  }

  private onWarn(row: number): void {
    if (this.warnsOfCalls.has(row)) return;
    const fn = this.events.device[row] >= 0 ? this.identity.functionOf(row) : null;
    if (fn) this.fnOf[row] = fn.fn;
    this.bench.subject = fn ? fn.fn : -1;
    const symbol = this.events.nameOf(this.events.symbol[row]);
    if (symbol) for (const hook of HOOKS.onLoneWarn) hook(this.bench, row, symbol, fn);
  }

  /** A device that only a pointer stands for may be any of those that other events name. */
  private onPointerCall(row: number): void {
    for (const fn of this.topology.inForce()) if (!fn.isPointer) this.machine.forgetCalls(fn, row);
  }

  /** An ATS call of an unnamed function may have been of any whose known state fits it. */
  private onUnnamed(row: number): void {
    const { events } = this;
    if (events.phase[row] === RETURN && this.calls.enter[this.calls.callOf[row]] >= 0) return;
    this.unnamedCalls++;
    const clashes = (known: number, shown: number) =>
      known !== UNKNOWN && shown !== UNKNOWN && known !== (shown ? 1 : 0);
    for (const fn of this.topology.inForce()) {
      if (clashes(fn.isVf, events.isVf[row])) continue;
      if (events.phase[row] !== RETURN && clashes(this.state.get(fn.fn, CORE_EN), events.enabled[row]))
        continue;
      this.machine.forgetCalls(fn, row);
    }
  }

  /** A log of several boots tells one story after the other. Beside a trace nothing says which of them the trace is. */
  private onBoot(): void {
    if (this.calls.length > 0) return;
    this.identity.restart();
    this.openCount.fill(0);
    this.windows.forget();
    this.bench.forget();
    this.stability.clear();
    this.listings?.restart();
  }

  private onLoss(row: number): void {
    for (const fn of this.topology.inForce()) this.machine.forgetAll(fn, row);
    this.openCount.fill(0);
    this.windows.forget();
    this.bench.forget();
    this.stability.clear();
  }

  /** The kernel's traces are over: what is still to come is judged, and what the kernel does from here on is unknown. */
  private onKernelEnd(row: number): void {
    this.settle();
    const more = this.order.rows[this.bench.position];
    if (more === undefined) return;
    for (const fn of this.topology.inForce()) this.machine.forgetKernel(fn, row);
    this.stability.clear();
  }

  /** The recording is over: absences count when they lasted. */
  private settle(): void {
    const last = this.lastTime();
    const timeOf = (row: number) => this.order.time[row];
    this.windows.finish(last, timeOf);
    this.bench.expectations.finish(last, timeOf);
  }

  /** An ATS call or a reset of the function is under way. */
  private readonly isBusy = (fn: number): boolean => this.openCount[fn] > 0 || this.windows.inReset(fn);

  private lookAtChanged(row: number): void {
    if (!this.stability.hasChanges) return;
    this.row = row;
    this.stability.settle(this.isBusy, this.lookAt);
  }

  private readonly lookAt = (id: number): void => {
    const fn = this.topology.at(id);
    this.bench.stateScope = true;
    const before = this.bench.subject;
    this.bench.subject = id;
    for (const hook of HOOKS.onStable) hook(this.bench, fn, this.row);
    this.bench.subject = before;
    this.bench.stateScope = false;
  };

  private taskKey(row: number): number {
    return this.events.source[row] * 0x80000000 + this.events.pid[row];
  }

  private lastTime(): bigint | null {
    const row = this.lastTimedRow();
    return row < 0 ? null : this.order.time[row];
  }

  private lastTimedRow(): number {
    for (let at = Math.min(this.bench.position, this.order.rows.length) - 1; at >= 0; at--) {
      const row = this.order.rows[at];
      if (this.order.timed[row]) return row;
    }
    return -1;
  }
}
