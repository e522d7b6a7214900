import type { Analysis } from '../model/analysis.ts';
import { FORM_NAMES, USUAL_FORMS } from '../reports/form-names.ts';
import { summaryText } from '../reports/summary-text.ts';
import { withoutCommands } from '../reports/visible.ts';
import { whatIfText } from '../reports/what-if-text.ts';
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
  readonly format?: string;
  readonly checks?: string;
  readonly memory?: string;
  readonly timeLimit?: string;
}

/** The forms that `--format` names. @throws UsageError for one that does not exist. */
function formsOf(list: string): Form[] {
  const names = [...new Set(list.split(',').map((name) => name.trim()))].filter((name) => name !== '');
  if (names.length === 0) throw new UsageError(`--format: expected some of ${FORM_IDS}.`);
  return names.map((name) => {
    const form = FORM_NAMES.find(({ id }) => id === name);
    if (!form) throw new UsageError(`--format ${name}: expected some of ${FORM_IDS}.`);
    return form;
  });
}

/** The one form that goes to standard output; null for the summary. @throws UsageError for several */
function printedForm(flags: AnalyzeFlags): Form | null {
  if (flags.json) return formsOf('json')[0];
  if (flags.format === undefined || flags.out !== undefined) return null;
  const forms = formsOf(flags.format);
  if (forms.length > 1)
    throw new UsageError(
      `--format ${flags.format}: several forms need a directory (--out DIR); without one, one form is printed.`,
    );
  return forms[0];
}

type Form = (typeof FORM_NAMES)[number];

const FORM_IDS = FORM_NAMES.map(({ id }) => id).join(', ');
const GATES = ['error', 'warning', 'never'];

/** Runs `atscope analyze` and returns the exit code. Output is complete before it returns. */
export async function runAnalyze(inputs: readonly string[], flags: AnalyzeFlags): Promise<number> {
  if (!GATES.includes(flags.failOn)) {
    throw new UsageError(`--fail-on ${flags.failOn}: expected one of ${GATES.join(', ')}.`);
  }
  const forms = formsOf(flags.format ?? USUAL_FORMS);
  const printed = printedForm(flags);
  const gate = readGate(flags);
  const judged = await analyzeInputs(inputs, flags, flags.failOn === 'warning' ? 'warning' : 'error');
  const checked =
    flags.checks === undefined
      ? judged
      : await (await import('./query-checks.ts')).withChecks(judged, { ...flags, checks: flags.checks });
  const analysis = await applyGateTo(checked, gate);
  const written = flags.out === undefined ? [] : await writeReports(flags.out, forms, analysis);
  if (printed) {
    const text = await (await makers())[printed.files[0]](analysis);
    process.stdout.write(printed.id === 'ktap' ? withoutCommands(text) : text);
  } else {
    const palette = paletteFor(process.stdout);
    const width = widthOf(process.stdout);
    const summary = summaryText(analysis, palette, { width });
    const whatIf = flags.under === undefined ? '' : whatIfText(analysis, flags.under, palette, width);
    process.stdout.write(withoutCommands(summary + whatIf));
    if (written.length > 0) {
      process.stdout.write(`\nWritten: ${written.join('\n         ')}\n`);
    }
  }
  return exitCode(analysis, flags);
}

/** The makers of all forms: a third of the program, which a summary in the terminal does without. */
async function makers() {
  return (await import('../reports/forms.ts')).MAKERS;
}

async function writeReports(
  directory: string,
  forms: readonly Form[],
  analysis: Analysis,
): Promise<string[]> {
  const make = await makers();
  const files = new Map<string, string>();
  for (const form of forms) {
    for (const name of form.files) files.set(name, await make[name](analysis));
  }
  return writeFiles(directory, files);
}

function exitCode(analysis: Analysis, flags: AnalyzeFlags): number {
  const { verdict } = rowAt(analysis.verdict, 0);
  if (verdict === 'fail') return flags.failOn === 'never' ? EXIT.ok : EXIT.findings;
  if (verdict === 'inconclusive' && flags.strict) return EXIT.inconclusive;
  return EXIT.ok;
}
