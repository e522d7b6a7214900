import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareFindings, isWorse } from '../../../model/gate/compare.ts';
import { type ComparedCall, compareCalls } from '../../../model/gate/compare-calls.ts';
import type { ComparedFinding, RuleStatus, Side } from '../../../model/gate/side.ts';

const VF = '0000:01:00.2';

function finding(signature: string, more: Partial<ComparedFinding> = {}): ComparedFinding {
  return {
    finding: null,
    rule: 'ATS004',
    name: 'vf-enable-stu-mismatch',
    severity: 'error',
    function: VF,
    message: 'wrong',
    signature,
    ...more,
  };
}

function judged(more: Partial<RuleStatus> = {}): RuleStatus {
  return { status: 'evaluated', why: '', decidedOn: new Set([VF]), undecidedOn: new Map(), ...more };
}

function side(findings: readonly ComparedFinding[], more: Partial<Side> = {}): Side {
  return {
    findings,
    rules: new Map([['ATS004', judged()]]),
    functions: new Set([VF]),
    gaps: [],
    ...more,
  };
}

const statusOf = (now: Side, before: Side) =>
  compareFindings(now, before).map((row) => `${row.status} ${row.signature}`);

describe('findings', () => {
  test('new, still, changed, fixed', () => {
    const before = side([finding('a'), finding('b', { severity: 'warning' }), finding('c')]);
    const now = side([finding('a'), finding('b'), finding('d')]);
    const rows = compareFindings(now, before);
    expect(rows.map((row) => `${row.status} ${row.signature}`)).toEqual([
      'new d',
      'changed b',
      'still a',
      'fixed c',
    ]);
    expect(rows.map(isWorse)).toEqual([true, true, false, false]);
    expect(rows[1]).toMatchObject({ severity: 'error', baseline_severity: 'warning' });
  });

  test('a severity that fell is a change and no worse', () => {
    const [row] = compareFindings(side([finding('a', { severity: 'note' })]), side([finding('a')]));
    expect([row.status, isWorse(row)]).toEqual(['changed', false]);
  });

  const silent: [string, Partial<Side>, RegExp][] = [
    ['the rule was not run', { rules: new Map() }, /ATS004 was not run/],
    [
      'the rule could not be judged',
      { rules: new Map([['ATS004', judged({ status: 'not_evaluable', why: 'No config reads.' })]]) },
      /No config reads/,
    ],
    [
      'nothing happened that the rule is about',
      { rules: new Map([['ATS004', judged({ status: 'not_applicable', why: 'Nothing happened.' })]]) },
      /Nothing happened/,
    ],
    ['events were lost', { gaps: ['Events were lost.'] }, /Events were lost/],
    ['the function is not there', { functions: new Set(['0000:09:00.0']) }, /does not appear/],
    [
      'it stayed undecided on that function',
      { rules: new Map([['ATS004', judged({ undecidedOn: new Map([[VF, 'the PF is unknown']]) })]]) },
      /the PF is unknown/,
    ],
    [
      'only another function was judged',
      { rules: new Map([['ATS004', judged({ decidedOn: new Set(['0000:01:00.1']) })]]) },
      /Nothing happened on 0000:01:00.2/,
    ],
  ];
  for (const [what, more, why] of silent) {
    test(`what is gone is not fixed when ${what}`, () => {
      const [row] = compareFindings(side([], more), side([finding('a')]));
      expect(row.status).toBe('not_evaluated');
      expect(row.why).toMatch(why);
    });
    test(`what is new may have been there before when ${what} then`, () => {
      const [row] = compareFindings(side([finding('a')]), side([], more));
      expect(row.status).toBe('new');
      expect(row.why).toMatch(/may have been there before/);
    });
  }

  test('a finding without a function is fixed only when nothing was undecided anywhere', () => {
    const before = side([finding('a', { function: null })]);
    expect(statusOf(side([]), before)).toEqual(['fixed a']);
    const undecided = new Map([['ATS004', judged({ undecidedOn: new Map([['0000:05:00.0', 'x']]) })]]);
    expect(statusOf(side([], { rules: undecided }), before)).toEqual(['not_evaluated a']);
  });

  test('every finding of both sides has one row, whatever they are', () => {
    const some = fc.uniqueArray(fc.constantFrom<string>('a', 'b', 'c', 'd', 'e'));
    const severity = fc.constantFrom('error', 'warning', 'note');
    fc.assert(
      fc.property(some, some, severity, severity, fc.boolean(), (now, before, one, other, lossy) => {
        const rows = compareFindings(
          side(
            now.map((name) => finding(name, { severity: one })),
            lossy ? { gaps: ['lost'] } : {},
          ),
          side(before.map((name) => finding(name, { severity: other }))),
        );
        expect(rows.map((row) => row.signature).sort()).toEqual([...new Set([...now, ...before])].sort());
        expect(rows.map((row) => row.position)).toEqual(rows.map((_, at) => at));
        for (const row of rows) {
          expect(row.severity !== null).toBe(now.includes(row.signature));
          expect(row.baseline_severity !== null).toBe(before.includes(row.signature));
          if (lossy) expect(row.status).not.toBe('fixed');
        }
      }),
    );
  });
});

describe('calls', () => {
  const call = (result: bigint | null, more: Partial<ComparedCall> = {}): ComparedCall => ({
    kind: 'ats.enable',
    function: VF,
    page_shift: 12,
    result,
    warned: false,
    ...more,
  });

  test('the same calls differ in nothing', () => {
    expect(compareCalls([call(0n), call(-22n)], [call(0n), call(-22n)])).toEqual([]);
  });

  test('another result, page shift or WARN is a difference', () => {
    expect(compareCalls([call(0n)], [call(-22n)])).toMatchObject([
      { nth: 1, before: { result: 0n }, after: { result: -22n } },
    ]);
    expect(compareCalls([call(0n)], [call(0n, { page_shift: 13 })])).toHaveLength(1);
    expect(compareCalls([call(0n)], [call(0n, { warned: true })])).toHaveLength(1);
  });

  test('an additional call in between does not make the later ones differ', () => {
    const before = [call(0n), call(-22n), call(0n)];
    const after = [call(0n), call(-16n), call(-22n), call(0n)];
    expect(compareCalls(before, after)).toMatchObject([{ nth: 2, before: null, after: { result: -16n } }]);
  });

  test('functions and kinds are compared apart; a pointer stands for no name', () => {
    const before = [call(0n), call(0n, { function: '0000:01:00.1' }), call(0n, { function: '0xffff888001' })];
    const after = [call(0n, { function: '0xffff888002' }), call(0n, { function: '0000:01:00.1' }), call(0n)];
    expect(compareCalls(before, after)).toEqual([]);
  });

  test('every call of both sides is paired with an equal one or told, for any sequences', () => {
    const list = fc.array(fc.constantFrom(0n, -22n, -16n), { maxLength: 12 });
    fc.assert(
      fc.property(list, list, (x, y) => {
        const rows = compareCalls(
          x.map((result) => call(result)),
          y.map((result) => call(result)),
        );
        const before = rows.filter((row) => row.before !== null).length;
        const after = rows.filter((row) => row.after !== null).length;
        expect(x.length - before).toBe(y.length - after);
        for (const row of rows) expect(row.before?.result).not.toBe(row.after?.result);
        if (x.join() === y.join()) expect(rows).toEqual([]);
      }),
    );
  });

  test('very long runs that differ throughout are paired by number', () => {
    const x = Array.from({ length: 1500 }, (_, i) => call(BigInt(i)));
    const y = Array.from({ length: 1500 }, (_, i) => call(BigInt(i + 5000)));
    expect(compareCalls(x, y)).toHaveLength(1500);
  });
});
