import { BlockReader } from './blocks.ts';
import { ScanResult } from './scanner.ts';

/** A slot is being filled or decoded by the thread that reads. */
export const IDLE = 0;
/** A block waits to be scanned. */
export const FILLED = 1;
/** A thread scans it. */
export const TAKEN = 2;
/** It is scanned. */
export const DONE = 3;

/** Words before the states of the slots. */
const BELL = 0;
const QUIT = 1;
const FIRST_STATE = 2;
const WORDS_PER_SLOT = 2;

/** Memory that the reading thread and a scanning thread share. Can be sent to a worker. */
export interface SharedSlots {
  readonly control: SharedArrayBuffer;
  readonly names: ArrayBufferLike;
  readonly blocks: readonly SharedArrayBuffer[];
  readonly results: readonly ArrayBufferLike[];
}

export function newSharedSlots(count: number, chunkSize: number, names: ArrayBufferLike): SharedSlots {
  const slots = Array.from({ length: count });
  return {
    control: new SharedArrayBuffer((FIRST_STATE + count * WORDS_PER_SLOT) * 4),
    names,
    blocks: slots.map(() => new SharedArrayBuffer(BlockReader.capacity(chunkSize))),
    results: slots.map(() => new SharedArrayBuffer(ScanResult.bytes)),
  };
}

/** The states of the slots: who may touch which. Every change is one atomic step. */
export class SlotStates {
  private readonly words: Int32Array;

  constructor(control: SharedArrayBuffer) {
    this.words = new Int32Array(control);
  }

  get quit(): boolean {
    return Atomics.load(this.words, QUIT) !== 0;
  }

  state(slot: number): number {
    return Atomics.load(this.words, FIRST_STATE + slot * WORDS_PER_SLOT);
  }

  /** Bytes of whole lines in a slot. */
  size(slot: number): number {
    return Atomics.load(this.words, FIRST_STATE + slot * WORDS_PER_SLOT + 1);
  }

  fill(slot: number, size: number): void {
    Atomics.store(this.words, FIRST_STATE + slot * WORDS_PER_SLOT + 1, size);
    Atomics.store(this.words, FIRST_STATE + slot * WORDS_PER_SLOT, FILLED);
    this.ring();
  }

  /** Takes a slot that waits. Returns false when another thread was first. */
  take(slot: number): boolean {
    const at = FIRST_STATE + slot * WORDS_PER_SLOT;
    return Atomics.compareExchange(this.words, at, FILLED, TAKEN) === FILLED;
  }

  set(slot: number, state: number): void {
    const at = FIRST_STATE + slot * WORDS_PER_SLOT;
    Atomics.store(this.words, at, state);
    Atomics.notify(this.words, at);
  }

  /** Waits until a slot is scanned; returns false when that takes too long for a thread that is alive. */
  waitDone(slot: number, milliseconds: number): boolean {
    const at = FIRST_STATE + slot * WORDS_PER_SLOT;
    Atomics.wait(this.words, at, TAKEN, milliseconds);
    return this.state(slot) === DONE;
  }

  /** The number of rings so far, to be given to `waitRing`. */
  get bell(): number {
    return Atomics.load(this.words, BELL);
  }

  /** Waits until something was filled since `bell` was read. */
  waitRing(bell: number): void {
    Atomics.wait(this.words, BELL, bell);
  }

  end(): void {
    Atomics.store(this.words, QUIT, 1);
    this.ring();
  }

  private ring(): void {
    Atomics.add(this.words, BELL, 1);
    Atomics.notify(this.words, BELL);
  }
}
