import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rowAt } from '../tables/index.ts';
import { CAPTURES } from './support/capture.ts';
import { analyzeBytes, findingsOf } from './support/pipeline.ts';

interface Expected {
  readonly must_find: readonly { readonly function: string; readonly any_of: readonly string[] }[];
  readonly clean_functions: readonly string[];
  readonly verdict: string | null;
}

/** Listings of a capture in the order in which they were taken. */
function listingsOf(capture: string): string[] {
  const rank = (file: string) => ['before', 'vfs', 'mid'].findIndex((when) => file.includes(when));
  const place = (file: string) => (file.includes('after') ? 9 : rank(file) < 0 ? 5 : rank(file));
  return readdirSync(join(CAPTURES, capture))
    .filter((file) => file.startsWith('lspci-'))
    .sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
}

/**
 * How people give these files: each listing alone, all of them, around the trace, in any order. Every capture takes some
 * of these, all captures together take each several times.
 */
function arrangements(turn: number, logs: readonly string[], listings: readonly string[]): string[][] {
  const trace = 'trace.txt';
  const last = listings.slice(-1);
  const middle = listings[turn % listings.length];
  const orders = [
    [trace, middle],
    [middle, ...logs, trace],
    [trace, ...logs, ...listings],
    [...listings, trace],
    [trace, ...[...listings].sort()],
    [listings[0], trace, ...logs, ...listings.slice(1)],
    [listings[0], trace, ...last],
    [...logs, ...listings.slice(0, -1), trace, ...last],
  ];
  return orders.filter((_, i) => (i + turn) % 2 === 0);
}

for (const [turn, capture] of readdirSync(CAPTURES).sort().entries()) {
  const has = (file: string) => existsSync(join(CAPTURES, capture, file));
  const listings = listingsOf(capture);
  if (listings.length === 0) continue;
  const expected = JSON.parse(readFileSync(join(CAPTURES, capture, 'expected.json'), 'utf8')) as Expected;
  const bytes = new Map<string, Uint8Array>();
  const bytesOf = (file: string) => {
    const known = bytes.get(file) ?? readFileSync(join(CAPTURES, capture, file));
    bytes.set(file, known);
    return known;
  };
  const analysisOf = (files: readonly string[]) =>
    analyzeBytes(Object.fromEntries(files.map((file) => [file, bytesOf(file)])));
  const loudOf = (analysis: Awaited<ReturnType<typeof analysisOf>>) =>
    findingsOf(analysis)
      .filter((row) => row.severity !== 'note')
      .map((row) => `${row.rule} ${row.function}`);
  const mayBeLoud = new Set(expected.must_find.map((must) => must.function));
  const isAllowed = (label: string) => mayBeLoud.has(label.split(' ')[1]);

  describe(`capture ${capture} with listings of the hardware`, () => {
    const logs = ['dmesg.txt'].filter(has);
    if (has('trace.txt')) {
      it('gives what it must in every arrangement, and no false alarm', async () => {
        for (const files of arrangements(turn, logs, listings)) {
          const analysis = await analysisOf(files);
          const loud = loudOf(analysis);
          expect(
            loud.filter((label) => !isAllowed(label)),
            files.join(' '),
          ).toEqual([]);
          for (const must of expected.must_find) {
            const rules = findingsOf(analysis).filter((row) => row.function === must.function);
            expect(
              rules.map((row) => row.rule).some((rule) => must.any_of.includes(rule)),
              `${must.any_of} on ${must.function} from ${files.join(' ')}`,
            ).toBe(true);
          }
          if (expected.verdict) {
            expect(rowAt(analysis.verdict, 0).verdict, files.join(' ')).toBe(expected.verdict);
          }
        }
      });
    }

    it('log and listings without a trace: no false alarm, and what a trace would add', async () => {
      const analysis = await analysisOf([...logs, ...listings]);
      expect(loudOf(analysis).filter((label) => !isAllowed(label) && !label.endsWith(' null'))).toEqual([]);
      const { verdict } = rowAt(analysis.verdict, 0);
      expect(verdict).toBe(capture === '6.12-s3' ? 'fail' : 'inconclusive');
    });
  });
}
