import type { Analysis } from '../model/analysis.ts';
import {
  comparedText,
  comparisonCounts,
  countWithSuppressed,
  goneOrChanged,
  statusLabel,
  statusMark,
  suppressedGrave,
  until,
} from './gate-phrases.ts';
import {
  counted,
  familySize,
  familyTitle,
  functionTitle,
  kernelsOf,
  mention,
  namelessSubject,
  placeOf,
  ruleTitle,
  sinceOf,
  sourceLines,
  whenOf,
} from './phrases.ts';
import { type Finding, graveWithin, type Story, storyRowsOf, tellStory } from './story.ts';
import { oneLine } from './visible.ts';

const MAX_TEXT = 600;
const MAX_FINDINGS = 50;
const MAX_EVIDENCE = 6;
const MAX_ROWS = 30;

const SPECIAL = /[\\`*[\]|~<>&@]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=\/\/)|(?<=\bwww)\.|#(?=\w)/gi;
const BY_BACKSLASH = '\\`*[]|~_';

/**
 * Text of a recording as Markdown text: nothing in it is markup, a link or a mention. What is harmless stays as it is,
 * because the file is read unrendered as often as not.
 */
function plain(text: string): string {
  return oneLine(text, MAX_TEXT)
    .replace(SPECIAL, (character) =>
      BY_BACKSLASH.includes(character) ? `\\${character}` : `&#${character.charCodeAt(0)};`,
    )
    .replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2')
    .replace(/^[-+=#]/, '\\$&');
}

/** Text of a recording as Markdown code. */
function code(text: string): string {
  const shown = oneLine(text.trim(), MAX_TEXT);
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map((match) => match[0].length));
  const fence = '`'.repeat(longest + 1);
  return longest > 0 ? `${fence} ${shown} ${fence}` : `${fence}${shown || ' '}${fence}`;
}

function findingSection(finding: Finding): string[] {
  const mark = statusMark(finding);
  const lines = [
    `#### ${finding.severity} ${finding.rule} ${plain(finding.name)}${mark === '' ? '' : ` (${mark})`}: ${plain(functionTitle(finding))}`,
    '',
    plain(finding.message),
    '',
    ...(finding.event === null && finding.time_ns === null ? [] : [`- when: ${whenOf(finding)}`]),
  ];
  const since = sinceOf(finding);
  if (since !== null) lines.push(`- since: ${since}`);
  lines.push(`- expected: ${plain(finding.expected)}`, `- observed: ${plain(finding.observed)}`);
  if (finding.causes.length > 0) lines.push(`- because: ${plain(finding.causes.map(mention).join('; '))}`);
  if (finding.consequences.length > 0)
    lines.push(`- leads to: ${plain(finding.consequences.map(mention).join('; '))}`);
  if (finding.evidence.length > 0) {
    lines.push('- evidence:');
    for (const line of finding.evidence.slice(0, MAX_EVIDENCE))
      lines.push(`  - ${code(placeOf(line))} ${code(line.text)}`);
    if (finding.evidence.length > MAX_EVIDENCE)
      lines.push(`  - showing ${MAX_EVIDENCE} of ${finding.evidence.length}`);
  }
  return [...lines, ''];
}

function findingsSection(story: Story): string[] {
  const { families, shown, total } = graveWithin(story, MAX_FINDINGS);
  const lines = families.flatMap(({ family, shown: own }) => {
    const size = familySize(family);
    const heading = `### ${plain(familyTitle(family))}${size ? ` (${size})` : ''}: ${countWithSuppressed(family.findings)}`;
    return [heading, '', ...own.flatMap(findingSection)];
  });
  if (shown < total)
    lines.push(
      `Showing ${shown} of ${total} errors and warnings; report.html and findings.json have all.`,
      '',
    );
  return total === 0 ? [] : ['## Findings', '', ...lines];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const shown = rows.slice(0, MAX_ROWS).map(line);
  const rest = rows.length > MAX_ROWS ? ['', `Showing ${MAX_ROWS} of ${rows.length}.`] : [];
  return [line(head), line(head.map(() => '---')), ...shown, ...rest, ''];
}

function baselineSection(story: Story): string[] {
  const [baseline] = story.baseline;
  if (!baseline) return [];
  const rows = goneOrChanged(story).map((row) => [statusLabel(row), plain(comparedText(row))]);
  return [
    '## Against the baseline',
    '',
    `${code(baseline.path)} (${baseline.verdict}): ${comparisonCounts(story.comparison)}.`,
    '',
    ...(rows.length > 0 ? table(['', 'finding'], rows) : []),
  ];
}

function suppressionSection(story: Story): string[] {
  if (story.suppressions.length === 0) return [];
  const rows = suppressedGrave(story).flatMap((finding) => {
    const { suppression } = finding;
    if (suppression === null) return [];
    return [
      [
        `${finding.severity} ${plain(mention(finding))}`,
        plain(suppression.reason),
        until(suppression.expires),
        plain(`${suppression.source}:${suppression.line}`),
      ],
    ];
  });
  const count = (state: string) => story.suppressions.filter((row) => row.state === state).length;
  return [
    '## Suppressions',
    '',
    `${counted(story.suppressions.length, 'entry', 'entries')}: ${count('active')} in force, ${count('expired')} expired, ${count('unused')} matching nothing.`,
    '',
    ...(rows.length > 0 ? table(['suppressed', 'reason', 'end', 'where'], rows) : []),
  ];
}

function limitSections(story: Story): string[] {
  const lines: string[] = [];
  if (story.reasons.length > 0) {
    lines.push('## What limits this verdict', '');
    for (const { reason, settle, decisive } of story.reasons) {
      lines.push(
        `- ${decisive ? '**decisive:** ' : ''}${plain(reason)}${settle ? ` Record next time: ${plain(settle)}` : ''}`,
      );
    }
    lines.push('');
  }
  const unjudged = story.rules.filter((rule) => rule.status === 'not_evaluable');
  if (unjudged.length > 0) {
    const rows = unjudged.map((rule) => [rule.rule, plain(rule.name), plain(rule.why)]);
    lines.push('## Could not be judged', '', ...table(['rule', 'name', 'why'], rows));
  }
  return lines;
}

/** `summary.md`: the summary for a merge request or a mail. Nothing of the recording in it acts as markup. */
export function summaryMarkdown(analysis: Analysis): string {
  const story = tellStory(storyRowsOf(analysis));
  const { verdict, sentence, profile, tool } = story.verdict;
  const kernels = kernelsOf(story);
  const notes = story.all.filter((finding) => finding.severity === 'note');
  const lines = [
    `# ATS verdict: ${verdict.toUpperCase()}`,
    '',
    plain(sentence),
    '',
    `- kernel: ${kernels.length > 0 ? plain(kernels.join(', ')) : 'release not recorded'}, judged as ${plain(profile ?? 'an unknown kernel')}`,
    `- findings: ${countWithSuppressed(story.all)}`,
    `- model: ${counted(story.eventCount, 'event')} of ${counted(story.functions.length, 'function')}`,
    `- tool: ${plain(tool)}`,
    '',
    ...findingsSection(story),
    ...baselineSection(story),
    ...suppressionSection(story),
    ...(notes.length > 0
      ? [
          '## Notes',
          '',
          ...table(
            ['rule', 'function', 'when', 'message'],
            notes.map((note) => [
              plain(ruleTitle(note)),
              plain(note.function ?? namelessSubject(note)),
              note.time_ns === null ? '' : whenOf(note),
              plain(note.message),
            ]),
          ),
        ]
      : []),
    ...limitSections(story),
    '## Sources',
    '',
    ...table(
      ['source', 'what'],
      sourceLines(story).map(({ path, text }) => [code(path).replaceAll('|', '\\|'), plain(text)]),
    ),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}
