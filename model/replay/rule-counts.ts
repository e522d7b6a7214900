import { RULES } from '../rules/index.ts';

/** How often the condition of one rule was decided: in all, and on each function. */
export interface RuleCounts {
  readonly decided: number;
  readonly undecided: number;
  /** Why an operand was unknown, the first time. */
  readonly why: string | null;
  /** The counts of each function generation on which there was something to decide, in the order of their numbers. */
  perFunction(): Generator<{ fn: number; decided: number; undecided: number; why: string | null }>;
}

const PLACE_BY_ID: ReadonlyMap<string, number> = new Map(RULES.map(({ id }, place) => [id, place]));

/** Place of a rule in `RULES`. */
export function placeOf(rule: string): number {
  return PLACE_BY_ID.get(rule) as number;
}

/** Counts of one function, rule by rule. What is about no function stands before the first one. */
const WIDTH = RULES.length;

/** A count of one byte is full. */
const FULL = 256;

/** Counts that are mostly small, of a byte each: what goes beyond stands elsewhere, so that all of a function are near one another. */
class ByteCounts {
  private low = new Uint8Array(WIDTH * 64);
  private readonly high = new Map<number, number>();

  get length(): number {
    return this.low.length;
  }

  get(at: number): number {
    return this.low[at] + FULL * (this.high.get(at) ?? 0);
  }

  /** Counts one more; returns how many there were. */
  add(at: number): number {
    const before = this.low[at]++;
    if (before === FULL - 1) this.high.set(at, (this.high.get(at) ?? 0) + 1);
    return before;
  }

  isFirst(at: number): boolean {
    return !this.high.has(at);
  }

  grow(size: number): void {
    const low = new Uint8Array(size);
    low.set(this.low);
    this.low = low;
  }
}

/** Counts the decisions of all rules. Those on one function lie side by side: they are counted together. */
export class RuleTally {
  private readonly decided = new ByteCounts();
  private readonly undecided = new ByteCounts();
  private readonly why = new Map<number, string>();
  private readonly whyOn = new Map<number, Map<number, string>>();

  /**
   * @param rule its place in `RULES`.
   * @param fn function generation, -1 where nothing names it.
   */
  decide(rule: number, fn: number): void {
    const at = (fn + 1) * WIDTH + rule;
    if (at >= this.decided.length) this.grow(at);
    this.decided.add(at);
  }

  /** An operand was unknown. */
  leave(rule: number, fn: number, why: string): void {
    const at = (fn + 1) * WIDTH + rule;
    if (at >= this.undecided.length) this.grow(at);
    if (this.undecided.add(at) === 0 && this.undecided.isFirst(at)) this.explain(rule, fn, why);
  }

  of(rule: number): RuleCounts {
    let decided = 0;
    let undecided = 0;
    for (let at = rule; at < this.decided.length; at += WIDTH) {
      decided += this.decided.get(at);
      undecided += this.undecided.get(at);
    }
    const perFunction = () => this.perFunction(rule);
    return { decided, undecided, why: this.why.get(rule) ?? null, perFunction };
  }

  private *perFunction(rule: number) {
    const whyOn = this.whyOn.get(rule);
    let fn = 0;
    for (let at = WIDTH + rule; at < this.decided.length; at += WIDTH) {
      const decided = this.decided.get(at);
      const undecided = this.undecided.get(at);
      if (decided + undecided > 0) yield { fn, decided, undecided, why: whyOn?.get(fn) ?? null };
      fn++;
    }
  }

  private explain(rule: number, fn: number, why: string): void {
    if (!this.why.has(rule)) this.why.set(rule, why);
    if (fn < 0) return;
    const known = this.whyOn.get(rule);
    if (known) known.set(fn, why);
    else this.whyOn.set(rule, new Map([[fn, why]]));
  }

  private grow(at: number): void {
    const size = (Math.floor(at / WIDTH) + 1) * WIDTH * 2;
    this.decided.grow(size);
    this.undecided.grow(size);
  }
}
