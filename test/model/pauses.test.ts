import { expect, it } from 'vitest';
import { pausesOf } from '../../model/replay/pauses.ts';

/**
 * Pauses as `position: part`, with a question mark where nothing tells when the part ran. Events are `SOURCE@TIME`, or
 * `SOURCE@` without a time; stretches are `FROM..TO`.
 */
function pauses(events: string, stretches: string, undated: readonly number[] = []): string[] {
  const words = (text: string) => text.split(' ').filter((word) => word !== '');
  const given = words(events).map((event) => event.split('@'));
  const order = {
    rows: given.map((_, row) => row),
    time: given.map(([, time]) => BigInt(time)),
    timed: given.map(([, time]) => (time === '' ? 0 : 1)),
  };
  const watched = {
    stretches: words(stretches).map((one) => {
      const [from, to] = one.split('..').map(BigInt);
      return { from, to };
    }),
    undated,
  };
  const sources = { source: given.map(([source]) => Number(source)) };
  return pausesOf(sources as never, order as never, watched as never).map(
    ({ position, part, isDated }) => `${position}: ${part}${isDated ? '' : '?'}`,
  );
}

it('one trace has none', () => {
  expect(pauses('0@1 0@5 1@90', '1..5')).toEqual([]);
  expect(pauses('0@ 0@', '', [0])).toEqual([]);
  expect(pauses('', '')).toEqual([]);
});

it('each trace but the last ends with one, at the next event of whatever source', () => {
  expect(pauses('0@1 0@5 1@10 1@20 2@31', '1..5 10..20 30..40')).toEqual(['2: 1', '4: 2']);
  expect(pauses('0@1 9@6 9@ 1@10', '1..5 10..20')).toEqual(['1: 1']);
  expect(pauses('0@1 0@ 1@10', '1..5 10..20')).toEqual(['2: 1']);
  expect(pauses('0@-9 0@ 1@-2', '-9..-8 -2..1')).toEqual(['2: 1']);
});

it('a trace without an event of the model is passed over', () => {
  expect(pauses('0@1 2@31 2@32', '1..5 10..20 30..40')).toEqual(['1: 2']);
  expect(pauses('0@1 0@5', '1..5 10..20 30..40')).toEqual([]);
  expect(pauses('0@1 9@50 9@51', '1..5 10..20 30..40')).toEqual(['1: 2']);
});

it('a trace of which nothing tells when it ran begins with one', () => {
  expect(pauses('0@1 0@5 3@ 3@ 4@ 9@', '1..5', [3, 4])).toEqual(['2: 1?', '4: 2?']);
  expect(pauses('3@ 3@', '1..5', [3])).toEqual(['0: 1?']);
  expect(pauses('3@ 3@ 4@', '', [3, 4])).toEqual(['0: 0?', '2: 1?']);
});
