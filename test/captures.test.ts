import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rowAt, rowsOf } from '../tables/index.ts';
import { analyzeBytes, findingsOf } from './support/pipeline.ts';

interface Expected {
  readonly must_find: readonly { readonly function: string; readonly any_of: readonly string[] }[];
  readonly clean_functions: readonly string[];
  readonly verdict: string | null;
}

const CAPTURES = join(import.meta.dirname, 'fixtures', 'captures');
const COMBINATIONS = [
  ['trace.txt'],
  ['trace.txt', 'dmesg.txt'],
  ['dmesg.txt', 'trace.txt'],
  ['trace.report.txt'],
  ['trace.report.txt', 'dmesg.txt'],
];

async function analyzeFiles(capture: string, files: readonly string[], chunkSize?: number) {
  const inputs = Object.fromEntries(files.map((file) => [file, readFileSync(join(CAPTURES, capture, file))]));
  return analyzeBytes(inputs, { chunkSize });
}

for (const capture of readdirSync(CAPTURES).sort()) {
  const expected = JSON.parse(readFileSync(join(CAPTURES, capture, 'expected.json'), 'utf8')) as Expected;
  const isClean = (fn: string | null) =>
    expected.clean_functions.includes('*') || (fn !== null && expected.clean_functions.includes(fn));

  describe(`capture ${capture}`, () => {
    for (const files of COMBINATIONS.filter((combination) =>
      combination.every((file) => existsSync(join(CAPTURES, capture, file))),
    )) {
      it(`${files.join(' + ')} gives what it must`, async () => {
        const analysis = await analyzeFiles(capture, files);
        const findings = findingsOf(analysis);
        for (const must of expected.must_find) {
          const rules = findings
            .filter((finding) => finding.function === must.function)
            .map((finding) => finding.rule);
          expect(
            rules.some((rule) => must.any_of.includes(rule)),
            `${must.any_of} on ${must.function}, found ${rules}`,
          ).toBe(true);
        }
        const loud = findings.filter((finding) => finding.severity !== 'note' && isClean(finding.function));
        expect(loud.map((finding) => `${finding.rule} ${finding.function}`)).toEqual([]);
        if (expected.verdict) expect(rowAt(analysis.verdict, 0).verdict).toBe(expected.verdict);
      });
    }

    it('the kernel log alone is inconclusive, or fails on what the kernel itself says', async () => {
      const analysis = await analyzeFiles(capture, ['dmesg.txt']);
      const { verdict } = rowAt(analysis.verdict, 0);
      expect(verdict).toBe(capture === '6.12-s3' ? 'fail' : 'inconclusive');
    });
  });
}

describe('what single captures must say', () => {
  it('6.12-s3: the log alone gives three WARNs with task and CPU and no function', async () => {
    const findings = findingsOf(await analyzeFiles('6.12-s3', ['dmesg.txt']));
    expect(findings.map(({ rule, function: fn }) => [rule, fn])).toEqual([
      ['ATS015', null],
      ['ATS015', null],
      ['ATS015', null],
    ]);
    expect(findings.map((finding) => /task (\S+) on CPU (\d)/.exec(finding.message)?.slice(1))).toEqual([
      ['insmod/190', '1'],
      ['insmod/199', '1'],
      ['sh/150', '1'],
    ]);
  });

  it('6.12-s3: log and trace are aligned by WARNs and groups, and each WARN is evidence of its call', async () => {
    const analysis = await analyzeFiles('6.12-s3', ['trace.txt', 'dmesg.txt']);
    const log = rowsOf(analysis.clocks)[1];
    expect([log.relation, log.matches]).toEqual(['aligned', 5]);
    expect(log.method).toBe(
      '3 WARNs of the log fall into calls of the trace; 2 devices are added to a group in both',
    );
    expect(log.residual_ns).toBeLessThan(150_000n);
    const warned = findingsOf(analysis).filter((finding) => finding.rule === 'ATS015');
    const evidence = rowsOf(analysis.evidence);
    for (const finding of warned) {
      const lines = evidence.filter(
        (row) => row.finding === finding.finding && row.text.includes('WARNING:'),
      );
      expect(lines.length).toBe(1);
    }
  });

  it('6.12-s3: with the trace of the boot as well, no WARN is told twice', async () => {
    const analysis = await analyzeFiles('6.12-s3', ['boot-trace.txt', 'trace.txt', 'dmesg.txt']);
    expect(findingsOf(analysis).map(({ rule, function: fn }) => `${rule} ${fn}`)).toEqual([
      'ATS040 0000:01:00.1',
      'ATS015 0000:01:00.1',
      'ATS015 0000:00:01.0',
      'ATS015 0000:01:00.1',
    ]);
  });

  it('6.12-s3: the call of the module is the cause of both later WARNs on the VF', async () => {
    const analysis = await analyzeFiles('6.12-s3', ['trace.txt']);
    const findings = findingsOf(analysis);
    const cause = findings.find((finding) => finding.rule === 'ATS040');
    const consequences = rowsOf(analysis.findingLinks).filter((link) => link.cause === cause?.finding);
    expect(consequences.length).toBe(2);
  });

  it('6.12-s13: calls that name no device are given to none', async () => {
    const analysis = await analyzeFiles('6.12-s13', ['trace.txt']);
    expect(rowAt(analysis.verdict, 0).verdict).toBe('inconclusive');
    const reason = rowsOf(analysis.verdictReasons).find((row) => row.code === 'unnamed-device');
    expect(reason?.reason).toContain('2 ATS calls');
    const disables = rowsOf(analysis.atsEvents).filter((row) => row.kind === 'ats.disable');
    expect(disables.map((row) => row.function)).toEqual([null, null, null, null]);
  });

  it('7.2-s5: the write over an unknown value is a note and an open question, not an error', async () => {
    const analysis = await analyzeFiles('7.2-s5', ['trace.txt']);
    const plain = findingsOf(analysis).filter((finding) => finding.function === '0000:02:00.0');
    expect(plain.map(({ rule, severity }) => [rule, severity])).toEqual([['ATS028', 'note']]);
    expect(
      rowsOf(analysis.verdictReasons).some(
        (row) => row.code === 'write-over-unknown' && row.reason.includes('0000:02:00.0'),
      ),
    ).toBe(true);
  });

  it('gives the same at every chunk size', async () => {
    const whole = await analyzeFiles('6.12-s2', ['trace.txt', 'dmesg.txt']);
    for (const chunkSize of [7, 64, 4096]) {
      const chunked = await analyzeFiles('6.12-s2', ['trace.txt', 'dmesg.txt'], chunkSize);
      for (const table of ['findings', 'evidence', 'atsEvents', 'transitions', 'sources'] as const) {
        expect(rowsOf<never>(chunked[table] as never)).toEqual(rowsOf<never>(whole[table] as never));
      }
    }
  });

  it('a trace cut anywhere tells its story up to the cut, says so, and invents nothing', async () => {
    const text = readFileSync(join(CAPTURES, '6.12-s1', 'trace.txt'), 'utf8');
    const lines = text.split('\n');
    for (let keep = 13; keep < lines.length - 1; keep += 37) {
      for (const cut of [
        `${lines.slice(0, keep).join('\n')}\n`,
        `${lines.slice(0, keep).join('\n')}\n${lines[keep].slice(0, 60)}`,
      ]) {
        const analysis = await analyzeBytes({ 'trace.txt': cut });
        expect(findingsOf(analysis).filter((finding) => finding.severity !== 'note')).toEqual([]);
        expect(rowAt(analysis.verdict, 0).verdict).toBe('inconclusive');
        expect(rowsOf(analysis.losses).map((loss) => loss.kind)).toEqual([
          expect.stringMatching(/^(cut|other-cpus)$/),
        ]);
      }
    }
  });
});
