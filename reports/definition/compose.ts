import { namedQuery, QUERY_NAMES } from '../../queries/catalog.ts';
import { splitStatements } from '../../queries/statements.ts';
import type { ReportDefinition } from './definition.ts';

const REFERENCE = /\{\{\s*([A-Za-z_][\w-]*)\s*\}\}/g;

/** A query as the engine runs it: those it refers to stand before it. */
export interface ComposedQuery {
  readonly sql: string;
  /** Lines that stand before its own text; negative where blank lines of it were left out. */
  readonly linesBefore: number;
}

/** A mistake in how queries refer to each other. */
export class QueryReferenceError extends Error {
  override name = 'QueryReferenceError';
  /** The query in which it stands. */
  readonly query: string;

  constructor(query: string, message: string) {
    super(message);
    this.query = query;
  }
}

interface SqlText {
  readonly sql: string;
  readonly own: boolean;
}

/** The SQL of a name: that of the definition, or of the catalogue; null for neither. */
export function sqlOf(definition: ReportDefinition, name: string): SqlText | null {
  const own = definition.queries.get(name);
  if (own) return { sql: own.sql, own: true };
  if (!QUERY_NAMES.includes(name)) return null;
  const query = namedQuery(name);
  return query.fleet ? null : { sql: query.sql, own: false };
}

/** Every name a query may be referred to by. */
export function queryNames(definition: ReportDefinition): string[] {
  return [...definition.queries.keys(), ...QUERY_NAMES.filter((name) => !namedQuery(name).fleet)];
}

/** The names that SQL refers to, each once. */
export function referencesOf(sql: string): string[] {
  return [...new Set([...sql.matchAll(REFERENCE)].map((match) => match[1]))];
}

/** SQL without a semicolon at its end. */
function bare(sql: string): string {
  return sql.trimEnd().replace(/;\s*$/, '');
}

const cteName = (name: string) => `"{{${name}}}"`;

/** The queries that one needs, those first which others need. @throws QueryReferenceError for an unknown name or a circle. */
export function neededBy(definition: ReportDefinition, name: string): string[] {
  const order: string[] = [];
  const visit = (current: string, path: readonly string[]) => {
    const text = sqlOf(definition, current);
    if (!text) throw new QueryReferenceError(path.at(-1) ?? current, `there is no query ${current}`);
    if (path.includes(current)) {
      const circle = [...path.slice(path.indexOf(current)), current].join(' -> ');
      throw new QueryReferenceError(
        path.at(-1) ?? current,
        `queries refer to each other in a circle: ${circle}`,
      );
    }
    for (const reference of referencesOf(text.sql)) visit(reference, [...path, current]);
    if (!order.includes(current)) order.push(current);
  };
  visit(name, []);
  return order.slice(0, -1);
}

/**
 * A query with those it refers to as common table expressions before it; `{{name}}` is the name of such an expression.
 * The lines of its own text stay lines.
 * @throws QueryReferenceError for a name that is unknown or refers to itself.
 */
export function compose(definition: ReportDefinition, name: string): ComposedQuery {
  const before = neededBy(definition, name);
  const text = (of: string) =>
    bare(sqlOf(definition, of)?.sql ?? '').replace(REFERENCE, (_, reference: string) => cteName(reference));
  const own = text(name);
  if (before.length === 0) {
    const blank = /^\s*/.exec(own)?.[0] ?? '';
    return { sql: own.slice(blank.length), linesBefore: 1 - blank.split('\n').length };
  }
  const expressions = before.map((of) => `${cteName(of)} AS (\n${text(of)}\n)`).join(', ');
  const { rest } = splitStatements(own);
  const [first, second] = rest.tokens;
  const hasWith = first?.kind === 'word' && first.text.toUpperCase() === 'WITH';
  const recursive = hasWith && second?.kind === 'word' && second.text.toUpperCase() === 'RECURSIVE';
  // What it declares itself joins the list; where its text began with WITH there is a comma now.
  const head = `WITH ${recursive ? 'RECURSIVE ' : ''}${expressions}`;
  const tail = hasWith
    ? `${own.slice(0, first.start)}, ${own.slice(recursive ? second.end : first.end)}`
    : own;
  return { sql: `${head}\n${tail}`, linesBefore: head.split('\n').length };
}
