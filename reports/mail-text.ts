import { functionTitle, mention, placeOf, ruleTitle, sinceOf, whenOf } from './phrases.ts';
import type { Finding } from './story.ts';
import { oneLine } from './visible.ts';
import { labelled, wrap } from './wrap.ts';

/** What mailing lists ask for. */
const WIDTH = 75;
const MAX_TEXT = 600;
const MAX_EVIDENCE = 8;

export interface MailContext {
  /** Kernel releases of the recording. */
  readonly kernels: readonly string[];
  /** Short names of the sources, by path. */
  readonly names: ReadonlyMap<string, string>;
  readonly tool: string;
}

/** One finding as plain text of at most 75 columns, to be pasted into a mail. */
export function mailText(finding: Finding, context: MailContext): string {
  const field = (label: string, text: string) =>
    labelled(label, oneLine(text, MAX_TEXT), { indent: 2, column: 11, width: WIDTH });
  const kernel = context.kernels.length > 0 ? `kernel ${context.kernels.join(', ')}` : 'kernel not recorded';
  const since = sinceOf(finding);
  const all = finding.evidence;
  const kept = all.length <= MAX_EVIDENCE ? all : [...all.slice(0, MAX_EVIDENCE - 1), all[all.length - 1]];
  return `${[
    ...wrap(oneLine(`${finding.severity}: ${ruleTitle(finding)}`, MAX_TEXT), WIDTH),
    ...wrap(oneLine(`${functionTitle(finding)}, ${kernel}`, MAX_TEXT), WIDTH),
    '',
    ...wrap(oneLine(finding.message, MAX_TEXT), WIDTH - 2).map((line) => `  ${line}`),
    '',
    ...field('When:', whenOf(finding) + (since === null ? '' : `, since ${since}`)),
    ...field('Expected:', finding.expected),
    ...field('Observed:', finding.observed),
    ...(finding.causes.length > 0 ? field('Cause:', finding.causes.map(mention).join('; ')) : []),
    ...(finding.consequences.length > 0
      ? field('Leads to:', finding.consequences.map(mention).join('; '))
      : []),
    ...(kept.length > 0 ? ['', 'Evidence:'] : []),
    ...kept.flatMap((line) => [
      ...wrap(`${oneLine(placeOf(line, context.names), 60)}, ${oneLine(line.role, 80)}:`, WIDTH - 2).map(
        (text) => `  ${text}`,
      ),
      ...wrap(oneLine(line.text.trim(), MAX_TEXT), WIDTH - 4).map((text) => `    ${text}`),
    ]),
    ...(kept.length < all.length ? [`  (showing ${kept.length} of ${all.length} records)`] : []),
    '',
    oneLine(`Found by ${context.tool}; signature ${finding.signature}`, MAX_TEXT),
  ].join('\n')}\n`;
}
