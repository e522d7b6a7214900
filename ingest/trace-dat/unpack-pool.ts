import type { Worker } from 'node:worker_threads';
import type { Compression, Unpack } from './compression.ts';
import { takeThreads } from './threads.ts';

/** One packed chunk of a batch: where it lies in the batch's packed bytes, and its size unpacked. */
export interface Part {
  readonly offset: number;
  readonly length: number;
  readonly size: number;
}

export interface Batch {
  readonly packed: Uint8Array;
  readonly parts: readonly Part[];
  /** Shared memory for the unpacked chunks, one after the other. */
  readonly space: Uint8Array;
  /** Shared: `FREE`, `TAKEN` or `DONE`, then for each part 1 once it is unpacked, 0 where it is damaged. */
  readonly state: Int32Array;
  /** The unpacked chunks, null for damaged ones; null until they are there. */
  chunks: (Uint8Array | null)[] | null;
}

/** Words of a batch's state. The worker knows them too. */
const FREE = 0;
const TAKEN = 1;
const DONE = 2;

/** A state for a batch of so many parts. */
export function freeState(parts: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * (1 + parts)));
}

function collect(batch: Batch): void {
  let at = 0;
  batch.chunks = batch.parts.map(({ size }, i) => {
    const chunk = batch.state[1 + i] === 1 ? batch.space.subarray(at, at + size) : null;
    at += size;
    return chunk;
  });
}

/**
 * Threads that unpack chunks while the events of earlier ones are walked; the caller's own, which would wait, takes a
 * hand. What comes out does not depend on the threads: batches are used in the order in which they were read. Where no
 * thread can start, the caller's own unpacks all.
 */
export class UnpackPool {
  private readonly compression: Compression;
  private readonly unpack: Unpack;
  private readonly workers: Worker[] = [];
  private readonly waiting = new Map<number, { batch: Batch; done: () => void }>();
  private nextId = 0;

  constructor(compression: Compression, unpack: Unpack) {
    this.compression = compression;
    this.unpack = unpack;
    for (const worker of takeThreads()) {
      worker.on('message', (id: number) => this.receive(id));
      worker.on('error', () => this.giveUp());
      worker.on('exit', () => this.giveUp());
      this.workers.push(worker);
    }
  }

  /** Resolves when `batch.chunks` is there. */
  submit(batch: Batch): Promise<void> {
    const id = this.nextId++;
    const worker = this.workers[id % this.workers.length];
    if (!worker) {
      this.unpackHere(batch);
      return Promise.resolve();
    }
    return new Promise((done) => {
      this.waiting.set(id, { batch, done });
      worker.postMessage({
        id,
        compression: this.compression,
        packed: batch.packed,
        parts: batch.parts,
        space: batch.space,
        state: batch.state,
      });
    });
  }

  /** Unpacks a batch in the caller's thread unless another one has done so; false while another thread is at it. */
  unpackNow(batch: Batch): boolean {
    switch (Atomics.compareExchange(batch.state, 0, FREE, TAKEN)) {
      case FREE:
        this.unpackHere(batch);
        return true;
      case DONE:
        collect(batch);
        return true;
      default:
        return false;
    }
  }

  close(): void {
    for (const worker of this.workers) void worker.terminate();
    this.workers.length = 0;
  }

  private receive(id: number): void {
    const entry = this.waiting.get(id);
    if (!entry) return;
    this.waiting.delete(id);
    const { batch, done } = entry;
    if (!batch.chunks) collect(batch);
    done();
  }

  /** A thread failed: all that was given out is unpacked here, and so is what follows. */
  private giveUp(): void {
    this.close();
    const left = [...this.waiting.values()];
    this.waiting.clear();
    for (const { batch, done } of left) {
      if (!batch.chunks) this.unpackHere(batch);
      done();
    }
  }

  private unpackHere(batch: Batch): void {
    let at = 0;
    batch.chunks = batch.parts.map(({ offset, length, size }) => {
      const target = batch.space.subarray(at, at + size);
      at += size;
      return this.unpack(batch.packed.subarray(offset, offset + length), size, target);
    });
  }
}
