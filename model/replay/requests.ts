import type { EventColumns } from '../event-columns.ts';
import { UNKNOWN } from '../events.ts';
import type { Order } from '../order.ts';
import type { FunctionRecord } from '../topology.ts';
import type { RuleBench } from './bench.ts';

/** PCIe gives a function a minute, and half of one more, to complete an invalidation. */
const TIMEOUT_NS = 90_000_000_000n;
/** A request that waits this many times as long as the slowest that was answered is not going to be. */
const PATIENCE = 10n;

interface Open {
  readonly fn: FunctionRecord;
  readonly row: number;
}

/** Invalidation requests that wait for their completion (ATS042). */
export class InvalidationRequests {
  private readonly events: EventColumns;
  private readonly order: Order;
  private readonly bench: RuleBench;
  /** By function and tag; requests without a tag are answered in their order. */
  private readonly open = new Map<string, Open[]>();
  private slowest: bigint | null = null;

  constructor(events: EventColumns, order: Order, bench: RuleBench) {
    this.events = events;
    this.order = order;
    this.bench = bench;
  }

  request(fn: FunctionRecord, row: number): void {
    const key = this.keyOf(fn, row);
    const waiting = this.open.get(key) ?? [];
    this.open.set(key, waiting);
    if (this.events.value[row] !== UNKNOWN && waiting.length > 0) {
      const [first] = waiting.splice(0);
      if (this.bench.wasRecorded('invalidation.completion'))
        this.fire(first, row, 'Its tag was used again before a completion.');
    }
    waiting.push({ fn, row });
  }

  completion(fn: FunctionRecord, row: number): void {
    const answered = this.open.get(this.keyOf(fn, row))?.shift();
    if (!answered) return;
    this.bench.decided('ATS042');
    const took = this.timeBetween(answered.row, row);
    if (took !== null && (this.slowest === null || took > this.slowest)) this.slowest = took;
  }

  /** A reset ends what the function was asked (PCIe 10.3.7). */
  reset(fn: FunctionRecord): void {
    for (const [key, waiting] of this.open) if (waiting[0]?.fn === fn) this.open.delete(key);
  }

  /** @param last the last event with a time; -1 where none has one. */
  finish(last: number): void {
    for (const waiting of this.open.values()) {
      for (const one of waiting) {
        const waited = this.timeBetween(one.row, last);
        this.bench.about(one.fn, () => this.judge(one, waited));
      }
    }
    this.open.clear();
  }

  private judge(one: Open, waited: bigint | null): void {
    const { slowest, bench } = this;
    if (!bench.wasRecorded('invalidation.completion') || waited === null)
      return bench.left('ATS042', 'completions are not recorded');
    if (waited < TIMEOUT_NS && (slowest === null || waited <= slowest * PATIENCE))
      return bench.left('ATS042', 'the log ends before the request can be said to be lost');
    this.fire(
      one,
      one.row,
      slowest === null
        ? `No completion in ${waited} ns.`
        : `No completion in ${waited} ns; the slowest other one took ${slowest} ns.`,
    );
  }

  private fire(one: Open, event: number, observed: string): void {
    const { fn, row } = one;
    this.bench.fire('ATS042', {
      fn: fn.fn,
      event,
      since: row,
      message: `${fn.address} did not complete an invalidation request.`,
      expected: 'Every invalidation request is completed.',
      observed,
      evidence: [
        { role: 'the request', event: row },
        ...(event === row ? [] : [{ role: 'its tag is used again', event }]),
      ],
    });
  }

  private keyOf(fn: FunctionRecord, row: number): string {
    return `${fn.fn} ${this.events.value[row]}`;
  }

  private timeBetween(from: number, to: number): bigint | null {
    const { time, timed } = this.order;
    return timed[from] && timed[to] ? time[to] - time[from] : null;
  }
}
