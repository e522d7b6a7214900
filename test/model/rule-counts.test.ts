import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RuleTally } from '../../model/replay/rule-counts.ts';

test('decisions are counted for each rule and function, however many', () => {
  const step = fc.record({
    rule: fc.nat(3),
    fn: fc.integer({ min: -1, max: 200 }),
    decides: fc.boolean(),
    times: fc.constantFrom(1, 2, 255, 256, 257, 700),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const tally = new RuleTally();
      for (const [index, { rule, fn, decides, times }] of steps.entries()) {
        for (let i = 0; i < times; i++) {
          if (decides) tally.decide(rule, fn);
          else tally.leave(rule, fn, `reason ${index}`);
        }
      }
      for (let rule = 0; rule <= 3; rule++) {
        const own = [...steps.entries()].filter(([, one]) => one.rule === rule);
        const sum = (decides: boolean, fn?: number) =>
          own
            .filter(([, one]) => one.decides === decides && (fn === undefined || one.fn === fn))
            .reduce((total, [, one]) => total + one.times, 0);
        const why = (fn?: number) => {
          const first = own.find(([, one]) => !one.decides && (fn === undefined || one.fn === fn));
          return first ? `reason ${first[0]}` : null;
        };
        const counts = tally.of(rule);
        expect(counts).toMatchObject({ decided: sum(true), undecided: sum(false), why: why() });
        const functions = [...new Set(own.map(([, one]) => one.fn))].filter((fn) => fn >= 0);
        expect([...counts.perFunction()]).toEqual(
          functions
            .sort((a, b) => a - b)
            .map((fn) => ({ fn, decided: sum(true, fn), undecided: sum(false, fn), why: why(fn) })),
        );
      }
    }),
  );
});
