import { resolve } from 'node:path';
import type { Analysis } from '../model/analysis.ts';
import { findingsJson, htmlReport, summaryMarkdown, summaryText, whatIfText } from '../reports/index.ts';
import { rowAt } from '../tables/index.ts';
import { EXIT, UsageError } from './exit-codes.ts';
import { analyzeInputs, type InputFlags } from './inputs.ts';
import { paletteFor, widthOf } from './terminal.ts';
import { writeFiles } from './write-files.ts';

export interface AnalyzeFlags extends InputFlags {
  readonly out?: string;
  readonly failOn: string;
  readonly strict?: boolean;
  readonly json?: boolean;
}

const GATES = ['error', 'warning', 'never'];

/** Runs `atscope analyze` and returns the exit code. Output is complete before it returns. */
export async function runAnalyze(inputs: readonly string[], flags: AnalyzeFlags): Promise<number> {
  if (!GATES.includes(flags.failOn)) {
    throw new UsageError(`--fail-on ${flags.failOn}: expected one of ${GATES.join(', ')}.`);
  }
  const analysis = await analyzeInputs(inputs, flags, flags.failOn === 'warning' ? 'warning' : 'error');
  const written = flags.out === undefined ? [] : await writeReports(flags.out, analysis);
  if (flags.json) process.stdout.write(`${JSON.stringify(findingsJson(analysis), null, 2)}\n`);
  else {
    const palette = paletteFor(process.stdout);
    const width = widthOf(process.stdout);
    process.stdout.write(summaryText(analysis, palette, { width }));
    if (flags.under !== undefined) process.stdout.write(whatIfText(analysis, flags.under, palette, width));
    if (written.length > 0) {
      process.stdout.write(`\nWritten: ${written.map((path) => resolve(path)).join('\n         ')}\n`);
    }
  }
  return exitCode(analysis, flags);
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
