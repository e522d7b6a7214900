import { readFileSync } from 'node:fs';
import { namedQuery, QUERY_NAMES } from '../queries/catalog.ts';
import { UsageError } from './exit-codes.ts';
import { namedParameters, type Parameters } from './query-parameters.ts';

/** What a dot command leads to. */
export type ShellAction =
  | { readonly kind: 'print'; readonly text: string }
  | { readonly kind: 'ask'; readonly sql: string; readonly parameters: Parameters }
  /** SQL of a file: statements one after the other. */
  | { readonly kind: 'script'; readonly sql: string }
  | { readonly kind: 'quit' };

const HELP: readonly (readonly [string, string])[] = [
  ['.tables', 'tables and views'],
  ['.describe NAME', 'columns of one'],
  ['.queries', 'queries of the catalogue'],
  ['.run NAME [k=v ...]', 'run one of them'],
  ['.read FILE', 'run the SQL of a file'],
  ['.help', 'this text'],
  ['.quit', 'leave; Ctrl-D does too'],
];

export const COMMANDS: readonly string[] = HELP.map(([usage]) => usage.split(' ')[0]);

const TABLES_SQL = `
  SELECT table_schema AS "schema", table_name AS name, lower(table_type) AS kind
  FROM information_schema.tables
  WHERE table_schema <> 'timeline'
  ORDER BY ALL`;

function helpText(): string {
  const lines = HELP.map(([usage, what]) => `  ${usage.padEnd(22)}${what}`);
  return [
    'SQL ends with a semicolon and may take many lines. Tab completes, Ctrl-C cancels.',
    ...lines,
    '',
  ].join('\n');
}

function quoted(name: string): string {
  return name
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.');
}

function scriptOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`.read ${path}: cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

function runNamed(name: string, pairs: readonly string[]): ShellAction {
  if (!QUERY_NAMES.includes(name)) throw new UsageError(`.run ${name}: no such query; .queries lists them.`);
  const query = namedQuery(name);
  return { kind: 'ask', sql: query.sql, parameters: namedParameters(query.parameters, pairs) };
}

/** What a line that begins with a dot asks for. @throws UsageError */
export function shellAction(line: string): ShellAction {
  const [command, ...words] = line.trim().split(/\s+/);
  const argument = line.trim().slice(command.length).trim();
  const ask = (sql: string): ShellAction => ({ kind: 'ask', sql, parameters: {} });
  switch (command) {
    case '.tables':
      return ask(TABLES_SQL);
    case '.describe':
      if (argument === '') throw new UsageError('.describe needs a name, e.g. .describe findings.');
      return ask(`DESCRIBE ${quoted(argument)}`);
    case '.queries':
      return {
        kind: 'print',
        text: QUERY_NAMES.map((name) => `${name.padEnd(24)}${namedQuery(name).title}\n`).join(''),
      };
    case '.run':
      return runNamed(words[0] ?? '', words.slice(1));
    case '.read':
      return { kind: 'script', sql: scriptOf(argument) };
    case '.help':
      return { kind: 'print', text: helpText() };
    case '.quit':
    case '.exit':
      return { kind: 'quit' };
    default:
      throw new UsageError(`${command}: no such command; .help lists them.`);
  }
}
