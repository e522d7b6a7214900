import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { FORM_NAMES } from '../../reports/form-names.ts';
import { CAPTURES_DIR } from '../support/atscope.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const CI = join(ROOT, 'ci');
const FAILING = join(CAPTURES_DIR, '6.12-s2', 'trace.txt');
const LOSSY = join(CAPTURES_DIR, '6.12-s11', 'trace.txt');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'atscope-ci-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function sh(script: string, env: Readonly<Record<string, string>>, args: readonly string[] = []) {
  const done = spawnSync('sh', [script, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, NO_COLOR: '1', ...env },
  });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

const run = (env: Readonly<Record<string, string>>) => sh(join(CI, 'run.sh'), env);

describe('run.sh', () => {
  test('writes the page and the JSON whatever else is asked for, and exits as the verdict says', () => {
    const { code } = run({
      ATSCOPE_INPUTS: FAILING,
      ATSCOPE_OUT: 'one',
      ATSCOPE_NAME: 'night',
      ATSCOPE_FORMATS: 'junit',
    });
    expect(code).toBe(1);
    expect(readdirSync(join(folder, 'one')).sort()).toEqual(['findings.json', 'junit.xml', 'night.html']);
  });

  test('takes names with blanks and patterns, one a line, indented as YAML has them', () => {
    const odd = join(folder, 'odd name');
    mkdirSync(odd);
    copyFileSync(FAILING, join(odd, 'my trace.txt'));
    const { code, out } = run({
      ATSCOPE_INPUTS: `\n   ${odd}/my*.txt  \n\n`,
      ATSCOPE_OUT: 'two',
      ATSCOPE_FORMATS: 'json',
    });
    expect(code).toBe(1);
    expect(out).toContain('my trace.txt');
  });

  test('passes options on: gate, strict, baseline, suppressions, more', () => {
    expect(run({ ATSCOPE_INPUTS: FAILING, ATSCOPE_FAIL_ON: 'never', ATSCOPE_OUT: 'three' }).code).toBe(0);
    expect(run({ ATSCOPE_INPUTS: LOSSY, ATSCOPE_STRICT: 'true', ATSCOPE_OUT: 'four' }).code).toBe(4);
    const baseline = join(folder, 'three', 'findings.json');
    const known = run({
      ATSCOPE_INPUTS: FAILING,
      ATSCOPE_BASELINE: baseline,
      ATSCOPE_OUT: 'five',
      ATSCOPE_ARGS: '--features 6.12-old --today 2026-01-01',
    });
    expect(known.code).toBe(0);
    expect(known.out).toContain('Against the baseline');
    const first = run({ ATSCOPE_INPUTS: FAILING, ATSCOPE_BASELINE: 'none-yet.json', ATSCOPE_OUT: 'six' });
    expect(first.code).toBe(1);
    expect(first.err).toContain('no baseline at none-yet.json yet');
  });

  test('no inputs, a pattern that matches nothing, a wrong name: said, and no success', () => {
    expect(run({})).toMatchObject({ code: 2, err: expect.stringContaining('ATSCOPE_INPUTS') });
    expect(run({ ATSCOPE_INPUTS: ' \n ' }).code).toBe(2);
    expect(run({ ATSCOPE_INPUTS: 'nothing/*.txt' })).toMatchObject({
      code: 3,
      err: expect.stringContaining('nothing/*.txt'),
    });
    expect(run({ ATSCOPE_INPUTS: FAILING, ATSCOPE_NAME: '../x' }).code).toBe(2);
  });
});

interface Step {
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly shell?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Action {
  readonly name: string;
  readonly inputs: Readonly<
    Record<string, { readonly description: string; readonly required?: boolean; readonly default?: string }>
  >;
  readonly outputs: Readonly<Record<string, { readonly description: string; readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

describe('GitHub action', () => {
  const text = readFileSync(join(CI, 'github-action', 'action.yml'), 'utf8');
  const action = parse(text) as Action;
  const { steps } = action.runs;

  test('is a composite action as GitHub reads it', () => {
    expect(Object.keys(action).sort()).toEqual([
      'branding',
      'description',
      'inputs',
      'name',
      'outputs',
      'runs',
    ]);
    expect(action.runs.using).toBe('composite');
    for (const input of Object.values(action.inputs)) {
      expect(input.description).not.toBe('');
      expect(input.required === true || typeof input.default === 'string').toBe(true);
    }
    for (const step of steps) {
      expect((step.uses === undefined) !== (step.run === undefined)).toBe(true);
      // GitHub refuses a run step of a composite action without a shell.
      if (step.run !== undefined) expect(step.shell).toBe('sh');
      if (step.uses !== undefined) expect(step.uses).toMatch(/^actions\/[a-z-]+@v\d+$/);
    }
  });

  test('every input is used, everything used is there, and no input is spliced into a script', () => {
    const used = [...text.matchAll(/\$\{\{[^}]*?inputs\.([a-z-]+)/g)].map((match) => match[1]);
    expect([...new Set(used)].sort()).toEqual(Object.keys(action.inputs).sort());
    const ids = new Set(steps.flatMap((step) => step.id ?? []));
    for (const [, id] of text.matchAll(/steps\.([a-z]+)\.outputs/g)) expect(ids.has(id)).toBe(true);
    for (const step of steps) expect(step.run ?? '').not.toContain('$'.concat('{{'));
  });

  test('uploads come before the verdict and happen on failure too; the page is not packed', () => {
    const uploads = steps.filter((step) => step.uses?.startsWith('actions/upload-artifact'));
    expect(uploads).toHaveLength(2);
    for (const upload of uploads) expect(upload.if).toContain('!cancelled()');
    expect(uploads[0].with).toMatchObject({
      archive: false,
      path: expect.stringContaining('steps.judge.outputs.report '),
    });
    expect(steps.at(-1)?.run).toContain('verdict.sh');
    expect(steps.at(-1)?.if).toContain('!cancelled()');
  });

  function judge(name: string, env: Readonly<Record<string, string>>) {
    const [output, summary] = [join(folder, `${name}.output`), join(folder, `${name}.summary`)];
    const done = sh(join(CI, 'github-action', 'judge.sh'), {
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: summary,
      RUNNER_TEMP: folder,
      ATSCOPE_NAME: name,
      ...env,
    });
    const outputs = Object.fromEntries(
      readFileSync(output, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/=(.*)/s).slice(0, 2)),
    );
    return { ...done, outputs, summary };
  }

  test('the judging step succeeds on a failing capture, annotates, and leaves all that the next steps name', () => {
    const { code, out, outputs, summary } = judge('failing', {
      ATSCOPE_INPUTS: FAILING,
      ATSCOPE_FORMATS: 'junit',
    });
    expect(code).toBe(0);
    expect(outputs).toMatchObject({ 'exit-code': '1', verdict: 'fail' });
    expect(out).toMatch(/^::error title=atscope%3A fail::/m);
    expect(readFileSync(summary, 'utf8')).toContain('# ATS verdict: FAIL');
    expect(existsSync(outputs.report) && existsSync(outputs.findings)).toBe(true);
    const named = [...text.matchAll(/steps\.judge\.outputs\.([a-z-]+)/g)].map((match) => match[1]);
    expect(Object.keys(outputs)).toEqual(expect.arrayContaining([...new Set(named)]));
    const verdict = sh(join(CI, 'github-action', 'verdict.sh'), {
      ATSCOPE_EXIT: outputs['exit-code'],
      ATSCOPE_URL: 'https://example.com/1',
      GITHUB_STEP_SUMMARY: summary,
    });
    expect(verdict.code).toBe(1);
    expect(readFileSync(summary, 'utf8')).toContain('[Open the report](https://example.com/1)');
  });

  test('without a report nothing is uploaded, and the job still fails', () => {
    const { code, outputs } = judge('missing', { ATSCOPE_INPUTS: 'nowhere.txt' });
    expect(code).toBe(0);
    expect(outputs).toMatchObject({ 'exit-code': '3', verdict: '' });
    expect(outputs.report).toBeUndefined();
    expect(sh(join(CI, 'github-action', 'verdict.sh'), { ATSCOPE_EXIT: '3' }).code).toBe(3);
    expect(sh(join(CI, 'github-action', 'verdict.sh'), {}).code).toBe(70);
  });
});

describe('GitLab template', () => {
  const template = parse(readFileSync(join(CI, 'gitlab', 'atscope.gitlab-ci.yml'), 'utf8'));
  const job = template['.atscope'];

  test('keeps the artifacts on failure, with links and test cases where GitLab looks for them', () => {
    expect(Object.keys(template)).toEqual(['.atscope']);
    expect(job.artifacts.when).toBe('always');
    const out = job.variables.ATSCOPE_OUT;
    expect(job.artifacts.paths).toEqual([`${out}/`]);
    expect(job.artifacts.reports).toEqual({ junit: `${out}/junit.xml`, annotations: `${out}/links.json` });
    expect(job.variables.ATSCOPE_FORMATS.split(',')).toContain('junit');
    for (const [name, value] of Object.entries(job.variables))
      expect([name, typeof value]).toEqual([name, 'string']);
  });

  test('its script judges, with the repository at hand', () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    // Stands for git clone and for the build: what they fetch is this very tree.
    const script = (job.script as string[])
      .join('\n')
      .replace(/git clone .*\n/, `ln -s "${ROOT}" .atscope\n`)
      .replace(/\(cd \.atscope && .*\)\n/, '');
    expect(script).not.toContain('git clone');
    const done = spawnSync('sh', ['-e', '-c', script], {
      cwd: folder,
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        NO_COLOR: '1',
        ...job.variables,
        ATSCOPE_REPOSITORY: 'https://example.com/atscope.git',
        ATSCOPE_INPUTS: FAILING,
        CI_JOB_URL: 'https://example.com/jobs/7',
      },
    });
    expect([done.status, done.stderr]).toEqual([1, '']);
    const links = JSON.parse(readFileSync(join(folder, 'atscope-report', 'links.json'), 'utf8'));
    expect(links.atscope[0].external_link.url).toBe(
      'https://example.com/jobs/7/artifacts/file/atscope-report/report.html',
    );
    expect(readdirSync(join(folder, 'atscope-report')).sort()).toEqual([
      'findings.json',
      'junit.xml',
      'links.json',
      'report.html',
      'summary.md',
    ]);
  });

  test('without a repository it says what to set', () => {
    const done = spawnSync('sh', ['-c', job.script.join('\n')], {
      env: { PATH: process.env.PATH },
      encoding: 'utf8',
    });
    expect([done.status, done.stderr]).toEqual([2, expect.stringContaining('ATSCOPE_REPOSITORY')]);
  });
});

test('docs/ci.md names every form, every status and every file of the recipes', () => {
  const doc = readFileSync(join(ROOT, 'docs', 'ci.md'), 'utf8');
  for (const { id, files } of FORM_NAMES) {
    expect(doc).toContain(`| \`${id}\` |`);
    for (const file of files) expect(doc).toContain(`\`${file}\``);
  }
  for (const file of ['ci/github-action/action.yml', 'ci/gitlab/atscope.gitlab-ci.yml', 'ci/run.sh']) {
    expect(doc).toContain(file);
    expect(existsSync(join(ROOT, file))).toBe(true);
  }
});
