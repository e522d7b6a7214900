import type { DuckDBValue } from '@duckdb/node-api';
import { type AskOptions, ask } from '../../queries/answer.ts';
import { namedQuery } from '../../queries/catalog.ts';
import type { Engine } from '../../queries/engine.ts';
import { QueryError } from '../../queries/query-error.ts';
import { splitStatements, type Token } from '../../queries/statements.ts';
import { isNumeric } from '../../queries/values.ts';
import { compose, neededBy, QueryReferenceError } from './compose.ts';
import { DefinitionError, type ReportDefinition } from './definition.ts';

export type Parameters = Readonly<Record<string, DuckDBValue>>;

/** A row of an answer, by column. */
export type Row = Readonly<Record<string, DuckDBValue>>;

/** What a query of a report gave. */
export interface Answer {
  readonly columns: readonly { readonly name: string; readonly numeric: boolean }[];
  /** At most `MAX_ROWS` of them. */
  readonly rows: readonly Row[];
  /** How many there are. */
  readonly total: number;
}

/** Rows of one answer that are kept: more than any part of a page shows. */
export const MAX_ROWS = 20_000;

/** Parameters that a statement has, in DuckDB's syntax. */
export function parametersOf(sql: string): string[] {
  const { rest } = splitStatements(sql);
  const names = rest.tokens
    .filter((token, index) => token.kind === 'word' && isDollar(rest.tokens[index - 1], token))
    .map((token) => token.text);
  return [...new Set(names)];
}

function isDollar(before: Token | undefined, word: Token): boolean {
  return before?.text === '$' && before.end === word.start;
}

/** Values that queries of the catalogue have for their parameters when none is given. */
export function fallbacksOf(definition: ReportDefinition, name: string): Map<string, DuckDBValue> {
  const values = new Map<string, DuckDBValue>();
  for (const used of [...neededBy(definition, name), name]) {
    if (definition.queries.has(used)) continue;
    for (const { name: parameter, fallback } of namedQuery(used).parameters)
      if (fallback !== undefined)
        values.set(parameter, Number.isNaN(Number(fallback)) ? fallback : Number(fallback));
  }
  return values;
}

/** The line of the definition that an error of DuckDB is about. */
export function lineOf(message: string, first: number, linesBefore: number): number {
  const at = Number(/^LINE (\d+):/m.exec(message)?.[1] ?? linesBefore + 1);
  return first + Math.max(0, at - 1 - linesBefore);
}

/** The first line of what DuckDB says, and what it suggests. */
export function briefly(message: string): string {
  const [first, ...rest] = message.split('\n').filter((line) => line.trim() !== '');
  const hints = rest.filter((line) => /^(Did you mean|Candidate)/i.test(line.trim()));
  return [first, ...hints.slice(0, 1)].map((line) => line.replace(/[.!]+$/, '')).join('. ');
}

/** Answers the queries of a definition, each once for each set of parameters. */
export class Answers {
  private readonly known = new Map<string, Promise<Answer>>();
  private readonly engine: Engine;
  private readonly definition: ReportDefinition;
  private readonly limits: Pick<AskOptions, 'timeLimit' | 'signal'>;
  /** Queries that were asked, in the order of their first use. */
  readonly asked: string[] = [];

  constructor(
    engine: Engine,
    definition: ReportDefinition,
    limits: Pick<AskOptions, 'timeLimit' | 'signal'> = {},
  ) {
    this.engine = engine;
    this.definition = definition;
    this.limits = limits;
  }

  /** @throws DefinitionError that names the line of the query, for SQL that is wrong, refused or over its limits. */
  of(name: string, parameters: Parameters = {}): Promise<Answer> {
    const key = JSON.stringify([name, parameters], (_, value) =>
      typeof value === 'bigint' ? `${value}n` : value,
    );
    let answer = this.known.get(key);
    if (!answer) {
      if (!this.asked.includes(name)) this.asked.push(name);
      answer = this.ask(name, parameters);
      this.known.set(key, answer);
    }
    return answer;
  }

  private async ask(name: string, given: Parameters): Promise<Answer> {
    const { definition } = this;
    const first = definition.queries.get(name)?.line ?? 1;
    let linesBefore = 0;
    try {
      const composed = compose(definition, name);
      linesBefore = composed.linesBefore;
      const wanted = parametersOf(composed.sql);
      const all: Record<string, DuckDBValue> = {
        ...Object.fromEntries(fallbacksOf(definition, name)),
        ...Object.fromEntries(definition.parameters),
        ...given,
      };
      const parameters = Object.fromEntries(
        Object.entries(all).filter(([parameter]) => wanted.includes(parameter)),
      );
      return await ask(
        this.engine,
        composed.sql,
        { ...this.limits, parameters },
        async ({ columns, chunks }) => {
          const rows: Row[] = [];
          let total = 0;
          for await (const chunk of chunks) {
            total += chunk.rowCount;
            const kept = Math.min(chunk.rowCount, MAX_ROWS - rows.length);
            if (kept <= 0) continue;
            const values = columns.map((_, index) => chunk.getColumnValues(index));
            for (let row = 0; row < kept; row++)
              rows.push(
                Object.fromEntries(columns.map((column, index) => [column.name, values[index][row]])),
              );
          }
          return {
            columns: columns.map((column) => ({ name: column.name, numeric: isNumeric(column.type) })),
            rows,
            total,
          };
        },
      );
    } catch (error) {
      if (error instanceof QueryReferenceError)
        throw new DefinitionError(definition.path, [
          {
            line: definition.queries.get(error.query)?.line ?? 1,
            message: `query ${error.query}: ${error.message}`,
          },
        ]);
      if (!(error instanceof QueryError)) throw error;
      const line = lineOf(error.message, first, linesBefore);
      throw new DefinitionError(definition.path, [
        { line, message: `query ${name}: ${briefly(error.message)}` },
      ]);
    }
  }
}
