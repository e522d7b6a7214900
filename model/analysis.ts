import type {
  ATS_CALLS,
  ATS_EVENTS,
  BASELINE,
  CLOCKS,
  COMPARISON,
  CONFIG_ACCESSES,
  DIVERGENCES,
  EVIDENCE,
  FEATURES,
  FINDING_LINKS,
  FINDINGS,
  FUNCTIONS,
  IMPORT_LOG,
  LOG_RECORDS,
  LOSSES,
  MACHINE_COVERAGE,
  PCI_FUNCTIONS,
  PROBES,
  RULE_COVERAGE,
  RULE_FUNCTIONS,
  SIMULATOR_EVENTS,
  SOURCES,
  SPLAT_FRAMES,
  SPLATS,
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
export interface Analysis {
  readonly verdict: Table<typeof VERDICT>;
  readonly verdictReasons: Table<typeof VERDICT_REASONS>;
  readonly sources: Table<typeof SOURCES>;
  readonly importLog: Table<typeof IMPORT_LOG>;
  readonly losses: Table<typeof LOSSES>;
  readonly probes: Table<typeof PROBES>;
  readonly clocks: Table<typeof CLOCKS>;
  readonly logRecords: Table<typeof LOG_RECORDS>;
  readonly splats: Table<typeof SPLATS>;
  readonly splatFrames: Table<typeof SPLAT_FRAMES>;
  readonly pciFunctions: Table<typeof PCI_FUNCTIONS>;
  readonly configAccesses: Table<typeof CONFIG_ACCESSES>;
  readonly simulatorEvents: Table<typeof SIMULATOR_EVENTS>;
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
  /** Trace events as recorded, one table per kind. */
  readonly events: readonly Table[];
}
