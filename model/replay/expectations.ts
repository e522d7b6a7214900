import type { Draft, Expectation } from '../rules/rule.ts';

/** An absence counts at the end of the recording only when it lasted this long. */
export const GRACE_NS = 1_000_000_000n;

/** Follows what must still happen, per function and rule. */
export class Expectations {
  private readonly open = new Map<string, Expectation>();
  private readonly fire: (rule: string, draft: Draft) => void;
  private readonly passed: (rule: string) => void;

  constructor(fire: (rule: string, draft: Draft) => void, passed: (rule: string) => void) {
    this.fire = fire;
    this.passed = passed;
  }

  /** The first event that makes a thing due counts, not the latest. */
  expect(expectation: Expectation): void {
    const key = keyOf(expectation.rule, expectation.fn);
    if (!this.open.has(key)) this.open.set(key, expectation);
  }

  isOpen(rule: string, fn: number): boolean {
    return this.open.has(keyOf(rule, fn));
  }

  met(rule: string, fn: number): void {
    if (this.open.delete(keyOf(rule, fn))) this.passed(rule);
  }

  used(fn: number, event: number): void {
    this.settle(fn, event, (expectation) => expectation.beforeUse);
  }

  removed(fn: number, event: number): void {
    this.settle(fn, event, (expectation) => expectation.beforeRemoval);
    for (const [key, expectation] of this.open) if (expectation.fn === fn) this.open.delete(key);
  }

  /** Lost events may have been the ones that were expected. */
  forget(): void {
    this.open.clear();
  }

  finish(lastTime: bigint | null, timeOf: (event: number) => bigint): void {
    if (lastTime === null) return;
    for (const expectation of this.open.values()) {
      if (lastTime - timeOf(expectation.event) < GRACE_NS) continue;
      this.fire(expectation.rule, expectation.overdue(expectation.event));
    }
    this.open.clear();
  }

  private settle(fn: number, event: number, decides: (expectation: Expectation) => boolean): void {
    if (this.open.size === 0) return;
    for (const [key, expectation] of this.open) {
      if (expectation.fn !== fn || expectation.event === event || !decides(expectation)) continue;
      this.open.delete(key);
      this.fire(expectation.rule, expectation.overdue(event));
    }
  }
}

function keyOf(rule: string, fn: number): string {
  return `${rule} ${fn}`;
}
