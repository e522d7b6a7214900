import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { openEmptyDatabase } from '../queries/database.ts';
import { DefinitionError, type ReportDefinition } from '../reports/definition/definition.ts';
import { parseDefinition } from '../reports/definition/parse.ts';
import { validateDefinition } from '../reports/definition/validate.ts';
import { builtInDefinition, builtInText, engineReport, getReadyFor } from '../reports/html.ts';
import { thousands } from '../reports/thousands.ts';
import { visible } from '../reports/visible.ts';
import { EXIT, UsageError } from './exit-codes.ts';
import { numberOf } from './query-inputs.ts';
import { writeWhole } from './query-output.ts';
import { freeParameters } from './query-parameters.ts';
import { openForQuery, type SourceFlags } from './query-source.ts';
import { paletteFor } from './terminal.ts';

export interface ReportFlags extends SourceFlags {
  readonly template?: string;
  readonly printTemplate?: boolean;
  readonly out?: string;
  readonly param: readonly string[];
  readonly timeLimit: string;
  readonly json?: boolean;
}

/** A page of this size still opens without a pause; above it, the command says so. */
const LARGE = 5_000_000;

function definitionAt(path: string): ReportDefinition {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'a directory' : message;
    throw new UsageError(`${path}: cannot read the report definition (${why}).`);
  }
  return parseDefinition(path, text);
}

/** Mistakes of a definition are mistakes of the user: every one with its line. */
async function orUsageError<T>(make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    throw error instanceof DefinitionError
      ? new UsageError(visible(error.message).replaceAll('\\x0a', '\n'))
      : error;
  }
}

/** The definition with the values that `--param` gives. @throws UsageError for a parameter that it does not declare. */
function withParameters(definition: ReportDefinition, list: readonly string[]): ReportDefinition {
  const parameters = new Map(definition.parameters);
  for (const [name, value] of Object.entries(freeParameters(list))) {
    if (!parameters.has(name)) {
      const known = [...parameters.keys()];
      throw new UsageError(
        `--param ${name}: the report has no such parameter; ${known.length > 0 ? `it has ${known.join(', ')}` : 'it has none'}.`,
      );
    }
    parameters.set(name, value as string | number | boolean | null);
  }
  return { ...definition, parameters };
}

/** Runs `atscope report`. @throws UsageError, InputError */
export async function runReport(inputs: readonly string[], flags: ReportFlags): Promise<void> {
  if (flags.printTemplate) {
    process.stdout.write(builtInText());
    return;
  }
  const { out } = flags;
  if (inputs.length === 0)
    throw new UsageError('report needs a database or recordings: atscope report INPUT... --out FILE.html');
  if (out === undefined) throw new UsageError('report needs --out FILE.html: where the page goes.');
  if (!existsSync(dirname(out)))
    throw new UsageError(`--out ${out}: the directory does not exist. Nothing was read or written.`);
  const timeLimit = numberOf('--time-limit', flags.timeLimit, 0);
  const page = await orUsageError(async () => {
    const definition = withParameters(
      flags.template === undefined ? builtInDefinition() : definitionAt(flags.template),
      flags.param,
    );
    // A page shows no docs of tables, and those take longer to load than the tables.
    const engine = await openForQuery(inputs, flags, [], {
      comments: false,
      meanwhile: () => getReadyFor(definition),
    });
    try {
      // Of the built-in one the tests know that it has no mistakes.
      if (flags.template !== undefined) await validateDefinition(engine, definition);
      return await engineReport(engine, { definition, timeLimit });
    } finally {
      engine.close();
    }
  });
  await writeWhole('--out', out, true, async (beside) => writeFileSync(beside, page));
  const bytes = Buffer.byteLength(page);
  if (flags.json) process.stdout.write(`${JSON.stringify({ report: out, bytes }, null, 2)}\n`);
  else process.stdout.write(`Written: ${out} (${thousands(Math.ceil(bytes / 1000))} kB)\n`);
  if (bytes > LARGE)
    process.stderr.write(
      `atscope: the page has ${(bytes / 1e6).toFixed(1)} MB: browsers take long to open it. Lower the limits of its tables.\n`,
    );
}

/** Runs `atscope report validate` and returns the exit code. @throws InputError */
export async function runValidate(
  file: string,
  inputs: readonly string[],
  flags: SourceFlags & { readonly json?: boolean },
): Promise<number> {
  let problems: DefinitionError['problems'] = [];
  let warnings: DefinitionError['problems'] = [];
  let definition: ReportDefinition | null = null;
  try {
    definition = definitionAt(file);
    const engine =
      inputs.length === 0 ? (await openEmptyDatabase()).engine : await openForQuery(inputs, flags, []);
    try {
      warnings = await validateDefinition(engine, definition);
    } finally {
      engine.close();
    }
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    problems = error.problems;
  }
  if (flags.json) {
    process.stdout.write(
      `${JSON.stringify({ file, valid: problems.length === 0, problems, warnings }, null, 2)}\n`,
    );
  } else if (problems.length > 0) {
    const { red } = paletteFor(process.stderr);
    for (const { line, message } of problems)
      process.stderr.write(`${visible(file)}:${line}: ${red('error:')} ${visible(message)}\n`);
  } else {
    const queries = definition?.queries.size ?? 0;
    const { yellow } = paletteFor(process.stderr);
    for (const { line, message } of warnings)
      process.stderr.write(`${visible(file)}:${line}: ${yellow('warning:')} ${visible(message)}\n`);
    process.stdout.write(`${file}: valid, ${queries} ${queries === 1 ? 'query' : 'queries'}\n`);
  }
  return problems.length === 0 ? EXIT.ok : EXIT.usage;
}
