import { type Call, type Calls, enclosing, pairCalls } from './calls.ts';
import { decodeControl } from './control-register.ts';
import type { EventColumns } from './event-columns.ts';
import { ENTER, EVENT_KINDS, type EventKindName, KIND, RETURN, UNKNOWN } from './events.ts';
import type { FeatureName, Features } from './features.ts';
import { FindingCollector } from './findings.ts';
import { classifyCaller } from './known-functions.ts';
import { contractFeatures, Machine, operandsOf } from './machine.ts';
import type { Order } from './order.ts';
import { enableSteps, explanations, prepareSteps } from './predict.ts';
import { RULE_BY_ID, RULES } from './rules/index.ts';
import type {
  CompletedCall,
  ControlWrite,
  Draft,
  EvidenceItem,
  RuleContext,
  RuleHooks,
} from './rules/rule.ts';
import {
  CORE_CAP,
  CORE_EN,
  CORE_STU,
  CORE_UNTRUSTED,
  DRV_EN,
  HW_EN,
  HW_STU,
  StateStore,
  type Transition,
} from './state.ts';
import { type FunctionRecord, Topology } from './topology.ts';
import { WindowTracker } from './windows.ts';

export interface ReplayInput {
  readonly events: EventColumns;
  readonly order: Order;
  readonly features: Features;
  /** An address inside the kernel image that the recording prints, where it prints addresses. */
  readonly imageAddress: bigint | null;
  /** Calls paired already, with the WARNs of the log attached. */
  readonly calls?: Calls;
}

export interface Question {
  readonly code: string;
  readonly reason: string;
  readonly settle: string;
}

export interface RuleCount {
  decided: number;
  undecided: number;
  /** Why an operand was unknown, the first time. */
  why: string | null;
}

export interface ReplayResult {
  readonly topology: Topology;
  readonly calls: Calls;
  readonly transitions: readonly Transition[];
  readonly collector: FindingCollector;
  readonly questions: readonly Question[];
  readonly counts: ReadonlyMap<string, RuleCount>;
  readonly kindCounts: Int32Array;
  /** ATS calls whose event names no device. */
  readonly unnamedCalls: number;
  /** Function of each event (by row), or -1. */
  readonly fnOf: Int32Array;
  /** The call tells something about the ATS state of a function. */
  isAtsCall(call: Call): boolean;
  /** The call is judged by what it returns. */
  isJudgedByResult(call: Call): boolean;
}

const ATS_STATE_KINDS: ReadonlySet<number> = new Set(
  (['ats.prepare', 'ats.enable', 'ats.disable', 'ats.restore'] as const).map((kind) => KIND[kind]),
);
const PREPARE_OR_ENABLE: ReadonlySet<number> = new Set([KIND['ats.prepare'], KIND['ats.enable']]);
/** Kinds that may come before the core has looked for capabilities; a zero offset means nothing there. */
const BEFORE_DISCOVERY: ReadonlySet<number> = new Set(
  (
    ['config.write', 'config.write_user', 'config.read', 'device.add', 'device.remove', 'vf.remove'] as const
  ).map((kind) => KIND[kind]),
);
/** Kinds that show a function to be in use again after it was released. */
const NEW_LIFE: ReadonlySet<number> = new Set(
  (['device.add', 'iommu.probe', 'ats.prepare'] as const).map((kind) => KIND[kind]),
);

function hooksOf<K extends keyof RuleHooks>(name: K): NonNullable<RuleHooks[K]>[] {
  return RULES.flatMap((rule) => {
    const hook = rule[name];
    return hook ? [hook as NonNullable<RuleHooks[K]>] : [];
  });
}

const ON_CALL = hooksOf('onCall');
const ON_WRITE = hooksOf('onWrite');
const ON_STABLE = hooksOf('onStable');
const ON_BELIEF = hooksOf('onBelief');
const ON_READ = hooksOf('onRead');
const ON_LONE_WARN = hooksOf('onLoneWarn');
const ON_RESET_END = hooksOf('onResetEnd');
const ON_RELEASED = hooksOf('onReleased');

/** Folds the ordered events over the state of all functions and lets the rules look at every step. */
export class Replay implements RuleContext {
  readonly topology = new Topology();
  readonly state: StateStore;
  private readonly events: EventColumns;
  private readonly order: Order;
  private readonly features: Features;
  private readonly calls: Calls;
  private readonly machine: Machine;
  private readonly windows: WindowTracker;
  private readonly collector = new FindingCollector();
  private readonly transitions: Transition[] = [];
  private readonly questions = new Map<string, Question>();
  private readonly counts = new Map<string, RuleCount>();
  private readonly kindCounts = new Int32Array(EVENT_KINDS.length);
  private readonly fnOf: Int32Array;
  private readonly imageAddress: bigint | null;
  private readonly callerKinds = new Map<number, 'iommu' | 'foreign' | 'unknown'>();
  /** Open prepare, enable, disable and restore calls per function. */
  private readonly openAts = new Map<number, Set<number>>();
  /** Position of the last end of a prepare or enable per function. */
  private readonly lastUnitChange = new Map<number, number>();
  private readonly dirty = new Set<number>();
  private position = 0;
  private stableScope = false;
  private unnamedCalls = 0;

  constructor(input: ReplayInput) {
    this.events = input.events;
    this.order = input.order;
    this.features = input.features;
    this.imageAddress = input.imageAddress;
    this.calls = input.calls ?? pairCalls(input.events, input.order.rows);
    this.fnOf = new Int32Array(input.events.length).fill(-1);
    this.state = new StateStore((transition) => {
      this.transitions.push(transition);
      if (
        transition.field === HW_EN ||
        transition.field === HW_STU ||
        transition.field === CORE_EN ||
        transition.field === CORE_STU
      ) {
        this.dirty.add(transition.fn);
      }
    });
    this.machine = new Machine(this.state, this.topology, this.features);
    this.windows = new WindowTracker(this.state, {
      resetEnded: (reset) => {
        for (const hook of ON_RESET_END) hook(this, reset);
      },
      released: (fn, event) => {
        for (const hook of ON_RELEASED) hook(this, fn, event);
      },
      observable: () => this.wasRecorded('config.write') || this.wasRecorded('ats.restore'),
    });
    for (const row of input.order.rows) this.kindCounts[this.events.kind[row]]++;
  }

  run(): ReplayResult {
    for (const row of this.order.rows) {
      this.step(row);
      this.position++;
    }
    this.windows.finish(this.lastTime(), (row) => this.order.time[row]);
    this.noteWhatIsMissing();
    return {
      topology: this.topology,
      calls: this.calls,
      transitions: this.transitions,
      collector: this.collector,
      questions: [...this.questions.values()],
      counts: this.counts,
      kindCounts: this.kindCounts,
      unnamedCalls: this.unnamedCalls,
      fnOf: this.fnOf,
      isAtsCall: (call) => ATS_STATE_KINDS.has(call.kind) || call.kind === KIND['ats.supported'],
      isJudgedByResult: (call) => PREPARE_OR_ENABLE.has(call.kind),
    };
  }

  private step(row: number): void {
    const { events } = this;
    const kind = events.kind[row];
    if (kind === KIND.loss) return this.onLoss(row);
    if (kind === KIND['log.warn']) return this.onWarn(row);
    const fn = this.functionOf(row);
    if (!fn) {
      if (ATS_STATE_KINDS.has(kind)) this.onUnnamed(row);
      return;
    }
    this.fnOf[row] = fn.fn;
    this.linkToPf(fn, row);
    const phase = events.phase[row];
    this.observeNature(fn, row);
    // An entry probe shows the state before the call, a return probe the state after it.
    if (phase !== RETURN) this.observeState(fn, row);
    if (phase === ENTER) this.onEnter(fn, row);
    else if (phase === RETURN) this.onReturn(fn, row);
    else this.onPoint(fn, row);
    if (phase === RETURN) this.observeState(fn, row);
    this.lookAtStable(row);
  }

  // --- Which function -----------------------------------------------------------------------------------------------

  private functionOf(row: number): FunctionRecord | null {
    const { events } = this;
    const device = events.device[row];
    if (device < 0) return null;
    const kind = events.kind[row];
    const address = events.names.get(device);
    let fn = this.topology.find(address);
    if (fn && this.beginsNewLife(fn, row)) fn = null;
    if (!fn) {
      fn = this.topology.open(address, row);
      this.state.addFunction(fn.fn);
    }
    fn.lastEvent = row;
    fn.events++;
    if (kind === KIND['device.add'] && events.phase[row] === ENTER) {
      fn.startSeen = true;
      this.machine.appear(fn, row);
    }
    if (!BEFORE_DISCOVERY.has(kind) && !(kind === KIND['ats.init'] && events.phase[row] === ENTER))
      fn.discovered = true;
    if (kind !== KIND['config.write'] && kind !== KIND['config.read']) fn.fresh = false;
    if (
      kind === KIND['iommu.probe'] ||
      kind === KIND['iommu.group_add'] ||
      kind === KIND['iommu.attach'] ||
      kind === KIND['iommu.attached']
    ) {
      fn.probed = true;
    }
    return fn;
  }

  private beginsNewLife(fn: FunctionRecord, row: number): boolean {
    const { events } = this;
    const kind = events.kind[row];
    const phase = events.phase[row];
    if (fn.removing && phase !== RETURN && NEW_LIFE.has(kind)) {
      this.windows.closeRelease(fn, row);
      return true;
    }
    if (kind === KIND['device.add'] && phase === ENTER && !fn.fresh) {
      this.windows.closeRelease(fn, row);
      this.noteResync(
        fn,
        row,
        'its address was used again by a new device whose predecessor was not seen to leave',
      );
      return true;
    }
    return false;
  }

  private linkToPf(fn: FunctionRecord, row: number): void {
    const { events } = this;
    if (fn.pf >= 0) return;
    if (events.isVf[row] !== 1 && fn.isVf !== 1) return;
    const index = this.calls.callOf[row];
    const own = index >= 0 ? this.calls.list[index] : null;
    const add = own && own.kind === KIND['vf.add'] ? own : enclosing(this.calls, own, VF_ADD);
    if (!add || add.enter < 0) return;
    const device = events.device[add.enter];
    const pf = device >= 0 ? this.topology.find(events.names.get(device)) : null;
    if (pf && pf !== fn)
      this.topology.link(fn, pf, events.index[add.enter] === UNKNOWN ? -1 : events.index[add.enter]);
  }

  // --- What an event shows of the state -----------------------------------------------------------------------------

  /** What does not change during a call: what kind of function it is, its capability, whether it is trusted. */
  private observeNature(fn: FunctionRecord, row: number): void {
    const { events, state } = this;
    if (events.isVf[row] !== UNKNOWN) fn.isVf = events.isVf[row] ? 1 : 0;
    if (events.isPf[row] !== UNKNOWN) {
      fn.isPf = events.isPf[row] ? 1 : 0;
      if (fn.isPf === 1) fn.isVf = 0;
    }
    const cap = events.cap[row];
    if (cap !== UNKNOWN) {
      if (cap !== 0) {
        fn.capOffset = cap;
        state.set(fn.fn, CORE_CAP, 1, row, 'observed');
      } else if (fn.discovered && !fn.removing) state.set(fn.fn, CORE_CAP, 0, row, 'observed');
    }
    if (events.untrusted[row] !== UNKNOWN)
      state.set(fn.fn, CORE_UNTRUSTED, events.untrusted[row] ? 1 : 0, row, 'observed');
  }

  private observeState(fn: FunctionRecord, row: number): void {
    const { events } = this;
    if (events.stu[row] !== UNKNOWN) this.observeShift(fn, row);
    if (events.enabled[row] !== UNKNOWN) this.observeEnabled(fn, row);
  }

  private observeShift(fn: FunctionRecord, row: number): void {
    const shift = this.events.stu[row];
    if (shift !== 0 && fn.isVf === UNKNOWN) fn.isVf = 0;
    // A VF's own field stays 0 for life and says nothing.
    if (fn.isVf !== 0) return;
    if (this.othersInside(fn, row)) return;
    this.compare(fn, CORE_STU, shift, row);
  }

  private observeEnabled(fn: FunctionRecord, row: number): void {
    if (this.othersInside(fn, row)) return;
    this.compare(fn, CORE_EN, this.events.enabled[row] ? 1 : 0, row);
  }

  private compare(fn: FunctionRecord, field: number, value: number, row: number): void {
    const { state } = this;
    const known = state.get(fn.fn, field);
    if (known === value) return;
    if (known !== UNKNOWN) this.onContradiction(fn, field, known, value, row);
    state.set(fn.fn, field, value, row, 'observed');
  }

  /** New evidence against what was known, without a loss in between (rules section 0.2, 4). */
  private onContradiction(
    fn: FunctionRecord,
    field: number,
    known: number,
    value: number,
    row: number,
  ): void {
    const what = field === CORE_EN ? 'ats_enabled' : 'ats_stu';
    const setBy = this.state.setBy(fn.fn, field);
    const recorded =
      field === CORE_EN
        ? this.wasRecorded(known === 1 ? 'ats.disable' : 'ats.enable')
        : this.wasRecorded('ats.prepare') && this.wasRecorded('ats.enable');
    if (!recorded || this.simultaneous(setBy, row) || this.order.concurrent[row]) {
      this.noteResync(
        fn,
        row,
        `${what} is ${value} where ${known} was known, and the calls that change it are not all recorded`,
      );
      return;
    }
    this.fire('ATS093', {
      fn: fn.fn,
      event: row,
      since: setBy,
      message: `${what} of ${fn.address} is ${value} where the recorded calls leave ${known}.`,
      expected: `${what} = ${known}.`,
      observed: `${what} = ${value}.`,
      evidence: [...this.because(fn.fn, field, 'known before'), { role: 'the contradiction', event: row }],
      key: `${what} ${known}->${value}`,
    });
  }

  private noteResync(fn: FunctionRecord, row: number, why: string): void {
    this.fire('ATS092', {
      fn: fn.fn,
      event: row,
      message: `What was known of ${fn.address} was given up: ${why}.`,
      expected: 'A recording that shows every change.',
      observed: why,
      evidence: [{ role: 'the new evidence', event: row }],
    });
  }

  // --- Calls --------------------------------------------------------------------------------------------------------

  private onEnter(fn: FunctionRecord, row: number): void {
    const call = this.calls.list[this.calls.callOf[row]];
    this.windows.enter(fn, call, row, this.nameOf(call));
    if (ATS_STATE_KINDS.has(call.kind) && call.exit >= 0) this.openCalls(fn).add(call.id);
    if (call.exit < 0) this.complete(fn, call, row);
    this.startRemoval(fn, row);
    this.windows.lifeCycle(this.taskKey(row), fn, this.nameOf(call), row);
  }

  private onReturn(fn: FunctionRecord, row: number): void {
    const call = this.calls.list[this.calls.callOf[row]];
    this.complete(fn, call, row);
    this.openCalls(fn).delete(call.id);
    this.windows.exit(fn, call, row, this.nameOf(call), this.events.result[row]);
  }

  private startRemoval(fn: FunctionRecord, row: number): void {
    const kind = this.events.kind[row];
    if (kind === KIND['device.remove'] || kind === KIND['iommu.release']) {
      fn.removing = true;
      this.windows.releaseBegins(fn, row, this.taskKey(row), kind === KIND['iommu.release']);
    }
  }

  private complete(fn: FunctionRecord, call: Call, row: number): void {
    const kind = this.nameOf(call);
    const done = this.describe(fn, call, row, kind);
    if (kind.startsWith('ats.') && kind !== 'ats.query' && kind !== 'ats.init') {
      this.correctFeatures(done);
      const judged = this.describe(fn, call, row, kind);
      for (const hook of ON_CALL) hook(this, judged);
      this.machine.apply(judged);
      if (PREPARE_OR_ENABLE.has(call.kind)) this.lastUnitChange.set(fn.fn, this.position);
    }
    if (kind === 'ats.enable' && done.result === 0) this.windows.enabledAgain(fn);
    if (kind === 'ats.restore' && !this.wasRecorded('config.write')) this.windows.enabledAgain(fn);
    if (fn.pf >= 0) this.dirty.add(fn.pf);
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
      explanations: steps && result !== UNKNOWN ? explanations(steps, result) : [],
      pfBusy: pf !== null && this.pfWasBusy(pf, call),
    };
  }

  /** No lock orders a PF's prepare and enable against its VFs' (contract section 6). */
  private pfWasBusy(pf: FunctionRecord, call: Call): boolean {
    if (this.openCalls(pf).size > 0) return true;
    const changed = this.lastUnitChange.get(pf.fn);
    if (changed === undefined || call.enter < 0) return false;
    return changed > this.positionOf(call.enter) || this.simultaneous(this.order.rows[changed], call.enter);
  }

  private positionOf(row: number): number {
    // Calls are short: the entry is found a few steps back.
    for (let at = this.position; at >= 0; at--) if (this.order.rows[at] === row) return at;
    return -1;
  }

  /** The recording shows how the kernel behaves (contract section 12). */
  private correctFeatures(done: CompletedCall): void {
    const { kind, operands, result, event, fn } = done;
    if (kind === 'ats.prepare')
      this.features.observe('prepare_exists', true, event, 'pci_prepare_ats() was called');
    if (fn.isVf !== 1) return;
    if (kind === 'ats.supported' && result === 1 && operands.pfSupported === 0) {
      this.features.observe(
        'supported_is_pf_aware',
        false,
        event,
        `the VF ${fn.address} supports ATS although its PF does not`,
      );
    }
    if (kind !== 'ats.prepare' && kind !== 'ats.enable') return;
    if (result === 0 && operands.pfSupported === 0) {
      this.features.observe(
        'supported_is_pf_aware',
        false,
        event,
        `the VF ${fn.address} was accepted although its PF does not support ATS`,
      );
    }
    if (kind !== 'ats.prepare' || done.pfBusy || operands.pageShift === UNKNOWN) return;
    if (result === 0 && operands.pfStu !== UNKNOWN && operands.pfStu !== operands.pageShift) {
      this.features.observe(
        'prepare_checks_vf_shift',
        false,
        event,
        `prepare of VF ${fn.address} accepted another page shift than its PF holds`,
      );
    }
    if (result === -22 && operands.enabled === 0 && operands.pageShift >= 12 && operands.answered === 1) {
      this.features.observe(
        'prepare_checks_vf_shift',
        true,
        event,
        `prepare of VF ${fn.address} was refused and only its page shift explains it`,
      );
    }
  }

  // --- Points -------------------------------------------------------------------------------------------------------

  private onPoint(fn: FunctionRecord, row: number): void {
    const kind = this.events.kind[row];
    switch (kind) {
      case KIND['config.write']:
      case KIND['config.write_user']:
        return this.onWrite(fn, row, kind === KIND['config.write_user']);
      case KIND['config.read']:
        return this.onRead(fn, row);
      case KIND['cachetag.assign']:
      case KIND['cachetag.unassign']:
        return this.onCacheTag(fn, row, kind === KIND['cachetag.assign']);
      case KIND['iommu.group_remove']:
        fn.removing = true;
        this.windows.releaseBegins(fn, row, this.taskKey(row), true);
        return;
    }
  }

  private onWrite(fn: FunctionRecord, row: number, fromUser: boolean): void {
    const { events, state } = this;
    const value = decodeControl(fn.capOffset, events.where[row], events.width[row], events.value[row]);
    if (!value) return;
    const by = this.atsCallAround(row, fn);
    const write: ControlWrite = {
      fn,
      event: row,
      enable: value.enable,
      stu: value.stu,
      by,
      fromUser,
      behindCore: !by && (fromUser || this.isBehindCore(fn, value.enable, value.stu)),
    };
    for (const hook of ON_WRITE) hook(this, write);
    if (value.enable !== UNKNOWN) state.set(fn.fn, HW_EN, value.enable, row, 'write');
    if (value.stu !== UNKNOWN && fn.isVf === 0) state.set(fn.fn, HW_STU, value.stu, row, 'write');
    if (value.enable === 1) this.windows.enabledAgain(fn);
  }

  private atsCallAround(row: number, fn: FunctionRecord): Call | null {
    const index = this.calls.callOf[row];
    let call = index >= 0 ? this.calls.list[index] : null;
    while (call && !ATS_STATE_KINDS.has(call.kind))
      call = call.parent >= 0 ? this.calls.list[call.parent] : null;
    if (!call) return null;
    const device = this.events.device[call.enter >= 0 ? call.enter : call.exit];
    return device < 0 || this.events.names.get(device) === fn.address ? call : null;
  }

  /**
   * True when no function of the core can have made the write: each that writes such a value is recorded and was not
   * open. Restore writes exactly what the core believes, so another value is not its work even when it is not recorded.
   */
  private isBehindCore(fn: FunctionRecord, enable: number, stu: number): boolean {
    if (enable === UNKNOWN) return false;
    const recorded = (kind: EventKindName) => this.wasRecorded(kind);
    if (enable === 0) return recorded('ats.disable') && recorded('ats.prepare');
    const shift = this.state.get(fn.fn, CORE_STU);
    const asBelieved = shift === UNKNOWN || stu === UNKNOWN || fn.isVf !== 0 || stu === ((shift - 12) & 31);
    return recorded('ats.enable') && (recorded('ats.restore') || !asBelieved);
  }

  private onRead(fn: FunctionRecord, row: number): void {
    const { events, state } = this;
    const value = decodeControl(fn.capOffset, events.where[row], events.width[row], events.value[row]);
    // All ones: the device is gone.
    if (!value || (events.value[row] & 0xffff) === 0xffff) return;
    if (value.stu !== UNKNOWN) for (const hook of ON_READ) hook(this, fn, row, value.stu);
    if (value.enable !== UNKNOWN) state.set(fn.fn, HW_EN, value.enable, row, 'observed');
    if (value.stu !== UNKNOWN && fn.isVf === 0) state.set(fn.fn, HW_STU, value.stu, row, 'observed');
  }

  private onCacheTag(fn: FunctionRecord, row: number, assigned: boolean): void {
    if (this.events.index[row] !== 1) return;
    this.state.set(fn.fn, DRV_EN, assigned ? 1 : 0, row, 'observed');
    for (const hook of ON_BELIEF) hook(this, fn, row);
  }

  private onWarn(row: number): void {
    for (const call of this.warnedCalls) if (call === row) return;
    const symbol = this.events.nameOf(this.events.symbol[row]);
    if (symbol) for (const hook of ON_LONE_WARN) hook(this, row, symbol);
  }

  private get warnedCalls(): readonly number[] {
    this.warned ??= this.calls.list.flatMap((call) =>
      [call.warn, call.driverWarn].filter((warn) => warn >= 0),
    );
    return this.warned;
  }
  private warned: number[] | null = null;

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
      this.machine.forget(fn, row);
    }
  }

  private onLoss(row: number): void {
    for (const fn of this.topology.functions) this.machine.forget(fn, row);
    this.openAts.clear();
    this.windows.forget();
    this.dirty.clear();
  }

  private lookAtStable(row: number): void {
    if (this.dirty.size === 0) return;
    this.stableScope = true;
    for (const id of [...this.dirty].sort((a, b) => a - b)) {
      const fn = this.topology.at(id);
      if (this.openCalls(fn).size > 0 || this.windows.inReset(fn)) continue;
      this.dirty.delete(id);
      for (const hook of ON_STABLE) hook(this, fn, row);
    }
    this.stableScope = false;
  }

  private openCalls(fn: FunctionRecord): Set<number> {
    let open = this.openAts.get(fn.fn);
    if (!open) {
      open = new Set();
      this.openAts.set(fn.fn, open);
    }
    return open;
  }

  /** Another task is inside an ATS call of the function: what it shows may be a state in between. */
  private othersInside(fn: FunctionRecord, row: number): boolean {
    const own = this.calls.callOf[row];
    for (const id of this.openCalls(fn)) if (id !== own) return true;
    return false;
  }

  private nameOf(call: Call): EventKindName {
    return EVENT_KINDS[call.kind].name;
  }

  private taskKey(row: number): number {
    return this.events.source[row] * 0x80000000 + this.events.pid[row];
  }

  /** ATS090 and ATS091: what this recording cannot show. */
  private noteWhatIsMissing(): void {
    const { functions } = this.topology;
    for (const vf of functions.filter((fn) => fn.isVf === 1 && fn.pf < 0)) {
      this.fire('ATS091', {
        fn: vf.fn,
        event: vf.lastEvent,
        message: `The PF of VF ${vf.address} is not named by the recording; what depends on the PF was not judged.`,
        expected: 'The PF of every VF is known.',
        observed: 'No pci_iov_add_virtfn() around the appearance of the VF.',
        evidence: [{ role: 'the VF', event: vf.firstEvent }],
      });
    }
    const late = functions.filter((fn) => !fn.startSeen).length;
    const unfinished = this.calls.list.filter(
      (call) => (call.exit < 0 && !call.entryOnly) || (call.enter < 0 && this.isPaired(call)),
    ).length;
    const losses = this.kindCounts[KIND.loss];
    const parts = [
      ...(late > 0
        ? [
            `${late} of ${functions.length} function generations were there before the recording (or appeared unseen): their first state is unknown`,
          ]
        : []),
      ...(unfinished > 0 ? [`${unfinished} calls lack their entry or their return`] : []),
      ...(losses > 0 ? [`events were lost in ${losses} places`] : []),
    ];
    if (parts.length === 0) return;
    this.fire('ATS090', {
      fn: null,
      event: -1,
      message: `The recording is not complete: ${parts.join('; ')}.`,
      expected: 'A recording from before the functions appear, without loss.',
      observed: parts.join('; '),
      evidence: [],
    });
  }

  /** Entries of the function are recorded too, so that a return alone has lost its entry. */
  private isPaired(call: Call): boolean {
    this.enteredSymbols ??= new Set(
      this.calls.list.filter((other) => other.enter >= 0).map((other) => other.symbol),
    );
    return this.enteredSymbols.has(call.symbol);
  }
  private enteredSymbols: Set<number> | null = null;

  private lastTime(): bigint | null {
    for (let at = this.order.rows.length - 1; at >= 0; at--) {
      const row = this.order.rows[at];
      if (this.order.timed[row]) return this.order.time[row];
    }
    return null;
  }

  // --- What rules may ask -------------------------------------------------------------------------------------------

  feature(name: FeatureName): boolean | null {
    return this.features.get(name);
  }

  wasRecorded(kind: EventKindName): boolean {
    return this.kindCounts[KIND[kind]] > 0;
  }

  callerKind(event: number): 'iommu' | 'foreign' | 'unknown' {
    const id = this.events.caller[event];
    if (id < 0) return 'unknown';
    let kind = this.callerKinds.get(id);
    if (!kind) {
      kind = classifyCaller(this.events.names.get(id), this.imageAddress);
      this.callerKinds.set(id, kind);
    }
    return kind;
  }

  callerText(event: number): string | null {
    return this.events.nameOf(this.events.caller[event]);
  }

  commText(event: number): string | null {
    return this.events.nameOf(this.events.comm[event]);
  }

  taskText(event: number): string {
    const { pid, cpu } = this.events;
    const parts = [];
    const comm = this.commText(event);
    if (comm !== null || pid[event] !== UNKNOWN) {
      parts.push(`task ${[comm ?? '?', pid[event] === UNKNOWN ? '?' : pid[event]].join('/')}`);
    }
    if (cpu[event] !== UNKNOWN) parts.push(`CPU ${cpu[event]}`);
    return parts.length > 0 ? parts.join(' on ') : 'task and CPU not recorded';
  }

  symbolOf(call: Call): string | null {
    return this.events.nameOf(call.symbol);
  }

  enclosing(call: Call, kinds: readonly EventKindName[]): Call | null {
    return enclosing(this.calls, call, new Set(kinds.map((kind) => KIND[kind])));
  }

  resultOf(call: Call): number {
    return call.exit >= 0 ? this.events.result[call.exit] : UNKNOWN;
  }

  because(fn: number, field: number, role: string): EvidenceItem[] {
    const event = this.state.setBy(fn, field);
    return event < 0 || this.state.get(fn, field) === UNKNOWN ? [] : [{ role, event }];
  }

  simultaneous(a: number, b: number): boolean {
    const { events, order } = this;
    if (a < 0 || b < 0 || a === b) return false;
    if (events.pid[a] === events.pid[b] && events.source[a] === events.source[b]) return false;
    if (order.concurrent[a] !== order.concurrent[b]) return true;
    return (
      events.cpu[a] !== events.cpu[b] &&
      order.timed[a] === 1 &&
      order.timed[b] === 1 &&
      order.time[a] === order.time[b]
    );
  }

  fire(rule: string, draft: Draft): void {
    const scope = this.stableScope ? 'state' : (RULE_BY_ID.get(rule)?.once ?? 'each');
    if (this.restsOnCoincidence(draft)) {
      this.undecided(rule, 'two tasks did it at the same instant and nobody knows who came first');
      return;
    }
    this.count(rule).decided++;
    this.collector.fire(rule, draft, this.position, scope);
  }

  /** An operand set by another task at the very instant of the event: the other order is as likely, so nothing is shown. */
  private restsOnCoincidence(draft: Draft): boolean {
    return draft.evidence.some(
      (item) =>
        item.event !== draft.event && this.simultaneous(item.event, draft.event) && !this.isWarn(item.event),
    );
  }

  private isWarn(event: number): boolean {
    return this.events.kind[event] === KIND['log.warn'];
  }

  passed(rule: string): void {
    this.count(rule).decided++;
  }

  undecided(rule: string, why: string): void {
    const count = this.count(rule);
    count.undecided++;
    count.why ??= why;
  }

  question(code: string, reason: string, settle: string): void {
    if (!this.questions.has(`${code} ${reason}`))
      this.questions.set(`${code} ${reason}`, { code, reason, settle });
  }

  private count(rule: string): RuleCount {
    let count = this.counts.get(rule);
    if (!count) {
      count = { decided: 0, undecided: 0, why: null };
      this.counts.set(rule, count);
    }
    return count;
  }
}

const VF_ADD: ReadonlySet<number> = new Set([KIND['vf.add']]);
