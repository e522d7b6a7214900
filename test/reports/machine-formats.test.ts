import { expect, test } from 'vitest';
import { junitXml } from '../../reports/junit.ts';
import { ktapText } from '../../reports/ktap.ts';
import { FINDINGS, VERDICT } from '../../tables/index.ts';
import { findingRow, sampleAnalysis, tableOf } from './sample.ts';

const HOSTILE = '</failure>]]><x a="1">&\x00\x1b[2J\u202e # SKIP \ufffe';

function hostile() {
  return sampleAnalysis({
    findings: tableOf(FINDINGS, [findingRow(0, { message: HOSTILE, observed: HOSTILE, function: HOSTILE })]),
  });
}

test('JUnit: a case for each rule and kind of function, whatever was found', () => {
  const names = (xml: string) =>
    [...xml.matchAll(/<testcase classname="([^"]*)" name="([^"]*)"/g)].map((m) => `${m[1]} ${m[2]}`);
  const xml = junitXml(sampleAnalysis());
  expect(names(xml)).toHaveLength(19);
  expect(names(junitXml(sampleAnalysis({ findings: tableOf(FINDINGS, []) })))).toEqual(names(xml));
  expect(xml).toContain('<testsuite name="ats" tests="19" failures="3" errors="0" skipped="9">');
  expect(xml).toMatch(
    /<testcase classname="ats.vf" name="ATS003 [^>]*>\n.*value="0000:01:00.2".*\n\s*<failure type="error"/,
  );
  expect(xml).toContain('<skipped message="No config reads in the recording.');
  // A warning does not fail a run whose gate is an error.
  expect(xml).toMatch(/name="ATS015 disable-not-enabled">\n\s*<system-out>warning: ATS015/);
});

test('JUnit: hostile text stays text', () => {
  const xml = junitXml(hostile());
  expect(xml).not.toMatch(/<x |[\u0000-\u0009\u000b-\u001f\u202e\ufffe]/);
  expect(xml).toContain(
    '&lt;/failure&gt;]]&gt;&lt;x a=&quot;1&quot;&gt;&amp;\\x00\\x1b[2J\\u202e # SKIP \ufffd',
  );
});

test('KTAP: a plan, numbered results, reasons for what was skipped', () => {
  const lines = ktapText(sampleAnalysis()).trimEnd().split('\n');
  expect(lines.slice(0, 4)).toEqual(['KTAP version 1', '1..1', '    KTAP version 1', '    # Subtest: ats']);
  expect(lines).toContain('    1..6');
  const results = lines.filter((line) => /^ {4}(ok|not ok) /.test(line));
  expect(results.map((line) => line.trim().replace(/^not /, '').split(' ')[1])).toEqual([
    '1',
    '2',
    '3',
    '4',
    '5',
    '6',
  ]);
  expect(results[0]).toBe('    not ok 1 ATS003 vf-prepare-stu-mismatch');
  expect(results[2]).toBe('    ok 3 ATS015 disable-not-enabled');
  expect(results[3]).toBe(
    '    ok 4 ATS007 vf-stu-field-nonzero # SKIP No config reads in the recording. Record pci_read_config_word.',
  );
  expect(lines.at(-1)).toBe('not ok 1 ats');
  for (const line of lines)
    expect(line).toMatch(
      /^(KTAP version 1|1\.\.1|(not )?ok 1 ats.*| {4}(KTAP version 1|1\.\.\d+|#.*|(not )?ok \d+ .*))$/,
    );
});

test('KTAP: an inconclusive run is skipped, and text of a recording is no directive', () => {
  const verdict = {
    verdict: 'inconclusive',
    gate: 'error',
    sentence: 'No ATS #1',
    profile: null,
    tool: 'atscope 0.1.0',
  };
  const text = ktapText(
    sampleAnalysis({ verdict: tableOf(VERDICT, [verdict]), findings: tableOf(FINDINGS, []) }),
  );
  expect(text.trimEnd().split('\n').at(-1)).toBe('ok 1 ats # SKIP No ATS \\#1');
  expect(ktapText(hostile())).toContain('\\x1b[2J\\u202e \\# SKIP');
});
