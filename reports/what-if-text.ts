import type { Analysis } from '../model/analysis.ts';
import { rowsOf } from '../tables/index.ts';
import type { Palette } from './palette.ts';
import { timeText } from './phrases.ts';
import { countsTicks } from './story.ts';
import { oneLine } from './visible.ts';
import { wrap } from './wrap.ts';

/** What each fate of a finding means to a reader. */
const FATE: Record<string, string> = {
  refused: 'the kernel refuses the call',
  prevented: 'prevented',
  loud: 'still happens, and the kernel WARNs',
  same: 'still happens, silently',
};

/** Calls shown one by one; the others are counted. */
const MAX_CALLS = 20;

/** What another kernel would have done with the same calls, for a terminal. */
export function whatIfText(analysis: Analysis, profile: string, palette: Palette, width: number): string {
  const rows = rowsOf(analysis.whatIf);
  const calls = rows.filter((row) => row.subject === 'call');
  const findings = rows.filter((row) => row.subject === 'finding');
  const item = (text: string) =>
    wrap(oneLine(text, 600), width - 4).map((line, i) => `${i === 0 ? '  - ' : '    '}${line}`);
  const ticks = countsTicks({ sources: rowsOf(analysis.sources), clocks: rowsOf(analysis.clocks) });
  const at = (time: bigint | null) => (time === null ? '' : ` at ${timeText(time, ticks)}`);
  const lines = [
    '',
    palette.bold(`Under ${profile}: the same calls on another kernel`),
    ...(calls.length === 0 ? ['  Every call would have been answered as recorded.'] : []),
    ...calls
      .slice(0, MAX_CALLS)
      .flatMap((row) =>
        item(
          `${row.what} of ${row.function}${at(row.time_ns)}: ${row.predicted} instead of ${row.observed}, because ${row.why}.`,
        ),
      ),
    ...(calls.length > MAX_CALLS ? [`  showing ${MAX_CALLS} of ${calls.length} calls`] : []),
    ...findings.flatMap((row) =>
      item(
        `${row.what} on ${row.function ?? 'an unnamed function'}${at(row.time_ns)}: ${FATE[row.predicted]}; ${row.why}.`,
      ),
    ),
  ];
  return `${lines.join('\n')}\n`;
}
