import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { EventBatch, StreamedTable } from '../ingest/event-stream.ts';
import type { Column, Table } from '../tables/index.ts';
import type { EngineLimits } from './engine.ts';

/** What the writing thread is asked for, in this order: `create`, any number of `append`, `finish`, `close`. */
export type SaveWork =
  | { readonly kind: 'create'; readonly path: string; readonly limits: EngineLimits }
  | { readonly kind: 'append'; readonly batch: EventBatch }
  | {
      readonly kind: 'finish';
      readonly tables: readonly Table[];
      readonly streamed: readonly StreamedTable[];
    }
  | { readonly kind: 'close' };

export interface SaveRequest {
  readonly id: number;
  readonly work: SaveWork;
}

/** Every request gets one. */
export interface SaveReply {
  readonly id: number;
  /** What went wrong; null when it was done. */
  readonly problem: string | null;
}

/** Bytes of batches that may wait for the writer. */
const MOST_WAITING = 48 * 1024 * 1024;

/**
 * Threads of the database engine: what the reading leaves. One that waits for another of its own looks for work without end, on a core
 * that the reading needs.
 */
const SPARE_THREADS = Math.min(4, Math.max(1, availableParallelism() - 2));

/** Smaller memory is copied. Node.js cuts some of it from common pieces, which cannot change hands. */
const WORTH_HANDING_OVER = 65_536;

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

/**
 * A database file that another thread writes, while this one reads the recording. It must be closed. The first thing
 * that goes wrong, be it a request that cannot be sent, an answer, or the end of the thread, settles all requests, those
 * before and those after: nobody waits for an answer that cannot come.
 */
export class SaveThread {
  private readonly worker: Worker;
  private readonly pending = new Map<number, Pending>();
  private nextId = 0;
  private waiting = 0;
  private problem: Error | null = null;
  private ended = false;
  private readonly paused: (() => void)[] = [];

  constructor(script: URL, path: string, { memoryLimit, threads = SPARE_THREADS }: EngineLimits) {
    this.worker = new Worker(script);
    this.worker.on('message', (reply: SaveReply) => this.receive(reply));
    this.worker.on('messageerror', (error) => this.fail(error));
    this.worker.on('error', (error) => this.fail(error));
    this.worker.on('exit', () => {
      this.ended = true;
      this.fail(new Error('the thread that writes the database ended'));
    });
    // `runaway` is a function of this thread; it guards queries, and none are asked there.
    this.tell({ kind: 'create', path, limits: { memoryLimit, threads } });
  }

  /** Hands rows over; their memory is gone from this thread. What goes wrong shows in `pause` and `finish`. */
  append(batch: EventBatch): void {
    const buffers = batch.columns.flatMap(memoryOf);
    // Memory that went elsewhere is sent without complaint, as none.
    if (batch.columns.some(({ data, offsets }) => (offsets ?? data).length < batch.rows))
      this.fail(new Error(`rows of ${batch.name} were handed over before`));
    const bytes = buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
    this.tell({ kind: 'append', batch }, buffers, bytes);
  }

  /** Resolves when the writer has caught up, or failed; null when it has. @throws Error when it failed. */
  pause(): Promise<void> | null {
    if (this.problem) throw this.problem;
    if (this.waiting <= MOST_WAITING) return null;
    return new Promise((resolve) => {
      this.paused.push(resolve);
    });
  }

  /** Writes all other tables; their memory is gone from this thread. @throws Error for whatever could not be written. */
  finish(tables: readonly Table[], streamed: readonly StreamedTable[]): Promise<void> {
    // Each once, and none that is a part of memory that others use.
    const buffers = new Set(tables.flatMap(({ columns }) => columns.flatMap(memoryOf)));
    const own = [...buffers].filter((buffer) => buffer.byteLength >= WORTH_HANDING_OVER);
    return this.ask({ kind: 'finish', tables, streamed }, own);
  }

  /** Ends the thread, once it has closed the file. Never rejects. */
  async close(): Promise<void> {
    await this.ask({ kind: 'close' }).catch(() => {});
    await this.worker.terminate();
  }

  /** Asks for something whose failure will show in `problem`. */
  private tell(work: SaveWork, memory?: ArrayBuffer[], bytes?: number): void {
    this.ask(work, memory, bytes).catch(() => {});
  }

  private ask(work: SaveWork, memory: ArrayBuffer[] = [], bytes = 0): Promise<void> {
    // A thread that could not write can still close its file.
    if (this.problem && (this.ended || work.kind !== 'close')) return Promise.reject(this.problem);
    return new Promise((resolve, reject) => {
      const id = this.nextId++;
      this.pending.set(id, { bytes, resolve, reject });
      this.waiting += bytes;
      try {
        this.worker.postMessage({ id, work } satisfies SaveRequest, memory);
      } catch (error) {
        this.fail(error as Error);
      }
    });
  }

  private receive({ id, problem }: SaveReply): void {
    if (problem !== null) {
      this.fail(new Error(problem));
      return;
    }
    const done = this.pending.get(id);
    this.pending.delete(id);
    this.waiting -= done?.bytes ?? 0;
    done?.resolve();
    if (this.waiting <= MOST_WAITING) this.wake();
  }

  private fail(error: Error): void {
    const problem = this.problem ?? error;
    this.problem = problem;
    const left = [...this.pending.values()];
    this.pending.clear();
    this.waiting = 0;
    for (const { reject } of left) reject(problem);
    this.wake();
  }

  private wake(): void {
    for (const resolve of this.paused.splice(0)) resolve();
  }
}

function memoryOf({ data, validity, offsets }: Column): ArrayBuffer[] {
  return [data, validity, offsets].flatMap((part) =>
    part?.buffer instanceof ArrayBuffer ? [part.buffer] : [],
  );
}
