import { createHash } from 'node:crypto';
import type { Analysis } from '../model/analysis.ts';
import {
  FINDINGS,
  type RowOf,
  RULE_COVERAGE,
  rowAt,
  rowsOf,
  type Table,
  TableBuilder,
  type TableDef,
  VERDICT,
} from '../tables/index.ts';
import { type Check, type CheckResult, runCheck, type Violation } from './checks.ts';
import { openDatabase } from './database.ts';
import type { EngineLimits } from './engine.ts';

type Finding = RowOf<typeof FINDINGS>;

export interface CheckOptions extends EngineLimits {
  /** Seconds that each check may take. */
  readonly timeLimit: number;
}

/** A table with rows added at its end. */
function extended<T extends TableDef>(def: T, table: Table<T>, rows: readonly RowOf<T>[]): Table<T> {
  const builder = new TableBuilder(def);
  for (const row of [...rowsOf(table), ...rows]) builder.append(row);
  return builder.finish();
}

/** The function generation that a violation is about: the last of its address that had appeared by then. */
function generationOf(analysis: Analysis, { function: address, timeNs }: Violation) {
  const known = rowsOf(analysis.functions).filter((row) => row.function === address);
  const appeared = known.filter((row) => timeNs === null || row.first_ns === null || row.first_ns <= timeNs);
  return (appeared.length > 0 ? appeared : known).at(-1) ?? null;
}

/** Stable over runs of the same board, as signatures of the built-in rules are: neither times nor numbers count. */
function signatureOf(check: Check, violation: Violation, seen: Map<string, number>): string {
  const key = `${check.id}|${violation.function ?? '-'}|${violation.message.replace(/0x[0-9a-f]+|\d+/gi, '#')}`;
  const nth = (seen.get(key) ?? 0) + 1;
  seen.set(key, nth);
  return createHash('sha256')
    .update(nth === 1 ? key : `${key}#${nth}`)
    .digest('hex')
    .slice(0, 16);
}

function findingsOf(analysis: Analysis, results: readonly CheckResult[]): Finding[] {
  const seen = new Map<string, number>();
  const rows: Finding[] = [];
  for (const { check, violations, more } of results) {
    const all =
      more === 0
        ? violations
        : [...violations, { function: null, timeNs: null, message: `and ${more} more violations.` }];
    for (const violation of all) {
      const fn = generationOf(analysis, violation);
      rows.push({
        finding: analysis.findings.length + rows.length,
        rule: check.id,
        name: check.name,
        severity: check.severity,
        function: violation.function,
        fn: fn?.fn ?? null,
        pf: fn?.pf ?? null,
        generation: fn?.generation ?? null,
        time_ns: violation.timeNs,
        since_ns: null,
        event: null,
        source: null,
        message: violation.message === '' ? check.title : violation.message,
        expected: check.why,
        observed: check.title,
        signature: signatureOf(check, violation, seen),
      });
    }
  }
  return rows;
}

/** The verdict with the findings of checks: they gate as those of the built-in rules do. */
function verdictWith(analysis: Analysis, added: readonly Finding[]): Analysis['verdict'] {
  const row = rowAt(analysis.verdict, 0);
  const gating = added.filter(
    ({ severity }) => severity === 'error' || (row.gate === 'warning' && severity === 'warning'),
  );
  if (gating.length === 0) return analysis.verdict;
  const ids = [...new Set(gating.map((finding) => finding.rule))].sort().join(', ');
  const found = `${gating.length} ${gating.length === 1 ? 'violation' : 'violations'} of checks (${ids}).`;
  const builder = new TableBuilder(VERDICT);
  builder.append({
    ...row,
    verdict: 'fail',
    sentence: row.verdict === 'fail' ? `${row.sentence} Also ${found}` : `There are ${found}`,
  });
  return builder.finish();
}

/**
 * Runs checks over an analysis and puts what they find beside the findings of the built-in rules: findings, coverage and
 * verdict. Every check sees the analysis as it was, not what other checks found.
 * @throws CheckError for a check that cannot be used
 */
export async function applyChecks(
  analysis: Analysis,
  checks: readonly Check[],
  options: CheckOptions,
): Promise<Analysis> {
  const database = await openDatabase(analysis, options);
  const results: CheckResult[] = [];
  try {
    for (const check of checks) results.push(await runCheck(database.engine, check, options.timeLimit));
  } finally {
    database.close();
  }
  const added = findingsOf(analysis, results);
  const coverage = results.map(({ check, violations, more }) => ({
    rule: check.id,
    name: check.name,
    status: 'evaluated',
    evaluations: 1,
    unknown: 0,
    findings: violations.length + more,
    why: '',
  }));
  return {
    ...analysis,
    findings: extended(FINDINGS, analysis.findings, added),
    ruleCoverage: extended(RULE_COVERAGE, analysis.ruleCoverage, coverage),
    verdict: verdictWith(analysis, added),
  };
}
