import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CAPTURES } from '../support/capture.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const FAIL = join(CAPTURES, '6.12-s2', 'trace.txt');
const EXAMPLE = join(ROOT, 'docs', 'examples', 'calls.report.md');
const folder = mkdtempSync(join(tmpdir(), 'atscope-report-'));
afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: string[]): { code: number | null; out: string; err: string } {
  const done = spawnSync(process.execPath, [join(ROOT, 'bin', 'atscope'), 'report', ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

function file(name: string, ...lines: string[]): string {
  const path = join(folder, name);
  writeFileSync(path, lines.join('\n'));
  return path;
}

const HEAD = ['---', 'title: T', 'parameters: {least: 1}', '---'];

describe('report', () => {
  it('writes the built-in page of recordings, the same as that of a saved database', () => {
    expect(run(FAIL, '--out', 'direct.html')).toMatchObject({ code: 0, err: '' });
    const ingest = [join(ROOT, 'bin', 'atscope'), 'ingest', FAIL, '--db', join(folder, 'run.duckdb')];
    expect(spawnSync(process.execPath, ingest).status).toBe(0);
    const { code, out } = run('run.duckdb', '--threads', '1', '--out', 'saved.html', '--json');
    expect(code).toBe(0);
    const bytes = readFileSync(join(folder, 'saved.html'));
    expect(JSON.parse(out)).toEqual({ report: 'saved.html', bytes: bytes.length });
    expect(readFileSync(join(folder, 'direct.html')).equals(bytes)).toBe(true);
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('writes a page of one’s own, with the parameters given', () => {
    expect(run(FAIL, '--template', EXAMPLE, '--param', 'slowest=2', '--out', 'calls.html').code).toBe(0);
    const page = readFileSync(join(folder, 'calls.html'), 'utf8');
    const [, slowest] = page.split('<summary>The slowest calls</summary>');
    expect(slowest.split('</table>')[0].match(/<tr>/g)).toHaveLength(3);
    expect(run(FAIL, '--template', EXAMPLE, '--param', 'x=2', '--out', 'no.html')).toMatchObject({ code: 2 });
  });

  it('prints the built-in definition, which is valid', () => {
    const path = file('built-in.report.md', run('--print-template').out);
    expect(run('validate', path)).toMatchObject({ code: 0, err: '' });
  });

  it('tells every mistake with its line, and writes nothing', () => {
    const path = file(
      'bad.report.md',
      ...HEAD,
      '{% tabel x %}',
      '{{y.z}}',
      '```sql q',
      "FROM 'secrets.csv'",
      '```',
    );
    const { code, err } = run('validate', path);
    expect(code).toBe(2);
    expect(err.split('\n').map((line) => line.slice(path.length))).toEqual([
      expect.stringMatching(/^:5: error: there is no tag tabel \(did you mean table\?\)/),
      expect.stringMatching(/^:6: error: there is no query y/),
      expect.stringMatching(/^:8: error: query q: /),
      '',
    ]);
    const data = JSON.parse(run('validate', path, '--json').out);
    expect(data).toMatchObject({ valid: false, problems: [{ line: 5 }, { line: 6 }, { line: 8 }] });
    expect(run(FAIL, '--template', path, '--out', 'never.html').code).toBe(2);
    expect(readdirSync(folder)).not.toContain('never.html');
  });

  it('warns of rows without an order; the definition is valid all the same', () => {
    const path = file(
      'order.report.md',
      ...HEAD,
      '{% table q /%}',
      '```sql q',
      'SELECT kind FROM ats_calls',
      '```',
    );
    const { code, out, err } = run('validate', path);
    expect([code, out]).toEqual([0, `${path}: valid, 1 query\n`]);
    expect(err).toMatch(
      /:7: warning: query q: without ORDER BY its rows come in any order, and the tag table on line 5/,
    );
    expect(JSON.parse(run('validate', path, '--json').out)).toMatchObject({
      valid: true,
      warnings: [{ line: 7 }],
    });
  });

  it('checks tables of trace events against a recording', () => {
    const path = file(
      'events.report.md',
      ...HEAD,
      '{% table q %}',
      '```sql q',
      'SELECT ps, ret FROM ftrace.pci_enable_ats_ret ORDER BY seq',
      '```',
    );
    expect(run('validate', path).err).toContain('give one to validate against');
    expect(run('validate', path, FAIL)).toMatchObject({ code: 0, err: '' });
  });

  it('stops SQL at its limits', () => {
    const path = file(
      'long.report.md',
      ...HEAD,
      '{{q.n}}',
      '```sql q',
      'SELECT count(*) AS n FROM range(1000000) a, range(1000000) b WHERE a.range % 7 = b.range % 11',
      '```',
    );
    const { code, err } = run(FAIL, '--template', path, '--time-limit', '0.5', '--out', 'never.html');
    expect([code, err]).toEqual([
      2,
      expect.stringContaining('long.report.md:7: query q: stopped after 0.5 s'),
    ]);
  });

  it.each([
    [[], /report needs a database or recordings/],
    [[FAIL], /report needs --out FILE.html/],
    [[FAIL, '--template', 'none.report.md', '--out', 'x.html'], /no such file/],
    [[FAIL, '--out', join('none', 'x.html')], /the directory does not exist/],
    [['validate'], /missing required argument/],
  ])('%j is a mistake of usage', (args, message) => {
    const { code, err } = run(...args);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(err).not.toContain('    at ');
  });
});
