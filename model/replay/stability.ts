/**
 * Which functions changed since the rules last looked at their state. A function in the middle of an ATS call or a reset is
 * not looked at; it waits until that is over.
 */
export class Stability {
  private changed = new Int32Array(64);
  private count = 0;
  private flags = new Uint8Array(64);
  private waiting = new Uint8Array(64);

  get hasChanges(): boolean {
    return this.count > 0;
  }

  /** The state of the function changed. */
  touch(fn: number): void {
    if (fn >= this.flags.length) this.grow(fn);
    if (this.flags[fn]) return;
    this.flags[fn] = 1;
    // Few functions change at once; they are looked at in the order of their numbers, whatever the order of the changes.
    let at = this.count++;
    for (; at > 0 && this.changed[at - 1] > fn; at--) this.changed[at] = this.changed[at - 1];
    this.changed[at] = fn;
  }

  /** What the function was in the middle of is over. */
  calm(fn: number): void {
    if (fn < this.waiting.length && this.waiting[fn]) this.touch(fn);
  }

  /** Gives each changed function that is not busy to `look`. */
  settle(isBusy: (fn: number) => boolean, look: (fn: number) => void): void {
    for (let at = 0; at < this.count; at++) {
      const fn = this.changed[at];
      this.flags[fn] = 0;
      this.waiting[fn] = isBusy(fn) ? 1 : 0;
      if (!this.waiting[fn]) look(fn);
    }
    this.count = 0;
  }

  clear(): void {
    this.count = 0;
    this.flags.fill(0);
    this.waiting.fill(0);
  }

  /** Room for the function with this number, in all three. */
  private grow(fn: number): void {
    const size = fn * 2;
    const changed = new Int32Array(size);
    changed.set(this.changed);
    this.changed = changed;
    const flags = new Uint8Array(size);
    flags.set(this.flags);
    this.flags = flags;
    const waiting = new Uint8Array(size);
    waiting.set(this.waiting);
    this.waiting = waiting;
  }
}
