import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bigOf, nanosecondsOf, type WordPair } from '../../tables/index.ts';

test('seconds and nanoseconds become one integer without losing any', () => {
  const pair: WordPair = { lo: 0, hi: 0 };
  fc.assert(
    fc.property(
      fc.nat(0xffffffff),
      fc.oneof(
        fc.nat(999_999_999),
        fc.maxSafeNat().map((n) => Math.floor(n / 2)),
      ),
      (seconds, nanos) => {
        nanosecondsOf(seconds, nanos, pair);
        expect(bigOf(pair.lo, pair.hi)).toBe(
          BigInt.asIntN(64, BigInt(seconds) * 1_000_000_000n + BigInt(nanos)),
        );
      },
    ),
    { numRuns: 2000 },
  );
});
