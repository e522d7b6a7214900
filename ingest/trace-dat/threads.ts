import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/** More threads than this wait for the one that merges, which has a core of its own. */
const MAX_THREADS = 4;

/** Threads that unpack chunks, started before anybody asked for them. */
let started: Worker[] | null = null;

/** Starts the threads that unpack; until they are taken they do not keep the process from ending. */
export function startThreads(): void {
  started ??= newThreads();
  for (const worker of started) worker.unref();
}

/** The threads that `startThreads` started, or new ones. None where none can start. */
export function takeThreads(): Worker[] {
  const workers = started ?? newThreads();
  started = null;
  for (const worker of workers) worker.ref();
  return workers;
}

function newThreads(): Worker[] {
  const workers: Worker[] = [];
  const count = Math.max(1, Math.min(MAX_THREADS, availableParallelism() - 1));
  try {
    while (workers.length < count) {
      const worker = new Worker(new URL('./unpack-worker.mjs', import.meta.url));
      // Until somebody takes it and hears of it: one that fails is found out then.
      worker.on('error', () => {});
      workers.push(worker);
    }
  } catch {
    // Fewer threads, or none, do the same work.
  }
  return workers;
}
