/**
 * Which functions changed since the rules last looked at their state. A function in the middle of an ATS call or a reset is
 * not looked at; it waits until that is over.
 */
export class Stability {
  private readonly changed: number[] = [];
  private flags = new Uint8Array(64);
  private waiting = new Uint8Array(64);

  /** The state of the function changed. */
  touch(fn: number): void {
    if (fn >= this.flags.length) this.grow(fn);
    if (this.flags[fn]) return;
    this.flags[fn] = 1;
    this.changed.push(fn);
  }

  /** What the function was in the middle of is over. */
  calm(fn: number): void {
    if (fn < this.waiting.length && this.waiting[fn]) this.touch(fn);
  }

  /** Gives each changed function that is not busy to `look`, in the order of their numbers. */
  settle(isBusy: (fn: number) => boolean, look: (fn: number) => void): void {
    const { changed, flags, waiting } = this;
    if (changed.length === 0) return;
    // Two functions change at once only where a VF's change matters to its PF: the order of their numbers is stable.
    if (changed.length > 1) changed.sort((a, b) => a - b);
    for (const fn of changed) {
      flags[fn] = 0;
      waiting[fn] = isBusy(fn) ? 1 : 0;
      if (!waiting[fn]) look(fn);
    }
    changed.length = 0;
  }

  clear(): void {
    this.changed.length = 0;
    this.flags.fill(0);
    this.waiting.fill(0);
  }

  private grow(fn: number): void {
    const size = fn * 2;
    const flags = new Uint8Array(size);
    flags.set(this.flags);
    this.flags = flags;
    const waiting = new Uint8Array(size);
    waiting.set(this.waiting);
    this.waiting = waiting;
  }
}
