import type { Difference, Outcome } from '../../model/gate/difference.ts';
import { comparedText, isGrave, statusLabel } from '../gate-phrases.ts';
import { type Palette, severityPaint } from '../palette.ts';
import { counted } from '../phrases.ts';
import { oneLine } from '../visible.ts';
import { labelled } from '../wrap.ts';
import {
  callText,
  callTitle,
  changedCalls,
  extraCalls,
  featureText,
  headline,
  noCallsText,
  outcomeWord,
  ruleWhy,
  sideText,
  statusText,
} from './phrases.ts';

const MAX_TEXT = 400;
const MAX_ROWS = 30;

/** What a reader of a list does when it is cut. */
function cut(total: number, what: string): string[] {
  return total > MAX_ROWS ? [`  showing ${MAX_ROWS} of ${counted(total, what)}; --json has all.`] : [];
}

/** The difference for a person at a terminal. Every byte of the recordings in it is escaped. */
export function diffText(diff: Difference, outcome: Outcome, palette: Palette, width: number): string {
  const item = (text: string, label = '-') =>
    labelled(label, oneLine(text, MAX_TEXT), { indent: 2, column: label.length + 1, width });
  const head = (label: string, text: string) =>
    labelled(label, oneLine(text, MAX_TEXT), { indent: 0, column: 10, width }, palette.bold);
  const shown = diff.findings.filter(isGrave);
  const notes = diff.findings.length - shown.length;
  const lines = [
    ...head('before', `${diff.before.label}: ${sideText(diff.before)}`),
    ...head('after', `${diff.after.label}: ${sideText(diff.after)}`),
    ...head('result', `${outcomeWord(outcome)}: ${headline(diff)}.`),
    '',
    palette.bold('Findings'),
    ...(shown.length === 0 ? ['  No errors and no warnings on either side.'] : []),
    ...shown.slice(0, MAX_ROWS).flatMap((row) => {
      const label = statusLabel(row);
      const paint = row.severity === null ? palette.dim : severityPaint(palette, row.severity);
      const severity = row.severity ?? row.baseline_severity ?? '';
      const why = row.status === 'new' && row.why !== '' ? ` (${row.why})` : '';
      const text = `${row.status === 'changed' ? '' : `${severity} `}${comparedText(row)}${why}`;
      return labelled(label, oneLine(text, MAX_TEXT), { indent: 2, column: 15, width }, paint);
    }),
    ...cut(shown.length, 'finding'),
    ...(notes > 0 ? [`  ${palette.dim(`and ${counted(notes, 'note')} about the recordings (--json)`)}`] : []),
    '',
    palette.bold('Calls'),
    ...callLines(diff, item),
    '',
  ];
  if (diff.onlyBefore.length + diff.onlyAfter.length > 0) {
    lines.push(palette.bold('Functions'));
    if (diff.onlyBefore.length > 0) lines.push(...item(`only before: ${diff.onlyBefore.join(', ')}`));
    if (diff.onlyAfter.length > 0) lines.push(...item(`only after: ${diff.onlyAfter.join(', ')}`));
    lines.push('');
  }
  lines.push(palette.bold('Kernel behaviour'));
  if (diff.features.length === 0) lines.push('  The same on both sides.');
  for (const { feature, before, after } of diff.features)
    lines.push(...item(`${feature}: ${featureText(before)} -> ${featureText(after)}`));
  lines.push('', palette.bold('What could be judged'));
  if (diff.rules.length === 0) lines.push('  The same on both sides.');
  for (const row of diff.rules.slice(0, MAX_ROWS)) {
    const { rule, before, after } = row;
    lines.push(...item(`${rule}: ${statusText(before)} -> ${statusText(after)}. ${ruleWhy(row)}`));
  }
  lines.push(...cut(diff.rules.length, 'rule'));
  return `${lines.join('\n').trimEnd()}\n`;
}

function callLines(diff: Difference, item: (text: string) => string[]): string[] {
  if (diff.calls === null) return item(noCallsText(diff));
  const changed = changedCalls(diff.calls);
  const [fewer, more] = [extraCalls(diff.calls, 'before'), extraCalls(diff.calls, 'after')];
  if (diff.calls.length === 0) return ['  The same calls with the same results.'];
  return [
    ...changed
      .slice(0, MAX_ROWS)
      .flatMap((call) => item(`${callTitle(call)}: ${callText(call.before)} -> ${callText(call.after)}`)),
    ...cut(changed.length, 'call'),
    ...(fewer === '' ? [] : item(`only before: ${fewer}`)),
    ...(more === '' ? [] : item(`only after: ${more}`)),
  ];
}
