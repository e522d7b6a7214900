import { DIVERGENCES, type Table, TableBuilder, tableLater } from '../tables/index.ts';
import { DictionaryWriter } from './dictionary-writer.ts';
import { EVENT_KINDS, UNKNOWN } from './events.ts';
import type { Finding } from './findings.ts';
import type { Order } from './order.ts';
import type { ReplayResult } from './replay/replay.ts';
import { RULE_BY_ID } from './rules/index.ts';
import { CORE_EN, CORE_STU, DRV_EN, FIELD_COUNT, HW_EN, HW_STU, STATE_FIELDS } from './state.ts';

interface Pair {
  readonly name: 'en' | 'stu';
  readonly first: number;
  readonly second: number;
}

/** What two layers may disagree on. */
const PAIRS: readonly Pair[] = [
  { name: 'en', first: HW_EN, second: CORE_EN },
  { name: 'en', first: CORE_EN, second: DRV_EN },
  { name: 'en', first: HW_EN, second: DRV_EN },
  { name: 'stu', first: HW_STU, second: CORE_STU },
];

const PAIRS_OF: readonly (readonly number[])[] = STATE_FIELDS.map((_, field) =>
  PAIRS.flatMap(({ first, second }, i) => (first === field || second === field ? [i] : [])),
);

/** One disagreement. Events are rows of the event columns; -1 stands for none. */
export interface Divergence {
  readonly fn: number;
  readonly pair: number;
  readonly first: number;
  readonly second: number;
  readonly from: number;
  readonly to: number;
  /** How it ended; null while it lasts. */
  readonly end: 'agreement' | 'unknown' | null;
}

/** What a layer says in terms in which layers can be compared; a core that never took a page shift says nothing. */
function comparable(field: number, value: number): number {
  if (field !== CORE_STU || value === UNKNOWN) return value;
  return value === 0 ? UNKNOWN : (value - 12) & 31;
}

/**
 * Every interval in which two layers are known and say different things, from the event that made it to the event that
 * ended it, in the order in which they end. A step of one event that changes both layers makes none.
 */
export function divergencesOf(replay: ReplayResult): Divergence[] {
  const functions = replay.topology.functions.length;
  const values = new Int32Array(functions * FIELD_COUNT).fill(UNKNOWN);
  const open: (Divergence | undefined)[] = [];
  const found: Divergence[] = [];
  const look = (fn: number, pair: number, event: number) => {
    const key = fn * PAIRS.length + pair;
    const { first: a, second: b } = PAIRS[pair];
    const first = comparable(a, values[fn * FIELD_COUNT + a]);
    const second = comparable(b, values[fn * FIELD_COUNT + b]);
    const begun = open[key];
    if (begun && begun.first === first && begun.second === second) return;
    const known = first !== UNKNOWN && second !== UNKNOWN;
    if (begun) {
      open[key] = undefined;
      if (begun.from !== event) found.push({ ...begun, to: event, end: known ? 'agreement' : 'unknown' });
    }
    if (known && first !== second && isPlainOrPf(replay, fn, pair)) {
      open[key] = { fn, pair, first, second, from: event, to: -1, end: null };
    }
  };
  // All changes of one event count as one step.
  const changed = { functions: [] as number[], fields: [] as number[] };
  const change = replay.transitions.read();
  for (let more = change.next(); more; ) {
    const { event } = change;
    changed.functions.length = 0;
    changed.fields.length = 0;
    for (; more && change.event === event; more = change.next()) {
      const { fn, field } = change;
      values[fn * FIELD_COUNT + field] = change.to;
      changed.functions.push(fn);
      changed.fields.push(field);
    }
    for (let at = 0; at < changed.functions.length; at++)
      for (const pair of PAIRS_OF[changed.fields[at]]) look(changed.functions[at], pair, event);
  }
  for (const begun of open) if (begun) found.push(begun);
  return found;
}

/** The STU of a VF is hardwired to 0 and its core field never set: there is nothing to compare. */
function isPlainOrPf(replay: ReplayResult, fn: number, pair: number): boolean {
  return PAIRS[pair].name === 'en' || replay.topology.at(fn).isVf === 0;
}

/** One call of the function covers all of it: the register is written before the core notes it. */
function isWithinCall(replay: ReplayResult, order: Order, { fn, from, to }: Divergence): boolean {
  if (to < 0) return false;
  const { calls, fnOf } = replay;
  for (let call = calls.callOf[from]; call >= 0; call = calls.parent[call]) {
    const [enter, exit] = [calls.enter[call], calls.exit[call]];
    if (enter < 0 || exit < 0 || fnOf[enter] !== fn) continue;
    if (order.positions[enter] <= order.positions[from] && order.positions[exit] >= order.positions[to])
      return true;
  }
  return false;
}

/** The layers of each pair, as rules name them. */
const LAYERS = PAIRS.map(({ first, second }) => [first, second].map((field) => STATE_FIELDS[field].layer));

/** The first finding about both layers after the disagreement began; where there is none, one about its beginning. */
function findingThatShows(
  { pair, from, to }: Divergence,
  findings: readonly Finding[],
  positionOf: (event: number) => number,
): Finding | null {
  const layers = LAYERS[pair];
  const end = to < 0 ? Number.POSITIVE_INFINITY : positionOf(to);
  let shown: Finding | null = null;
  let made: Finding | null = null;
  for (const finding of findings) {
    const at = positionOf(finding.event);
    const about = RULE_BY_ID.get(finding.rule)?.layers ?? [];
    if (finding.event === from && layers.some((layer) => about.includes(layer))) made ??= finding;
    else if (at > positionOf(from) && at <= end && layers.every((layer) => about.includes(layer))) {
      if (!shown || at < positionOf(shown.event)) shown = finding;
    }
  }
  return shown ?? made;
}

/** The disagreements as a table, which is made when somebody looks at it. `kinds` are those of the events. */
export function divergencesTable(
  replay: ReplayResult,
  order: Order,
  findings: readonly Finding[],
  kinds: ArrayLike<number>,
): Table<typeof DIVERGENCES> {
  return tableLater(DIVERGENCES, () => new DivergenceTeller(replay, order, findings, kinds).table());
}

/** How a disagreement ended, as the table says it. */
const ENDS = ['agreement', 'unknown', 'end of recording'];

class DivergenceTeller {
  private readonly replay: ReplayResult;
  private readonly order: Order;
  private readonly kinds: ArrayLike<number>;
  private readonly byFunction = new Map<number, Finding[]>();

  constructor(replay: ReplayResult, order: Order, findings: readonly Finding[], kinds: ArrayLike<number>) {
    this.replay = replay;
    this.order = order;
    this.kinds = kinds;
    for (const finding of findings) {
      if (!finding.fn || finding.event < 0) continue;
      const list = this.byFunction.get(finding.fn.fn);
      if (list) list.push(finding);
      else this.byFunction.set(finding.fn.fn, [finding]);
    }
  }

  table(): Table<typeof DIVERGENCES> {
    const { replay, order, kinds } = this;
    const { positions } = order;
    const positionOf = (event: number) => (event < 0 ? -1 : positions[event]);
    const rows = divergencesOf(replay).sort(
      (a, b) => positions[a.from] - positions[b.from] || a.fn - b.fn || a.pair - b.pair,
    );
    const builder = new TableBuilder(DIVERGENCES);
    builder.expect(rows.length, 0);
    const columns = (...names: string[]) => names.map((name) => builder.column(name));
    const [number, fn, firstValue, secondValue] = columns('divergence', 'fn', 'first_value', 'second_value');
    const [fromEvent, fromNs, shownEvent, shownNs] = columns(
      'from_event',
      'from_ns',
      'shown_event',
      'shown_ns',
    );
    const [finding, toEvent, toNs, durationNs] = columns('finding', 'to_event', 'to_ns', 'duration_ns');
    const withinCall = builder.column('within_call');
    const dictionary = (name: string, textOf: (id: number) => string) =>
      new DictionaryWriter(builder.column(name), textOf);
    const address = dictionary('function', (id) => replay.topology.at(id).address);
    const field = dictionary('field', (pair) => PAIRS[pair].name);
    const layers = dictionary('layers', (pair) => LAYERS[pair].join(', '));
    const madeBy = dictionary('made_by', (kind) => EVENT_KINDS[kind].name);
    const endedBy = dictionary('ended_by', (end) => ENDS[end]);
    const last = lastTime(order);
    rows.forEach((row, at) => {
      const of = this.byFunction.get(row.fn);
      const shown = of ? findingThatShows(row, of, positionOf) : null;
      const [from, to] = [this.timeOf(row.from), row.to < 0 ? last : this.timeOf(row.to)];
      number.pushNumber(at);
      fn.pushNumber(row.fn);
      address.push(row.fn);
      field.push(row.pair);
      layers.push(row.pair);
      firstValue.pushNumber(row.first);
      secondValue.pushNumber(row.second);
      fromEvent.pushNumber(positions[row.from]);
      fromNs.push(from);
      madeBy.push(kinds[row.from]);
      shownEvent.push(shown && positionOf(shown.event));
      shownNs.push(shown && this.timeOf(shown.event));
      finding.push(shown?.id ?? null);
      toEvent.push(row.to < 0 ? null : positions[row.to]);
      toNs.push(to);
      endedBy.push(ENDS.indexOf(row.end ?? 'end of recording'));
      durationNs.push(from !== null && to !== null ? to - from : null);
      withinCall.pushNumber(isWithinCall(replay, order, row) ? 1 : 0);
    });
    return builder.finish();
  }

  /** Common time of an event, ns; null where it has none. */
  private timeOf(event: number): bigint | null {
    return event >= 0 && this.order.timed[event] ? this.order.time[event] : null;
  }
}

function lastTime({ rows, time, timed }: Order): bigint | null {
  for (let at = rows.length - 1; at >= 0; at--) if (timed[rows[at]]) return time[rows[at]];
  return null;
}
