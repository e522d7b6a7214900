import type { Analysis } from '../model/analysis.ts';
import { countWithSuppressed, statusMark } from './gate-phrases.ts';
import { type Palette, severityPaint, verdictPaint } from './palette.ts';
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
  shortNames,
  sinceOf,
  sourceLines,
  whenOf,
} from './phrases.ts';
import { type Family, type Finding, graveWithin, type Story, storyRowsOf, tellStory } from './story.ts';
import { baselineLines, suppressionLines } from './summary-gate.ts';
import { limitLines, lossLines } from './summary-limits.ts';
import { registerLines } from './summary-registers.ts';
import { field, MAX_TEXT, type Settings, type SummaryOptions } from './summary-settings.ts';
import { oneLine } from './visible.ts';
import { labelled, wrap } from './wrap.ts';

function evidenceLines(finding: Finding, settings: Settings): string[] {
  const { palette, maxEvidence, width } = settings;
  const all = finding.evidence;
  if (all.length === 0) return [];
  const kept = all.length <= maxEvidence ? all : [...all.slice(0, maxEvidence - 1), all[all.length - 1]];
  const places = kept.map((line) => oneLine(placeOf(line, settings.names), 60));
  const column = Math.min(28, Math.max(...places.map((place) => place.length)) + 2);
  const lines = kept.flatMap((line, index) => {
    // The record is shown without the padding that text traces put in front of the task.
    const room = Math.max(40, (width - 6 - column) * 3 - 8);
    const lead = places[index];
    const shown = oneLine(line.text.trim(), room);
    const layout = { indent: 6, column, width };
    return [
      ...labelled(lead, oneLine(line.role, MAX_TEXT), layout, palette.cyan),
      ...labelled('', shown, layout),
    ];
  });
  if (kept.length < all.length) {
    lines.splice(
      -1,
      0,
      `      ${palette.dim(`... ${all.length - kept.length} of ${all.length} records not shown`)}`,
    );
  }
  return [`    ${palette.dim('evidence')}`, ...lines];
}

function findingLines(finding: Finding, settings: Settings): string[] {
  const { palette } = settings;
  const paint = severityPaint(palette, finding.severity);
  const subject = oneLine(functionTitle(finding), 80);
  const mark = statusMark(finding);
  const title = `${ruleTitle(finding)}${mark === '' ? '' : ` (${mark})`}`;
  const length = finding.severity.length + title.length + subject.length + 5;
  const lines = [
    `  ${paint(palette.bold(finding.severity))} ${palette.bold(title)}${length <= settings.width ? `  ${subject}` : ''}`,
    ...(length <= settings.width ? [] : wrap(subject, settings.width - 4).map((line) => `    ${line}`)),
    ...wrap(oneLine(finding.message, MAX_TEXT), settings.width - 4).map((line) => `    ${line}`),
    ...(finding.event === null && finding.time_ns === null ? [] : field('when', whenOf(finding), settings)),
  ];
  const since = sinceOf(finding);
  if (since !== null) lines.push(...field('since', since, settings));
  lines.push(
    ...field('expected', finding.expected, settings),
    ...field('observed', finding.observed, settings),
  );
  if (finding.causes.length > 0) {
    lines.push(...field('because', finding.causes.map(mention).join('; '), settings));
  }
  if (finding.consequences.length > 0) {
    lines.push(...field('leads to', finding.consequences.map(mention).join('; '), settings));
  }
  return [...lines, ...evidenceLines(finding, settings), ''];
}

function familyLines(family: Family, shown: readonly Finding[], settings: Settings): string[] {
  const size = familySize(family);
  const heading = oneLine(familyTitle(family), 80) + (size ? ` (${size})` : '');
  const counts = countWithSuppressed(family.findings);
  const lines = [`${settings.palette.bold(heading)}: ${counts}`, ''];
  for (const finding of shown) lines.push(...findingLines(finding, settings));
  return lines;
}

function graveLines(story: Story, settings: Settings): string[] {
  const { families, shown, total } = graveWithin(story, settings.maxFindings);
  const lines = families.flatMap(({ family, shown: own }) => familyLines(family, own, settings));
  if (shown < total)
    lines.push(
      `Showing ${shown} of ${counted(total, 'error and warning', 'errors and warnings')}; report.html and findings.json have all.`,
      '',
    );
  return lines;
}

function noteLines(story: Story, settings: Settings): string[] {
  const notes = story.all.filter((finding) => finding.severity === 'note');
  if (notes.length === 0) return [];
  const groups = new Map<string, Finding[]>();
  for (const note of notes) {
    const key = ruleTitle(note);
    const group = groups.get(key);
    if (group) group.push(note);
    else groups.set(key, [note]);
  }
  const lines = [settings.palette.bold(`Notes: ${notes.length}`)];
  for (const [title, group] of groups) {
    const names = [...new Set(group.map((note) => note.function ?? namelessSubject(note)))];
    const some = names.slice(0, 4).join(', ') + (names.length > 4 ? ` and ${names.length - 4} more` : '');
    const text = `${title}${group.length > 1 ? ` x${group.length}` : ''}  ${some}: ${group[0].message}`;
    lines.push(...labelled('-', oneLine(text, MAX_TEXT), { indent: 2, column: 2, width: settings.width }));
  }
  return [...lines, ''];
}

function headLines(story: Story, settings: Settings): string[] {
  const { palette } = settings;
  const { verdict, sentence, profile } = story.verdict;
  const paint = verdictPaint(palette, verdict);
  const word = verdict.toUpperCase();
  const layout = { indent: 0, column: word.length + 2, width: settings.width };
  const lines = [
    ...labelled(word, oneLine(sentence, MAX_TEXT), layout, (label) => paint(palette.bold(label))),
    '',
  ];
  const kernels = kernelsOf(story);
  const kernel = kernels.length > 0 ? kernels.join(', ') : 'release not recorded';
  lines.push(...field('kernel', `${kernel}; judged as ${profile ?? 'an unknown kernel'}`, settings, 0));
  for (const { path, text } of sourceLines(story))
    lines.push(...field('source', `${path}: ${text}`, settings, 0));
  lines.push(
    ...field(
      'model',
      `${counted(story.eventCount, 'event')} of ${counted(story.functions.length, 'function')}`,
      settings,
      0,
    ),
    ...field('findings', countWithSuppressed(story.all), settings, 0),
    '',
  );
  return lines;
}

/** The summary for a person at a terminal. Every byte of the recording in it is escaped. */
export function summaryText(analysis: Analysis, palette: Palette, options: SummaryOptions = {}): string {
  const story = tellStory(storyRowsOf(analysis));
  const settings = {
    palette,
    names: shortNames(story.sources.map((source) => source.path)),
    width: Math.max(60, Math.min(options.width ?? 100, 100)),
    maxFindings: options.maxFindings ?? 20,
    maxEvidence: Math.max(2, options.maxEvidence ?? 4),
  };
  const lines = [
    ...headLines(story, settings),
    ...graveLines(story, settings),
    ...baselineLines(story, settings),
    ...suppressionLines(story, settings),
    ...noteLines(story, settings),
    ...registerLines(analysis, settings),
    ...limitLines(story, settings),
    ...lossLines(story, settings),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}
