import type { Analysis } from '../model/analysis.ts';
import { type RowOf, rowsOf, type STATE_INTERVALS } from '../tables/index.ts';
import { timeText } from './phrases.ts';
import { countsTicks } from './story.ts';
import type { Settings } from './summary-settings.ts';
import { oneLine } from './visible.ts';

type Interval = RowOf<typeof STATE_INTERVALS>;

/** Formats in which the hardware itself says what its registers hold. */
const HARDWARE: ReadonlySet<string> = new Set(['qemu-trace', 'ats-events']);
const MAX_FUNCTIONS = 12;
const MAX_VALUES = 8;

/** Values of ATS Control over time, function by function, where a log of the hardware is among the inputs. */
export function registerLines(analysis: Analysis, settings: Settings): string[] {
  const sources = rowsOf(analysis.sources);
  if (!sources.some((source) => HARDWARE.has(source.format))) return [];
  const ticks = countsTicks({ sources, clocks: rowsOf(analysis.clocks) });
  const byFunction = new Map<number, Interval[]>();
  for (const row of rowsOf(analysis.stateIntervals)) {
    if (row.layer !== 'hw' || (row.field !== 'en' && row.field !== 'stu')) continue;
    const own = byFunction.get(row.fn);
    if (own) own.push(row);
    else byFunction.set(row.fn, [row]);
  }
  // Registers that were only ever off tell no story.
  const telling = [...byFunction.values()].filter((own) => own.some((row) => (row.value ?? 0) !== 0));
  if (telling.length === 0) return [];
  const lines = [settings.palette.bold('ATS Control in the hardware')];
  for (const own of telling.slice(0, MAX_FUNCTIONS)) lines.push(...functionLines(own, ticks));
  if (telling.length > MAX_FUNCTIONS)
    lines.push(`  showing ${MAX_FUNCTIONS} of ${telling.length} functions; state_intervals has all`);
  return [...lines, ''];
}

function functionLines(own: readonly Interval[], ticks: boolean): string[] {
  const changes = [...own].sort((a, b) => a.from_event - b.from_event);
  const values: { event: number; at: bigint | null; en: number | null; stu: number | null }[] = [];
  let en: number | null = null;
  let stu: number | null = null;
  for (const { field, value, from_event, from_ns } of changes) {
    if (field === 'en') en = value;
    else stu = value;
    const last = values.at(-1);
    if (last?.event === from_event) Object.assign(last, { en, stu });
    else values.push({ event: from_event, at: from_ns, en, stu });
  }
  const skipped = values.length - MAX_VALUES;
  const shown = skipped > 0 ? values.slice(-MAX_VALUES) : values;
  const texts = shown.map(
    ({ at, en, stu }) => `${timeText(at, ticks)}  Enable ${en ?? 'unknown'}, STU ${stu ?? 'unknown'}`,
  );
  const name = oneLine(own[0].function, 40);
  return [...(skipped > 0 ? [`... ${skipped} earlier values, see state_intervals`] : []), ...texts].map(
    (text, i) => `  ${(i === 0 ? name : '').padEnd(14)}${text}`,
  );
}
