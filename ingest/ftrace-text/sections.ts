import type { SourceRecording } from '../recording.ts';
import type { Losses, Progress } from './losses.ts';
import type { Mark } from './marks.ts';

/**
 * One trace within a text: several may stand one after the other. Compares the number of its events with the one its
 * header gives.
 */
export class Section {
  tracer: string | null = null;
  entries: (Mark & { kind: 'entries' }) | null = null;
  private firstSeq = 0;
  private lowestCpu = 0x7fffffff;
  private highestCpu = -1;
  /** Lines that are an event with the time, CPU and task before it. */
  private contexts = 0;

  get overwrote(): boolean {
    return this.entries !== null && this.entries.written > this.entries.inBuffer;
  }

  /** True while lines without any context may be events: the option `context-info` is off. */
  get mayLackContext(): boolean {
    return this.tracer !== null && this.contexts === 0;
  }

  begin(tracer: string, seq: number): void {
    this.tracer = tracer;
    this.entries = null;
    this.firstSeq = seq;
    this.lowestCpu = 0x7fffffff;
    this.highestCpu = -1;
    this.contexts = 0;
  }

  onContext(lowestCpu: number, highestCpu: number): void {
    this.contexts++;
    if (lowestCpu >= 0 && lowestCpu < this.lowestCpu) this.lowestCpu = lowestCpu;
    if (highestCpu > this.highestCpu) this.highestCpu = highestCpu;
  }

  /** Says where the header and the events do not agree. */
  check(out: SourceRecording, losses: Losses, progress: Progress, offset: number, line: number): void {
    const { entries } = this;
    const found = progress.seq - this.firstSeq;
    // The graph tracer draws two entries as one line, and leaves some out.
    if (!entries || found >= entries.inBuffer || this.tracer === 'function_graph' || !out.complete) return;
    const numbers = `the header counts ${entries.inBuffer} events and the text has ${found}`;
    if (entries.cpus > 1 && this.lowestCpu >= this.highestCpu) {
      const cpu = found > 0 ? `, all of CPU ${this.highestCpu}` : '';
      // A whole trace that was cut before the first event of another CPU looks the same.
      const message = `${numbers}${cpu}: taken as the file of one CPU, whose header counts the events of all CPUs`;
      out.note('info', 'one-cpu', { offset, line }, message);
      losses.otherCpus(progress, offset, line, entries.inBuffer - found, message);
      return;
    }
    losses.cut(
      progress,
      offset,
      line,
      `${numbers}: ${entries.inBuffer - found} were cut off or filtered out`,
    );
  }
}
