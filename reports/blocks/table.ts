import type { Row } from '../definition/answers.ts';
import { displayText } from '../definition/values.ts';
import { anchorName } from '../html/anchors.ts';
import { attribute, html, type Markup, type Part } from '../html/markup.ts';
import { type ColumnView, tableView } from '../html/table.ts';
import { type Block, columnsOption, numberOption, type PageContext, textOption } from './context.ts';

const SEVERITIES = new Set(['error', 'warning', 'note', 'pass', 'fail', 'inconclusive']);

function tagged(text: string): Part {
  return SEVERITIES.has(text) ? html`<span class="tag ${attribute(text)}">${text}</span>` : text;
}

/** Texts up to this length stay on one line. */
const SHORT = 28;

function kindOf(
  rows: readonly Row[],
  name: string,
  numeric: boolean,
  code: boolean,
): ColumnView<Row>['kind'] {
  if (numeric && !code) return 'number';
  const short = rows
    .slice(0, 200)
    .every((row) => (displayText(row[name]) ?? '').length <= (code ? 2 * SHORT : SHORT));
  if (code) return short ? 'data' : 'record';
  return short ? 'nowrap' : undefined;
}

/** A table of the rows of a query. */
export async function tableBlock(block: Block, context: PageContext): Promise<Markup | null> {
  const [query] = block.words;
  const { columns, rows, total } = await context.answers.of(query, block.parameters);
  const title = textOption(block, 'title') ?? '';
  if (rows.length === 0) {
    const empty = textOption(block, 'empty');
    if (empty === '') return null;
    return html`<p class="dim">${title === '' ? null : `${title}: `}${empty ?? 'no rows.'}</p>
`;
  }
  const code = new Set(columnsOption(block, 'code').map(([column]) => column));
  const tags = new Set(columnsOption(block, 'tags').map(([column]) => column));
  const links = new Map(columnsOption(block, 'links'));
  const targets = new Set([...links.values()]);
  // Findings that the page does not tell in full have no place to link to.
  const told = links.size > 0 ? new Set((await context.findings()).anchors.values()) : null;
  const reachable = (to: string) => !to.startsWith('finding-') || told?.has(to);
  const views = columns
    .filter((column) => !targets.has(column.name))
    .map(({ name, numeric }): ColumnView<Row> => {
      const target = links.get(name);
      return {
        head: name,
        kind: kindOf(rows, name, numeric, code.has(name)),
        cell: (row) => {
          const text = displayText(row[name]) ?? '';
          const shown = tags.has(name) ? tagged(text) : text;
          const to = target ? displayText(row[target]) : null;
          const anchor = to && anchorName(to);
          return anchor && reachable(anchor) ? html`<a href="#${attribute(anchor)}">${shown}</a>` : shown;
        },
      };
    });
  const limit = Math.max(0, Math.min(numberOption(block, 'limit', 500), context.budget.rows));
  context.budget.rows -= Math.min(limit, rows.length);
  return tableView(title, rows, views, { limit, total });
}

/** One value, large. */
export async function valueBlock(block: Block, text: string | null): Promise<Markup> {
  return html`<p class="figure"><strong>${text ?? 'not known'}</strong> <span class="dim">${textOption(block, 'label') ?? ''}</span></p>
`;
}
