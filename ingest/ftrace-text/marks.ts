/** What a line of an ftrace text that is no event may be. */
export type Mark =
  | {
      readonly kind: 'lost';
      readonly cpu: number | null;
      readonly count: bigint | null;
      readonly dropped: boolean;
    }
  | { readonly kind: 'statistic'; readonly name: string; readonly value: number }
  | { readonly kind: 'buffer-started'; readonly cpu: number }
  | { readonly kind: 'entries'; readonly inBuffer: number; readonly written: number; readonly cpus: number }
  | { readonly kind: 'tracer'; readonly name: string }
  | { readonly kind: 'latency-header'; readonly release: string }
  | { readonly kind: 'release'; readonly release: string }
  | { readonly kind: 'report-header'; readonly cpus: number }
  | { readonly kind: 'perf-header' }
  | { readonly kind: 'switch'; readonly cpu: number; readonly from: Task; readonly to: Task }
  | { readonly kind: 'rule' }
  | { readonly kind: 'comment' };

export interface Task {
  readonly comm: string;
  readonly pid: number;
}

const LOST = /^CPU:(\d+) \[LOST (?:(\d+) )?EVENTS\]/;
const DROPPED = /^CPU:(\d+) \[(?:(\d+) )?EVENTS DROPPED\]/;
const STARTED = /^#+ CPU (\d+) buffer started #+/;
const ENTRIES = /^# entries-in-buffer\/entries-written: (\d+)\/(\d+)\s+#P:(\d+)/;
const LATENCY_ENTRIES = /^# latency: \d+ us, #(\d+)\/(\d+), CPU#\d+ \|.*#P:(\d+)\)/;
const TRACER = /^# tracer: (\S+)/;
const LATENCY = /^# \S+ latency trace v\S+ on (\S+)/;
const PERF = /^# =+\s*$/;
const RELEASE = /^# os release : (\S+)/;
const REPORT = /^(?:version = \d+\s*)?cpus=(\d+)$/;
const VERSION = /^version = \d+$/;
const PERF_RECORD = /: PERF_RECORD_([A-Z_]+)\b/;
const PERF_LOST = /\blost[ :]+(\d+)/;
const PERF_CPU = / \[(\d{3,5})\] /;
const PERF_CHUNKS = /^Processed \d+ events and lost \d+ chunks!/;
/** The file per_cpu/cpuN/stats, which `trace-cmd report --stat` prints for every CPU. */
const STATISTIC =
  /^(CPU|entries|overrun|commit overrun|bytes|dropped events|read events): (\d+)$|^(?:oldest event|now) ts: +[\d.]+$/;
const STATISTICS =
  /^(?:Kernel buffer statistics:| {2}Note: "entries" are the entries left in the kernel ring buffer and are not| {8}recorded in the trace data\. They should all be zero\.|Buffer: \S+|CPU\d+ data recorded at offset=0x[0-9a-f]+| {4}\d+ bytes in size(?: \(\d+ uncompressed\))?)$/;
const EMPTY = /^(?:CPU \d+ is empty|CPU:\d+ is empty)$/;
const RULE = /^ -{20,}\s*$/;
const SWITCH = /^ *(?:(\d+)\)|) *(\S.*)-(\d+) +=> +(\S.*)-(\d+)\s*$/;

/**
 * Reads a line that is not an event. Follows `print_trace_header`, `print_cpu_buffer_started` and the lost-events line
 * of kernel/trace/trace.c, `verif_pid` (the banner of a context switch) of trace_functions_graph.c, trace-cmd's
 * tracecmd-report with its own words for losses, and the header of perf script.
 * Returns null for a line of no known kind.
 */
export function readMark(text: string): Mark | null {
  if (text.trim() === '') return { kind: 'comment' };
  if (text.startsWith('#')) return readHeader(text);
  const statistic = STATISTIC.exec(text);
  if (statistic) {
    return { kind: 'statistic', name: statistic[1] ?? '', value: Number(statistic[2] ?? 0) };
  }
  if (STATISTICS.test(text)) return { kind: 'comment' };
  if (PERF_CHUNKS.test(text)) return { kind: 'lost', cpu: null, count: null, dropped: false };
  const record = PERF_RECORD.exec(text);
  if (record) return readPerfRecord(record[1], text);
  if (text.startsWith('CPU')) {
    const lost = LOST.exec(text) ?? DROPPED.exec(text);
    if (lost) {
      const dropped = !text.includes('[LOST');
      return { kind: 'lost', cpu: Number(lost[1]), count: lost[2] ? BigInt(lost[2]) : null, dropped };
    }
    return EMPTY.test(text) ? { kind: 'comment' } : null;
  }
  const report = REPORT.exec(text);
  if (report) return { kind: 'report-header', cpus: Number(report[1]) };
  if (VERSION.test(text)) return { kind: 'comment' };
  if (RULE.test(text)) return { kind: 'rule' };
  const banner = text.includes(' => ') ? SWITCH.exec(text) : null;
  if (banner) {
    return {
      kind: 'switch',
      cpu: banner[1] === undefined ? -1 : Number(banner[1]),
      from: { comm: banner[2], pid: Number(banner[3]) },
      to: { comm: banner[4], pid: Number(banner[5]) },
    };
  }
  return null;
}

/** A record of perf that is no sample (`perf script --show-lost-events`, `--show-task-events` and the like). */
function readPerfRecord(name: string, text: string): Mark {
  const count = name.startsWith('LOST') ? PERF_LOST.exec(text) : null;
  if (!count) return { kind: 'comment' };
  const cpu = PERF_CPU.exec(text);
  return { kind: 'lost', cpu: cpu ? Number(cpu[1]) : null, count: BigInt(count[1]), dropped: false };
}

function readHeader(text: string): Mark {
  const started = STARTED.exec(text);
  if (started) return { kind: 'buffer-started', cpu: Number(started[1]) };
  const entries = ENTRIES.exec(text) ?? LATENCY_ENTRIES.exec(text);
  if (entries) {
    return {
      kind: 'entries',
      inBuffer: Number(entries[1]),
      written: Number(entries[2]),
      cpus: Number(entries[3]),
    };
  }
  const tracer = TRACER.exec(text);
  if (tracer) return { kind: 'tracer', name: tracer[1] };
  const latency = LATENCY.exec(text);
  if (latency) return { kind: 'latency-header', release: latency[1] };
  const release = RELEASE.exec(text);
  if (release) return { kind: 'release', release: release[1] };
  return PERF.test(text) ? { kind: 'perf-header' } : { kind: 'comment' };
}
