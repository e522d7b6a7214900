import type { COMPARISON, RowOf } from '../../tables/index.ts';
import { severityRank } from '../findings.ts';
import type { ComparedFinding, RuleStatus, Side } from './side.ts';

export type CompareStatus = 'new' | 'changed' | 'still' | 'not_evaluated' | 'fixed';
export type ComparedRow = RowOf<typeof COMPARISON>;

const ORDER: readonly CompareStatus[] = ['new', 'changed', 'still', 'not_evaluated', 'fixed'];

/** Compares the findings of two analyses by signature: what is new, what is still there, what is gone, and what cannot be told. */
export function compareFindings(now: Side, before: Side): ComparedRow[] {
  const known = new Map(before.findings.map((finding) => [finding.signature, finding]));
  const present = new Set(now.findings.map((finding) => finding.signature));
  const rows = [
    ...now.findings.map((finding) => foundNow(finding, known.get(finding.signature), before)),
    ...before.findings
      .filter((finding) => !present.has(finding.signature))
      .map((finding) => foundBefore(finding, now)),
  ];
  const rank = (row: Omit<ComparedRow, 'position'>) =>
    ORDER.indexOf(row.status as CompareStatus) * 10 +
    severityRank(row.severity ?? row.baseline_severity ?? 'note');
  return rows
    .map((row, at) => ({ row, at }))
    .sort((a, b) => rank(a.row) - rank(b.row) || a.at - b.at)
    .map(({ row }, position) => ({ position, ...row }));
}

/** True for a row that is worse than before: new, or of a graver severity. */
export function isWorse(row: Pick<ComparedRow, 'status' | 'severity' | 'baseline_severity'>): boolean {
  if (row.status === 'new') return true;
  if (row.status !== 'changed') return false;
  return severityRank(row.severity ?? 'note') < severityRank(row.baseline_severity ?? 'note');
}

function foundNow(
  finding: ComparedFinding,
  known: ComparedFinding | undefined,
  before: Side,
): Omit<ComparedRow, 'position'> {
  const { finding: number, rule, name, severity, function: address, message, signature } = finding;
  const status = !known ? 'new' : known.severity === severity ? 'still' : 'changed';
  const gap = known ? null : whyNotEvaluated(finding, before);
  return {
    status,
    rule,
    name,
    function: address,
    severity,
    baseline_severity: known?.severity ?? null,
    finding: number,
    signature,
    message,
    why: gap === null ? '' : `It may have been there before: ${lowerFirst(gap)}`,
  };
}

function foundBefore(finding: ComparedFinding, now: Side): Omit<ComparedRow, 'position'> {
  const { rule, name, severity, function: address, message, signature } = finding;
  const gap = whyNotEvaluated(finding, now);
  return {
    status: gap === null ? 'fixed' : 'not_evaluated',
    rule,
    name,
    function: address,
    severity: null,
    baseline_severity: severity,
    finding: null,
    signature,
    message,
    why: gap ?? '',
  };
}

/** Why a side that does not have a finding may be silent about it; null when it was judged and is not there. */
function whyNotEvaluated({ rule, function: address }: ComparedFinding, side: Side): string | null {
  const status = side.rules.get(rule);
  if (!status) return `The rule ${rule} was not run.`;
  if (status.status !== 'evaluated') return status.why;
  if (side.gaps.length > 0) return side.gaps[0];
  return address === null ? anywhere(status) : onFunction(status, rule, address, side);
}

/** A finding that names no device is gone only when nothing was undecided anywhere. */
function anywhere(status: RuleStatus): string | null {
  const [first] = status.undecidedOn;
  return first ? `Undecided on ${first[0]}: ${first[1]}.` : null;
}

function onFunction(status: RuleStatus, rule: string, address: string, side: Side): string | null {
  if (side.functions && !side.functions.has(address)) return `${address} does not appear in the recording.`;
  const undecided = status.undecidedOn.get(address);
  if (undecided !== undefined) return `Undecided on ${address}: ${undecided}.`;
  // Checks in SQL and rules about the recording as a whole keep no account of single functions.
  if (status.decidedOn.size === 0 || status.decidedOn.has(address)) return null;
  return `Nothing happened on ${address} that ${rule} is about.`;
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text[0].toLowerCase() + text.slice(1) : text;
}
