import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ClockFit, fitClocks, type TimedKey } from '../../../model/hardware/fit.ts';

const at = (key: string, time: number): TimedKey => ({ key, time, until: time });

/** How long after its cause a write reaches the hardware at most. */
const SLOWEST_NS = 60_000;
/** Of a double that holds some 1e11 ns. */
const ROUNDING_NS = 1;

/** Writes of a guest: irregular, with values that come again, but not within what a write may be held up. */
const story = fc.array(fc.tuple(fc.integer({ min: 3_000_000, max: 900_000_000 }), fc.nat(20)), {
  minLength: 12,
  maxLength: 120,
});

function timed(steps: readonly (readonly [number, number])[]): TimedKey[] {
  let time = 0;
  return steps.map(([gap, key]) => {
    time += gap;
    return at(`k${key}`, time);
  });
}

test('offset and drift are found again, whatever each side lacks', () => {
  fc.assert(
    fc.property(
      story,
      fc.integer({ min: -2_000_000_000, max: 2_000_000_000 }),
      fc.integer({ min: -100, max: 100 }),
      fc.infiniteStream(fc.integer({ min: 0, max: 99 })),
      fc.infiniteStream(fc.integer({ min: 5_000, max: SLOWEST_NS })),
      (steps, offset, drift, chance, delay) => {
        const guest = timed(steps);
        fc.pre(new Set(guest.map((one) => one.key)).size >= 6);
        const recorded = guest.flatMap((_, i) => ((chance.next().value as number) >= 20 ? [i] : []));
        const kernel = recorded.map((i) => guest[i]);
        const hardware = guest.map(({ key, time }) =>
          at(key, time + offset + (time * drift) / 1e6 + (delay.next().value as number)),
        );
        // What the kernel never wrote: firmware, other functions.
        const more = guest.map(({ time }, i) => at(`other${i}`, time + offset + 1000));
        const fit = fitClocks(kernel, [...hardware, ...more]);
        if (typeof fit === 'string') {
          // Irregular as they are, a few writes may fit elsewhere as well; many never do.
          expect(kernel.length).toBeLessThan(30);
          return;
        }
        expect(fit.pairs).toEqual(recorded.map((i, place) => [place, i]));
        const span = kernel[kernel.length - 1].time - kernel[0].time;
        // Each slope is taken over a quarter of the story at least.
        if (kernel.length >= 8 && span >= 1e9)
          expect(Math.abs(fit.drift - drift / 1e6)).toBeLessThan(SLOWEST_NS / (span / 4));
        // Drift that few writes cannot tell leaves them apart, and the fit says how far; else the slowest effect bounds it.
        const bound = Math.max(fit.worst, SLOWEST_NS) + ROUNDING_NS;
        for (const { time } of kernel) {
          const laidOver = fit.offset + time * (1 + fit.drift);
          const truth = time + offset + (time * drift) / 1e6;
          expect(Math.abs(laidOver - truth)).toBeLessThan(bound);
        }
      },
    ),
    { numRuns: 60 },
  );
});

const FEW = [at('a', 0), at('b', 5_000_000), at('c', 9_000_000), at('d', 30_000_000)];
const shifted = (list: readonly TimedKey[], by: number) => list.map(({ key, time }) => at(key, time + by));

test('nothing in common, and too little, are said', () => {
  expect(fitClocks(FEW, [at('x', 0)])).toBe('nothing-common');
  expect(fitClocks(FEW, [at('a', 100), at('b', 999)])).toBe('too-few');
  // Only one kind of write: it may be any.
  expect(
    fitClocks(
      [0, 1, 2, 3].map((i) => at('a', i * 1e6)),
      [0, 1, 2, 3].map((i) => at('a', i * 1e6)),
    ),
  ).toBe('too-few');
});

test('a guest that does the same twice fits in two places, which is told; with its own delays it fits in one', () => {
  expect(fitClocks(FEW, [...shifted(FEW, 1e9), ...shifted(FEW, 9e9)])).toBe('ambiguous');
  const again = FEW.map(({ key, time }, i) => at(key, time + 9e9 + i * 3_000_000));
  const fit = fitClocks(FEW, [...shifted(FEW, 1e9), ...again]) as ClockFit;
  expect(fit.offset).toBe(1e9);
  expect(fit.pairs).toHaveLength(4);
});

test('one write held up for long neither moves the clocks nor loses its partner', () => {
  const late = shifted(FEW, 1e9).map((one, i) => (i === 1 ? at(one.key, one.time + 15_000_000) : one));
  const fit = fitClocks(FEW, late) as ClockFit;
  expect([fit.offset, fit.pairs.length, fit.worst]).toEqual([1e9, 4, 15_000_000]);
});

test('where only the calls around the writes are known, the offset lies between two bounds', () => {
  const calls = FEW.map(({ key, time }) => ({ key, time: time - 40_000, until: time + 60_000 }));
  const fit = fitClocks(calls, shifted(FEW, 1e9)) as ClockFit;
  expect(Math.abs(fit.offset - 1e9)).toBeLessThanOrEqual(50_000);
  expect(fit.residual).toBe(50_000);
});
