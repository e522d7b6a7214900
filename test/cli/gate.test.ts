import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diffSide } from '../../cli/diff-sides.ts';
import { UsageError } from '../../cli/exit-codes.ts';
import { readGate } from '../../cli/gate.ts';
import { parseSuppressions } from '../../cli/suppressions-file.ts';
import { InputError } from '../../ingest/input-error.ts';
import { difference, outcomeOf } from '../../model/gate/difference.ts';
import { diffJson } from '../../reports/diff/json.ts';
import { diffText } from '../../reports/diff/text.ts';
import { PLAIN } from '../../reports/palette.ts';
import { atscope, CAPTURES_DIR } from '../support/atscope.ts';

const CLEAN = join(CAPTURES_DIR, '6.12-s1', 'trace.txt');
const FAILING = join(CAPTURES_DIR, '6.12-s2', 'trace.txt');
const LOSSY = join(CAPTURES_DIR, '6.12-s11', 'trace.txt');

const schemas = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true });
const isFindings = schemas.compile(JSON.parse(readFileSync('reports/findings.schema.json', 'utf8')));

let folder: string;
let clean: string;
let failing: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'atscope-gate-'));
  clean = file('clean.json', atscope(['analyze', CLEAN, '--json']).out);
  failing = file('failing.json', atscope(['analyze', FAILING, '--json']).out);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function findings(args: readonly string[]) {
  const { code, out, err } = atscope(['analyze', ...args, '--json']);
  const json = JSON.parse(out || 'null');
  if (json) expect([isFindings(json), isFindings.errors]).toEqual([true, null]);
  return { code, json, err };
}

describe('--baseline', () => {
  it('fails on what is new, passes on what is known, tells what is fixed and what was not judged', () => {
    const fresh = findings([FAILING, '--baseline', clean]);
    expect(fresh.code).toBe(1);
    expect(fresh.json.gate).toEqual({ fail_on: 'error', findings: 'new', failing: 1 });
    expect(fresh.json.findings[0]).toMatchObject({ rule: 'ATS004', status: 'new', gating: true });

    const known = findings([FAILING, '--baseline', failing]);
    expect(known.code).toBe(0);
    expect(known.json.findings[0]).toMatchObject({ rule: 'ATS004', status: 'still', gating: false });
    expect(findings([FAILING, '--baseline', failing, '--gate', 'any']).code).toBe(1);

    const fixed = findings([CLEAN, '--baseline', failing]);
    expect([fixed.code, fixed.json.comparison.fixed, fixed.json.comparison.not_evaluated]).toEqual([0, 1, 0]);

    const lossy = findings([LOSSY, '--baseline', failing, '--strict']);
    expect([lossy.code, lossy.json.comparison.fixed]).toEqual([4, 0]);
    expect(lossy.json.comparison.findings.map((row: { status: string }) => row.status)).toContain(
      'not_evaluated',
    );
  });

  it('is told on the terminal and in summary.md', () => {
    const { out } = atscope(['analyze', CLEAN, '--baseline', failing, '--out', join(folder, 'told')]);
    expect(out).toMatch(/Against the baseline .*failing\.json/);
    expect(out).toMatch(/- fixed {2}ATS004 on 0000:01:00\.2/);
    const summary = readFileSync(join(folder, 'told', 'summary.md'), 'utf8');
    expect(summary).toContain('## Against the baseline');
    expect(summary).toContain('| fixed | ATS004 on 0000:01:00.2');
  });

  it('an own findings.json is still there, in every part', () => {
    const again = findings([FAILING, '--baseline', failing]).json.comparison;
    expect([again.new, again.changed, again.not_evaluated, again.fixed]).toEqual([0, 0, 0, 0]);
  });

  it('what is no baseline is an error that says what it is', () => {
    const other = JSON.parse(readFileSync(failing, 'utf8'));
    const cases: [string, RegExp][] = [
      [join(folder, 'missing.json'), /no such file/],
      [folder, /is a directory/],
      [file('text.json', 'no json'), /not JSON/],
      [file('list.json', '[]'), /an object was expected/],
      [file('foreign.json', '{"version": "2.1.0", "runs": []}'), /no findings\.json of atscope/],
      [file('future.json', JSON.stringify({ ...other, schema: 99 })), /version 99.*reads version 1/],
      [file('edited.json', JSON.stringify({ ...other, findings: [{}] })), /findings\[0\]\.rule is not text/],
      [file('binary.json', 'x\u0000'), /not JSON/],
    ];
    writeFileSync(join(folder, 'latin.json'), Buffer.from([0x7b, 0xff, 0xfe]));
    cases.push([join(folder, 'latin.json'), /no UTF-8/]);
    for (const [path, message] of cases) {
      expect(() => readGate({ baseline: path })).toThrow(UsageError);
      expect(() => readGate({ baseline: path })).toThrow(message);
    }
    const { code, out, err } = atscope(['analyze', CLEAN, '--baseline', cases[0][0]]);
    expect([code, out]).toEqual([2, '']);
    expect(err).not.toContain('    at ');
  });

  it('--gate needs to know what is new', () => {
    expect(() => readGate({ gate: 'new' })).toThrow('--baseline');
    expect(() => readGate({ gate: 'some' })).toThrow(UsageError);
    expect(() => readGate({ today: 'tomorrow' })).toThrow('YYYY-MM-DD');
  });
});

describe('--suppressions', () => {
  const known = (lines: string) => file('known.yaml', `version: 1\nsuppressions:\n${lines}`);
  const entry = (more: string) => known(`  - rule: ATS004\n    reason: board 7\n${more}`);

  it('covers findings until its day; YAML and JSON', () => {
    const path = entry('    function: 0000:01:00.*\n    expires: 2026-05-31\n');
    const active = findings([FAILING, '--suppressions', path, '--today', '2026-05-31']);
    expect(active.code).toBe(0);
    expect(active.json.findings[0].suppressed).toEqual({
      reason: 'board 7',
      expires: '2026-05-31',
      source: path,
      line: 3,
    });
    const expired = findings([FAILING, '--suppressions', path, '--today', '2026-06-01']);
    expect(expired.code).toBe(1);
    expect(expired.json.findings.map((one: { rule: string }) => one.rule)).toContain('ATS095');
    const json = file(
      'known.json',
      JSON.stringify({ version: 1, suppressions: [{ rule: 'ATS004', reason: 'board 7', expires: 'never' }] }),
    );
    expect(findings([FAILING, '--suppressions', json]).code).toBe(0);
  });

  it('is shown on the terminal, in summary.md, and skips in JUnit and KTAP', () => {
    const out = join(folder, 'suppressed');
    const { out: text } = atscope([
      'analyze',
      FAILING,
      '--suppressions',
      entry('    expires: never\n'),
      '--out',
      out,
      '--format',
      'markdown,junit,ktap,sarif,html',
    ]);
    expect(text).toMatch(/Suppressions 1 entry, 1 error or warning suppressed/);
    expect(text).toMatch(/^findings {2}1 note; 1 suppressed$/m);
    expect(text).toContain('board 7 (with no end;');
    const read = (name: string) => readFileSync(join(out, name), 'utf8');
    expect(read('summary.md')).toContain('| board 7 | with no end |');
    expect(read('junit.xml')).toContain('<skipped message="Suppressed with no end: board 7"/>');
    expect(read('atscope.ktap')).toMatch(
      /ok \d+ ATS004 vf-enable-stu-mismatch # XFAIL Suppressed with no end: board 7/,
    );
    expect(JSON.parse(read('atscope.sarif')).runs[0].results[0].suppressions).toMatchObject([
      { kind: 'external', status: 'accepted', justification: 'board 7' },
    ]);
  });

  it('nothing in the file is ignored: what is not understood is an error with its line', () => {
    const cases: [string, RegExp][] = [
      ['  - rule: ATS999\n    reason: x\n    expires: never\n', /:3: there is no rule ATS999/],
      ['  - rule: ATS095\n    reason: x\n    expires: never\n', /cannot be suppressed/],
      ['  - rule: ATS004\n    reson: x\n    expires: never\n', /:4: unknown field "reson"/],
      ['  - rule: ATS004\n    expires: never\n', /needs a reason/],
      ['  - rule: ATS004\n    reason: " "\n    expires: never\n', /reason must be text/],
      ['  - rule: ATS004\n    reason: x\n', /needs an end/],
      ['  - rule: ATS004\n    reason: x\n    expires: 2026-02-30\n', /:5: expires is "2026-02-30"/],
      ['  - rule: ATS004\n    reason: x\n    expires: soon\n', /expected a day/],
      ['  - reason: everything\n    expires: never\n', /would cover everything/],
      ['  - rule: 4\n    reason: x\n    expires: never\n', /rule must be text/],
      ['  - ATS004\n', /expected an entry/],
      ['  rule: ATS004\n', /must be a list/],
      [
        '  - rule: ATS004\n    rule: ATS003\n    reason: x\n    expires: never\n',
        /cannot be read as YAML or JSON/,
      ],
    ];
    const rules = new Set(['ATS003', 'ATS004']);
    const parse = (text: string) => parseSuppressions('known.yaml', text, rules);
    for (const [lines, message] of cases) {
      expect(() => parse(`version: 1\nsuppressions:\n${lines}`), lines).toThrow(message);
      expect(() => parse(`version: 1\nsuppressions:\n${lines}`), lines).toThrow(UsageError);
    }
    for (const text of [
      '',
      'version: 2\nsuppressions: []\n',
      'suppressions: []\n',
      'version: 1\nextra: 1\nsuppressions: []\n',
      'version: 1\n',
      '- a\n',
    ])
      expect(() => parse(text), text).toThrow(UsageError);
    expect(parse('version: 1\nsuppressions:\n')).toEqual([]);
    expect(atscope(['analyze', FAILING, '--suppressions', known(cases[0][0])])).toMatchObject({
      code: 2,
      out: '',
    });
  });

  it('the rules about suppressions explain themselves', () => {
    expect(atscope(['explain', 'ATS095']).out).toContain('suppression-expired');
  });
});

describe('output of a CI job', () => {
  it('a log line that is a workflow command is no command', () => {
    const trace = readFileSync(FAILING, 'utf8').replace('LAB: sriov_numvfs=3', '::error::stop ##[error]x');
    const path = file('commands.txt', trace);
    for (const args of [
      ['analyze', path],
      ['analyze', path, '--format', 'ktap'],
      ['analyze', path, '--format', 'github'],
    ]) {
      const { out } = atscope(args);
      const commands = out.split('\n').filter((line) => line.trimStart().startsWith('::'));
      for (const command of commands)
        expect(command).toMatch(/^::(error|warning|notice) (file=[^:]*,)?(line=\d+,)?title=/);
      if (!args.includes('github')) expect(commands).toEqual([]);
      expect(out).not.toContain('##[');
    }
  });
});

describe('diff', () => {
  const isDiff = schemas.compile(JSON.parse(readFileSync('reports/diff/diff.schema.json', 'utf8')));
  const database = () => {
    const path = join(folder, 'failing.duckdb');
    expect(atscope(['ingest', FAILING, '--db', path, '--force']).code).toBe(0);
    return path;
  };

  /** In this process: starting the program for each takes longer than the work. */
  async function compared(before: string, after: string) {
    const diff = difference(await diffSide(before, {}), await diffSide(after, {}));
    const json = JSON.parse(JSON.stringify(diffJson(diff, outcomeOf(diff, 'error'), 'atscope test')));
    expect([isDiff(json), isDiff.errors]).toEqual([true, null]);
    return { json, text: diffText(diff, outcomeOf(diff, 'error'), PLAIN, 100) };
  }

  it('6.12-s1 against 6.12-s2: one finding is new, one call is refused', async () => {
    const { json, text } = await compared(CLEAN, FAILING);
    expect(text).toContain(
      'ats.enable of 0000:01:00.2, call 1: page shift 12, returned 0 -> page shift 13, returned -EINVAL',
    );
    expect(json.findings).toContainEqual(expect.objectContaining({ status: 'new', rule: 'ATS004' }));
    expect(json.calls).toContainEqual({
      kind: 'ats.enable',
      function: '0000:01:00.2',
      nth: 1,
      before: { page_shift: 12, result: 0, warned: false },
      after: { page_shift: 13, result: -22, warned: false },
    });
    expect(json.features).toEqual([]);
    expect(json.outcome).toBe('worse');
    const back = await compared(FAILING, CLEAN);
    expect(back.json.outcome).toBe('no_worse');
    expect(back.json.findings).toContainEqual(expect.objectContaining({ status: 'fixed', rule: 'ATS004' }));
  });

  it('a recording, its database and its findings.json tell the same', async () => {
    const saved = database();
    const [recording, fromDatabase, fromFile] = await Promise.all(
      [FAILING, saved, failing].map(async (side) => (await compared(CLEAN, side)).json),
    );
    expect(fromDatabase.findings).toEqual(recording.findings);
    expect(fromDatabase.calls).toEqual(recording.calls);
    expect(fromDatabase.rules).toEqual(recording.rules);
    expect(fromFile.findings).toEqual(recording.findings);
    expect(fromFile.rules).toEqual(recording.rules);
    expect(fromFile.features).toEqual(recording.features);
    expect(fromFile.functions).toEqual(recording.functions);
    expect([fromFile.calls, fromFile.after.kind, fromDatabase.after.kind]).toEqual([
      null,
      'findings.json',
      'database',
    ]);
    expect((await compared(FAILING, saved)).json).toMatchObject({ calls: [], features: [], rules: [] });
  });

  it('kernels that behave differently: the features are told', async () => {
    const inputs = (name: string) =>
      `${join(CAPTURES_DIR, name, 'trace.txt')},${join(CAPTURES_DIR, name, 'dmesg.txt')}`;
    const { json } = await compared(inputs('7.2-s1'), inputs('7.2-series-s1'));
    expect(json.features.map((row: { feature: string }) => row.feature)).toContain('prepare_checks_vf_shift');
  });

  it('what the second side could not show is not evaluated, and 4 under --strict', () => {
    expect(atscope(['diff', FAILING, LOSSY]).code).toBe(0);
    const { code, out } = atscope(['diff', FAILING, LOSSY, '--strict', '--json']);
    expect(code).toBe(4);
    expect(JSON.parse(out).outcome).toBe('inconclusive');
    expect(JSON.parse(out).findings).toContainEqual(
      expect.objectContaining({ status: 'not_evaluated', rule: 'ATS004' }),
    );
  });

  it('writes whole files, prints text; a page that may load nothing', () => {
    const out = join(folder, 'difference');
    const { code, out: text } = atscope(['diff', CLEAN, FAILING, '--out', out]);
    expect(code).toBe(1);
    const html = readFileSync(join(out, 'diff.html'), 'utf8');
    expect(html).toContain(`default-src 'none'`);
    expect(html).not.toMatch(/https?:\/\/|\ssrc=|<script/);
    expect(html).toContain('0000:01:00.2');
    expect(readFileSync(join(out, 'diff.txt'), 'utf8')).toBe(text);
    atscope(['diff', CLEAN, FAILING, '--out', join(folder, 'again')]);
    expect(readFileSync(join(folder, 'again', 'diff.html'), 'utf8')).toBe(html);
  });

  it('a directory that --out wrote stands for its findings.json; another one is an error', async () => {
    const out = join(folder, 'run');
    mkdirSync(out);
    writeFileSync(join(out, 'findings.json'), readFileSync(failing));
    expect((await compared(clean, out)).json.after.kind).toBe('findings.json');
    await expect(diffSide(folder, {})).rejects.toThrow('joined by commas');
  });

  it('bad input and usage', async () => {
    expect(atscope(['diff', CLEAN]).code).toBe(2);
    expect(atscope(['diff', clean, failing, '--format', 'pdf']).code).toBe(2);
    expect(atscope(['diff', clean, join(folder, 'nowhere.txt')]).code).toBe(3);
    await expect(
      diffSide(file('old.json', '{"schema": 7, "tool": "x", "findings": [], "rules": []}'), {}),
    ).rejects.toThrow(InputError);
  });
});
