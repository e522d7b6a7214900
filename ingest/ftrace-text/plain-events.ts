import type { SourceRecording } from '../recording.ts';
import { COLON, isHexDigit, isNameByte, latin1Of, SPACE, skipSpaces, startsWith, TAB } from './bytes.ts';
import type { EventNames, NameInfo } from './event-names.ts';
import { argumentNamesOf, type EventRows, type LinePlace } from './event-rows.ts';
import { FunctionBody } from './function-body.ts';
import type { GraphEvents } from './graph-events.ts';
import { GraphLine } from './graph-line.ts';
import { Head, parseName } from './head.ts';
import { newLocation, parseLocation } from './location.ts';
import type { Renderings } from './renderings.ts';
import { isStackMark, type Stacks, startsStack } from './stacks.ts';
import type { Timeline } from './timeline.ts';

/** Events whose body is what a person or a program wrote, with line ends inside. */
const FREE_TEXT = new Set([
  'print',
  'bprint',
  'bputs',
  'tracing_mark_write',
  'raw_data',
  'console',
  'user_events',
]);

/** Begins like the line of an event or a call: what it says besides was not understood. */
const LINE_OF_ITS_OWN = /^\s*(?:\d{1,5}\) .*\||\S.{0,40}-\d+ +(?:\([ \d-]+\) +)?\[\d{3,5}\] )/;

const KIT = 'atscope: ';

/** What trace-cmd prints before the fields of an event whose print format it cannot read. */
const NOT_PARSED = '[FAILED TO PARSE]';
/** What the kernel accepts as the name of an event. */
const EVENT_NAME = /^[A-Za-z_]\w*$/;

/** Turns lines with a head into events, whatever the head looked like. */
export class PlainEvents {
  private readonly names: EventNames;
  private readonly rows: EventRows;
  private readonly timeline: Timeline;
  private readonly stacks: Stacks;
  private readonly renderings: Renderings;
  private readonly graph: GraphEvents;
  private readonly location = newLocation();
  private readonly body = new FunctionBody();
  private readonly graphLine = new GraphLine();
  private readonly graphHead = new Head();
  /** Whether lines may follow that belong to the last event. */
  private open = false;
  private readonly out: SourceRecording;

  constructor(
    out: SourceRecording,
    names: EventNames,
    rows: EventRows,
    timeline: Timeline,
    stacks: Stacks,
    renderings: Renderings,
    graph: GraphEvents,
  ) {
    this.out = out;
    this.names = names;
    this.rows = rows;
    this.timeline = timeline;
    this.stacks = stacks;
    this.renderings = renderings;
    this.graph = graph;
  }

  /** Reads the event of a line whose head is known. Returns true for the mark of a stack trace. */
  onEvent(buffer: Uint8Array, end: number, head: Head, place: LinePlace, comm = -1): boolean {
    this.stacks.flush();
    head.resolveTime(buffer);
    const info = head.bare ? this.names.of('function') : this.names.ofHead(buffer, head);
    this.open = head.bodyStart >= end || FREE_TEXT.has(info.name);
    if (isStackMark(buffer, head, end)) {
      this.onStack(buffer, head);
      return true;
    }
    if (this.open && startsWith(buffer, head.bodyStart, end, KIT)) this.onMark(buffer, head, end);
    switch (info.body) {
      case 'function':
        this.onFunction(buffer, end, head, place, info);
        return false;
      case 'graph':
        if (this.graphLine.parse(buffer, head.bodyStart, end, this.graphHead, true)) {
          this.graph.onCall(buffer, this.graphLine, head, place, info, comm);
          return false;
        }
    }
    this.onTraceEvent(buffer, end, head, place, info, comm);
    return false;
  }

  /** A trace event that the function graph prints as a comment: `event: body`, or what trace_printk wrote. */
  onComment(
    buffer: Uint8Array,
    start: number,
    end: number,
    head: Head,
    place: LinePlace,
    comm: number,
  ): boolean {
    head.nameStart = head.nameEnd = head.bodyStart = start;
    head.bare = false;
    let at = start;
    while (at < end && isNameByte(buffer[at])) at++;
    if (at > start && buffer[at] === COLON && at < end) {
      head.nameEnd = at;
      head.bodyStart = skipSpaces(buffer, at + 1, end);
      return this.onEvent(buffer, end, head, place, comm);
    }
    if (startsStack(buffer, start, end)) {
      this.stacks.flush();
      this.onStack(buffer, head);
      return true;
    }
    this.names.of('print').count++;
    this.count(head);
    this.open = true;
    return false;
  }

  /** An event of which only the number of its type is printed. */
  onNameless(buffer: Uint8Array, head: Head): void {
    this.stacks.flush();
    const text = latin1Of(buffer, head.nameStart, head.nameEnd);
    this.names.of(text.startsWith('type: ') ? text.replace(': ', ' ') : 'unnamed').count++;
    this.count(head);
    this.open = true;
  }

  /** Reads a head without any context: `name: body`, or with `functions` what the function tracer prints. */
  parseBare(buffer: Uint8Array, start: number, end: number, head: Head, functions: boolean): boolean {
    head.clear(start);
    if (start >= end || buffer[start] === SPACE || !parseName(buffer, start, end, head)) return false;
    if (head.bare) return functions && this.body.parse(buffer, start, end);
    return !functions && EVENT_NAME.test(latin1Of(buffer, head.nameStart, head.nameEnd));
  }

  /** Whether a line of no kind of its own belongs to the event before. */
  mayContinue(buffer: Uint8Array, start: number, end: number): boolean {
    if (LINE_OF_ITS_OWN.test(latin1Of(buffer, start, Math.min(end, start + 128)))) return false;
    if (this.open || buffer[start] === SPACE || buffer[start] === TAB) return true;
    // Hex dumps: `00000000: 01 02 ...`.
    let at = start;
    while (at < end && isHexDigit(buffer[at])) at++;
    return at - start === 8 && buffer[at] === COLON;
  }

  /** What `atscope-capture` writes into a recording at its beginning and end; tracefs itself does not name the kernel. */
  private onMark(buffer: Uint8Array, head: Head, end: number): void {
    const release = / kernel=(\d+\.\S+)$/.exec(latin1Of(buffer, head.bodyStart, end))?.[1];
    if (release !== undefined) this.out.kernelRelease ??= release;
  }

  private onStack(buffer: Uint8Array, head: Head): void {
    const user =
      startsWith(buffer, head.bodyStart, buffer.length, '<user') ||
      startsWith(buffer, head.nameStart, head.nameEnd, 'user');
    this.names.of(user ? 'user_stack' : 'kernel_stack').count++;
    this.timeline.next(head.time.lo, head.time.hi, head.timed, head.decimals);
    this.stacks.begin(user ? 'user_stack' : 'stack', head.cpu, head.pid);
  }

  /** Counts an event that is not kept. */
  private count(head: Head): number {
    this.stacks.onEvent({ cpu: head.cpu, pid: head.pid, table: null, row: 0 });
    return this.timeline.next(head.time.lo, head.time.hi, head.timed, head.decimals);
  }

  /** A line of the function tracer. */
  private onFunction(buffer: Uint8Array, end: number, head: Head, place: LinePlace, info: NameInfo): void {
    const { body, names, rows, renderings } = this;
    if (!body.parse(buffer, head.bodyStart, end)) {
      names.of('unnamed').count++;
      this.count(head);
      return;
    }
    info.count++;
    const symbol = names.symbol(buffer, body.symbolStart, body.symbolEnd);
    if (!names.wantsSymbol(info, symbol, false, () => [])) {
      this.count(head);
      return;
    }
    const seq = this.timeline.next(head.time.lo, head.time.hi, head.timed, head.decimals);
    rows.setHead(buffer, head, place);
    rows.header.symbol = names.sharedSymbol(symbol);
    rows.header.caller = rows.internSymbol(buffer, body.callerStart, body.callerEnd);
    const table = names.tableOf(info);
    const row = rows.begin(table, seq);
    rows.addCallArguments(buffer, body.argsStart, body.argsEnd);
    renderings.see('function-entries', place.offset, place.line);
    renderings.calls++;
    if (body.argsEnd > body.argsStart) renderings.withArguments++;
    // What returned is not to be expected of this tracer: the note above says so.
    renderings.withResult++;
    this.stacks.onEvent({ cpu: head.cpu, pid: head.pid, table, row });
  }

  private onTraceEvent(
    buffer: Uint8Array,
    end: number,
    head: Head,
    place: LinePlace,
    info: NameInfo,
    comm: number,
  ): void {
    const { location, names, rows } = this;
    info.count++;
    if (info.wanted === 0) {
      this.count(head);
      return;
    }
    const failed = startsWith(buffer, head.bodyStart, end, NOT_PARSED);
    if (failed) head.bodyStart = skipSpaces(buffer, head.bodyStart + NOT_PARSED.length, end);
    const located = parseLocation(buffer, head.bodyStart, end, location);
    const isReturn = located && location.isReturn;
    const symbol = located ? names.symbol(buffer, location.symbolStart, location.symbolEnd) : -1;
    const fields = () => argumentNamesOf(buffer, located ? location.after : head.bodyStart, end);
    if (info.wanted === -2 && symbol >= 0) info.wanted = -1;
    const wanted =
      info.wanted === -1
        ? names.wantsSymbol(info, symbol, isReturn, fields)
        : names.decide(info, isReturn, located && !location.isEvent, fields);
    if (!wanted) {
      this.count(head);
      return;
    }
    const seq = this.timeline.next(head.time.lo, head.time.hi, head.timed, head.decimals);
    rows.setHead(buffer, head, place);
    if (comm >= 0) rows.header.comm = comm;
    rows.header.symbol = names.sharedSymbol(symbol);
    rows.header.isReturn = isReturn;
    if (isReturn) rows.header.caller = rows.internSymbol(buffer, location.callerStart, location.callerEnd);
    const table = names.tableOf(info);
    const row = rows.begin(table, seq);
    if (head.tgid >= 0) rows.addNumber('tgid', head.tgid);
    if (!located) rows.addText('text', buffer, head.bodyStart, end);
    else if (location.addressEnd > location.addressStart) {
      rows.addText(
        location.isEvent ? 'probed_event' : 'address',
        buffer,
        location.addressStart,
        location.addressEnd,
      );
      if (!location.isEvent) this.renderings.see('addresses-only', place.offset, place.line);
    }
    if (located && buffer[head.bodyStart] === 95 && symbol >= 0)
      this.renderings.see('fields', place.offset, place.line);
    rows.addArguments(buffer, located ? location.after : head.bodyStart, end);
    this.stacks.onEvent({ cpu: head.cpu, pid: head.pid, table, row });
  }
}
