import {
  comparedText,
  comparisonCounts,
  goneOrChanged,
  statusLabel,
  suppressedGrave,
  until,
} from './gate-phrases.ts';
import { counted, mention } from './phrases.ts';
import type { Story } from './story.ts';
import { MAX_LIST, MAX_TEXT, type Settings } from './summary-settings.ts';
import { oneLine } from './visible.ts';
import { labelled } from './wrap.ts';

/** What became of the findings of the baseline. */
export function baselineLines(story: Story, settings: Settings): string[] {
  const [baseline] = story.baseline;
  if (!baseline) return [];
  const { palette, width } = settings;
  const rows = goneOrChanged(story);
  const lines = [
    ...labelled(
      'Against the baseline',
      `${oneLine(baseline.path, 200)} (${baseline.verdict}): ${comparisonCounts(story.comparison)}`,
      { indent: 0, column: 21, width },
      palette.bold,
    ),
  ];
  for (const row of rows.slice(0, MAX_LIST)) {
    const text = `${statusLabel(row)}  ${comparedText(row)}`;
    lines.push(...labelled('-', oneLine(text, MAX_TEXT), { indent: 2, column: 2, width }));
  }
  if (rows.length > MAX_LIST) lines.push(`  showing ${MAX_LIST} of ${rows.length}; findings.json has all.`);
  return [...lines, ''];
}

/** What is suppressed, and why. */
export function suppressionLines(story: Story, settings: Settings): string[] {
  if (story.suppressions.length === 0) return [];
  const { palette, width } = settings;
  const findings = suppressedGrave(story);
  const count = (state: string) => story.suppressions.filter((row) => row.state === state).length;
  const parts = [
    `${counted(story.suppressions.length, 'entry', 'entries')}`,
    ...(count('expired') > 0 ? [`${count('expired')} expired`] : []),
    ...(count('unused') > 0 ? [`${count('unused')} matching nothing`] : []),
    counted(findings.length, 'error or warning suppressed', 'errors and warnings suppressed'),
  ];
  const lines = [`${palette.bold('Suppressions')} ${parts.join(', ')}`];
  for (const finding of findings.slice(0, MAX_LIST)) {
    const { suppression } = finding;
    if (suppression === null) continue;
    const why = `${suppression.reason} (${until(suppression.expires)}; ${suppression.source}:${suppression.line})`;
    lines.push(
      ...labelled('-', oneLine(`${finding.severity} ${mention(finding)}: ${why}`, MAX_TEXT), {
        indent: 2,
        column: 2,
        width,
      }),
    );
  }
  if (findings.length > MAX_LIST)
    lines.push(`  showing ${MAX_LIST} of ${findings.length}; findings.json has all.`);
  return [...lines, ''];
}
