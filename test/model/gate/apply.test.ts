import { beforeAll, describe, expect, test } from 'vitest';
import type { Analysis } from '../../../model/analysis.ts';
import { applyGate, type GateOptions, gatingFindings } from '../../../model/gate/apply.ts';
import { type Side, sideOf } from '../../../model/gate/side.ts';
import type { Suppression } from '../../../model/gate/suppress.ts';
import { rowAt, rowsOf, VERDICT } from '../../../tables/index.ts';
import { tableOf } from '../../reports/sample.ts';
import { analyzeCapture } from '../../support/capture.ts';

const NONE: GateOptions = { baseline: null, gate: 'any', suppressions: null, today: '2026-06-01' };

let clean: Analysis;
let failing: Analysis;
let lossy: Analysis;
beforeAll(async () => {
  [clean, failing, lossy] = await Promise.all([
    analyzeCapture('6.12-s1'),
    analyzeCapture('6.12-s2'),
    analyzeCapture('6.12-s11'),
  ]);
});

const against = (side: Side) => ({ ...side, path: 'last.json', tool: 'atscope', verdict: 'pass' });
const verdictOf = (analysis: Analysis) => rowAt(analysis.verdict, 0);
const statuses = (analysis: Analysis) =>
  rowsOf(analysis.comparison)
    .filter((row) => row.severity !== 'note' && row.baseline_severity !== 'note')
    .map((row) => `${row.status} ${row.rule}`);

function suppressing(more: Partial<Suppression>): GateOptions {
  const one = {
    line: 3,
    rule: null,
    function: null,
    signature: null,
    message: null,
    reason: 'known',
    expires: null,
    ...more,
  };
  return { ...NONE, suppressions: { source: 'known.yaml', list: [one] } };
}

test('without baseline and suppressions nothing changes', () => {
  expect(verdictOf(applyGate(failing, NONE))).toEqual(verdictOf(failing));
});

describe('a baseline', () => {
  test('6.12-s1 before 6.12-s2: the finding is new and fails', () => {
    const gated = applyGate(failing, { ...NONE, baseline: against(sideOf(clean)), gate: 'new' });
    expect(statuses(gated)).toEqual(['new ATS004']);
    expect(verdictOf(gated).verdict).toBe('fail');
    expect(verdictOf(gated).sentence).toMatch(/^New against the baseline: .*0000:01:00\.2 \(ATS004\)/);
  });

  test('6.12-s2 before 6.12-s2: known, and fails only when any finding does', () => {
    const baseline = against(sideOf(failing));
    const only = applyGate(failing, { ...NONE, baseline, gate: 'new' });
    expect(statuses(only)).toEqual(['still ATS004']);
    expect(verdictOf(only).verdict).toBe('pass');
    expect(verdictOf(only).sentence).toContain('1 finding is known from the baseline (ATS004)');
    expect(verdictOf(applyGate(failing, { ...NONE, baseline, gate: 'any' })).verdict).toBe('fail');
  });

  test('6.12-s2 before 6.12-s1: fixed', () => {
    const gated = applyGate(clean, { ...NONE, baseline: against(sideOf(failing)), gate: 'new' });
    expect(statuses(gated)).toEqual(['fixed ATS004']);
    expect(verdictOf(gated).verdict).toBe('pass');
  });

  test('6.12-s2 before 6.12-s11, which lost events: not evaluated, and the verdict says so', () => {
    const gated = applyGate(lossy, { ...NONE, baseline: against(sideOf(failing)), gate: 'new' });
    expect(statuses(gated)).toEqual(['not_evaluated ATS004']);
    expect(verdictOf(gated).verdict).toBe('inconclusive');
    const [reason, ...others] = rowsOf(gated.verdictReasons);
    expect(reason).toMatchObject({ code: 'baseline-not-evaluated', decisive: true, position: 0 });
    expect(reason.reason).toContain('ATS004 on 0000:01:00.2');
    expect(others.map((row) => row.position)).toEqual(others.map((_, at) => at + 1));
  });

  test('a clean recording is inconclusive when it never did what the baseline failed at', () => {
    const baseline = against({
      ...sideOf(failing),
      findings: sideOf(failing).findings.map((finding) => ({
        ...finding,
        rule: 'ATS006',
        signature: 'other',
      })),
    });
    // ATS006 is about a PF whose unit changes under its VFs: nothing of the kind happens here.
    expect(verdictOf(applyGate(clean, { ...NONE, baseline, gate: 'new' })).verdict).toBe('inconclusive');
  });
});

describe('suppressions', () => {
  test('a suppressed finding does not fail, and the verdict names it', () => {
    const gated = applyGate(failing, suppressing({ rule: 'ATS004', function: '0000:01:00.*' }));
    expect(verdictOf(gated).verdict).toBe('pass');
    expect(verdictOf(gated).sentence).toContain('1 finding is suppressed (ATS004)');
    expect(rowsOf(gated.suppressions)).toMatchObject([{ state: 'active', findings: 1 }]);
    expect(gatingFindings(gated)).toEqual([]);
    // It is still there.
    expect(rowsOf(gated.findings).map((row) => row.rule)).toContain('ATS004');
  });

  test('near miss: another rule, function, signature or message covers nothing', () => {
    for (const more of [
      { rule: 'ATS003' },
      { rule: 'ATS004', function: '0000:01:00.1' },
      { rule: 'ATS004', function: '0000:01:00' },
      { signature: '0000000000000000' },
      { message: 'ATS of VF*STU 9*' },
    ]) {
      const gated = applyGate(failing, suppressing(more));
      expect(verdictOf(gated).verdict, JSON.stringify(more)).toBe('fail');
      expect(rowsOf(gated.findings).map((row) => row.rule)).toContain('ATS096');
      expect(rowsOf(gated.suppressions)).toMatchObject([{ state: 'unused', findings: 0 }]);
    }
  });

  test('an expired one covers nothing, and is itself a finding; its last day still counts', () => {
    const options = suppressing({ rule: 'ATS004', expires: '2026-05-31' });
    const gated = applyGate(failing, options);
    expect(verdictOf(gated).verdict).toBe('fail');
    const expired = rowsOf(gated.findings).filter((row) => row.rule === 'ATS095');
    expect(expired).toMatchObject([{ severity: 'warning', function: null }]);
    expect(expired[0].message).toContain('expired after 2026-05-31; it matches 1 finding, which count again');
    expect(expired[0].observed).toContain('known.yaml:3');
    const lastDay = applyGate(failing, { ...options, today: '2026-05-31' });
    expect(rowsOf(lastDay.findings).map((row) => row.rule)).not.toContain('ATS095');
    expect(verdictOf(lastDay).verdict).toBe('pass');
  });

  test('an expired one that matches nothing fails where warnings do', () => {
    const options = suppressing({ rule: 'ATS004', expires: '2026-05-31' });
    const strict = applyGate({ ...clean, verdict: withGate(clean, 'warning') }, options);
    expect(verdictOf(strict)).toMatchObject({
      verdict: 'fail',
      sentence: '1 suppression has expired (ATS095).',
    });
    expect(verdictOf(applyGate(clean, options)).verdict).toBe('pass');
  });

  test('unused, because its rule could not be judged: said', () => {
    const gated = applyGate(failing, suppressing({ rule: 'ATS007' }));
    const [unused] = rowsOf(gated.findings).filter((row) => row.rule === 'ATS096');
    expect(unused.message).toMatch(/matches no finding\. ATS007 could not be judged: /);
  });

  test('what a suppression covers need not be judged again', () => {
    const options = suppressing({ rule: 'ATS004' });
    const gated = applyGate(lossy, { ...options, baseline: against(sideOf(failing)), gate: 'new' });
    expect(rowsOf(gated.verdictReasons).map((row) => row.code)).not.toContain('baseline-not-evaluated');
  });
});

function withGate(analysis: Analysis, gate: string): Analysis['verdict'] {
  const { verdict } = analysis;
  const row = rowAt(verdict, 0);
  return tableOf(VERDICT, [{ ...row, gate }]);
}
