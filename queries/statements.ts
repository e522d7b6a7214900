/** A piece of SQL: a word, a quoted name, a text literal, or one other character. */
export interface Token {
  readonly kind: 'word' | 'name' | 'text' | 'other';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** One statement, without its semicolon. */
export interface Statement {
  readonly text: string;
  readonly tokens: readonly Token[];
}

const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy;
const DOLLAR_TAG = /\$(?:[A-Za-z_][A-Za-z_0-9]*)?\$/y;

/** End of a quoted piece that begins at `start`; a doubled quote stands for itself. -1 where it never ends. */
function quotedEnd(sql: string, start: number, quote: string): number {
  for (let at = start + 1; at < sql.length; at++) {
    if (sql[at] !== quote) continue;
    if (sql[at + 1] === quote) at++;
    else return at + 1;
  }
  return -1;
}

/** End of `E'...'`, in which a backslash escapes. */
function escapedEnd(sql: string, start: number): number {
  for (let at = start + 1; at < sql.length; at++) {
    if (sql[at] === '\\') at++;
    else if (sql[at] === "'") {
      if (sql[at + 1] === "'") at++;
      else return at + 1;
    }
  }
  return -1;
}

/** End of a block comment; they nest. */
function commentEnd(sql: string, start: number): number {
  let depth = 0;
  for (let at = start; at < sql.length; at++) {
    if (sql.startsWith('/*', at)) {
      depth++;
      at++;
    } else if (sql.startsWith('*/', at)) {
      at++;
      if (--depth === 0) return at + 1;
    }
  }
  return -1;
}

function matchAt(pattern: RegExp, sql: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0] ?? null;
}

/** The token or comment at a place: its kind (null for comments) and end; end -1 where it never ends. */
function pieceAt(sql: string, at: number): { kind: Token['kind'] | null; end: number } {
  const character = sql[at];
  if (sql.startsWith('--', at)) {
    const end = sql.indexOf('\n', at);
    return { kind: null, end: end < 0 ? sql.length : end };
  }
  if (sql.startsWith('/*', at)) return { kind: null, end: commentEnd(sql, at) };
  if (character === "'") return { kind: 'text', end: quotedEnd(sql, at, "'") };
  if (character === '"') return { kind: 'name', end: quotedEnd(sql, at, '"') };
  if ((character === 'e' || character === 'E') && sql[at + 1] === "'")
    return { kind: 'text', end: escapedEnd(sql, at + 1) };
  const tag = matchAt(DOLLAR_TAG, sql, at);
  if (tag !== null) {
    const close = sql.indexOf(tag, at + tag.length);
    return { kind: 'text', end: close < 0 ? -1 : close + tag.length };
  }
  const word = matchAt(WORD, sql, at);
  if (word !== null) return { kind: 'word', end: at + word.length };
  return { kind: 'other', end: at + 1 };
}

/**
 * Splits SQL at semicolons outside of literals and comments, as DuckDB does. `rest` is what stands after the last
 * semicolon: an unfinished statement while somebody types, the last statement of a file. `open` says that it ends inside
 * of a literal or comment.
 */
export function splitStatements(sql: string): { statements: Statement[]; rest: Statement; open: boolean } {
  const statements: Statement[] = [];
  let tokens: Token[] = [];
  let start = 0;
  let open = false;
  for (let at = 0; at < sql.length; ) {
    if (sql[at] === ';') {
      if (tokens.length > 0) statements.push({ text: sql.slice(start, at).trim(), tokens });
      tokens = [];
      start = ++at;
      continue;
    }
    if (/\s/.test(sql[at])) {
      at++;
      continue;
    }
    const { kind, end } = pieceAt(sql, at);
    open = end < 0;
    const stop = open ? sql.length : end;
    if (kind !== null) tokens.push({ kind, text: sql.slice(at, stop), start: at, end: stop });
    at = stop;
  }
  return { statements, rest: { text: sql.slice(start).trim(), tokens }, open };
}
