import type { EventNames, NameInfo } from './event-names.ts';
import type { EventRows, LinePlace } from './event-rows.ts';
import { GraphCalls } from './graph-calls.ts';
import type { GraphLine } from './graph-line.ts';
import type { Head } from './head.ts';
import type { Mark } from './marks.ts';
import type { Renderings } from './renderings.ts';
import type { Stacks } from './stacks.ts';
import type { Timeline } from './timeline.ts';

/**
 * Turns the calls of a function graph into events: the beginning of a call into a row of `funcgraph_entry`, its end
 * into a row of `funcgraph_exit` with `is_return`. A call without calls inside is printed in one line and gives both.
 */
export class GraphEvents {
  private readonly names: EventNames;
  private readonly rows: EventRows;
  private readonly timeline: Timeline;
  private readonly stacks: Stacks;
  private readonly renderings: Renderings;
  private readonly calls = new GraphCalls();
  private readonly entry: NameInfo;
  private readonly exit: NameInfo;

  constructor(
    names: EventNames,
    rows: EventRows,
    timeline: Timeline,
    stacks: Stacks,
    renderings: Renderings,
  ) {
    this.names = names;
    this.rows = rows;
    this.timeline = timeline;
    this.stacks = stacks;
    this.renderings = renderings;
    this.entry = names.of('funcgraph_entry');
    this.exit = names.of('funcgraph_exit');
  }

  /** The task of a line without one, as the last banner says. */
  setTask(head: Head): number {
    const task = head.pid < 0 ? this.calls.taskOf(head.cpu) : null;
    if (task) head.pid = task.pid;
    return task ? this.rows.internComm(task.comm) : -1;
  }

  onSwitch(mark: Mark & { kind: 'switch' }): void {
    this.calls.switchTask(mark.cpu, mark.from, mark.to);
  }

  forget(): void {
    this.calls.forget();
  }

  reset(): void {
    this.calls.reset();
  }

  /**
   * One line with a call, its beginning or its end. `printed` is the event name where the text has one (trace-cmd).
   * @param comm id of a task name that does not stand in the line, or -1.
   */
  onCall(
    buffer: Uint8Array,
    line: GraphLine,
    head: Head,
    place: LinePlace,
    printed: NameInfo | null,
    comm: number,
  ): void {
    const { call } = line;
    if (call.kind === 'end') {
      this.onEnd(buffer, line, head, place, comm);
      return;
    }
    const symbol = this.names.symbol(buffer, call.symbolStart, call.symbolEnd);
    const caller = this.rows.internSymbol(buffer, call.callerStart, call.callerEnd);
    this.onBegin(buffer, line, head, place, printed ?? this.entry, symbol, caller, comm);
    if (call.kind === 'begin') {
      this.calls.begin(head.pid, head.cpu, { depth: line.depth, symbol, caller });
      return;
    }
    if (line.duration > 0) addNanoseconds(head, line.duration);
    this.writeExit(buffer, line, head, place, symbol, caller, comm);
  }

  private onBegin(
    buffer: Uint8Array,
    line: GraphLine,
    head: Head,
    place: LinePlace,
    info: NameInfo,
    symbol: number,
    caller: number,
    comm: number,
  ): void {
    const { names, rows, renderings } = this;
    const { call } = line;
    const seq = this.timeline.next(head.time.lo, head.time.hi, head.timed, head.decimals);
    info.count++;
    if (!names.wantsSymbol(info, symbol, false, noFields)) {
      this.stacks.onEvent({ cpu: head.cpu, pid: head.pid, table: null, row: 0 });
      return;
    }
    this.setHeader(buffer, head, place, symbol, caller, comm);
    const table = names.tableOf(info);
    const row = rows.begin(table, seq);
    rows.addNumber('depth', Math.max(0, (line.depth - 1) >> 1));
    renderings.calls++;
    if (call.argsEnd > call.argsStart) {
      renderings.withArguments++;
      rows.addCallArguments(buffer, call.argsStart, call.argsEnd);
    }
    this.stacks.onEvent({ cpu: head.cpu, pid: head.pid, table, row });
  }

  private onEnd(buffer: Uint8Array, line: GraphLine, head: Head, place: LinePlace, comm: number): void {
    const { call } = line;
    const frame = this.calls.end(head.pid, head.cpu, line.depth);
    const named = this.names.symbol(buffer, call.symbolStart, call.symbolEnd);
    const symbol = named >= 0 ? named : (frame?.symbol ?? -1);
    const caller = frame && frame.symbol === symbol ? frame.caller : -1;
    this.writeExit(buffer, line, head, place, symbol, caller, comm);
  }

  private writeExit(
    buffer: Uint8Array,
    line: GraphLine,
    head: Head,
    place: LinePlace,
    symbol: number,
    caller: number,
    comm: number,
  ): void {
    const { names, rows, exit, renderings } = this;
    const { call } = line;
    const seq = this.timeline.next(head.time.lo, head.time.hi, head.timed, head.decimals);
    exit.count++;
    if (symbol < 0 || !names.wantsSymbol(exit, symbol, true, noFields)) {
      this.stacks.onEvent({ cpu: head.cpu, pid: head.pid, table: null, row: 0 });
      return;
    }
    this.setHeader(buffer, head, place, symbol, caller, comm);
    rows.header.isReturn = true;
    const table = names.tableOf(exit);
    const row = rows.begin(table, seq);
    rows.addNumber('depth', Math.max(0, (line.depth - 1) >> 1));
    if (line.duration >= 0) rows.addNumber('duration_ns', line.duration);
    if (call.retEnd > call.retStart) {
      renderings.withResult++;
      rows.addValue('ret', buffer, call.retStart, call.retEnd);
    }
    this.stacks.onEvent({ cpu: head.cpu, pid: head.pid, table, row });
  }

  private setHeader(
    buffer: Uint8Array,
    head: Head,
    place: LinePlace,
    symbol: number,
    caller: number,
    comm: number,
  ): void {
    const { rows } = this;
    rows.setHead(buffer, head, place);
    if (comm >= 0) rows.header.comm = comm;
    rows.header.symbol = this.names.sharedSymbol(symbol);
    rows.header.caller = caller;
  }
}

function noFields(): string[] {
  return [];
}

function addNanoseconds(head: Head, ns: number): void {
  const lo = head.time.lo + ns;
  head.time.lo = lo >>> 0;
  head.time.hi = (head.time.hi + Math.floor(lo / 4294967296)) >>> 0;
}
