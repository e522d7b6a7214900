import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { DuckDBValue } from '@duckdb/node-api';
import { type Answer, ask } from './answer.ts';
import type { Engine } from './engine.ts';
import { parseHeader } from './header.ts';
import { QueryError } from './query-error.ts';

export type CheckSeverity = 'error' | 'warning' | 'note';

/** A rule that a user wrote in SQL: each row of its answer is a violation. */
export interface Check {
  /** Where it was read from, for messages. */
  readonly path: string;
  readonly id: string;
  /** File name without its endings. */
  readonly name: string;
  readonly title: string;
  readonly severity: CheckSeverity;
  /** Why a violation matters. */
  readonly why: string;
  readonly sql: string;
}

export interface Violation {
  readonly function: string | null;
  readonly timeNs: bigint | null;
  readonly message: string;
}

export interface CheckResult {
  readonly check: Check;
  readonly violations: readonly Violation[];
  /** Violations beyond `MAX_VIOLATIONS`, which are counted only. */
  readonly more: number;
}

/** A check that cannot be used: its file, its SQL, or its answer breaks the rules. */
export class CheckError extends Error {
  override name = 'CheckError';
}

const ENDING = '.check.sql';
/** Violations of one check that are kept; a check that gives more is wrong about what is normal. */
const MAX_VIOLATIONS = 1000;
const KEYS = ['id', 'title', 'severity', 'why'];
const COLUMNS = ['function', 'time_ns', 'message'];

function isSeverity(text: string): text is CheckSeverity {
  return text === 'error' || text === 'warning' || text === 'note';
}

/** Reads a check. @throws CheckError for a header that breaks the rules */
export function parseCheck(path: string, text: string): Check {
  const fail = (message: string): never => {
    throw new CheckError(`${path}: ${message}.`);
  };
  let single: ReadonlyMap<string, string>;
  try {
    ({ single } = parseHeader(text, KEYS));
  } catch (error) {
    return fail((error as Error).message);
  }
  const missing = KEYS.filter((key) => !single.has(key));
  if (missing.length > 0)
    fail(`the header has no ${missing.join(', no ')}; it begins with lines like "-- id: SITE001"`);
  const [id, title, severity, why] = KEYS.map((key) => single.get(key) as string);
  if (!/^[A-Z][A-Z0-9_-]{2,31}$/.test(id)) fail(`the id "${id}" should be capitals and digits, e.g. SITE001`);
  if (/^ATS\d/.test(id))
    fail(`the id ${id} is one of the built-in rules; choose another prefix, e.g. SITE001`);
  if (!isSeverity(severity)) return fail(`severity "${severity}": expected error, warning or note`);
  return { path, id, name: basename(path, ENDING), title, severity, why, sql: text };
}

/** Reads every `*.check.sql` of a directory, in the order of their ids. @throws CheckError */
export function loadChecks(directory: string): Check[] {
  let names: string[];
  try {
    names = readdirSync(directory).filter((name) => name.endsWith(ENDING));
  } catch (error) {
    throw new CheckError(`${directory}: cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  if (names.length === 0) throw new CheckError(`${directory}: has no file *${ENDING}.`);
  const checks = names
    .sort()
    .map((name) => parseCheck(join(directory, name), readFileSync(join(directory, name), 'utf8')));
  const byId = new Map<string, Check>();
  for (const check of checks) {
    const other = byId.get(check.id);
    if (other) throw new CheckError(`${check.path}: has the id ${check.id} of ${other.path}.`);
    byId.set(check.id, check);
  }
  return checks.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The positions of the three columns. @throws CheckError for a column too many, missing, or of another type */
function columnsOf(check: Check, answer: Answer): number[] {
  const names = answer.columns.map((column) => column.name);
  const unknown = names.filter((name) => !COLUMNS.includes(name));
  const missing = COLUMNS.filter((name) => !names.includes(name));
  if (unknown.length > 0 || missing.length > 0) {
    const found = names.length > 0 ? names.join(', ') : 'none';
    throw new CheckError(`${check.path}: expected the columns ${COLUMNS.join(', ')}; found ${found}.`);
  }
  const at = COLUMNS.map((name) => names.indexOf(name));
  const time = String(answer.columns[at[1]].type);
  if (!/^U?(TINY|SMALL|BIG)?INT(EGER)?$|^"?NULL"?$|^SQLNULL$/.test(time))
    throw new CheckError(`${check.path}: time_ns is ${time}; expected an integer of nanoseconds.`);
  return at;
}

function violationOf(values: readonly DuckDBValue[]): Violation {
  const [address, time, message] = values;
  return {
    function: address === null ? null : String(address),
    timeNs: time === null ? null : BigInt(time as number | bigint),
    message: message === null ? '' : String(message),
  };
}

function byPlace(a: Violation, b: Violation): number {
  const [left, right] = [a, b].map(({ timeNs }) => timeNs ?? -1n);
  if (left !== right) return left < right ? -1 : 1;
  const [x, y] = [a, b].map((one) => `${one.function ?? ''}\n${one.message}`);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Runs one check under all safeguards. @throws CheckError for SQL or columns that are wrong, or a limit */
export async function runCheck(engine: Engine, check: Check, timeLimit: number): Promise<CheckResult> {
  try {
    return await ask(engine, check.sql, { timeLimit }, async (answer) => {
      const at = columnsOf(check, answer);
      const violations: Violation[] = [];
      let more = 0;
      for await (const chunk of answer.chunks) {
        const columns = at.map((index) => chunk.getColumnValues(index));
        for (let row = 0; row < chunk.rowCount; row++) {
          if (violations.length >= MAX_VIOLATIONS) more++;
          else violations.push(violationOf(columns.map((values) => values[row])));
        }
      }
      return { check, violations: violations.sort(byPlace), more };
    });
  } catch (error) {
    if (error instanceof QueryError) throw new CheckError(`${check.path}: ${error.message}`);
    throw error;
  }
}
