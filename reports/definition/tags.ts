/** What may stand before the options of a tag. */
export type Subject =
  | 'none'
  /** The name of a query. */
  | 'query'
  /** The same, or nothing. */
  | 'query?'
  /** `query.column`. */
  | 'column'
  /** A query, a column, or one of them behind `not`. */
  | 'condition'
  /** A query, `as`, and a name for its row. */
  | 'rows';

export interface TagOption {
  readonly type: 'text' | 'number' | 'flag' | 'any' | 'columns';
  readonly doc: string;
}

/** A tag as authors of reports meet it; the documentation and the checks are made of this. */
export interface TagSpec {
  readonly name: string;
  readonly doc: string;
  readonly subject: Subject;
  readonly options: Readonly<Record<string, TagOption>>;
  /** True for a tag that ends with `{% /name %}`. */
  readonly encloses: boolean;
  readonly example: string;
}

export const TAGS: readonly TagSpec[] = [
  {
    name: 'table',
    doc: 'The rows of a query as a table: numbers to the right, with pages and a filter where it is long.',
    subject: 'query',
    options: {
      title: { type: 'text', doc: 'Its caption.' },
      code: { type: 'columns', doc: 'Columns in a fixed-width font, e.g. `code="where, record"`.' },
      tags: { type: 'columns', doc: 'Columns whose values are severities, drawn as such.' },
      links: {
        type: 'columns',
        doc: 'Columns that are links, and the columns with their targets: `links="rule=anchor"`. A target is the name of a heading or finding on the page; its own column is not shown.',
      },
      limit: {
        type: 'number',
        doc: 'Most rows on the page; 500 when not given. The table says how many there are.',
      },
      empty: { type: 'text', doc: 'What stands there instead when there are no rows.' },
    },
    encloses: false,
    example: '{% table failed title="Calls that failed" code="function" /%}',
  },
  {
    name: 'value',
    doc: 'One value, large, with a label. In prose `{{query.column}}` is a value.',
    subject: 'column',
    options: { label: { type: 'text', doc: 'What it is.' } },
    encloses: false,
    example: '{% value totals.calls label="calls" /%}',
  },
  {
    name: 'verdict',
    doc: 'The verdict in one sentence, and what it rests on.',
    subject: 'none',
    options: {},
    encloses: false,
    example: '{% verdict /%}',
  },
  {
    name: 'contents',
    doc: 'Links to the headings of the page.',
    subject: 'none',
    options: {
      depth: { type: 'number', doc: 'Down to which level of headings; 2 when not given.' },
      limit: { type: 'number', doc: 'Most headings below level 2; 12 when not given.' },
    },
    encloses: false,
    example: '{% contents depth=3 /%}',
  },
  {
    name: 'findings',
    doc: 'Findings in full, causes before consequences: those whose numbers the query gives in a column `finding`, or all.',
    subject: 'query?',
    options: {
      limit: {
        type: 'number',
        doc: 'Most findings in full; the rest stands in a table. 150 when not given, and for the page as a whole.',
      },
    },
    encloses: false,
    example: '{% findings grave /%}',
  },
  {
    name: 'timeline',
    doc: 'The states of a PF family over time: a lane for each layer of each function, with findings, resets, WARNs and losses.',
    subject: 'none',
    options: {
      family: {
        type: 'any',
        doc: 'Address of the PF, or of a function that has none (see the query `families`).',
      },
    },
    encloses: false,
    example: '{% timeline family="0000:01:00.0" /%}',
  },
  {
    name: 'matrix',
    doc: 'PFs and their VFs as a grid: whether ATS is on, where the layers disagree, and the page shift.',
    subject: 'none',
    options: {},
    encloses: false,
    example: '{% matrix /%}',
  },
  {
    name: 'machine',
    doc: 'The reference machine of a function: the steps that the recording took, and those that are bugs of a caller.',
    subject: 'none',
    options: { kind: { type: 'text', doc: '`pf` (also plain functions) or `vf`.' } },
    encloses: false,
    example: '{% machine kind="vf" /%}',
  },
  {
    name: 'queries',
    doc: 'The SQL of every query the page used, to be copied.',
    subject: 'none',
    options: {},
    encloses: false,
    example: '{% queries /%}',
  },
  {
    name: 'if',
    doc: 'Its content only when the query has rows, or when the value is something: not NULL, false, 0 or an empty text. `{% else %}` may follow.',
    subject: 'condition',
    options: {},
    encloses: true,
    example: '{% if not failed %}',
  },
  {
    name: 'each',
    doc: 'Its content once for each row of a query. The row has a name: its columns are values, and may be given to other queries as parameters.',
    subject: 'rows',
    options: {
      limit: { type: 'number', doc: 'Most rows; 100 when not given. The page says how many there are.' },
    },
    encloses: true,
    example: '{% each families as f limit=40 %}',
  },
  {
    name: 'details',
    doc: 'Its content folded away until a reader opens it.',
    subject: 'none',
    options: { title: { type: 'text', doc: 'What can be opened.' } },
    encloses: true,
    example: '{% details title="How this was counted" %}',
  },
];

export const TAG_BY_NAME: ReadonlyMap<string, TagSpec> = new Map(TAGS.map((tag) => [tag.name, tag]));

/** How `{{query.column | format}}` may write a value. */
export const VALUE_FORMATS: Readonly<Record<string, string>> = {
  seconds: 'nanoseconds as seconds, e.g. `25.591800`',
  plain: 'a number without separators',
  upper: 'in capitals',
};
