import clocks from './catalog/clocks.sql';
import evidence from './catalog/evidence.sql';
import families from './catalog/families.sql';
import features from './catalog/features.sql';
import findingLinks from './catalog/finding-links.sql';
import findings from './catalog/findings.sql';
import functions from './catalog/functions.sql';
import importLog from './catalog/import-log.sql';
import lastStates from './catalog/last-states.sql';
import losses from './catalog/losses.sql';
import rules from './catalog/rules.sql';
import sources from './catalog/sources.sql';
import timelineFindings from './catalog/timeline-findings.sql';
import timelineGaps from './catalog/timeline-gaps.sql';
import timelineLanes from './catalog/timeline-lanes.sql';
import timelineLosses from './catalog/timeline-losses.sql';
import timelineMarks from './catalog/timeline-marks.sql';
import timelineTicks from './catalog/timeline-ticks.sql';
import verdict from './catalog/verdict.sql';
import verdictReasons from './catalog/verdict-reasons.sql';
import { type NamedQuery, parseNamedQuery } from './named-query.ts';

const TEXTS: Readonly<Record<string, string>> = {
  clocks,
  evidence,
  families,
  features,
  'finding-links': findingLinks,
  findings,
  functions,
  'import-log': importLog,
  'last-states': lastStates,
  losses,
  rules,
  sources,
  'timeline-findings': timelineFindings,
  'timeline-gaps': timelineGaps,
  'timeline-lanes': timelineLanes,
  'timeline-losses': timelineLosses,
  'timeline-marks': timelineMarks,
  'timeline-ticks': timelineTicks,
  verdict,
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
