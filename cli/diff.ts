import { difference, outcomeOf } from '../model/gate/difference.ts';
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
  const outcome = outcomeOf(diff, gate);

  const json = `${JSON.stringify(diffJson(diff, outcome, TOOL), null, 2)}\n`;
  const page = () => diffHtml(diff, outcome, TOOL);
  if (flags.out !== undefined) {
    const files = new Map([
      ['diff.html', page()],
      ['diff.json', json],
      ['diff.txt', diffText(diff, outcome, PLAIN, 100)],
    ]);
    const written = writeFiles(flags.out, files);
    if (format === 'text') process.stderr.write(`Written: ${written.join(', ')}\n`);
  }
  if (format === 'json') process.stdout.write(json);
  else if (format === 'html') process.stdout.write(page());
  else
    process.stdout.write(
      withoutCommands(diffText(diff, outcome, paletteFor(process.stdout), widthOf(process.stdout))),
    );

  if (outcome === 'worse' && flags.failOn !== 'never') return EXIT.findings;
  return outcome === 'inconclusive' && flags.strict ? EXIT.inconclusive : EXIT.ok;
}
