import type { Engine } from './engine.ts';
import { QueryError } from './query-error.ts';

/** What ends a query before it is done. */
export interface StopOptions {
  /** Seconds after which the query is stopped; none when 0 or not given. */
  readonly timeLimit?: number;
  /** Stops the query when it fires. */
  readonly signal?: AbortSignal;
}

/** What somebody who wrote SQL needs to know of an error of DuckDB. */
function queryErrorOf(error: unknown, stopped: 'time' | 'cancel' | null, timeLimit = 0): Error {
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
  if (/^Out of Memory|failed to allocate|bad_alloc/i.test(message)) {
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
  private why: 'time' | 'cancel' | null = null;
  private readonly timer: NodeJS.Timeout | null;
  private readonly seconds: number;
  private readonly options: StopOptions;
  private readonly engine: Engine;
  private readonly cancel = () => this.stop('cancel');

  constructor(engine: Engine, options: StopOptions) {
    this.engine = engine;
    this.options = options;
    this.seconds = options.timeLimit ?? 0;
    this.timer = this.seconds > 0 ? setTimeout(() => this.stop('time'), this.seconds * 1000) : null;
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
    if (this.timer) clearTimeout(this.timer);
    this.options.signal?.removeEventListener('abort', this.cancel);
  }

  private stop(why: 'time' | 'cancel'): void {
    this.why ??= why;
    this.engine.connection.interrupt();
  }
}
