import { listing } from '../support/listing-writer.ts';
import { analyzeBytes } from '../support/pipeline.ts';
import { TraceWriter } from '../support/trace-writer.ts';
import { PF, PLAIN, pfState, VF, vfState } from './rule-cases/steps.ts';

/** Enable of ATS Control, with STU 0. */
export const ON = 0x8000;

/** A PF with a VF, both with ATS on, and a switch-off of another function, so that switching off is known to be recorded. */
export function running(ps = 12): TraceWriter {
  const trace = new TraceWriter();
  trace
    .appear(PF)
    .supported(PF, 1, pfState)
    .prepare(PF, ps, 0, { ...pfState, en: [0, 0], stu: [0, ps] })
    .enable(PF, ps, 0, { ...pfState, en: [0, 1], stu: [ps, ps] })
    .addVf(PF, VF, 0, () => {
      trace
        .supported(VF, 1, vfState)
        .prepare(VF, ps, 0, vfState)
        .enable(VF, ps, 0, { ...vfState, en: [0, 1] });
    });
  return trace
    .appear(PLAIN)
    .prepare(PLAIN, 12, 0, { vf: 0, cap: '0x100', en: [0, 0] })
    .enable(PLAIN, 12, 0, { vf: 0, cap: '0x100', en: [0, 1] })
    .disable(PLAIN, { vf: 0, cap: '0x100', en: [1, 0] });
}

/** What a listing shows of those functions after that. */
export const asLeft = (stu = 0) =>
  listing(
    { address: PF, control: ON | stu, vfs: 1 },
    { address: VF, control: ON },
    { address: PLAIN, control: 0 },
  );

/** A trace between two listings. */
export const around = (
  after: string,
  trace = running(),
  before = listing({ address: PF, control: 0, vfs: 0 }),
) => analyzeBytes({ 'a.txt': before, 'trace.txt': trace.text(), 'b.txt': after });
