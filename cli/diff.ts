import { isWorse } from '../model/gate/compare.ts';
import { type Difference, difference } from '../model/gate/difference.ts';
import { reaches } from '../model/verdict.ts';
import { diffHtml } from '../reports/diff/html.ts';
import { diffJson } from '../reports/diff/json.ts';
import { diffText } from '../reports/diff/text.ts';
import { PLAIN } from '../reports/palette.ts';
import { withoutCommands } from '../reports/visible.ts';
import { diffSide } from './diff-sides.ts';
import { EXIT, UsageError } from './exit-codes.ts';
import type { InputFlags } from './inputs.ts';
import { paletteFor, widthOf } from './terminal.ts';
import { TOOL } from './version.ts';
import { writeFiles } from './write-files.ts';

export interface DiffFlags extends InputFlags {
  readonly out?: string;
  readonly format?: string;
  readonly json?: boolean;
  readonly failOn: string;
  readonly strict?: boolean;
}

const FORMS = ['text', 'json', 'html'];
const GATES = ['error', 'warning', 'never'];

/** Runs `atscope diff` and returns the exit code. Output is complete before it returns. @throws UsageError, InputError */
export async function runDiff(before: string, after: string, flags: DiffFlags): Promise<number> {
  const format = flags.json ? 'json' : (flags.format ?? 'text');
  if (!FORMS.includes(format))
    throw new UsageError(`--format ${format}: expected one of ${FORMS.join(', ')}.`);
  if (!GATES.includes(flags.failOn))
    throw new UsageError(`--fail-on ${flags.failOn}: expected one of ${GATES.join(', ')}.`);
  if (before === '-' && after === '-') throw new UsageError('standard input can be one side only.');
  const gate = flags.failOn === 'warning' ? 'warning' : 'error';
  const diff = difference(await diffSide(before, flags), await diffSide(after, flags));
  const worse = diff.findings.filter((row) => isWorse(row) && reaches(row.severity ?? 'note', gate)).length;

  const json = `${JSON.stringify(diffJson(diff, TOOL), null, 2)}\n`;
  const page = () => diffHtml(diff, TOOL, worse);
  if (flags.out !== undefined) {
    const files = new Map([
      ['diff.html', page()],
      ['diff.json', json],
      ['diff.txt', diffText(diff, PLAIN, 100)],
    ]);
    const written = writeFiles(flags.out, files);
    if (format === 'text') process.stderr.write(`Written: ${written.join(', ')}\n`);
  }
  if (format === 'json') process.stdout.write(json);
  else if (format === 'html') process.stdout.write(page());
  else
    process.stdout.write(
      withoutCommands(diffText(diff, paletteFor(process.stdout), widthOf(process.stdout))),
    );

  if (worse > 0 && flags.failOn !== 'never') return EXIT.findings;
  return flags.strict && isOpen(diff, gate) ? EXIT.inconclusive : EXIT.ok;
}

/** True when the second side cannot show that it is no worse. */
function isOpen(diff: Difference, gate: 'error' | 'warning'): boolean {
  return (
    diff.after.gaps.length > 0 ||
    diff.findings.some(
      (row) => row.status === 'not_evaluated' && reaches(row.baseline_severity ?? 'note', gate),
    )
  );
}
