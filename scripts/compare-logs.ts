/**
 * Compares what is read of a folder of logs with its manifest, and prints every difference: records, times, splats, functions, groups,
 * releases, listings of the hardware. Lines on ATS and IOMMUs that gave no event of the model are listed below.
 * Usage: compare-logs FOLDER. The folder has the logs and a `manifest.json`:
 * `{"entries": [{"file", "expected": {"log_records", "timestamps", "splats", "bdfs", ...}}]}`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { detect } from '../ingest/kernel-log/detect.ts';
import { kernelLog } from '../ingest/kernel-log/index.ts';
import { splitMixed } from '../ingest/mixed/index.ts';
import { quote } from '../ingest/quote.ts';
import { readInputs } from '../ingest/read.ts';
import { type Recorded, Recording } from '../ingest/recording.ts';
import { headOf, openSource } from '../ingest/source.ts';
import { analyze } from '../model/analyze.ts';
import { modelWants } from '../model/lift/ftrace.ts';
import { formatSeconds, type PCI_FUNCTIONS, type RowOf, rowsOf } from '../tables/index.ts';

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
    readonly bdfs: { readonly distinct: number; readonly most_common_first_40: readonly string[] };
    readonly iommu_group_messages?: Readonly<Record<'devices' | 'groups' | 'max_group', number>>;
    readonly linux_version_banners?: readonly string[];
    readonly lspci?: {
      readonly devices: number;
      readonly with_ats_sriov_pri_pasid: Readonly<Record<string, ManifestFunction>>;
    };
    readonly ats_iommu_related_lines?: { readonly sample: readonly (readonly [number, string])[] };
  };
}

/** A function of lspci: the bits of control registers as `+` and `-`, fields in hexadecimal. */
interface ManifestFunction {
  readonly iommu_group?: string;
  readonly ats_ctl?: string;
  readonly ats_stu?: string;
  readonly ats_queue_depth?: string;
  readonly pri_ctl?: string;
  readonly pasid_ctl?: string;
  readonly sriov_ctl?: readonly string[];
  readonly vfs?: readonly string[];
  readonly vf_offset_stride?: string;
  readonly vf_device_id?: string;
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

const ADDRESS = /(?<![\w.:])(?:[0-9a-f]{4,5}:)?[0-9a-f]{2}:[01][0-9a-f]\.[0-7](?![\w.])/gi;

/** An address with its segment. */
function whole(address: string): string {
  return (/^..:/.test(address) ? `0000:${address}` : address).toLowerCase();
}

/** Functions of the manifest that nothing read of the file names, groups and releases. */
function factDifferences({ expected }: ManifestEntry, recorded: Recorded): string[] {
  const messages = rowsOf(recorded.logRecords).map((row) => row.message);
  const listed = rowsOf(recorded.pciFunctions);
  const named = new Set([
    ...messages.flatMap((text) => text.match(ADDRESS) ?? []).map(whole),
    ...rowsOf(recorded.logRecords).map((row) => row.device ?? ''),
    ...listed.map((row) => row.function ?? whole(row.slot)),
  ]);
  const missing = expected.bdfs.most_common_first_40.map(whole).filter((address) => !named.has(address));
  const groups = messages.flatMap((text) => /Adding to iommu group (\d+)/.exec(text)?.[1] ?? []).map(Number);
  const releases = messages.flatMap((text) => /^Linux version (\S+)/.exec(text)?.[1] ?? []);
  const { iommu_group_messages: wanted, linux_version_banners: banners, lspci } = expected;
  const checks = [
    ['functions not named', missing.join(' '), ''],
    ['group messages', groups.length, wanted?.devices ?? groups.length],
    ['groups', new Set(groups).size, wanted?.groups ?? new Set(groups).size],
    ['releases', releases.join(' '), banners?.join(' ') ?? releases.join(' ')],
    ['listed functions', new Set(listed.map((row) => row.function ?? row.slot)).size, lspci?.devices ?? null],
  ] as const;
  return [
    ...checks
      .filter(([, got, want]) => want !== null && got !== want)
      .map(([name, got, want]) => `${name}: ${got}, manifest has ${want}`),
    ...Object.entries(lspci?.with_ats_sriov_pri_pasid ?? {}).flatMap(([address, want]) =>
      functionDifferences(
        address,
        want,
        listed.find((row) => row.slot === address || row.function === whole(address)),
      ),
    ),
  ];
}

function functionDifferences(
  address: string,
  want: ManifestFunction,
  got: RowOf<typeof PCI_FUNCTIONS> | undefined,
): string[] {
  if (!got) return [`${address} is not listed`];
  const sign = (bit: boolean | null) => (bit === null ? null : bit ? '+' : '-');
  const hex = (value: number | null, width: number) => value?.toString(16).padStart(width, '0') ?? null;
  const checks = [
    ['iommu group', want.iommu_group, String(got.iommu_group)],
    ['ATS Enable', want.ats_ctl, sign(got.ats_enable)],
    ['STU', want.ats_stu, hex(got.ats_stu, 2)],
    ['queue depth', want.ats_queue_depth, hex(got.ats_queue_depth, 2)],
    ['PRI Enable', want.pri_ctl, sign(got.pri_enable)],
    ['PASID Enable', want.pasid_ctl, sign(got.pasid_enable)],
    ['VF Enable', want.sriov_ctl?.[0], sign(got.sriov_vf_enable)],
    [
      'VFs',
      want.vfs?.[0],
      `${got.sriov_initial_vfs}, Total VFs: ${got.sriov_total_vfs}, Number of VFs: ${got.sriov_num_vfs}`,
    ],
    ['VF offset', want.vf_offset_stride, `${got.sriov_offset}, stride: ${got.sriov_stride}`],
    ['VF device', want.vf_device_id, hex(got.sriov_vf_device, 4)],
  ] as const;
  return checks
    .filter(([, expected, found]) => expected !== undefined && expected !== found)
    .map(([name, expected, found]) => `${address}: ${name} ${found}, manifest has ${expected}`);
}

/** Records of the kernel log by what the manifest calls their kind: whether they name a caller. */
function timeDifferences({ expected }: ManifestEntry, recorded: Recorded): string[] {
  const rows = rowsOf(recorded.logRecords).filter(
    (row) => row.time_kind === 'uptime' && row.time_ns !== null,
  );
  return (['uptime', 'uptime_callerid'] as const).flatMap((kind) => {
    const want = expected.timestamps[kind];
    const own = rows.filter((row) => (row.caller !== null) === (kind === 'uptime_callerid'));
    if (!want || own.length === 0) return [];
    const first = formatSeconds(own[0].time_ns ?? 0n);
    const last = formatSeconds(own[own.length - 1].time_ns ?? 0n);
    return [
      ...(first === want.first ? [] : [`first ${kind} ${first}, manifest has ${want.first}`]),
      ...(last === want.last ? [] : [`last ${kind} ${last}, manifest has ${want.last}`]),
    ];
  });
}

async function compare(folder: string, entry: ManifestEntry): Promise<string[]> {
  const { out, found, tables } = await read(join(folder, entry.file));
  const differences: string[] = [];
  const { log_records: records, splats } = entry.expected;
  const hasKernel = Object.keys(records.by_kind).some((kind) => !OTHER_KINDS.has(kind));
  const isClaimed = found.confidence >= 20;
  if (!isClaimed && hasKernel) return [`not claimed: ${found.why}`];
  if (isClaimed && out.records !== records.total)
    differences.push(`${out.records} records, manifest has ${records.total}`);
  if (isClaimed) differences.push(...timeDifferences(entry, tables));
  const got = isClaimed ? rowsOf(tables.splats) : [];
  const wanted = isClaimed ? (splats?.header_lines ?? []) : [];
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

/** What the model makes of a file: facts that differ, and lines on ATS or an IOMMU that are no event, no listing, no frame of a splat. */
async function compareFacts(folder: string, entry: ManifestEntry) {
  const inputs = await readInputs([join(folder, entry.file)], { needs: { wants: modelWants } });
  try {
    const analysis = await analyze(inputs.recorded, {
      tool: 'compare-logs',
      gate: 'error',
      profile: null,
      quote: (places) => quote(inputs, places),
    });
    const events = new Set(rowsOf(analysis.atsEvents).map((row) => row.line));
    const sample = entry.expected.ats_iommu_related_lines?.sample ?? [];
    const silent = sample.filter(
      ([line, text]) => !events.has(line) && !/ATSC(?:ap|tl)|Capabilities:|VFs:|\+0x/.test(text),
    );
    return {
      differences: factDifferences(entry, inputs.recorded),
      silent: silent.map(([line, text]) => `line ${line}: ${text.trim()}`),
    };
  } finally {
    inputs.close();
  }
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
const silent: string[] = [];
for (const entry of manifest.entries) {
  const facts = await compareFacts(folder, entry);
  silent.push(...facts.silent.map((line) => `${entry.file} ${line}`));
  const differences = [...(await compare(folder, entry)), ...facts.differences];
  if (differences.length === 0) equal++;
  else
    console.log(
      `${entry.file} (${entry.format_family})\n${differences.map((line) => `  ${line}`).join('\n')}`,
    );
}
console.log(`${equal} of ${manifest.entries.length} logs are as the manifest says`);
if (silent.length > 0) console.log(`lines without an event\n${silent.map((line) => `  ${line}`).join('\n')}`);
