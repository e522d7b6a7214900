import { expect, it } from 'vitest';
import { pausesOf } from '../../model/replay/pauses.ts';

/** Pauses as `position: part`, of events given by source and time; `null` for an event without one. */
function pauses(
  events: readonly (readonly [source: number, time: bigint | null])[],
  stretches: readonly (readonly [bigint, bigint])[],
  undated: readonly number[] = [],
): string[] {
  const order = {
    rows: events.map((_, row) => row),
    time: events.map(([, time]) => time ?? 0n),
    timed: events.map(([, time]) => (time === null ? 0 : 1)),
  };
  const sources = { source: events.map(([source]) => source) };
  const watched = { stretches: stretches.map(([from, to]) => ({ from, to })), undated };
  return pausesOf(sources as never, order as never, watched as never).map(
    ({ position, part }) => `${position}: ${part}`,
  );
}

it('one trace has none', () => {
  expect(
    pauses(
      [
        [0, 1n],
        [0, 5n],
        [1, 90n],
      ],
      [[1n, 5n]],
    ),
  ).toEqual([]);
  expect(pauses([], [])).toEqual([]);
});

it('each trace but the last ends with one, at the next event of whatever source', () => {
  expect(
    pauses(
      [
        [0, 1n],
        [0, 5n],
        [1, 10n],
        [1, 20n],
        [2, 31n],
      ],
      [
        [1n, 5n],
        [10n, 20n],
        [30n, 40n],
      ],
    ),
  ).toEqual(['2: 1', '4: 2']);
  expect(
    pauses(
      [
        [0, 1n],
        [9, 6n],
        [9, null],
        [1, 10n],
      ],
      [
        [1n, 5n],
        [10n, 20n],
      ],
    ),
  ).toEqual(['1: 1']);
  expect(
    pauses(
      [
        [0, 1n],
        [0, null],
        [1, 10n],
      ],
      [
        [1n, 5n],
        [10n, 20n],
      ],
    ),
  ).toEqual(['2: 1']);
});

it('a trace without an event of the model is passed over', () => {
  expect(
    pauses(
      [
        [0, 1n],
        [2, 31n],
        [2, 32n],
      ],
      [
        [1n, 5n],
        [10n, 20n],
        [30n, 40n],
      ],
    ),
  ).toEqual(['1: 2']);
  expect(
    pauses(
      [
        [0, 1n],
        [0, 5n],
      ],
      [
        [1n, 5n],
        [10n, 20n],
        [30n, 40n],
      ],
    ),
  ).toEqual([]);
  expect(
    pauses(
      [
        [0, 1n],
        [9, 50n],
        [9, 51n],
      ],
      [
        [1n, 5n],
        [10n, 20n],
        [30n, 40n],
      ],
    ),
  ).toEqual(['1: 2']);
});

it('a trace of which nothing tells when it ran begins with one', () => {
  expect(
    pauses(
      [
        [0, 1n],
        [0, 5n],
        [3, null],
        [3, null],
        [4, null],
        [9, null],
      ],
      [[1n, 5n]],
      [3, 4],
    ),
  ).toEqual(['2: 1', '4: 2']);
  expect(
    pauses(
      [
        [3, null],
        [3, null],
      ],
      [[1n, 5n]],
      [3],
    ),
  ).toEqual(['0: 1']);
});
