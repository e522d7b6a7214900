const decoder = new TextDecoder('utf-8', { fatal: false });
const encoder = new TextEncoder();

/**
 * Interns byte slices: the same bytes give the same id, ids count up from 0 in order of first appearance, and the
 * string of an id is made only once, when somebody asks for it. Invalid UTF-8 becomes U+FFFD in the string, while the
 * bytes stay distinct.
 */
export class StringPool {
  private slots = new Int32Array(64).fill(-1);
  private hashes = new Int32Array(32);
  private starts = new Uint32Array(33);
  private bytes = new Uint8Array(1024);
  private strings: (string | undefined)[] = [];
  private count = 0;
  /** Ids of strings that were interned as such: making bytes of them costs more than looking here. */
  private readonly byText = new Map<string, number>();

  get size(): number {
    return this.count;
  }

  /** Id of `source[start, end)`. */
  intern(source: Uint8Array, start: number, end: number): number {
    let hash = 0x811c9dc5 | 0;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ source[i], 0x01000193);
    hash ^= hash >>> 15;
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const id = this.slots[slot];
      if (id < 0) return this.add(source, start, end, hash, slot);
      if (this.hashes[id] === hash && this.equals(id, source, start, end)) return id;
      slot = (slot + 1) & mask;
    }
  }

  internString(text: string): number {
    let id = this.byText.get(text);
    if (id === undefined) {
      const bytes = encoder.encode(text);
      id = this.intern(bytes, 0, bytes.length);
      this.byText.set(text, id);
    }
    return id;
  }

  /** The string of an id. @throws RangeError for an id this pool never gave. */
  get(id: number): string {
    if (id < 0 || id >= this.count)
      throw new RangeError(`string pool: no string with id ${id}, only ${this.count}`);
    let text = this.strings[id];
    if (text === undefined) {
      text = decoder.decode(this.bytes.subarray(this.starts[id], this.starts[id + 1]));
      this.strings[id] = text;
    }
    return text;
  }

  /** All strings in order of their ids. */
  values(): string[] {
    return this.valuesFrom(0);
  }

  /** The strings from an id on. */
  valuesFrom(first: number): string[] {
    const values: string[] = [];
    for (let id = first; id < this.count; id++) values.push(this.get(id));
    return values;
  }

  /** Bytes of the string of an id. */
  lengthOf(id: number): number {
    return this.starts[id + 1] - this.starts[id];
  }

  /** Writes the bytes of the string of an id; returns where they end. */
  copyTo(id: number, target: Uint8Array, at: number): number {
    const { bytes } = this;
    const end = this.starts[id + 1];
    let to = at;
    // A call that copies costs more than this for strings as short as these are.
    for (let from = this.starts[id]; from < end; from++) target[to++] = bytes[from];
    return to;
  }

  private equals(id: number, source: Uint8Array, start: number, end: number): boolean {
    const from = this.starts[id];
    if (this.starts[id + 1] - from !== end - start) return false;
    for (let i = start, j = from; i < end; i++, j++) if (this.bytes[j] !== source[i]) return false;
    return true;
  }

  private add(source: Uint8Array, start: number, end: number, hash: number, slot: number): number {
    const id = this.count++;
    const from = this.starts[id];
    const to = from + (end - start);
    if (to > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.bytes.length * 2, to));
      grown.set(this.bytes);
      this.bytes = grown;
    }
    this.bytes.set(source.subarray(start, end), from);
    if (id + 2 > this.starts.length) {
      const starts = new Uint32Array(this.starts.length * 2);
      starts.set(this.starts);
      this.starts = starts;
      const hashes = new Int32Array(starts.length);
      hashes.set(this.hashes);
      this.hashes = hashes;
    }
    this.starts[id + 1] = to;
    this.hashes[id] = hash;
    this.slots[slot] = id;
    if (this.count * 2 > this.slots.length) this.rehash();
    return id;
  }

  private rehash(): void {
    const slots = new Int32Array(this.slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (let id = 0; id < this.count; id++) {
      let slot = this.hashes[id] & mask;
      while (slots[slot] >= 0) slot = (slot + 1) & mask;
      slots[slot] = id;
    }
    this.slots = slots;
  }
}
