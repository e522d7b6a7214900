import { expect, it } from 'vitest';
import { rowsOf } from '../../tables/index.ts';
import { analyzeBytes } from '../support/pipeline.ts';
import { TraceWriter } from '../support/trace-writer.ts';
import { PF, pfState, VF, vfState } from './rule-cases/steps.ts';

/** A VF is refused; its PF has the page shift `pfShift`, or none where it was never enabled. */
function refused(pfShift: number | null): string {
  const trace = new TraceWriter().appear(PF).supported(PF, 1, pfState);
  if (pfShift !== null) trace.enable(PF, pfShift, 0, { ...pfState, en: [0, 1], stu: [0, pfShift] });
  trace.addVf(PF, VF, 0, () => {
    trace.supported(VF, 1, vfState).enable(VF, 12, -22, { ...vfState, en: [0, 0] });
  });
  return trace.enable('0000:09:00.0', 12, 0).text();
}

async function fate(text: string, profile: string, under: string): Promise<string[]> {
  const analysis = await analyzeBytes({ 'trace.txt': text }, { profile, under });
  return rowsOf(analysis.whatIf)
    .filter((row) => row.subject === 'finding' && row.what.startsWith('ATS004'))
    .map((row) => row.predicted);
}

it('a VF whose PF nothing prepared is not refused where probes prepare PFs', async () => {
  expect(await fate(refused(null), '6.1', '6.12-old')).toEqual(['prevented']);
  expect(await fate(refused(null), '6.1', 'series')).toEqual(['prevented']);
});

it('near miss: no kernel mends another page shift of the PF', async () => {
  expect(await fate(refused(13), '6.1', '6.12-old')).toEqual(['same']);
  expect(await fate(refused(13), '6.1', 'series')).toEqual(['loud']);
});

it('near miss: neither kernel has prepare, or both have', async () => {
  expect(await fate(refused(null), '6.1', '6.1')).toEqual(['same']);
  expect(await fate(refused(null), '6.12-old', 'series')).toEqual(['loud']);
});
