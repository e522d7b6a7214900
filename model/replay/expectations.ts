import type { Draft, Expectation } from '../rules/rule.ts';

/** An absence counts at the end of the recording only when it lasted this long. */
export const GRACE_NS = 1_000_000_000n;

interface Waiting {
  readonly expectation: Expectation;
  /** Event at which it was due and had not come; -1 while it is not. */
  due: number;
  /** Where the replay stood then. */
  position: number;
}

export interface ExpectationEvents {
  /** Where the replay stands. */
  position(): number;
  /** Something did not come; the absence shows since a position of the replay. */
  missed(rule: string, draft: Draft, position: number): void;
  passed(rule: string, fn: number): void;
}

/**
 * Follows what must still happen, per function and rule. What is due is told when nothing can disprove it any more: when the
 * function goes, when what was missing comes after all, when events are lost, at the end.
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
    const waiting = { expectation, due: expectation.dueAt ?? -1, position: this.on.position() };
    const open = this.open.get(fn);
    if (!open) this.open.set(fn, [waiting]);
    else if (!open.some((one) => one.expectation.rule === rule)) open.push(waiting);
  }

  /** It happened; where it was due before, it came too late. */
  met(rule: string, fn: number): void {
    const waiting = this.take(rule, fn);
    if (waiting && !this.tell(waiting)) this.on.passed(rule, fn);
  }

  /** It was not needed: what its absence would have caused is shown not to be so. */
  disproved(rule: string, fn: number): void {
    if (this.take(rule, fn)) this.on.passed(rule, fn);
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

  /** The calls and writes that were expected can come no more: absences that lasted are due. */
  finish(lastTime: bigint | null, timeOf: (event: number) => bigint): void {
    if (lastTime === null) return;
    for (const waiting of [...this.open.values()].flat()) {
      const { event } = waiting.expectation;
      if (lastTime - timeOf(event) >= GRACE_NS) this.isDue(waiting, event);
    }
  }

  /** Nothing comes any more: what is due is told, the rest is forgotten. */
  close(): void {
    const left = [...this.open.values()].flat();
    this.open.clear();
    for (const waiting of left) this.tell(waiting);
  }

  private take(rule: string, fn: number): Waiting | null {
    if (this.open.size === 0) return null;
    const open = this.open.get(fn);
    const at = open ? open.findIndex((one) => one.expectation.rule === rule) : -1;
    if (!open || at < 0) return null;
    const [waiting] = open.splice(at, 1);
    if (open.length === 0) this.open.delete(fn);
    return waiting;
  }

  /** The absence shows now, unless it showed before. */
  private isDue(waiting: Waiting, event: number): void {
    if (waiting.due >= 0) return;
    waiting.due = event;
    waiting.position = this.on.position();
  }

  private tell({ expectation, due, position }: Waiting): boolean {
    if (due < 0) return false;
    this.on.missed(expectation.rule, expectation.overdue(due), position);
    return true;
  }
}
