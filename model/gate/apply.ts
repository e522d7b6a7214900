import {
  BASELINE,
  COMPARISON,
  FINDINGS,
  type RowOf,
  RULE_COVERAGE,
  rowAt,
  rowsOf,
  SUPPRESSED_FINDINGS,
  SUPPRESSIONS,
  type Table,
  TableBuilder,
  type TableDef,
  VERDICT,
  VERDICT_REASONS,
} from '../../tables/index.ts';
import type { Analysis } from '../analysis.ts';
import { failSentence, foundText, inconclusiveSentence, reaches } from '../verdict.ts';
import { type ComparedRow, compareFindings, isWorse } from './compare.ts';
import { GATE_RULES } from './rules.ts';
import { type Side, sideOf } from './side.ts';
import { isExpired, matches, type Suppression, subjectOf, suppressionSignature } from './suppress.ts';

type Finding = RowOf<typeof FINDINGS>;

/** Findings of an earlier analysis. */
export interface Baseline extends Side {
  readonly path: string;
  readonly tool: string;
  readonly verdict: string;
}

export interface GateOptions {
  readonly baseline: Baseline | null;
  /** Whether findings that the baseline has fail too. */
  readonly gate: 'any' | 'new';
  readonly suppressions: { readonly source: string; readonly list: readonly Suppression[] } | null;
  /** `YYYY-MM-DD`: suppressions that end before it have expired. */
  readonly today: string;
}

/** The tables of an analysis that was compared with nothing and has nothing suppressed. */
export function emptyGate(): Pick<
  Analysis,
  'baseline' | 'comparison' | 'suppressions' | 'suppressedFindings'
> {
  return {
    baseline: tableOf(BASELINE, []),
    comparison: tableOf(COMPARISON, []),
    suppressions: tableOf(SUPPRESSIONS, []),
    suppressedFindings: tableOf(SUPPRESSED_FINDINGS, []),
  };
}

/** Applies suppressions and a baseline to what was found, and judges again by what is left. */
export function applyGate(analysis: Analysis, options: GateOptions): Analysis {
  const suppressed = withSuppressions(analysis, options);
  return judgedAgain(withBaseline(suppressed, options), options);
}

function withSuppressions(analysis: Analysis, { suppressions, today }: GateOptions): Analysis {
  if (suppressions === null) return analysis;
  const findings = rowsOf(analysis.findings);
  const covered = new Map<number, number>();
  const rows: RowOf<typeof SUPPRESSIONS>[] = [];
  const added: Finding[] = [];
  suppressions.list.forEach((suppression, number) => {
    const hits = findings.filter(matches(suppression));
    const expired = isExpired(suppression, today);
    if (!expired) for (const hit of hits) if (!covered.has(hit.finding)) covered.set(hit.finding, number);
    const state = expired ? 'expired' : hits.length === 0 ? 'unused' : 'active';
    const { line, ...conditions } = suppression;
    rows.push({
      suppression: number,
      source: suppressions.source,
      line,
      ...conditions,
      state,
      findings: hits.length,
    });
    if (state !== 'active')
      added.push(
        aboutSuppression(
          analysis,
          suppression,
          hits.length,
          state,
          suppressions.source,
          findings.length + added.length,
        ),
      );
  });
  const coverage = GATE_RULES.map((rule) => {
    const fired = added.filter((finding) => finding.rule === rule.id).length;
    const evaluations = suppressions.list.length;
    return {
      rule: rule.id,
      name: rule.name,
      status: 'evaluated',
      evaluations,
      unknown: 0,
      findings: fired,
      why: '',
    };
  });
  return {
    ...analysis,
    findings: tableOf(FINDINGS, [...findings, ...added]),
    ruleCoverage: tableOf(RULE_COVERAGE, [...rowsOf(analysis.ruleCoverage), ...coverage]),
    suppressions: tableOf(SUPPRESSIONS, rows),
    suppressedFindings: tableOf(
      SUPPRESSED_FINDINGS,
      [...covered].sort(([a], [b]) => a - b).map(([finding, suppression]) => ({ finding, suppression })),
    ),
  };
}

function aboutSuppression(
  analysis: Analysis,
  suppression: Suppression,
  hits: number,
  state: 'expired' | 'unused',
  source: string,
  finding: number,
): Finding {
  const rule = GATE_RULES[state === 'expired' ? 0 : 1];
  const status = rowsOf(analysis.ruleCoverage).find((row) => row.rule === suppression.rule);
  const judged =
    status === undefined || status.status === 'evaluated'
      ? ''
      : ` ${status.rule} could not be judged: ${status.why}`;
  const covers =
    hits === 0
      ? 'it matches nothing'
      : `it matches ${hits} finding${hits === 1 ? '' : 's'}, which count again`;
  const subject = subjectOf(suppression);
  return {
    finding,
    rule: rule.id,
    name: rule.name,
    severity: rule.severity,
    function: null,
    fn: null,
    pf: null,
    generation: null,
    time_ns: null,
    since_ns: null,
    event: null,
    source: null,
    message:
      state === 'expired'
        ? `The suppression of ${subject} expired after ${suppression.expires}; ${covers}.`
        : `The suppression of ${subject} matches no finding.${judged}`,
    expected: 'Every suppression is in force and covers something.',
    observed: `${source}:${suppression.line}: ${suppression.reason}`,
    signature: suppressionSignature(rule.id, suppression),
  };
}

function withBaseline(analysis: Analysis, { baseline, gate }: GateOptions): Analysis {
  if (baseline === null) return analysis;
  const { path, tool, verdict } = baseline;
  return {
    ...analysis,
    baseline: tableOf(BASELINE, [{ path, tool, verdict, findings: baseline.findings.length, gate }]),
    comparison: tableOf(COMPARISON, compareFindings(sideOf(analysis), baseline)),
  };
}

/** Findings that fail: at or above the gate, not suppressed, and new where only those count. */
export function gatingFindings(analysis: Analysis): Finding[] {
  const { gate } = rowAt(analysis.verdict, 0);
  const suppressed = new Set(rowsOf(analysis.suppressedFindings).map((row) => row.finding));
  const onlyNew = rowsOf(analysis.baseline)[0]?.gate === 'new';
  const worse = new Set(
    rowsOf(analysis.comparison)
      .filter(isWorse)
      .map((row) => row.finding),
  );
  return rowsOf(analysis.findings).filter(
    (finding) =>
      reaches(finding.severity, gate) &&
      !suppressed.has(finding.finding) &&
      (!onlyNew || worse.has(finding.finding)),
  );
}

function judgedAgain(analysis: Analysis, { gate, baseline, suppressions, today }: GateOptions): Analysis {
  if (baseline === null && suppressions === null) return analysis;
  const row = rowAt(analysis.verdict, 0);
  const gating = gatingFindings(analysis);
  const reasons = [...rowsOf(analysis.verdictReasons)];
  const inForce = (suppressions?.list ?? []).filter((one) => !isExpired(one, today)).map(matches);
  const unsettled = rowsOf(analysis.comparison).filter(
    (other) =>
      other.status === 'not_evaluated' &&
      reaches(other.baseline_severity ?? 'note', row.gate) &&
      !inForce.some((covers) => covers(other)),
  );
  if (unsettled.length > 0) reasons.unshift({ position: 0, ...unsettledReason(unsettled) });
  reasons.forEach((reason, position) => {
    reasons[position] = { ...reason, position };
  });
  const decisive = reasons.find((reason) => reason.decisive);
  const onlyNew = gate === 'new' && baseline !== null;
  const verdict = gating.length > 0 ? 'fail' : decisive ? 'inconclusive' : 'pass';
  const aside = asideText(analysis, gating);
  const sentence =
    gating.length > 0
      ? gatingSentence(analysis, gating, onlyNew)
      : decisive
        ? inconclusiveSentence(
            decisive.reason,
            onlyNew ? 'Nothing new was found' : foundText(rowsOf(analysis.findings)),
          )
        : row.verdict === 'pass'
          ? row.sentence
          : onlyNew
            ? 'Nothing new against the baseline.'
            : 'Nothing that fails was found.';
  return {
    ...analysis,
    verdict: tableOf(VERDICT, [
      { ...row, verdict, sentence: aside === '' ? sentence : `${sentence} ${aside}` },
    ]),
    verdictReasons: tableOf(VERDICT_REASONS, reasons),
  };
}

function gatingSentence(analysis: Analysis, gating: readonly Finding[], onlyNew: boolean): string {
  const expired = gating.filter((finding) => finding.rule === GATE_RULES[0].id).length;
  const real = gating.filter((finding) => finding.rule !== GATE_RULES[0].id);
  // Checks have a sentence of their own; it stands while nothing was taken away from what fails.
  const all = rowsOf(analysis.findings).filter((finding) =>
    reaches(finding.severity, rowAt(analysis.verdict, 0).gate),
  );
  const told = all.length === gating.length && expired === 0 && rowAt(analysis.verdict, 0).verdict === 'fail';
  const sentence = told ? rowAt(analysis.verdict, 0).sentence : real.length > 0 ? failSentence(real) : '';
  const lapsed =
    expired === 0 ? '' : `${expired} suppression${expired === 1 ? ' has' : 's have'} expired (ATS095).`;
  return [onlyNew ? 'New against the baseline:' : '', sentence, lapsed].filter(Boolean).join(' ');
}

function unsettledReason(rows: readonly ComparedRow[]) {
  const names = [...new Set(rows.map((row) => (row.function ? `${row.rule} on ${row.function}` : row.rule)))];
  const some = names.slice(0, 4).join(', ') + (names.length > 4 ? ` and ${names.length - 4} more` : '');
  return {
    code: 'baseline-not-evaluated',
    decisive: true,
    reason: `${rows.length} finding${rows.length === 1 ? '' : 's'} of the baseline could not be judged again (${some}): ${rows[0].why}`,
    settle: 'Record what the baseline recorded, without loss; the comparison says what was missing for each.',
  };
}

/** What does not fail, although it reaches the gate: nobody may take it for repaired. */
function asideText(analysis: Analysis, gating: readonly Finding[]): string {
  const { gate } = rowAt(analysis.verdict, 0);
  const failing = new Set(gating.map((finding) => finding.finding));
  const suppressed = new Set(rowsOf(analysis.suppressedFindings).map((row) => row.finding));
  const rest = rowsOf(analysis.findings).filter(
    (finding) => reaches(finding.severity, gate) && !failing.has(finding.finding),
  );
  const hidden = rest.filter((finding) => suppressed.has(finding.finding));
  const still = rest.filter((finding) => !suppressed.has(finding.finding));
  const text = (list: readonly Finding[], one: string, many: string) =>
    list.length === 0
      ? []
      : [
          `${list.length} ${list.length === 1 ? one : many} (${[...new Set(list.map(({ rule }) => rule))].sort().join(', ')}).`,
        ];
  return [
    ...text(still, 'finding is known from the baseline', 'findings are known from the baseline'),
    ...text(hidden, 'finding is suppressed', 'findings are suppressed'),
  ].join(' ');
}

function tableOf<T extends TableDef>(def: T, rows: readonly RowOf<T>[]): Table<T> {
  const builder = new TableBuilder(def);
  for (const row of rows) builder.append(row);
  return builder.finish();
}
