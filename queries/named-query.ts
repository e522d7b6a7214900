import { type Header, parseHeader, type QueryField } from './header.ts';

export type { QueryField } from './header.ts';

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
  /** True for a query over a data set of many captures. */
  readonly fleet: boolean;
  readonly sql: string;
}

/**
 * Reads the header of a query: comment lines of the forms `-- title: T`, `-- doc: D`, `-- param NAME TYPE = DEFAULT (UNIT): D`,
 * `-- column NAME (UNIT): D` and `-- columns of: TABLE`. A line that begins with `--   ` continues the one before.
 * @throws Error for a header that breaks these rules: a mistake in the query's file.
 */
export function parseNamedQuery(name: string, text: string): NamedQuery {
  let header: Header;
  try {
    header = parseHeader(text, ['title', 'doc', 'columns of', 'over']);
  } catch (error) {
    throw new Error(`query ${name}: ${(error as Error).message}`);
  }
  const { single, parameters, columns } = header;
  const title = single.get('title');
  const doc = single.get('doc');
  const columnsOf = single.get('columns of');
  if (!title || !doc) throw new Error(`query ${name}: the header needs a title and a doc`);
  if (!columnsOf && columns.length === 0) throw new Error(`query ${name}: the header documents no columns`);
  const fleet = single.get('over') === 'a data set';
  return { name, title, doc, parameters, columnsOf, columns, fleet, sql: text };
}
