import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Analysis } from '../../model/analysis.ts';
import { applyChecks } from '../../queries/apply-checks.ts';
import { CheckError, loadChecks, parseCheck } from '../../queries/checks.ts';
import { rowAt, rowsOf } from '../../tables/index.ts';
import { analyzeCapture } from '../support/capture.ts';

const HEADER = '-- id: SITE001\n-- title: T\n-- severity: error\n-- why: W.\n';
const ANSWER = 'SELECT NULL AS "function", 1 AS time_ns, \'m\' AS message';
const LIMITS = { timeLimit: 1, memoryLimit: '300MB', threads: 2 };

let folder: string;
let analysis: Analysis;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'atscope-checks-'));
  analysis = await analyzeCapture('6.12-s1');
});
afterAll(() => rmSync(folder, { recursive: true }));

function apply(sql: string, header = HEADER): Promise<Analysis> {
  return applyChecks(analysis, [parseCheck('x.check.sql', header + sql)], LIMITS);
}

describe('the file of a check', () => {
  test.each([
    ['SELECT 1', /no id, no title, no severity, no why/],
    [HEADER.replace('SITE001', 'site'), /the id "site"/],
    [HEADER.replace('SITE001', 'ATS004'), /built-in/],
    [HEADER.replace('error', 'fatal'), /severity "fatal"/],
    [`${HEADER}-- owner: me\n`, /unknown key "owner"/],
    [`${HEADER}-- id: SITE002\n`, /two lines "id"/],
  ])('%j', (text, reason) => {
    expect(() => parseCheck('x.check.sql', text)).toThrow(reason);
    expect(() => parseCheck('x.check.sql', text)).toThrow(CheckError);
  });

  test('a directory is read in the order of ids; the same id twice is an error', () => {
    writeFileSync(join(folder, 'a.check.sql'), HEADER.replace('SITE001', 'SITE002') + ANSWER);
    writeFileSync(join(folder, 'b.check.sql'), HEADER + ANSWER);
    writeFileSync(join(folder, 'other.sql'), 'not a check');
    expect(loadChecks(folder).map(({ id, name }) => [id, name])).toEqual([
      ['SITE001', 'b'],
      ['SITE002', 'a'],
    ]);
    writeFileSync(join(folder, 'c.check.sql'), HEADER + ANSWER);
    expect(() => loadChecks(folder)).toThrow(/c\.check\.sql: has the id SITE001 of .*b\.check\.sql/);
    expect(() => loadChecks(join(folder, 'none'))).toThrow(/cannot be read/);
  });
});

describe('what a check finds', () => {
  test('stands beside the findings of the rules and fails the verdict', async () => {
    expect(rowAt(analysis.verdict, 0).verdict).toBe('pass');
    const judged = await apply(
      `SELECT "function", start_ns AS time_ns, kind || ' took ' || duration_ns || ' ns' AS message
       FROM ats_calls WHERE kind = 'ats.enable' AND "function" = '0000:01:00.1'`,
    );
    const [finding, ...rest] = rowsOf(judged.findings).filter((row) => row.rule === 'SITE001');
    expect(finding).toMatchObject({
      function: '0000:01:00.1',
      pf: '0000:01:00.0',
      severity: 'error',
      expected: 'W.',
    });
    expect(finding.finding).toBe(analysis.findings.length);
    expect(finding.message).toMatch(/^ats\.enable took \d+ ns$/);
    expect(new Set([finding, ...rest].map((row) => row.signature)).size).toBe(1 + rest.length);
    expect(rowAt(judged.verdict, 0)).toMatchObject({ verdict: 'fail' });
    expect(rowAt(judged.verdict, 0).sentence).toContain('SITE001');
    expect(rowsOf(judged.ruleCoverage).at(-1)).toMatchObject({ rule: 'SITE001', status: 'evaluated' });
  });

  test('no row is no finding, and a note does not gate', async () => {
    const none = await apply(`${ANSWER} WHERE false`);
    expect(none.findings.length).toBe(analysis.findings.length);
    expect(rowAt(none.verdict, 0).verdict).toBe('pass');
    const note = await apply(ANSWER, HEADER.replace('error', 'note'));
    expect(note.findings.length).toBe(analysis.findings.length + 1);
    expect(rowAt(note.verdict, 0).verdict).toBe('pass');
  });

  test('more violations than anyone reads are counted', async () => {
    const judged = await apply(
      'SELECT NULL AS "function", range AS time_ns, \'m\' AS message FROM range(5000)',
    );
    expect(judged.findings.length).toBe(analysis.findings.length + 1001);
    expect(rowsOf(judged.findings).at(-1)?.message).toBe('and 4000 more violations.');
  });
});

describe('a check that cannot be used is an error, never a pass', () => {
  test.each([
    ['SELECT 1 AS x', /expected the columns function, time_ns, message; found x/],
    [`SELECT *, 1 AS more FROM (${ANSWER})`, /found function, time_ns, message, more/],
    ['SELECT NULL AS "function", 0.5 AS time_ns, \'m\' AS message', /time_ns is DECIMAL/],
    ['SELECT * FROM nowhere', /nowhere does not exist/],
    ["COPY findings TO 'x'", /not allowed/],
    ["SELECT * FROM read_csv('/etc/passwd')", /no access to files/],
    ['DROP TABLE findings', /not allowed/],
    [`${ANSWER}; ${ANSWER}`, /expected one statement/],
    [
      `SELECT NULL AS "function", count(*) AS time_ns, 'm' AS message FROM range(100000000000) a, range(9) b WHERE a.range % 7 = b.range`,
      /stopped after 1 s/,
    ],
  ])('%s', async (sql, reason) => {
    const error = await apply(sql).catch((problem: unknown) => problem);
    expect(error).toBeInstanceOf(CheckError);
    expect((error as CheckError).message).toMatch(reason);
  });
});
