import { describe, expect, it } from 'vitest';
import { RULES } from '../../model/rules/index.ts';
import { analyzeBytes, findingsOf } from '../support/pipeline.ts';
import { TraceWriter } from '../support/trace-writer.ts';
import { RULE_CASES, type RuleCase } from './rule-cases.ts';

async function fired(rule: RuleCase, story: 'trips' | 'nearMiss') {
  const trace = rule[story](new TraceWriter());
  const inputs: Record<string, string> = {};
  if (trace.lines.length > 0) inputs['trace.txt'] = trace.text();
  if (rule.log) inputs['dmesg.txt'] = rule.log[story];
  const analysis = await analyzeBytes(inputs, { profile: rule.profile });
  return findingsOf(analysis, true).filter(
    (finding) => finding.rule === rule.rule && finding.function === rule.fn,
  );
}

describe('every rule has a story that trips it and a near miss that does not', () => {
  for (const rule of RULE_CASES) {
    it(`${rule.rule}: ${rule.what}`, async () => {
      const hits = await fired(rule, 'trips');
      expect(hits.map((hit) => hit.severity)).toEqual([rule.severity]);
      expect(await fired(rule, 'nearMiss')).toEqual([]);
    });
  }

  it('no rule is left out', () => {
    const covered = new Set(RULE_CASES.map((rule) => rule.rule));
    expect(RULES.map((rule) => rule.id).filter((id) => !covered.has(id))).toEqual([]);
  });
});
