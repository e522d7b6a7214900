import type { EventKindName } from '../events.ts';
import { UNKNOWN } from '../events.ts';
import { operandsOf } from '../machine.ts';
import { type ContractFeatures, explanations, type Operands, type StepName } from '../predict.ts';
import type { CompletedCall } from '../rules/rule.ts';
import type { StateStore } from '../state.ts';
import type { FunctionRecord } from '../topology.ts';

const NONE: readonly StepName[] = [];

/**
 * A finished call as the rules see it. What it takes to explain its result is worked out when a rule asks, from the state
 * at that moment: rules look before the call has its effects.
 */
export class FinishedCall implements CompletedCall {
  readonly call: number;
  readonly kind: EventKindName;
  readonly enter: number;
  readonly exit: number;
  readonly warn: number;
  readonly driverWarn: number;
  readonly fn: FunctionRecord;
  readonly pf: FunctionRecord | null;
  readonly event: number;
  readonly pageShift: number;
  readonly result: number;
  readonly features: number;
  readonly pfBusy: boolean;
  private readonly state: StateStore;
  private readonly contract: () => ContractFeatures;
  private ownOperands: Operands | null = null;
  private ownExplanations: readonly StepName[] | null = null;

  constructor(
    fields: Omit<CompletedCall, 'operands' | 'explanations'>,
    state: StateStore,
    contract: () => ContractFeatures,
  ) {
    this.call = fields.call;
    this.kind = fields.kind;
    this.enter = fields.enter;
    this.exit = fields.exit;
    this.warn = fields.warn;
    this.driverWarn = fields.driverWarn;
    this.fn = fields.fn;
    this.pf = fields.pf;
    this.event = fields.event;
    this.pageShift = fields.pageShift;
    this.result = fields.result;
    this.features = fields.features;
    this.pfBusy = fields.pfBusy;
    this.state = state;
    this.contract = contract;
  }

  get operands(): Operands {
    this.ownOperands ??= operandsOf(this.state, this.fn, this.pf, this.pageShift);
    return this.ownOperands;
  }

  get explanations(): readonly StepName[] {
    if (!this.ownExplanations) {
      const { kind, result } = this;
      this.ownExplanations =
        (kind === 'ats.prepare' || kind === 'ats.enable') && result !== UNKNOWN
          ? explanations(kind, this.operands, this.contract(), result)
          : NONE;
    }
    return this.ownExplanations;
  }

  /** The assumed features changed: what explains the result is worked out again. */
  explainAgain(): void {
    this.ownExplanations = null;
  }
}
