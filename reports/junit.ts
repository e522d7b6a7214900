import type { Analysis } from '../model/analysis.ts';
import { mailText } from './mail-text.ts';
import { kernelsOf, shortNames } from './phrases.ts';
import { type Finding, type Story, severityRank, storyRowsOf, tellStory } from './story.ts';
import { visible } from './visible.ts';

/** Every rule is a test case for each of these, found or not, so that names stay the same from run to run. */
const KINDS = ['pf', 'vf', 'function'];

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeXml(text: string): string {
  // XML has no way to write most control characters and no use for lone surrogates or non-characters.
  return visible(text)
    .replace(
      /[\ud800-\udfff](?<![\ud800-\udbff][\udc00-\udfff])(?![\udc00-\udfff])|[\ufffe\uffff]/g,
      '\ufffd',
    )
    .replace(/[&<>"]/g, (character) => ENTITIES[character]);
}

function multiline(text: string): string {
  return text.split('\n').map(escapeXml).join('\n');
}

function kindOf(finding: Finding): string {
  return KINDS.includes(finding.kind) ? finding.kind : 'function';
}

/** True for a finding that fails the run. */
export function isGating(finding: Finding, gate: string): boolean {
  return severityRank(finding.severity) <= severityRank(gate);
}

function caseOf(
  story: Story,
  rule: Story['rules'][number],
  kind: string,
): { xml: string; failed: boolean; skipped: boolean } {
  const found = story.all.filter((finding) => finding.rule === rule.rule && kindOf(finding) === kind);
  const gating = found.filter((finding) => isGating(finding, story.verdict.gate));
  const context = {
    kernels: kernelsOf(story),
    names: shortNames(story.sources.map((source) => source.path)),
    tool: story.verdict.tool,
  };
  const tell = (findings: readonly Finding[]) =>
    multiline(findings.map((one) => mailText(one, context)).join('\n'));
  const body: string[] = [];
  const functions = [...new Set(found.flatMap((finding) => finding.function ?? []))];
  if (functions.length > 0) {
    const properties = functions.map((name) => `<property name="function" value="${escapeXml(name)}"/>`);
    body.push(`      <properties>${properties.join('')}</properties>`);
  }
  const skipped = rule.status !== 'evaluated' && gating.length === 0;
  if (gating.length > 0) {
    const message = escapeXml(gating[0].message);
    body.push(
      `      <failure type="${escapeXml(gating[0].severity)}" message="${message}">${tell(gating)}</failure>`,
    );
  } else if (skipped) {
    body.push(`      <skipped message="${escapeXml(rule.why || rule.status)}"/>`);
  }
  const others = found.filter((finding) => !gating.includes(finding));
  if (others.length > 0) body.push(`      <system-out>${tell(others)}</system-out>`);
  const open = `    <testcase classname="ats.${kind}" name="${escapeXml(`${rule.rule} ${rule.name}`)}"`;
  const xml = body.length === 0 ? `${open}/>` : `${open}>\n${body.join('\n')}\n    </testcase>`;
  return { xml, failed: gating.length > 0, skipped };
}

/** The verdict as JUnit XML: a test case for each rule and kind of function, skipped where it could not be judged. */
export function junitXml(analysis: Analysis): string {
  const story = tellStory(storyRowsOf(analysis));
  const cases = story.rules.flatMap((rule) => KINDS.map((kind) => caseOf(story, rule, kind)));
  const counts = `tests="${cases.length}" failures="${cases.filter((one) => one.failed).length}" errors="0" skipped="${cases.filter((one) => one.skipped).length}"`;
  const property = (name: string, value: string) =>
    `      <property name="${name}" value="${escapeXml(value)}"/>`;
  return `${[
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="atscope" ${counts}>`,
    `  <testsuite name="ats" ${counts}>`,
    '    <properties>',
    property('tool', story.verdict.tool),
    property('verdict', story.verdict.verdict),
    property('profile', story.verdict.profile ?? 'unknown'),
    ...kernelsOf(story).map((kernel) => property('kernel', kernel)),
    '    </properties>',
    ...cases.map((one) => one.xml),
    '  </testsuite>',
    '</testsuites>',
  ].join('\n')}\n`;
}
