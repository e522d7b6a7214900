import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { endsOf, watchedBy } from '../../model/stretches.ts';
import { rowAt, rowsOf } from '../../tables/index.ts';
import { listing } from '../support/listing-writer.ts';
import { analyzeBytes, findingsOf, labelsOf } from '../support/pipeline.ts';
import { TraceWriter } from '../support/trace-writer.ts';
import { PLAIN, reset, VF2 } from './rule-cases/steps.ts';

const plain = { vf: 0, pf: 0, cap: '0x100' };

/** All calls are recorded, and ATS of a function is on at the end. */
const leftOn = () =>
  new TraceWriter()
    .enable(VF2, 12, 0, { vf: 1 })
    .disable(VF2, { vf: 1 })
    .enable(PLAIN, 12, 0, { ...plain, en: [0, 1] });

const later = (milliseconds = 10_000) => new TraceWriter().wait(milliseconds);
const isOff = (trace: TraceWriter) => trace.supported(PLAIN, 1, { ...plain, en: [0, 0] });
const headless = (trace: TraceWriter) => `${trace.lines.join('\n')}\n`;

const missing = async (inputs: Record<string, string>) =>
  findingsOf(await analyzeBytes(inputs), true).find((row) => row.rule === 'ATS090')?.observed ?? '';

describe('when traces were running', () => {
  type Given = readonly [from: bigint | null, to: bigint | null, what?: string, offset?: bigint | null];

  /** Stretches and undated traces of sources; `what` is a format, or `part` for a text without a header. */
  function watched(...given: readonly Given[]) {
    const rows = given.map(([first_ns, last_ns, what = 'ftrace-text']) => ({
      format: what === 'part' || what === 'empty' ? 'ftrace-text' : what,
      detail: what === 'part' ? 'trace_pipe or a part of a trace, latency' : 'tracefs trace (nop)',
      records: what === 'empty' ? 0n : 5n,
      first_ns,
      last_ns,
    }));
    const relations = given.map(([, , , offsetNs = 0n], source) => ({ source, offsetNs }));
    const apart = new Set(given.flatMap(([, , what], source) => (what === 'ats-events' ? [source] : [])));
    const { stretches, undated } = watchedBy(rows as never, relations as never, apart);
    const text = stretches.map(({ from, to, sources, continuing }) =>
      [
        `${from}-${to}: ${sources}`,
        ...continuing.map(({ source, of }) => `${source} goes on where ${of} ends`),
      ].join(', '),
    );
    return [text, undated];
  }

  it('is from the first to the last record, on the common time', () => {
    expect(watched([1n, 5n])).toEqual([['1-5: 0'], []]);
    expect(watched([1n, 5n, 'trace-dat', 10n])).toEqual([['11-15: 0'], []]);
    expect(watched()).toEqual([[], []]);
  });

  it('is in the order of time, and together where they overlap', () => {
    expect(watched([20n, 30n], [1n, 5n])).toEqual([['1-5: 1', '20-30: 0'], []]);
    expect(watched([1n, 5n], [5n, 9n])).toEqual([['1-9: 0,1'], []]);
    expect(watched([1n, 50n], [10n, 20n], [40n, 60n])).toEqual([['1-60: 0,1,2'], []]);
    expect(watched([1n, 5n], [6n, 9n])).toEqual([['1-5: 0', '6-9: 1'], []]);
  });

  it('goes on in a text without a header, whenever that begins', () => {
    expect(watched([1n, 5n], [100n, 200n, 'part'])).toEqual([['1-200: 0,1, 1 goes on where 0 ends'], []]);
    expect(watched([1n, 5n], [6n, 7n, 'part'], [8n, 9n, 'part'])).toEqual([
      ['1-9: 0,1,2, 1 goes on where 0 ends, 2 goes on where 1 ends'],
      [],
    ]);
    expect(watched([1n, 5n], [4n, 7n, 'part'])).toEqual([['1-7: 0,1'], []]);
    expect(watched([1n, 50n], [10n, 20n], [60n, 70n, 'part'])).toEqual([
      ['1-70: 0,1,2, 2 goes on where 0 ends'],
      [],
    ]);
    expect(watched([1n, 20n], [10n, 50n], [60n, 70n, 'part'])).toEqual([
      ['1-70: 0,1,2, 2 goes on where 1 ends'],
      [],
    ]);
    expect(watched([1n, 5n, 'part'], [100n, 200n])).toEqual([['1-5: 0', '100-200: 1'], []]);
  });

  it('is not what logs, listings and empty traces tell', () => {
    for (const other of ['kernel-log', 'qemu-trace', 'lspci', 'empty'])
      expect(watched([1n, 5n], [100n, 200n, other], [7n, 8n, other, null])).toEqual([['1-5: 0'], []]);
  });

  it('is unknown where nothing relates the clocks', () => {
    expect(watched([1n, 5n], [1n, 5n, 'trace-dat', null])).toEqual([['1-5: 0'], [1]]);
    expect(watched([null, null])).toEqual([[], [0]]);
  });

  it('is not what another machine tells', () => {
    expect(watched([1n, 5n], [7n, 8n, 'ats-events'], [1n, 5n, 'ats-events', null])).toEqual([['1-5: 0'], []]);
  });
});

it('a source ends with its last record, or with that of the trace that goes on with it', () => {
  const rows = [5n, 9n, null, 7n].map((last_ns, source) => ({
    format: 'ftrace-text',
    detail: source === 1 ? 'trace_pipe or a part of a trace' : null,
    records: 5n,
    first_ns: last_ns === null ? null : last_ns - 1n,
    last_ns,
  }));
  const relations = rows.map((_, source) => ({
    source,
    offsetNs: 100n as bigint | null,
    timeOf: undefined as unknown,
  }));
  relations[3].timeOf = () => null;
  const ends = (given: typeof relations) =>
    Object.fromEntries(
      endsOf(rows as never, given as never, watchedBy(rows as never, given as never, new Set([3]))),
    );
  expect(ends(relations)).toEqual({ 0: 109n, 1: 109n });
  relations[1].offsetNs = null;
  expect(ends(relations)).toEqual({ 0: 105n });
});

describe('between two traces that come one after the other', () => {
  it('anything may have happened: what the second shows is no contradiction', async () => {
    const inputs = { 'a.txt': leftOn().text(), 'b.txt': isOff(later()).text() };
    const analysis = await analyzeBytes(inputs);
    expect(labelsOf(analysis)).toEqual([]);
    expect(rowAt(analysis.verdict, 0).sentence).toContain('from 1.000 s to 1.000 s and 11.000 s to 11.000 s');
    expect(await missing(inputs)).toContain('what happened between two traces is not recorded');
    const third = { ...inputs, 'c.txt': isOff(later(20_000)).text() };
    expect(await missing(third)).toContain('what happened between 3 traces is not recorded');
    expect(labelsOf(await analyzeBytes(third))).toEqual([]);
  });

  it('a call of the second that contradicts the first is none either', async () => {
    const analysis = await analyzeBytes({
      'a.txt': leftOn().text(),
      'b.txt': later().enable(PLAIN, 12, 0).text(),
    });
    expect(labelsOf(analysis)).toEqual([]);
  });

  it('in one trace both would be', async () => {
    expect(labelsOf(await analyzeBytes({ 'a.txt': isOff(leftOn().wait(10_000)).text() }))).toEqual([
      `ATS093@${PLAIN}`,
    ]);
  });

  it('nothing is missing where a third trace ran all the time', async () => {
    const beside = new TraceWriter().write(VF2, 0x4, 6).wait(20_000).write(VF2, 0x4, 6);
    const inputs = { 'a.txt': leftOn().text(), 'b.txt': isOff(later()).text(), 'c.txt': beside.text() };
    expect(labelsOf(await analyzeBytes(inputs))).toEqual([`ATS029@${PLAIN}`, `ATS093@${PLAIN}`]);
    expect(await missing(inputs)).not.toContain('between');
  });

  it('nothing is missing where the second is a part of the first', async () => {
    const analysis = await analyzeBytes({ 'a.txt': leftOn().text(), 'b.txt': headless(isOff(later())) });
    expect(labelsOf(analysis)).toEqual([`ATS093@${PLAIN}`]);
  });

  it('a call that began in the first returns in a second that is a part of it, and in no other', async () => {
    const calls = async (second: (trace: TraceWriter) => string) => {
      const first = leftOn().enable(VF2, 12, 0, { vf: 1, noReturn: true });
      const returns = later(1).enable(VF2, 12, 0, { vf: 1, noEntry: true });
      const { atsCalls } = await analyzeBytes({ 'a.txt': first.text(), 'b.txt': second(returns) });
      return rowsOf(atsCalls)
        .slice(3)
        .map((row) => [row.enter_event !== null, row.return_event !== null]);
    };
    expect(await calls(headless)).toEqual([[true, true]]);
    expect(await calls((trace) => trace.text())).toEqual([
      [true, false],
      [false, true],
    ]);
  });

  it('whatever order they are given in', async () => {
    const analysis = await analyzeBytes({ 'b.txt': isOff(later()).text(), 'a.txt': leftOn().text() });
    expect(labelsOf(analysis)).toEqual([]);
  });

  it('an absence counts that lasted until the end of the first, and no other', async () => {
    const lost = (silence: number) => {
      const trace = leftOn().write(VF2, 0x4, 6);
      trace.call('pcie_flr', PLAIN, { ret: 0 });
      return trace.wait(silence).supported(VF2, 1, { vf: 1 }).text();
    };
    const restored = later().call('pci_restore_ats_state', PLAIN, plain).text();
    const found = async (silence: number) =>
      labelsOf(await analyzeBytes({ 'a.txt': lost(silence), 'b.txt': restored })).includes(`ATS023@${PLAIN}`);
    expect(await found(1500)).toBe(true);
    expect(await found(500)).toBe(false);
  });

  it('an absence counts that lasts in a second that is a part of the first', async () => {
    const trace = leftOn().write(VF2, 0x4, 6).call('pcie_flr', PLAIN, { ret: 0 });
    const found = async (second: string) =>
      labelsOf(await analyzeBytes({ 'a.txt': trace.text(), 'b.txt': second })).includes(`ATS023@${PLAIN}`);
    const silence = later(50).write(VF2, 0x4, 6).wait(1500).write(VF2, 0x4, 6);
    expect(await found(headless(silence))).toBe(true);
    expect(await found(silence.text())).toBe(false);
  });

  it('a listing that follows is held against the second', async () => {
    const off = listing({ address: PLAIN, control: 0 });
    const inputs = { 'l.txt': off, 'a.txt': leftOn().text(), 'b.txt': later().write(VF2, 0x4, 6).text() };
    expect(labelsOf(await analyzeBytes({ ...inputs, 'm.txt': off }))).toEqual([]);
    const on = { ...inputs, 'b.txt': later().disable(VF2, { vf: 1 }).enable(PLAIN, 12, 0, plain).text() };
    expect(labelsOf(await analyzeBytes({ ...on, 'm.txt': off }))).toEqual([`ATS030@${PLAIN}`]);
  });
});

describe('what a trace would have shown, another one does not tell', () => {
  /** Another function is prepared, enabled, disabled, restored, and written to: all of that is recorded. */
  const all = (trace = new TraceWriter()) =>
    trace
      .prepare(VF2, 12, 0, { vf: 1 })
      .enable(VF2, 12, 0, { vf: 1 })
      .disable(VF2, { vf: 1 })
      .call('pci_restore_ats_state', VF2, { vf: 1 })
      .write(VF2, 0x4, 6);
  const some = {
    ATS019: () => new TraceWriter().appear(PLAIN).enable(PLAIN, 12, 0, plain),
    ATS028: () => new TraceWriter().enable(PLAIN, 12, 0, plain).write(PLAIN, 0x106, 0),
    ATS023: () => reset(new TraceWriter().enable(PLAIN, 12, 0, plain), PLAIN, () => {}),
  };

  it.each(Object.entries(some))('%s', async (rule, made) => {
    const found = async (inputs: Record<string, string>) =>
      labelsOf(await analyzeBytes(inputs)).includes(`${rule}@${PLAIN}`);
    const trace = made().text();
    expect(await found({ 'a.txt': trace })).toBe(false);
    expect(await found({ 'a.txt': trace, 'b.txt': all(later()).text() })).toBe(false);
    expect(await found({ 'b.txt': all(later()).text(), 'a.txt': trace })).toBe(false);
    const early = all().text().replaceAll('    1.00', '    0.10');
    expect(await found({ 'a.txt': trace, 'b.txt': early })).toBe(false);
    // A trace that runs beside it does.
    const beside = all().wait(100).write(VF2, 0x4, 6).text();
    expect(await found({ 'a.txt': trace, 'b.txt': beside })).toBe(true);
  });
});

it('a trace of which nothing tells when it ran knows nothing of what another one showed', async () => {
  const counted = (trace: TraceWriter) => trace.text().replace(/(\d+)\.(\d{6}): /g, '$1$2: ');
  const inputs = { 'a.txt': leftOn().text(), 'b.txt': counted(isOff(new TraceWriter())) };
  const analysis = await analyzeBytes(inputs);
  expect(rowsOf(analysis.clocks).map((row) => row.relation)).toEqual(['reference', 'concurrent']);
  expect(labelsOf(analysis)).toEqual([]);
  expect(await missing(inputs)).toContain('what happened between two traces is not recorded');
  const alone = { 'b.txt': counted(isOff(leftOn())) };
  expect(labelsOf(await analyzeBytes(alone))).toEqual([`ATS093@${PLAIN}`]);
});

it('an absence of an earlier trace without a time counts by what came in it', async () => {
  const counted = (trace: TraceWriter, ticks: string) =>
    trace.text().replace(/(\d+)\.(\d{6}): /g, `$1$2${ticks}: `);
  const flr = leftOn().write(VF2, 0x4, 6).call('pcie_flr', PLAIN, { ret: 0 });
  const silent = new TraceWriter().raw(
    '              bash-9       [000] .....     1.000000: sched_wakeup: comm=x pid=1',
  );
  const inputs = { 'a.txt': silent.text(), 'b.txt': counted(flr, ''), 'c.txt': counted(isOff(later()), '') };
  const analysis = await analyzeBytes(inputs);
  expect(labelsOf(analysis)).not.toContain(`ATS023@${PLAIN}`);
  expect(labelsOf(analysis)).not.toContain(`ATS093@${PLAIN}`);
});

it('a state is lost at the first event behind the pause, whatever source it is of', async () => {
  const dmesg = '[    5.000000] pci 0000:09:00.0: Adding to iommu group 3\n';
  const analysis = await analyzeBytes({
    'a.txt': leftOn().text(),
    'dmesg.txt': dmesg,
    'b.txt': isOff(later()).text(),
  });
  expect(labelsOf(analysis)).toEqual([]);
  const lost = rowsOf(analysis.transitions).filter((row) => row.origin === 'lost' && row.function === PLAIN);
  expect(new Set(lost.map((row) => row.new_value))).toEqual(new Set([null]));
});

describe('a log of the hardware goes on while no trace runs', () => {
  const fixture = (name: string) => readFileSync(`${import.meta.dirname}/../fixtures/${name}`, 'latin1');
  const lines = fixture('captures/6.12-s1/trace.txt').split('\n');
  const header = lines.filter((line) => line.startsWith('#') && !line.includes('entries-in-buffer'));
  const events = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const half = events.findIndex((line, i) => i > events.length / 2 && line.includes('tracing_mark_write'));
  const log = fixture('qemu-trace/6.12-s1.log');
  const text = (some: readonly string[], head = header) => [...head, ...some, ''].join('\n');

  /** What is forgotten of which layers, and at how many times. */
  async function forgotten(inputs: Record<string, string>) {
    const analysis = await analyzeBytes(inputs);
    expect(labelsOf(analysis)).toEqual([]);
    const gone = rowsOf(analysis.transitions).filter(
      (row) => row.new_value === null && (row.origin === 'lost' || row.origin === 'ended'),
    );
    const times = new Set(gone.map((row) => row.time_ns));
    return { layers: new Set(gone.map((row) => row.layer)), times: times.size };
  }

  it('what it shows of the registers stays', async () => {
    const traces = { 'a.txt': text(events.slice(0, half)), 'b.txt': text(events.slice(half)) };
    const alone = await forgotten(traces);
    expect(alone).toEqual({ layers: new Set(['core', 'drv', 'hw']), times: 1 });
    const together = await forgotten({ ...traces, 'qemu-trace.log': log });
    expect(together.layers).toEqual(new Set(['core', 'drv']));
  });

  it('what it shows to be written meanwhile was written by whom nobody watched', async () => {
    const disables = events.flatMap((line, at) => (line.includes(' pci_disable_ats: ') ? [at] : []));
    const [first, next] = [disables[0], disables[disables.length - 1]];
    const inputs = (head: readonly string[]) => ({
      'a.txt': text(events.slice(0, first)),
      'b.txt': text(events.slice(next), [...head]),
      'qemu-trace.log': log,
    });
    expect(labelsOf(await analyzeBytes(inputs(header)))).toEqual([]);
    expect(labelsOf(await analyzeBytes(inputs(['#'])))).toContain('ATS028@0000:01:00.2');
  });
});
