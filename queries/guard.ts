import { QueryError } from './query-error.ts';
import { type Statement, splitStatements } from './statements.ts';

/** Words that begin a statement which only reads. */
const READING = new Set([
  'SELECT',
  'WITH',
  'FROM',
  'VALUES',
  'TABLE',
  'DESCRIBE',
  'DESC',
  'SHOW',
  'SUMMARIZE',
  'PIVOT',
  'UNPIVOT',
  'EXPLAIN',
]);

/** Functions that run other SQL or change how the engine behaves although they are called from a SELECT. */
const REFUSED_FUNCTIONS = new Set([
  'query',
  'json_execute_serialized_sql',
  'enable_logging',
  'disable_logging',
  'truncate_duckdb_logs',
  'enable_profiling',
  'disable_profiling',
  'checkpoint',
  'force_checkpoint',
  'write_log',
]);

/** Never allowed, not even with files open: they reach the network, load code, or move the limits. */
const NEVER = new Set(['INSTALL', 'LOAD', 'UPDATE EXTENSIONS', 'SET', 'RESET', 'PRAGMA', 'CALL']);

const REASONS: Readonly<Record<string, string>> = {
  COPY: 'it reads and writes files; use --out FILE, or --allow-files',
  EXPORT: 'it writes files; use --allow-files',
  IMPORT: 'it reads files; use --allow-files',
  ATTACH: 'it opens files; use --allow-files',
  INSTALL: 'extensions are never installed',
  LOAD: 'extensions are never loaded',
  PRAGMA: 'settings are fixed; DESCRIBE, SHOW TABLES and SUMMARIZE tell about tables',
  SET: 'settings are fixed; see --memory, --threads and --time-limit',
  RESET: 'settings are fixed; see --memory, --threads and --time-limit',
  CALL: 'use SELECT',
};

function leadingWord(statement: Statement): string {
  const first = statement.tokens.find((token) => token.text !== '(');
  return first?.kind === 'word' ? first.text.toUpperCase() : '';
}

/** Whether a statement only reads. */
export function readsOnly(statement: Statement): boolean {
  return READING.has(leadingWord(statement));
}

/** EXPLAIN ANALYZE runs what it explains, so the statement behind it counts too. */
function explained(statement: Statement): Statement | null {
  const words = statement.tokens;
  let at = 1;
  if (words[at]?.text.toUpperCase() === 'ANALYZE') at++;
  if (words[at]?.text === '(') at = words.findIndex((token) => token.text === ')') + 1;
  return at < words.length ? { text: '', tokens: words.slice(at) } : null;
}

/** Words that begin a statement which does not read and has no reason of its own. */
const WRITING = new Set(
  'ALTER ANALYZE BEGIN CHECKPOINT COMMENT COMMIT CREATE DEALLOCATE DELETE DETACH DROP EXECUTE INSERT MERGE PREPARE ROLLBACK TRUNCATE UPDATE USE VACUUM'.split(
    ' ',
  ),
);

function refuse(word: string): never {
  if (word !== '' && !WRITING.has(word) && !(word in REASONS)) {
    throw new QueryError(
      'sql',
      `${word} begins no statement. Those that read begin with SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE, PIVOT or EXPLAIN.`,
    );
  }
  throw new QueryError(
    'refused',
    `${word || 'this statement'} is not allowed: ${REASONS[word] ?? 'only statements that read tables are'}.`,
  );
}

/** @throws QueryError for a call of a function that does more than compute. */
function checkFunctions(statement: Statement): void {
  const { tokens } = statement;
  for (let i = 0; i + 1 < tokens.length; i++) {
    if (tokens[i + 1].text !== '(' || (tokens[i].kind !== 'word' && tokens[i].kind !== 'name')) continue;
    const name = tokens[i].text.replaceAll('"', '').toLowerCase();
    if (REFUSED_FUNCTIONS.has(name)) {
      throw new QueryError('refused', `the function ${name} is not allowed: only those that compute are.`);
    }
  }
}

/**
 * The one statement in SQL that users wrote. It is the first of two defences: the engine itself is locked as well.
 * With `allowFiles` statements that write are allowed too, but none that reach the network or change settings.
 * @throws QueryError for no statement, several, or one that is not allowed.
 */
export function guardStatement(sql: string, allowFiles = false): Statement {
  const { statements, rest, open } = splitStatements(sql);
  if (open) throw new QueryError('sql', 'the SQL ends inside of a quoted text, a quoted name or a comment.');
  if (rest.tokens.length > 0) statements.push(rest);
  if (statements.length !== 1) {
    throw new QueryError(
      statements.length === 0 ? 'sql' : 'refused',
      `expected one statement, found ${statements.length === 0 ? 'none' : statements.length}.`,
    );
  }
  const [statement] = statements;
  guard(statement, allowFiles);
  return statement;
}

function guard(statement: Statement, allowFiles: boolean): void {
  const word = leadingWord(statement);
  if (NEVER.has(word)) refuse(word);
  if (!allowFiles && !READING.has(word)) refuse(word);
  checkFunctions(statement);
  if (word === 'EXPLAIN') {
    const inner = explained(statement);
    if (inner) guard(inner, allowFiles);
  }
}
