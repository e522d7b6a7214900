/** What a line of an ftrace text that is no event may be. */
export type Mark =
  | { readonly kind: 'lost'; readonly cpu: number; readonly count: bigint | null; readonly dropped: boolean }
  | { readonly kind: 'buffer-started'; readonly cpu: number }
  | { readonly kind: 'entries'; readonly inBuffer: number; readonly written: number; readonly cpus: number }
  | { readonly kind: 'tracer'; readonly name: string }
  | { readonly kind: 'latency-header'; readonly release: string }
  | { readonly kind: 'report-header'; readonly cpus: number }
  | { readonly kind: 'comment' }
  | { readonly kind: 'continuation' };

const LOST = /^CPU:(\d+) \[LOST (\d+) EVENTS\]/;
const DROPPED = /^CPU:(\d+) \[(?:(\d+) )?EVENTS DROPPED\]/;
const STARTED = /^#+ CPU (\d+) buffer started #+/;
const ENTRIES = /^# entries-in-buffer\/entries-written: (\d+)\/(\d+)\s+#P:(\d+)/;
const TRACER = /^# tracer: (\S+)/;
const LATENCY = /^# \S+ latency trace v\S+ on (\S+)/;
const REPORT = /^(?:version = \d+\s*)?cpus=(\d+)$/;
/** Frames of a stack trace event, kernel or user: ` => symbol`, `=> <addr>`. */
const FRAME = /^\s*=> /;

/**
 * Reads a line that is not an event. Follows `print_trace_header`, `print_cpu_buffer_started` and the lost-events line
 * of kernel/trace/trace.c, and trace-cmd's tracecmd-report for its own words for losses.
 * Returns null for a line of no known kind.
 */
export function readMark(text: string): Mark | null {
  if (text.trim() === '') return { kind: 'comment' };
  if (text.startsWith('CPU:')) {
    const lost = LOST.exec(text);
    if (lost) return { kind: 'lost', cpu: Number(lost[1]), count: BigInt(lost[2]), dropped: false };
    const dropped = DROPPED.exec(text);
    if (dropped) {
      return {
        kind: 'lost',
        cpu: Number(dropped[1]),
        count: dropped[2] ? BigInt(dropped[2]) : null,
        dropped: true,
      };
    }
    return null;
  }
  if (text.startsWith('#')) {
    const started = STARTED.exec(text);
    if (started) return { kind: 'buffer-started', cpu: Number(started[1]) };
    const entries = ENTRIES.exec(text);
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
    return { kind: 'comment' };
  }
  const report = REPORT.exec(text);
  if (report) return { kind: 'report-header', cpus: Number(report[1]) };
  if (FRAME.test(text)) return { kind: 'continuation' };
  return null;
}
