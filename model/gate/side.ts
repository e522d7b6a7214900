import { type RowOf, type RULE_COVERAGE, type RULE_FUNCTIONS, rowsOf } from '../../tables/index.ts';
import type { Analysis } from '../analysis.ts';

/** A finding, as far as comparing needs it. */
export interface ComparedFinding {
  /** Number of the finding in its analysis; null where it comes from a file. */
  readonly finding: number | null;
  readonly rule: string;
  readonly name: string;
  readonly severity: string;
  readonly function: string | null;
  readonly message: string;
  readonly signature: string;
}

/** Whether a rule could be judged. */
export interface RuleStatus {
  /** `evaluated`, `not_evaluable` or `not_applicable`. */
  readonly status: string;
  readonly why: string;
  /** Addresses on which its condition was decided. */
  readonly decidedOn: ReadonlySet<string>;
  /** Addresses on which an operand was unknown, and why. */
  readonly undecidedOn: ReadonlyMap<string, string>;
}

/** One of two analyses that are compared: what it found, and what it could have found. */
export interface Side {
  readonly findings: readonly ComparedFinding[];
  readonly rules: ReadonlyMap<string, RuleStatus>;
  /** Addresses of the functions it saw; null where that is not known. */
  readonly functions: ReadonlySet<string> | null;
  /** What may have hidden findings anywhere in it: lost events, calls that name no device. */
  readonly gaps: readonly string[];
}

type Coverage = Pick<RowOf<typeof RULE_COVERAGE>, 'rule' | 'status' | 'why'>;
type PerFunction = Pick<
  RowOf<typeof RULE_FUNCTIONS>,
  'rule' | 'function' | 'evaluations' | 'unknown' | 'why'
>;

/** Puts what is known of each rule together. */
export function ruleStatuses(
  coverage: readonly Coverage[],
  perFunction: readonly PerFunction[],
): Map<string, RuleStatus> {
  const statuses = new Map(
    coverage.map(({ rule, status, why }) => [
      rule,
      { status, why, decidedOn: new Set<string>(), undecidedOn: new Map<string, string>() },
    ]),
  );
  for (const row of perFunction) {
    const status = statuses.get(row.rule);
    if (!status) continue;
    if (row.evaluations > 0) status.decidedOn.add(row.function);
    if (row.unknown > 0) status.undecidedOn.set(row.function, row.why);
  }
  return statuses;
}

/** An analysis as a side of a comparison. */
export function sideOf(analysis: Analysis): Side {
  return {
    findings: rowsOf(analysis.findings),
    rules: ruleStatuses(rowsOf(analysis.ruleCoverage), rowsOf(analysis.ruleFunctions)),
    functions: new Set(rowsOf(analysis.functions).map((row) => row.function)),
    gaps: rowsOf(analysis.verdictReasons)
      .filter((row) => row.decisive)
      .map((row) => row.reason),
  };
}
