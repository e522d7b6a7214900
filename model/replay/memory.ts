import { UNKNOWN } from '../events.ts';
import { NOTE } from '../rules/notes.ts';

const NOTE_COUNT = Object.keys(NOTE).length;

/** What rules remember of functions from one event to the next: a number per note (see `NOTE`) and function. */
export class RuleMemory {
  private readonly dense: (Int32Array | undefined)[] = new Array(NOTE_COUNT).fill(undefined);
  private readonly sparse = new Map<string, number>();

  recall(fn: number, note: number): number {
    const values = this.dense[note];
    return values !== undefined && fn < values.length ? values[fn] : UNKNOWN;
  }

  remember(fn: number, note: number, value: number): void {
    let values = this.dense[note];
    if (values === undefined || fn >= values.length) {
      const grown = new Int32Array(Math.max(64, fn * 2)).fill(UNKNOWN);
      if (values) grown.set(values);
      values = grown;
      this.dense[note] = values;
    }
    values[fn] = value;
  }

  /** The same for notes of which a function has many, such as its domains. */
  recallOf(fn: number, note: number, of: number): number {
    return this.sparse.get(`${note} ${of} ${fn}`) ?? UNKNOWN;
  }

  rememberOf(fn: number, note: number, of: number, value: number): void {
    this.sparse.set(`${note} ${of} ${fn}`, value);
  }

  clear(): void {
    for (const values of this.dense) values?.fill(UNKNOWN);
    this.sparse.clear();
  }
}
