import type { AnswerColumn } from '../queries/answer.ts';
import { isNumeric } from '../queries/values.ts';
import type { Palette } from '../reports/palette.ts';
import { thousands } from '../reports/thousands.ts';
import { visible } from '../reports/visible.ts';
import type { Output } from './query-output.ts';

export interface TableLayout {
  /** Columns of the terminal; 0 is no limit. */
  readonly width: number;
  /** Rows to show; 0 is no limit. */
  readonly rows: number;
  readonly palette: Palette;
}

/** Rows that decide how wide columns are. */
const SAMPLE = 1000;
const GAP = 2;
/** A column of text is never made narrower than this; one of numbers is never cut. */
const NARROWEST = 12;

type Row = readonly (string | null)[];

/** Characters, not UTF-16 units, so that a pair counts once and is never cut. */
function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length++;
  return length;
}

function shown(value: string | null): string {
  return value === null ? 'NULL' : visible(value).replaceAll('\t', '\\t');
}

/** How wide each column becomes; those that do not fit at all are left out from the right. `whole` columns are not cut. */
export function layOut(natural: readonly number[], whole: readonly boolean[], width: number): number[] {
  const total = (widths: readonly number[]) =>
    widths.reduce((sum, one) => sum + one, 0) + GAP * Math.max(0, widths.length - 1);
  if (width === 0 || total(natural) <= width) return [...natural];
  let widths = natural.map((one, index) => (whole[index] ? one : Math.min(one, NARROWEST)));
  while (widths.length > 1 && total(widths) > width) widths = widths.slice(0, -1);
  if (widths.length === 1) return [Math.min(natural[0], Math.max(1, width))];
  // What is left goes to the columns that want more, the same to each.
  for (let spare = width - total(widths); spare > 0; ) {
    const wanting = widths.flatMap((one, index) => (one < natural[index] ? [index] : []));
    if (wanting.length === 0) break;
    const share = Math.max(1, Math.floor(spare / wanting.length));
    for (const index of wanting) {
      const more = Math.min(share, natural[index] - widths[index], spare);
      widths[index] += more;
      spare -= more;
    }
  }
  return widths;
}

/** Writes an answer as a table that fits the terminal, and says what it left out. */
export class TableWriter {
  private readonly columns: readonly AnswerColumn[];
  private readonly layout: TableLayout;
  private readonly output: Output;
  private readonly right: readonly boolean[];
  private sample: string[][] = [];
  private widths: number[] | null = null;
  private count = 0;
  private clipped = 0;

  constructor(columns: readonly AnswerColumn[], layout: TableLayout, output: Output) {
    this.columns = columns;
    this.layout = layout;
    this.output = output;
    this.right = columns.map((column) => isNumeric(column.type));
  }

  /** Whether further rows are only counted. */
  get full(): boolean {
    return this.layout.rows > 0 && this.count >= this.layout.rows;
  }

  /** Counts rows that are not shown. */
  skip(count: number): void {
    this.count += count;
  }

  async add(row: Row): Promise<void> {
    this.count++;
    const cells = row.map(shown);
    if (this.widths) await this.output.write(this.line(cells));
    else {
      this.sample.push(cells);
      if (this.sample.length >= SAMPLE) await this.begin();
    }
  }

  async end(): Promise<void> {
    if (!this.widths) await this.begin();
    const { yellow, dim } = this.layout.palette;
    const hidden = this.columns.slice((this.widths as number[]).length).map((column) => visible(column.name));
    const missing = this.layout.rows > 0 ? Math.max(0, this.count - this.layout.rows) : 0;
    const number = (value: number) => thousands(value);
    const lines = [dim(`${number(this.count)} ${this.count === 1 ? 'row' : 'rows'}`)];
    if (missing > 0) lines.push(yellow(`! ${number(missing)} more rows are not shown; --rows 0 shows all.`));
    if (hidden.length > 0)
      lines.push(yellow(`! ${hidden.length} columns do not fit and are not shown: ${hidden.join(', ')}.`));
    if (this.clipped > 0) lines.push(yellow(`! ${number(this.clipped)} cells are cut short (…).`));
    if (hidden.length > 0 || this.clipped > 0)
      lines.push(yellow('! --width 0 shows everything; --format csv or json gives it to a program.'));
    await this.output.write(`${lines.join('\n')}\n`);
  }

  private async begin(): Promise<void> {
    const heads = this.columns.map((column) => shown(column.name));
    const natural = heads.map((head, index) =>
      this.sample.reduce((most, row) => Math.max(most, lengthOf(row[index])), lengthOf(head)),
    );
    this.widths = layOut(natural, this.right, this.layout.width);
    const { bold, dim } = this.layout.palette;
    const rule = this.widths.map((width) => '-'.repeat(width)).join(' '.repeat(GAP));
    let text = `${bold(this.line(heads).trimEnd())}\n${dim(rule)}\n`;
    for (const cells of this.sample) text += this.line(cells);
    this.sample = [];
    await this.output.write(text);
  }

  private line(cells: readonly string[]): string {
    const parts = (this.widths as number[]).map((width, index) => {
      const length = lengthOf(cells[index]);
      if (length > width && this.layout.width > 0) {
        this.clipped++;
        return `${[...cells[index]].slice(0, Math.max(0, width - 1)).join('')}…`;
      }
      const pad = ' '.repeat(Math.max(0, width - length));
      return this.right[index] ? pad + cells[index] : cells[index] + pad;
    });
    return `${parts.join(' '.repeat(GAP)).trimEnd()}\n`;
  }
}
