import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROFILES, type PROFILES as Profiles } from '../../model/features.ts';
import { rowsOf } from '../../tables/index.ts';
import { KernelOracle, PF, replayOracle, VF1, VF2 } from '../support/kernel-oracle.ts';
import { analyzeBytes, type FindingRow, findingsOf } from '../support/pipeline.ts';

const CAPTURES = join(import.meta.dirname, '../fixtures/captures');
const CLEAN = ['6.12-s1', '6.12-s6', '7.2-s1', '7.2-s1-sm', '7.2-s1-amd', '7.2-s6', '7.2-series-s1'];
const FAULTY = ['6.12-s2', '6.12-s3', '6.12-s7', '7.2-s5', '7.2-series-s2c'];

function linesOf(capture: string): { header: string[]; events: string[] } {
  const lines = readFileSync(join(CAPTURES, capture, 'trace.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  return {
    // Without the line that counts the entries, which would only say again that lines are missing.
    header: lines.filter((line) => line.startsWith('#') && !line.includes('entries-in-buffer')),
    events: lines.filter((line) => !line.startsWith('#')),
  };
}

const analyzeLines = (lines: readonly string[]) => analyzeBytes({ 'trace.txt': `${lines.join('\n')}\n` });
const loud = (findings: readonly FindingRow[]) => findings.filter((finding) => finding.severity !== 'note');
const label = (finding: FindingRow) => `${finding.rule} ${finding.function}`;

describe('lost events never make a new finding', () => {
  it('a clean recording with a hole and the mark of it stays clean', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...CLEAN), fc.nat(1000), fc.nat(60), async (capture, from, length) => {
        const { header, events } = linesOf(capture);
        const start = from % events.length;
        const cpu = /\[(\d+)\]/.exec(events[start])?.[1] ?? '0';
        const holed = [
          ...events.slice(0, start),
          `CPU:${Number(cpu)} [LOST ${length + 1} EVENTS]`,
          ...events.slice(start + length + 1),
        ];
        const findings = loud(findingsOf(await analyzeLines([...header, ...holed])));
        expect(findings.map(label)).toEqual([]);
      }),
      { numRuns: 40, seed: 7 },
    );
  });

  it('a faulty one only loses findings', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...FAULTY),
        fc.nat(1000),
        fc.nat(40),
        async (capture, from, length) => {
          const { header, events } = linesOf(capture);
          const start = from % events.length;
          const holed = [
            ...events.slice(0, start),
            `CPU:0 [LOST ${length + 1} EVENTS]`,
            ...events.slice(start + length + 1),
          ];
          const whole = new Set(loud(findingsOf(await analyzeLines([...header, ...events]))).map(label));
          const errors = findingsOf(await analyzeLines([...header, ...holed])).filter(
            (finding) => finding.severity === 'error',
          );
          expect(errors.map(label).filter((found) => !whole.has(found))).toEqual([]);
        },
      ),
      { numRuns: 30, seed: 11 },
    );
  });

  it('nor do stories of the oracle with holes anywhere', () => {
    const step = fc.record({
      what: fc.constantFrom('prepare', 'enable', 'disable', 'supported', 'hole' as const),
      fn: fc.constantFrom(PF, VF1, VF2),
      ps: fc.constantFrom(12, 13),
    });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 25 }),
        fc.constantFrom(...PROFILES),
        fc.boolean(),
        (steps, profile, prints) => {
          const kernel = new KernelOracle(profile as (typeof Profiles)[number], prints);
          for (const { what, fn, ps } of steps) {
            if (what === 'hole') {
              // What happens in the hole is not in the recording.
              const seen = kernel.expected.length;
              kernel.silently(() => kernel.enable(fn, ps));
              kernel.expected.length = seen;
              kernel.loss();
            } else if (what === 'prepare' || what === 'enable') kernel[what](fn, ps);
            else kernel[what](fn);
          }
          const { collector, topology } = replayOracle(kernel.events, profile as (typeof Profiles)[number]);
          const errors = collector.finish(topology).filter((finding) => finding.severity === 'error');
          const truth = new Set(kernel.expected);
          expect(
            errors
              .map((finding) => `${finding.rule}@${finding.fn?.address}`)
              .filter((found) => !truth.has(found)),
          ).toEqual([]);
        },
      ),
      { numRuns: 300, seed: 3 },
    );
  });
});

describe('findings do not depend on names', () => {
  it('relabelled addresses give the same findings under the new names', async () => {
    for (const capture of FAULTY) {
      const { header, events } = linesOf(capture);
      const before = findingsOf(await analyzeLines([...header, ...events])).map(
        ({ rule, function: fn, severity }) => [rule, fn, severity],
      );
      const renamed = [...header, ...events].map((line) =>
        line.replaceAll('0000:01:00.', 'abcd:7f:1e.').replaceAll('0000:02:00.', '0001:02:00.'),
      );
      const after = findingsOf(await analyzeLines(renamed)).map(({ rule, function: fn, severity }) => [
        rule,
        fn?.replace('abcd:7f:1e.', '0000:01:00.').replace('0001:02:00.', '0000:02:00.'),
        severity,
      ]);
      expect(after).toEqual(before);
    }
  });

  it('other event names give the same findings: the probed function counts', async () => {
    for (const capture of FAULTY) {
      const { header, events } = linesOf(capture);
      const before = findingsOf(await analyzeLines([...header, ...events])).map(label);
      const renamed = events.map((line) =>
        line.replace(/: (\w+): \(/, (_, name: string) => `: my${[...name].reverse().join('')}: (`),
      );
      expect(findingsOf(await analyzeLines([...header, ...renamed])).map(label)).toEqual(before);
    }
  });
});

describe('replay is a fold', () => {
  it('the replay of a prefix is the prefix of the replay', async () => {
    for (const capture of ['6.12-s3', '7.2-series-s2c', '7.2-s6']) {
      const { header, events } = linesOf(capture);
      const whole = rowsOf((await analyzeLines([...header, ...events])).transitions);
      for (const share of [0.2, 0.45, 0.7, 0.9]) {
        // A prefix may end inside a call, whose missing return changes how its entry is read: end it between calls of tasks.
        const cut = events.slice(0, Math.floor(events.length * share));
        const part = await analyzeLines([...header, ...cut]);
        const open = rowsOf(part.atsCalls).filter(
          (call) => call.return_event === null && call.enter_event !== null,
        );
        const last = Math.min(
          ...open.map((call) => call.enter_event as number),
          rowsOf(part.atsEvents).length,
        );
        const stable = (rows: typeof whole) => rows.filter((row) => row.event < last);
        expect(stable(rowsOf(part.transitions))).toEqual(stable(whole));
      }
    }
  });

  it('two files of one recording give what one file gives', async () => {
    for (const capture of [...FAULTY, '7.2-s1']) {
      const { header, events } = linesOf(capture);
      const whole = findingsOf(await analyzeLines([...header, ...events])).map(label);
      for (const share of [0.3, 0.5, 0.61, 0.8]) {
        // Within a call or not: a task of the second file is that of the first.
        const at = Math.floor(events.length * share);
        const analysis = await analyzeBytes({
          'a.txt': `${[...header, ...events.slice(0, at)].join('\n')}\n`,
          // Without the header, as `split` leaves it: another header would begin another recording.
          'b.txt': `${['#', ...events.slice(at)].join('\n')}\n`,
        });
        expect(findingsOf(analysis).map(label)).toEqual(whole);
      }
    }
  });
});
