import { bigOf } from '../../tables/index.ts';
import type { SourceRecording } from '../recording.ts';
import type { Clock } from './clock.ts';
import type { CpuStream } from './cpu-stream.ts';
import type { TraceFile } from './trace-file.ts';

/** Events that a page says were lost before its first event. */
export function writePageLoss(out: SourceRecording, stream: CpuStream, seq: number, clock: Clock): void {
  const count = stream.lost;
  stream.lost = 0;
  if (count > 0) stream.lostTold += count;
  else stream.lostUncounted = true;
  out.loss({
    kind: 'lost',
    cpu: stream.cpu,
    count: count > 0 ? BigInt(count) : null,
    seq,
    from_ns: stream.given > 0 ? clock.toNs(stream.lastLo, stream.lastHi) : null,
    to_ns: clock.toNs(stream.events.timeLo[stream.at], stream.events.timeHi[stream.at]),
    offset: BigInt(stream.offsetOf(stream.at)),
    line: null,
    message: `CPU ${stream.cpu} lost ${count > 0 ? count : 'an unknown number of'} events`,
  });
}

interface CpuStat {
  readonly buffer: string;
  readonly cpu: number;
  readonly overrun: number;
  readonly dropped: number;
}

/** The CPUSTAT options: `Buffer: name` begins an instance, `CPU: n` a CPU, then the lines of its `stats` file. */
export function parseStats(texts: readonly string[]): CpuStat[] {
  const stats: { buffer: string; cpu: number; overrun: number; dropped: number }[] = [];
  let buffer = '';
  for (const line of texts.join('\n').split('\n')) {
    const named = /^\s*Buffer:\s*(\S+)/.exec(line);
    if (named) buffer = named[1];
    const entry = /^\s*([A-Za-z ]+):\s*(\d+)/.exec(line);
    if (!entry) continue;
    const value = Number(entry[2]);
    const current = stats[stats.length - 1];
    if (entry[1] === 'CPU') stats.push({ buffer, cpu: value, overrun: 0, dropped: 0 });
    else if (current && entry[1] === 'overrun') current.overrun = value;
    else if (current && (entry[1] === 'commit overrun' || entry[1] === 'dropped events'))
      current.dropped += value;
  }
  return stats;
}

/** Losses that the statistics of a CPU count beyond those its pages tell: their place in time is not known. */
export function writeStatLosses(out: SourceRecording, file: TraceFile, streams: readonly CpuStream[]): void {
  for (const { buffer, cpu, overrun, dropped } of parseStats(file.options.cpuStats)) {
    const stream = streams.find((candidate) => candidate.cpu === cpu && candidate.buffer.name === buffer);
    const told = stream?.lostTold ?? 0;
    const tell = (kind: 'overwritten' | 'dropped', count: number, what: string) =>
      out.loss({
        kind,
        cpu,
        count: BigInt(count),
        seq: 0,
        from_ns: null,
        to_ns: null,
        offset: 0n,
        line: null,
        message: `the statistics of CPU ${cpu}${buffer ? ` of instance ${buffer}` : ''} count ${count} ${what}`,
      });
    if (overrun > told && !stream?.lostUncounted) {
      tell(
        'overwritten',
        overrun - told,
        told > 0 ? 'more overwritten events than its pages tell' : 'overwritten events',
      );
    }
    if (dropped > 0) tell('dropped', dropped, 'events that found no room');
  }
}

/** The end of a file that was cut: what came after the last event is not known. */
export function writeCut(
  out: SourceRecording,
  streams: readonly CpuStream[],
  clock: Clock,
  seq: number,
): void {
  let last: CpuStream | null = null;
  for (const stream of streams) {
    if (stream.given > 0 && (!last || bigOf(stream.lastLo, stream.lastHi) > bigOf(last.lastLo, last.lastHi)))
      last = stream;
  }
  out.loss({
    kind: 'cut',
    cpu: null,
    count: null,
    seq,
    from_ns: last ? clock.toNs(last.lastLo, last.lastHi) : null,
    to_ns: null,
    offset: BigInt(out.size),
    line: null,
    message: 'the file ends before the recorded data does',
  });
}
