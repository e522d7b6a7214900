import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { EventBatch, StreamedTable } from '../ingest/event-stream.ts';
import type { Table } from '../tables/index.ts';
import type { EngineLimits } from './engine.ts';

/** What the writing thread is asked for. It answers each request with a reply, in their order. */
export type SaveRequest =
  | { readonly kind: 'create'; readonly path: string; readonly limits: EngineLimits }
  | { readonly kind: 'append'; readonly batch: EventBatch }
  | {
      readonly kind: 'finish';
      readonly tables: readonly Table[];
      readonly streamed: readonly StreamedTable[];
    }
  | { readonly kind: 'close' };

export interface SaveReply {
  /** What went wrong; null when it was done. */
  readonly problem: string | null;
}

/** Bytes of batches that may wait for the writer. */
const MOST_WAITING = 192 * 1024 * 1024;

interface Pending {
  readonly bytes: number;
  resolve(): void;
  reject(error: Error): void;
}

/** The bundle of `save-worker.ts`; null where this is run from its sources, or where there is one core only. */
export function saveWorker(): URL | null {
  const url = new URL('./save-worker.mjs', import.meta.url);
  if (availableParallelism() < 2 || url.protocol !== 'file:') return null;
  return existsSync(fileURLToPath(url)) ? url : null;
}

/** A database file that another thread writes, while this one reads the recording. It must be closed. */
export class SaveThread {
  private readonly worker: Worker;
  private readonly pending: Pending[] = [];
  private waiting = 0;
  private problem: Error | null = null;
  private wake: (() => void) | null = null;

  constructor(script: URL, path: string, limits: EngineLimits) {
    this.worker = new Worker(script);
    this.worker.on('message', ({ problem }: SaveReply) =>
      this.settle(problem === null ? null : new Error(problem)),
    );
    this.worker.on('error', (error) => this.fail(error));
    this.worker.on('exit', () => this.fail(new Error('the thread that writes the database ended')));
    void this.ask({ kind: 'create', path, limits }).catch(() => {});
  }

  /** Hands rows over; their memory is gone from this thread. What goes wrong shows in `pause` and `finish`. */
  append(batch: EventBatch): void {
    const memory = batch.columns.flatMap(({ data, validity }) => [
      data.buffer,
      ...(validity ? [validity.buffer] : []),
    ]);
    const buffers = memory as ArrayBuffer[];
    const bytes = buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
    void this.ask({ kind: 'append', batch }, buffers, bytes).catch(() => {});
  }

  /** Resolves when the writer has caught up; null when it has. @throws Error when it failed. */
  pause(): Promise<void> | null {
    if (this.problem) throw this.problem;
    if (this.waiting <= MOST_WAITING) return null;
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  /** Writes all other tables. @throws Error for whatever could not be written. */
  async finish(tables: readonly Table[], streamed: readonly StreamedTable[]): Promise<void> {
    await this.ask({ kind: 'finish', tables, streamed });
    if (this.problem) throw this.problem;
  }

  async close(): Promise<void> {
    await this.ask({ kind: 'close' }).catch(() => {});
    this.worker.removeAllListeners('exit');
    await this.worker.terminate();
  }

  private ask(request: SaveRequest, memory: ArrayBuffer[] = [], bytes = 0): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting += bytes;
      this.pending.push({ bytes, resolve, reject });
      this.worker.postMessage(request, memory);
    });
  }

  private settle(problem: Error | null): void {
    const done = this.pending.shift();
    if (!done) return;
    this.waiting -= done.bytes;
    this.problem ??= problem;
    if (problem) done.reject(problem);
    else done.resolve();
    if (this.waiting <= MOST_WAITING || this.problem) {
      this.wake?.();
      this.wake = null;
    }
  }

  private fail(error: Error): void {
    this.problem ??= error;
    while (this.pending.length > 0) this.settle(error);
  }
}
