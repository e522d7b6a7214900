import type { Detection, Probe } from '../format.ts';
import { EventLine } from './line.ts';

const latin1 = new TextDecoder('latin1');

/** Looks for the headers of tracefs and trace-cmd, then for event lines. */
export function detect(probe: Probe): Detection {
  const { head } = probe;
  if (head.includes(0) && head.subarray(0, 512).includes(0)) {
    return { confidence: 0, why: 'has NUL bytes near its start, which no ftrace text has' };
  }
  const text = latin1.decode(head.subarray(0, 4096));
  const tracer = /^# tracer: (\S+)/m.exec(text);
  if (tracer) {
    return {
      confidence: 98,
      why: `has the tracefs header "# tracer: ${tracer[1]}"`,
      detail: `tracefs trace (${tracer[1]})`,
    };
  }
  const line = new EventLine();
  let lines = 0;
  let events = 0;
  let start = 0;
  for (let at = 0; at <= head.length && lines < 200; at++) {
    if (at < head.length && head[at] !== 10) continue;
    const end = at > start && head[at - 1] === 13 ? at - 1 : at;
    if (end > start && (at < head.length || head.length === probe.size)) {
      lines++;
      if (line.parse(head, start, end)) events++;
    }
    start = at + 1;
  }
  if (/^(version = \d+\s+)?cpus=\d+\r?$/m.test(text.slice(0, 200)) && (events > 0 || lines <= 2)) {
    return {
      confidence: 96,
      why: 'begins with the "cpus=" line of trace-cmd report',
      detail: 'trace-cmd report',
    };
  }
  if (lines === 0) return { confidence: 0, why: 'has no complete line' };
  const share = Math.round((events * 100) / lines);
  if (events === 0) return { confidence: 0, why: 'no line has the shape "comm-pid [cpu] time: event"' };
  return {
    confidence: share >= 50 ? 90 : share >= 10 ? 60 : 25,
    why: `${events} of the first ${lines} lines have the shape "comm-pid [cpu] time: event"`,
    detail: 'trace_pipe or a part of a trace',
  };
}
