import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../tables/index.ts';
import { listing } from '../support/listing-writer.ts';
import { analyzeBytes, findingsOf, labelsOf } from '../support/pipeline.ts';
import { TraceWriter } from '../support/trace-writer.ts';
import { around, asLeft, ON, running } from './listing-steps.ts';
import { PF, PLAIN, pfState, VF, VF2, vfState } from './rule-cases/steps.ts';

describe('what a listing says of the nature of functions', () => {
  it('ATS007: a VF with an STU, told by the SR-IOV capability of its PF alone', async () => {
    const vfs = [
      { address: VF, control: ON | 2 },
      { address: VF2, control: ON },
    ];
    const text = listing({ address: PF, control: ON, vfs: 2 }, ...vfs);
    const analysis = await analyzeBytes({ 'l.txt': text });
    expect(labelsOf(analysis)).toEqual([`ATS007@${VF}`]);
    const functions = rowsOf(analysis.functions);
    expect(functions.map((row) => [row.function, row.kind, row.pf, row.vf_index])).toEqual([
      [PF, 'pf', null, null],
      [VF, 'vf', PF, 0],
      [VF2, 'vf', PF, 1],
    ]);
    // With VF Enable clear, the same functions are those of another device.
    const apart = listing({ address: PF, control: ON, vfs: 0 }, ...vfs);
    expect(labelsOf(await analyzeBytes({ 'l.txt': apart }))).toEqual([]);
  });

  it('names the PF of a VF that the trace does not link', async () => {
    const trace = new TraceWriter()
      .prepare(PF, 12, 0, { ...pfState, en: [0, 0], stu: [0, 12] })
      .supported(VF, 1, vfState)
      .enable(VF, 13, -22, { ...vfState, en: [0, 0] });
    const alone = await analyzeBytes({ 'trace.txt': trace.text() });
    const linked = await analyzeBytes({
      'trace.txt': trace.text(),
      'l.txt': listing({ address: PF, control: 0, vfs: 1 }, { address: VF, control: 0 }),
    });
    const told = [alone, linked].map((analysis) =>
      findingsOf(analysis, true)
        .filter((row) => row.function === VF)
        .map((row) => [row.rule, row.pf]),
    );
    expect(told).toEqual([
      [
        ['ATS004', null],
        ['ATS091', null],
      ],
      [['ATS004', PF]],
    ]);
  });

  it('is taken where the recording does not say it, and not where it does', async () => {
    const kinds = async (trace: TraceWriter) => {
      const text = listing({ address: PF, control: ON, vfs: 1 }, { address: VF, control: ON });
      const { functions } = await analyzeBytes({ 'trace.txt': trace.text(), 'l.txt': text });
      return rowsOf(functions)
        .map((row) => [row.function, row.kind, row.pf])
        .sort();
    };
    const named = (fn: string, vf?: number) =>
      new TraceWriter().supported(fn, 1, vf === undefined ? {} : { vf });
    expect(await kinds(named(VF))).toEqual([
      [PF, 'pf', null],
      [VF, 'vf', PF],
    ]);
    expect(await kinds(named(VF, 0))).toEqual([
      [PF, 'pf', null],
      [VF, 'function', null],
    ]);
    expect(await kinds(named(PF, 1).wait(1).addVf(PLAIN, PF, 0))).toEqual([
      [PF, 'vf', null],
      [PF, 'vf', PLAIN],
      [VF, 'vf', PF],
      [PLAIN, 'pf', null],
    ]);
    expect(await kinds(named(PF))).toEqual([
      [PF, 'pf', null],
      [VF, 'vf', PF],
    ]);
  });

  it('holds for later lives of the address, and against none that the recording shows to be another', async () => {
    const text = listing(
      { address: PF, control: ON, vfs: 1 },
      { address: VF, control: ON },
      { address: PLAIN, control: 0, vfs: 0 },
    );
    const kinds = async (trace: TraceWriter) =>
      rowsOf((await analyzeBytes({ 'trace.txt': trace.text(), 'l.txt': text })).functions)
        .map((row) => [row.function, row.kind, row.pf])
        .sort();
    const added = (trace: TraceWriter, fn: string) =>
      trace.event('add', `(pci_device_add+0x4/0x640) bdf="${fn}"`);
    const again = added(added(new TraceWriter(), PLAIN).call('pci_stop_and_remove_bus_device', PLAIN), PLAIN);
    expect((await kinds(again)).filter(([fn]) => fn === PLAIN)).toEqual([
      [PLAIN, 'pf', null],
      [PLAIN, 'pf', null],
    ]);
    const another = new TraceWriter().supported(VF, 1, { vf: 0 }).call('pci_stop_and_remove_bus_device', PF);
    expect((await kinds(added(another, PF))).filter(([fn]) => fn === VF)).toEqual([[VF, 'function', null]]);
  });

  it('shows no place of a capability that is not there, and none of a device that was replaced', async () => {
    const trace = (cap?: string) => new TraceWriter().supported(PLAIN, 0, { vf: 0, ...(cap ? { cap } : {}) });
    const place = async (text: string, cap?: string) => {
      const analysis = await analyzeBytes({ 'trace.txt': trace(cap).text(), 'l.txt': text });
      expect(labelsOf(analysis)).toEqual([]);
      return rowsOf(analysis.functions).find((row) => row.function === PLAIN)?.ats_capability;
    };
    expect(await place(listing({ address: PLAIN, control: null }))).toBe(null);
    expect(await place(listing({ address: PLAIN, control: 0 }))).toBe(0x100);
    expect(await place(listing({ address: PLAIN, control: ON | 3 }), '0x180')).toBe(0x180);
  });

  it('a VF of a PF that was removed under it stays that of the old one', async () => {
    const trace = running().call('pci_stop_and_remove_bus_device', PF).appear(PF).supported(PF, 1, pfState);
    const { functions } = await around(asLeft(), trace);
    const rows = rowsOf(functions);
    const [old, fresh] = rows.filter((row) => row.function === PF);
    expect(rows.filter((row) => row.function === VF).map((row) => row.pf_fn)).toEqual([old.fn]);
    expect(fresh.fn).not.toBe(old.fn);
  });

  it('a PF without the capability: ATS001 on its VF', async () => {
    const trace = new TraceWriter().supported(VF, 1, vfState);
    const pf = (control: number | null) =>
      listing({ address: PF, control, vfs: 1 }, { address: VF, control: 0 });
    const lacks = await analyzeBytes({ 'trace.txt': trace.text(), 'l.txt': pf(null) });
    expect(labelsOf(lacks)).toEqual([`ATS001@${VF}`]);
    expect(labelsOf(await analyzeBytes({ 'trace.txt': trace.text(), 'l.txt': pf(0) }))).toEqual([]);
  });

  it('a line of which the STU is cut off shows Enable alone', async () => {
    const cut = (control: number) =>
      asLeft().replace(/(00.1 [\s\S]*?Enable)[+-].*/, `$1${control ? '+' : '-'}`);
    expect(labelsOf(await around(cut(0)))).toEqual([`ATS030@${VF}`]);
    expect(labelsOf(await around(cut(1)))).toEqual([]);
    const pf = asLeft(1).replace(/(00.0 [\s\S]*?Enable\+).*/, '$1');
    expect(labelsOf(await around(pf))).toEqual([]);
  });

  it('lspci -v names the capability without its register: unknown, not off', async () => {
    const analysis = await around(listing({ address: PF, vfs: 1 }, { address: VF }));
    expect(labelsOf(analysis)).toEqual([]);
    expect(
      rowsOf(analysis.atsEvents).filter((row) => row.kind === 'listing.control' && row.source === 2),
    ).toEqual([]);
  });
});
