import { readFileSync } from 'node:fs';
import { decodeQemuTrace, qemuTrace, type TraceEvents } from '../../../ingest/qemu-trace/index.ts';
import { type Recorded, Recording } from '../../../ingest/recording.ts';
import { headOf, MemorySource } from '../../../ingest/source.ts';
import { type RowOf, rowsOf, type SOURCES } from '../../../tables/index.ts';

export const fixture = (name: string) => readFileSync(`test/fixtures/qemu-trace/${name}.log`);

const bytesOf = (input: string | Uint8Array) => (typeof input === 'string' ? Buffer.from(input) : input);

export interface ReadTrace {
  readonly recorded: Recorded;
  readonly accesses: ReturnType<typeof rowsOf<Recorded['configAccesses']['def']>>;
  readonly simulator: ReturnType<typeof rowsOf<Recorded['simulatorEvents']['def']>>;
  readonly log: ReturnType<typeof rowsOf<Recorded['importLog']['def']>>;
  readonly losses: ReturnType<typeof rowsOf<Recorded['losses']['def']>>;
  readonly source: RowOf<typeof SOURCES>;
  /** Rows of the event tables, by name. */
  readonly events: Readonly<Record<string, ReturnType<typeof rowsOf>>>;
}

export interface ReadOptions {
  readonly chunkSize?: number;
  readonly declared?: TraceEvents | null;
  readonly wants?: (name: string) => boolean;
}

export function read(
  input: string | Uint8Array,
  { chunkSize = 1 << 20, declared = null, wants = () => true }: ReadOptions = {},
): ReadTrace {
  const source = new MemorySource('qemu.log', bytesOf(input));
  const recording = new Recording();
  const out = recording.addSource(source.path, qemuTrace.id, source.size);
  decodeQemuTrace(source, out, { needs: { wants: ({ name }) => wants(name) }, chunkSize }, declared);
  const recorded = recording.finish();
  return {
    recorded,
    accesses: rowsOf(recorded.configAccesses),
    simulator: rowsOf(recorded.simulatorEvents),
    log: rowsOf(recorded.importLog),
    losses: rowsOf(recorded.losses),
    source: rowsOf(recorded.sources)[0],
    events: Object.fromEntries(recorded.events.map((table) => [table.def.name, rowsOf(table)])),
  };
}

export function accounted({ source }: ReadTrace): bigint {
  return (
    source.record_bytes +
    source.continuation_bytes +
    source.marker_bytes +
    source.comment_bytes +
    source.unparsed_bytes
  );
}

export function detected(input: string | Uint8Array) {
  const source = new MemorySource('input', bytesOf(input));
  return qemuTrace.detect({ path: source.path, head: headOf(source), size: source.size });
}
