import type { FunctionRecord } from '../topology.ts';

/**
 * ATS calls that have begun and not returned, per function: another task may see or change what they are in the middle of
 * changing.
 */
export class CallsUnderWay {
  /** How many there are. */
  private count = new Int32Array(64);
  /** The latest of them. */
  private latest = new Int32Array(64);
  /** The last end of a prepare or enable, or -1. */
  private unitChange = new Int32Array(64).fill(-1);

  began(fn: FunctionRecord, call: number): void {
    this.makeRoom(fn.fn);
    this.count[fn.fn]++;
    this.latest[fn.fn] = call;
  }

  /** @returns true when it was the last. */
  ended(fn: FunctionRecord): boolean {
    this.makeRoom(fn.fn);
    if (this.count[fn.fn] > 0) this.count[fn.fn]--;
    return this.count[fn.fn] === 0;
  }

  isBusy(fn: number): boolean {
    return fn < this.count.length && this.count[fn] > 0;
  }

  /** Another call than this one is under way. */
  isBusyBeside(fn: number, call: number): boolean {
    if (fn >= this.count.length) return false;
    const count = this.count[fn];
    return count > 1 || (count === 1 && this.latest[fn] !== call);
  }

  /** A prepare or enable of the function is over. */
  unitChanged(fn: FunctionRecord, event: number): void {
    this.makeRoom(fn.fn);
    this.unitChange[fn.fn] = event;
  }

  /** The event that ended the last prepare or enable of the function, or -1. */
  lastUnitChange(fn: FunctionRecord): number {
    return fn.fn < this.unitChange.length ? this.unitChange[fn.fn] : -1;
  }

  /** Events were lost: what was under way may be over. */
  forget(): void {
    this.count.fill(0);
  }

  private makeRoom(fn: number): void {
    if (fn < this.count.length) return;
    const grown = (column: Int32Array, value: number) => {
      const wide = new Int32Array(fn * 2).fill(value);
      wide.set(column);
      return wide;
    };
    this.count = grown(this.count, 0);
    this.latest = grown(this.latest, 0);
    this.unitChange = grown(this.unitChange, -1);
  }
}
