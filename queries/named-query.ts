/** A column of the answer, or a parameter, of a named query. */
export interface QueryField {
  readonly name: string;
  readonly unit?: string;
  readonly doc: string;
}

/** A query with what its header says about it. */
export interface NamedQuery {
  readonly name: string;
  /** A few words for a list. */
  readonly title: string;
  /** The question it answers. */
  readonly doc: string;
  readonly parameters: readonly QueryField[];
  /** The table whose columns the answer has; its docs hold for them. */
  readonly columnsOf?: string;
  /** The columns of the answer, where they are not those of a table. */
  readonly columns: readonly QueryField[];
  readonly sql: string;
}

const HEADER_LINE = /^-- (title|doc|columns of|param|column)\b(?: ([a-z_]+)(?: \(([^)]+)\))?)?: (.+)$/;

/**
 * Reads the header of a query: comment lines of the forms `-- title: T`, `-- doc: D`, `-- param NAME (UNIT): D`,
 * `-- column NAME (UNIT): D` and `-- columns of: TABLE`. A line that begins with `--   ` continues the one before.
 * @throws Error for a header that breaks these rules: a mistake in the query's file.
 */
export function parseNamedQuery(name: string, text: string): NamedQuery {
  const fail = (message: string): never => {
    throw new Error(`query ${name}: ${message}`);
  };
  const header: string[] = [];
  for (const line of text.split('\n')) {
    if (!line.startsWith('--')) break;
    const last = header.length - 1;
    if (line.startsWith('--   ') && last >= 0) header[last] += ` ${line.slice(5).trim()}`;
    else header.push(line);
  }
  let title = '';
  let doc = '';
  let columnsOf: string | undefined;
  const parameters: QueryField[] = [];
  const columns: QueryField[] = [];
  for (const line of header) {
    const [, key, field, unit, rest] =
      HEADER_LINE.exec(line) ?? fail(`cannot read the header line "${line}"`);
    if (key === 'title') title = rest;
    else if (key === 'doc') doc = rest;
    else if (key === 'columns of') columnsOf = rest;
    else if (!field) fail(`the header line "${line}" names nothing`);
    else (key === 'param' ? parameters : columns).push({ name: field, unit, doc: rest });
  }
  if (!title || !doc) fail('the header needs a title and a doc');
  if (!columnsOf && columns.length === 0) fail('the header documents no columns');
  return { name, title, doc, parameters, columnsOf, columns, sql: text };
}
