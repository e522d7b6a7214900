import { bigOf, type WordPair } from '../../tables/index.ts';
import type { SourceRecording } from '../recording.ts';
import type { BufferInfo, TraceFile } from './trace-file.ts';

/**
 * Clocks that count nanoseconds (trace_clocks in kernel/trace/trace.c), and the one trace-cmd makes from a TSC.
 * `uptime` counts jiffies, whatever trace-cmd prints for it.
 */
const NANOSECONDS = new Set(['local', 'global', 'perf', 'mono', 'mono_raw', 'boot', 'tai', 'tsc2nsec']);

/** What the times of a file mean, and the corrections that `trace-cmd report` applies when it prints them. */
export class Clock {
  readonly name: string | null;
  readonly unit: 'ns' | 'ticks';
  private readonly file: TraceFile;
  private readonly shift: bigint;
  private readonly tsc: { mult: bigint; shift: bigint } | null;
  private readonly exact: boolean;
  private readonly clocks: readonly (string | null)[];

  constructor(file: TraceFile) {
    this.file = file;
    const { options } = file;
    const used = file.buffers.filter(({ cpus }) => cpus.some(({ size }) => size > 0));
    const clockOf = ({ name, clock }: BufferInfo) =>
      name === '' ? (options.traceClock ?? clock) : (clock ?? options.traceClock);
    this.clocks = [...new Set(used.map(clockOf))];
    // An instance may have a clock of its own, and the top buffer nothing but the name of one.
    this.name =
      (this.clocks.length === 1 ? this.clocks[0] : null) ?? options.traceClock ?? this.clocks[0] ?? null;
    const usable = options.tsc && options.tsc.mult > 0 && options.tsc.shift < 64 ? options.tsc : null;
    this.tsc = usable ? { mult: BigInt(usable.mult), shift: BigInt(usable.shift) } : null;
    this.unit = this.tsc || this.name === null || NANOSECONDS.has(this.name) ? 'ns' : 'ticks';
    this.shift = options.shiftNs;
    this.exact = !this.tsc && this.shift === 0n;
  }

  /** Writes the time of an event, in the unit of this clock. */
  convert(lo: number, hi: number, to: { timeLo: number; timeHi: number } & Partial<WordPair>): void {
    if (this.exact) {
      to.timeLo = lo;
      to.timeHi = hi;
      return;
    }
    const time = this.toNs(lo, hi);
    to.timeLo = Number(time & 0xffffffffn);
    to.timeHi = Number((time >> 32n) & 0xffffffffn);
  }

  toNs(lo: number, hi: number): bigint {
    let time = BigInt.asUintN(64, bigOf(lo, hi));
    if (this.tsc) time = BigInt.asUintN(64, (time * this.tsc.mult) >> this.tsc.shift);
    return BigInt.asIntN(64, time + this.shift);
  }

  /** Tells in the import log what was done to the times, and what was not. */
  describe(out: SourceRecording): void {
    const { options } = this.file;
    if (this.clocks.length > 1) {
      const list = this.clocks.map((clock) => clock ?? 'unknown').join(', ');
      const message = `the buffers have different clocks (${list}): their times cannot be compared`;
      out.note('warning', 'clocks-differ', null, message);
    }
    if (this.shift !== 0n) {
      out.note('info', 'time-offset', null, `${this.shift} ns are added to each time, as the recording asks`);
    }
    if (this.tsc)
      out.note('info', 'tsc-to-ns', null, `times are a TSC times ${this.tsc.mult} >> ${this.tsc.shift}`);
    if (options.timeShift) {
      const { peer, cpus, samples } = options.timeShift;
      out.note(
        'info',
        'time-shift',
        null,
        `recorded in a guest of trace ${peer.toString(16)}: ${samples} corrections for ${cpus} CPUs, not applied`,
      );
    }
    for (const { name, traceId, cpus } of options.guests) {
      out.note(
        'info',
        `guest-${name}`,
        null,
        `the host of guest ${name} (trace ${traceId.toString(16)}, ${cpus} CPUs)`,
      );
    }
  }
}
