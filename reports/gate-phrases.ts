import { counted } from './phrases.ts';
import { countBySeverity, type Finding, type Story, severityRank } from './story.ts';
import { thousands } from './thousands.ts';

type Compared = Story['comparison'][number];

/** `2 new, 1 changed, 4 still there, 1 not evaluated, 3 fixed`, counting errors and warnings; notes are told apart. */
export function comparisonCounts(rows: readonly Compared[]): string {
  const grave = rows.filter(isGrave);
  const words: readonly (readonly [string, string])[] = [
    ['new', 'new'],
    ['changed', 'of another severity'],
    ['still', 'still there'],
    ['not_evaluated', 'not evaluated'],
    ['fixed', 'fixed'],
  ];
  const parts = words.flatMap(([status, word]) => {
    const count = grave.filter((row) => row.status === status).length;
    return count === 0 ? [] : [`${thousands(count)} ${word}`];
  });
  const notes = rows.filter((row) => !isGrave(row) && row.status !== 'still').length;
  if (parts.length === 0) parts.push('no errors or warnings on either side');
  return parts.join(', ') + (notes > 0 ? `; ${counted(notes, 'note')} differ${notes === 1 ? 's' : ''}` : '');
}

/** An error or warning, now or in the baseline. */
export function isGrave(row: Pick<Compared, 'severity' | 'baseline_severity'>): boolean {
  return Math.min(severityRank(row.severity ?? 'note'), severityRank(row.baseline_severity ?? 'note')) < 2;
}

/** What the reader is not told elsewhere: errors and warnings that are gone, or changed, and why. */
export function goneOrChanged(story: Story): readonly Compared[] {
  return story.comparison.filter(
    (row) => isGrave(row) && ['changed', 'not_evaluated', 'fixed'].includes(row.status),
  );
}

/** `fixed`, `not evaluated`, `was warning`, as a label before a row of the comparison. */
export function statusLabel(row: Compared): string {
  if (row.status === 'not_evaluated') return 'not evaluated';
  if (row.status === 'changed') return `${row.severity}, was ${row.baseline_severity}`;
  return row.status;
}

/** `ATS004 on 0000:01:00.2: message`, and why it could not be evaluated. */
export function comparedText(row: Compared): string {
  const subject = row.function === null ? row.rule : `${row.rule} on ${row.function}`;
  if (row.status === 'not_evaluated') return `${subject}: ${row.why}`;
  return `${subject}: ${row.message}`;
}

/** `known from the baseline`, `new`, or nothing without a baseline. */
export function statusMark(finding: Finding): string {
  if (finding.status === 'still') return 'known';
  return finding.status ?? '';
}

/** `until 2027-01-31` or `for good`. */
export function until(expires: string | null): string {
  return expires === null ? 'with no end' : `until ${expires}`;
}

/** Suppressed errors and warnings. */
export function suppressedGrave(story: Story): readonly Finding[] {
  return story.all.filter((finding) => finding.suppression !== null && finding.severity !== 'note');
}

/** `2 errors, 1 note; 3 suppressed`: what nobody suppressed, and how much somebody did. */
export function countWithSuppressed(findings: readonly Finding[]): string {
  const suppressed = findings.filter((finding) => finding.suppression !== null).length;
  const counts = countBySeverity(findings.filter((finding) => finding.suppression === null));
  return suppressed === 0 ? counts : `${counts}; ${suppressed} suppressed`;
}
