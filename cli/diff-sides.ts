import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../ingest/input-error.ts';
import type { Analysis } from '../model/analysis.ts';
import type { ComparedCall } from '../model/gate/compare-calls.ts';
import type { DiffSide } from '../model/gate/difference.ts';
import { ruleStatuses, sideOf } from '../model/gate/side.ts';
import type { Engine } from '../queries/engine.ts';
import { FindingsFileError, MAX_FINDINGS_BYTES, readFindings } from '../reports/read-findings.ts';
import { rowAt, rowsOf } from '../tables/index.ts';
import { analyzeInputs, type InputFlags } from './inputs.ts';
import { isDatabase, orInputError } from './query-source.ts';

/** `a.txt,b.txt` as two files, unless there is a file of that very name. */
function filesOf(text: string): string[] {
  if (text === '-' || existsSync(text)) return [text];
  return text.split(',').filter((part) => part !== '');
}

/** True for a file that begins like one that `--json` or `--out` wrote. */
function isFindings(path: string): boolean {
  if (!existsSync(path) || !statSync(path).isFile()) return false;
  const head = Buffer.alloc(256);
  const fd = openSync(path, 'r');
  try {
    const text = head.toString('latin1', 0, readSync(fd, head, 0, head.length, 0));
    return /^\s*\{\s*"(schema|comparison|coverage)"\s*:/.test(text);
  } finally {
    closeSync(fd);
  }
}

/** A directory that `--out` wrote stands for its findings.json. @throws InputError for another directory */
function inDirectory(path: string): string {
  if (!existsSync(path) || !statSync(path).isDirectory()) return path;
  const file = join(path, 'findings.json');
  if (existsSync(file)) return file;
  throw new InputError(
    `${path}: is a directory without a findings.json. Name its recordings, joined by commas: ${join(path, 'trace.txt')},${join(path, 'dmesg.txt')}`,
  );
}

function fromFindings(path: string): DiffSide {
  if (statSync(path).size > MAX_FINDINGS_BYTES)
    throw new InputError(`${path}: is larger than ${MAX_FINDINGS_BYTES >> 20} MiB.`);
  try {
    const read = readFindings(readFileSync(path, 'utf8'));
    return { ...read, label: path, kind: 'findings.json', calls: null };
  } catch (error) {
    if (error instanceof FindingsFileError) throw new InputError(`${path}: ${error.message}`);
    throw error;
  }
}

function fromAnalysis(label: string, analysis: Analysis): DiffSide {
  const { verdict, sentence, profile } = rowAt(analysis.verdict, 0);
  return {
    ...sideOf(analysis),
    label,
    kind: 'recording',
    verdict,
    sentence,
    profile,
    kernels: [...new Set(rowsOf(analysis.sources).flatMap((row) => row.kernel_release ?? []))],
    features: new Map(
      rowsOf(analysis.features).map(({ feature, value, origin }) => [feature, { value, origin }]),
    ),
    calls: rowsOf(analysis.atsCalls),
  };
}

async function rows<Row>(engine: Engine, sql: string): Promise<Row[]> {
  return (await engine.connection.runAndReadAll(sql)).getRowObjectsJS() as Row[];
}

async function fromDatabase(label: string): Promise<DiffSide> {
  const { openSaved } = await import('../queries/saved.ts');
  const engine = await orInputError(openSaved(label, { memoryLimit: '1GB' }));
  try {
    const [{ verdict, sentence, profile }] = await rows<Pick<DiffSide, 'verdict' | 'sentence' | 'profile'>>(
      engine,
      'SELECT verdict, sentence, profile FROM verdict',
    );
    const features = await rows<{ feature: string; value: string; origin: string }>(
      engine,
      'SELECT feature, value, origin FROM features',
    );
    const names = await rows<{ function: string }>(engine, 'SELECT DISTINCT "function" FROM functions');
    const kernels = await rows<{ kernel_release: string }>(
      engine,
      'SELECT DISTINCT kernel_release FROM sources WHERE kernel_release IS NOT NULL ORDER BY 1',
    );
    const reasons = await rows<{ reason: string }>(
      engine,
      'SELECT reason FROM verdict_reasons WHERE decisive ORDER BY position',
    );
    return {
      label,
      kind: 'database',
      verdict,
      sentence,
      profile,
      kernels: kernels.map((row) => row.kernel_release),
      features: new Map(features.map(({ feature, ...value }) => [feature, value])),
      findings: await rows(
        engine,
        'SELECT finding, rule, name, severity, "function", message, signature FROM findings ORDER BY finding',
      ),
      rules: ruleStatuses(
        await rows(engine, 'SELECT rule, status, why FROM rule_coverage'),
        await rows(
          engine,
          'SELECT rule, "function", evaluations, unknown, why FROM rule_functions ORDER BY rule, fn',
        ),
      ),
      functions: new Set(names.map((row) => row.function)),
      gaps: reasons.map((row) => row.reason),
      calls: await rows<ComparedCall>(
        engine,
        'SELECT kind, "function", page_shift, result, warned FROM ats_calls ORDER BY call',
      ),
    };
  } finally {
    engine.close();
  }
}

/**
 * What one argument of `diff` names: a findings.json or the directory it stands in, a saved database, or recordings of one
 * boot, joined by commas.
 * @throws InputError, UsageError
 */
export async function diffSide(argument: string, flags: InputFlags): Promise<DiffSide> {
  const path = inDirectory(argument);
  if (isFindings(path)) return fromFindings(path);
  if (isDatabase(path)) return fromDatabase(path);
  return fromAnalysis(argument, await analyzeInputs(filesOf(path), flags));
}
