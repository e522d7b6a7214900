import { quote } from '../../ingest/quote.ts';
import { readSources } from '../../ingest/read.ts';
import { type ByteSource, MemorySource } from '../../ingest/source.ts';
import type { Analysis } from '../../model/analysis.ts';
import { analyze } from '../../model/analyze.ts';
import { profileById } from '../../model/features.ts';
import { modelWants } from '../../model/lift/ftrace.ts';
import { type FINDINGS, type RowOf, rowsOf } from '../../tables/index.ts';

export interface PipelineOptions {
  readonly profile?: string;
  readonly gate?: 'error' | 'warning';
  readonly chunkSize?: number;
  /** Another kernel to compare with. */
  readonly under?: string;
}

/** Runs bytes through reading and replay, as `atscope analyze` does. */
export async function analyzeBytes(
  inputs: Readonly<Record<string, string | Uint8Array>>,
  options: PipelineOptions = {},
): Promise<Analysis> {
  const sources: ByteSource[] = Object.entries(inputs).map(
    ([path, content]) =>
      new MemorySource(path, typeof content === 'string' ? new TextEncoder().encode(content) : content),
  );
  const read = await readSources(sources, { needs: { wants: modelWants }, chunkSize: options.chunkSize });
  const profile = options.profile === undefined ? null : profileById(options.profile);
  return analyze(read.recorded, {
    tool: 'atscope test',
    gate: options.gate ?? 'error',
    profile: profile ? { profile, features: profile.features, why: 'named by the test' } : null,
    under: options.under === undefined ? null : profileById(options.under),
    quote: (places) => quote(read, places),
  });
}

export type FindingRow = RowOf<typeof FINDINGS>;

/** Findings of an analysis; notes about the recording itself (ATS090 to ATS092) only when asked for. */
export function findingsOf(analysis: Analysis, withRecordingNotes = false): FindingRow[] {
  return rowsOf(analysis.findings).filter(
    (row) => withRecordingNotes || !['ATS090', 'ATS091', 'ATS092'].includes(row.rule),
  );
}

/** `ATS004@0000:01:00.2` for each finding. */
export function labelsOf(analysis: Analysis): string[] {
  return findingsOf(analysis).map((row) => `${row.rule}@${row.function ?? '-'}`);
}
