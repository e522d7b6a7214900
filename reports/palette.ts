/** How emphasis looks: colours on a terminal, nothing in a file. */
export interface Palette {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
  green(text: string): string;
  cyan(text: string): string;
}

const same = (text: string): string => text;

/** No emphasis at all. */
export const PLAIN: Palette = { bold: same, dim: same, red: same, yellow: same, green: same, cyan: same };

export function severityPaint(palette: Palette, severity: string): (text: string) => string {
  if (severity === 'error') return palette.red;
  return severity === 'warning' ? palette.yellow : palette.dim;
}

export function verdictPaint(palette: Palette, verdict: string): (text: string) => string {
  if (verdict === 'fail') return palette.red;
  return verdict === 'pass' ? palette.green : palette.yellow;
}
