import { readFileSync } from 'node:fs';
import { namedQuery, QUERY_NAMES } from '../queries/catalog.ts';
import { describeItem } from '../queries/describe.ts';
import { columnComment, quoteText } from '../tables/ddl.ts';
import { EVENT_COLUMNS } from '../tables/index.ts';
import { UsageError } from './exit-codes.ts';
import { namedParameters, type Parameters } from './query-parameters.ts';
import { itemText } from './schema.ts';

/** What a dot command leads to. */
export type ShellAction =
  | { readonly kind: 'print'; readonly text: string }
  /** `whenEmpty` is told instead of an answer without rows. */
  | {
      readonly kind: 'ask';
      readonly sql: string;
      readonly parameters: Parameters;
      readonly whenEmpty?: string;
    }
  /** SQL of a file: statements one after the other. */
  | { readonly kind: 'script'; readonly sql: string }
  | { readonly kind: 'quit' };

const HELP: readonly (readonly [string, string])[] = [
  ['.tables', 'tables and views'],
  ['.describe NAME', 'columns of one, or a macro, with types and docs'],
  ['.queries', 'queries of the catalogue'],
  ['.run NAME [k=v ...]', 'run one of them'],
  ['.read FILE', 'run the SQL of a file'],
  ['.help', 'this text'],
  ['.quit', 'leave; Ctrl-D does too'],
];

export const COMMANDS: readonly string[] = HELP.map(([usage]) => usage.split(' ')[0]);

const TABLES_SQL = `
  SELECT if(schema_name = 'main', '', schema_name || '.') || name AS name, kind, doc
  FROM (
    SELECT schema_name, table_name AS name, 'table' AS kind, comment AS doc FROM duckdb_tables() WHERE NOT internal
    UNION ALL
    SELECT schema_name, view_name, 'view', comment FROM duckdb_views() WHERE NOT internal
  )
  WHERE schema_name <> 'timeline'
  ORDER BY schema_name <> 'main', name`;

/** Columns of a table that only this recording has: a kind of trace event, or one that its user made. */
const COLUMNS_SQL = `
  SELECT column_name AS "column", data_type AS type, coalesce(comment, common.doc) AS doc
  FROM duckdb_columns()
  LEFT JOIN (
    VALUES ${EVENT_COLUMNS.map((column) => `(${quoteText(column.name)}, ${quoteText(columnComment(column))})`).join(', ')}
  ) common (name, doc) ON schema_name = 'ftrace' AND column_name = common.name
  WHERE NOT internal AND lower($name) IN (lower(table_name), lower(schema_name || '.' || table_name))
  ORDER BY schema_name, table_name, column_index`;

function helpText(): string {
  const lines = HELP.map(([usage, what]) => `  ${usage.padEnd(22)}${what}`);
  return [
    'SQL ends with a semicolon and may take many lines. Tab completes, Ctrl-C cancels.',
    ...lines,
    '',
  ].join('\n');
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

function describe(name: string): ShellAction {
  const known = describeItem(name);
  if (known && known.kind !== 'event tables') return { kind: 'print', text: itemText(known) };
  const whenEmpty = `.describe ${name}: no such table, view or macro; .tables lists tables and views.`;
  return { kind: 'ask', sql: COLUMNS_SQL, parameters: { name: name.replaceAll('"', '') }, whenEmpty };
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
      return describe(argument);
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
