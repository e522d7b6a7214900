import type { Database } from '../../queries/database.ts';
import type { Answers, Parameters } from '../definition/answers.ts';
import type { ReportDefinition } from '../definition/definition.ts';
import type { Heading } from '../definition/prose.ts';
import type { FindingContext } from '../html/findings-section.ts';
import type { Timelines } from '../html/timelines.ts';
import type { Story } from '../story.ts';

/** What the parts of a page share while it is made. */
export interface PageContext {
  readonly definition: ReportDefinition;
  readonly answers: Answers;
  readonly db: Database;
  readonly timelines: Timelines;
  /** Everything the recording tells, read once. */
  readonly story: () => Promise<Story>;
  /** What articles of findings need. */
  readonly findings: () => Promise<FindingContext>;
  readonly headings: Heading[];
  readonly budget: Budget;
  /** Takes a free id that begins like this one. */
  takeId(wanted: string): string;
}

/** How much of a kind a page holds as a whole, so that it stays small: what is left of it. */
export interface Budget {
  /** Findings in full. */
  findings: number;
  timelines: number;
  /** Rows of tables. */
  rows: number;
}

export type BlockValue = string | number | boolean | bigint | null;

/** A tag whose values are known. */
export interface Block {
  readonly name: string;
  readonly line: number;
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, BlockValue>;
  /** Options that the tag does not know are parameters of its query. */
  readonly parameters: Parameters;
}

export function textOption(block: Block, name: string): string | null {
  const value = block.options.get(name);
  return value === undefined || value === null ? null : String(value);
}

export function numberOption(block: Block, name: string, fallback: number): number {
  const value = block.options.get(name);
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : fallback;
}

/** The columns that an option lists: `a, b=c` is `[[a, null], [b, c]]`. */
export function columnsOption(block: Block, name: string): [string, string | null][] {
  return (textOption(block, name) ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const [column, other] = part.split('=').map((side) => side.trim());
      return [column, other ?? null];
    });
}
