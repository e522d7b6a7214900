import type { Analysis } from '../model/analysis.ts';
import { type Palette, severityPaint, verdictPaint } from './palette.ts';
import {
  counted,
  familySize,
  familyTitle,
  functionTitle,
  kernelsOf,
  mention,
  placeOf,
  ruleTitle,
  shortNames,
  sinceOf,
  sourceSummary,
  timeNumber,
  whenOf,
} from './phrases.ts';
import {
  countBySeverity,
  type Family,
  type Finding,
  graveWithin,
  type Story,
  storyRowsOf,
  tellStory,
} from './story.ts';
import { oneLine } from './visible.ts';
import { labelled, wrap } from './wrap.ts';

export interface SummaryOptions {
  /** Columns of the terminal; 100 when not given. */
  readonly width?: number;
  /** Errors and warnings to print in full; the others are counted. 20 when not given. */
  readonly maxFindings?: number;
  /** Evidence records to print for each finding: the first ones and the last. 4 when not given. */
  readonly maxEvidence?: number;
}

type Settings = Required<SummaryOptions> & {
  readonly palette: Palette;
  /** Short names of the sources, by path. */
  readonly names: ReadonlyMap<string, string>;
};

/** Longest piece of a recording that is printed, before wrapping. */
const MAX_TEXT = 400;
const MAX_LIST = 8;
const LABEL_COLUMN = 10;

function field(label: string, text: string, settings: Settings, indent = 4): string[] {
  const layout = { indent, column: LABEL_COLUMN, width: settings.width };
  return labelled(label, oneLine(text, MAX_TEXT), layout, settings.palette.dim);
}

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
  const length = finding.severity.length + ruleTitle(finding).length + subject.length + 5;
  const lines = [
    `  ${paint(palette.bold(finding.severity))} ${palette.bold(ruleTitle(finding))}${length <= settings.width ? `  ${subject}` : ''}`,
    ...(length <= settings.width ? [] : wrap(subject, settings.width - 4).map((line) => `    ${line}`)),
    ...wrap(oneLine(finding.message, MAX_TEXT), settings.width - 4).map((line) => `    ${line}`),
    ...field('when', whenOf(finding), settings),
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
  const counts = countBySeverity(family.findings);
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
    const names = [...new Set(group.map((note) => note.function ?? 'device not named'))];
    const some = names.slice(0, 4).join(', ') + (names.length > 4 ? ` and ${names.length - 4} more` : '');
    const text = `${title}${group.length > 1 ? ` x${group.length}` : ''}  ${some}: ${group[0].message}`;
    lines.push(...labelled('-', oneLine(text, MAX_TEXT), { indent: 2, column: 2, width: settings.width }));
  }
  return [...lines, ''];
}

function limitLines(story: Story, settings: Settings): string[] {
  const { palette } = settings;
  const lines: string[] = [];
  if (story.reasons.length > 0) {
    lines.push(palette.bold('What limits this verdict'));
    for (const { reason, settle, decisive } of story.reasons) {
      const text = oneLine(reason, MAX_TEXT);
      lines.push(
        ...labelled(
          decisive ? '!' : '-',
          text,
          { indent: 2, column: 2, width: settings.width },
          palette.yellow,
        ),
      );
      if (settle) lines.push(...field('record', settle, settings));
    }
    lines.push('');
  }
  const unjudged = story.rules.filter((rule) => rule.status === 'not_evaluable');
  if (unjudged.length > 0) {
    lines.push(
      palette.bold(`Could not be judged: ${unjudged.length} of ${counted(story.rules.length, 'rule')}`),
    );
    const reasons = new Map<string, string[]>();
    for (const rule of unjudged) reasons.set(rule.why, [...(reasons.get(rule.why) ?? []), rule.rule]);
    const groups = [...reasons];
    for (const [why, rules] of groups.slice(0, MAX_LIST)) {
      const text = `${rules.join(', ')}: ${oneLine(why, MAX_TEXT)}`;
      lines.push(...labelled('-', text, { indent: 2, column: 2, width: settings.width }));
    }
    if (groups.length > MAX_LIST)
      lines.push(`  showing ${MAX_LIST} of ${groups.length} reasons; the report has all.`);
    lines.push('');
  }
  return lines;
}

function sourceName(story: Story, number: number, settings: Settings): string {
  const path = story.sources.find((source) => source.source === number)?.path;
  return path === undefined ? `source ${number}` : (settings.names.get(path) ?? path);
}

function lossLines(story: Story, settings: Settings): string[] {
  const lines: string[] = [];
  if (story.losses.length > 0) {
    lines.push(settings.palette.bold(`Losses: ${story.losses.length}`));
    for (const loss of story.losses.slice(0, MAX_LIST)) {
      const path = sourceName(story, loss.source, settings);
      const ticks = story.sources.find((source) => source.source === loss.source)?.time_unit === 'ticks';
      const from = loss.from_ns === null ? 'the start' : timeNumber(loss.from_ns, ticks);
      const to = loss.to_ns === null ? 'the end' : timeNumber(loss.to_ns, ticks);
      const cpu = loss.cpu === null ? '' : `, CPU ${loss.cpu}`;
      const place = loss.line === null ? path : `${path}:${loss.line}`;
      const text = `${place}  ${loss.kind}${cpu}, ${from} .. ${to}: ${loss.message}`;
      lines.push(...labelled('-', oneLine(text, MAX_TEXT), { indent: 2, column: 2, width: settings.width }));
    }
    if (story.losses.length > MAX_LIST)
      lines.push(`  showing ${MAX_LIST} of ${counted(story.losses.length, 'loss', 'losses')}`);
    lines.push('');
  }
  const troubles = story.importLog.filter((entry) => entry.severity !== 'info');
  if (troubles.length > 0) {
    lines.push(settings.palette.bold('Not understood while reading'));
    for (const entry of troubles.slice(0, MAX_LIST)) {
      const path = sourceName(story, entry.source, settings);
      const text = `${entry.line === null ? path : `${path}:${entry.line}`}  ${entry.message}${entry.count > 1 ? ` (x${entry.count})` : ''}`;
      lines.push(...labelled('-', oneLine(text, MAX_TEXT), { indent: 2, column: 2, width: settings.width }));
    }
    if (troubles.length > MAX_LIST) lines.push(`  showing ${MAX_LIST} of ${troubles.length}`);
    lines.push('');
  }
  return lines;
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
  for (const source of story.sources) {
    lines.push(...field('source', `${source.path}: ${sourceSummary(story, source)}`, settings, 0));
  }
  lines.push(
    ...field(
      'model',
      `${counted(story.eventCount, 'event')} of ${counted(story.functions.length, 'function')}`,
      settings,
      0,
    ),
    ...field('findings', countBySeverity(story.all), settings, 0),
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
    ...noteLines(story, settings),
    ...limitLines(story, settings),
    ...lossLines(story, settings),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}
