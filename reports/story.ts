import type { Analysis } from '../model/analysis.ts';
import { isWorse } from '../model/gate/compare.ts';
import {
  type BASELINE,
  type CLOCKS,
  type COMPARISON,
  type EVIDENCE,
  type FEATURES,
  type FINDING_LINKS,
  type FINDINGS,
  type FUNCTIONS,
  type IMPORT_LOG,
  type LOSSES,
  type RowOf,
  type RULE_COVERAGE,
  type RULE_FUNCTIONS,
  rowsOf,
  type SOURCES,
  type SUPPRESSED_FINDINGS,
  type SUPPRESSIONS,
  type VERDICT,
  type VERDICT_REASONS,
} from '../tables/index.ts';

/** The rows every report is made of, whether they come from finished tables or from a database. */
export interface StoryRows {
  readonly verdict: RowOf<typeof VERDICT>;
  readonly reasons: readonly RowOf<typeof VERDICT_REASONS>[];
  readonly sources: readonly RowOf<typeof SOURCES>[];
  readonly importLog: readonly RowOf<typeof IMPORT_LOG>[];
  readonly losses: readonly RowOf<typeof LOSSES>[];
  readonly clocks: readonly RowOf<typeof CLOCKS>[];
  readonly functions: readonly RowOf<typeof FUNCTIONS>[];
  readonly findings: readonly RowOf<typeof FINDINGS>[];
  readonly links: readonly RowOf<typeof FINDING_LINKS>[];
  readonly evidence: readonly RowOf<typeof EVIDENCE>[];
  readonly rules: readonly RowOf<typeof RULE_COVERAGE>[];
  readonly ruleFunctions: readonly RowOf<typeof RULE_FUNCTIONS>[];
  readonly features: readonly RowOf<typeof FEATURES>[];
  /** What the findings were compared with: one row, or none. */
  readonly baseline: readonly RowOf<typeof BASELINE>[];
  readonly comparison: readonly RowOf<typeof COMPARISON>[];
  readonly suppressions: readonly RowOf<typeof SUPPRESSIONS>[];
  readonly suppressed: readonly RowOf<typeof SUPPRESSED_FINDINGS>[];
  /** Events of the model in the recording. */
  readonly eventCount: number;
}

export interface EvidenceLine {
  readonly role: string;
  /** Path of the source as the user gave it. */
  readonly source: string;
  readonly line: number | null;
  readonly offset: bigint;
  readonly timeNs: bigint | null;
  readonly text: string;
}

export interface Finding extends RowOf<typeof FINDINGS> {
  /** Path of the source of the event that showed it. */
  readonly sourcePath: string | null;
  /** True when its times count something else than time: a clock such as `counter`. */
  readonly ticks: boolean;
  /** `pf`, `vf`, `function` or `unknown`. */
  readonly kind: string;
  readonly vfIndex: number | null;
  /** Against the baseline: `new`, `changed` or `still`; null without one. */
  readonly status: string | null;
  /** The suppression that covers it. */
  readonly suppression: RowOf<typeof SUPPRESSIONS> | null;
  /** True when it fails the run: at or above the gate, not suppressed, and new where only those count. */
  readonly gating: boolean;
  readonly evidence: readonly EvidenceLine[];
  readonly causes: Finding[];
  readonly consequences: Finding[];
}

/** A Physical Function with its VFs, or a function that has none. */
export interface Family {
  /** Address of the PF or function; NULL for findings that name no device. */
  readonly key: string | null;
  readonly members: readonly RowOf<typeof FUNCTIONS>[];
  /** Findings in the order to tell them: causes before consequences. */
  readonly findings: readonly Finding[];
}

/** The rows, put together: what every form of the report tells. */
export interface Story extends StoryRows {
  readonly all: readonly Finding[];
  /** Every family, those with the gravest findings first. */
  readonly families: readonly Family[];
}

const SEVERITIES = ['error', 'warning', 'note'];

/** 0 for an error, 1 for a warning, 2 for a note. */
export function severityRank(severity: string): number {
  const rank = SEVERITIES.indexOf(severity);
  return rank < 0 ? SEVERITIES.length : rank;
}

export function storyRowsOf(analysis: Analysis): StoryRows {
  return {
    verdict: rowsOf(analysis.verdict)[0],
    reasons: rowsOf(analysis.verdictReasons),
    sources: rowsOf(analysis.sources),
    importLog: rowsOf(analysis.importLog),
    losses: rowsOf(analysis.losses),
    clocks: rowsOf(analysis.clocks),
    functions: rowsOf(analysis.functions),
    findings: rowsOf(analysis.findings),
    links: rowsOf(analysis.findingLinks),
    evidence: rowsOf(analysis.evidence),
    rules: rowsOf(analysis.ruleCoverage),
    ruleFunctions: rowsOf(analysis.ruleFunctions),
    features: rowsOf(analysis.features),
    baseline: rowsOf(analysis.baseline),
    comparison: rowsOf(analysis.comparison),
    suppressions: rowsOf(analysis.suppressions),
    suppressed: rowsOf(analysis.suppressedFindings),
    eventCount: analysis.atsEvents.length,
  };
}

/** True when the common timeline counts ticks: that of its reference clock, or of any source where none is named. */
export function countsTicks(rows: Pick<StoryRows, 'sources' | 'clocks'>): boolean {
  const reference = rows.clocks.find((clock) => clock.relation === 'reference')?.source;
  return rows.sources.some(
    (source) => source.time_unit === 'ticks' && (reference === undefined || source.source === reference),
  );
}

function linkedFindings(rows: StoryRows): Finding[] {
  const sources = new Map(rows.sources.map((source) => [source.source, source]));
  const paths = new Map(rows.sources.map((source) => [source.source, source.path]));
  const ticks = countsTicks(rows);
  const functions = new Map(rows.functions.map((row) => [row.fn, row]));
  const evidence = new Map<number, EvidenceLine[]>();
  for (const row of rows.evidence) {
    const line = {
      role: row.role,
      source: paths.get(row.source) ?? `source ${row.source}`,
      line: row.line,
      offset: row.offset,
      timeNs: row.time_ns,
      text: row.text,
    };
    const lines = evidence.get(row.finding);
    if (lines) lines.push(line);
    else evidence.set(row.finding, [line]);
  }
  const statuses = new Map(rows.comparison.map((row) => [row.finding, row]));
  const suppressions = new Map(rows.suppressions.map((row) => [row.suppression, row]));
  const suppressed = new Map(
    rows.suppressed.map((row) => [row.finding, suppressions.get(row.suppression) ?? null]),
  );
  const onlyNew = rows.baseline[0]?.gate === 'new';
  const findings = rows.findings.map((row): Finding => {
    const owner = row.fn === null ? undefined : functions.get(row.fn);
    const compared = statuses.get(row.finding);
    const suppression = suppressed.get(row.finding) ?? null;
    return {
      ...row,
      sourcePath: row.source === null ? null : (paths.get(row.source) ?? `source ${row.source}`),
      ticks: row.source === null ? ticks : sources.get(row.source)?.time_unit === 'ticks',
      kind: owner?.kind ?? 'unknown',
      vfIndex: owner?.vf_index ?? null,
      status: compared?.status ?? null,
      suppression,
      gating:
        severityRank(row.severity) <= severityRank(rows.verdict.gate) &&
        suppression === null &&
        (!onlyNew || (compared !== undefined && isWorse(compared))),
      evidence: evidence.get(row.finding) ?? [],
      causes: [],
      consequences: [],
    };
  });
  const byNumber = new Map(findings.map((finding) => [finding.finding, finding]));
  for (const { cause, consequence } of rows.links) {
    const from = byNumber.get(cause);
    const to = byNumber.get(consequence);
    if (!from || !to) continue;
    from.consequences.push(to);
    to.causes.push(from);
  }
  return findings;
}

/** The PF of a VF, else the function itself. */
export function familyKey(row: {
  readonly function: string | null;
  readonly pf: string | null;
}): string | null {
  return row.pf ?? row.function;
}

function familiesOf(rows: StoryRows, findings: readonly Finding[]): Family[] {
  const families = new Map<string | null, { members: RowOf<typeof FUNCTIONS>[]; findings: Finding[] }>();
  const familyAt = (key: string | null) => {
    let family = families.get(key);
    if (!family) {
      family = { members: [], findings: [] };
      families.set(key, family);
    }
    return family;
  };
  for (const row of rows.functions) familyAt(familyKey(row)).members.push(row);
  for (const finding of findings) familyAt(familyKey(finding)).findings.push(finding);
  const gravity = (family: { findings: readonly Finding[] }) =>
    Math.min(SEVERITIES.length + 1, ...family.findings.map((finding) => severityRank(finding.severity)));
  const first = (family: { findings: readonly Finding[] }) =>
    Math.min(Number.MAX_SAFE_INTEGER, ...family.findings.map((finding) => finding.finding));
  return [...families]
    .map(([key, family]) => ({ key, ...family }))
    .sort(
      (a, b) => gravity(a) - gravity(b) || first(a) - first(b) || ((a.key ?? '~') < (b.key ?? '~') ? -1 : 1),
    );
}

/** Puts the rows together: findings with their evidence and links, grouped by PF family. */
export function tellStory(rows: StoryRows): Story {
  const all = linkedFindings(rows);
  return { ...rows, all, families: familiesOf(rows, all) };
}

/** `3 errors, 1 warning, 2 notes`, leaving out what there is none of; `no findings` for none. */
export function countBySeverity(findings: readonly { readonly severity: string }[]): string {
  const parts = SEVERITIES.map((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? '' : `${count} ${severity}${count === 1 ? '' : 's'}`;
  }).filter(Boolean);
  return parts.length > 0 ? parts.join(', ') : 'no findings';
}

/**
 * The errors and warnings of the first families that nobody suppressed, at most `limit` over all of them, and how many
 * there are in total.
 */
export function graveWithin(
  story: Story,
  limit: number,
): {
  readonly families: readonly { family: Family; shown: readonly Finding[] }[];
  readonly shown: number;
  readonly total: number;
} {
  const families: { family: Family; shown: readonly Finding[] }[] = [];
  let shown = 0;
  let total = 0;
  for (const family of story.families) {
    const grave = family.findings.filter(
      (finding) => finding.severity !== 'note' && finding.suppression === null,
    );
    const kept = grave.slice(0, Math.max(0, limit - shown));
    if (kept.length > 0) families.push({ family, shown: kept });
    shown += kept.length;
    total += grave.length;
  }
  return { families, shown, total };
}
