import type { ATS_CALLS, RowOf } from '../../tables/index.ts';

/** A call, as far as comparing needs it. */
export type ComparedCall = Pick<
  RowOf<typeof ATS_CALLS>,
  'kind' | 'function' | 'page_shift' | 'result' | 'warned'
>;

/** One call of a function that differs. */
export interface CallDifference {
  readonly kind: string;
  readonly function: string | null;
  /** Which call of this kind on this function, from 1: on the side that has it, the first one before all. */
  readonly nth: number;
  /** NULL where only the other side has it. */
  readonly before: ComparedCall | null;
  readonly after: ComparedCall | null;
}

/** Table cells for the longest common run of calls; beyond, calls are paired by their number. */
const MAX_CELLS = 1_000_000;

/** What tells two calls apart: arguments, result, and whether the kernel warned. */
function tokenOf({ page_shift, result, warned }: ComparedCall): string {
  return `${page_shift ?? '?'} ${result ?? '?'} ${warned}`;
}

function grouped(calls: readonly ComparedCall[]): Map<string, ComparedCall[]> {
  const groups = new Map<string, ComparedCall[]>();
  for (const call of calls) {
    // A pointer differs from run to run: it stands for a function that nothing names.
    const named = call.function?.startsWith('0x') ? '' : (call.function ?? '');
    const key = `${named}\n${call.kind}`;
    const group = groups.get(key);
    if (group) group.push(call);
    else groups.set(key, [call]);
  }
  return groups;
}

/**
 * Calls of the same kind on the same function, in order, whose arguments or results differ. An additional call in between
 * does not make all later ones differ: equal calls are paired first, as `diff` pairs lines.
 */
export function compareCalls(
  before: readonly ComparedCall[],
  after: readonly ComparedCall[],
): CallDifference[] {
  const [old, now] = [grouped(before), grouped(after)];
  const keys = [...new Set([...old.keys(), ...now.keys()])].sort();
  return keys.flatMap((key) => differences(old.get(key) ?? [], now.get(key) ?? []));
}

function differences(before: readonly ComparedCall[], after: readonly ComparedCall[]): CallDifference[] {
  const found: CallDifference[] = [];
  let [b, a] = [0, 0];
  for (const [nextB, nextA] of [...equalPairs(before, after), [before.length, after.length] as const]) {
    while (b < nextB || a < nextA) {
      const [one, other] = [b < nextB ? before[b] : null, a < nextA ? after[a] : null];
      const { kind, function: address } = (one ?? other) as ComparedCall;
      found.push({ kind, function: address, nth: (one ? b : a) + 1, before: one, after: other });
      if (one) b++;
      if (other) a++;
    }
    b++;
    a++;
  }
  return found;
}

/** Positions of calls that are equal on both sides, in order, as many as there can be. */
function equalPairs(
  before: readonly ComparedCall[],
  after: readonly ComparedCall[],
): (readonly [number, number])[] {
  const [x, y] = [before.map(tokenOf), after.map(tokenOf)];
  let head = 0;
  while (head < x.length && head < y.length && x[head] === y[head]) head++;
  let tail = 0;
  while (
    tail < x.length - head &&
    tail < y.length - head &&
    x[x.length - 1 - tail] === y[y.length - 1 - tail]
  )
    tail++;
  const pairs: (readonly [number, number])[] = [];
  for (let at = 0; at < head; at++) pairs.push([at, at]);
  pairs.push(...middlePairs(x, y, head, tail));
  for (let at = tail; at > 0; at--) pairs.push([x.length - at, y.length - at]);
  return pairs;
}

function middlePairs(
  x: readonly string[],
  y: readonly string[],
  head: number,
  tail: number,
): (readonly [number, number])[] {
  const [rows, columns] = [x.length - head - tail, y.length - head - tail];
  const pairs: (readonly [number, number])[] = [];
  if (rows * columns > MAX_CELLS) {
    for (let at = 0; at < Math.min(rows, columns); at++)
      if (x[head + at] === y[head + at]) pairs.push([head + at, head + at]);
    return pairs;
  }
  const width = columns + 1;
  const longest = new Int32Array((rows + 1) * width);
  for (let i = rows - 1; i >= 0; i--) {
    for (let j = columns - 1; j >= 0; j--) {
      longest[i * width + j] =
        x[head + i] === y[head + j]
          ? longest[(i + 1) * width + j + 1] + 1
          : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
    }
  }
  for (let i = 0, j = 0; i < rows && j < columns; ) {
    if (x[head + i] === y[head + j]) pairs.push([head + i++, head + j++]);
    else if (longest[(i + 1) * width + j] >= longest[i * width + j + 1]) i++;
    else j++;
  }
  return pairs;
}
