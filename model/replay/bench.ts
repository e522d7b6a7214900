import type { Calls } from '../calls.ts';
import { EVENT_KINDS, type EventKindName, HARDWARE_KINDS, KIND, UNKNOWN } from '../events.ts';
import type { FeatureName, Features } from '../features.ts';
import { FindingCollector } from '../findings.ts';
import type { MatchedWrite } from '../hardware/align.ts';
import { classifyCaller } from '../known-functions.ts';
import { type Look, looksAtCall, RULE_BY_ID } from '../rules/index.ts';
import type { CompletedCall, Draft, EvidenceItem, Expectation, RuleContext } from '../rules/rule.ts';
import type { StateStore } from '../state.ts';
import type { FunctionRecord, Topology } from '../topology.ts';
import { Expectations } from './expectations.ts';
import { Links } from './links.ts';
import { RuleMemory } from './memory.ts';
import { Recorded, type RecordedInput } from './recorded.ts';
import { placeOf, type RuleCounts, RuleTally } from './rule-counts.ts';

export interface Question {
  readonly code: string;
  readonly reason: string;
  readonly settle: string;
  /** False where the answer would not change the verdict. */
  readonly decisive: boolean;
}

export interface BenchInput extends RecordedInput {
  readonly calls: Calls;
  readonly state: StateStore;
  readonly topology: Topology;
  readonly features: Features;
  /** An address inside the kernel image that the recording prints, where it prints addresses. */
  readonly imageAddress: bigint | null;
  /** The write as the kernel tells it, by row of the hardware's event. */
  readonly matches: ReadonlyMap<number, MatchedWrite>;
}

const CALLER_KINDS = ['iommu', 'foreign', 'unknown'] as const;

/** Where rules stand while they look: what they may ask, and where they put what they found. */
export class RuleBench implements RuleContext {
  readonly state: StateStore;
  readonly topology: Topology;
  readonly collector = new FindingCollector();
  readonly questions = new Map<string, Question>();
  private readonly tally = new RuleTally();
  readonly recorded: Recorded;
  readonly links: Links;
  readonly expectations = new Expectations({
    position: () => this.position,
    missed: (rule, draft, position) => this.fireAt(rule, draft, position),
    passed: (rule, fn) => this.decided(rule, fn),
  });
  /** Position of the replay. */
  position = 0;
  /** Function generation that rules look at; -1 when nothing names it. */
  subject = -1;
  /** Place in `RULES` of the rule that looks. */
  private rule = -1;
  /** While rules look at a state rather than at an event, the same state is reported once. */
  stateScope = false;
  private readonly input: BenchInput;
  /** Hardware records by the row of the kernel's event. */
  private readonly otherViews = new Map<number, number>();
  /** By the id of the caller's name: 0 while nobody asked, else 1 + the place in `CALLER_KINDS`. */
  private readonly callerKinds: Uint8Array;
  private readonly memory = new RuleMemory();

  constructor(input: BenchInput) {
    this.input = input;
    this.state = input.state;
    this.topology = input.topology;
    this.links = new Links(input.events);
    this.callerKinds = new Uint8Array(input.events.names.size);
    this.recorded = new Recorded(input);
    for (const [row, match] of input.matches) this.otherViews.set(match.row, row);
  }

  feature(name: FeatureName): boolean | null {
    return this.input.features.get(name);
  }

  showsControlWrites(fn: number): boolean {
    const place = this.topology.at(fn).capOffset;
    return this.recorded.showsWordWrites && place !== UNKNOWN && place !== 0;
  }

  /** Whoever writes ATS Control of the function would be seen: by the kernel's trace or by a log of the hardware. */
  watchesRegister(fn: number): boolean {
    return this.input.matches.size > 0 || this.showsControlWrites(fn);
  }

  wasRecorded(kind: EventKindName): boolean {
    return this.recorded.observation.wouldShow(kind);
  }

  callerKind(event: number): 'iommu' | 'foreign' | 'unknown' {
    return this.callerKindOf(this.callerToldBy(event));
  }

  callerToldBy(event: number): number {
    if (this.callerKindOf(event) !== 'unknown') return event;
    const { calls } = this.input;
    const call = calls.callOf[event];
    if (call < 0 || (calls.enter[call] !== event && calls.exit[call] !== event)) return event;
    const other = calls.enter[call] === event ? calls.exit[call] : calls.enter[call];
    return other >= 0 && this.callerKindOf(other) !== 'unknown' ? other : event;
  }

  private callerKindOf(event: number): 'iommu' | 'foreign' | 'unknown' {
    const { events, imageAddress } = this.input;
    const id = events.caller[event];
    if (id < 0) return 'unknown';
    if (this.callerKinds[id] === 0)
      this.callerKinds[id] = 1 + CALLER_KINDS.indexOf(classifyCaller(events.names.get(id), imageAddress));
    return CALLER_KINDS[this.callerKinds[id] - 1];
  }

  callerText(event: number): string | null {
    return this.input.events.nameOf(this.input.events.caller[this.callerToldBy(event)]);
  }

  commText(event: number): string | null {
    return this.input.events.nameOf(this.input.events.comm[event]);
  }

  symbolAt(event: number): string | null {
    return event < 0 ? null : this.input.events.nameOf(this.input.events.symbol[event]);
  }

  requesterAt(event: number): number {
    return this.input.events.value[event];
  }

  taskText(event: number): string {
    const { pid, cpu } = this.input.events;
    const parts = [];
    const comm = this.commText(event);
    if (comm !== null || pid[event] !== UNKNOWN) {
      parts.push(`task ${[comm ?? '?', pid[event] === UNKNOWN ? '?' : pid[event]].join('/')}`);
    }
    if (cpu[event] !== UNKNOWN) parts.push(`CPU ${cpu[event]}`);
    return parts.length > 0 ? parts.join(' on ') : 'task and CPU not recorded';
  }

  symbolOf(call: number): string | null {
    return call < 0 ? null : this.input.events.nameOf(this.input.calls.symbol[call]);
  }

  enclosing(call: number, kinds: Uint8Array): number {
    return this.input.calls.enclosing(call, kinds);
  }

  callAround(event: number): number {
    return this.input.calls.callOf[event];
  }

  resultOf(call: number): number {
    const exit = call < 0 ? -1 : this.input.calls.exit[call];
    return exit >= 0 ? this.input.events.result[exit] : UNKNOWN;
  }

  value(event: number, column: 'index' | 'value' | 'where' | 'width' | 'domainType' | 'pageShift'): number {
    return this.input.events[column][event];
  }

  kindOf(event: number): EventKindName {
    return EVENT_KINDS[this.input.events.kind[event]].name;
  }

  kindOfCall(call: number): EventKindName {
    return EVENT_KINDS[this.input.calls.kind[call]].name;
  }

  positionOf(event: number): number {
    return event < 0 ? -1 : this.input.order.positions[event];
  }

  later(a: number, b: number): number {
    return this.positionOf(a) >= this.positionOf(b) ? a : b;
  }

  timeOf(event: number): bigint | null {
    return event >= 0 && this.input.order.timed[event] ? this.input.order.time[event] : null;
  }

  because(fn: number, field: number, role: string): EvidenceItem[] {
    const event = this.state.setBy(fn, field);
    return event < 0 || this.state.get(fn, field) === UNKNOWN ? [] : [{ role, event }];
  }

  otherViewOf(event: number): number {
    return this.otherViews.get(event) ?? this.input.matches.get(event)?.row ?? -1;
  }

  simultaneous(a: number, b: number): boolean {
    const { events, order } = this.input;
    if (a < 0 || b < 0 || a === b) return false;
    // What a function is holds whenever the listing that shows it was taken.
    if (events.kind[a] === KIND['listing.function'] || events.kind[b] === KIND['listing.function'])
      return false;
    // The hardware is no task: its log was laid onto the kernel's in the order of the writes.
    if (HARDWARE_KINDS[events.kind[a]] || HARDWARE_KINDS[events.kind[b]]) return false;
    if (events.pid[a] === events.pid[b] && events.source[a] === events.source[b]) return false;
    if (order.concurrent[a] !== order.concurrent[b]) return true;
    return (
      events.cpu[a] !== events.cpu[b] &&
      order.timed[a] === 1 &&
      order.timed[b] === 1 &&
      order.time[a] === order.time[b]
    );
  }

  expect(expectation: Expectation): void {
    this.expectations.expect(expectation);
  }

  overdue(rule: string, fn: number, event: number): void {
    this.expectations.overdue(rule, fn, event);
  }

  met(rule: string, fn: number): void {
    this.expectations.met(rule, fn);
  }

  harmless(rule: string, fn: number, event: number): void {
    this.expectations.harmless(rule, fn, event);
  }

  recall(fn: number, note: number): number {
    return this.memory.recall(fn, note);
  }

  remember(fn: number, note: number, value: number): void {
    this.memory.remember(fn, note, value);
  }

  recallOf(fn: number, note: number, of: number): number {
    return this.memory.recallOf(fn, note, of);
  }

  rememberOf(fn: number, note: number, of: number, value: number): void {
    this.memory.rememberOf(fn, note, of, value);
  }

  /** Lost events: what rules remembered or waited for may be out of date. */
  forget(): void {
    this.memory.clear();
    this.expectations.forget();
    this.links.forget();
  }

  linkDownOf(fn: FunctionRecord, event: number): number {
    return this.links.downOf(fn, event);
  }

  fire(rule: string, draft: Draft): void {
    this.fireAt(rule, draft, this.position);
  }

  /** @param position where the replay stood when it showed. */
  private fireAt(rule: string, draft: Draft, position: number): void {
    const scope = this.stateScope ? 'state' : (RULE_BY_ID.get(rule)?.once ?? 'each');
    const fn = draft.fn ?? -1;
    if (this.restsOnCoincidence(draft)) {
      this.left(rule, 'two tasks did it at the same instant and nobody knows who came first', fn);
      return;
    }
    this.decided(rule, fn);
    this.collector.fire(rule, draft, position, scope);
  }

  /** An operand set by another task at the very instant of the event: the other order is as likely, so nothing is shown. */
  private restsOnCoincidence(draft: Draft): boolean {
    return draft.evidence.some(
      (item) =>
        item.event !== draft.event &&
        this.simultaneous(item.event, draft.event) &&
        this.input.events.kind[item.event] !== KIND['log.warn'],
    );
  }

  /** Lets rules look at another function than that of the event at hand. */
  about(fn: FunctionRecord, look: () => void): void {
    const before = this.subject;
    this.subject = fn.fn;
    look();
    this.subject = before;
  }

  /** Lets each of these rules look at a moment. */
  each<Moment extends readonly unknown[]>(
    looks: readonly Look<(context: RuleContext, ...moment: Moment) => void>[],
    ...moment: Moment
  ): void;
  // No moment has more parts; to spread a list of them takes longer than most rules do.
  each(looks: readonly Look<(...moment: unknown[]) => void>[], a: unknown, b: unknown, c: unknown): void {
    for (let at = 0; at < looks.length; at++) {
      this.rule = looks[at].rule;
      looks[at].look(this, a, b, c);
    }
  }

  /** The same for a finished call: by far the most frequent moment. */
  eachOfCall(kind: number, done: CompletedCall): void {
    const looks = looksAtCall(kind, done.fn.isVf, done.result);
    for (let at = 0; at < looks.length; at++) {
      this.rule = looks[at].rule;
      looks[at].look(this, done);
    }
  }

  passed(): void {
    this.tally.decide(this.rule, this.subject);
  }

  undecided(why: string): void {
    this.tally.leave(this.rule, this.subject, why);
  }

  /** The condition of a rule was decided for a function, where no rule looks. */
  decided(rule: string, fn = this.subject): void {
    this.tally.decide(placeOf(rule), fn);
  }

  /** The condition of a rule was left undecided, where no rule looks. */
  left(rule: string, why: string, fn = this.subject): void {
    this.tally.leave(placeOf(rule), fn, why);
  }

  question(code: string, reason: string, settle: string): void {
    this.note({ code, reason, settle, decisive: true });
  }

  /** Something to know when reading the verdict, without weight in it. */
  remark(code: string, reason: string, settle: string): void {
    this.note({ code, reason, settle, decisive: false });
  }

  private note(question: Question): void {
    const key = `${question.code} ${question.reason}`;
    if (!this.questions.has(key)) this.questions.set(key, question);
  }

  /** How often the condition of a rule was decided. */
  countOf(rule: string): RuleCounts {
    return this.tally.of(placeOf(rule));
  }
}
