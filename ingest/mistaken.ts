import type { Probe } from './format.ts';

/** A file that is often given in place of a recording. */
interface Mistaken {
  /** What the file is, as a person would say it. */
  readonly what: string;
  readonly pattern: RegExp;
  /** What to give instead. */
  readonly instead: string;
  /** The size of the file is a multiple of this. */
  readonly pages?: number;
}

const GIVE_TRACE = 'Give what stands in /sys/kernel/tracing/trace, or the trace.dat of trace-cmd.';

/**
 * Files that lie next to recordings in tracefs, or are made by other tools for the same purpose (kernel/trace/*.c,
 * tools/perf, trace-cmd). The first match counts.
 */
const MISTAKEN: readonly Mistaken[] = [
  {
    what: 'a histogram of tracefs (events/*/*/hist): it counts events and has none',
    pattern: /^# event histogram$/m,
    instead: GIVE_TRACE,
  },
  {
    what: 'the trigger file of an event in tracefs: it says what is to happen, not what did',
    pattern: /^# Available triggers:$/m,
    instead: GIVE_TRACE,
  },
  {
    what: 'a function profile of tracefs (trace_stat/function*): it counts calls and has none',
    pattern: /^ +Function +Hit\b.*\n +-{8}/,
    instead: 'Record the calls with the function_graph tracer, or with atscope capture.',
  },
  {
    what: 'the stack_trace file of the stack tracer',
    pattern: /^ +Depth +Size +Location /m,
    instead: GIVE_TRACE,
  },
  {
    what: 'the format file of an event',
    pattern: /^name: \w+\nID: \d+\nformat:/,
    instead: GIVE_TRACE,
  },
  {
    what: 'a list of probe definitions (kprobe_events, dynamic_events): what was to be recorded, not what was',
    pattern: /^(?:[pr]\d*|[eftu]\d*):\S+ \S+/,
    instead: GIVE_TRACE,
  },
  {
    what: 'the counters of probes (kprobe_profile)',
    pattern: /^ {2}\w+ +\d+ +\d+\n/,
    instead: GIVE_TRACE,
  },
  {
    what: 'the counters of a ring buffer (per_cpu/cpu*/stats)',
    pattern: /^entries: \d+\noverrun: \d+\n/,
    instead: `${GIVE_TRACE} Losses are counted there, too.`,
  },
  {
    what: 'the addresses of the kernel (kallsyms, System.map)',
    pattern: /^[0-9a-f]{8,16} [A-Za-z] \S+\n(?:[0-9a-f]{8,16} [A-Za-z] )/,
    instead: GIVE_TRACE,
  },
  {
    what: 'the description of tracefs (README)',
    pattern: /^tracing mini-HOWTO:/,
    instead: GIVE_TRACE,
  },
  {
    what: 'a list of events of tracefs (set_event, available_events)',
    pattern: /^(?:\w+:\w+\n){2}|^\w+:\w+\n$/,
    instead: GIVE_TRACE,
  },
  {
    what: 'a setting of tracefs, not the trace',
    pattern:
      /(?:^|\n)(?:no)?print-parent\n|^(?:[\w-]+ )*(?:nop|function|function_graph) ?\n$|^(?:[\w-]+ )*\[[\w-]+\](?: [\w-]+)* ?\n$|^\d+ \(expanded: \d+\)\n$/,
    instead: GIVE_TRACE,
  },
  {
    what: 'a list of functions (set_ftrace_filter, available_filter_functions), not of their calls',
    pattern:
      /^(?:#{4} all functions enabled #{4}|(?:[A-Za-z_]\w*_[\w.]*(?: \(\d+\)\S*)?(?:[ \t]+\[\w+\])?\n){2})/,
    instead: GIVE_TRACE,
  },
  {
    what: 'saved_cmdlines of tracefs: names of tasks',
    pattern: /^(?:\d+ [^\d\s].{0,15}\n){2}/,
    instead: GIVE_TRACE,
  },
  {
    what: 'what trace-cmd record prints when it ends',
    pattern: /^CPU ?\d+:? data recorded at offset=/m,
    instead: 'Give the trace.dat that it wrote.',
  },
  {
    what: 'perf.data, the binary file of perf record',
    pattern: /^PERFILE2|^2ELIFREP/,
    instead: 'Give what `perf script` prints of it.',
  },
  {
    what: 'what perf trace prints: its times count from the start of perf, and addresses stand as numbers',
    pattern: /^ +\d+\.\d{3} (?:\([ \d.]*(?:ms)?\): )?\S+\/\d+ \w+(?::\w+)?\(/m,
    instead: 'Record with `perf record -e probe:...` and give what `perf script` prints.',
  },
  {
    what: 'the counters of perf stat',
    pattern: /^ Performance counter stats for /m,
    instead: 'Record with `perf record -e probe:...` and give what `perf script` prints.',
  },
  {
    what: 'output of bpftrace, whose form is that of its script',
    pattern: /^Attaching \d+ probes?\.\.\./m,
    instead: 'A mapping file reads it: see docs/ats-events.md.',
  },
  {
    what: 'the trace printed with the option bin: names and arguments are not in it',
    pattern: /^# tracer: \w+\n#\n[^\n]*\0/,
    instead: 'Print it again with `echo nobin > trace_options`.',
  },
  {
    what: 'a page of the ring buffer (per_cpu/cpu*/trace_pipe_raw) without the formats of its events',
    pattern: /^[\s\S]{8}[\s\S]{2}\0\0\0\0\0\0[\s\S]/,
    instead: 'Record with trace-cmd, which packs both into a trace.dat.',
    pages: 4096,
  },
];

/** What a file that no format knows is, and what to give instead; null when that is not known either. */
export function explainMistaken({ head, size }: Probe): string | null {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 65536))
    .toString('latin1')
    .replace(/\r\n/g, '\n');
  const found = MISTAKEN.find(({ pattern, pages = 1 }) => size % pages === 0 && pattern.test(text));
  return found ? `This is ${found.what}. ${found.instead}` : null;
}
