import type { Calls } from '../calls.ts';
import type { EventColumns } from '../event-columns.ts';
import { EVENT_KINDS, type EventKindName, UNKNOWN } from '../events.ts';
import type { Features } from '../features.ts';
import { contractFeatures, operandsOf } from '../machine.ts';
import { type ContractFeatures, explanations, type Operands, type StepName } from '../predict.ts';
import type { CompletedCall } from '../rules/rule.ts';
import type { StateStore } from '../state.ts';
import type { FunctionRecord } from '../topology.ts';

const NONE: readonly StepName[] = [];

/** Where finished calls look things up. */
export class CallFacts {
  readonly events: EventColumns;
  readonly calls: Calls;
  readonly state: StateStore;
  /** A prepare or enable of the PF overlaps a call of a VF that began with this event. */
  readonly pfWasBusy: (pf: FunctionRecord, enter: number) => boolean;
  private readonly features: Features;
  private known: ContractFeatures;
  private corrections = 0;

  constructor(
    events: EventColumns,
    calls: Calls,
    state: StateStore,
    features: Features,
    pfWasBusy: (pf: FunctionRecord, enter: number) => boolean,
  ) {
    this.events = events;
    this.calls = calls;
    this.state = state;
    this.features = features;
    this.pfWasBusy = pfWasBusy;
    this.known = contractFeatures(features);
  }

  get contract(): ContractFeatures {
    if (this.features.corrections.length !== this.corrections) {
      this.corrections = this.features.corrections.length;
      this.known = contractFeatures(this.features);
    }
    return this.known;
  }
}

/**
 * A finished call as the rules see it. What it takes to explain its result is worked out when a rule asks, from the state
 * at that moment: rules look before the call has its effects.
 */
export class FinishedCall implements CompletedCall {
  readonly call: number;
  readonly kind: EventKindName;
  readonly enter: number;
  readonly exit: number;
  readonly fn: FunctionRecord;
  readonly pf: FunctionRecord | null;
  readonly event: number;
  readonly pageShift: number;
  readonly result: number;
  private readonly facts: CallFacts;
  private ownOperands: Operands | null = null;
  private ownExplanations: readonly StepName[] | null = null;

  constructor(facts: CallFacts, call: number, fn: FunctionRecord, pf: FunctionRecord | null, event: number) {
    const { events, calls } = facts;
    const enter = calls.enter[call];
    const exit = calls.exit[call];
    const asked = enter >= 0 ? events.pageShift[enter] : UNKNOWN;
    this.facts = facts;
    this.call = call;
    this.kind = EVENT_KINDS[calls.kind[call]].name;
    this.enter = enter;
    this.exit = exit;
    this.fn = fn;
    this.pf = pf;
    this.event = event;
    this.pageShift = asked !== UNKNOWN || exit < 0 ? asked : events.pageShift[exit];
    this.result = exit >= 0 ? events.result[exit] : UNKNOWN;
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

  get pfBusy(): boolean {
    return this.pf !== null && this.facts.pfWasBusy(this.pf, this.enter);
  }

  get operands(): Operands {
    this.ownOperands ??= operandsOf(this.facts.state, this.fn, this.pf, this.pageShift);
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
