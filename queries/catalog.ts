import baseline from './catalog/baseline.sql';
import callDurations from './catalog/call-durations.sql';
import calls from './catalog/calls.sql';
import captures from './catalog/captures.sql';
import clocks from './catalog/clocks.sql';
import comparison from './catalog/comparison.sql';
import enabledWindows from './catalog/enabled-windows.sql';
import eventsByKind from './catalog/events-by-kind.sql';
import evidence from './catalog/evidence.sql';
import evidenceOf from './catalog/evidence-of.sql';
import failedCalls from './catalog/failed-calls.sql';
import families from './catalog/families.sql';
import family from './catalog/family.sql';
import features from './catalog/features.sql';
import findingLinks from './catalog/finding-links.sql';
import findingLog from './catalog/finding-log.sql';
import findingStates from './catalog/finding-states.sql';
import findings from './catalog/findings.sql';
import firstDivergence from './catalog/first-divergence.sql';
import fleetCaptures from './catalog/fleet-captures.sql';
import fleetRulesByKernel from './catalog/fleet-rules-by-kernel.sql';
import fleetRulesByLabel from './catalog/fleet-rules-by-label.sql';
import fleetVerdictsByWeek from './catalog/fleet-verdicts-by-week.sql';
import functionSummary from './catalog/function-summary.sql';
import functions from './catalog/functions.sql';
import importLog from './catalog/import-log.sql';
import invalidations from './catalog/invalidations.sql';
import lastStates from './catalog/last-states.sql';
import losses from './catalog/losses.sql';
import lossesAround from './catalog/losses-around.sql';
import machineCoverage from './catalog/machine-coverage.sql';
import matrix from './catalog/matrix.sql';
import near from './catalog/near.sql';
import registerWrites from './catalog/register-writes.sql';
import ruleFunctions from './catalog/rule-functions.sql';
import rules from './catalog/rules.sql';
import sources from './catalog/sources.sql';
import splats from './catalog/splats.sql';
import stateAt from './catalog/state-at.sql';
import suppressedFindings from './catalog/suppressed-findings.sql';
import suppressions from './catalog/suppressions.sql';
import timelineFindings from './catalog/timeline-findings.sql';
import timelineGaps from './catalog/timeline-gaps.sql';
import timelineHappenings from './catalog/timeline-happenings.sql';
import timelineLanes from './catalog/timeline-lanes.sql';
import timelineLosses from './catalog/timeline-losses.sql';
import timelineMarks from './catalog/timeline-marks.sql';
import timelineStates from './catalog/timeline-states.sql';
import timelineTicks from './catalog/timeline-ticks.sql';
import verdict from './catalog/verdict.sql';
import verdictReasons from './catalog/verdict-reasons.sql';
import whatIf from './catalog/what-if.sql';
import { type NamedQuery, parseNamedQuery } from './named-query.ts';

const TEXTS: Readonly<Record<string, string>> = {
  baseline,
  'call-durations': callDurations,
  calls,
  captures,
  clocks,
  comparison,
  'enabled-windows': enabledWindows,
  'events-by-kind': eventsByKind,
  evidence,
  'evidence-of': evidenceOf,
  'failed-calls': failedCalls,
  families,
  family,
  features,
  'finding-links': findingLinks,
  findings,
  'first-divergence': firstDivergence,
  'fleet-captures': fleetCaptures,
  'fleet-rules-by-kernel': fleetRulesByKernel,
  'fleet-rules-by-label': fleetRulesByLabel,
  'fleet-verdicts-by-week': fleetVerdictsByWeek,
  'function-summary': functionSummary,
  functions,
  'import-log': importLog,
  invalidations,
  'last-states': lastStates,
  losses,
  'losses-around': lossesAround,
  'machine-coverage': machineCoverage,
  near,
  'register-writes': registerWrites,
  'rule-functions': ruleFunctions,
  rules,
  sources,
  splats,
  'state-at': stateAt,
  'suppressed-findings': suppressedFindings,
  suppressions,
  'timeline-findings': timelineFindings,
  'timeline-gaps': timelineGaps,
  'timeline-lanes': timelineLanes,
  'timeline-losses': timelineLosses,
  'timeline-marks': timelineMarks,
  'timeline-ticks': timelineTicks,
  verdict,
  'finding-log': findingLog,
  'finding-states': findingStates,
  'what-if': whatIf,
  'timeline-states': timelineStates,
  'timeline-happenings': timelineHappenings,
  matrix,
  'verdict-reasons': verdictReasons,
};

/** Names of all queries of the catalogue, in alphabetical order. */
export const QUERY_NAMES: readonly string[] = Object.keys(TEXTS).sort();

/** A query of the catalogue. @throws Error for a name it does not have. */
export function namedQuery(name: string): NamedQuery {
  if (!Object.hasOwn(TEXTS, name))
    throw new Error(`no query named ${name}; there are: ${QUERY_NAMES.join(', ')}`);
  return parseNamedQuery(name, TEXTS[name]);
}
