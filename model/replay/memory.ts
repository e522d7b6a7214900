import { UNKNOWN } from '../events.ts';

/** What rules remember of functions from one event to the next: a number per key and function. */
export class RuleMemory {
  private readonly dense = new Map<string, Int32Array>();
  private readonly sparse = new Map<string, number>();

  recall(fn: number, key: string): number {
    const values = this.dense.get(key);
    return values !== undefined && fn < values.length ? values[fn] : UNKNOWN;
  }

  remember(fn: number, key: string, value: number): void {
    let values = this.dense.get(key);
    if (values === undefined || fn >= values.length) {
      const grown = new Int32Array(Math.max(64, fn * 2)).fill(UNKNOWN);
      if (values) grown.set(values);
      values = grown;
      this.dense.set(key, values);
    }
    values[fn] = value;
  }

  /** The same for keys of which a function has many, such as its domains. */
  recallOf(fn: number, key: string, of: number): number {
    return this.sparse.get(`${key} ${of} ${fn}`) ?? UNKNOWN;
  }

  rememberOf(fn: number, key: string, of: number, value: number): void {
    this.sparse.set(`${key} ${of} ${fn}`, value);
  }

  clear(): void {
    for (const values of this.dense.values()) values.fill(UNKNOWN);
    this.sparse.clear();
  }
}
