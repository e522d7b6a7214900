import { type EventKindName, UNKNOWN } from './events.ts';
import type { Features } from './features.ts';
import type { Observation } from './observation.ts';
import { type ContractFeatures, EBUSY, type Operands, triOf } from './predict.ts';
import {
  CORE_CAP,
  CORE_EN,
  CORE_PASID,
  CORE_PRI,
  CORE_STU,
  CORE_SUPPORTED,
  CORE_UNTRUSTED,
  FIELD_COUNT,
  HW_EN,
  HW_PASID,
  HW_STU,
  STATE_FIELDS,
  type StateStore,
} from './state.ts';
import type { FunctionRecord, Topology } from './topology.ts';

/** What the machine needs to know of a finished call. */
export interface Outcome {
  readonly kind: EventKindName;
  readonly fn: FunctionRecord;
  /** Event of the kernel's WARN in the call, or -1. */
  readonly warn: number;
  readonly event: number;
  readonly pageShift: number;
  readonly result: number;
  readonly explanations: readonly string[];
  /** `features` of `pci_enable_pasid()`; UNKNOWN. */
  readonly features: number;
  /** `ats_cap` as the event prints it; UNKNOWN. */
  readonly capShown: number;
}

/** `pci_ats_supported()` of one function, as far as it is known without asking a PF. */
export function ownSupport(state: StateStore, fn: number): number {
  const answered = state.get(fn, CORE_SUPPORTED);
  const cap = state.get(fn, CORE_CAP);
  const untrusted = state.get(fn, CORE_UNTRUSTED);
  if (cap === 0 || untrusted === 1) return 0;
  if (answered !== UNKNOWN) return answered;
  return cap === 1 && untrusted === 0 ? 1 : UNKNOWN;
}

export function contractFeatures(features: Features): ContractFeatures {
  return {
    pfAware: triOf(features.get('supported_is_pf_aware')),
    checksVfShift: triOf(features.get('prepare_checks_vf_shift')),
  };
}

/** Operands that take their values again and again, so that a call costs no memory. */
export class CallOperands implements Operands {
  cap = UNKNOWN;
  untrusted = UNKNOWN;
  pfSupported = UNKNOWN;
  answered = UNKNOWN;
  enabled = UNKNOWN;
  isVf = UNKNOWN;
  pfStu = UNKNOWN;
  pageShift = UNKNOWN;

  take(state: StateStore, fn: FunctionRecord, pf: FunctionRecord | null, pageShift: number): void {
    this.cap = state.get(fn.fn, CORE_CAP);
    this.untrusted = state.get(fn.fn, CORE_UNTRUSTED);
    this.pfSupported = pf ? ownSupport(state, pf.fn) : UNKNOWN;
    this.answered = state.get(fn.fn, CORE_SUPPORTED);
    this.enabled = state.get(fn.fn, CORE_EN);
    this.isVf = fn.isVf;
    this.pfStu = pf ? state.get(pf.fn, CORE_STU) : UNKNOWN;
    this.pageShift = pageShift;
  }
}

/**
 * The state machine of one function: what a finished call does to hardware and core, and what its outcome teaches
 * (contract sections 2 and 3, rules section 0.2). Called after the rules have looked.
 */
export class Machine {
  private readonly state: StateStore;
  private readonly topology: Topology;
  private readonly features: Features;
  private readonly observation: Pick<Observation, 'wouldShow'>;

  /** @param observation which calls the recording would show. */
  constructor(
    state: StateStore,
    topology: Topology,
    features: Features,
    observation: Pick<Observation, 'wouldShow'> = { wouldShow: () => true },
  ) {
    this.state = state;
    this.topology = topology;
    this.features = features;
    this.observation = observation;
  }

  /** A device that appears: the core starts from nothing, the hardware is whatever it is. */
  appear(fn: FunctionRecord, event: number): void {
    const { state } = this;
    state.set(fn.fn, CORE_EN, 0, event, 'call');
    // What nobody records does not stay as it was.
    const setter = this.features.get('prepare_exists') === false ? 'ats.enable' : 'ats.prepare';
    const held = this.observation.wouldShow(setter);
    if (held) state.set(fn.fn, CORE_STU, 0, event, 'call');
    else state.set(fn.fn, CORE_STU, UNKNOWN, event, 'lost');
    // The hardware showed how the VF began.
    if (fn.announced) return;
    for (const field of [HW_EN, HW_STU]) state.set(fn.fn, field, UNKNOWN, event, 'call');
  }

  apply(outcome: Outcome): void {
    switch (outcome.kind) {
      case 'ats.supported':
        return this.supported(outcome);
      case 'ats.prepare':
        return this.prepare(outcome);
      case 'ats.enable':
        return this.enable(outcome);
      case 'ats.disable':
        return this.disable(outcome);
      case 'ats.restore':
        return this.restore(outcome);
      case 'pasid.enable':
      case 'pasid.disable':
        return this.pasid(outcome);
      case 'pri.enable':
      case 'pri.disable':
        return this.pri(outcome);
    }
  }

  private supported({ fn, result, event, capShown }: Outcome): void {
    const { state } = this;
    if (result === UNKNOWN) return;
    state.set(fn.fn, CORE_SUPPORTED, result, event, 'observed');
    if (result === 1) {
      state.set(fn.fn, CORE_CAP, 1, event, 'learned');
      state.set(fn.fn, CORE_UNTRUSTED, 0, event, 'learned');
    } else if (this.mustBeUntrusted(fn, capShown)) state.set(fn.fn, CORE_UNTRUSTED, 1, event, 'learned');
  }

  /**
   * The support test says no to a function whose capability the core knows at that moment: it asks for nothing else than
   * trust, of the function or, where it is PF-aware, of the PF. A capability known from before is not enough: a quirk may
   * have taken it.
   */
  private mustBeUntrusted(fn: FunctionRecord, capShown: number): boolean {
    if (capShown === UNKNOWN || capShown === 0 || this.state.isKnown(fn.fn, CORE_UNTRUSTED)) return false;
    if (fn.isVf === 0) return true;
    if (fn.isVf === UNKNOWN) return false;
    if (this.features.get('supported_is_pf_aware') === false) return true;
    const pf = this.pfOf(fn);
    return pf !== null && ownSupport(this.state, pf.fn) === 1;
  }

  private prepare(outcome: Outcome): void {
    const { fn, event, pageShift, result } = outcome;
    const { state } = this;
    if (result === EBUSY) return state.set(fn.fn, CORE_EN, 1, event, 'learned');
    if (result === UNKNOWN) {
      fn.prepared = null;
      fn.mayBePrepared = true;
      return this.forgetAfter(fn, event, [CORE_STU, HW_EN, HW_STU]);
    }
    if (result !== 0) return this.learnRefusal(outcome);
    this.accepted(fn, event);
    state.set(fn.fn, CORE_EN, 0, event, 'learned');
    if (fn.isVf === 1) {
      const pf = this.pfOf(fn);
      if (pf && this.features.get('prepare_checks_vf_shift') === true && pageShift !== UNKNOWN) {
        state.set(pf.fn, CORE_STU, pageShift & 0xff, event, 'learned');
      }
      return;
    }
    if (fn.isVf === UNKNOWN) return this.forgetAfter(fn, event, [CORE_STU, HW_EN, HW_STU]);
    this.setUnit(fn, pageShift, event);
    state.set(fn.fn, HW_EN, 0, event, 'call');
    fn.prepared = { pageShift, event };
    fn.mayBePrepared = false;
  }

  private enable(outcome: Outcome): void {
    const { fn, event, pageShift, result } = outcome;
    const { state } = this;
    if (result === EBUSY) return state.set(fn.fn, CORE_EN, 1, event, 'learned');
    if (result === UNKNOWN) return this.forgetAfter(fn, event, [CORE_EN, CORE_STU, HW_EN, HW_STU]);
    if (result !== 0) return this.learnRefusal(outcome);
    this.accepted(fn, event);
    state.set(fn.fn, CORE_EN, 1, event, 'call');
    state.set(fn.fn, HW_EN, 1, event, 'call');
    if (fn.isVf === 1) {
      const pf = this.pfOf(fn);
      if (pf && pageShift !== UNKNOWN) state.set(pf.fn, CORE_STU, pageShift & 0xff, event, 'learned');
    } else if (fn.isVf === 0) this.setUnit(fn, pageShift, event);
    else this.forgetAfter(fn, event, [CORE_STU, HW_STU]);
  }

  private disable({ fn, event, warn }: Outcome): void {
    const { state } = this;
    const was = state.get(fn.fn, CORE_EN);
    // Without a capability offset the write goes to PCI Status, and the device keeps ATS on (contract 3.4).
    if (warn < 0 && was === 1 && state.get(fn.fn, CORE_CAP) !== 0) state.set(fn.fn, HW_EN, 0, event, 'call');
    // Where nothing says whether it was on, nothing says whether the register was written.
    else if (warn < 0 && was === UNKNOWN && state.get(fn.fn, HW_EN) === 1)
      state.set(fn.fn, HW_EN, UNKNOWN, event, 'lost');
    // With or without its WARN, the core has ATS off afterwards.
    state.set(fn.fn, CORE_EN, 0, event, warn >= 0 ? 'learned' : 'call');
  }

  private restore({ fn, event }: Outcome): void {
    const { state } = this;
    const on = state.get(fn.fn, CORE_EN);
    if (on === UNKNOWN && state.get(fn.fn, HW_EN) === 0) state.set(fn.fn, HW_EN, UNKNOWN, event, 'lost');
    // Without a capability offset it writes PCI Status (contract 3.4).
    if (on !== 1 || state.get(fn.fn, CORE_CAP) === 0) return;
    state.set(fn.fn, HW_EN, 1, event, 'call');
    const shift = state.get(fn.fn, CORE_STU);
    if (fn.isVf === 0 && shift !== UNKNOWN && shift !== 0)
      state.set(fn.fn, HW_STU, (shift - 12) & 31, event, 'call');
  }

  /** A VF has no PASID capability of its own: calls on it do nothing (contract 3.6). */
  private pasid({ kind, fn, event, result, features }: Outcome): void {
    const { state } = this;
    if (fn.isVf !== 0) return;
    if (result === EBUSY) return state.set(fn.fn, CORE_PASID, 1, event, 'learned');
    if (kind === 'pasid.enable' && result !== 0) return;
    const enables = kind === 'pasid.enable';
    state.set(fn.fn, CORE_PASID, enables ? 1 : 0, event, 'call');
    const bits = !enables ? 0 : features === UNKNOWN ? UNKNOWN : (features & 6) | 1;
    state.set(fn.fn, HW_PASID, bits, event, 'call');
  }

  private pri({ kind, fn, event, result }: Outcome): void {
    if (fn.isVf !== 0) return;
    if (result === EBUSY) return this.state.set(fn.fn, CORE_PRI, 1, event, 'learned');
    if (kind === 'pri.enable' && result !== 0) return;
    this.state.set(fn.fn, CORE_PRI, kind === 'pri.enable' ? 1 : 0, event, 'call');
  }

  /** A result of 0 says that the function passed the support test. */
  private accepted(fn: FunctionRecord, event: number): void {
    this.state.set(fn.fn, CORE_CAP, 1, event, 'learned');
    this.state.set(fn.fn, CORE_UNTRUSTED, 0, event, 'learned');
    this.state.set(fn.fn, CORE_SUPPORTED, 1, event, 'learned');
  }

  private setUnit(fn: FunctionRecord, pageShift: number, event: number): void {
    if (pageShift === UNKNOWN) return this.forgetAfter(fn, event, [CORE_STU, HW_STU]);
    // The core keeps 8 bits, the register 5.
    this.state.set(fn.fn, CORE_STU, pageShift & 0xff, event, 'call');
    this.state.set(fn.fn, HW_STU, ((pageShift & 0xff) - 12) & 31, event, 'call');
  }

  /** -EINVAL is a disjunction; when all but one of its causes are known to be false, it teaches that one. */
  private learnRefusal({ fn, event, explanations }: Outcome): void {
    if (explanations.length === 1 && explanations[0] === 'unsupported') {
      this.state.set(fn.fn, CORE_SUPPORTED, 0, event, 'learned');
    }
  }

  private forgetAfter(fn: FunctionRecord, event: number, fields: readonly number[]): void {
    for (const field of fields) this.state.set(fn.fn, field, UNKNOWN, event, 'lost');
  }

  private pfOf(fn: FunctionRecord): FunctionRecord | null {
    return this.topology.pfOf(fn);
  }

  /** Forgets what a call that names no device may have changed in a function; its capability stays. */
  forgetCalls(fn: FunctionRecord, event: number): void {
    for (let field = 0; field < FIELD_COUNT; field++) {
      if (field !== CORE_CAP) this.state.set(fn.fn, field, UNKNOWN, event, 'lost');
    }
    fn.prepared = null;
    fn.startSeen = false;
  }

  /** Forgets what only the kernel's own recording tells of it: the recording is over, the hardware goes on. */
  forgetKernel(fn: FunctionRecord, event: number): void {
    STATE_FIELDS.forEach(({ layer }, field) => {
      if (layer !== 'hw') this.state.set(fn.fn, field, UNKNOWN, event, 'ended');
    });
  }

  /**
   * Forgets what lost events may have changed: all but what the hardware is and whose VF it is. The function may even
   * have gone and come back, so what the core knew of its capability is forgotten too.
   */
  forgetAll(fn: FunctionRecord, event: number): void {
    this.forgetCalls(fn, event);
    this.state.set(fn.fn, CORE_CAP, UNKNOWN, event, 'lost');
    this.forgetLife(fn);
  }

  /** The same, where a log of the hardware shows what happened to the registers meanwhile. */
  forgetAllButHardware(fn: FunctionRecord, event: number): void {
    this.forgetKernel(fn, event);
    this.forgetLife(fn);
  }

  private forgetLife(fn: FunctionRecord): void {
    fn.prepared = null;
    fn.startSeen = false;
    fn.discovered = false;
    fn.probed = false;
  }
}
