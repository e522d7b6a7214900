import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Compression, Unpack } from './compression.ts';

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
  /** The unpacked chunks, null for damaged ones; null until they are there. */
  chunks: (Uint8Array | null)[] | null;
}

interface Reply {
  readonly id: number;
  readonly good: readonly boolean[];
}

/** More threads than this wait for the one that merges. */
const MAX_THREADS = 4;

/**
 * Threads that unpack chunks while the events of earlier ones are walked. What comes out does not depend on the
 * threads: batches are used in the order in which they were read. Where no thread can start, the caller's own unpacks.
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
    const threads = Math.min(MAX_THREADS, availableParallelism());
    for (let i = 0; i < threads; i++) this.start();
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
      });
    });
  }

  close(): void {
    for (const worker of this.workers) void worker.terminate();
    this.workers.length = 0;
  }

  private start(): void {
    try {
      const worker = new Worker(new URL('./unpack-worker.mjs', import.meta.url));
      worker.on('message', (reply: Reply) => this.receive(reply));
      worker.on('error', () => this.giveUp());
      worker.on('exit', () => this.giveUp());
      this.workers.push(worker);
    } catch {
      this.giveUp();
    }
  }

  private receive({ id, good }: Reply): void {
    const entry = this.waiting.get(id);
    if (!entry) return;
    this.waiting.delete(id);
    let at = 0;
    entry.batch.chunks = entry.batch.parts.map(({ size }, i) => {
      const chunk = good[i] ? entry.batch.space.subarray(at, at + size) : null;
      at += size;
      return chunk;
    });
    entry.done();
  }

  /** A thread failed: all that was given out is unpacked here, and so is what follows. */
  private giveUp(): void {
    this.close();
    const left = [...this.waiting.values()];
    this.waiting.clear();
    for (const { batch, done } of left) {
      this.unpackHere(batch);
      done();
    }
  }

  private unpackHere(batch: Batch): void {
    batch.chunks = batch.parts.map(({ offset, length, size }) =>
      this.unpack(batch.packed.subarray(offset, offset + length), size),
    );
  }
}
