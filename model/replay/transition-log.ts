import { UNKNOWN } from '../events.ts';
import { type Origin, originNumber } from '../state.ts';

const CHUNK = 1 << 16;

/** The most that one change takes: a byte and four numbers of up to 32 bits, seven bits to a byte. */
const MOST_BYTES = 1 + 4 * 5;

/** Small numbers of either sign as small ones without. */
function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}

function unzigzag(bits: number): number {
  return (bits >>> 1) ^ -(bits & 1);
}

/** The same for values of the state, and 0 for `UNKNOWN`, which is the most frequent of them. */
function valueBits(value: number): number {
  return (zigzag(value) + 1) >>> 0;
}

function valueFrom(bits: number): number {
  return bits === 0 ? UNKNOWN : unzigzag((bits - 1) >>> 0);
}

/** Writes a number, seven bits to a byte, and says where the next one goes. */
function put(chunk: Uint8Array, at: number, bits: number): number {
  let rest = bits;
  let next = at;
  while (rest > 127) {
    chunk[next++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  chunk[next] = rest;
  return next + 1;
}

/**
 * Every change of what the model knows, in the order in which they happened. There are nearly as many of them as there are
 * events and whoever reads them reads them all, so they are kept as differences, in some five bytes each.
 */
export class TransitionLog {
  /** How many changes there are. */
  length = 0;
  private readonly chunks: Uint8Array[] = [];
  /** Bytes that are taken in each chunk. */
  private readonly taken: number[] = [];
  private chunk = new Uint8Array(0);
  private at = 0;
  private event = 0;
  private fn = 0;

  add(event: number, fn: number, field: number, from: number, to: number, origin: Origin): void {
    if (this.at + MOST_BYTES > this.chunk.length) this.nextChunk();
    const { chunk } = this;
    let { at } = this;
    this.length++;
    // There are fewer than sixteen fields and origins.
    chunk[at++] = (originNumber(origin) << 4) | field;
    at = put(chunk, at, zigzag(event - this.event));
    at = put(chunk, at, zigzag(fn - this.fn));
    at = put(chunk, at, valueBits(from));
    this.at = put(chunk, at, valueBits(to));
    this.event = event;
    this.fn = fn;
  }

  /** A reader that stands before the first change. */
  read(): TransitionReader {
    const last = this.chunks.length - 1;
    return new TransitionReader(
      this.chunks.map((chunk, at) => chunk.subarray(0, at === last ? this.at : this.taken[at])),
    );
  }

  private nextChunk(): void {
    if (this.chunks.length > 0) this.taken.push(this.at);
    this.chunk = new Uint8Array(CHUNK);
    this.chunks.push(this.chunk);
    this.at = 0;
  }
}

/** Goes through the changes once: `for (const change = log.read(); change.next(); )`, and the fields are those of the change at hand. */
export class TransitionReader {
  event = 0;
  fn = 0;
  /** Value before; `UNKNOWN` where it was not known. */
  from = UNKNOWN;
  to = UNKNOWN;
  /** Position in `STATE_FIELDS`. */
  field = 0;
  /** Position in `ORIGINS`. */
  origin = 0;
  private readonly chunks: readonly Uint8Array[];
  private chunk = 0;
  private at = 0;

  constructor(chunks: readonly Uint8Array[]) {
    this.chunks = chunks;
  }

  /** Goes on to the next change; false after the last. */
  next(): boolean {
    if (this.at === this.chunks[this.chunk]?.length) {
      this.chunk++;
      this.at = 0;
    }
    if (this.chunk >= this.chunks.length) return false;
    const head = this.chunks[this.chunk][this.at++];
    this.field = head & 15;
    this.origin = head >> 4;
    this.event += unzigzag(this.take());
    this.fn += unzigzag(this.take());
    this.from = valueFrom(this.take());
    this.to = valueFrom(this.take());
    return true;
  }

  private take(): number {
    const chunk = this.chunks[this.chunk];
    let bits = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = chunk[this.at++];
      bits |= (byte & 127) << shift;
      if (byte < 128) return bits >>> 0;
    }
  }
}
