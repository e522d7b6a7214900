import type { Palette } from './palette.ts';
import { oneLine } from './visible.ts';
import { labelled } from './wrap.ts';

export interface SummaryOptions {
  /** Columns of the terminal; 100 when not given. */
  readonly width?: number;
  /** Errors and warnings to print in full; the others are counted. 20 when not given. */
  readonly maxFindings?: number;
  /** Evidence records to print for each finding: the first ones and the last. 4 when not given. */
  readonly maxEvidence?: number;
}

/** How the summary is laid out, for its parts. */
export type Settings = Required<SummaryOptions> & {
  readonly palette: Palette;
  /** Short names of the sources, by path. */
  readonly names: ReadonlyMap<string, string>;
};

/** Longest piece of a recording that is printed, before wrapping. */
export const MAX_TEXT = 400;
/** Longest list that is printed in full. */
export const MAX_LIST = 8;
const LABEL_COLUMN = 10;

/** A label and its text. */
export function field(label: string, text: string, settings: Settings, indent = 4): string[] {
  const layout = { indent, column: LABEL_COLUMN, width: settings.width };
  return labelled(label, oneLine(text, MAX_TEXT), layout, settings.palette.dim);
}
