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

/** Counts the decisions of all rules. Those on one function lie side by side: they are counted together. */
export class RuleTally {
  private decided = new Uint32Array(WIDTH * 64);
  private undecided = new Uint32Array(WIDTH * 64);
  private readonly why = new Map<number, string>();
  private readonly whyOn = new Map<number, Map<number, string>>();

  /**
   * @param rule its place in `RULES`.
   * @param fn function generation, -1 where nothing names it.
   */
  decide(rule: number, fn: number): void {
    const at = (fn + 1) * WIDTH + rule;
    if (at >= this.decided.length) this.grow(at);
    this.decided[at]++;
  }

  /** An operand was unknown. */
  leave(rule: number, fn: number, why: string): void {
    const at = (fn + 1) * WIDTH + rule;
    if (at >= this.undecided.length) this.grow(at);
    if (this.undecided[at]++ === 0) this.explain(rule, fn, why);
  }

  of(rule: number): RuleCounts {
    let decided = 0;
    let undecided = 0;
    for (let at = rule; at < this.decided.length; at += WIDTH) {
      decided += this.decided[at];
      undecided += this.undecided[at];
    }
    const perFunction = () => this.perFunction(rule);
    return { decided, undecided, why: this.why.get(rule) ?? null, perFunction };
  }

  private *perFunction(rule: number) {
    const whyOn = this.whyOn.get(rule);
    let fn = 0;
    for (let at = WIDTH + rule; at < this.decided.length; at += WIDTH) {
      const decided = this.decided[at];
      const undecided = this.undecided[at];
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
    const decided = new Uint32Array(size);
    decided.set(this.decided);
    this.decided = decided;
    const undecided = new Uint32Array(size);
    undecided.set(this.undecided);
    this.undecided = undecided;
  }
}
