import { describe, expect, test } from 'vitest';
import type { Analysis } from '../../model/analysis.ts';
import { applyGate } from '../../model/gate/apply.ts';
import { sideOf } from '../../model/gate/side.ts';
import { junitXml } from '../../reports/junit.ts';
import { ktapText } from '../../reports/ktap.ts';
import { rowAt } from '../../tables/index.ts';
import { analyzeCapture } from '../support/capture.ts';
import { type Element, parseXml } from '../support/xml.ts';
import { sampleAnalysis } from './sample.ts';

/** What the schemas of Jenkins and of Surefire have in common: elements, their attributes, their children. */
const JUNIT: Readonly<
  Record<string, { readonly required: string[]; readonly optional: string[]; readonly children: string[] }>
> = {
  testsuites: {
    required: ['name', 'tests', 'failures', 'errors', 'skipped'],
    optional: ['time'],
    children: ['testsuite'],
  },
  testsuite: {
    required: ['name', 'tests', 'failures', 'errors', 'skipped'],
    optional: ['time', 'timestamp', 'hostname', 'id'],
    children: ['properties', 'testcase', 'system-out', 'system-err'],
  },
  properties: { required: [], optional: [], children: ['property'] },
  property: { required: ['name', 'value'], optional: [], children: [] },
  testcase: {
    required: ['classname', 'name'],
    optional: ['time'],
    children: ['properties', 'skipped', 'error', 'failure', 'system-out', 'system-err'],
  },
  failure: { required: ['message', 'type'], optional: [], children: [] },
  skipped: { required: [], optional: ['message'], children: [] },
  'system-out': { required: [], optional: [], children: [] },
};

function checkElement(element: Element): void {
  const rule = JUNIT[element.name];
  expect(rule, element.name).toBeDefined();
  const names = Object.keys(element.attributes);
  expect(names).toEqual(expect.arrayContaining(rule.required));
  for (const name of names) expect([...rule.required, ...rule.optional]).toContain(name);
  for (const child of element.children) {
    expect(rule.children, element.name).toContain(child.name);
    checkElement(child);
  }
}

function junit(analysis: Analysis) {
  const root = parseXml(junitXml(analysis));
  expect(root.name).toBe('testsuites');
  checkElement(root);
  const [suite] = root.children;
  const cases = suite.children.filter((child) => child.name === 'testcase');
  const withChild = (name: string) =>
    cases.filter((one) => one.children.some((child) => child.name === name)).length;
  for (const element of [root, suite]) {
    expect(Number(element.attributes.tests)).toBe(cases.length);
    expect(Number(element.attributes.failures)).toBe(withChild('failure'));
    expect(Number(element.attributes.skipped)).toBe(withChild('skipped'));
  }
  const names = cases.map((one) => `${one.attributes.classname} ${one.attributes.name}`);
  expect(new Set(names).size).toBe(names.length);
  return { cases, names };
}

/** A line of KTAP version 1 at some depth (Documentation/dev-tools/ktap.rst). */
const RESULT = /^(ok|not ok) (\d+)( [^#]*)?( # (SKIP|TODO|XFAIL|TIMEOUT|ERROR)( .*)?)?$/;

interface Test {
  readonly ok: boolean;
  readonly name: string;
  readonly directive: string | undefined;
}

/** Reads one level; nested ones are two blanks deeper at least and end with the result of their parent. */
function ktapLevel(lines: string[], depth: string): Test[] {
  expect(lines.shift()).toBe(`${depth}KTAP version 1`);
  const tests: Test[] = [];
  let plan: number | null = null;
  while (lines.length > 0 && lines[0].startsWith(depth)) {
    const line = lines[0].slice(depth.length);
    if (/^ {2,}KTAP version 1$/.test(line)) {
      const nested = ktapLevel(lines, lines[0].slice(0, lines[0].indexOf('KTAP')));
      expect(nested.length).toBeGreaterThan(0);
      continue;
    }
    lines.shift();
    if (line.startsWith('# ')) continue;
    const planned = /^1\.\.(\d+)$/.exec(line);
    if (planned) {
      expect(plan).toBeNull();
      plan = Number(planned[1]);
      continue;
    }
    // The directive begins at the first # that no backslash escapes.
    const match = RESULT.exec(line.replaceAll('\\#', '\ufffd'));
    expect(match, line).not.toBeNull();
    if (!match) break;
    expect(Number(match[2])).toBe(tests.length + 1);
    tests.push({ ok: match[1] === 'ok', name: (match[3] ?? '').trim(), directive: match[5] });
  }
  expect(tests.length).toBe(plan);
  return tests;
}

function ktap(analysis: Analysis) {
  const text = ktapText(analysis);
  expect(text.endsWith('\n')).toBe(true);
  const lines = text.slice(0, -1).split('\n');
  const inner = ktapLevel(
    lines.filter((line) => line.startsWith('    ')),
    '    ',
  );
  const [whole, ...others] = ktapLevel(lines, '');
  expect(others).toEqual([]);
  return { inner, whole };
}

describe('real captures', () => {
  for (const [name, verdict] of [
    ['6.12-s1', 'pass'],
    ['6.12-s2', 'fail'],
    ['6.12-s3', 'fail'],
    ['6.12-s11', 'inconclusive'],
    ['7.2-s5', 'fail'],
    ['7.2-series-s2c', 'fail'],
  ]) {
    test(`${name}: JUnit and KTAP keep to their formats and tell the verdict`, async () => {
      const analysis = await analyzeCapture(name);
      expect(rowAt(analysis.verdict, 0).verdict).toBe(verdict);
      const { cases } = junit(analysis);
      const outcome = cases[0].children.find((child) => child.name !== 'system-out')?.name;
      expect(outcome).toBe({ pass: undefined, fail: 'failure', inconclusive: 'skipped' }[verdict]);
      const { inner, whole } = ktap(analysis);
      expect([whole.ok, whole.directive]).toEqual([
        verdict !== 'fail',
        verdict === 'inconclusive' ? 'SKIP' : undefined,
      ]);
      expect(inner.some((one) => !one.ok)).toBe(verdict === 'fail');
    });
  }

  test('names of test cases do not depend on what was found', async () => {
    const [clean, failing] = await Promise.all([analyzeCapture('6.12-s1'), analyzeCapture('7.2-series-s2c')]);
    expect(junit(clean).names).toEqual(junit(failing).names);
    expect(ktap(clean).inner.map((one) => one.name)).toEqual(ktap(failing).inner.map((one) => one.name));
  });

  test('a rule that no function of a kind gave anything to decide is skipped for that kind', async () => {
    const { cases } = junit(await analyzeCapture('6.12-s2'));
    const outcomeOf = (kind: string) =>
      cases
        .find((one) => one.attributes.classname === `ats.${kind}` && one.attributes.name.startsWith('ATS014'))
        ?.children.find((child) => child.name === 'skipped')?.attributes.message;
    expect(outcomeOf('vf')).toBeUndefined();
    expect(outcomeOf('function')).toContain('Nothing happened on any function');
  });

  test('what is known from the baseline or suppressed is no pass and no failure', async () => {
    const analysis = await analyzeCapture('6.12-s2');
    const baseline = { ...sideOf(analysis), path: 'b.json', tool: 'atscope', verdict: 'fail' };
    const options = { baseline, gate: 'new' as const, suppressions: null, today: '2026-01-01' };
    const known = applyGate(analysis, options);
    const skipped = junit(known).cases.find(
      (one) => one.attributes.classname === 'ats.vf' && one.attributes.name.startsWith('ATS004'),
    );
    expect(skipped?.children.find((child) => child.name === 'skipped')?.attributes.message).toContain(
      'Known from the baseline',
    );
    const { inner, whole } = ktap(known);
    expect(inner.find((one) => one.name.startsWith('ATS004'))).toMatchObject({
      ok: true,
      directive: 'XFAIL',
    });
    expect(whole.ok).toBe(true);
  });
});

test('the sample with everything in it keeps to both formats', () => {
  junit(sampleAnalysis());
  ktap(sampleAnalysis());
});

test('the readers of this test refuse what is wrong', () => {
  expect(() => parseXml('<a/>')).toThrow('declaration');
  const xml = (body: string) => `<?xml version="1.0" encoding="UTF-8"?>\n${body}`;
  for (const bad of [
    '<a>',
    '<a></b>',
    '<a x="1" x="2"/>',
    '<a>&</a>',
    '<a>\u0001</a>',
    '<a/><b/>',
    '<a x=1/>',
  ])
    expect(() => parseXml(xml(bad)), bad).toThrow();
  expect(parseXml(xml('<a x="&lt;1">t&#65;<b/></a>'))).toMatchObject({ attributes: { x: '<1' }, text: 'tA' });
});
