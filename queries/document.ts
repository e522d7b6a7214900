import { namedQuery, QUERY_NAMES } from './catalog.ts';
import type { Described, DescribedField } from './describe.ts';
import { describeSchema } from './describe.ts';
import type { NamedQuery, QueryField } from './named-query.ts';

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function fieldTable(title: string, fields: readonly DescribedField[]): string[] {
  if (fields.length === 0) return [];
  const nullable = fields.some((field) => field.nullable !== null);
  const rows = fields.map(
    ({ name, type, unit, nullable: may, doc }) =>
      `| \`${name}\` | ${type} | ${unit ?? ''} |${nullable ? ` ${may ? 'yes' : ''} |` : ''} ${cell(doc)} |`,
  );
  return [
    `| ${title} | type | unit |${nullable ? ' NULL |' : ''} |`,
    `|---|---|---|${nullable ? '---|' : ''}---|`,
    ...rows,
    '',
  ];
}

/** One table, view or macro as Markdown. */
export function itemMarkdown(item: Described): string {
  const lines = [`## ${item.name}`, '', item.doc, ''];
  if (item.kind.endsWith('macro')) lines.push(`\`${item.usage}\``, '');
  if (item.returns) lines.push(`Gives ${item.returns}.`, '');
  lines.push(...fieldTable('parameter', item.parameters), ...fieldTable('column', item.columns));
  if (item.example) lines.push('```sql', item.example, '```', '');
  return lines.join('\n');
}

function querySection(query: NamedQuery): string {
  const list = (fields: readonly QueryField[]) =>
    fields.map(({ name, unit, fallback, doc }) => {
      const notes = [unit ? `unit: ${unit}` : null, fallback ? `default: ${fallback}` : null];
      const tail = notes.filter((note) => note !== null).join(', ');
      return `- \`${name}\`${tail ? ` (${tail})` : ''}: ${doc}`;
    });
  const lines = [`### ${query.name}`, '', `${query.title}. ${query.doc}`, ''];
  if (query.fleet) lines.push('Over a data set of many captures (`--dataset`).', '');
  if (query.parameters.length > 0) lines.push('Parameters:', '', ...list(query.parameters), '');
  lines.push(
    ...(query.columnsOf
      ? [`Columns: those of [${query.columnsOf}](schema.md#${query.columnsOf}).`]
      : ['Columns:', '', ...list(query.columns)]),
    '',
  );
  return lines.join('\n');
}

/** `docs/library.md`: the standard library and the catalogue, derived from the headers of their files. */
export function libraryDocument(): string {
  const items = describeSchema().items.filter(({ kind }) => kind !== 'table' && kind !== 'event tables');
  const queries = QUERY_NAMES.map(namedQuery);
  return `${[
    '# The standard library and the named queries',
    '',
    'Generated from `queries/library/` and `queries/catalog/` by `scripts/generate-docs.ts`. Every example and every query is',
    'run by the tests. How to use them: [sql.md](sql.md); the tables: [schema.md](schema.md).',
    '',
    ...items.map(({ name, usage, doc }) => `- [\`${usage}\`](#${name}): ${doc}`),
    '',
    ...items.map(itemMarkdown),
    '## Named queries',
    '',
    'Run one with `atscope query INPUT... --name NAME --param NAME=VALUE`.',
    '',
    ...queries.map((query) => `- [${query.name}](#${query.name}): ${query.title}`),
    '',
    ...queries.map(querySection),
  ].join('\n')}`;
}
