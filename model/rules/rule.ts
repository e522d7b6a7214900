import type { EventKindName } from '../events.ts';
import type { FeatureName } from '../features.ts';
import type { Operands } from '../predict.ts';
import type { StateStore } from '../state.ts';
import type { FunctionRecord, Topology } from '../topology.ts';

export type Severity = 'error' | 'warning' | 'note';

/** A record that set an operand of a finding. */
export interface EvidenceItem {
  /** What the record establishes. */
  readonly role: string;
  /** -1 where there is no such record: the item is left out. */
  readonly event: number;
}

/** What a rule reports. */
export interface Draft {
  /** Function generation; null when nothing names it. */
  readonly fn: number | null;
  /** Event that showed it; -1 for a finding about the recording as a whole. */
  readonly event: number;
  readonly severity?: Severity;
  /** Event that made it so, where it is another one. */
  readonly since?: number;
  readonly message: string;
  readonly expected: string;
  readonly observed: string;
  readonly evidence: readonly EvidenceItem[];
  /** Distinguishes findings of one rule on one function: values, never times or memory addresses. */
  readonly key?: string;
  /** Of a rule that fires once per generation: what else tells two of its findings apart. */
  readonly matter?: string;
}

/** Something that must happen to a function; the rule fires when it does not. */
export interface Expectation {
  readonly rule: string;
  readonly fn: number;
  /** Event that made it due. */
  readonly event: number;
  /** The function being used without it is enough to fire. */
  readonly beforeUse: boolean;
  /** The function going away without it fires; otherwise its removal settles the matter. */
  readonly beforeRemoval: boolean;
  /** Event at which it was due already: what is still open is whether its absence did harm. */
  readonly dueAt?: number;
  /**
   * What to report.
   * @param event where the absence showed.
   * @param harmless the last event that showed that it did no harm, or -1.
   */
  overdue(event: number, harmless: number): Draft;
}

/**
 * A call whose outcome is known as far as the recording shows it; the state is the one before its effects. The object is
 * that of the next call soon: whoever looks later keeps values of it, never the call itself.
 */
export interface CompletedCall {
  /** Number of the call. */
  readonly call: number;
  readonly kind: EventKindName;
  /** Event of the entry, or -1. */
  readonly enter: number;
  /** Event of the return, or -1. */
  readonly exit: number;
  /** Event of the kernel's WARN in it, or -1. */
  readonly warn: number;
  /** Event of the WARN with which the calling driver answered its failure, or -1. */
  readonly driverWarn: number;
  readonly fn: FunctionRecord;
  /** Return, or entry where no return was recorded. */
  readonly event: number;
  readonly pageShift: number;
  /** 0 or a negative error number; UNKNOWN. */
  readonly result: number;
  readonly pf: FunctionRecord | null;
  readonly operands: Operands;
  /** The tests of the kernel that may have given the result; empty when none can. */
  readonly explanations: readonly string[];
  /** `features` of `pci_enable_pasid()`; UNKNOWN. */
  readonly features: number;
  /** A prepare or enable of the PF overlaps this call on another task. */
  readonly pfBusy: boolean;
}

/** A write that touches ATS Control. */
export interface ControlWrite {
  readonly fn: FunctionRecord;
  readonly event: number;
  /** Enable after the write; UNKNOWN when the write does not touch it. */
  readonly enable: number;
  /** STU field after the write; UNKNOWN when the write does not touch it. */
  readonly stu: number;
  /** The core ATS call that made it, or -1. */
  readonly by: number;
  readonly fromUser: boolean;
  /** Only the hardware's own log shows it. */
  readonly byHardware?: boolean;
  /** No function of the core can have made this write: each was traced and not open, or writes something else. */
  readonly behindCore: boolean;
}

/** What the function of a call is: a VF, a PF or plain function, or not known. */
export type CalledFunction = 'vf' | 'pf' | 'unknown';

/** How a call ended: with success (a question: with yes), with anything else, or not as far as the recording shows. */
export type Outcome = 'accepted' | 'refused' | 'unknown';

/** What a rule may ask and do. */
export interface RuleContext {
  readonly state: StateStore;
  readonly topology: Topology;
  feature(name: FeatureName): boolean | null;
  /** True when the recording has at least one event of this kind: its probe was there. */
  wasRecorded(kind: EventKindName): boolean;
  /** Writes of the core to ATS Control of this function would be seen as such: the place of the register is known. */
  showsControlWrites(fn: number): boolean;
  /** The end of a call that tells who called: the other one where this one does not. */
  callerToldBy(event: number): number;
  callerKind(event: number): 'iommu' | 'foreign' | 'unknown';
  callerText(event: number): string | null;
  /** `task insmod/190 on CPU 1`, with what is known. */
  taskText(event: number): string;
  commText(event: number): string | null;
  /** Kernel function that an event names; null for no event. */
  symbolAt(event: number): string | null;
  /** Requester id as an error of the kernel log prints it; UNKNOWN where it prints none. */
  requesterAt(event: number): number;
  /** Probed function of a call; null for no call. */
  symbolOf(call: number): string | null;
  /** The innermost open call of these kinds (see `kindMask`) around a call, or -1. */
  enclosing(call: number, kinds: Uint8Array): number;
  /** Result of a finished call; UNKNOWN when not recorded, and for no call. */
  resultOf(call: number): number;
  /** The call an event belongs to, or the innermost open call of its task; -1 for none. */
  callAround(event: number): number;
  /** A value that an event carries; UNKNOWN when it does not. */
  value(event: number, column: 'index' | 'value' | 'where' | 'width' | 'domainType' | 'pageShift'): number;
  kindOf(event: number): EventKindName;
  kindOfCall(call: number): EventKindName;
  /** Common time, ns. */
  timeOf(event: number): bigint | null;
  /** Place of an event in the order of the replay; -1 for no event. */
  positionOf(event: number): number;
  /** The one of two events that came later. */
  later(a: number, b: number): number;
  /** Something must happen to a function; the rule fires when it does not. */
  expect(expectation: Expectation): void;
  /** It can happen no more: the rule fires now. */
  overdue(rule: string, fn: number, event: number): void;
  /** It happened; too late where it was due before. */
  met(rule: string, fn: number): void;
  /** An event shows that its absence did no harm; -1 when one shows the harm. */
  harmless(rule: string, fn: number, event: number): void;
  /** A number that a rule keeps about a function under a name of `NOTE` until events are lost; UNKNOWN when there is none. */
  recall(fn: number, note: number): number;
  remember(fn: number, note: number, value: number): void;
  /** The same for notes of which a function has many, such as its domains. */
  recallOf(fn: number, note: number, of: number): number;
  rememberOf(fn: number, note: number, of: number, value: number): void;
  /** Event that set a value of the state, as an evidence item; none when nothing set it. */
  because(fn: number, field: number, role: string): EvidenceItem[];
  /** The other record of the same write: of a kernel's write the one in the hardware's log, or the reverse; -1. */
  otherViewOf(event: number): number;
  /** The event that took down the link to a function to which something happens now; -1 while it is up or nobody knows. */
  linkDownOf(fn: FunctionRecord, event: number): number;
  /** Two events of different tasks at the same instant: nobody knows which came first. */
  simultaneous(a: number, b: number): boolean;
  fire(rule: string, draft: Draft): void;
  /** The condition of the rule that looks was decided without firing. */
  passed(): void;
  /** An operand of the rule that looks was unknown. */
  undecided(why: string): void;
  /** Something that only a better recording can settle; it makes the verdict inconclusive. */
  question(code: string, reason: string, settle: string): void;
}

/** Moments at which rules look. The state is the one before the effects of the moment, except in `onStable`. */
export interface RuleHooks {
  onCall?(context: RuleContext, done: CompletedCall): void;
  /** A finished call whose events name no device. */
  onUnnamedCall?(context: RuleContext, call: number, event: number): void;
  /** An entry, before the call does anything. */
  onEnter?(context: RuleContext, call: number, fn: FunctionRecord, event: number): void;
  /** An event that is no call: a tracepoint or a record of the log. `fn` is null when it names no function. */
  onPoint?(context: RuleContext, kind: EventKindName, fn: FunctionRecord | null, event: number): void;
  /** The core no longer knows a capability that it knew: a quirk took it away. */
  onCapabilityGone?(context: RuleContext, fn: FunctionRecord, event: number): void;
  /** The hardware of a function is reset. */
  onHardwareReset?(context: RuleContext, fn: FunctionRecord, event: number): void;
  /** VF Enable of the PF of these VFs is cleared: they are gone, or reset if it is set again. */
  onVfsCleared?(context: RuleContext, vfs: readonly FunctionRecord[], event: number): void;
  onWrite?(context: RuleContext, write: ControlWrite): void;
  /** A write to PASID Control in the hardware's log, before its effect; `bits` are Enable, Execute, Privileged. */
  onPasidWrite?(context: RuleContext, fn: FunctionRecord, event: number, bits: number): void;
  /** After any change of a function while no ATS call and no reset of it is open. */
  onStable?(context: RuleContext, fn: FunctionRecord, event: number): void;
  /** The driver's belief changed by a cache tag. */
  onBelief?(context: RuleContext, fn: FunctionRecord, event: number): void;
  /** A reset with everything around it is over. */
  onResetEnd?(context: RuleContext, reset: ResetDone): void;
  /** The IOMMU driver let a function go, or the function is gone, and what belongs to it is over. */
  onReleased?(context: RuleContext, fn: FunctionRecord, event: number): void;
  /** A value of ATS Control was read, at whatever time. */
  onRead?(context: RuleContext, fn: FunctionRecord, event: number, stu: number): void;
  /** A read whose place in the order is known shows Enable of ATS Control. */
  onShown?(context: RuleContext, fn: FunctionRecord, event: number, enable: number): void;
  /** A kernel WARN that belongs to no recorded call. */
  onLoneWarn?(context: RuleContext, event: number, symbol: string, fn: FunctionRecord | null): void;
}

export interface ResetDone {
  readonly fn: FunctionRecord;
  /** Event of the reset itself. */
  readonly event: number;
  readonly endEvent: number;
  /** The reset said that it did nothing. */
  readonly failed: boolean;
  /** `core.en` when it began. */
  readonly enabledBefore: number;
  /** An enable, or a restore, or a write with Enable was seen after the reset. */
  readonly enabledAgain: boolean;
  /** The recording would have shown one. */
  readonly observable: boolean;
}

export interface Rule extends RuleHooks {
  /** Kinds of call that `onCall` looks at; without it, every kind. */
  readonly calls?: readonly EventKindName[];
  /** Functions whose calls `onCall` looks at; without it, all. */
  readonly callsOf?: readonly CalledFunction[];
  /** Outcomes of calls that `onCall` looks at; without it, all. */
  readonly outcomes?: readonly Outcome[];
  /** Kinds of entry that `onEnter` looks at; without it, every kind. */
  readonly entries?: readonly EventKindName[];
  /** Kinds of event that `onPoint` looks at; without it, every kind. */
  readonly points?: readonly EventKindName[];
  readonly id: string;
  readonly name: string;
  readonly severity: Severity;
  /** When the severity differs from the base, and on which kernels. */
  readonly severityNote?: string;
  readonly layers: readonly ('hw' | 'core' | 'drv' | 'trace')[];
  readonly condition: string;
  readonly versions: string;
  readonly meaning: string;
  readonly fix: string;
  /** Kinds of event without which the condition can never be decided. Any one of an inner list will do. */
  readonly needs: readonly (readonly EventKindName[])[];
  /** Rules that may be the root of this one on the same function, or on its PF. */
  readonly causes?: readonly string[];
  /** Rules that say the same and more: where one of them fires on the same function, this one is left out. */
  readonly replacedBy?: readonly string[];
  /** One finding per function generation, or one per key in the recording; without it every occurrence is a finding. */
  readonly once?: 'generation' | 'key';
  /** The one finding of a generation says how many there were. */
  readonly tellsCount?: true;
  readonly references: readonly string[];
}
