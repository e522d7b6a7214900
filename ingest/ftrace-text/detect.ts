import type { Detection, Probe } from '../format.ts';
import { HASH, LF, latin1Of } from './bytes.ts';
import { parseEventLine } from './event-line.ts';
import { GraphLine } from './graph-line.ts';
import { Head } from './head.ts';
import { parseLatencyLine, parseVerboseLine } from './latency-line.ts';
import { readMark } from './marks.ts';
import { changesOf, LARGEST_PASTE, shownHead } from './pasted.ts';
import { parsePerfLine } from './perf-line.ts';
import { afterPrefix, MOST_PREFIXES } from './prefix.ts';
import { parseRawLine } from './raw-line.ts';

/** Lines looked at. */
const MOST_LINES = 200;

/** Renderings by what their lines look like, in words for the user. */
const SHAPES = {
  event: 'comm-pid [cpu] time: event',
  graph: 'cpu) duration | function() {',
  latency: 'comm-pid cpu+flags time: event',
  raw: 'pid cpu time type: number',
  perf: 'comm pid [cpu] time: event:',
} as const;

type Shape = keyof typeof SHAPES;

const DETAILS: Readonly<Record<Shape, string>> = {
  event: 'trace_pipe or a part of a trace',
  graph: 'function_graph',
  latency: 'latency format',
  raw: 'raw or hex',
  perf: 'perf script',
};

/**
 * What a rendering alone proves. Other programs write lines like those of perf script and of the graph tracer's bare
 * calls; no other writes `comm-pid [cpu]`.
 */
const STRENGTH: Readonly<Record<Shape, number>> = { event: 90, graph: 88, latency: 88, raw: 85, perf: 80 };

/** Looks for the headers of tracefs, trace-cmd and perf, then for event lines of any rendering. */
export function detect(probe: Probe): Detection {
  const { head, size } = probe;
  if (head.subarray(0, 512).includes(0)) {
    return { confidence: 0, why: 'has NUL bytes near its start, which no ftrace text has' };
  }
  const changes = size <= LARGEST_PASTE ? changesOf(head) : null;
  const shown = changes ? shownHead(head, changes) : head;
  const text = latin1Of(shown, 0, Math.min(shown.length, 4096));
  const tracer = /^# tracer: (\S+)/m.exec(text);
  if (tracer) {
    return {
      confidence: 98,
      why: `has the tracefs header "# tracer: ${tracer[1]}"`,
      detail: `tracefs trace (${tracer[1]})`,
    };
  }
  const { lines, shapes } = shapesOf(shown, changes ? shown.length : size);
  const found = (Object.keys(shapes) as Shape[]).reduce((sum, shape) => sum + shapes[shape], 0);
  if (/^(version = \d+\s+)?cpus=\d+\r?$/m.test(text.slice(0, 200)) && (found > 0 || lines <= 2)) {
    return {
      confidence: 96,
      why: 'begins with the "cpus=" line of trace-cmd report',
      detail: 'trace-cmd report',
    };
  }
  if (/^# ={8}/.test(text) && /^# captured on/m.test(text)) {
    return { confidence: 95, why: 'begins with the header of perf script', detail: 'perf script' };
  }
  if (lines === 0) return { confidence: 0, why: 'has no complete line' };
  if (found === 0) return { confidence: 0, why: `no line has the shape "${SHAPES.event}"` };
  const best = (Object.keys(shapes) as Shape[]).reduce((a, b) => (shapes[b] > shapes[a] ? b : a));
  const share = Math.round((found * 100) / lines);
  return {
    confidence: share >= 50 ? STRENGTH[best] : share >= 10 ? 60 : 25,
    why: `${found} of the first ${lines} lines that are not frames of a stack or comments are events of ftrace, most have the shape "${SHAPES[best]}"`,
    detail: DETAILS[best],
  };
}

/** Counts the lines of each shape among the first ones. */
function shapesOf(head: Uint8Array, size: number): { lines: number; shapes: Record<Shape, number> } {
  const shapes: Record<Shape, number> = { event: 0, graph: 0, latency: 0, raw: 0, perf: 0 };
  const line = new Head();
  const graph = new GraphLine();
  let lines = 0;
  let start = 0;
  while (start < head.length && lines < MOST_LINES) {
    const lf = head.indexOf(LF, start);
    if (lf < 0 && head.length < size) break;
    const next = lf < 0 ? head.length : lf + 1;
    const stop = lf < 0 ? next : lf;
    const end = stop > start && head[stop - 1] === 13 ? stop - 1 : stop;
    const shape = lineShape(head, start, end, line, graph);
    if (shape !== undefined) lines++;
    if (shape) shapes[shape]++;
    start = next;
  }
  return { lines, shapes };
}

/** Blank lines, comments and frames say nothing about the rendering. */
function isCounted(buffer: Uint8Array, start: number, end: number): boolean {
  if (end === start || buffer[start] === HASH) return false;
  const text = latin1Of(buffer, start, Math.min(end, start + 64));
  return !/^\s*$|^\s*=> |^\s+[0-9a-f]{4,16} \S/.test(text);
}

/** The shape of a line, if need be behind prefixes; null for none, undefined for a line that does not count. */
function lineShape(
  buffer: Uint8Array,
  start: number,
  end: number,
  head: Head,
  graph: GraphLine,
): Shape | null | undefined {
  let at = start;
  for (let i = 0; i <= MOST_PREFIXES; i++) {
    if (!isCounted(buffer, at, end)) return undefined;
    const shape = shapeOf(buffer, at, end, head, graph);
    const next = afterPrefix(buffer, at, end);
    if (shape || next === at || shape === undefined) return shape;
    at = next;
  }
  return null;
}

/** The shape of a whole line; undefined for a mark. */
function shapeOf(
  buffer: Uint8Array,
  start: number,
  end: number,
  head: Head,
  graph: GraphLine,
): Shape | null | undefined {
  const text = latin1Of(buffer, start, Math.min(end, start + 512));
  // A kernel log begins so, and may quote a trace behind it.
  if (/^(?:<\d+>)?\[ *\d+\.\d+\]/.test(text)) return null;
  if (readMark(text)) return undefined;
  if (parseEventLine(buffer, start, end, head)) return 'event';
  if (graph.parse(buffer, start, end, head, false) && graph.columns > 1) return 'graph';
  if (parseLatencyLine(buffer, start, end, head) ?? parseVerboseLine(buffer, start, end, head))
    return 'latency';
  if (parseRawLine(buffer, start, end, head)) return 'raw';
  return parsePerfLine(buffer, start, end, head) ? 'perf' : null;
}
