import { type Calls, pairCalls } from '../calls.ts';
import type { EventColumns } from '../event-columns.ts';
import { ENTER, HARDWARE_KINDS, KIND, RETURN } from '../events.ts';
import type { Features } from '../features.ts';
import type { FindingCollector } from '../findings.ts';
import { type HardwareAlignment, NO_HARDWARE } from '../hardware/align.ts';
import { repeatingSources } from '../hardware/repeats.ts';
import { Machine } from '../machine.ts';
import type { Observation, Watch } from '../observation.ts';
import type { Order } from '../order.ts';
import { MachineCoverage } from '../reference-machine.ts';
import { LOOKS } from '../rules/index.ts';
import { StateStore } from '../state.ts';
import { partsOf, UNDIVIDED, type Watched } from '../stretches.ts';
import { type FunctionRecord, Topology } from '../topology.ts';
import type { WhatIf } from '../what-if.ts';
import { type Question, RuleBench } from './bench.ts';
import { ATS_STATE_KINDS, CallSteps } from './call-steps.ts';
import { CallsUnderWay } from './calls-under-way.ts';
import { Gaps } from './gaps.ts';
import { HardwareView } from './hardware-view.ts';
import { Identity } from './identity.ts';
import { ListingQuestions } from './listing-questions.ts';
import { type ListingInput, ListingTracker } from './listings.ts';
import { Lives } from './lives.ts';
import { noteWhatIsMissing } from './missing.ts';
import { Observer } from './observer.ts';
import { type Pause, pausesOf } from './pauses.ts';
import { PointSteps } from './point-steps.ts';
import { RegisterAccesses } from './register-accesses.ts';
import type { RuleCounts } from './rule-counts.ts';
import { StateChanges } from './state-changes.ts';
import type { TransitionLog } from './transition-log.ts';

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
  /** Common time of the last record of a source, of whatever kind: so long nothing else happened. */
  readonly ends?: ReadonlyMap<number, bigint>;
  /** When traces were running. */
  readonly watched?: Watched;
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

const LOSS = KIND.loss;
const WARN = KIND['log.warn'];
const BOOT = KIND['log.boot'];
const INVALIDATE = KIND.invalidate;

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
  private readonly calls: Calls;
  private readonly topology = new Topology();
  private readonly changes: StateChanges;
  private readonly state: StateStore;
  private readonly machineCoverage = new MachineCoverage();
  private readonly underWay = new CallsUnderWay();
  private readonly bench: RuleBench;
  private readonly identity: Identity;
  private readonly lives: Lives;
  private readonly observer: Observer;
  private readonly hardware: HardwareView;
  private readonly listings: ListingTracker | null;
  private readonly listingInput: ListingInput | null;
  private readonly callSteps: CallSteps;
  private readonly pointSteps: PointSteps;
  private readonly gaps: Gaps;
  private readonly warnsOfCalls: ReadonlySet<number>;
  private readonly repeats: ReadonlySet<number>;
  private readonly fnOf: Int32Array;
  private readonly ends: ReplayInput['ends'];
  private readonly watched: Watched;

  constructor(input: ReplayInput) {
    const { events, order, features } = input;
    const { topology, underWay, machineCoverage } = this;
    this.changes = new StateChanges(topology);
    const { stability } = this.changes;
    const state = new StateStore(this.changes);
    this.state = state;
    const calls = input.calls ?? pairCalls(events, order.rows);
    this.events = events;
    this.order = order;
    this.ends = input.ends;
    this.watched = input.watched ?? UNDIVIDED;
    this.calls = calls;
    this.fnOf = new Int32Array(events.length).fill(-1);
    this.warnsOfCalls = warnsOf(calls);
    this.repeats = repeatingSources(events);
    const alignment = input.hardware ?? NO_HARDWARE;
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
      parts: partsOf(this.watched),
    });
    this.bench = bench;
    const { observation } = bench.recorded;
    const machine = new Machine(state, topology, features, observation);
    const registers = new RegisterAccesses(events, calls, state, order.positions, observation);
    this.listingInput = input.listings ?? null;
    const listings = input.listings
      ? new ListingTracker(input.listings, events, state, topology, bench, registers)
      : null;
    this.listings = listings;
    const lives = new Lives(state, topology, bench, stability, machineCoverage, listings);
    this.lives = lives;
    const { windows } = lives;
    const identity = new Identity(events, calls, topology, state, machine, observation, lives);
    this.identity = identity;
    this.callSteps = new CallSteps({
      events,
      calls,
      features,
      state,
      topology,
      machine,
      bench,
      lives,
      registers,
      stability,
      underWay,
      whatIf: input.whatIf ?? null,
    });
    const { callSteps } = this;
    this.pointSteps = new PointSteps({
      events,
      order,
      state,
      bench,
      registers,
      lives,
      listings,
      callSteps,
    });
    this.observer = new Observer(events, order, state, topology, bench, (fn, row) => {
      bench.each(LOOKS.onCapabilityGone, fn, row);
      this.pointSteps.forgetAnswers(fn, row);
    });
    this.hardware = new HardwareView({
      events,
      order,
      calls,
      state,
      topology,
      bench,
      identity,
      registers,
      alignment,
      stretches: this.watched.stretches,
    });
    this.gaps = new Gaps({
      events,
      calls,
      state,
      topology,
      machine,
      bench,
      identity,
      registers,
      windows,
      listings,
      stability,
      underWay,
      hardwareGoesOn: alignment.matches.size > 0,
    });
  }

  run(): ReplayResult {
    const { bench } = this;
    const { rows } = this.order;
    const { lastOfKernel } = this.hardware;
    // What has no time and stands behind everything else, such as a listing, still shows what became of it.
    const last = lastOfKernel >= 0 ? lastOfKernel : this.lastTimedRow(rows.length);
    const pauses = pausesOf(this.events, this.order, this.watched);
    let next = 0;
    for (let position = 0; position < rows.length; position++) {
      bench.position = position;
      if (position === pauses[next]?.position) this.pause(pauses[next++]);
      this.step(rows[position]);
      if (rows[position] !== last) continue;
      bench.position = position + 1;
      this.settle(last);
      if (lastOfKernel >= 0) this.gaps.kernelEnds(last);
    }
    bench.position = rows.length;
    bench.expectations.close();
    bench.recorded.leave();
    this.hardware.finish(this.lastTimedRow(rows.length));
    noteWhatIsMissing(bench, this.topology, this.calls, this.gaps.pauses);
    if (this.listingInput) {
      const { events, state, topology, changes } = this;
      new ListingQuestions(this.listingInput, events, state, topology, bench, changes.log).ask();
    }
    return {
      topology: this.topology,
      state: this.state,
      calls: this.calls,
      transitions: this.changes.log,
      collector: bench.collector,
      questions: [...bench.questions.values()],
      countOf: (rule) => bench.countOf(rule),
      kindCounts: bench.recorded.kindCounts,
      observation: bench.recorded.observation,
      machineCoverage: this.machineCoverage,
      unnamedCalls: this.gaps.unnamedCalls,
      fnOf: this.fnOf,
      resultOf: (call) => bench.resultOf(call),
    };
  }

  /** A part of the recording is over and another one begins. */
  private pause({ position, part, isDated }: Pause): void {
    const last = isDated ? this.lastTimedRow(position) : -1;
    if (last >= 0) this.settle(last);
    if (position > 0) this.gaps.pause(this.order.rows[position]);
    this.bench.recorded.enter(part);
  }

  private step(row: number): void {
    const { events, bench } = this;
    const kind = events.kind[row];
    if (kind === LOSS) return this.gaps.loss(row);
    if (kind === WARN) return this.onWarn(row);
    if (kind === BOOT) return this.gaps.boot();
    const phase = events.phase[row];
    if (phase === ENTER || phase === RETURN) {
      // Of several probes on one function one event stands for the call.
      const call = this.calls.callOf[row];
      if ((phase === ENTER ? this.calls.enter : this.calls.exit)[call] !== row) return;
    }
    const fn = this.identity.functionOf(row);
    bench.subject = fn ? fn.fn : -1;
    if (!fn) return this.stepOfNobody(row, kind, phase);
    this.fnOf[row] = fn.fn;
    if (kind === INVALIDATE && this.repeats.has(events.source[row])) return;
    if (HARDWARE_KINDS[kind]) this.hardware.take(fn, row);
    else {
      this.observer.nature(fn, row);
      // An entry probe shows the state before the call, a return probe the state after it.
      if (phase === RETURN) {
        this.callSteps.leave(fn, row);
        this.observeState(fn, row);
      } else {
        this.observeState(fn, row);
        if (phase === ENTER) this.callSteps.enter(fn, row);
        else this.pointSteps.take(fn, row);
      }
    }
    this.lookAtChanged(row);
  }

  /** An event that names no device. */
  private stepOfNobody(row: number, kind: number, phase: number): void {
    if (ATS_STATE_KINDS[kind]) this.gaps.unnamedCall(row);
    if (phase === RETURN) this.bench.each(LOOKS.onUnnamedCall, this.calls.callOf[row], row);
    else if (phase !== ENTER) this.pointSteps.takeAnywhere(null, row);
  }

  /** What is shown while another task is inside an ATS call of the function may be a state in between. */
  private observeState(fn: FunctionRecord, row: number): void {
    if (this.underWay.isBusyBeside(fn.fn, this.calls.callOf[row])) return;
    this.observer.changing(fn, row);
    this.listings?.reconcile(fn, row);
  }

  private onWarn(row: number): void {
    if (this.warnsOfCalls.has(row)) return;
    const fn = this.events.device[row] >= 0 ? this.identity.functionOf(row) : null;
    if (fn) this.fnOf[row] = fn.fn;
    this.bench.subject = fn ? fn.fn : -1;
    const symbol = this.events.nameOf(this.events.symbol[row]);
    if (symbol) this.bench.each(LOOKS.onLoneWarn, row, symbol, fn);
  }

  /** Rules look at functions that changed, once no ATS call and no reset of them is under way. */
  private lookAtChanged(row: number): void {
    const { stability } = this.changes;
    for (let fn = stability.next(); fn >= 0; fn = stability.next()) {
      if (this.underWay.isBusy(fn) || this.lives.windows.inReset(fn)) stability.wait(fn);
      else this.lookAt(fn, row);
    }
  }

  private lookAt(id: number, row: number): void {
    const { bench } = this;
    const fn = this.topology.at(id);
    const before = bench.subject;
    bench.subject = id;
    bench.stateScope = true;
    bench.each(LOOKS.onStable, fn, row);
    bench.stateScope = false;
    bench.subject = before;
  }

  /** The kernel's part is over: absences count when they lasted. */
  private settle(row: number): void {
    const { events, order, ends } = this;
    const last = order.time[row];
    /** How long nothing came after an event until its recording was over, ns. */
    const silenceAfter = (event: number) => (ends?.get(events.source[event]) ?? last) - order.time[event];
    this.lives.windows.finish(silenceAfter);
    this.bench.expectations.finish(silenceAfter);
  }

  /** The last row with a time in front of a position; -1 where there is none. */
  private lastTimedRow(before: number): number {
    for (let at = before - 1; at >= 0; at--) {
      const row = this.order.rows[at];
      if (this.order.timed[row]) return row;
    }
    return -1;
  }
}
