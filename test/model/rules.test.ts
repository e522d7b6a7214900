import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rulesDocument } from '../../model/rules/document.ts';
import { RULE_EXAMPLES } from '../../model/rules/examples.ts';
import { RULE_BY_ID, RULES } from '../../model/rules/index.ts';
import { analyzeBytes, findingsOf } from '../support/pipeline.ts';
import { goldenText, type Story, tell } from '../support/rule-stories.ts';
import { RULE_CASES } from './rule-cases/index.ts';
import type { RuleCase } from './rule-cases/steps.ts';

async function fired(rule: RuleCase, story: Story) {
  return findingsOf(await tell(rule, story), true).filter(
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

  it('the stories give what the golden file says, and nothing else', async () => {
    await expect(await goldenText()).toMatchFileSnapshot('rule-cases/stories.golden.txt');
  });

  it('no rule is left out', () => {
    const covered = new Set(RULE_CASES.map((rule) => rule.rule));
    expect(RULES.map((rule) => rule.id).filter((id) => !covered.has(id))).toEqual([]);
  });
});

describe('what the documentation says of the rules is true', () => {
  for (const [id, lines] of Object.entries(RULE_EXAMPLES)) {
    it(`the example of ${id} trips it`, async () => {
      const isLog = (line: string) => /^\[ *\d+\.\d+\] /.test(line);
      const bench = lines.filter((line) => line.startsWith('{'));
      const trace = lines.filter((line) => !isLog(line) && !line.startsWith('{'));
      const log = lines.filter(isLog);
      const inputs: Record<string, string> = {};
      if (trace.length > 0) inputs['trace.txt'] = `${trace.join('\n')}\n`;
      if (bench.length > 0) inputs['bench.jsonl'] = `${bench.join('\n')}\n`;
      if (log.length > 0) inputs['dmesg.txt'] = `${log.join('\n')}\n`;
      const profile = RULE_CASES.find((rule) => rule.rule === id)?.profile;
      const found = findingsOf(await analyzeBytes(inputs, { profile }), true).map((finding) => finding.rule);
      expect(found).toContain(id);
    });
  }

  it('every rule has an example', () => {
    expect(RULES.map((rule) => rule.id).filter((id) => !(id in RULE_EXAMPLES))).toEqual([]);
  });

  it('rules that are named as causes or replacements exist', () => {
    for (const rule of RULES) {
      for (const id of [...(rule.causes ?? []), ...(rule.replacedBy ?? [])])
        expect(RULE_BY_ID.has(id), `${rule.id}: ${id}`).toBe(true);
    }
  });

  it('docs/rules.md is what the rows say (npm run docs)', () => {
    expect(readFileSync(join(import.meta.dirname, '../../docs/rules.md'), 'utf8')).toBe(rulesDocument());
  });
});
