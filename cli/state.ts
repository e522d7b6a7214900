import type { Analysis } from '../model/analysis.ts';
import { timeText } from '../reports/phrases.ts';
import { countsTicks } from '../reports/story.ts';
import { oneLine } from '../reports/visible.ts';
import { rowsOf } from '../tables/index.ts';
import { UsageError } from './exit-codes.ts';
import { analyzeInputs, type InputFlags } from './inputs.ts';
import { paletteFor } from './terminal.ts';

export interface StateFlags extends InputFlags {
  readonly at?: string;
  readonly event?: string;
  readonly json?: boolean;
}

/** The value of one field of one function at a moment. */
interface Value {
  readonly layer: string;
  readonly field: string;
  readonly value: number | null;
  /** Event that made it so. */
  readonly since: number;
  readonly origin: string;
}

interface FunctionState {
  readonly function: string;
  readonly generation: number;
  readonly pf: string | null;
  readonly values: readonly Value[];
}

/** Prints what the model knows of every function at an instant or after an event. */
export async function runState(inputs: readonly string[], flags: StateFlags): Promise<void> {
  if ((flags.at === undefined) === (flags.event === undefined)) {
    throw new UsageError('state needs either --at SECONDS or --event NUMBER.');
  }
  const analysis = await analyzeInputs(inputs, flags);
  const event =
    flags.event === undefined
      ? lastEventAt(analysis, timeOf(flags.at as string))
      : eventOf(analysis, flags.event);
  const states = stateAfter(analysis, event);
  const at = event < 0 ? null : rowsOf(analysis.atsEvents)[event];
  if (flags.json) {
    process.stdout.write(
      `${JSON.stringify({ event, time_ns: at?.time_ns?.toString() ?? null, functions: states }, null, 2)}\n`,
    );
    return;
  }
  const { bold, dim } = paletteFor(process.stdout);
  const ticks = countsTicks({ sources: rowsOf(analysis.sources), clocks: rowsOf(analysis.clocks) });
  const where = at
    ? `after event ${event} (${at.kind} ${at.phase}${at.time_ns === null ? '' : ` at ${timeText(at.time_ns, ticks)}`}${at.function ? ` on ${at.function}` : ''})`
    : 'before the first event';
  process.stdout.write(`${bold('State')} ${oneLine(where, 200)}\n`);
  for (const state of states) {
    const of = state.pf ? ` (VF of ${state.pf})` : '';
    process.stdout.write(
      `\n${bold(state.function)}${of}${state.generation > 0 ? `, generation ${state.generation}` : ''}\n`,
    );
    for (const { layer, field, value, since, origin } of state.values) {
      process.stdout.write(
        `  ${`${layer}.${field}`.padEnd(16)} ${String(value ?? '?').padEnd(6)} ${dim(`event ${since}, ${origin}`)}\n`,
      );
    }
    if (state.values.length === 0) process.stdout.write(`  ${dim('nothing known')}\n`);
  }
}

/** Nanoseconds of `12.345` seconds, exactly. @throws UsageError */
function timeOf(text: string): bigint {
  const match = /^(\d+)(?:\.(\d{1,9}))?$/.exec(text);
  if (!match)
    throw new UsageError(`--at ${text}: expected seconds as the trace prints them, e.g. 25.591800.`);
  return BigInt(match[1]) * 1_000_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}

function eventOf(analysis: Analysis, text: string): number {
  const event = Number(text);
  const count = analysis.atsEvents.length;
  if (!Number.isInteger(event) || event < 0 || event >= count) {
    throw new UsageError(
      `--event ${text}: expected a number from 0 to ${count - 1}; this recording has ${count} events of the model.`,
    );
  }
  return event;
}

function lastEventAt(analysis: Analysis, time: bigint): number {
  let last = -1;
  for (const row of rowsOf(analysis.atsEvents))
    if (row.time_ns !== null && row.time_ns <= time) last = row.event;
  return last;
}

/** The values in force after an event, of every function that had appeared by then. */
function stateAfter(analysis: Analysis, event: number): FunctionState[] {
  const known = new Map<number, Map<string, Value>>();
  for (const row of rowsOf(analysis.atsEvents)) {
    if (row.event <= event && row.fn !== null && !known.has(row.fn)) known.set(row.fn, new Map());
  }
  for (const row of rowsOf(analysis.transitions)) {
    if (row.event > event) break;
    const { layer, field, new_value: value, origin } = row;
    known.get(row.fn)?.set(`${layer}.${field}`, { layer, field, value, since: row.event, origin });
  }
  return rowsOf(analysis.functions)
    .filter((fn) => known.has(fn.fn))
    .map((fn) => ({
      function: fn.function,
      generation: fn.generation,
      pf: fn.pf,
      values: [...(known.get(fn.fn) as Map<string, Value>).values()].sort((a, b) =>
        `${a.layer}.${a.field}` < `${b.layer}.${b.field}` ? -1 : 1,
      ),
    }));
}
