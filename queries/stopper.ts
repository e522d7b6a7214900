import type { Engine } from './engine.ts';
import { isOutOfMemory, QueryError } from './query-error.ts';

/** What ends a query before it is done. */
export interface StopOptions {
  /** Seconds after which the query is stopped; none when 0 or not given. */
  readonly timeLimit?: number;
  /** Stops the query when it fires. */
  readonly signal?: AbortSignal;
}

type Why = 'time' | 'cancel' | 'memory';

/** How often memory is looked at, ms. */
const LOOK = 50;
/** What the process may grow by beside the memory of the engine: answers on their way, and the garbage of them. */
const BESIDE = 512 * 2 ** 20;
/** What a query gets to stop after it was told to, ms. */
const GRACE = 10_000;

/** What somebody who wrote SQL needs to know of an error of DuckDB. */
function queryErrorOf(error: unknown, stopped: Why | null, timeLimit = 0): Error {
  if (error instanceof QueryError) return error;
  const message = (error as Error).message.replace('Failed to extract statements: ', '').trim();
  if (stopped === 'time') {
    return new QueryError(
      'limit',
      `stopped after ${timeLimit} s. Narrow the query, or allow more with --time-limit SECONDS (0 is no limit).`,
    );
  }
  if (stopped === 'cancel' || message.startsWith('INTERRUPT'))
    return new QueryError('cancelled', 'cancelled.');
  if (stopped === 'memory' || isOutOfMemory(message)) {
    return new QueryError(
      'limit',
      'it needs more memory than it may use. Narrow the query, or allow more with --memory SIZE, e.g. 4GB.',
    );
  }
  if (/^Permission Error|disabled by configuration|disabled through configuration/i.test(message)) {
    return new QueryError('refused', `SQL has no access to files, network or extensions here. ${message}`);
  }
  // What the file system refuses is none of SQL.
  if (/^IO Error/i.test(message)) return error as Error;
  return new QueryError('sql', message);
}

/** Stops what a connection runs, on time or on demand, and remembers why. */
export class Stopper {
  private why: Why | null = null;
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly before = process.memoryUsage.rss();
  private readonly seconds: number;
  private readonly options: StopOptions;
  private readonly engine: Engine;
  private readonly cancel = () => this.stop('cancel');

  constructor(engine: Engine, options: StopOptions) {
    this.engine = engine;
    this.options = options;
    this.seconds = options.timeLimit ?? 0;
    if (this.seconds > 0) this.timers.push(setTimeout(() => this.stop('time'), this.seconds * 1000));
    this.timers.push(setInterval(() => this.look(), LOOK).unref());
    if (options.signal?.aborted) this.why = 'cancel';
    options.signal?.addEventListener('abort', this.cancel, { once: true });
  }

  /** Runs a step of the query; its errors become those that a user can read. */
  async run<T>(step: () => Promise<T>): Promise<T> {
    try {
      if (this.why !== null) throw new Error('INTERRUPT');
      const result = await step();
      // An interrupted stream ends like one that is complete.
      if (this.why !== null) throw new Error('INTERRUPT');
      return result;
    } catch (error) {
      throw queryErrorOf(error, this.why, this.seconds);
    }
  }

  end(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.options.signal?.removeEventListener('abort', this.cancel);
  }

  private look(): void {
    const over = process.memoryUsage.rss() - this.before - this.engine.memoryBytes;
    if (this.why === null && over > BESIDE) this.stop('memory');
    if (this.why === 'memory' && over > 2 * BESIDE) this.giveUp('memory');
  }

  private stop(why: Why): void {
    if (this.why === null) {
      this.why = why;
      this.timers.push(setTimeout(() => this.giveUp(why), GRACE).unref());
    }
    this.engine.connection.interrupt();
  }

  /** It does not stop. */
  private giveUp(why: Why): void {
    const text = {
      time: `did not stop at its time limit of ${this.seconds} s`,
      memory: 'took more memory than it may, in one call that cannot be stopped',
      cancel: 'did not stop when it was cancelled',
    }[why];
    this.engine.runaway?.(`the query ${text}`);
  }
}
