import { describe, expect, it } from 'vitest';
import { rowAt, rowsOf } from '../../tables/index.ts';
import { analyzeBytes, findingsOf } from '../support/pipeline.ts';
import { TraceWriter } from '../support/trace-writer.ts';

const PFS = 16;
const VFS_PER_PF = 255;
const hex = (value: number, width: number) => value.toString(16).padStart(width, '0');
const pfAt = (pf: number) => `0000:${hex(pf * 2, 2)}:00.0`;
const vfAt = (pf: number, vf: number) =>
  `0000:${hex(pf * 2 + (vf >> 8), 2)}:${hex((vf >> 3) & 31, 2)}.${vf & 7}`;

describe('16 PFs and 4,080 VFs in one trace', () => {
  it('each of the 16 VFs whose shift is wrong is found, and no other', async () => {
    const trace = new TraceWriter();
    for (let pf = 0; pf < PFS; pf++) {
      const kind = { vf: 0, pf: 1, cap: '0x100' };
      trace
        .appear(pfAt(pf))
        .supported(pfAt(pf), 1, kind)
        .prepare(pfAt(pf), 12 + (pf % 3), 0, { ...kind, en: [0, 0], stu: [0, 12 + (pf % 3)] });
    }
    // All PFs make their VFs side by side, on two CPUs.
    const wrong: string[] = [];
    for (let vf = 1; vf <= VFS_PER_PF; vf++) {
      for (let pf = 0; pf < PFS; pf++) {
        trace.cpu = pf & 1;
        trace.task = `worker-${100 + pf}`;
        const name = vfAt(pf, vf);
        const kind = { vf: 1, pf: 0, cap: '0x100' };
        const bad = vf === 10 + pf;
        if (bad) wrong.push(name);
        trace.addVf(pfAt(pf), name, vf - 1, () =>
          trace
            .supported(name, 1, kind)
            .enable(name, 12 + (pf % 3) + (bad ? 1 : 0), bad ? -22 : 0, { ...kind, en: [0, bad ? 0 : 1] }),
        );
      }
    }
    const analysis = await analyzeBytes({ 'trace.txt': trace.text() }, { profile: '6.12-old' });
    expect(analysis.functions.length).toBe(PFS * (VFS_PER_PF + 1));
    expect(rowsOf(analysis.functions).filter((fn) => fn.kind === 'vf' && fn.pf !== null).length).toBe(
      PFS * VFS_PER_PF,
    );
    const loud = findingsOf(analysis).filter((finding) => finding.severity !== 'note');
    expect(loud.map(({ rule, function: fn }) => `${rule} ${fn}`).sort()).toEqual(
      wrong.map((fn) => `ATS004 ${fn}`).sort(),
    );
    expect(rowAt(analysis.verdict, 0).verdict).toBe('fail');
    const on = rowsOf(analysis.stateIntervals).filter(
      (row) => row.layer === 'core' && row.field === 'en' && row.to_event === null && row.value === 1,
    );
    expect(on.length).toBe(PFS * VFS_PER_PF - wrong.length);
  });

  it('one mistake repeated without end is listed so often, and counted', async () => {
    const trace = new TraceWriter().appear(pfAt(0)).enable(pfAt(0), 12, 0, { vf: 0, en: [0, 1] });
    for (let i = 0; i < 3000; i++) trace.enable(pfAt(0), 12, -16, { vf: 0, en: [1, 1] });
    const findings = findingsOf(await analyzeBytes({ 'trace.txt': trace.text() })).filter(
      (finding) => finding.rule === 'ATS013',
    );
    expect(findings.length).toBe(64);
    expect(findings.at(-1)?.message).toContain('2936 more like it followed');
  });
});
