import type { EventColumns } from './event-columns.ts';
import { ENTER, KIND, kindMask, RETURN, UNKNOWN } from './events.ts';

/** Calls that never contain another call the model knows, except config writes: two of them cannot nest. */
const LEAF_KINDS = kindMask(
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
);

const LOSS = KIND.loss;
const CONFIG_WRITE = KIND['config.write'];
const WARN = KIND['log.warn'];

const CALL_COLUMNS = ['kind', 'symbol', 'enter', 'exit', 'parent', 'warn', 'driverWarn'] as const;

/**
 * Calls of a recording as columns, by the number of the call, and the call each event belongs to. A call is entry and
 * return of one function on one task; a missing end is -1.
 */
export class Calls {
  length = 0;
  kind!: Int32Array;
  /** Id of the function's name. */
  symbol!: Int32Array;
  /** Event of the entry. */
  enter!: Int32Array;
  /** Event of the return. */
  exit!: Int32Array;
  /** Call that encloses it on the same task, or -1. */
  parent!: Int32Array;
  /** Event of a kernel WARN that belongs to it, or -1. */
  warn!: Int32Array;
  /** Event of the WARN with which the calling driver answered its failure, or -1. */
  driverWarn!: Int32Array;
  /** 1 when the recording never shows returns of this function: its end is not known. */
  entryOnly!: Uint8Array;
  /** For entries and returns their own call, for other events the innermost open call of the task; -1 for none. */
  readonly callOf: Int32Array;

  /** @param events how many there are: no more calls than that begin or end. Room that nothing is written to takes no memory. */
  constructor(events: number) {
    for (const name of CALL_COLUMNS) this[name] = new Int32Array(events);
    this.entryOnly = new Uint8Array(events);
    this.callOf = new Int32Array(events).fill(-1);
  }

  add(kind: number, symbol: number, enter: number, exit: number, parent: number, entryOnly: boolean): number {
    const call = this.length++;
    this.kind[call] = kind;
    this.symbol[call] = symbol;
    this.enter[call] = enter;
    this.exit[call] = exit;
    this.parent[call] = parent;
    this.warn[call] = -1;
    this.driverWarn[call] = -1;
    this.entryOnly[call] = entryOnly ? 1 : 0;
    return call;
  }

  /** The innermost call of one of the kinds that encloses a call, or -1. */
  enclosing(call: number, kinds: Uint8Array): number {
    return call < 0 ? -1 : this.within(this.parent[call], kinds);
  }

  /** A call itself where it is of one of the kinds, and else the innermost of them that encloses it; -1 for none. */
  within(call: number, kinds: Uint8Array): number {
    let at = call;
    while (at >= 0 && !kinds[this.kind[at]]) at = this.parent[at];
    return at;
  }
}

/**
 * Pairs entries and returns per task and by depth, in the order given. A frame whose return was lost is closed by the
 * return of a frame below it, or by an entry that cannot be nested in it. A loss marker forgets all open frames.
 */
export function pairCalls(events: EventColumns, order: Int32Array): Calls {
  return new Pairing(events).run(order);
}

/** What a task is in the middle of. */
interface Task {
  /** Open calls, the innermost last. */
  readonly stack: number[];
  /** The call that the last event of the task returned from, or -1. */
  lastClosed: number;
}

class Pairing {
  private readonly events: EventColumns;
  private readonly calls: Calls;
  private readonly tasks = new Map<number, Task>();
  /** By symbol: 1 where the recording shows returns of it. */
  private readonly returning: Uint8Array;

  constructor(events: EventColumns) {
    this.events = events;
    this.calls = new Calls(events.length);
    this.returning = symbolsWithReturns(events);
  }

  run(order: Int32Array): Calls {
    const { events, calls } = this;
    const { callOf } = calls;
    let key = Number.NaN;
    let task: Task = { stack: [], lastClosed: -1 };
    for (let at = 0; at < order.length; at++) {
      const row = order[at];
      const kind = events.kind[row];
      if (kind === LOSS) {
        this.tasks.clear();
        key = Number.NaN;
        continue;
      }
      // Most events are of the task of the event before.
      const own = taskKey(events, row);
      if (own !== key) {
        key = own;
        task = this.taskAt(key);
      }
      const phase = events.phase[row];
      if (phase === RETURN) {
        callOf[row] = this.leave(task, row);
        task.lastClosed = callOf[row];
        continue;
      }
      if (phase === ENTER) callOf[row] = this.enter(task, kind, row);
      else {
        const { stack } = task;
        if (kind !== CONFIG_WRITE && kind !== WARN) this.dropEntryOnlyLeaf(stack);
        callOf[row] = stack.length > 0 ? stack[stack.length - 1] : -1;
      }
      task.lastClosed = -1;
    }
    return calls;
  }

  private taskAt(key: number): Task {
    let task = this.tasks.get(key);
    if (!task) {
      task = { stack: [], lastClosed: -1 };
      this.tasks.set(key, task);
    }
    return task;
  }

  private enter({ stack }: Task, kind: number, row: number): number {
    const { events, calls } = this;
    const top = stack.length > 0 ? stack[stack.length - 1] : -1;
    if (top >= 0 && this.isStackedProbe(top, row)) {
      if (isBetterNamed(events, row, calls.enter[top])) calls.enter[top] = row;
      return top;
    }
    this.dropEntryOnlyLeaf(stack);
    if (stack.length > 0 && LEAF_KINDS[kind] && LEAF_KINDS[calls.kind[stack[stack.length - 1]]]) stack.pop();
    const symbol = events.symbol[row];
    const entryOnly = symbol < 0 || this.returning[symbol] === 0;
    const parent = stack.length > 0 ? stack[stack.length - 1] : -1;
    const call = calls.add(kind, symbol, row, -1, parent, entryOnly);
    // Without returns only a leaf has a known end: whatever follows it on its task but its own config writes.
    if (!entryOnly || LEAF_KINDS[kind]) stack.push(call);
    return call;
  }

  private leave(task: Task, row: number): number {
    const { events, calls } = this;
    const { stack, lastClosed } = task;
    if (lastClosed >= 0 && this.isClosedTwice(lastClosed, row)) {
      if (isBetterNamed(events, row, calls.exit[lastClosed])) calls.exit[lastClosed] = row;
      return lastClosed;
    }
    const symbol = events.symbol[row];
    const device = events.device[row];
    for (let depth = stack.length - 1; depth >= 0; depth--) {
      const call = stack[depth];
      if (calls.symbol[call] !== symbol) continue;
      const entered = events.device[calls.enter[call]];
      if (entered !== device && entered >= 0 && device >= 0) continue;
      stack.length = depth;
      calls.exit[call] = row;
      return call;
    }
    this.dropEntryOnlyLeaf(stack);
    const parent = stack.length > 0 ? stack[stack.length - 1] : -1;
    return calls.add(events.kind[row], symbol, -1, row, parent, false);
  }

  /** Two probes on one function give two entries for one call: the second comes from another table, right after the first. */
  private isStackedProbe(top: number, row: number): boolean {
    const { events, calls } = this;
    return (
      calls.symbol[top] === events.symbol[row] &&
      calls.enter[top] >= 0 &&
      LEAF_KINDS[calls.kind[top]] === 1 &&
      mayBeOne(events, calls.enter[top], row)
    );
  }

  /** The same for returns. */
  private isClosedTwice(closed: number, row: number): boolean {
    const { events, calls } = this;
    return (
      calls.symbol[closed] === events.symbol[row] &&
      LEAF_KINDS[calls.kind[closed]] === 1 &&
      mayBeOne(events, calls.exit[closed], row)
    );
  }

  private dropEntryOnlyLeaf(stack: number[]): void {
    while (stack.length > 0 && this.calls.entryOnly[stack[stack.length - 1]]) stack.pop();
  }
}

/** Tasks of one source, or its CPUs where a recording names no tasks: one of them is in one place at a time. */
export function taskKey(events: EventColumns, row: number): number {
  const pid = events.pid[row];
  const source = events.source[row];
  const base = (events.sameTasksAs.get(source) ?? source) * 0x100000000;
  if (pid !== UNKNOWN) return base + pid;
  const cpu = events.cpu[row];
  return base + 0x80000000 + (cpu === UNKNOWN ? 0 : cpu + 1);
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

function symbolsWithReturns(events: EventColumns): Uint8Array {
  const symbols = new Uint8Array(events.names.size + 1);
  for (let row = 0; row < events.length; row++)
    if (events.phase[row] === RETURN && events.symbol[row] >= 0) symbols[events.symbol[row]] = 1;
  return symbols;
}
