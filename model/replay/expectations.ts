import type { Draft, Expectation } from '../rules/rule.ts';

/** An absence counts at the end of the recording only when it lasted this long. */
export const GRACE_NS = 1_000_000_000n;

interface Waiting {
  readonly expectation: Expectation;
  /** Event at which it was due and had not come; -1 while it is not. */
  due: number;
  /** Where the replay stood then. */
  position: number;
  /** Event that last showed that the absence did no harm; -1. */
  harmless: number;
}

export interface ExpectationEvents {
  /** Where the replay stands. */
  position(): number;
  /** Something did not come; the absence shows since a position of the replay. */
  missed(rule: string, draft: Draft, position: number): void;
  passed(rule: string, fn: number): void;
}

/**
 * Follows what must still happen, per function and rule. What is due is told when nothing can show any more what became of
 * it: when the function goes, when what was missing comes after all, when events are lost, at the end.
 */
export class Expectations {
  /** By function; a function has few at a time. */
  private readonly open = new Map<number, Waiting[]>();
  private readonly on: ExpectationEvents;

  constructor(on: ExpectationEvents) {
    this.on = on;
  }

  /** The first event that makes a thing due counts, not the latest. */
  expect(expectation: Expectation): void {
    const { fn, rule } = expectation;
    const waiting: Waiting = {
      expectation,
      due: expectation.dueAt ?? -1,
      position: this.on.position(),
      harmless: -1,
    };
    const open = this.open.get(fn);
    if (!open) this.open.set(fn, [waiting]);
    else if (!open.some((one) => one.expectation.rule === rule)) open.push(waiting);
  }

  /** It happened; where it was due before, it came too late. */
  met(rule: string, fn: number): void {
    const waiting = this.take(rule, fn);
    if (waiting && !this.tell(waiting)) this.on.passed(rule, fn);
  }

  /** What its absence would have caused is shown not to be so (an event), or to be so (-1). */
  harmless(rule: string, fn: number, event: number): void {
    const waiting = this.find(rule, fn);
    if (waiting) waiting.harmless = event;
  }

  /** What was expected did not come in time. */
  overdue(rule: string, fn: number, event: number): void {
    const waiting = this.take(rule, fn);
    if (!waiting) return;
    this.isDue(waiting, event);
    this.tell(waiting);
  }

  used(fn: number, event: number): void {
    if (this.open.size === 0) return;
    for (const waiting of this.open.get(fn) ?? [])
      if (waiting.expectation.beforeUse) this.isDue(waiting, event);
  }

  removed(fn: number, event: number): void {
    const open = this.open.get(fn) ?? [];
    this.open.delete(fn);
    for (const waiting of open) {
      if (waiting.expectation.beforeRemoval) this.isDue(waiting, event);
      this.tell(waiting);
    }
  }

  /** Lost events may have been the ones that were expected. */
  forget(): void {
    this.close();
  }

  /**
   * The calls and writes that were expected can come no more: absences that lasted are due.
   * @param silenceAfter from an event to the end of the recording, ns.
   */
  finish(silenceAfter: (event: number) => bigint): void {
    for (const waiting of [...this.open.values()].flat()) {
      const { event } = waiting.expectation;
      if (silenceAfter(event) >= GRACE_NS) this.isDue(waiting, event);
    }
  }

  /** Nothing comes any more: what is due is told, the rest is forgotten. */
  close(): void {
    const left = [...this.open.values()].flat();
    this.open.clear();
    for (const waiting of left) this.tell(waiting);
  }

  private find(rule: string, fn: number): Waiting | null {
    if (this.open.size === 0) return null;
    return this.open.get(fn)?.find((one) => one.expectation.rule === rule) ?? null;
  }

  private take(rule: string, fn: number): Waiting | null {
    const waiting = this.find(rule, fn);
    if (!waiting) return null;
    const rest = (this.open.get(fn) as Waiting[]).filter((one) => one !== waiting);
    if (rest.length > 0) this.open.set(fn, rest);
    else this.open.delete(fn);
    return waiting;
  }

  /** The absence shows now, unless it showed before. */
  private isDue(waiting: Waiting, event: number): void {
    if (waiting.due >= 0) return;
    waiting.due = event;
    waiting.position = this.on.position();
  }

  private tell({ expectation, due, position, harmless }: Waiting): boolean {
    if (due < 0) return false;
    this.on.missed(expectation.rule, expectation.overdue(due, harmless), position);
    return true;
  }
}
