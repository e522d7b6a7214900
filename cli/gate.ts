import { readFileSync, statSync } from 'node:fs';
import type { Analysis } from '../model/analysis.ts';
import { applyGate, type Baseline } from '../model/gate/apply.ts';
import { FindingsFileError, MAX_FINDINGS_BYTES, readFindings } from '../reports/read-findings.ts';
import { rowsOf } from '../tables/index.ts';
import { isDate } from './day.ts';
import { UsageError } from './exit-codes.ts';

/** Options that say which findings fail a run. */
export interface GateFlags {
  readonly baseline?: string;
  readonly gate?: string;
  readonly suppressions?: string;
  readonly today?: string;
}

/** What the options ask for, read before minutes of work rather than after. */
export interface Gate {
  readonly baseline: Baseline | null;
  readonly mode: 'any' | 'new';
  readonly suppressions: { readonly path: string; readonly text: string } | null;
  readonly today: string;
}

const MAX_SUPPRESSIONS_BYTES = 4 << 20;

function readText(option: string, path: string, limit: number): string {
  try {
    if (statSync(path).isDirectory()) throw new UsageError(`${option} ${path}: is a directory; name a file.`);
    if (statSync(path).size > limit)
      throw new UsageError(
        `${option} ${path}: is larger than ${limit >> 20} MiB and cannot be what is expected.`,
      );
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EACCES'
          ? 'no permission to read it'
          : error instanceof TypeError
            ? 'it is no UTF-8 text'
            : (error as Error).message;
    throw new UsageError(`${option} ${path}: ${why}.`);
  }
}

function readBaseline(path: string): Baseline {
  try {
    return { ...readFindings(readText('--baseline', path, MAX_FINDINGS_BYTES)), path };
  } catch (error) {
    if (!(error instanceof FindingsFileError)) throw error;
    throw new UsageError(`--baseline ${path}: ${error.message}`);
  }
}

/** Reads what the options name. @throws UsageError */
export function readGate(flags: GateFlags): Gate {
  const { gate, today } = flags;
  if (gate !== undefined && gate !== 'any' && gate !== 'new')
    throw new UsageError(`--gate ${gate}: expected any or new.`);
  if (gate === 'new' && flags.baseline === undefined)
    throw new UsageError(
      '--gate new: new against what? Name the findings.json of an earlier run with --baseline.',
    );
  if (today !== undefined && !isDate(today))
    throw new UsageError(`--today ${today}: expected a day as YYYY-MM-DD.`);
  const baseline = flags.baseline === undefined ? null : readBaseline(flags.baseline);
  const { suppressions: path } = flags;
  return {
    baseline,
    mode: gate ?? (baseline === null ? 'any' : 'new'),
    suppressions:
      path === undefined ? null : { path, text: readText('--suppressions', path, MAX_SUPPRESSIONS_BYTES) },
    today: today ?? new Date().toISOString().slice(0, 10),
  };
}

/** Applies the baseline and the suppressions. @throws UsageError for a suppression of a rule that does not exist */
export async function applyGateTo(analysis: Analysis, gate: Gate): Promise<Analysis> {
  const { baseline, mode, suppressions, today } = gate;
  if (!suppressions) return applyGate(analysis, { baseline, gate: mode, suppressions, today });
  // Imported when needed: it brings all of YAML.
  const { parseSuppressions } = await import('./suppressions-file.ts');
  const { path, text } = suppressions;
  // The rules that ran, built in and checks in SQL alike.
  const rules = new Set(rowsOf(analysis.ruleCoverage).map((row) => row.rule));
  const list = parseSuppressions(path, text, rules);
  return applyGate(analysis, { baseline, gate: mode, suppressions: { source: path, list }, today });
}
