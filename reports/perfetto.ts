import type { Analysis } from '../model/analysis.ts';
import {
  type ATS_CALLS,
  type ATS_EVENTS,
  type RowOf,
  rowsOf,
  type STATE_INTERVALS,
} from '../tables/index.ts';
import { packLanes, type Span } from './perfetto-lanes.ts';
import { functionName, kernelsOf } from './phrases.ts';
import { countsTicks, type Finding, type Story, storyRowsOf, tellStory } from './story.ts';
import { thousands } from './thousands.ts';
import { clip, visible } from './visible.ts';

/** Marks in one trace; what a browser opens without trouble. */
const MAX_MARKS = 200_000;
const MAX_TEXT = 500;
/** Above 2^53 a double no longer tells nanoseconds apart. */
const EXACT_NS = 2n ** 53n;

/** Process that holds the calls, one track per task, and the one that says what was left out. */
const CALLS_PID = 1;
const NOTE_PID = 2;
const FIRST_FUNCTION_PID = 10;
const FINDINGS_TID = 1;
const WARNS_TID = 2;
const LOSSES_TID = 3;

/** Tracks of a function: one for each layer and field, with the words of a reader. */
const FIELDS: readonly {
  readonly layer: string;
  readonly field: string;
  readonly title: string;
  readonly values: 'switch' | 'yes' | 'number';
}[] = [
  { layer: 'hw', field: 'en', title: 'hardware: ATS Control Enable', values: 'switch' },
  { layer: 'hw', field: 'stu', title: 'hardware: ATS Control STU field', values: 'number' },
  { layer: 'core', field: 'en', title: 'core: ats_enabled', values: 'switch' },
  { layer: 'core', field: 'stu', title: 'core: ats_stu (page shift)', values: 'number' },
  { layer: 'drv', field: 'en', title: 'driver: believes ATS is on', values: 'switch' },
  { layer: 'core', field: 'cap', title: 'core: knows a capability', values: 'yes' },
  { layer: 'core', field: 'supported', title: 'core: support test', values: 'yes' },
  { layer: 'core', field: 'untrusted', title: 'core: untrusted', values: 'yes' },
  { layer: 'hw', field: 'pasid', title: 'hardware: PASID Control', values: 'number' },
  { layer: 'core', field: 'pasid', title: 'core: pasid_enabled', values: 'switch' },
  { layer: 'core', field: 'pri', title: 'core: pri_enabled', values: 'switch' },
];

type Call = RowOf<typeof ATS_CALLS>;
type Interval = RowOf<typeof STATE_INTERVALS>;
type ModelEvent = RowOf<typeof ATS_EVENTS>;

function text(value: string): string {
  return visible(clip(value, MAX_TEXT).text);
}

/** Writes events of the Chrome trace format; times are exact decimals of microseconds, never rounded. */
class TraceWriter {
  readonly lines: string[] = [];
  marks = 0;
  private readonly origin: bigint;

  constructor(origin: bigint) {
    this.origin = origin;
  }

  meta(name: string, pid: number, tid: number, args: object): void {
    this.lines.push(JSON.stringify({ ph: 'M', name, pid, tid, args }));
  }

  private micros(ns: bigint): string {
    const digits = String(ns < 0n ? -ns : ns).padStart(4, '0');
    const sign = ns < 0n ? '-' : '';
    return `${sign}${digits.slice(0, -3)}.${digits.slice(-3)}`;
  }

  slice(span: Span, pid: number, tid: number, name: string, cat: string, args: object): void {
    const times = `"ts":${this.micros(span.from - this.origin)},"dur":${this.micros(span.to - span.from)}`;
    this.add('X', times, { pid, tid, name: text(name), cat, args });
  }

  instant(
    at: bigint,
    pid: number,
    tid: number,
    scope: 't' | 'g',
    name: string,
    cat: string,
    args: object,
  ): void {
    this.add('i', `"ts":${this.micros(at - this.origin)},"s":"${scope}"`, {
      pid,
      tid,
      name: text(name),
      cat,
      args,
    });
  }

  counter(at: bigint, pid: number, name: string, value: number): void {
    this.add('C', `"ts":${this.micros(at - this.origin)}`, { pid, tid: 0, name, args: { value } });
  }

  private add(phase: string, times: string, rest: object): void {
    this.marks++;
    this.lines.push(`{"ph":"${phase}",${times},${JSON.stringify(rest).slice(1)}`);
  }
}

/**
 * Where times begin. Those of the recording are kept, unless they are too large for a double (a wall clock) or negative.
 */
function originOf(times: readonly bigint[]): bigint {
  let least: bigint | null = null;
  let most = 0n;
  for (const time of times) {
    if (least === null || time < least) least = time;
    if (time > most) most = time;
  }
  if (least === null || (least >= 0n && most < EXACT_NS)) return 0n;
  const second = 1_000_000_000n;
  return (least / second - (least < 0n ? 1n : 0n)) * second;
}

function resultText(result: bigint | null): string {
  return result === null ? 'not recorded' : String(result);
}

function writeCalls(writer: TraceWriter, calls: readonly Call[], events: readonly ModelEvent[]): void {
  const timed = calls.filter((call) => call.start_ns !== null || call.end_ns !== null);
  const commOf = (call: Call) => events[call.enter_event ?? call.return_event ?? -1]?.comm ?? null;
  const tracks = packLanes(
    timed.map((call) => ({
      from: call.start_ns ?? (call.end_ns as bigint),
      to: call.end_ns ?? (call.start_ns as bigint),
      order: call.call,
      track: call.pid === null ? 'task not recorded' : String(call.pid),
      call,
    })),
  );
  writer.meta('process_name', CALLS_PID, 0, { name: 'Calls, by task' });
  writer.meta('process_sort_index', CALLS_PID, 0, { sort_index: 0 });
  tracks.forEach((track, index) => {
    const tid = index + 1;
    const comm = track.spans.map(({ call }) => commOf(call)).find((name) => name !== null);
    const lane = track.lane === 0 ? '' : ` (overlapping, ${track.lane + 1})`;
    writer.meta('thread_name', CALLS_PID, tid, {
      name: text(`${comm ? `${comm}/` : ''}${track.name}${lane}`),
    });
    writer.meta('thread_sort_index', CALLS_PID, tid, { sort_index: tid });
    for (const span of track.spans) {
      const { call } = span;
      const ends =
        call.start_ns === null ? 'entry not recorded' : call.end_ns === null ? 'return not recorded' : '';
      const failed = call.result !== null && call.result < 0n;
      writer.slice(
        span,
        CALLS_PID,
        tid,
        `${call.kind}${call.function === null ? '' : ` ${call.function}`}`,
        failed ? 'call,failed' : 'call',
        {
          call: call.call,
          function: call.function ?? 'not named',
          ...(call.page_shift === null ? {} : { page_shift: call.page_shift }),
          result: resultText(call.result),
          ...(call.warned ? { warned: true } : {}),
          ...(call.caller === null ? {} : { caller: text(call.caller) }),
          ...(ends === '' ? {} : { ends }),
        },
      );
    }
  });
}

function valueName(values: 'switch' | 'yes' | 'number', value: number | null): string {
  if (value === null) return 'unknown';
  if (values === 'switch') return value === 0 ? 'off' : 'on';
  if (values === 'yes') return value === 0 ? 'no' : 'yes';
  return String(value);
}

/** The tracks of one function; returns how many marks did not fit. */
function writeStates(
  writer: TraceWriter,
  pid: number,
  intervals: readonly Interval[],
  end: bigint,
  maxMarks: number,
): number {
  let omitted = 0;
  const named = new Set<number>();
  for (const interval of intervals) {
    const at = FIELDS.findIndex(({ layer, field }) => layer === interval.layer && field === interval.field);
    if (at < 0 || interval.from_ns === null) continue;
    if (writer.marks >= maxMarks) {
      omitted++;
      continue;
    }
    const { title, values } = FIELDS[at];
    const tid = FINDINGS_TID + 1 + at;
    if (!named.has(at)) {
      named.add(at);
      writer.meta('thread_name', pid, tid, { name: title });
      writer.meta('thread_sort_index', pid, tid, { sort_index: tid });
    }
    const to = interval.to_ns ?? end;
    const span = { from: interval.from_ns, to: to < interval.from_ns ? interval.from_ns : to };
    writer.slice(span, pid, tid, valueName(values, interval.value), interval.layer, {
      origin: interval.origin,
      event: interval.from_event,
    });
    if (interval.value === null) continue;
    if (interval.field === 'stu' && interval.layer === 'core')
      writer.counter(interval.from_ns, pid, 'core page shift (last known)', interval.value);
    if (interval.field === 'stu' && interval.layer === 'hw')
      writer.counter(interval.from_ns, pid, 'register page shift (last known)', 12 + interval.value);
  }
  return omitted;
}

function writeFinding(writer: TraceWriter, finding: Finding, pid: number, named: Set<number>): void {
  if (finding.time_ns === null) return;
  if (pid !== NOTE_PID && !named.has(pid)) {
    named.add(pid);
    writer.meta('thread_name', pid, FINDINGS_TID, { name: 'findings' });
    writer.meta('thread_sort_index', pid, FINDINGS_TID, { sort_index: FINDINGS_TID });
  }
  writer.instant(
    finding.time_ns,
    pid,
    FINDINGS_TID,
    pid === NOTE_PID ? 'g' : 't',
    `${finding.severity} ${finding.rule} ${finding.name}`,
    `finding,${finding.severity}`,
    {
      message: text(finding.message),
      expected: text(finding.expected),
      observed: text(finding.observed),
      signature: finding.signature,
    },
  );
}

/** WARNs of the kernel and losses: everybody should see them, whatever track is open. */
function writeMoments(writer: TraceWriter, events: readonly ModelEvent[]): void {
  for (const event of events) {
    if (event.time_ns === null || (event.kind !== 'log.warn' && event.kind !== 'loss')) continue;
    const name = event.kind === 'loss' ? 'events lost' : 'kernel WARN';
    writer.instant(
      event.time_ns,
      NOTE_PID,
      event.kind === 'loss' ? LOSSES_TID : WARNS_TID,
      'g',
      name,
      event.kind,
      {
        ...(event.function === null ? {} : { function: event.function }),
        ...(event.comm === null ? {} : { task: text(`${event.comm}/${event.pid ?? '?'}`) }),
        ...(event.line === null ? { offset: String(event.offset) } : { line: event.line }),
      },
    );
  }
}

function functionTitleOf(row: Story['functions'][number]): string {
  const of = row.pf === null ? '' : `, ${row.vf_index === null ? 'VF' : `VF ${row.vf_index}`} of ${row.pf}`;
  return `${functionName(row)}${of}${row.generation > 0 ? `, generation ${row.generation}` : ''}`;
}

/**
 * The story as a trace of the Chrome trace event format, for the Perfetto UI and chrome://tracing: a process for each function
 * with a track for each field of each layer, the calls as slices of their tasks, findings, WARNs and losses as instants, page
 * shifts as counters. Records without a time cannot be shown and are counted in `otherData`.
 */
export function perfettoTrace(analysis: Analysis, maxMarks = MAX_MARKS): string {
  const story = tellStory(storyRowsOf(analysis));
  const calls = rowsOf(analysis.atsCalls);
  const events = rowsOf(analysis.atsEvents);
  const intervals = new Map<number, Interval[]>();
  for (const interval of rowsOf(analysis.stateIntervals)) {
    const list = intervals.get(interval.fn);
    if (list) list.push(interval);
    else intervals.set(interval.fn, [interval]);
  }
  const times = events.flatMap((event) => event.time_ns ?? []);
  const end = times.reduce((most, time) => (time > most ? time : most), 0n);
  const origin = originOf(times);
  const writer = new TraceWriter(origin);
  const pids = new Map(story.functions.map((row, index) => [row.fn, FIRST_FUNCTION_PID + index]));
  const named = new Set<number>();

  const kept = calls.slice(0, Math.ceil(maxMarks / 2));
  const shown = new Set([...intervals.keys(), ...story.all.map((finding) => finding.fn)]);
  for (const row of story.functions) {
    if (!shown.has(row.fn)) continue;
    const pid = pids.get(row.fn) as number;
    writer.meta('process_name', pid, 0, { name: text(functionTitleOf(row)) });
    writer.meta('process_sort_index', pid, 0, { sort_index: pid });
  }
  for (const finding of story.all)
    writeFinding(writer, finding, (finding.fn === null ? null : pids.get(finding.fn)) ?? NOTE_PID, named);
  writeMoments(writer, events);
  writeCalls(writer, kept, events);
  let omitted = calls.length - kept.length;
  for (const [fn, list] of intervals) {
    const pid = pids.get(fn);
    if (pid !== undefined) omitted += writeStates(writer, pid, list, end, maxMarks);
  }
  const note =
    omitted === 0
      ? 'WARNs, losses, findings without a function'
      : `Showing ${thousands(writer.marks)} of ${thousands(writer.marks + omitted)} marks; the tables have all`;
  writer.meta('process_name', NOTE_PID, 0, { name: note });
  writer.meta('thread_name', NOTE_PID, FINDINGS_TID, { name: 'findings without a function' });
  writer.meta('thread_name', NOTE_PID, WARNS_TID, { name: 'kernel WARNs' });
  writer.meta('thread_name', NOTE_PID, LOSSES_TID, { name: 'losses' });
  writer.meta('process_sort_index', NOTE_PID, 0, { sort_index: 1 });
  const other = {
    tool: story.verdict.tool,
    verdict: story.verdict.verdict,
    sentence: text(story.verdict.sentence),
    kernel: kernelsOf(story).map(text).join(', '),
    origin_ns: String(origin),
    unit: countsTicks(story) ? 'the clock counts ticks, not time; one tick is shown as 1 ns' : 'ns',
    without_time: events.filter((event) => event.time_ns === null).length,
    omitted_marks: omitted,
  };
  return `{"displayTimeUnit":"ns","otherData":${JSON.stringify(other)},"traceEvents":[\n${writer.lines.join(',\n')}\n]}\n`;
}
