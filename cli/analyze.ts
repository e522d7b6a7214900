import { resolve } from 'node:path';
import { quote } from '../ingest/quote.ts';
import { readInputs } from '../ingest/read.ts';
import type { Analysis } from '../model/analysis.ts';
import { analyze } from '../model/analyze.ts';
import { PROFILES, profileById } from '../model/features.ts';
import { modelWants } from '../model/lift/ftrace.ts';
import { findingsJson, htmlReport, summaryMarkdown, summaryText } from '../reports/index.ts';
import { rowAt } from '../tables/index.ts';
import { EXIT, UsageError } from './exit-codes.ts';
import { Progress, paletteFor, widthOf } from './terminal.ts';
import { TOOL } from './version.ts';
import { writeFiles } from './write-files.ts';

export interface AnalyzeFlags {
  readonly out?: string;
  readonly features?: string;
  readonly failOn: string;
  readonly strict?: boolean;
  readonly json?: boolean;
  readonly format?: string;
}

const GATES = ['error', 'warning', 'never'];

/** Runs `atscope analyze` and returns the exit code. Output is complete before it returns. */
export async function runAnalyze(inputs: readonly string[], flags: AnalyzeFlags): Promise<number> {
  if (!GATES.includes(flags.failOn)) {
    throw new UsageError(`--fail-on ${flags.failOn}: expected one of ${GATES.join(', ')}.`);
  }
  const analysis = await analyzeInputs(inputs, flags);
  const written = flags.out === undefined ? [] : await writeReports(flags.out, analysis);
  if (flags.json) process.stdout.write(`${JSON.stringify(findingsJson(analysis), null, 2)}\n`);
  else {
    process.stdout.write(
      summaryText(analysis, paletteFor(process.stdout), { width: widthOf(process.stdout) }),
    );
    if (written.length > 0)
      process.stdout.write(`\nWritten: ${written.map((path) => resolve(path)).join('\n         ')}\n`);
  }
  return exitCode(analysis, flags);
}

async function analyzeInputs(inputs: readonly string[], flags: AnalyzeFlags): Promise<Analysis> {
  const profile = flags.features === undefined ? null : profileById(flags.features);
  if (flags.features !== undefined && !profile) {
    throw new UsageError(
      `--features ${flags.features}: no such profile; there are ${PROFILES.map((known) => known.id).join(', ')}.`,
    );
  }
  const progress = new Progress();
  const read = await readInputs(inputs, {
    needs: { wants: modelWants },
    format: flags.format,
    progress: (path, bytes, size) =>
      progress.show(`reading ${path} ${size > 0 ? Math.floor((bytes * 100) / size) : 0}%`),
  });
  try {
    return await analyze(read.recorded, {
      tool: TOOL,
      gate: flags.failOn === 'warning' ? 'warning' : 'error',
      profile: profile ? { profile, features: profile.features, why: 'named with --features' } : null,
      quote: (places) => quote(read, places),
    });
  } finally {
    progress.clear();
    read.close();
  }
}

async function writeReports(directory: string, analysis: Analysis): Promise<string[]> {
  return writeFiles(
    directory,
    new Map([
      ['report.html', await htmlReport(analysis)],
      ['findings.json', `${JSON.stringify(findingsJson(analysis), null, 2)}\n`],
      ['summary.md', summaryMarkdown(analysis)],
    ]),
  );
}

function exitCode(analysis: Analysis, flags: AnalyzeFlags): number {
  const { verdict } = rowAt(analysis.verdict, 0);
  if (verdict === 'fail') return flags.failOn === 'never' ? EXIT.ok : EXIT.findings;
  if (verdict === 'inconclusive' && flags.strict) return EXIT.inconclusive;
  return EXIT.ok;
}
