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

/** The number that the last two digits in the id of a rule (`ATS013`) stand for: cheaper than a search for the id. */
function numberOf(rule: string): number {
  return rule.charCodeAt(4) * 10 + rule.charCodeAt(5) - 528;
}

/** Place of a rule among all rules, by its number. */
const PLACES = new Uint8Array(100);
RULES.forEach(({ id }, place) => {
  PLACES[numberOf(id)] = place;
});
/** Counts of one function, rule by rule. What is about no function stands before the first one. */
const WIDTH = RULES.length;

/** Counts the decisions of all rules. Those on one function lie side by side: they are counted together. */
export class RuleTally {
  private decided = new Uint32Array(WIDTH * 64);
  private undecided = new Uint32Array(WIDTH * 64);
  private readonly why = new Map<string, string>();
  private readonly whyOn = new Map<string, Map<number, string>>();

  /** @param fn function generation, -1 where nothing names it. */
  decide(rule: string, fn: number): void {
    const at = (fn + 1) * WIDTH + PLACES[numberOf(rule)];
    if (at >= this.decided.length) this.grow(at);
    this.decided[at]++;
  }

  /** An operand was unknown. */
  leave(rule: string, fn: number, why: string): void {
    const at = (fn + 1) * WIDTH + PLACES[numberOf(rule)];
    if (at >= this.undecided.length) this.grow(at);
    if (this.undecided[at]++ === 0) this.explain(rule, fn, why);
  }

  of(rule: string): RuleCounts {
    let decided = 0;
    let undecided = 0;
    for (let at = PLACES[numberOf(rule)]; at < this.decided.length; at += WIDTH) {
      decided += this.decided[at];
      undecided += this.undecided[at];
    }
    const perFunction = () => this.perFunction(rule);
    return { decided, undecided, why: this.why.get(rule) ?? null, perFunction };
  }

  private *perFunction(rule: string) {
    const whyOn = this.whyOn.get(rule);
    let fn = 0;
    for (let at = WIDTH + PLACES[numberOf(rule)]; at < this.decided.length; at += WIDTH) {
      const decided = this.decided[at];
      const undecided = this.undecided[at];
      if (decided + undecided > 0) yield { fn, decided, undecided, why: whyOn?.get(fn) ?? null };
      fn++;
    }
  }

  private explain(rule: string, fn: number, why: string): void {
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
