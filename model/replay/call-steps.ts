import { type Calls, taskKey } from '../calls.ts';
import type { EventColumns } from '../event-columns.ts';
import { KIND, kindMask } from '../events.ts';
import type { Features } from '../features.ts';
import type { Machine } from '../machine.ts';
import { ABSENT, DEVICE_ADD, machineEvent } from '../reference-machine.ts';
import { ENTER_LOOKS } from '../rules/index.ts';
import { CORE_CAP, CORE_EN, type StateStore } from '../state.ts';
import type { FunctionRecord, Topology } from '../topology.ts';
import type { WhatIf } from '../what-if.ts';
import { Beliefs } from './beliefs.ts';
import type { RuleBench } from './bench.ts';
import type { CallsUnderWay } from './calls-under-way.ts';
import { CallFacts, FinishedCall } from './completed-call.ts';
import { correctFeatures } from './feature-evidence.ts';
import type { Lives } from './lives.ts';
import type { RegisterAccesses } from './register-accesses.ts';
import type { Stability } from './stability.ts';
import { isLifeStep, type WindowTracker } from './windows.ts';

export const ATS_STATE_KINDS = kindMask('ats.prepare', 'ats.enable', 'ats.disable', 'ats.restore');
const PREPARE_OR_ENABLE = kindMask('ats.prepare', 'ats.enable');
const BELIEF_KINDS = kindMask('ats.enable', 'ats.disable');
/** Calls that the machine or the contract knows. */
const CONTRACT_KINDS = kindMask('ats.supported', 'ats.prepare', 'ats.enable', 'ats.disable', 'ats.restore');
const DEVICE_ADDED = KIND['device.add'];
const DEVICE_REMOVE = KIND['device.remove'];
const RELEASE = KIND['iommu.release'];
const ATTACH = KIND['iommu.attach'];
const ENABLE = KIND['ats.enable'];
const RESTORE = KIND['ats.restore'];

/** After these, what a reset left of a function can no longer be told. */
const ENDS_RESET = kindMask('ats.disable', 'iommu.release', 'device.remove', 'reset.function', 'reset.flr');

interface Parts {
  readonly events: EventColumns;
  readonly calls: Calls;
  readonly features: Features;
  readonly state: StateStore;
  readonly topology: Topology;
  readonly machine: Machine;
  readonly bench: RuleBench;
  readonly lives: Lives;
  readonly registers: RegisterAccesses;
  readonly stability: Stability;
  readonly underWay: CallsUnderWay;
  readonly whatIf: WhatIf | null;
}

/** Entries and returns of calls: what rules, machine and drivers make of them. */
export class CallSteps {
  private readonly events: EventColumns;
  private readonly calls: Calls;
  private readonly features: Features;
  private readonly state: StateStore;
  private readonly topology: Topology;
  private readonly machine: Machine;
  private readonly bench: RuleBench;
  private readonly lives: Lives;
  private readonly windows: WindowTracker;
  private readonly registers: RegisterAccesses;
  private readonly stability: Stability;
  private readonly underWay: CallsUnderWay;
  private readonly beliefs: Beliefs;
  private readonly whatIf: WhatIf | null;
  private readonly done: FinishedCall;

  constructor(parts: Parts) {
    const { events, calls, features, state, bench, underWay } = parts;
    this.events = events;
    this.calls = calls;
    this.features = features;
    this.state = state;
    this.topology = parts.topology;
    this.machine = parts.machine;
    this.bench = bench;
    this.lives = parts.lives;
    this.windows = parts.lives.windows;
    this.registers = parts.registers;
    this.stability = parts.stability;
    this.underWay = underWay;
    this.beliefs = new Beliefs(events, state, bench);
    this.whatIf = parts.whatIf;
    this.done = new FinishedCall(new CallFacts(events, calls, state, features, underWay, bench));
  }

  /** A device-TLB cache tag shows what the driver believes. */
  tagged(fn: FunctionRecord, row: number): void {
    this.beliefs.tagged(fn, row);
  }

  enter(fn: FunctionRecord, row: number): void {
    const { calls, bench } = this;
    const call = calls.callOf[row];
    const kind = calls.kind[call];
    const ends = calls.exit[call] >= 0;
    if (kind === DEVICE_ADDED) this.lives.tookStep(fn, ABSENT, DEVICE_ADD);
    if (ENDS_RESET[kind] && this.windows.inReset(fn.fn))
      this.windows.judgeUnclosed(fn, (event) => this.between(event, row));
    bench.each(ENTER_LOOKS[kind], call, fn, row);
    this.windows.enter(fn, call, ends, row, kind);
    if (ATS_STATE_KINDS[kind] && ends) {
      this.underWay.began(fn, call);
      this.registers.restoreBegins(call);
    }
    if (!ends) this.complete(fn, call, row, kind);
    if (kind === DEVICE_REMOVE || kind === RELEASE) this.beginRelease(fn, row, kind === RELEASE);
    if (kind === ATTACH) bench.expectations.used(fn.fn, row);
    if (isLifeStep(kind)) this.windows.lifeCycle(taskKey(this.events, row), fn);
  }

  leave(fn: FunctionRecord, row: number): void {
    const { calls } = this;
    const call = calls.callOf[row];
    const kind = calls.kind[call];
    if (kind === RESTORE) this.registers.restoreEnds(fn, call, row, this.bench.showsControlWrites(fn.fn));
    this.complete(fn, call, row, kind);
    if (ATS_STATE_KINDS[kind] && calls.enter[call] >= 0 && this.underWay.ended(fn))
      this.stability.calm(fn.fn);
    this.windows.exit(fn, call, row, kind, this.events.result[row]);
  }

  beginRelease(fn: FunctionRecord, row: number, byIommu: boolean): void {
    fn.removing = true;
    this.windows.releaseBegins(fn, row, taskKey(this.events, row), byIommu);
  }

  private complete(fn: FunctionRecord, call: number, row: number, kind: number): void {
    const { bench, done, lives, state } = this;
    done.take(call, fn, this.topology.pfOf(fn), row);
    if (CONTRACT_KINDS[kind] && correctFeatures(this.features, done)) done.explainAgain();
    bench.eachOfCall(kind, done);
    if (fn.isPointer && ATS_STATE_KINDS[kind]) this.onPointer(row);
    this.whatIf?.look(done);
    const from = lives.coreState(fn);
    const step = machineEvent(kind, done.result, state.get(fn.fn, CORE_EN));
    this.machine.apply(done);
    if (BELIEF_KINDS[kind]) this.beliefs.called(done);
    lives.tookStep(fn, from, step);
    if (PREPARE_OR_ENABLE[kind]) this.underWay.unitChanged(fn, row);
    if (kind === ENABLE && done.result === 0) this.windows.enabledAgain(fn);
    if (kind === RESTORE && state.get(fn.fn, CORE_CAP) !== 0 && !bench.showsControlWrites(fn.fn))
      this.windows.enabledAgain(fn);
  }

  /** ns from one event to another; 0 where one of them has no time. */
  private between(from: number, to: number): bigint {
    const [then, now] = [this.bench.timeOf(from), this.bench.timeOf(to)];
    return then === null || now === null ? 0n : now - then;
  }

  /** A device that only a pointer stands for may be any of those that other events name. */
  private onPointer(row: number): void {
    for (const fn of this.topology.inForce()) if (!fn.isPointer) this.machine.forgetCalls(fn, row);
  }
}
