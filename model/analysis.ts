import type {
  ATS_CALLS,
  ATS_EVENTS,
  BASELINE,
  CLOCKS,
  COMPARISON,
  DIVERGENCES,
  EVIDENCE,
  FEATURES,
  FINDING_LINKS,
  FINDINGS,
  FUNCTIONS,
  MACHINE_COVERAGE,
  RecordedTables,
  RULE_COVERAGE,
  RULE_FUNCTIONS,
  STATE_INTERVALS,
  SUPPRESSED_FINDINGS,
  SUPPRESSIONS,
  Table,
  TRANSITIONS,
  VERDICT,
  VERDICT_REASONS,
  WHAT_IF,
} from '../tables/index.ts';

/** Everything an analysis knows, as finished tables: what queries load and reports show. */
export interface Analysis extends RecordedTables {
  readonly verdict: Table<typeof VERDICT>;
  readonly verdictReasons: Table<typeof VERDICT_REASONS>;
  readonly clocks: Table<typeof CLOCKS>;
  readonly functions: Table<typeof FUNCTIONS>;
  readonly atsEvents: Table<typeof ATS_EVENTS>;
  readonly atsCalls: Table<typeof ATS_CALLS>;
  readonly transitions: Table<typeof TRANSITIONS>;
  readonly stateIntervals: Table<typeof STATE_INTERVALS>;
  readonly divergences: Table<typeof DIVERGENCES>;
  readonly findings: Table<typeof FINDINGS>;
  readonly findingLinks: Table<typeof FINDING_LINKS>;
  readonly evidence: Table<typeof EVIDENCE>;
  readonly ruleCoverage: Table<typeof RULE_COVERAGE>;
  readonly ruleFunctions: Table<typeof RULE_FUNCTIONS>;
  readonly machineCoverage: Table<typeof MACHINE_COVERAGE>;
  readonly whatIf: Table<typeof WHAT_IF>;
  readonly features: Table<typeof FEATURES>;
  /** Empty unless the findings were compared with a baseline (see `gate/`). */
  readonly baseline: Table<typeof BASELINE>;
  readonly comparison: Table<typeof COMPARISON>;
  /** Empty unless there is a file of suppressions. */
  readonly suppressions: Table<typeof SUPPRESSIONS>;
  readonly suppressedFindings: Table<typeof SUPPRESSED_FINDINGS>;
}
