import { UNKNOWN } from '../events.ts';
import { NOTE } from '../rules/notes.ts';

const NOTE_COUNT = Object.keys(NOTE).length;

/** What rules remember of functions from one event to the next: a number per note (see `NOTE`) and function. */
export class RuleMemory {
  /** The notes of a function lie side by side: they are asked for together. */
  private dense = new Int32Array(NOTE_COUNT * 64).fill(UNKNOWN);
  private readonly sparse = new Map<string, number>();

  recall(fn: number, note: number): number {
    const at = fn * NOTE_COUNT + note;
    return at < this.dense.length ? this.dense[at] : UNKNOWN;
  }

  remember(fn: number, note: number, value: number): void {
    const at = fn * NOTE_COUNT + note;
    if (at >= this.dense.length) this.grow(fn);
    this.dense[at] = value;
  }

  private grow(fn: number): void {
    const grown = new Int32Array(NOTE_COUNT * fn * 2).fill(UNKNOWN);
    grown.set(this.dense);
    this.dense = grown;
  }

  /** The same for notes of which a function has many, such as its domains. */
  recallOf(fn: number, note: number, of: number): number {
    return this.sparse.get(`${note} ${of} ${fn}`) ?? UNKNOWN;
  }

  rememberOf(fn: number, note: number, of: number, value: number): void {
    this.sparse.set(`${note} ${of} ${fn}`, value);
  }

  clear(): void {
    this.dense.fill(UNKNOWN);
    this.sparse.clear();
  }
}
