import { TAGS, type TagSpec, VALUE_FORMATS } from './tags.ts';

const SUBJECTS: Readonly<Record<TagSpec['subject'], string>> = {
  none: '',
  query: ' QUERY',
  'query?': ' [QUERY]',
  column: ' QUERY.COLUMN',
  condition: ' [not] QUERY or QUERY.COLUMN',
  rows: ' QUERY as NAME',
};

function optionLines({ options }: TagSpec): string[] {
  return Object.entries(options).map(([name, { type, doc }]) => {
    const kind = { text: 'text', number: 'number', flag: 'true or false', any: 'value', columns: 'text' }[
      type
    ];
    return `- \`${name}\` (${kind}): ${doc}`;
  });
}

function tagSection(tag: TagSpec): string {
  const end = tag.encloses ? ` ... {% /${tag.name} %}` : '';
  const form = `{% ${tag.name}${SUBJECTS[tag.subject]}${Object.keys(tag.options).length > 0 ? ' option=value' : ''} %}${end}`;
  return [
    `### ${tag.name}`,
    '',
    `\`${form}\``,
    '',
    tag.doc,
    ...optionGap(tag),
    '',
    '```',
    tag.example,
    '```',
    '',
  ].join('\n');
}

function optionGap(tag: TagSpec): string[] {
  const lines = optionLines(tag);
  return lines.length === 0 ? [] : ['', ...lines];
}

/** The part of `docs/reports.md` that follows from the declarations of tags and formats. */
export function tagsDocument(): string {
  return [
    ...TAGS.map(tagSection),
    '## Formats of values',
    '',
    '`{{query.column | format}}` writes a value as:',
    '',
    '| format | |',
    '|---|---|',
    ...Object.entries(VALUE_FORMATS).map(([name, doc]) => `| \`${name}\` | ${doc} |`),
    '',
    'Without one, numbers have separators (`12,345`), true and false are `yes` and `no`, and what is NULL or has no row is',
    '`not known`.',
    '',
  ].join('\n');
}
