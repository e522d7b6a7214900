import type { EventColumns } from './event-columns.ts';
import { ENTER, type EventKindName, KIND, RETURN, UNKNOWN } from './events.ts';

/** Calls that never contain another call the model knows, except config writes: two of them cannot nest. */
const LEAF_KINDS: ReadonlySet<number> = new Set(
  (
    [
      'ats.init',
      'ats.supported',
      'ats.prepare',
      'ats.enable',
      'ats.disable',
      'ats.restore',
      'ats.required',
      'ats.query',
      'pasid.enable',
      'pasid.disable',
      'pri.enable',
      'pri.disable',
      'pri.reset',
    ] satisfies EventKindName[]
  ).map((name) => KIND[name]),
);

/** One call: entry and return of one function on one task. Missing ends are -1. */
export interface Call {
  readonly id: number;
  readonly kind: number;
  readonly symbol: number;
  enter: number;
  exit: number;
  /** Call that encloses it on the same task, or -1. */
  parent: number;
  /** Event of a kernel WARN that belongs to it, or -1. */
  warn: number;
  /** Event of the WARN with which the calling driver answered its failure, or -1. */
  driverWarn: number;
  /** True when the recording never shows returns of this function: its end is not known. */
  readonly entryOnly: boolean;
}

/** Calls of a recording, and the call each event belongs to. */
export interface Calls {
  readonly list: Call[];
  /** For entries and returns their own call, for other events the innermost open call of the task; -1 for none. */
  readonly callOf: Int32Array;
}

/**
 * Pairs entries and returns per task and by depth, in the order given. A frame whose return was lost is closed by the
 * return of a frame below it, or by an entry that cannot be nested in it. A loss marker forgets all open frames.
 */
export function pairCalls(events: EventColumns, order: Int32Array): Calls {
  const returning = symbolsWithReturns(events);
  const list: Call[] = [];
  const callOf = new Int32Array(events.length).fill(-1);
  const stacks = new Map<number, Call[]>();
  /** The call that the last event of a task returned from. */
  const lastClosed = new Map<number, Call>();

  for (const row of order) {
    const kind = events.kind[row];
    if (kind === KIND.loss) {
      stacks.clear();
      continue;
    }
    const key = taskKey(events, row);
    let stack = stacks.get(key);
    if (!stack) {
      stack = [];
      stacks.set(key, stack);
    }
    const phase = events.phase[row];
    if (phase === ENTER) {
      const same = stackedProbe(events, stack, row);
      if (same) {
        callOf[row] = same.id;
        if (isBetterNamed(events, row, same.enter)) same.enter = row;
        continue;
      }
      dropFinishedLeaf(stack, kind);
      const call: Call = {
        id: list.length,
        kind,
        symbol: events.symbol[row],
        enter: row,
        exit: -1,
        parent: stack.at(-1)?.id ?? -1,
        warn: -1,
        driverWarn: -1,
        entryOnly: !returning.has(events.symbol[row]),
      };
      list.push(call);
      callOf[row] = call.id;
      // Without returns only a leaf has a known end: whatever follows it on its task but its own config writes.
      if (!call.entryOnly || LEAF_KINDS.has(kind)) stack.push(call);
    } else if (phase === RETURN) {
      const same = closedTwice(events, lastClosed.get(key), row);
      if (same) {
        callOf[row] = same.id;
        if (isBetterNamed(events, row, same.exit)) same.exit = row;
        continue;
      }
      callOf[row] = closeCall(events, stack, list, row);
      lastClosed.set(key, list[callOf[row]]);
      continue;
    } else {
      if (kind !== KIND['config.write'] && kind !== KIND['log.warn']) dropEntryOnlyLeaf(stack);
      callOf[row] = stack.at(-1)?.id ?? -1;
    }
    lastClosed.delete(key);
  }
  return { list, callOf };
}

/** Tasks of one source, or its CPUs where a recording names no tasks: one of them is in one place at a time. */
function taskKey(events: EventColumns, row: number): number {
  const pid = events.pid[row];
  const base = events.source[row] * 0x100000000;
  if (pid !== UNKNOWN) return base + pid;
  const cpu = events.cpu[row];
  return base + 0x80000000 + (cpu === UNKNOWN ? 0 : cpu + 1);
}

/** Two probes on one function give two entries for one call: the second comes from another table, right after the first. */
function stackedProbe(events: EventColumns, stack: readonly Call[], row: number): Call | null {
  const top = stack.at(-1);
  if (!top || top.enter < 0 || !LEAF_KINDS.has(top.kind) || top.symbol !== events.symbol[row]) return null;
  return mayBeOne(events, top.enter, row) ? top : null;
}

/** The same for returns. */
function closedTwice(events: EventColumns, closed: Call | undefined, row: number): Call | null {
  if (!closed || !LEAF_KINDS.has(closed.kind) || closed.symbol !== events.symbol[row]) return null;
  return mayBeOne(events, closed.exit, row) ? closed : null;
}

function mayBeOne(events: EventColumns, a: number, b: number): boolean {
  if (events.table[a] === events.table[b] || events.table[a] === UNKNOWN || events.table[b] === UNKNOWN)
    return false;
  return nameRank(events, a) < 2 || nameRank(events, b) < 2 || events.device[a] === events.device[b];
}

/** 2 for the address of a function, 1 for a pointer, 0 for nothing. */
function nameRank(events: EventColumns, row: number): number {
  const device = events.device[row];
  return device < 0 ? 0 : events.names.get(device).startsWith('0x') ? 1 : 2;
}

/** The event that names its device better stands for the call; of two that do so alike, the one that has the result. */
function isBetterNamed(events: EventColumns, candidate: number, current: number): boolean {
  const difference = nameRank(events, candidate) - nameRank(events, current);
  if (difference !== 0) return difference > 0;
  return events.result[current] === UNKNOWN && events.result[candidate] !== UNKNOWN;
}

function symbolsWithReturns(events: EventColumns): Set<number> {
  const symbols = new Set<number>();
  for (let row = 0; row < events.length; row++)
    if (events.phase[row] === RETURN) symbols.add(events.symbol[row]);
  return symbols;
}

function dropFinishedLeaf(stack: Call[], kind: number): void {
  dropEntryOnlyLeaf(stack);
  const top = stack.at(-1);
  if (top && LEAF_KINDS.has(top.kind) && LEAF_KINDS.has(kind)) stack.pop();
}

function dropEntryOnlyLeaf(stack: Call[]): void {
  while (stack.at(-1)?.entryOnly) stack.pop();
}

function closeCall(events: EventColumns, stack: Call[], list: Call[], row: number): number {
  const symbol = events.symbol[row];
  const device = events.device[row];
  for (let depth = stack.length - 1; depth >= 0; depth--) {
    const call = stack[depth];
    if (call.symbol !== symbol) continue;
    const entered = events.device[call.enter];
    if (entered !== device && entered >= 0 && device >= 0) continue;
    stack.length = depth;
    call.exit = row;
    return call.id;
  }
  dropEntryOnlyLeaf(stack);
  const call: Call = {
    id: list.length,
    kind: events.kind[row],
    symbol,
    enter: -1,
    exit: row,
    parent: stack.at(-1)?.id ?? -1,
    warn: -1,
    driverWarn: -1,
    entryOnly: false,
  };
  list.push(call);
  return call.id;
}

/** The innermost call of one of the kinds that encloses a call, or null. */
export function enclosing(calls: Calls, call: Call | null, kinds: ReadonlySet<number>): Call | null {
  let at = call && call.parent >= 0 ? calls.list[call.parent] : null;
  while (at && !kinds.has(at.kind)) at = at.parent >= 0 ? calls.list[at.parent] : null;
  return at;
}
