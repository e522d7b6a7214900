import type { DuckDBConnection } from '@duckdb/node-api';

/** A part of a statement as DuckDB tells it in JSON. */
type Tree = { readonly [key: string]: unknown };

/** Tables of one row. */
const SINGLE = new Set(['verdict', 'captures']);

const listOf = (value: unknown): readonly Tree[] => (Array.isArray(value) ? value : []);
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null;

/** Whether an aggregate stands in an expression, at the level of its own SELECT. */
function aggregates(expression: unknown, names: ReadonlySet<string>): boolean {
  if (Array.isArray(expression)) return expression.some((part) => aggregates(part, names));
  if (!isTree(expression)) return false;
  if (expression.class === 'SUBQUERY' || expression.class === 'WINDOW') return false;
  if (expression.class === 'FUNCTION' && names.has(String(expression.function_name))) return true;
  return Object.values(expression).some((part) => aggregates(part, names));
}

function unnests(expression: unknown): boolean {
  if (Array.isArray(expression)) return expression.some(unnests);
  if (!isTree(expression)) return false;
  return expression.function_name === 'unnest' || Object.values(expression).some(unnests);
}

class Reader {
  private readonly aggregateNames: ReadonlySet<string>;

  constructor(aggregateNames: ReadonlySet<string>) {
    this.aggregateNames = aggregateNames;
  }

  /** Whether a SELECT gives at most one row, whatever the tables hold; false where that is not certain. */
  single(node: Tree, outer: ReadonlyMap<string, Tree> = new Map()): boolean {
    const own = listOf((node.cte_map as Tree | undefined)?.map).map(
      ({ key, value }) => [String(key), ((value as Tree).query as Tree).node as Tree] as const,
    );
    const expressions = new Map([...outer, ...own]);
    if (node.type !== 'SELECT_NODE' || unnests(node.select_list)) return false;
    if (listOf(node.group_expressions).length > 0) return false;
    if (aggregates([node.select_list, node.having], this.aggregateNames)) return true;
    const from = node.from_table as Tree;
    switch (from.type) {
      case 'EMPTY':
        return true;
      case 'EXPRESSION_LIST':
        return listOf(from.values).length === 1;
      case 'SUBQUERY':
        return this.single((from.subquery as Tree).node as Tree, expressions);
      case 'BASE_TABLE': {
        const expression = expressions.get(String(from.table_name));
        return expression ? this.single(expression, outer) : SINGLE.has(String(from.table_name));
      }
      default:
        return false;
    }
  }
}

function isOrdered(node: Tree): boolean {
  return listOf(node.modifiers).some(
    ({ type, orders }) => type === 'ORDER_MODIFIER' && listOf(orders).length > 0,
  );
}

/**
 * Whether the rows of a statement come in an order that it asks for, or are one at most. True for statements that DuckDB
 * does not tell the parts of, such as DESCRIBE.
 */
export async function hasRowOrder(connection: DuckDBConnection, sql: string): Promise<boolean> {
  const ask = async (text: string, values?: Record<string, string>) =>
    (await connection.runAndReadAll(text, values)).getRows();
  const [[text]] = await ask(
    'SELECT json_serialize_sql($sql::VARCHAR, skip_default := true, skip_null := true)',
    { sql },
  );
  const { statements } = JSON.parse(String(text)) as { statements?: readonly { readonly node: Tree }[] };
  const node = statements?.[0]?.node;
  if (!node || isOrdered(node) || (node.from_table as Tree | undefined)?.type === 'SHOW_REF') return true;
  const names = await ask(
    "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'aggregate'",
  );
  return new Reader(new Set(names.map(([name]) => String(name)))).single(node);
}
