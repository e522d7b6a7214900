import type { Analysis } from '../model/analysis.ts';
import { mailText } from './mail-text.ts';
import { kernelsOf, shortNames } from './phrases.ts';
import { kindOutcome, whyNotFailing } from './rule-outcome.ts';
import { type Finding, type Story, storyRowsOf, tellStory } from './story.ts';
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

interface Case {
  readonly xml: string;
  readonly failed: boolean;
  readonly skipped: boolean;
}

function caseXml(classname: string, name: string, body: readonly string[]): string {
  const open = `    <testcase classname="${classname}" name="${escapeXml(name)}"`;
  return body.length === 0 ? `${open}/>` : `${open}>\n${body.join('\n')}\n    </testcase>`;
}

function ruleCase(story: Story, rule: Story['rules'][number], kind: string): Case {
  const found = story.all.filter((finding) => finding.rule === rule.rule && kindOf(finding) === kind);
  const gating = found.filter((finding) => finding.gating);
  const others = found.filter((finding) => !finding.gating);
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
  const outcome = kindOutcome(story, rule, kind);
  const skip = gating.length > 0 ? null : (whyNotFailing(found) ?? (outcome.judged ? null : outcome.why));
  if (gating.length > 0) {
    const message = escapeXml(gating[0].message);
    body.push(
      `      <failure type="${escapeXml(gating[0].severity)}" message="${message}">${tell(gating)}</failure>`,
    );
  } else if (skip !== null) {
    body.push(`      <skipped message="${escapeXml(skip)}"/>`);
  }
  const told = [
    ...(others.length > 0 ? [tell(others)] : []),
    ...(outcome.judged && outcome.why !== '' ? [escapeXml(outcome.why)] : []),
  ];
  if (told.length > 0) body.push(`      <system-out>${told.join('\n')}</system-out>`);
  return {
    xml: caseXml(`ats.${kind}`, `${rule.rule} ${rule.name}`, body),
    failed: gating.length > 0,
    skipped: skip !== null,
  };
}

/** The verdict as a whole: what a single rule cannot tell, such as lost events, must not pass in silence. */
function verdictCase(story: Story): Case {
  const { verdict, sentence } = story.verdict;
  const message = escapeXml(sentence);
  const reasons = story.reasons.map(({ reason, settle }) =>
    escapeXml(settle ? `${reason} ${settle}` : reason),
  );
  const body = [
    ...(verdict === 'fail' ? [`      <failure type="verdict" message="${message}"/>`] : []),
    ...(verdict === 'inconclusive' ? [`      <skipped message="${message}"/>`] : []),
    ...(reasons.length > 0 ? [`      <system-out>${reasons.join('\n')}</system-out>`] : []),
  ];
  return {
    xml: caseXml('ats', 'verdict', body),
    failed: verdict === 'fail',
    skipped: verdict === 'inconclusive',
  };
}

/**
 * The verdict as JUnit XML: a test case for the verdict, and one for each rule and kind of function, skipped where it could
 * not be judged, is suppressed, or is known from the baseline.
 */
export function junitXml(analysis: Analysis): string {
  const story = tellStory(storyRowsOf(analysis));
  const cases = [
    verdictCase(story),
    ...story.rules.flatMap((rule) => KINDS.map((kind) => ruleCase(story, rule, kind))),
  ];
  const counts = `tests="${cases.length}" failures="${cases.filter((one) => one.failed).length}" errors="0" skipped="${cases.filter((one) => one.skipped).length}"`;
  const property = (name: string, value: string) =>
    `      <property name="${name}" value="${escapeXml(value)}"/>`;
  const [baseline] = story.baseline;
  // No time of day and no duration: the same recording gives the same bytes.
  return `${[
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="atscope" ${counts}>`,
    `  <testsuite name="ats" ${counts}>`,
    '    <properties>',
    property('tool', story.verdict.tool),
    property('verdict', story.verdict.verdict),
    property('profile', story.verdict.profile ?? 'unknown'),
    ...kernelsOf(story).map((kernel) => property('kernel', kernel)),
    ...(baseline ? [property('baseline', baseline.path)] : []),
    '    </properties>',
    ...cases.map((one) => one.xml),
    '  </testsuite>',
    '</testsuites>',
  ].join('\n')}\n`;
}
