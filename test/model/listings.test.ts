import { describe, expect, it } from 'vitest';
import { rowAt, rowsOf } from '../../tables/index.ts';
import { listing } from '../support/listing-writer.ts';
import { analyzeBytes, findingsOf, labelsOf } from '../support/pipeline.ts';
import { TraceWriter } from '../support/trace-writer.ts';
import { around, asLeft, ON, running } from './listing-steps.ts';
import { PF, PLAIN, VF, vfState } from './rule-cases/steps.ts';

function codes(analysis: Awaited<ReturnType<typeof analyzeBytes>>): string[] {
  return rowsOf(analysis.verdictReasons)
    .filter((row) => row.code.startsWith('listing'))
    .map((row) => `${row.code}${row.decisive ? '!' : ''}`);
}

describe('a listing from after the recording is held against what the recording left', () => {
  it('agrees: nothing', async () => {
    const analysis = await around(asLeft());
    expect(labelsOf(analysis)).toEqual([]);
    expect(rowAt(analysis.verdict, 0).verdict).toBe('pass');
    expect(rowsOf(analysis.clocks).map((row) => row.relation)).toEqual(['before', 'reference', 'after']);
  });

  it('ATS030: the register of a VF is off', async () => {
    const analysis = await around(
      listing(
        { address: PF, control: ON, vfs: 1 },
        { address: VF, control: 0 },
        { address: PLAIN, control: 0 },
      ),
    );
    expect(labelsOf(analysis)).toEqual([`ATS030@${VF}`]);
    const evidence = rowsOf(analysis.evidence).filter((row) => row.source === 2);
    expect(evidence.map((row) => [row.line, row.text.trim()])).toEqual([
      [14, expect.stringContaining('ATSCtl:\tEnable-')],
    ]);
  });

  it('ATS029: the register of a function is on', async () => {
    const after = listing({ address: PF, control: ON, vfs: 1 }, { address: PLAIN, control: ON, group: 3 });
    const analysis = await around(after);
    expect(findingsOf(analysis).map((row) => [row.rule, row.function, row.severity])).toEqual([
      ['ATS029', PLAIN, 'error'],
    ]);
  });

  it('ATS012: the STU of the PF is another than its VFs use; field and page shift are told', async () => {
    const analysis = await around(asLeft(1));
    expect(labelsOf(analysis)).toEqual([`ATS012@${PF}`]);
    const [finding] = findingsOf(analysis);
    expect(finding.message).toContain('STU 1');
    expect(finding.message).toContain('page shift 13');
    expect(finding.message).toContain('page shift 12 (STU 0, 4 KiB)');
    expect(labelsOf(await around(asLeft(1), running(13)))).toEqual([]);
  });

  it('a switch-off that was never recorded is a question, not a finding', async () => {
    const trace = new TraceWriter().enable(PLAIN, 12, 0, { vf: 0, cap: '0x100', en: [0, 1] });
    const analysis = await around(listing({ address: PLAIN, control: 0 }), trace);
    expect(labelsOf(analysis)).toEqual([]);
    expect(codes(analysis)).toEqual(['listing-after-unseen-change!']);
    expect(rowAt(analysis.verdict, 0).verdict).toBe('inconclusive');
  });

  it('a listing with a function that the recording removed was taken at another time', async () => {
    const trace = running()
      .disable(VF, { ...vfState, en: [1, 0] })
      .call('pci_stop_and_remove_bus_device', VF);
    const analysis = await around(asLeft(), trace);
    expect(labelsOf(analysis)).toEqual([]);
    expect(codes(analysis)).toEqual(['listing-misplaced']);
  });

  it('only that listing was, and only the function that is gone says so', async () => {
    const gone = () => running().disable(VF, { ...vfState, en: [1, 0] });
    const removed = gone().call('pci_stop_and_remove_bus_device', VF);
    const released = gone().call('intel_iommu_release_device', VF);
    const without = listing({ address: PF, control: 0, vfs: 0 }, { address: PLAIN, control: null });
    for (const trace of [removed, released]) {
      const analysis = await around(without, trace, asLeft());
      expect(codes(analysis)).toEqual([]);
      expect(labelsOf(analysis)).toEqual([`ATS030@${PF}`]);
      expect(codes(await around(asLeft(), trace))).toEqual(['listing-misplaced']);
    }
    const both = `${asLeft()}\n${without}`;
    expect(labelsOf(await around(both, removed, asLeft()))).toEqual([`ATS030@${PF}`]);
  });

  it('a listed function that the recording does not know is not gone', async () => {
    const analysis = await around(
      listing(
        { address: PF, control: 0, vfs: 1 },
        { address: VF, control: ON },
        { address: '0000:09:00.0', control: null },
      ),
    );
    expect(codes(analysis)).toEqual([]);
    expect(labelsOf(analysis)).toEqual([`ATS030@${PF}`]);
  });

  it('a switch of another function tells that switches are recorded; so do writes of the register', async () => {
    const on = () => new TraceWriter().enable(PLAIN, 12, 0, { vf: 0, cap: '0x100', en: [0, 1] });
    const off = () => new TraceWriter().disable(PLAIN, { vf: 0, cap: '0x100', en: [1, 0] });
    const asked = async (trace: TraceWriter, control: number) => {
      const analysis = await around(listing({ address: PLAIN, control, group: 3 }), trace);
      return [
        ...labelsOf(analysis),
        ...rowsOf(analysis.verdictReasons).flatMap((row) =>
          row.code.startsWith('listing')
            ? [row.reason.replace(/, and no .*/, ''), /pci_\w+\(\)/.exec(row.reason)?.[0]]
            : [],
        ),
      ];
    };
    expect(await asked(on(), ON)).toEqual([]);
    expect(await asked(off(), 0)).toEqual([]);
    expect(await asked(on(), 0)).toEqual([
      `b.txt shows ATS of ${PLAIN} off, the recording left it on`,
      'pci_disable_ats()',
    ]);
    expect(await asked(off(), ON)).toEqual([
      `b.txt shows ATS of ${PLAIN} on, the recording left it off`,
      'pci_enable_ats()',
    ]);
    expect(await asked(on().disable(VF, vfState), 0)).toEqual([`ATS030@${PLAIN}`]);
    expect(await asked(off().enable(VF, 12, 0, vfState), ON)).toEqual([`ATS029@${PLAIN}`]);
    expect(await asked(on().write(VF, 0x4, 6), 0)).toEqual([`ATS030@${PLAIN}`]);
    expect(await asked(on().enable(VF, 12, 0, vfState), 0)).toHaveLength(2);
    expect(await asked(off().disable(VF, vfState), ON)).toHaveLength(2);
  });

  it('losses: what they may have changed is not compared', async () => {
    const trace = running().raw('CPU:0 [LOST 5 EVENTS]');
    const analysis = await around(asLeft(1), trace);
    expect(labelsOf(analysis)).toEqual([]);
  });

  it('only the last of several listings behind the trace is the last state', async () => {
    const off = listing({ address: PF, control: 0, vfs: 0 });
    const analysis = await analyzeBytes({
      'a.txt': off,
      'trace.txt': running().text(),
      'b.txt': off,
      'c.txt': asLeft(),
    });
    expect(labelsOf(analysis)).toEqual([]);
    expect(rowAt(analysis.verdict, 0).verdict).toBe('pass');
  });
});

describe('a listing from before the recording', () => {
  it('makes a write over a known value an error', async () => {
    const before = listing({ address: PLAIN, control: ON });
    const trace = new TraceWriter().write(PLAIN, 0x106, 0, '0x100', true);
    const after = listing({ address: PLAIN, control: 0 });
    const known = findingsOf(await around(after, trace, before));
    expect(known.map((row) => [row.rule, row.severity])).toEqual([['ATS028', 'error']]);
    const unknown = findingsOf(await analyzeBytes({ 'trace.txt': trace.text() }));
    expect(unknown.map((row) => [row.rule, row.severity])).toEqual([['ATS028', 'note']]);
  });

  it('yields to what the recording shows first', async () => {
    const before = listing({ address: PLAIN, control: ON | 1, group: 3 });
    const trace = new TraceWriter().enable(PLAIN, 12, 0, { vf: 0, cap: '0x100', en: [0, 1], stu: [0, 12] });
    const analysis = await around(listing({ address: PLAIN, control: ON }), trace, before);
    expect(labelsOf(analysis)).toEqual([]);
    expect(codes(analysis)).toEqual(['listing-outdated']);
    expect(rowAt(analysis.verdict, 0).verdict).toBe('pass');
  });
});

describe('what the first records show of a register that a listing from before showed', () => {
  /** `PLAIN` has SR-IOV, so that it is known to be no VF. */
  const from = (control: number) => listing({ address: PLAIN, control, vfs: 0 });
  const shown = (state: { en?: number; stu?: number }, trace = new TraceWriter()) =>
    trace.supported(PLAIN, 1, {
      vf: 0,
      cap: '0x100',
      ...(state.en === undefined ? {} : { en: [state.en, state.en] }),
      ...(state.stu === undefined ? {} : { stu: [state.stu, state.stu] }),
    });

  /** What became of a field of the register, and what was said of the listing. */
  async function became(control: number, trace: TraceWriter, field: 'en' | 'stu') {
    const after = listing({ address: '0000:03:00.0', control: 0 });
    const analysis = await around(after, trace, from(control));
    const history = rowsOf(analysis.transitions)
      .filter((row) => row.layer === 'hw' && row.field === field && row.function === PLAIN)
      .map((row) => `${row.new_value ?? '?'} ${row.origin}`);
    return [...history, ...codes(analysis)];
  }

  it('Enable: what agrees stays, what differs is given up', async () => {
    expect(await became(ON, shown({ en: 1 }), 'en')).toEqual(['1 observed']);
    expect(await became(ON, shown({ en: 0 }), 'en')).toEqual(['1 observed', '? lost', 'listing-outdated']);
    expect(await became(ON, shown({ stu: 12 }), 'en')).toEqual(['1 observed']);
    expect(await became(ON, shown({}), 'en')).toEqual(['1 observed']);
  });

  it('STU: what agrees stays, what differs is given up, and a core without one says nothing', async () => {
    expect(await became(1, shown({ stu: 13 }), 'stu')).toEqual(['1 observed']);
    expect(await became(1, shown({ stu: 14 }), 'stu')).toEqual(['1 observed', '? lost', 'listing-outdated']);
    expect(await became(1, shown({ stu: 0 }), 'stu')).toEqual(['1 observed']);
    expect(await became(1, shown({ en: 0 }), 'stu')).toEqual(['1 observed']);
  });

  it('is said with what the listing showed', async () => {
    const reasons = async (control: number, trace: TraceWriter) =>
      rowsOf((await around(from(control), trace, from(control))).verdictReasons)
        .filter((row) => row.code === 'listing-outdated')
        .map((row) => row.reason);
    expect(await reasons(ON, shown({ en: 0 }))).toEqual([
      `a.txt shows ${PLAIN} with Enable 1, and the first record of the function has it otherwise: it changed in between, or register and core disagree.`,
    ]);
    expect(await reasons(1, shown({ stu: 14 }))).toEqual([
      `a.txt shows ${PLAIN} with STU 1 (page shift 13, 8 KiB), and the first record of the function has it otherwise: it changed in between, or register and core disagree.`,
    ]);
  });

  it('counts until Enable was shown: a page shift alone leaves the rest to come', async () => {
    expect(await became(ON, shown({ en: 0 }, shown({ stu: 12 })), 'en')).toEqual([
      '1 observed',
      '? lost',
      'listing-outdated',
    ]);
  });

  it('does not count against what was written since', async () => {
    const trace = shown({ en: 1 }, new TraceWriter().write(PLAIN, 0x106, 0, '0x100', true));
    const analysis = await around(listing({ address: '0000:03:00.0', control: 0 }), trace, from(ON));
    expect(labelsOf(analysis)).toEqual([`ATS028@${PLAIN}`, `ATS030@${PLAIN}`]);
    expect(codes(analysis)).toEqual([]);
  });

  it('is what the first record agreed with: a core that is off later, without a write, disagrees', async () => {
    const other = listing({ address: '0000:04:00.0', control: 0 });
    const trace = shown({ en: 0 }, shown({ en: 1 }, new TraceWriter().write(VF, 0x4, 6)));
    const analysis = await around(
      listing({ address: '0000:03:00.0', control: 0 }),
      trace,
      `${from(ON)}\n${other}`,
    );
    expect(labelsOf(analysis)).toEqual([`ATS029@${PLAIN}`]);
    expect(codes(analysis)).toEqual([]);
  });

  it('a change later on that no call shows is no disagreement with the listing', async () => {
    const trace = shown({ en: 0 }, shown({ en: 1 }));
    const analysis = await around(listing({ address: PLAIN, control: 0 }), trace, from(ON));
    expect(labelsOf(analysis)).toEqual([]);
    expect(codes(analysis)).toEqual([]);
  });
});

describe('a listing of unknown time', () => {
  const undated = (control: number) =>
    analyzeBytes({ 'trace.txt': running().text(), 'l.txt': listing({ address: PF, control, vfs: 1 }) });

  it('is no finding, and a question where the recording never had it so', async () => {
    const analysis = await undated(ON | 3);
    expect(labelsOf(analysis)).toEqual([]);
    expect(codes(analysis)).toEqual(['listing-never-fits!']);
    expect(rowsOf(analysis.verdictReasons)[0].reason).toContain('STU 3 (page shift 15, 32 KiB)');
  });

  it('is a question where only an earlier moment fits, and nothing where the end fits', async () => {
    expect(codes(await undated(0))).toEqual(['listing-fits-earlier-only!']);
    expect(codes(await undated(ON))).toEqual([]);
  });

  it('is no question about the end where a later listing fits it', async () => {
    const analysis = await analyzeBytes({
      'trace.txt': running().text(),
      'l.txt': listing({ address: PF, control: 0, vfs: 0 }),
      'm.txt': listing({ address: PF, control: ON, vfs: 1 }),
    });
    expect(codes(analysis)).toEqual([]);
    expect(rowAt(analysis.verdict, 0).verdict).toBe('pass');
  });
});

describe('listings without a trace', () => {
  const log =
    '[    0.000000] Linux version 7.2.13 (x) #1 SMP\n[    1.000000] pci 0000:02:00.0: Adding to iommu group 3\n';

  it('ask who changed a register between two of them', async () => {
    const analysis = await analyzeBytes({
      'dmesg.txt': log,
      'a.txt': listing({ address: PLAIN, control: ON }),
      'b.txt': listing({ address: PLAIN, control: ON | 1 }),
    });
    const [reason] = rowsOf(analysis.verdictReasons);
    expect(reason.code).toBe('listings-differ');
    expect(reason.reason).toContain('from Enable 1, STU 0 (page shift 12, 4 KiB) in a.txt');
    expect(reason.reason).toContain('to Enable 1, STU 1 (page shift 13, 8 KiB) in b.txt');
    expect(rowAt(analysis.verdict, 0)).toMatchObject({ verdict: 'inconclusive' });
    expect(rowAt(analysis.verdict, 0).sentence).toContain('ATS Control of 0000:02:00.0 changed');
  });

  it('two listings in one file are one after the other', async () => {
    const both = listing({ address: PLAIN, control: ON }) + listing({ address: PLAIN, control: 0 });
    const analysis = await analyzeBytes({ 'l.txt': both });
    expect(rowsOf(analysis.verdictReasons)[0].reason).toContain('listing 1 of l.txt');
  });

  it('ask nothing where nothing changed', async () => {
    const same = listing({ address: PLAIN, control: ON });
    expect(codes(await analyzeBytes({ 'dmesg.txt': log, 'a.txt': same, 'b.txt': same }))).toEqual([]);
  });

  it('pci=noats: ATS that is on in a register is a finding', async () => {
    const noats = `${log}[    0.100000] PCIe: ATS is disabled\n`;
    const on = listing({ address: PLAIN, control: ON, group: 3 });
    const found = await analyzeBytes({ 'dmesg.txt': noats, 'l.txt': on });
    expect(labelsOf(found)).toEqual([`ATS029@${PLAIN}`]);
    expect(rowsOf(found.evidence).map((row) => row.role)).toContain('the core knows no ATS capability');
    const off = listing({ address: PLAIN, control: 0, group: 3 });
    expect(labelsOf(await analyzeBytes({ 'dmesg.txt': noats, 'l.txt': off }))).toEqual([]);
    expect(labelsOf(await analyzeBytes({ 'dmesg.txt': log, 'l.txt': on }))).toEqual([]);
  });

  it('pci=noats: a function that appears later has none, unless a record shows one; a new boot is another matter', async () => {
    const noats = '[    0.100000] PCIe: ATS is disabled\n';
    const boot = '[    0.000000] Linux version 7.2.13 (x) #1 SMP\n';
    const added = '[    1.000000] pci 0000:02:00.0: Adding to iommu group 3\n';
    const other = listing({ address: '0000:03:00.0', control: 0 });
    const caps = async (log: string, trace?: TraceWriter) => {
      const inputs: Record<string, string> = { 'dmesg.txt': log, 'l.txt': other };
      if (trace) inputs['trace.txt'] = trace.text();
      return rowsOf((await analyzeBytes(inputs)).transitions)
        .filter((row) => row.field === 'cap' && row.function === PLAIN)
        .map((row) => row.new_value);
    };
    expect(await caps(boot + noats + added)).toEqual([0]);
    expect(await caps(boot + added + noats.replace('0.1', '1.1'))).toEqual([0]);
    expect(await caps(boot + noats + boot + added)).toEqual([]);
    expect(await caps(boot + added)).toEqual([]);
    const shown = new TraceWriter().supported(PLAIN, 1, { vf: 0, cap: '0x100' });
    expect(await caps(boot + noats.replace('0.1', '1.1'), shown)).toEqual([1]);
  });

  it('ATS that is on in a register before anybody has probed the function is a note', async () => {
    const noats = `${log}[    0.100000] PCIe: ATS is disabled\n`;
    const severity = async (group?: number) =>
      findingsOf(
        await analyzeBytes({
          'dmesg.txt': noats.replace(/.*iommu group.*\n/, ''),
          'l.txt': listing({ address: PLAIN, control: ON, group }),
        }),
      ).map((row) => `${row.rule} ${row.severity}`);
    expect(await severity(3)).toEqual(['ATS029 error']);
    expect(await severity()).toEqual(['ATS029 note']);
  });
});
