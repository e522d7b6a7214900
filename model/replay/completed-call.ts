import type { Calls } from '../calls.ts';
import type { EventColumns } from '../event-columns.ts';
import { EVENT_KINDS, type EventKindName, UNKNOWN } from '../events.ts';
import type { Features } from '../features.ts';
import { CallOperands, contractFeatures } from '../machine.ts';
import { type ContractFeatures, explanations, type Operands, type StepName } from '../predict.ts';
import type { CompletedCall } from '../rules/rule.ts';
import type { StateStore } from '../state.ts';
import type { FunctionRecord } from '../topology.ts';
import type { RuleBench } from './bench.ts';
import type { CallsUnderWay } from './calls-under-way.ts';

const NONE: readonly StepName[] = [];

/** Where finished calls look things up. */
export class CallFacts {
  readonly events: EventColumns;
  readonly calls: Calls;
  readonly state: StateStore;
  private readonly underWay: CallsUnderWay;
  private readonly bench: RuleBench;
  private readonly features: Features;
  private known: ContractFeatures;
  private corrections = 0;

  constructor(
    events: EventColumns,
    calls: Calls,
    state: StateStore,
    features: Features,
    underWay: CallsUnderWay,
    bench: RuleBench,
  ) {
    this.events = events;
    this.calls = calls;
    this.state = state;
    this.features = features;
    this.underWay = underWay;
    this.bench = bench;
    this.known = contractFeatures(features);
  }

  get contract(): ContractFeatures {
    if (this.features.corrections.length !== this.corrections) {
      this.corrections = this.features.corrections.length;
      this.known = contractFeatures(this.features);
    }
    return this.known;
  }

  /**
   * A prepare or enable of the PF overlaps a call of a VF that began with this event: no lock orders a PF's prepare and
   * enable against its VFs' (contract section 6).
   */
  pfWasBusy(pf: FunctionRecord, enter: number): boolean {
    if (this.underWay.isBusy(pf.fn)) return true;
    const changed = this.underWay.lastUnitChange(pf);
    if (changed < 0 || enter < 0) return false;
    const { bench } = this;
    return bench.positionOf(changed) > bench.positionOf(enter) || bench.simultaneous(changed, enter);
  }
}

/**
 * A finished call as the rules see it. One object stands for one call after the other: who wants to know something later
 * keeps the value, not the call. What it takes to explain its result is worked out when a rule asks, from the state at that
 * moment: rules look before the call has its effects.
 */
export class FinishedCall implements CompletedCall {
  call = -1;
  kind: EventKindName = 'loss';
  enter = -1;
  exit = -1;
  fn!: FunctionRecord;
  pf: FunctionRecord | null = null;
  event = -1;
  pageShift = UNKNOWN;
  result = UNKNOWN;
  private readonly facts: CallFacts;
  private readonly ownOperands = new CallOperands();
  private hasOperands = false;
  private ownExplanations: readonly StepName[] | null = null;

  constructor(facts: CallFacts) {
    this.facts = facts;
  }

  /** @param event the return, or the entry where no return was recorded. */
  take(call: number, fn: FunctionRecord, pf: FunctionRecord | null, event: number): void {
    const { events, calls } = this.facts;
    const enter = calls.enter[call];
    const exit = calls.exit[call];
    const asked = enter >= 0 ? events.pageShift[enter] : UNKNOWN;
    this.call = call;
    this.kind = EVENT_KINDS[calls.kind[call]].name;
    this.enter = enter;
    this.exit = exit;
    this.fn = fn;
    this.pf = pf;
    this.event = event;
    this.pageShift = asked !== UNKNOWN || exit < 0 ? asked : events.pageShift[exit];
    this.result = exit >= 0 ? events.result[exit] : UNKNOWN;
    this.hasOperands = false;
    this.ownExplanations = null;
  }

  get warn(): number {
    return this.facts.calls.warn[this.call];
  }

  get driverWarn(): number {
    return this.facts.calls.driverWarn[this.call];
  }

  get features(): number {
    const { value } = this.facts.events;
    const entered = this.enter >= 0 ? value[this.enter] : UNKNOWN;
    return entered !== UNKNOWN ? entered : value[this.event];
  }

  get capShown(): number {
    return this.facts.events.cap[this.event];
  }

  get pfBusy(): boolean {
    return this.pf !== null && this.facts.pfWasBusy(this.pf, this.enter);
  }

  get operands(): Operands {
    if (!this.hasOperands) {
      this.ownOperands.take(this.facts.state, this.fn, this.pf, this.pageShift);
      this.hasOperands = true;
    }
    return this.ownOperands;
  }

  get explanations(): readonly StepName[] {
    if (!this.ownExplanations) {
      const { kind, result } = this;
      this.ownExplanations =
        (kind === 'ats.prepare' || kind === 'ats.enable') && result !== UNKNOWN
          ? explanations(kind, this.operands, this.facts.contract, result)
          : NONE;
    }
    return this.ownExplanations;
  }

  /** The assumed features changed: what explains the result is worked out again. */
  explainAgain(): void {
    this.ownExplanations = null;
  }
}
