import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Analysis } from '../../../model/analysis.ts';
import { rowAt, rowsOf } from '../../../tables/index.ts';
import { analyzeBytes, findingsOf } from '../../support/pipeline.ts';

const FIXTURES = `${import.meta.dirname}/../../fixtures`;
const log = (capture: string) => readFileSync(`${FIXTURES}/qemu-trace/${capture}.log`);
const file = (capture: string, name: string) => readFileSync(`${FIXTURES}/captures/${capture}/${name}`);

async function together(capture: string, others: readonly string[] = ['trace.txt']): Promise<Analysis> {
  return analyzeBytes({
    ...Object.fromEntries(others.map((name) => [name, file(capture, name)])),
    'qemu-trace.log': log(capture),
  });
}

/** Times at which hardware and core both are known, no ATS call is open, and they are not the same. */
function disagreements(analysis: Analysis): string[] {
  const intervals = rowsOf(analysis.stateIntervals).filter(
    ({ field, value }) => field === 'en' && value !== null,
  );
  const calls = rowsOf(analysis.atsCalls).filter((call) =>
    /^ats\.(prepare|enable|disable|restore)$/.test(call.kind),
  );
  const found: string[] = [];
  for (const hw of intervals.filter((one) => one.layer === 'hw')) {
    for (const core of intervals.filter((one) => one.layer === 'core' && one.fn === hw.fn)) {
      if (hw.value === core.value || hw.from_ns === null || core.from_ns === null) continue;
      const from = hw.from_ns > core.from_ns ? hw.from_ns : core.from_ns;
      const to = [hw.to_ns, core.to_ns].filter((time) => time !== null).sort((a, b) => (a < b ? -1 : 1))[0];
      if (to === undefined || from >= to) continue;
      const inCall = calls.some(
        (call) =>
          call.fn === hw.fn && call.start_ns !== null && call.start_ns <= from && (call.end_ns ?? to) >= to,
      );
      if (!inCall) found.push(`${hw.function} hw ${hw.value} core ${core.value} ${from}..${to}`);
    }
  }
  return found;
}

const CLEAN = ['6.12-s1', '6.12-s11', '6.12-s13', '7.2-s1-amd', '7.2-s6', '7.2-series-s1'];

describe.each(CLEAN)('clean capture %s with the log of its hardware', (capture) => {
  it('aligns, finds nothing, and both views agree at all times', async () => {
    const analysis = await together(capture);
    const clock = rowsOf(analysis.clocks)[1];
    expect(clock.relation, clock.method).toBe('aligned');
    expect(clock.residual_ns).toBeLessThan(2_000_000n);
    expect(findingsOf(analysis).filter((finding) => finding.severity !== 'note')).toEqual([]);
    expect(disagreements(analysis)).toEqual([]);
    const seen = rowsOf(analysis.atsEvents).filter((row) => row.kind === 'hw.write' && row.function !== null);
    expect(seen.length).toBeGreaterThan(0);
  });

  it('opens no life that the trace alone does not, where nobody recorded how devices appear', async () => {
    const trace = file(capture, 'trace.txt')
      .toString()
      .split('\n')
      .filter((line) => !/pci_device_add|pci_ats_init|pci_iov_add_virtfn|entries-in-buffer/.test(line))
      .join('\n');
    const lives = (analysis: Analysis) =>
      rowsOf(analysis.functions)
        .filter(({ generation }) => generation > 0)
        .map((row) => `${row.function} ${row.generation}`);
    const alone = await analyzeBytes({ 'trace.txt': trace });
    expect(lives(await analyzeBytes({ 'trace.txt': trace, 'q.log': log(capture) }))).toEqual(lives(alone));
  });

  it('says the same whichever input comes first', async () => {
    const trace = { 'trace.txt': file(capture, 'trace.txt') };
    const hardware = { 'qemu-trace.log': log(capture) };
    const [one, other] = [
      await analyzeBytes({ ...trace, ...hardware }),
      await analyzeBytes({ ...hardware, ...trace }),
    ];
    const story = (analysis: Analysis) =>
      rowsOf(analysis.stateIntervals).map(({ function: fn, layer, field, value, from_ns }) =>
        [fn, layer, field, value, from_ns].join(' '),
      );
    expect(story(other)).toEqual(story(one));
  });
});

describe('6.12-s2: a VF is refused', () => {
  it('both views agree at all times, and find the same as the trace alone', async () => {
    const analysis = await together('6.12-s2');
    expect(rowsOf(analysis.clocks)[1].residual_ns).toBeLessThan(2_000_000n);
    expect(disagreements(analysis)).toEqual([]);
    const loud = findingsOf(analysis).filter((finding) => finding.severity !== 'note');
    expect(loud.map((finding) => [finding.rule, finding.function])).toEqual([['ATS004', '0000:01:00.2']]);
  });
});

describe('7.2-s5: registers rewritten behind the kernel', () => {
  it('the log of the hardware alone names the values of the three registers over time', async () => {
    const analysis = await analyzeBytes({ 'qemu-trace.log': log('7.2-s5') });
    expect(rowAt(analysis.verdict, 0).verdict).not.toBe('pass');
    const values = (fn: string, field: string) =>
      rowsOf(analysis.stateIntervals)
        .filter((row) => row.function === fn && row.layer === 'hw' && row.field === field)
        .map((row) => row.value);
    expect(values('0000:01:00.0', 'en')).toEqual([0, 1]);
    expect(values('0000:01:00.0', 'stu')).toEqual([0, 1]);
    expect(values('0000:01:00.1', 'en')).toEqual([0, 1, 0, null]);
    expect(values('0000:02:00.0', 'en')).toEqual([0, 1, 0]);
    const functions = rowsOf(analysis.functions);
    expect(functions.find((row) => row.function === '0000:01:00.3')).toMatchObject({
      kind: 'vf',
      pf: '0000:01:00.0',
      vf_index: 2,
    });
  });

  it('with the trace the views differ where user space switched ATS off, and nowhere else', async () => {
    expect(disagreements(await together('7.2-s5'))).toEqual([
      expect.stringMatching(/^0000:01:00\.1 hw 0 core 1 /),
    ]);
  });

  it('with the trace the drift is an error on each of the three, and on no other', async () => {
    const analysis = await together('7.2-s5');
    const loud = findingsOf(analysis).filter((finding) => finding.severity === 'error');
    expect([...new Set(loud.map((finding) => finding.function))].sort()).toEqual([
      '0000:01:00.0',
      '0000:01:00.1',
      '0000:02:00.0',
    ]);
  });

  it('with a log of the kernel, whose clock nothing ties to it, it stays a space of its own', async () => {
    const analysis = await together('7.2-s5', ['dmesg.txt']);
    expect(rowsOf(analysis.clocks)[1].relation).toBe('concurrent');
    expect(rowsOf(analysis.verdictReasons).map((row) => row.code)).toContain('hardware-apart');
    const both = rowsOf(analysis.functions).filter((row) => row.function === '0000:01:00.1');
    expect(both.length).toBe(2);
  });
});
