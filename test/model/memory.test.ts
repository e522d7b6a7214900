import { expect, it } from 'vitest';
import { UNKNOWN } from '../../model/events.ts';
import { RuleMemory } from '../../model/replay/memory.ts';
import { NOTE } from '../../model/rules/notes.ts';

const notes = Object.values(NOTE);

it('keeps a number per note and function, however many functions there are', () => {
  const memory = new RuleMemory();
  const functions = [0, 1, 63, 64, 65, 129, 5000];
  for (const fn of functions) for (const note of notes) expect(memory.recall(fn, note)).toBe(UNKNOWN);
  for (const fn of functions) for (const note of notes) memory.remember(fn, note, fn * 100 + note);
  for (const fn of functions) for (const note of notes) expect(memory.recall(fn, note)).toBe(fn * 100 + note);
  expect(memory.recall(2, notes[0])).toBe(UNKNOWN);
  expect(memory.recall(1_000_000, notes[0])).toBe(UNKNOWN);
});

it('keeps notes of which a function has many apart', () => {
  const memory = new RuleMemory();
  memory.rememberOf(1, 2, 3, 4);
  expect(memory.recallOf(1, 2, 3)).toBe(4);
  for (const [fn, note, of] of [
    [2, 2, 3],
    [1, 3, 3],
    [1, 2, 4],
  ])
    expect(memory.recallOf(fn, note, of)).toBe(UNKNOWN);
});

it('forgets all when it is cleared', () => {
  const memory = new RuleMemory();
  memory.remember(3, notes[0], 1);
  memory.rememberOf(3, notes[0], 5, 1);
  memory.clear();
  expect(memory.recall(3, notes[0])).toBe(UNKNOWN);
  expect(memory.recallOf(3, notes[0], 5)).toBe(UNKNOWN);
});
