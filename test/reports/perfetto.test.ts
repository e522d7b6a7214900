import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Analysis } from '../../model/analysis.ts';
import { perfettoTrace } from '../../reports/perfetto.ts';
import { packLanes } from '../../reports/perfetto-lanes.ts';
import { ATS_CALLS, ATS_EVENTS, FINDINGS, STATE_INTERVALS } from '../../tables/index.ts';
import { analyzeCapture } from '../support/capture.ts';
import { at, findingRow, sampleAnalysis, tableOf } from './sample.ts';

interface TraceEvent {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly s?: string;
  readonly cat?: string;
  readonly args: Readonly<Record<string, unknown>>;
}

interface Trace {
  readonly displayTimeUnit: string;
  readonly otherData: Readonly<Record<string, unknown>>;
  readonly traceEvents: readonly TraceEvent[];
}

/** Holds a trace to the rules of the Trace Event Format. */
function valid(text: string): Trace {
  const trace = JSON.parse(text) as Trace;
  expect(['ms', 'ns']).toContain(trace.displayTimeUnit);
  const open = new Map<string, number[]>();
  const named = new Set(
    trace.traceEvents.filter(({ name }) => name === 'process_name').map(({ pid }) => pid),
  );
  for (const event of trace.traceEvents) {
    expect(Number.isInteger(event.pid) && Number.isInteger(event.tid), JSON.stringify(event)).toBe(true);
    expect(named.has(event.pid)).toBe(true);
    if (event.ph === 'M') {
      expect(['process_name', 'process_sort_index', 'thread_name', 'thread_sort_index']).toContain(
        event.name,
      );
      expect(Object.keys(event.args)).toEqual([event.name.endsWith('name') ? 'name' : 'sort_index']);
      continue;
    }
    expect(['X', 'i', 'C']).toContain(event.ph);
    expect(Number.isFinite(event.ts)).toBe(true);
    if (event.ph === 'i') expect(['g', 'p', 't']).toContain(event.s);
    if (event.ph === 'C') for (const value of Object.values(event.args)) expect(typeof value).toBe('number');
    if (event.ph !== 'X') continue;
    expect(event.dur).toBeGreaterThanOrEqual(0);
    // Complete events of one track nest: each ends within the one it began in.
    const key = `${event.pid}/${event.tid}`;
    const stack = open.get(key) ?? [];
    open.set(key, stack);
    const [from, to] = [ns(event.ts as number), ns(event.ts as number) + ns(event.dur as number)];
    while (stack.length > 0 && stack[stack.length - 1] <= from) stack.pop();
    if (stack.length > 0) expect(to).toBeLessThanOrEqual(stack[stack.length - 1]);
    stack.push(to);
  }
  return trace;
}

const ns = (us: number) => Math.round(us * 1000);

const slices = (trace: Trace, name: RegExp) =>
  trace.traceEvents.filter((event) => event.ph === 'X' && name.test(event.name));

function threadName(trace: Trace, event: TraceEvent): unknown {
  return trace.traceEvents.find(
    (other) => other.name === 'thread_name' && other.pid === event.pid && other.tid === event.tid,
  )?.args.name;
}

describe('real captures', () => {
  for (const name of ['6.12-s1', '6.12-s2', '6.12-s3', '6.12-s11', '7.2-s5', '7.2-series-s2c']) {
    test(`${name} keeps to the format`, async () => {
      valid(perfettoTrace(await analyzeCapture(name)));
    });
  }

  test('6.12-s2: the refused enable is a slice of its task, with page shift and result', async () => {
    const trace = valid(perfettoTrace(await analyzeCapture('6.12-s2')));
    const [refused] = slices(trace, /^ats\.enable 0000:01:00\.2$/);
    expect(refused).toMatchObject({ cat: 'call,failed', args: { page_shift: 13, result: '-22' } });
    expect(refused.ts).toBe(25591776);
    expect(threadName(trace, refused)).toBe('sh/150');
    const instant = trace.traceEvents.find((event) => event.cat === 'finding,error');
    expect(instant).toMatchObject({ ph: 'i', name: 'error ATS004 vf-enable-stu-mismatch', ts: 25591800 });
    const counters = trace.traceEvents.filter((event) => event.ph === 'C');
    expect(counters.map((event) => event.args.value)).toContain(12);
  });

  test('losses and WARNs are instants for all tracks', async () => {
    const lossy = valid(perfettoTrace(await analyzeCapture('6.12-s11')));
    expect(lossy.traceEvents.some((event) => event.name === 'events lost' && event.s === 'g')).toBe(true);
    const warned = valid(perfettoTrace(await analyzeCapture('6.12-s3')));
    expect(warned.traceEvents.filter((event) => event.name === 'kernel WARN').length).toBeGreaterThanOrEqual(
      3,
    );
  });

  test('the same recording gives the same bytes', async () => {
    expect(perfettoTrace(await analyzeCapture('6.12-s2'))).toBe(
      perfettoTrace(await analyzeCapture('6.12-s2')),
    );
  });
});

function callRow(call: number, start: bigint, end: bigint) {
  return {
    call,
    kind: 'ats.enable',
    fn: 0,
    function: '0000:01:00.0',
    start_ns: start,
    end_ns: end,
    duration_ns: end - start,
    page_shift: 12,
    result: 0n,
    warned: false,
    caller: null,
    parent: null,
    pid: 1,
    enter_event: 0,
    return_event: 0,
  };
}

function eventRow(event: number, time: bigint) {
  return {
    event,
    time_ns: time,
    kind: 'ats.enable',
    phase: 'enter',
    fn: 0,
    function: '0000:01:00.0',
    page_shift: null,
    result: null,
    call: null,
    cpu: 0,
    pid: 1,
    comm: 'sh',
    caller: null,
    source: 0,
    seq: event,
    offset: 0n,
    line: event + 1,
  };
}

function withCalls(times: readonly (readonly [bigint, bigint])[], more: Partial<Analysis> = {}) {
  return sampleAnalysis({
    atsCalls: tableOf(
      ATS_CALLS,
      times.map(([from, to], call) => callRow(call, from, to)),
    ),
    atsEvents: tableOf(
      ATS_EVENTS,
      times.map(([from], event) => eventRow(event, from)),
    ),
    stateIntervals: tableOf(STATE_INTERVALS, []),
    findings: tableOf(FINDINGS, []),
    ...more,
  });
}

test('a wall clock keeps its nanoseconds: times begin at a second near the first event', () => {
  const start = 1_764_110_000_123_456_789n;
  const trace = valid(
    perfettoTrace(
      withCalls([
        [start, start + 1n],
        [start + 2n, start + 3n],
      ]),
    ),
  );
  expect(trace.otherData.origin_ns).toBe('1764110000000000000');
  expect(slices(trace, /enable/).map((event) => ns(event.ts as number))).toEqual([123456789, 123456791]);
});

test('what is known to be hostile stays text', () => {
  const nasty = '"</script>\x1b[2J\u202e\n';
  const text = perfettoTrace(
    sampleAnalysis({ findings: tableOf(FINDINGS, [findingRow(0, { message: nasty, time_ns: at(1) })]) }),
  );
  valid(text);
  expect(text).not.toMatch(/[\u001b\u202e]/);
});

test('too many marks: the trace says how many are left out', () => {
  const many = Array.from({ length: 300 }, (_, i) => ({
    fn: 0,
    function: '0000:01:00.0',
    layer: 'core',
    field: 'en',
    value: i & 1,
    from_ns: BigInt(i) * 1000n,
    to_ns: BigInt(i + 1) * 1000n,
    from_event: i,
    to_event: i + 1,
    origin: 'call',
  }));
  const analysis = withCalls([[1n, 2n]], { stateIntervals: tableOf(STATE_INTERVALS, many) });
  const trace = JSON.parse(perfettoTrace(analysis, 200)) as Trace;
  expect(trace.otherData.omitted_marks).toBe(101);
  expect(
    trace.traceEvents.some((event) => event.args.name === 'Showing 200 of 301 marks; the tables have all'),
  ).toBe(true);
});

test('lanes: spans of one track nest, whatever the calls were; none is lost', () => {
  const span = fc.record({
    from: fc.bigInt({ min: 0n, max: 50n }),
    length: fc.bigInt({ min: 0n, max: 20n }),
    track: fc.constantFrom('a', 'b'),
  });
  fc.assert(
    fc.property(fc.array(span, { maxLength: 40 }), (list) => {
      const spans = list.map(({ from, length, track }, order) => ({ from, to: from + length, track, order }));
      const tracks = packLanes(spans);
      expect(tracks.flatMap((track) => track.spans.map(({ order }) => order)).sort((a, b) => a - b)).toEqual(
        spans.map(({ order }) => order),
      );
      for (const track of tracks) {
        const open: bigint[] = [];
        for (const { from, to } of track.spans) {
          while (open.length > 0 && open[open.length - 1] <= from) open.pop();
          if (open.length > 0) expect(to <= open[open.length - 1]).toBe(true);
          open.push(to);
        }
      }
    }),
  );
});
