import type { StringPool } from '../../tables/index.ts';
import type { Block } from './block.ts';
import type { EventFormat } from './event-format.ts';

const NEWLINE = 10;

/** Names of tasks by pid, from the saved command lines (`saved_cmdlines`: lines of pid and name). */
export class Tasks {
  private readonly ids = new Map<number, number>();
  private readonly unknown: number;
  private readonly pool: StringPool;
  private lastPid = -1;
  private lastId = -1;

  constructor(text: Uint8Array | null, pool: StringPool) {
    this.pool = pool;
    // As trace-cmd prints them: the idle task has no saved name, and not every task was saved.
    this.unknown = pool.internString('<...>');
    this.ids.set(0, pool.internString('<idle>'));
    if (!text) return;
    let at = 0;
    while (at < text.length) {
      let end = text.indexOf(NEWLINE, at);
      if (end < 0) end = text.length;
      let pid = 0;
      let digit = at;
      while (digit < end && text[digit] >= 48 && text[digit] <= 57) pid = pid * 10 + text[digit++] - 48;
      if (digit > at && digit < end && text[digit] === 32)
        this.ids.set(pid, pool.intern(text, digit + 1, end));
      at = end + 1;
    }
  }

  /** Id of the task's name in the pool. */
  commOf(pid: number): number {
    // Most events are of the task of the one before.
    if (pid !== this.lastPid) {
      this.lastPid = pid;
      this.lastId = this.ids.get(pid) ?? this.unknown;
    }
    return this.lastId;
  }

  /** Takes in a name that an event tells; the first one of a pid stays. */
  private learn(pid: number, bytes: Uint8Array, start: number, size: number): void {
    if (this.ids.has(pid)) return;
    let end = start;
    while (end < start + size && bytes[end] !== 0) end++;
    this.ids.set(pid, this.pool.intern(bytes, start, end));
    this.lastPid = -1;
  }

  /**
   * Events of the scheduler name tasks that were not saved; trace-cmd prints those names from there on (its
   * sched_switch plugin). Null for all other events.
   */
  learnerOf(
    format: EventFormat,
    bigEndian: boolean,
  ): ((block: Block, start: number, length: number) => void) | null {
    if (format.system !== 'sched') return null;
    const sides =
      format.name === 'sched_switch'
        ? ['prev_', 'next_']
        : /^sched_wakeup(_new)?$/.test(format.name)
          ? ['']
          : [];
    const pairs = sides.flatMap((side) => {
      const comm = format.fields.find(({ name, kind }) => name === `${side}comm` && kind === 'text');
      const pid = format.fields.find(({ name, size }) => name === `${side}pid` && size === 4);
      return comm && pid ? [{ comm, pid }] : [];
    });
    if (pairs.length === 0) return null;
    return ({ bytes, view }, start, length) => {
      for (const { comm, pid } of pairs) {
        if (comm.offset + comm.size > length || pid.offset + 4 > length) continue;
        this.learn(view.getInt32(start + pid.offset, !bigEndian), bytes, start + comm.offset, comm.size);
      }
    };
  }
}
