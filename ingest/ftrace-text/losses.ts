import { bigOf } from '../../tables/index.ts';
import type { SourceRecording } from '../recording.ts';
import type { Mark } from './marks.ts';

type LossMark = Mark & { kind: 'lost' | 'buffer-started' };

/** The events of a source as far as they were read: what losses lie between. */
export interface Progress {
  /** Events so far. */
  readonly seq: number;
  /** Time of the last one, or null. */
  readonly lastNs: bigint | null;
}

/** Writes what a text says about lost events. The end of a loss is the event that follows its mark. */
export class Losses {
  private readonly out: SourceRecording;
  private pending: { mark: LossMark; from: bigint | null; offset: number; line: number }[] = [];

  constructor(out: SourceRecording) {
    this.out = out;
  }

  get isWaiting(): boolean {
    return this.pending.length > 0;
  }

  add(mark: LossMark, before: Progress, offset: number, line: number): void {
    this.pending.push({ mark, from: before.lastNs, offset, line });
  }

  /** The event with number `seq` follows the marks; `overwritten` tells whether its trace lost its oldest events. */
  end(seq: number, lo: number, hi: number, timed: boolean, overwritten: boolean): void {
    const to = timed ? bigOf(lo, hi) : null;
    for (const { mark, from, offset, line } of this.pending) {
      if (mark.kind === 'lost') this.writeLost(mark, seq, from, to, offset, line);
      else if (overwritten) {
        // The buffers of the CPUs begin at different times when the oldest events were overwritten.
        this.out.loss({
          kind: 'buffer-start',
          cpu: mark.cpu,
          count: null,
          seq,
          from_ns: null,
          to_ns: to,
          offset: BigInt(offset),
          line,
          message: `events of CPU ${mark.cpu} before this point were overwritten`,
        });
      }
    }
    this.pending = [];
  }

  /** What the statistics of a CPU count. They cover the whole recording: when it was lost is not known. */
  counted(
    kind: 'overwritten' | 'dropped',
    cpu: number | null,
    count: number,
    offset: number,
    line: number,
  ): void {
    const what = kind === 'overwritten' ? 'overwritten events' : 'events that found no room';
    this.out.loss({
      kind,
      cpu,
      count: BigInt(count),
      seq: 0,
      from_ns: null,
      to_ns: null,
      offset: BigInt(offset),
      line,
      message: `the statistics${cpu === null ? '' : ` of CPU ${cpu}`} count ${count} ${what}`,
    });
  }

  overwritten(mark: Mark & { kind: 'entries' }, seq: number, offset: number, line: number): void {
    const count = BigInt(mark.written - mark.inBuffer);
    if (count <= 0n) return;
    this.out.loss({
      kind: 'overwritten',
      cpu: null,
      count,
      seq,
      from_ns: null,
      to_ns: null,
      offset: BigInt(offset),
      line,
      message: `${count} events were overwritten before the trace was read (buffer holds ${mark.inBuffer} of ${mark.written})`,
    });
  }

  cut(before: Progress, offset: number, line: number, message: string): void {
    this.out.complete = false;
    this.out.note('warning', 'cut', { offset, line }, message);
    this.out.loss({
      kind: 'cut',
      cpu: null,
      count: null,
      seq: before.seq,
      from_ns: before.lastNs,
      to_ns: null,
      offset: BigInt(offset),
      line,
      message,
    });
  }

  /** The text has the events of one CPU, and its header counts those of all. */
  otherCpus(before: Progress, offset: number, line: number, count: number, message: string): void {
    this.out.loss({
      kind: 'other-cpus',
      cpu: null,
      count: BigInt(count),
      seq: before.seq,
      from_ns: null,
      to_ns: null,
      offset: BigInt(offset),
      line,
      message,
    });
  }

  /** Losses after which no event follows. */
  finish(seq: number): void {
    for (const { mark, from, offset, line } of this.pending) {
      if (mark.kind === 'lost') this.writeLost(mark, seq, from, null, offset, line);
    }
    this.pending = [];
  }

  private writeLost(
    mark: Mark & { kind: 'lost' },
    seq: number,
    from: bigint | null,
    to: bigint | null,
    offset: number,
    line: number,
  ): void {
    this.out.loss({
      kind: mark.dropped ? 'dropped' : 'lost',
      cpu: mark.cpu,
      count: mark.count,
      seq,
      from_ns: from,
      to_ns: to,
      offset: BigInt(offset),
      line,
      message: `${mark.cpu === null ? 'the recording' : `CPU ${mark.cpu}`} lost ${mark.count === null ? 'an unknown number of' : mark.count} events`,
    });
  }
}
