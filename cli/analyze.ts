import type { Analysis } from '../model/analysis.ts';
import {
  findingsJson,
  htmlReport,
  junitXml,
  ktapText,
  sarifLog,
  summaryMarkdown,
  summaryText,
  whatIfText,
} from '../reports/index.ts';
import { rowAt } from '../tables/index.ts';
import { EXIT, UsageError } from './exit-codes.ts';
import { applyGateTo, type GateFlags, readGate } from './gate.ts';
import { analyzeInputs, type InputFlags } from './inputs.ts';
import { paletteFor, widthOf } from './terminal.ts';
import { writeFiles } from './write-files.ts';

export interface AnalyzeFlags extends InputFlags, GateFlags {
  readonly out?: string;
  readonly failOn: string;
  readonly strict?: boolean;
  readonly json?: boolean;
  readonly format: string;
  readonly checks?: string;
  readonly memory?: string;
  readonly timeLimit?: string;
}

/** What `--out` can write: the file of each form and how it is made. */
const FORMS: Readonly<
  Record<string, readonly [file: string, make: (analysis: Analysis) => string | Promise<string>]>
> = {
  html: ['report.html', htmlReport],
  json: ['findings.json', (analysis) => json(findingsJson(analysis))],
  markdown: ['summary.md', summaryMarkdown],
  junit: ['junit.xml', junitXml],
  sarif: ['atscope.sarif', (analysis) => json(sarifLog(analysis))],
  ktap: ['atscope.ktap', ktapText],
};

function json(data: unknown): string {
  return `${JSON.stringify(data, null, 2)}\n`;
}

/** The forms that `--format` names. @throws UsageError for one that does not exist. */
function formsOf(list: string): string[] {
  const names = list.split(',').filter((name) => name !== '');
  for (const name of names) {
    if (!(name in FORMS))
      throw new UsageError(`--format ${name}: expected some of ${Object.keys(FORMS).join(', ')}.`);
  }
  return names;
}

const GATES = ['error', 'warning', 'never'];

/** Runs `atscope analyze` and returns the exit code. Output is complete before it returns. */
export async function runAnalyze(inputs: readonly string[], flags: AnalyzeFlags): Promise<number> {
  if (!GATES.includes(flags.failOn)) {
    throw new UsageError(`--fail-on ${flags.failOn}: expected one of ${GATES.join(', ')}.`);
  }
  const forms = formsOf(flags.format);
  const gate = readGate(flags);
  const judged = await analyzeInputs(inputs, flags, flags.failOn === 'warning' ? 'warning' : 'error');
  const checked =
    flags.checks === undefined
      ? judged
      : await (await import('./query-checks.ts')).withChecks(judged, { ...flags, checks: flags.checks });
  const analysis = applyGateTo(checked, gate);
  const written = flags.out === undefined ? [] : await writeReports(flags.out, forms, analysis);
  if (flags.json) process.stdout.write(json(findingsJson(analysis)));
  else {
    const palette = paletteFor(process.stdout);
    const width = widthOf(process.stdout);
    process.stdout.write(summaryText(analysis, palette, { width }));
    if (flags.under !== undefined) process.stdout.write(whatIfText(analysis, flags.under, palette, width));
    if (written.length > 0) {
      process.stdout.write(`\nWritten: ${written.join('\n         ')}\n`);
    }
  }
  return exitCode(analysis, flags);
}

async function writeReports(
  directory: string,
  forms: readonly string[],
  analysis: Analysis,
): Promise<string[]> {
  const files = new Map<string, string>();
  for (const form of forms) {
    const [file, make] = FORMS[form];
    files.set(file, await make(analysis));
  }
  return writeFiles(directory, files);
}

function exitCode(analysis: Analysis, flags: AnalyzeFlags): number {
  const { verdict } = rowAt(analysis.verdict, 0);
  if (verdict === 'fail') return flags.failOn === 'never' ? EXIT.ok : EXIT.findings;
  if (verdict === 'inconclusive' && flags.strict) return EXIT.inconclusive;
  return EXIT.ok;
}
