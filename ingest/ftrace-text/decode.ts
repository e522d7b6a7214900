import type { DecodeOptions } from '../format.ts';
import type { SourceRecording } from '../recording.ts';
import { HASH, isDigit, latin1Of, PIPE, skipSpaces, startsWith, TAB, trimEnd } from './bytes.ts';
import { parseEventLine } from './event-line.ts';
import { EventNames, type NameInfo } from './event-names.ts';
import { EventRows } from './event-rows.ts';
import { GraphEvents } from './graph-events.ts';
import { GraphLine } from './graph-line.ts';
import { Head } from './head.ts';
import { parseLatencyLine, parseVerboseLine } from './latency-line.ts';
import { Losses } from './losses.ts';
import { type Mark, readMark } from './marks.ts';
import type { NameTable } from './name-table.ts';
import { parsePerfLine } from './perf-line.ts';
import { PlainEvents } from './plain-events.ts';
import { afterPrefix, MOST_PREFIXES } from './prefix.ts';
import { parseRawLine } from './raw-line.ts';
import { Renderings } from './renderings.ts';
import type { ScanResult } from './scanner.ts';
import { Section } from './sections.ts';
import { frameText, isFrame, perfFrameText, Stacks } from './stacks.ts';
import { Timeline } from './timeline.ts';

/** A line of which not even this much is needed to say what it is, is quoted in part. */
const LONGEST_MARK = 512;

/** Reads the lines of an ftrace text in their order. It may be told that lines of events nobody wants were passed over. */
export class LineDecoder {
  private readonly out: SourceRecording;
  private readonly head = new Head();
  private readonly graphLine = new GraphLine();
  private readonly section = new Section();
  private readonly losses: Losses;
  private readonly timeline: Timeline;
  private readonly names: EventNames;
  private readonly stacks = new Stacks();
  private readonly renderings: Renderings;
  private readonly plain: PlainEvents;
  private readonly graph: GraphEvents;
  private readonly place = { offset: 0, length: 0, line: 0 };
  /** What the line before was, for lines that only make sense after another. */
  private before: 'event' | 'perf' | 'stack' | 'other' = 'other';
  private source: string | null = null;
  /** The CPU whose statistics are printed. */
  private countedCpu: number | null = null;
  /** Names of the events that scans pass over, by their ids there. */
  private readonly skippedNames: NameInfo[] = [];

  constructor(out: SourceRecording, options: DecodeOptions, unwanted: NameTable) {
    this.out = out;
    this.losses = new Losses(out);
    this.timeline = new Timeline(out, this.losses, this.section);
    this.names = new EventNames(out, options.needs, unwanted);
    this.renderings = new Renderings(out);
    const rows = new EventRows(out);
    this.graph = new GraphEvents(this.names, rows, this.timeline, this.stacks, this.renderings);
    this.plain = new PlainEvents(
      out,
      this.names,
      rows,
      this.timeline,
      this.stacks,
      this.renderings,
      this.graph,
    );
  }

  /** True when no line may be passed over any more. */
  get needsAllLines(): boolean {
    return this.stacks.active;
  }

  /** What a scan passed over, before its lines are decoded. */
  addSkipped(scan: ScanResult, names: NameTable): void {
    const { out } = this;
    if (scan.skipped === 0) return;
    out.bytes.record += scan.skippedBytes;
    this.section.onContext(scan.lowestCpu, scan.highestCpu);
    for (let id = 0; id < scan.names; id++) {
      if (scan.counts[id] === 0) continue;
      this.skippedNames[id] ??= this.names.of(names.nameOf(id));
      this.skippedNames[id].count += scan.counts[id];
    }
  }

  /** Lines of plain events, not handed over, that stand before the next line. */
  skip(lines: number): void {
    this.place.line += lines;
    this.timeline.skip(lines);
  }

  /** Lines of the source that belong to the line before. */
  pass(lines: number): void {
    this.place.line += lines;
  }

  /** One line `buffer[start, lineEnd)` without its line end, which stands at `offset` and has `length` bytes with it. */
  onLine(buffer: Uint8Array, start: number, lineEnd: number, offset: number, length: number): void {
    const { head, place, out } = this;
    const end = buffer[lineEnd - 1] === TAB ? trimEnd(buffer, start, lineEnd) : lineEnd;
    place.offset = offset;
    place.length = length;
    place.line++;
    if (buffer[start] !== HASH && parseEventLine(buffer, start, end, head)) {
      out.bytes.record += length;
      this.section.onContext(head.cpu, head.cpu);
      this.before = this.plain.onEvent(buffer, end, head, place) ? 'stack' : 'event';
      return;
    }
    if (this.onKnown(buffer, start, end) || this.onPrefixed(buffer, start, end)) return;
    if (this.before !== 'other' && this.plain.mayContinue(buffer, start, end)) {
      out.bytes.continuation += length;
      return;
    }
    this.onUnparsed(buffer, start, end);
  }

  /** The last line, when it has no line end. */
  onCut(offset: number, length: number): void {
    const { place, out } = this;
    place.line++;
    out.bytes.unparsed += length;
    out.unparsed++;
    this.losses.cut(
      this.timeline,
      offset,
      place.line,
      'the input ends without a line end: its last line may be cut and was not used',
    );
  }

  finish(): void {
    const { out, timeline, place } = this;
    this.stacks.flush();
    out.lastNs = timeline.lastNs;
    this.losses.finish(timeline.seq);
    out.records += timeline.seq;
    this.names.finish();
    this.renderings.finish();
    this.section.check(out, this.losses, timeline, out.size, place.line);
    if (timeline.seq === 0 && this.source !== null) {
      out.note(
        'warning',
        'no-events',
        null,
        'the text has a header and no event: the buffer was empty, or had been read before (trace_pipe empties it)',
      );
    }
    const details = [this.source ?? 'trace_pipe or a part of a trace', ...this.renderings.labels];
    out.detail = details.join(', ');
  }

  /** A line of the function_graph tracer. */
  private onGraph(buffer: Uint8Array, start: number, end: number): boolean {
    const { head, graphLine, place, out, renderings } = this;
    const isGraph = this.section.tracer === 'function_graph';
    if (!isGraph && !looksLikeGraph(buffer, start, end)) return false;
    if (!graphLine.parse(buffer, start, end, head, isGraph)) return false;
    if (graphLine.isInterrupt) {
      out.bytes.marker += place.length;
      return true;
    }
    this.stacks.flush();
    out.bytes.record += place.length;
    this.source ??= 'function_graph';
    if (head.timeEnd > head.timeStart) head.resolveTime(buffer);
    else renderings.see('graph-no-time', place.offset, place.line);
    if (head.cpu < 0) renderings.see('graph-no-cpu', place.offset, place.line);
    if (graphLine.hasTask) renderings.see('graph-short-comm', place.offset, place.line);
    else renderings.see('graph-no-task', place.offset, place.line);
    const comm = this.graph.setTask(head);
    const { call } = graphLine;
    if (call.kind === 'comment') {
      const stack = this.plain.onComment(buffer, call.bodyStart, call.bodyEnd, head, place, comm);
      this.before = stack ? 'stack' : 'event';
      return true;
    }
    if (call.kind === 'leaf' && graphLine.duration < 0)
      renderings.see('graph-no-duration', place.offset, place.line);
    else if (call.kind === 'leaf' && head.timed) renderings.see('graph-short-time', place.offset, place.line);
    this.graph.onCall(buffer, graphLine, head, place, null, comm);
    this.before = 'event';
    return true;
  }

  /** A line of one of the rarer renderings of events. */
  private onOtherEvent(buffer: Uint8Array, start: number, end: number): boolean {
    const { head, place, out, renderings } = this;
    const latency = parseLatencyLine(buffer, start, end, head) ?? parseVerboseLine(buffer, start, end, head);
    if (latency) {
      if (latency === 'relative') renderings.see('latency-format', place.offset, place.line);
      if (latency === 'absolute') renderings.see('latency-comm', place.offset, place.line);
      if (latency === 'verbose') renderings.see('verbose-latency', place.offset, place.line);
      this.section.onContext(head.cpu, head.cpu);
      out.bytes.record += place.length;
      this.before = this.plain.onEvent(buffer, end, head, place) ? 'stack' : 'event';
      return true;
    }
    const raw = parseRawLine(buffer, start, end, head);
    if (raw) {
      renderings.see(raw === 'raw' ? 'raw-rendering' : 'hex-rendering', place.offset, place.line);
      this.section.onContext(head.cpu, head.cpu);
      out.bytes.record += place.length;
      this.plain.onNameless(buffer, head);
      this.before = 'event';
      return true;
    }
    if (parsePerfLine(buffer, start, end, head)) {
      if (head.pid < 0 || head.timeEnd === head.timeStart)
        renderings.see('perf-fields', place.offset, place.line);
      this.stacks.flush();
      this.source ??= 'perf script';
      out.bytes.record += place.length;
      this.plain.onEvent(buffer, end, head, place);
      this.before = 'perf';
      return true;
    }
    if (this.before === 'perf' && start < end) {
      const frame = perfFrameText(buffer, start, end);
      if (frame !== null) {
        out.bytes.continuation += place.length;
        this.stacks.beginAtLast();
        this.stacks.addFrame(frame);
        return true;
      }
    }
    if (!this.section.mayLackContext || this.section.tracer === 'function_graph') return false;
    if (!this.plain.parseBare(buffer, start, end, head, this.section.tracer === 'function')) return false;
    renderings.see('no-context', place.offset, place.line);
    out.bytes.record += place.length;
    this.before = this.plain.onEvent(buffer, end, head, place) ? 'stack' : 'event';
    return true;
  }

  /** A line of any kind but an ordinary event, as the tracer prints it. */
  private onKnown(buffer: Uint8Array, start: number, end: number): boolean {
    if (buffer[start] !== HASH) {
      if (this.before !== 'other' && isFrame(buffer, start, end)) {
        this.out.bytes.continuation += this.place.length;
        this.stacks.addFrame(frameText(buffer, start, end));
        return true;
      }
      if (this.onGraph(buffer, start, end) || this.onOtherEvent(buffer, start, end)) return true;
    }
    const mark = readMark(latin1Of(buffer, start, Math.min(end, start + LONGEST_MARK)));
    if (mark) this.onMark(mark);
    return mark !== null;
  }

  /** The same behind what something else put before the line. */
  private onPrefixed(buffer: Uint8Array, start: number, end: number): boolean {
    let at = start;
    for (let i = 0; i < MOST_PREFIXES; i++) {
      const next = afterPrefix(buffer, at, end);
      if (next === at) return false;
      at = next;
      if (this.onKnown(buffer, at, end)) return true;
    }
    return false;
  }

  private onMark(mark: Mark): void {
    const { out, place, losses, timeline } = this;
    out.bytes[MARKERS.has(mark.kind) ? 'marker' : 'comment'] += place.length;
    this.stacks.flush();
    switch (mark.kind) {
      case 'lost':
        this.graph.forget();
        losses.add(mark, timeline, place.offset, place.line);
        break;
      case 'statistic':
        this.onStatistic(mark);
        break;
      case 'buffer-started':
        losses.add(mark, timeline, place.offset, place.line);
        break;
      case 'entries':
        this.section.entries = mark;
        losses.overwritten(mark, timeline.seq, place.offset, place.line);
        break;
      case 'tracer':
        this.section.check(out, losses, timeline, place.offset, place.line);
        this.section.begin(mark.name, timeline.seq);
        this.stacks.reset();
        this.graph.reset();
        this.before = 'other';
        this.source ??= `tracefs trace (${mark.name})`;
        break;
      case 'latency-header':
      case 'release':
        out.kernelRelease ??= mark.release;
        break;
      case 'report-header':
        this.source ??= 'trace-cmd report';
        break;
      case 'perf-header':
        this.source ??= 'perf script';
        break;
      case 'switch':
        this.graph.onSwitch(mark);
    }
  }

  private onStatistic({ name, value }: Mark & { kind: 'statistic' }): void {
    const { place, losses } = this;
    if (name === 'CPU') this.countedCpu = value;
    if (value === 0) return;
    if (name === 'overrun') losses.counted('overwritten', this.countedCpu, value, place.offset, place.line);
    if (name === 'commit overrun' || name === 'dropped events')
      losses.counted('dropped', this.countedCpu, value, place.offset, place.line);
  }

  private onUnparsed(buffer: Uint8Array, start: number, end: number): void {
    const { out, place } = this;
    const text = latin1Of(buffer, start, Math.min(end, start + 100));
    out.bytes.unparsed += place.length;
    out.unparsed++;
    this.before = 'other';
    out.note(
      'warning',
      'unparsed-line',
      { offset: place.offset, line: place.line },
      `line of no known kind (an event line is "comm-pid [cpu] time: event: ..."): ${text}`,
    );
  }
}

const MARKERS: ReadonlySet<Mark['kind']> = new Set(['lost', 'buffer-started', 'switch', 'rule']);

/** A cheap look before the columns are taken apart: ` 0) ` at the beginning, or a bar not far from it. */
function looksLikeGraph(buffer: Uint8Array, start: number, end: number): boolean {
  let at = skipSpaces(buffer, start, end);
  const first = at;
  while (at < end && at - first < 5 && isDigit(buffer[at])) at++;
  if (at > first && startsWith(buffer, at, end, ')')) return true;
  const limit = Math.min(end, start + 64);
  for (; at < limit; at++) if (buffer[at] === PIPE) return true;
  return false;
}
