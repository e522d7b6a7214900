import { attribute, html, type Markup, type Part } from './markup.ts';

export interface ColumnView<Row> {
  readonly head: string;
  /** `number` is aligned right, `data` is monospace, `nowrap` stays on one line. */
  readonly kind?: 'number' | 'data' | 'nowrap';
  cell(row: Row): Part;
}

/** A table with a caption, of at most `limit` rows; it says so when there are more. */
export function tableView<Row>(
  caption: string,
  rows: readonly Row[],
  columns: readonly ColumnView<Row>[],
  limit = 500,
): Markup {
  const shown = rows.slice(0, limit);
  const count =
    rows.length > limit
      ? `, showing ${limit.toLocaleString('en-US')} of ${rows.length.toLocaleString('en-US')}`
      : '';
  const classOf = (column: ColumnView<Row>) => {
    if (column.kind === 'data') return html` class="data nowrap"`;
    return column.kind ? html` class="${attribute(column.kind)}"` : null;
  };
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${attribute(caption)}"><table>
<caption>${caption}${count}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col"${classOf(column)}>${column.head}</th>`)}</tr></thead>
<tbody>
${shown.map(
  (row) => html`<tr>${columns.map((column) => html`<td${classOf(column)}>${column.cell(row)}</td>`)}</tr>
`,
)}</tbody></table></div>
`;
}
