import type { SourceRecording } from '../recording.ts';

/** Something about the way a text is printed that costs information, by the code of its import log row. */
const LOST = {
  'latency-format': {
    label: 'latency format',
    severity: 'info',
    message:
      'latency format: times count in microseconds from the start of the buffer and task names are cut to 8 characters (option latency-format)',
  },
  'verbose-latency': {
    label: 'verbose latency format',
    severity: 'info',
    message: 'verbose latency format: times are whole microseconds (options latency-format and verbose)',
  },
  'raw-rendering': {
    label: 'raw',
    severity: 'warning',
    message:
      'names and arguments of events are not printed, only their type numbers: print the trace again with the option raw off',
  },
  'hex-rendering': {
    label: 'hex',
    severity: 'warning',
    message:
      'names and arguments of events are not printed, only their type numbers: print the trace again with the option hex off',
  },
  'no-context': {
    label: 'no context',
    severity: 'warning',
    message:
      'task, CPU and time of the events are not printed, only their order is known: print the trace again with the option context-info on',
  },
  'perf-fields': {
    label: 'without some fields',
    severity: 'warning',
    message:
      'task or time of the events are not printed: print them with perf script -F comm,pid,tid,cpu,time,event,trace',
  },
  'graph-no-time': {
    label: 'no time',
    severity: 'info',
    message:
      'the function graph is printed without times, only the order of calls is known: print it with the option funcgraph-abstime',
  },
  'graph-no-task': {
    label: 'no task',
    severity: 'info',
    message:
      'the function graph is printed without tasks: they are known from the first context switch of a CPU on; print it with the option funcgraph-proc',
  },
  'graph-no-cpu': {
    label: 'no CPU',
    severity: 'info',
    message: 'the function graph is printed without CPUs (option funcgraph-cpu)',
  },
  'graph-short-comm': {
    label: null,
    severity: 'info',
    message: 'the function graph cuts task names to 7 characters',
  },
  'latency-comm': {
    label: null,
    severity: 'info',
    message: 'latency format: task names are cut to 8 characters',
  },
  'graph-no-duration': {
    label: 'no durations',
    severity: 'info',
    message:
      'the end of a call without calls inside is not known, because durations are not printed: print it with the option funcgraph-duration',
  },
  'graph-short-time': {
    label: null,
    severity: 'info',
    message:
      'the end of a call without calls inside is its start plus its duration: the function graph prints one line for both',
  },
  'function-entries': {
    label: null,
    severity: 'info',
    message: 'the function tracer shows that functions were called, not what they returned',
  },
  'addresses-only': {
    label: null,
    severity: 'info',
    message:
      'probed functions and callers are printed as addresses: what an event probes is told by its name only',
  },
  fields: {
    label: 'fields',
    severity: 'info',
    message: 'printed with the option fields: texts stand without quotes, so a text ends at its first space',
  },
} as const;

export type Rendering = keyof typeof LOST;

/** Collects how a text is printed and says what is lost by it. */
export class Renderings {
  private readonly seen = new Set<Rendering>();
  private readonly out: SourceRecording;
  /** Calls of the function graph that were kept, and what was printed of them. */
  calls = 0;
  withArguments = 0;
  withResult = 0;

  constructor(out: SourceRecording) {
    this.out = out;
  }

  see(rendering: Rendering, offset: number, line: number): void {
    if (this.seen.has(rendering)) return;
    this.seen.add(rendering);
    const { severity, message } = LOST[rendering];
    this.out.note(severity, rendering, { offset, line }, message);
  }

  /** Names of the renderings that tell one text from another. */
  get labels(): string[] {
    return [...this.seen].flatMap((rendering) => LOST[rendering].label ?? []);
  }

  finish(): void {
    if (this.calls === 0) return;
    if (this.withArguments === 0) {
      this.out.note(
        'info',
        'no-call-arguments',
        null,
        'calls are printed without arguments, so no device is known from them: use the option func-args or funcgraph-args (Linux 6.15)',
      );
    }
    if (this.withResult === 0) {
      this.out.note(
        'info',
        'no-call-results',
        null,
        'calls are printed without the values they returned: use the option funcgraph-retval (Linux 6.5)',
      );
    }
  }
}
