import type { Analysis } from '../model/analysis.ts';
import { functionTitle, placeOf, ruleTitle, whenOf } from './phrases.ts';
import { type Finding, type Story, storyRowsOf, tellStory } from './story.ts';
import { summaryMarkdown } from './summary-markdown.ts';
import { thousands } from './thousands.ts';
import { oneLine } from './visible.ts';

/** GitHub takes no larger summary of a step. */
export const STEP_SUMMARY_LIMIT = 1 << 20;
/** GitHub shows this many annotations of each level for a step, and drops the rest without a word. */
const MAX_OF_A_LEVEL = 10;
const MAX_TEXT = 1000;

type Level = 'error' | 'warning' | 'notice';

interface Annotation {
  readonly level: Level;
  readonly title: string;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
}

/** The value of a workflow command: it ends at a line break. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** A property of a workflow command: it ends at a comma or colon too. */
function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

function commandOf({ level, title, message, file, line }: Annotation): string {
  const properties = [
    ...(file === undefined ? [] : [`file=${escapeProperty(oneLine(file, MAX_TEXT))}`]),
    ...(line === undefined ? [] : [`line=${line}`]),
    `title=${escapeProperty(oneLine(title, 200))}`,
  ];
  const data = escapeData(
    message
      .split('\n')
      .map((part) => oneLine(part, MAX_TEXT))
      .join('\n'),
  );
  return `::${level} ${properties.join(',')}::${data}`;
}

function levelOf({ severity, status }: Finding): Level {
  if (severity === 'note') return 'notice';
  if (status === 'still') return severity === 'error' ? 'warning' : 'notice';
  return severity === 'error' ? 'error' : 'warning';
}

function annotationOf(finding: Finding): Annotation {
  const shown = finding.evidence.at(-1);
  const known = finding.status === 'still' ? ' (known)' : '';
  return {
    level: levelOf(finding),
    title: `${ruleTitle(finding)}${known}: ${functionTitle(finding)}`,
    message: [
      finding.message,
      `When: ${whenOf(finding)}`,
      `Expected: ${finding.expected}`,
      `Observed: ${finding.observed}`,
      ...(shown ? [`Evidence: ${placeOf(shown)}: ${shown.text.trim()}`] : []),
    ].join('\n'),
    ...(shown ? { file: shown.source } : {}),
    ...(shown && shown.line !== null ? { line: shown.line } : {}),
  };
}

function verdictAnnotation(story: Story): Annotation {
  const { verdict, sentence } = story.verdict;
  const settle = story.reasons.find((reason) => reason.decisive)?.settle ?? '';
  return {
    level: verdict === 'fail' ? 'error' : verdict === 'inconclusive' ? 'warning' : 'notice',
    title: `atscope: ${verdict}`,
    message: verdict === 'inconclusive' && settle !== '' ? `${sentence}\n${settle}` : sentence,
  };
}

/** At most ten of a level, the last of which says how many more there are. */
function limited(annotations: readonly Annotation[], level: Level): Annotation[] {
  const own = annotations.filter((annotation) => annotation.level === level);
  if (own.length <= MAX_OF_A_LEVEL) return own;
  const kept = own.slice(0, MAX_OF_A_LEVEL - 1);
  const rest = own.length - kept.length;
  return [
    ...kept,
    { level, title: `atscope: ${rest} more`, message: `${rest} more findings; the report has all.` },
  ];
}

/**
 * The verdict and its errors and warnings as workflow commands, one a line, as GitHub Actions reads them from the output of a
 * step. What is known from the baseline is one level less than it was.
 */
export function githubAnnotations(analysis: Analysis): string {
  const story = tellStory(storyRowsOf(analysis));
  const annotations = [
    verdictAnnotation(story),
    ...story.all
      .filter((finding) => finding.severity !== 'note' && finding.suppression === null)
      .map(annotationOf),
  ];
  const levels: readonly Level[] = ['error', 'warning', 'notice'];
  return `${levels.flatMap((level) => limited(annotations, level).map(commandOf)).join('\n')}\n`;
}

/** `summary.md`, cut at a line where it is larger than GitHub takes for the summary of a step. */
export function githubSummary(analysis: Analysis): string {
  return withinBytes(summaryMarkdown(analysis), STEP_SUMMARY_LIMIT);
}

/** At most `limit` bytes of a Markdown text, cut at a line, with a word that says so. */
export function withinBytes(text: string, limit: number): string {
  const size = Buffer.byteLength(text);
  if (size <= limit) return text;
  const note = `\n\nShowing the first part of ${thousands(size)} bytes: GitHub takes ${thousands(limit)}. summary.md and the report have all.\n`;
  const room = limit - Buffer.byteLength(note);
  const head = new TextDecoder().decode(Buffer.from(text).subarray(0, room));
  // A table that is cut between its rows stays a table.
  return `${head.slice(0, Math.max(0, head.lastIndexOf('\n')))}${note}`;
}
