import type { TableDef } from '../define.ts';
import { BASELINE, COMPARISON, SUPPRESSED_FINDINGS, SUPPRESSIONS } from './gate.ts';
import { CONFIG_ACCESSES, PCI_FUNCTIONS, SIMULATOR_EVENTS } from './hardware.ts';
import { CLOCKS, IMPORT_LOG, LOG_RECORDS, LOSSES, PROBES, SOURCES, SPLAT_FRAMES, SPLATS } from './ingest.ts';
import {
  ATS_CALLS,
  ATS_EVENTS,
  DIVERGENCES,
  EVIDENCE,
  FEATURES,
  FINDING_LINKS,
  FINDINGS,
  FUNCTIONS,
  MACHINE_COVERAGE,
  RULE_COVERAGE,
  RULE_FUNCTIONS,
  STATE_INTERVALS,
  TRANSITIONS,
  VERDICT,
  VERDICT_REASONS,
  WHAT_IF,
} from './model.ts';

export * from './gate.ts';
export * from './hardware.ts';
export * from './ingest.ts';
export * from './model.ts';

/** Every declared table, in the order of the documentation. Tables of trace events are declared by the trace itself. */
export const ALL_TABLES: readonly TableDef[] = [
  SOURCES,
  IMPORT_LOG,
  LOSSES,
  PROBES,
  CLOCKS,
  LOG_RECORDS,
  SPLATS,
  SPLAT_FRAMES,
  PCI_FUNCTIONS,
  CONFIG_ACCESSES,
  SIMULATOR_EVENTS,
  FUNCTIONS,
  ATS_EVENTS,
  ATS_CALLS,
  TRANSITIONS,
  STATE_INTERVALS,
  DIVERGENCES,
  FINDINGS,
  FINDING_LINKS,
  EVIDENCE,
  RULE_COVERAGE,
  RULE_FUNCTIONS,
  MACHINE_COVERAGE,
  WHAT_IF,
  FEATURES,
  VERDICT,
  VERDICT_REASONS,
  BASELINE,
  COMPARISON,
  SUPPRESSIONS,
  SUPPRESSED_FINDINGS,
];
