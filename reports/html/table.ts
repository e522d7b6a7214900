import { thousands } from '../thousands.ts';
import { attribute, html, type Markup, type Part } from './markup.ts';

export interface ColumnView<Row> {
  readonly head: string;
  /** `number` is aligned right, `data` is monospace, `record` too but may go over lines, `nowrap` stays on one line. */
  readonly kind?: 'number' | 'data' | 'record' | 'nowrap';
  cell(row: Row): Part;
}

export interface TableLimits {
  /** Most rows on the page; 500 when not given. */
  readonly limit?: number;
  /** How many rows there are, where not all of them were given. */
  readonly total?: number;
}

/** A table with a caption, of at most `limit` rows; it says so when there are more. */
export function tableView<Row>(
  caption: string,
  rows: readonly Row[],
  columns: readonly ColumnView<Row>[],
  { limit = 500, total = rows.length }: TableLimits = {},
): Markup {
  const shown = rows.slice(0, limit);
  const parts = [
    ...(caption === '' ? [] : [caption]),
    ...(total > shown.length ? [`showing ${thousands(shown.length)} of ${thousands(total)}`] : []),
  ];
  const classOf = (column: ColumnView<Row>) => {
    if (column.kind === 'data') return html` class="data nowrap"`;
    if (column.kind === 'record') return html` class="data record"`;
    return column.kind ? html` class="${attribute(column.kind)}"` : null;
  };
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${attribute(caption || 'Table')}"><table class="rows">
${
  parts.length === 0
    ? null
    : html`<caption>${parts.join(', ')}</caption>
`
}<thead><tr>${columns.map((column) => html`<th scope="col"${classOf(column)}>${column.head}</th>`)}</tr></thead>
<tbody>
${shown.map(
  (row) => html`<tr>${columns.map((column) => html`<td${classOf(column)}>${column.cell(row)}</td>`)}</tr>
`,
)}</tbody></table></div>
`;
}
