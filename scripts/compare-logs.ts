/**
 * Compares what the kernel-log format reads with a manifest of a folder of logs, and prints every difference.
 * Usage: compare-logs FOLDER. The folder has the logs and a `manifest.json`:
 * `{"entries": [{"file", "expected": {"log_records", "timestamps", "splats"}}]}`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { detect } from '../ingest/kernel-log/detect.ts';
import { kernelLog } from '../ingest/kernel-log/index.ts';
import { splitMixed } from '../ingest/mixed/index.ts';
import { Recording } from '../ingest/recording.ts';
import { headOf, openSource } from '../ingest/source.ts';
import { formatSeconds, rowsOf } from '../tables/index.ts';

interface ManifestSplat {
  readonly line: number;
  readonly kind: string;
  readonly what: string;
  readonly cpu?: number;
  readonly pid?: number;
  readonly comm?: string;
  readonly pc?: string;
}

interface ManifestEntry {
  readonly file: string;
  readonly format_family: string;
  readonly expected: {
    readonly log_records: { readonly total: number; readonly by_kind: Readonly<Record<string, number>> };
    readonly timestamps: Readonly<Record<string, { readonly first: string; readonly last: string }>>;
    readonly splats?: { readonly n_events: number; readonly header_lines: readonly ManifestSplat[] };
  };
}

async function read(path: string) {
  const opened = await openSource(path);
  // Of a paste with listings of the hardware only the log is compared.
  const source = splitMixed(opened)?.[0] ?? opened;
  try {
    const recording = new Recording();
    const out = recording.addSource(path, kernelLog.id, source.size);
    const found = detect({ path, head: headOf(source), size: source.size });
    await kernelLog.decode(source, out, { needs: { wants: () => false }, chunkSize: 1 << 16 });
    return { out, found, tables: recording.finish() };
  } finally {
    source.close();
  }
}

/** Differences of one splat from its first line in the manifest. */
function splatDifferences(want: ManifestSplat, got: Readonly<Record<string, unknown>> | undefined): string[] {
  if (!got) return [`line ${want.line}: ${want.kind} not found: ${want.what}`];
  const place = want.pc?.split('+')[0];
  const checks = [
    ['cpu', want.cpu, got.cpu],
    ['pid', want.pid, got.pid],
    ['comm', want.comm, got.comm],
    ['function', place, got.symbol],
  ] as const;
  return checks
    .filter(([, expected, found]) => expected !== undefined && expected !== found)
    .map(
      ([name, expected, found]) =>
        `line ${want.line}: ${want.kind} ${name} ${found}, manifest has ${expected}`,
    );
}

/** Kinds of record in a manifest that other formats read. */
const OTHER_KINDS = new Set(['ftrace_event', 'fgraph', 'fgraph_abs', 'perf_hdr']);

async function compare(folder: string, entry: ManifestEntry): Promise<string[]> {
  const { out, found, tables } = await read(join(folder, entry.file));
  const differences: string[] = [];
  const { log_records: records, timestamps, splats } = entry.expected;
  const hasKernel = Object.keys(records.by_kind).some((kind) => !OTHER_KINDS.has(kind));
  if (found.confidence < 20) return hasKernel ? [`not claimed: ${found.why}`] : [];
  if (out.records !== records.total)
    differences.push(`${out.records} records, manifest has ${records.total}`);
  const { uptime } = timestamps;
  const rows = rowsOf(tables.logRecords).filter((row) => row.time_kind === 'uptime' && row.time_ns !== null);
  if (uptime && rows.length > 0) {
    const first = formatSeconds(rows[0].time_ns ?? 0n);
    const last = formatSeconds(rows[rows.length - 1].time_ns ?? 0n);
    if (first !== uptime.first) differences.push(`first time ${first}, manifest has ${uptime.first}`);
    if (last !== uptime.last) differences.push(`last time ${last}, manifest has ${uptime.last}`);
  }
  const got = rowsOf(tables.splats);
  const wanted = splats?.header_lines ?? [];
  for (const want of wanted) {
    const same = got.find((row) => row.line === want.line);
    const before = got.findLast((row) => (row.line ?? 0) < want.line);
    // The second banner of a fault belongs to the splat that the first one opened.
    differences.push(
      ...splatDifferences(want, same ?? (want.line - (before?.line ?? -99) < 16 ? before : undefined)),
    );
  }
  const extra = got.filter((row) => !wanted.some((want) => want.line === row.line));
  for (const row of extra)
    differences.push(`line ${row.line}: ${row.kind} is not in the manifest: ${row.title}`);
  return differences;
}

const folder = process.argv[2];
if (!folder) {
  console.error('compare-logs: name a folder of logs with a manifest.json');
  process.exit(2);
}
const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as {
  readonly entries: readonly ManifestEntry[];
};
let equal = 0;
for (const entry of manifest.entries) {
  const differences = await compare(folder, entry);
  if (differences.length === 0) equal++;
  else
    console.log(
      `${entry.file} (${entry.format_family})\n${differences.map((line) => `  ${line}`).join('\n')}`,
    );
}
console.log(`${equal} of ${manifest.entries.length} logs are as the manifest says`);
