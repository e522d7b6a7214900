import { type Origin, originNumber } from '../state.ts';

/** Every change of what the model knows, as columns in the order in which they happened. */
export class TransitionLog {
  length = 0;
  event: Int32Array;
  fn: Int32Array;
  from: Int32Array;
  to: Int32Array;
  /** Position in `STATE_FIELDS`. */
  field: Uint8Array;
  /** Position in `ORIGINS`. */
  origin: Uint8Array;
  private capacity: number;

  /** @param expected how many there may be: room that nothing is written to takes no memory. */
  constructor(expected = 0) {
    const capacity = Math.max(1024, expected);
    this.capacity = capacity;
    this.event = new Int32Array(capacity);
    this.fn = new Int32Array(capacity);
    this.from = new Int32Array(capacity);
    this.to = new Int32Array(capacity);
    this.field = new Uint8Array(capacity);
    this.origin = new Uint8Array(capacity);
  }

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
