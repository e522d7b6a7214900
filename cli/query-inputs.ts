import type { EventStream, StreamedTable } from '../ingest/event-stream.ts';
import { quote } from '../ingest/quote.ts';
import { readInputs } from '../ingest/read.ts';
import { analyze } from '../model/analyze.ts';
import { PROFILES, profileById } from '../model/features.ts';
import { modelWants } from '../model/lift/ftrace.ts';
import { captureId, captureTables } from '../queries/capture-tables.ts';
import { allTablesOf } from '../queries/database.ts';
import type { Table } from '../tables/index.ts';
import { UsageError } from './exit-codes.ts';
import { namedOffsets, type ReaderFlags, readersFor } from './input-readers.ts';
import { USUAL_UNDER } from './inputs.ts';
import { Progress } from './terminal.ts';
import { TOOL } from './version.ts';

/** How recordings become tables for SQL. */
export interface RecordingFlags extends ReaderFlags {
  readonly features?: string;
  readonly inputFormat?: string;
  /** Decode every kind of trace event, not only those of the model. */
  readonly all?: boolean;
  readonly label?: readonly string[];
}

/** What recordings gave. */
export interface RecordedCapture {
  readonly id: string;
  readonly tables: readonly Table[];
  /** Tables whose rows went to the stream. */
  readonly streamed: readonly StreamedTable[];
}

/** @throws UsageError for a label that is not of the form name=value. */
function labelsOf(list: readonly string[] = []): Map<string, string> {
  const labels = new Map<string, string>();
  for (const text of list) {
    const [, name, value] = /^([A-Za-z_][\w.-]*)=(.*)$/s.exec(text) ?? [];
    if (name === undefined) throw new UsageError(`--label ${text}: expected name=value, e.g. board=x1.`);
    if (labels.has(name)) throw new UsageError(`--label ${text}: ${name} has a value already.`);
    labels.set(name, value);
  }
  return labels;
}

/**
 * Reads and replays recordings into every table that SQL knows.
 * @param stream takes the rows of frequent events while they are read.
 * @throws InputError, UsageError
 */
export async function recordedCapture(
  inputs: readonly string[],
  flags: RecordingFlags,
  stream?: EventStream,
): Promise<RecordedCapture> {
  const labels = labelsOf(flags.label);
  const profile = flags.features === undefined ? null : profileById(flags.features);
  if (flags.features !== undefined && !profile) {
    const known = PROFILES.map(({ id }) => id).join(', ');
    throw new UsageError(`--features ${flags.features}: no such profile; there are ${known}.`);
  }
  const atsCapabilities = namedOffsets(flags.atsCapability);
  const progress = new Progress();
  const read = await readInputs(inputs, {
    needs: { wants: flags.all ? () => true : modelWants },
    format: flags.inputFormat,
    formatFor: await readersFor(flags),
    stream,
    progress: (path, bytes, size) =>
      progress.show(`reading ${path} ${size > 0 ? Math.floor((bytes * 100) / size) : 0}%`),
  });
  try {
    const analysis = await analyze(read.recorded, {
      tool: TOOL,
      gate: 'error',
      profile: profile ? { profile, features: profile.features, why: 'named with --features' } : null,
      under: profileById(USUAL_UNDER),
      atsCapabilities,
      quote: (places) => quote(read, places),
    });
    const id = captureId(read.sources);
    const { pciFunctions, configAccesses, simulatorEvents } = read.recorded;
    const facts = { id, labels, allEvents: flags.all === true };
    const extra = [pciFunctions, configAccesses, simulatorEvents, ...captureTables(analysis, facts)];
    return { id, tables: allTablesOf(analysis, extra), streamed: read.recorded.streamed };
  } finally {
    progress.clear();
    read.close();
  }
}

/** Ends the program on Ctrl-C after `clean`; 130 is what shells expect. */
export function onInterrupt(clean: () => void): () => void {
  const handler = () => {
    clean();
    process.stderr.write('\natscope: interrupted.\n');
    process.exit(128 + 2);
  };
  process.once('SIGINT', handler);
  return () => process.removeListener('SIGINT', handler);
}

/** A number of an option, `least` or more. @throws UsageError */
export function numberOf(option: string, text: string, least: number): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value < least)
    throw new UsageError(`${option} ${text}: expected a number from ${least} up.`);
  return value;
}
