import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UNKNOWN } from '../../model/events.ts';
import { TransitionLog } from '../../model/replay/transition-log.ts';
import { FIELD_COUNT, ORIGINS, originNumber } from '../../model/state.ts';

const value = fc.oneof(
  fc.constantFrom(UNKNOWN, UNKNOWN + 1, 0x7fffffff, -1, 0, 1, 63, 64, 127, 128),
  fc.integer({ min: UNKNOWN, max: 0x7fffffff }),
);
const place = fc.integer({ min: -1, max: 0x7ffffffe });
const change = fc.record({
  event: place,
  fn: place,
  field: fc.integer({ min: 0, max: FIELD_COUNT - 1 }),
  from: value,
  to: value,
  origin: fc.constantFrom(...ORIGINS),
});

function readAll(log: TransitionLog): unknown[] {
  const found: unknown[] = [];
  const at = log.read();
  while (at.next()) {
    const { event, fn, field, from, to, origin } = at;
    found.push({ event, fn, field, from, to, origin: ORIGINS[origin] });
  }
  expect(at.next()).toBe(false);
  return found;
}

describe('changes of the state', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const log = new TransitionLog();
        for (const { event, fn, field, from, to, origin } of changes)
          log.add(event, fn, field, from, to, origin);
        expect(log.length).toBe(changes.length);
        expect(readAll(log)).toEqual(changes);
      }),
    );
  });

  it('take some bytes each, over as many blocks as they need, and can be read while more come', () => {
    const log = new TransitionLog();
    const count = 100_000;
    for (let at = 0; at < count; at++) {
      log.add(
        at,
        at % 4096,
        at % FIELD_COUNT,
        at % 3 === 0 ? UNKNOWN : at,
        -at,
        ORIGINS[at % ORIGINS.length],
      );
      if (at === 10) expect(readAll(log)).toHaveLength(11);
    }
    const reader = log.read();
    let read = 0;
    for (; reader.next(); read++) {
      const as = [reader.event, reader.fn, reader.field, reader.from, reader.to, reader.origin];
      const from = read % 3 === 0 ? UNKNOWN : read;
      const expected = [read, read % 4096, read % FIELD_COUNT, from, -read || 0];
      expect(as).toEqual([...expected, originNumber(ORIGINS[read % ORIGINS.length])]);
    }
    expect(read).toBe(count);
  });
});
