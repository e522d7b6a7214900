import type { Answer } from '../queries/answer.ts';
import { toArrowBatches } from '../queries/answer-arrow.ts';
import { jsonColumns, textRows } from '../queries/values.ts';
import { visible } from '../reports/visible.ts';
import type { Output } from './query-output.ts';
import { type TableLayout, TableWriter } from './query-table.ts';

export const FORMATS = ['table', 'csv', 'json', 'ndjson', 'markdown', 'arrow', 'parquet'] as const;
export type QueryFormat = (typeof FORMATS)[number];

export interface WriteOptions {
  readonly layout: TableLayout;
  /** True where a person looks at the output: no byte of the data may then act on the terminal. */
  readonly terminal: boolean;
}

/** Text that a spreadsheet would run as a formula gets an apostrophe before it, as spreadsheets themselves write such text. */
function csvCell(value: string | null, text: boolean, terminal: boolean): string {
  if (value === null) return '';
  let cell = terminal ? visible(value) : value;
  if (text && /^[=+\-@\t\r]/.test(cell) && !/^[+-]?[\d.]+$/.test(cell)) cell = `'${cell}`;
  return cell === '' || /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

async function writeCsv(answer: Answer, output: Output, terminal: boolean): Promise<void> {
  const line = (cells: readonly string[]) => `${cells.join(',')}\n`;
  await output.write(line(answer.columns.map((column) => csvCell(column.name, true, terminal))));
  const text = answer.columns.map((column) =>
    /^(VARCHAR|ENUM|STRUCT|MAP|UNION|JSON|.*\[)/.test(String(column.type)),
  );
  for await (const chunk of answer.chunks) {
    let part = '';
    for (const row of textRows(chunk))
      part += line(row.map((value, index) => csvCell(value, text[index], terminal)));
    await output.write(part);
  }
}

/** A JSON text in ASCII where a terminal or a line-based reader could take a character for more than itself. */
function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

async function writeJson(answer: Answer, output: Output, lines: boolean): Promise<void> {
  const keys = answer.columns.map((column) => jsonText(column.name));
  let first = true;
  if (!lines) await output.write('[');
  for await (const chunk of answer.chunks) {
    const columns = await jsonColumns(chunk);
    let part = '';
    for (let row = 0; row < chunk.rowCount; row++) {
      const object = `{${keys.map((key, index) => `${key}:${jsonText(columns[index][row])}`).join(',')}}`;
      part += lines ? `${object}\n` : `${first ? '' : ','}\n  ${object}`;
      first = false;
    }
    await output.write(part);
  }
  if (!lines) await output.write(first ? ']\n' : '\n]\n');
}

function markdownCell(value: string | null): string {
  if (value === null) return '';
  return visible(value)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('\t', ' ')
    .replace(/[\\`*_[\]|~]/g, '\\$&');
}

async function writeMarkdown(answer: Answer, output: Output): Promise<void> {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  await output.write(line(answer.columns.map((column) => markdownCell(column.name))));
  await output.write(line(answer.columns.map(() => '---')));
  for await (const chunk of answer.chunks)
    await output.write(
      textRows(chunk)
        .map((row) => line(row.map(markdownCell)))
        .join(''),
    );
}

/** Plans are drawings of many lines, not cells. */
async function writePlan(answer: Answer, output: Output): Promise<void> {
  for await (const chunk of answer.chunks)
    for (const [, plan] of textRows(chunk))
      await output.write(`${(plan ?? '').trimEnd().split('\n').map(visible).join('\n')}\n`);
}

async function writeTable(answer: Answer, output: Output, layout: TableLayout): Promise<void> {
  if (answer.columns.map((column) => column.name).join() === 'explain_key,explain_value')
    return writePlan(answer, output);
  const writer = new TableWriter(answer.columns, layout, output);
  for await (const chunk of answer.chunks) {
    if (writer.full) {
      writer.skip(chunk.rowCount);
      continue;
    }
    for (const row of textRows(chunk)) {
      if (writer.full) writer.skip(1);
      else await writer.add(row);
    }
  }
  await writer.end();
}

/** An Arrow IPC stream, which needs no end to be read from a pipe. */
async function writeArrow(answer: Answer, output: Output): Promise<void> {
  const { RecordBatchStreamWriter } = await import('apache-arrow');
  const writer = new RecordBatchStreamWriter();
  const problems: unknown[] = [];
  const drain = (async () => {
    for await (const piece of writer) await output.write(piece);
  })().catch((error: unknown) => problems.push(error));
  const end = () => {
    writer.finish();
    writer.close();
  };
  try {
    for await (const batch of await toArrowBatches(answer)) writer.write(batch);
    end();
  } catch (error) {
    // A writer whose pieces can go nowhere fails as well; the reason is what the output says.
    try {
      end();
    } catch {
      // It has ended already.
    }
    await drain;
    throw problems[0] ?? error;
  }
  await drain;
  if (problems.length > 0) throw problems[0];
}

/** Writes an answer in a format while it streams. Parquet is written by the engine itself: see `queries/parquet.ts`. */
export async function writeAnswer(
  format: Exclude<QueryFormat, 'parquet'>,
  answer: Answer,
  output: Output,
  options: WriteOptions,
): Promise<void> {
  switch (format) {
    case 'table':
      return writeTable(answer, output, options.layout);
    case 'csv':
      return writeCsv(answer, output, options.terminal);
    case 'json':
      return writeJson(answer, output, false);
    case 'ndjson':
      return writeJson(answer, output, true);
    case 'markdown':
      return writeMarkdown(answer, output);
    case 'arrow':
      return writeArrow(answer, output);
  }
}
