/** Names beyond these are not shared: their lines take the slow way. */
const MOST_NAMES = 4096;
const MOST_BYTES = 128 * 1024;
const HEADER = 2;
const SIZE = (HEADER + MOST_NAMES + 1) * 4 + MOST_BYTES;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Names of events that nobody wants, in memory that threads may share: one thread adds, any looks up. Ids count up
 * from 0 in order of addition.
 */
export class NameTable {
  readonly memory: ArrayBufferLike;
  private readonly header: Int32Array;
  private readonly starts: Int32Array;
  private readonly bytes: Uint8Array;
  /** All names, one after the other. */
  readonly view: DataView;
  private known = 0;
  private slots = new Int32Array(256).fill(-1);

  constructor(memory: ArrayBufferLike = new ArrayBuffer(SIZE)) {
    this.memory = memory;
    this.header = new Int32Array(memory, 0, HEADER);
    this.starts = new Int32Array(memory, HEADER * 4, MOST_NAMES + 1);
    this.bytes = new Uint8Array(memory, (HEADER + MOST_NAMES + 1) * 4, MOST_BYTES);
    this.view = new DataView(memory, (HEADER + MOST_NAMES + 1) * 4, MOST_BYTES);
  }

  static shared(): NameTable {
    return new NameTable(new SharedArrayBuffer(SIZE));
  }

  /** Names that `find` can give. */
  get size(): number {
    return this.known;
  }

  /** Adds a name that is not in the table; without effect when the table is full. */
  add(name: string): void {
    const text = encoder.encode(name);
    const count = this.header[0];
    const end = this.starts[count] + text.length;
    if (count >= MOST_NAMES || end > MOST_BYTES || text.length === 0) return;
    this.bytes.set(text, this.starts[count]);
    this.starts[count + 1] = end;
    Atomics.store(this.header, 0, count + 1);
    this.refresh();
  }

  /** Takes in the names that another thread has added. */
  refresh(): void {
    const count = Atomics.load(this.header, 0);
    while (this.known < count) {
      if ((this.known + 1) * 2 > this.slots.length) this.grow();
      this.insert(this.known++);
    }
  }

  /** Id of the name `buffer[start, end)`, or -1. */
  find(buffer: Uint8Array, start: number, end: number): number {
    const mask = this.slots.length - 1;
    let slot = hashOf(buffer, start, end) & mask;
    for (;;) {
      const id = this.slots[slot];
      if (id < 0) return -1;
      if (this.equals(id, buffer, start, end)) return id;
      slot = (slot + 1) & mask;
    }
  }

  /** Where in `view` a name begins; the next one begins where it ends. */
  startOf(id: number): number {
    return this.starts[id];
  }

  nameOf(id: number): string {
    return decoder.decode(this.bytes.slice(this.starts[id], this.starts[id + 1]));
  }

  private equals(id: number, buffer: Uint8Array, start: number, end: number): boolean {
    const from = this.starts[id];
    if (this.starts[id + 1] - from !== end - start) return false;
    for (let i = start, j = from; i < end; i++, j++) if (this.bytes[j] !== buffer[i]) return false;
    return true;
  }

  private insert(id: number): void {
    const mask = this.slots.length - 1;
    let slot = hashOf(this.bytes, this.starts[id], this.starts[id + 1]) & mask;
    while (this.slots[slot] >= 0) slot = (slot + 1) & mask;
    this.slots[slot] = id;
  }

  private grow(): void {
    this.slots = new Int32Array(this.slots.length * 2).fill(-1);
    for (let id = 0; id < this.known; id++) this.insert(id);
  }
}

/** A few bytes tell the names of events apart well enough, and each costs time on every line. */
function hashOf(buffer: Uint8Array, start: number, end: number): number {
  const length = end - start;
  const middle = start + (length >> 1);
  return (
    length * 7 +
    buffer[start] * 31 +
    buffer[middle] * 131 +
    buffer[end - 1] * 521 +
    buffer[start + (length >> 2)] * 2053
  );
}
