/**
 * Which functions changed since the rules last looked at their state. A function in the middle of an ATS call or a reset is
 * not looked at; it waits until that is over.
 */
export class Stability {
  private changed = new Int32Array(64);
  private count = 0;
  /** How many of them were given out since. */
  private given = 0;
  private flags = new Uint8Array(64);
  private waiting = new Uint8Array(64);

  /** The state of the function changed. */
  touch(fn: number): void {
    if (fn >= this.flags.length) this.grow(fn);
    if (this.flags[fn]) return;
    this.flags[fn] = 1;
    // Few functions change at once; they are looked at in the order of their numbers, whatever the order of the changes.
    let at = this.count++;
    for (; at > this.given && this.changed[at - 1] > fn; at--) this.changed[at] = this.changed[at - 1];
    this.changed[at] = fn;
  }

  /** What the function was in the middle of is over. */
  calm(fn: number): void {
    if (fn < this.waiting.length && this.waiting[fn]) this.touch(fn);
  }

  /** The next of the functions that changed, in the order of their numbers; -1 when there is none left. */
  next(): number {
    if (this.given === this.count) {
      this.count = 0;
      this.given = 0;
      return -1;
    }
    const fn = this.changed[this.given++];
    this.flags[fn] = 0;
    this.waiting[fn] = 0;
    return fn;
  }

  /** The function is in the middle of something: it comes again when that is over. */
  wait(fn: number): void {
    this.waiting[fn] = 1;
  }

  clear(): void {
    this.count = 0;
    this.given = 0;
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
