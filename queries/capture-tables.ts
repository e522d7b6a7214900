import { createHash } from 'node:crypto';
import type { Analysis } from '../model/analysis.ts';
import {
  CAPTURE_LABELS,
  CAPTURES,
  rowAt,
  rowsOf,
  SCHEMA_VERSION,
  type Table,
  TableBuilder,
} from '../tables/index.ts';

/** Bytes that can be read from an offset on: what a source is. */
export interface Readable {
  readonly size: number;
  read(offset: number, target: Uint8Array): number;
}

/**
 * Id of a capture: a hash of the bytes of its sources, whatever their names and in whatever order they were given.
 */
export function captureId(sources: readonly Readable[]): string {
  const buffer = new Uint8Array(1 << 20);
  const digests = sources.map((source) => {
    const hash = createHash('sha256');
    for (let at = 0; at < source.size; ) {
      const got = source.read(at, buffer);
      if (got === 0) break;
      hash.update(buffer.subarray(0, got));
      at += got;
    }
    return hash.digest('hex');
  });
  return createHash('sha256').update(digests.sort().join('\n')).digest('hex').slice(0, 16);
}

export interface CaptureFacts {
  readonly id: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly allEvents: boolean;
}

/** The tables that say which capture the others are of. */
export function captureTables(analysis: Analysis, facts: CaptureFacts): Table[] {
  const sources = rowsOf(analysis.sources);
  const severities = rowsOf(analysis.findings).map((row) => row.severity);
  const { verdict, profile, tool } = rowAt(analysis.verdict, 0);
  const total = (pick: (row: (typeof sources)[number]) => bigint) =>
    sources.reduce((sum, row) => sum + pick(row), 0n);
  const captures = new TableBuilder(CAPTURES);
  captures.append({
    capture: facts.id,
    kernel_release: sources.find((row) => row.kernel_release !== null)?.kernel_release ?? null,
    profile,
    verdict,
    errors: severities.filter((severity) => severity === 'error').length,
    warnings: severities.filter((severity) => severity === 'warning').length,
    inputs: sources.length,
    bytes: total((row) => row.bytes),
    records: total((row) => row.records),
    all_events: facts.allEvents,
    schema_version: SCHEMA_VERSION,
    tool,
  });
  const labels = new TableBuilder(CAPTURE_LABELS);
  for (const [label, value] of [...facts.labels].sort(([a], [b]) => (a < b ? -1 : 1)))
    labels.append({ capture: facts.id, label, value });
  return [captures.finish(), labels.finish()];
}
