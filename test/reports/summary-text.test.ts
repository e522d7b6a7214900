import { expect, test } from 'vitest';
import { PLAIN } from '../../reports/palette.ts';
import { summaryText } from '../../reports/summary-text.ts';
import { EVIDENCE, FINDINGS } from '../../tables/index.ts';
import { evidenceRow, findingRow, sampleAnalysis, tableOf } from './sample.ts';

test('tells verdict, findings with cause before symptom, limits and losses', () => {
  const text = summaryText(sampleAnalysis(), PLAIN);
  expect(text.startsWith('FAIL  2 errors: first, the VF 0000:01:00.2')).toBe(true);
  expect(text.indexOf('error ATS003')).toBeLessThan(text.indexOf('error ATS004'));
  for (const part of [
    'PF family 0000:01:00.0 (PF + 3 VFs): 2 errors, 1 note',
    'VF 0000:01:00.2 (VF 1 of PF 0000:01:00.0)',
    'expected  page shift 12',
    'observed  pci_prepare_ats() asked for page shift 13',
    'because   ATS003 on 0000:01:00.2 at 25.590861 s',
    'leads to  ATS004',
    'trace.txt:59',
    'Notes: 1',
    'Could not be judged: 2 of 6 rules',
    'ATS007, ATS030: No config reads',
    'Record from boot',
    'LOST 123 EVENTS',
    '1 line not understood',
    'No device named: 1 warning',
    '6.12.107+deb12-amd64; judged as 6.12-old',
  ]) {
    expect(text).toContain(part);
  }
});

test('a finding off the common time is told by the clock of its own source', () => {
  const analysis = {
    ...sampleAnalysis(),
    findings: tableOf(FINDINGS, [findingRow(0, { source: 1, time_ns: null, since_ns: null })]),
    evidence: tableOf(EVIDENCE, [evidenceRow(0, 0, { source: 1, time_ns: 15_964_284_000n })]),
  };
  expect(summaryText(analysis, PLAIN)).toContain('when      15.964284 s (clock of dmesg.txt)');
  const without = { ...analysis, evidence: tableOf(EVIDENCE, []) };
  expect(summaryText(without, PLAIN)).toContain('when      time unknown');
});

test('fits the width it is given', () => {
  for (const width of [60, 80, 100]) {
    const lines = summaryText(sampleAnalysis(), PLAIN, { width }).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
  }
});

test('passes no control character of a recording to the terminal', () => {
  const hostile = 'a\x1b[2Jb\x00c\u202ed\u009be';
  const analysis = sampleAnalysis({
    findings: tableOf(FINDINGS, [findingRow(0, { message: hostile, observed: hostile, function: hostile })]),
    evidence: tableOf(EVIDENCE, [evidenceRow(0, 0, { text: hostile }), evidenceRow(0, 1, { role: hostile })]),
  });
  const text = summaryText(analysis, PLAIN);
  expect(text).toContain('a\\x1b[2Jb\\x00c\\u202ed\\x9be');
  expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
});

test('a cut list says how much it left out', () => {
  const many = Array.from({ length: 30 }, (_, index) => findingRow(index));
  const analysis = sampleAnalysis({ findings: tableOf(FINDINGS, many) });
  const text = summaryText(analysis, PLAIN, { maxFindings: 5 });
  expect(text).toContain('Showing 5 of 30 errors and warnings');
});
