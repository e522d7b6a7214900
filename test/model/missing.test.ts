import { expect, it } from 'vitest';
import { analyzeBytes, findingsOf } from '../support/pipeline.ts';
import { TraceWriter } from '../support/trace-writer.ts';
import { liveVf, PF, PLAIN, readyPf, VF, VF2 } from './rule-cases/steps.ts';

/** What ATS090 says is missing, and the VFs of ATS091. */
async function missing(trace: TraceWriter): Promise<string[]> {
  return findingsOf(await analyzeBytes({ 'trace.txt': trace.text() }), true)
    .filter((row) => row.rule === 'ATS090' || row.rule === 'ATS091')
    .flatMap((row) =>
      row.rule === 'ATS090' ? (row.observed ?? '').split('; ') : `${row.rule} ${row.function}`,
    );
}

const late = (count: number, of: number) =>
  `${count} of ${of} function generations were there before the recording (or appeared unseen): their first state is unknown`;

it('nothing, where the recording begins before the functions do', async () => {
  expect(await missing(liveVf(readyPf(new TraceWriter())))).toEqual([]);
});

it('the first state of functions that were there', async () => {
  const trace = readyPf(new TraceWriter()).enable(PLAIN, 12, 0, { vf: 0 });
  expect(await missing(trace)).toEqual([late(1, 2)]);
  expect(await missing(trace.enable(VF2, 12, 0, { vf: 0 }))).toEqual([late(2, 3)]);
});

it('returns, where the recording shows returns of the function', async () => {
  const none = () => new TraceWriter().appear(PLAIN).enable(PLAIN, 12, 0, { vf: 0, noReturn: true });
  expect(await missing(none())).toEqual([]);
  const one = none().enable(PLAIN, 12, 0, { vf: 0 });
  expect(await missing(one)).toEqual(['1 call lacks its entry or return']);
  expect(await missing(one.enable(PLAIN, 12, 0, { vf: 0, noReturn: true }))).toEqual([
    '2 calls lack their entry or return',
  ]);
});

it('entries, where the recording shows entries of the function', async () => {
  const none = () =>
    new TraceWriter()
      .appear(PLAIN)
      .enable(PLAIN, 12, 0, { vf: 0, noEntry: true })
      .enable(PLAIN, 12, 0, { vf: 0, noEntry: true });
  expect(await missing(none())).toEqual([]);
  expect(await missing(none().disable(PLAIN, { vf: 0 }))).toEqual([]);
  expect(await missing(none().enable(PLAIN, 12, 0, { vf: 0 }))).toEqual([
    '2 calls lack their entry or return',
  ]);
});

it('places in which events were lost', async () => {
  const lost = (trace: TraceWriter) => trace.raw('CPU:0 [LOST 5 EVENTS]').supported(PLAIN, 1, { vf: 0 });
  const once = lost(new TraceWriter().appear(PLAIN));
  expect(await missing(once)).toEqual([late(1, 1), 'events were lost in 1 place']);
  expect(await missing(lost(once))).toEqual([late(1, 1), 'events were lost in 2 places']);
});

it('the PFs of VFs', async () => {
  const trace = readyPf(new TraceWriter()).appear(VF, { vf: 1 }).appear(VF2, { vf: 1 });
  expect(await missing(trace)).toEqual([`ATS091 ${VF}`, `ATS091 ${VF2}`]);
  expect(await missing(new TraceWriter().appear(PF).appear(PLAIN))).toEqual([]);
});
