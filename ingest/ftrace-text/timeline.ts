import { bigOf } from '../../tables/index.ts';
import type { SourceRecording } from '../recording.ts';
import type { Losses, Progress } from './losses.ts';
import type { Section } from './sections.ts';

/** Numbers the events of a source and knows the time of the last one. */
export class Timeline implements Progress {
  seq = 0;
  private readonly out: SourceRecording;
  private readonly losses: Losses;
  private readonly section: Section;
  private lastLo = 0;
  private lastHi = 0;
  private hasTime = false;

  constructor(out: SourceRecording, losses: Losses, section: Section) {
    this.out = out;
    this.losses = losses;
    this.section = section;
  }

  get lastNs(): bigint | null {
    return this.hasTime ? bigOf(this.lastLo, this.lastHi) : null;
  }

  /** The next event, with its time as two words; `decimals` of a second are printed, 0 for a counting clock. */
  next(lo: number, hi: number, timed: boolean, decimals: number): number {
    const seq = this.seq++;
    if (this.losses.isWaiting) this.losses.end(seq, lo, hi, timed, this.section.overwrote);
    if (!timed) return seq;
    if (!this.hasTime) {
      const { out } = this;
      this.hasTime = true;
      out.firstNs = bigOf(lo, hi);
      out.timeUnit = decimals === 0 ? 'ticks' : 'ns';
      out.precisionNs = decimals === 0 ? null : 10 ** (9 - decimals);
    }
    this.lastLo = lo;
    this.lastHi = hi;
    return seq;
  }

  /** Events that were only counted. */
  skip(events: number): void {
    this.seq += events;
  }
}
