import { expect, test } from 'vitest';
import { Stability } from '../../model/replay/stability.ts';

/** All that are given out, in their order. */
function given(stability: Stability): number[] {
  const fns: number[] = [];
  for (let fn = stability.next(); fn >= 0; fn = stability.next()) fns.push(fn);
  return fns;
}

test('functions that changed are given out once, in the order of their numbers, however many there are', () => {
  const stability = new Stability();
  for (const fn of [4000, 3, 70, 3, 64, 4000]) stability.touch(fn);
  expect(given(stability)).toEqual([3, 64, 70, 4000]);
  expect(given(stability)).toEqual([]);
});

test('a function that waits comes again when it is calm, and no other does', () => {
  const stability = new Stability();
  stability.touch(5);
  expect(stability.next()).toBe(5);
  stability.wait(5);
  stability.calm(6);
  stability.calm(9000);
  expect(given(stability)).toEqual([]);
  stability.calm(5);
  expect(given(stability)).toEqual([5]);
  stability.calm(5);
  expect(given(stability)).toEqual([]);
});

test('nothing is left of what was cleared', () => {
  const stability = new Stability();
  stability.touch(5);
  stability.clear();
  stability.calm(5);
  expect(given(stability)).toEqual([]);
});
