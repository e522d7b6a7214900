import { type Described, describeItem, describeSchema } from '../queries/describe.ts';
import { itemMarkdown } from '../queries/document.ts';
import { labelled, wrap } from '../reports/wrap.ts';
import { schemaDocument } from '../tables/document.ts';
import { UsageError } from './exit-codes.ts';
import { paletteFor, widthOf } from './terminal.ts';

export interface SchemaFlags {
  readonly json?: boolean;
  readonly markdown?: boolean;
}

/** Prints tables, views and macros, or one of them with its columns. @throws UsageError for a name it does not know. */
export function runSchema(name: string | undefined, flags: SchemaFlags): void {
  if (flags.json && flags.markdown) throw new UsageError('give --json or --markdown, not both.');
  process.stdout.write(name === undefined ? schemaText(flags) : itemText(itemNamed(name), flags));
}

function itemNamed(name: string): Described {
  const item = describeItem(name);
  if (item) return item;
  const names = describeSchema().items.map((known) => known.name);
  const near = names.filter((known) => known.includes(name.toLowerCase()) || name.includes(known));
  throw new UsageError(
    `schema ${name}: no such table, view or macro${near.length > 0 ? `; did you mean ${near.join(', ')}?` : ''}. ` +
      '"atscope schema" lists them.',
  );
}

function schemaText(flags: SchemaFlags): string {
  const schema = describeSchema();
  if (flags.json) return `${JSON.stringify(schema, null, 2)}\n`;
  if (flags.markdown) return schemaDocument();
  const { bold } = paletteFor(process.stdout);
  const width = widthOf(process.stdout);
  const column = Math.max(...schema.items.map((item) => item.usage.length)) + 2;
  const lines: string[] = [];
  for (const [title, kinds] of [
    ['Tables', ['table', 'event tables']],
    ['Views', ['view']],
    ['Table macros: SELECT * FROM name(...)', ['table macro']],
    ['Macros: SELECT name(...)', ['macro']],
  ] as const) {
    lines.push(bold(title));
    for (const item of schema.items) {
      if ((kinds as readonly string[]).includes(item.kind))
        lines.push(...labelled(item.usage, item.doc, { indent: 2, column, width }));
    }
    lines.push('');
  }
  lines.push('"atscope schema NAME" tells columns, types and units.', '');
  return lines.join('\n');
}

/** A table, view or macro with its columns, for people. */
export function itemText(item: Described, flags: SchemaFlags = {}): string {
  if (flags.json) return `${JSON.stringify(item, null, 2)}\n`;
  if (flags.markdown) return itemMarkdown(item);
  const { bold, dim } = paletteFor(process.stdout);
  const width = widthOf(process.stdout);
  const lines = [`${bold(item.usage)}  ${dim(item.kind)}`, ...wrap(item.doc, width), ''];
  if (item.returns) lines.push(`gives ${item.returns}`, '');
  for (const [title, fields] of [
    ['Parameters', item.parameters],
    ['Columns', item.columns],
  ] as const) {
    if (fields.length === 0) continue;
    const longest = Math.max(...fields.map((field) => field.name.length));
    const heads = fields.map(
      ({ name, type, unit }) => `${name.padEnd(longest)}  ${type}${unit ? ` (${unit})` : ''}`,
    );
    const column = Math.max(...heads.map((head) => head.length)) + 2;
    lines.push(title);
    fields.forEach((field, index) => {
      const doc = field.nullable ? `${field.doc} May be NULL.` : field.doc;
      lines.push(...labelled(heads[index], doc, { indent: 2, column, width }));
    });
    lines.push('');
  }
  if (item.example) lines.push('Example', `  ${item.example}`, '');
  return lines.join('\n');
}
