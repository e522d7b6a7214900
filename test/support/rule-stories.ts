import type { Analysis } from '../../model/analysis.ts';
import { rowsOf } from '../../tables/index.ts';
import { RULE_CASES } from '../model/rule-cases/index.ts';
import type { RuleCase } from '../model/rule-cases/steps.ts';
import { analyzeBytes } from './pipeline.ts';
import { TraceWriter } from './trace-writer.ts';

export type Story = 'trips' | 'nearMiss';

/** Runs one story of a rule as `atscope analyze` would. */
export async function tell(rule: RuleCase, story: Story): Promise<Analysis> {
  const trace = rule[story](new TraceWriter());
  const inputs: Record<string, string> = {};
  if (trace.lines.length > 0) inputs['trace.txt'] = trace.text();
  if (rule.bench) inputs['bench.jsonl'] = rule.bench[story];
  if (rule.log) inputs['dmesg.txt'] = rule.log[story];
  const profile = story === 'nearMiss' ? (rule.nearProfile ?? rule.profile) : rule.profile;
  return analyzeBytes(inputs, { profile });
}

/** Everything that was found, with the records that set each operand, in a form that a person can check. */
export function findingsText(analysis: Analysis): string {
  const evidence = rowsOf(analysis.evidence);
  const links = rowsOf(analysis.findingLinks);
  const findings = rowsOf(analysis.findings);
  const lines = findings.flatMap((finding) => [
    `  ${finding.severity} ${finding.rule} ${finding.function ?? '-'}: ${finding.message}`,
    `      expected: ${finding.expected}`,
    `      observed: ${finding.observed}`,
    ...links
      .filter((link) => link.consequence === finding.finding)
      .map((link) => `      because of ${findings[link.cause].rule} ${findings[link.cause].function ?? '-'}`),
    ...evidence
      .filter((row) => row.finding === finding.finding)
      .map((row) => `      ${row.role}: line ${row.line ?? '-'} of source ${row.source}`),
  ]);
  const [{ verdict }] = rowsOf(analysis.verdict);
  return [`  ${verdict}`, ...lines].join('\n');
}

/** How often the condition of a rule was decided, and why not. */
function coverageText(analysis: Analysis, rule: string): string {
  const row = rowsOf(analysis.ruleCoverage).find((one) => one.rule === rule);
  return `  ${rule} ${row?.status}: decided ${row?.evaluations}, open ${row?.unknown}${row?.why ? `; ${row.why}` : ''}`;
}

/** Name of a story in the golden file: it must not repeat. */
function titleOf(rule: RuleCase, story: Story): string {
  return `${rule.rule} (${rule.severity} on ${rule.fn ?? 'no function'}), ${story === 'trips' ? 'trips' : 'near miss'}: ${rule.what}`;
}

/** The section of one story as it must stand in the golden file. */
export async function section(rule: RuleCase, story: Story): Promise<string> {
  const analysis = await tell(rule, story);
  return `## ${titleOf(rule, story)}\n${findingsText(analysis)}\n${coverageText(analysis, rule.rule)}\n`;
}

/** The whole golden file. */
export async function goldenText(): Promise<string> {
  const parts = [
    '# What each story of test/model/rule-cases/ gives: everything that is found, and nothing else.',
    '# Written by: npm test -- test/model/rules.test.ts --update',
    '',
  ];
  for (const rule of RULE_CASES) {
    for (const story of ['trips', 'nearMiss'] as const) parts.push(await section(rule, story));
  }
  return parts.join('\n');
}
