import type { Draft, Expectation } from '../rules/rule.ts';

/** An absence counts at the end of the recording only when it lasted this long. */
export const GRACE_NS = 1_000_000_000n;

/** Follows what must still happen, per function and rule. */
export class Expectations {
  /** By function; a function has few at a time. */
  private readonly open = new Map<number, Expectation[]>();
  private readonly fire: (rule: string, draft: Draft) => void;
  private readonly passed: (rule: string, fn: number) => void;

  constructor(fire: (rule: string, draft: Draft) => void, passed: (rule: string, fn: number) => void) {
    this.fire = fire;
    this.passed = passed;
  }

  /** The first event that makes a thing due counts, not the latest. */
  expect(expectation: Expectation): void {
    const { fn, rule } = expectation;
    const open = this.open.get(fn);
    if (!open) this.open.set(fn, [expectation]);
    else if (!open.some((one) => one.rule === rule)) open.push(expectation);
  }

  met(rule: string, fn: number): void {
    if (this.open.size === 0) return;
    const open = this.open.get(fn);
    const at = open ? open.findIndex((one) => one.rule === rule) : -1;
    if (!open || at < 0) return;
    open.splice(at, 1);
    if (open.length === 0) this.open.delete(fn);
    this.passed(rule, fn);
  }

  /** What was expected did not come in time. */
  overdue(rule: string, fn: number, event: number): void {
    this.settle(fn, event, (expectation) => expectation.rule === rule);
  }

  used(fn: number, event: number): void {
    this.settle(fn, event, (expectation) => expectation.beforeUse);
  }

  removed(fn: number, event: number): void {
    this.settle(fn, event, (expectation) => expectation.beforeRemoval);
    this.open.delete(fn);
  }

  /** Lost events may have been the ones that were expected. */
  forget(): void {
    this.open.clear();
  }

  finish(lastTime: bigint | null, timeOf: (event: number) => bigint): void {
    if (lastTime === null) return;
    const left = [...this.open.values()].flat();
    this.open.clear();
    for (const expectation of left) {
      if (lastTime - timeOf(expectation.event) < GRACE_NS) continue;
      this.fire(expectation.rule, expectation.overdue(expectation.event));
    }
  }

  private settle(fn: number, event: number, decides: (expectation: Expectation) => boolean): void {
    if (this.open.size === 0) return;
    const open = this.open.get(fn);
    if (!open) return;
    const due = open.filter(decides);
    if (due.length === 0) return;
    const rest = open.filter((expectation) => !due.includes(expectation));
    if (rest.length > 0) this.open.set(fn, rest);
    else this.open.delete(fn);
    for (const expectation of due) this.fire(expectation.rule, expectation.overdue(event));
  }
}
