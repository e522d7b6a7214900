/** A value that an option of a tag has: written out, or a column of a row. */
export type OptionValue =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly number: number }
  | { readonly kind: 'flag'; readonly flag: boolean }
  | ({ readonly kind: 'column' } & ColumnReference);

/** `name.column`: a column of the first row of a query, or of the row that an `each` is at. */
export interface ColumnReference {
  readonly name: string;
  readonly column: string;
}

/** A tag as it stands in the file: `{% name words key=value %}`. */
export interface Tag {
  readonly name: string;
  /** Line of the file, from 1. */
  readonly line: number;
  /** What stands before the options. */
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, OptionValue>;
}

/** A part of a report, in the order of the file. */
export type Node =
  /** Markdown, in which `{{name.column}}` is a value. `line` is where it begins. */
  | { readonly kind: 'prose'; readonly line: number; readonly text: string }
  /** A chart in vega-lite, as YAML or JSON. `line` is that of its first line behind the fence. */
  | { readonly kind: 'chart'; readonly line: number; readonly title: string; readonly text: string }
  | { readonly kind: 'block'; readonly tag: Tag }
  | {
      readonly kind: 'if';
      readonly tag: Tag;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    }
  | { readonly kind: 'each'; readonly tag: Tag; readonly body: readonly Node[] }
  | { readonly kind: 'details'; readonly tag: Tag; readonly body: readonly Node[] };

/** A named query of a report. */
export interface QueryDefinition {
  readonly name: string;
  readonly sql: string;
  /** Line of the file on which its SQL begins, from 1. */
  readonly line: number;
}

/** A report as its file defines it. */
export interface ReportDefinition {
  /** Where it was read from, for messages. */
  readonly path: string;
  readonly title: string;
  readonly titleLine: number;
  /** What the report is for. */
  readonly doc: string | null;
  /** Values for the parameters of its SQL. */
  readonly parameters: ReadonlyMap<string, string | number | boolean | null>;
  readonly queries: ReadonlyMap<string, QueryDefinition>;
  readonly nodes: readonly Node[];
}

/** A mistake in a definition. */
export interface Problem {
  /** Line of the file, from 1. */
  readonly line: number;
  readonly message: string;
}

/** A definition with mistakes: every one of them, with its line. */
export class DefinitionError extends Error {
  override name = 'DefinitionError';
  readonly problems: readonly Problem[];

  constructor(path: string, problems: readonly Problem[]) {
    const sorted = [...problems].sort((a, b) => a.line - b.line);
    super(sorted.map(({ line, message }) => `${path}:${line}: ${message}`).join('\n'));
    this.problems = sorted;
  }
}

/** What a query, parameter or row of an `each` may be called. */
export const NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;
