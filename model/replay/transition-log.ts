import { type Origin, originNumber } from '../state.ts';

/** Every change of what the model knows, as columns in the order in which they happened. */
export class TransitionLog {
  length = 0;
  private capacity = 1024;
  event = new Int32Array(1024);
  fn = new Int32Array(1024);
  from = new Int32Array(1024);
  to = new Int32Array(1024);
  /** Position in `STATE_FIELDS`. */
  field = new Uint8Array(1024);
  /** Position in `ORIGINS`. */
  origin = new Uint8Array(1024);

  add(event: number, fn: number, field: number, from: number, to: number, origin: Origin): void {
    if (this.length === this.capacity) this.grow();
    const at = this.length++;
    this.event[at] = event;
    this.fn[at] = fn;
    this.field[at] = field;
    this.from[at] = from;
    this.to[at] = to;
    this.origin[at] = originNumber(origin);
  }

  private grow(): void {
    this.capacity *= 2;
    this.event = widened(this.event, new Int32Array(this.capacity));
    this.fn = widened(this.fn, new Int32Array(this.capacity));
    this.from = widened(this.from, new Int32Array(this.capacity));
    this.to = widened(this.to, new Int32Array(this.capacity));
    this.field = widened(this.field, new Uint8Array(this.capacity));
    this.origin = widened(this.origin, new Uint8Array(this.capacity));
  }
}

function widened<T extends Int32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
