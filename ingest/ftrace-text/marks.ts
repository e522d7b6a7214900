/** What a line of an ftrace text that is no event may be. */
export type Mark =
  | { readonly kind: 'lost'; readonly cpu: number; readonly count: bigint | null; readonly dropped: boolean }
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
