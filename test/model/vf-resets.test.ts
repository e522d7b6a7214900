import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../tables/index.ts';
import { listing } from '../support/listing-writer.ts';
import { analyzeBytes, findingsOf, labelsOf } from '../support/pipeline.ts';
import { TraceWriter } from '../support/trace-writer.ts';
import { liveVf, PF, PLAIN, readyPf, VF, vfState } from './rule-cases/steps.ts';

const ON = 0x8000;
/** SR-IOV Control of the capability that `listing` shows at 0x110. */
const SRIOV_CONTROL = 0x118;
const ATS024 = `ATS024@${VF}`;

/** A PF and a VF with ATS on, and a write that shows that writes are recorded. */
const running = () => liveVf(readyPf(new TraceWriter())).write(PF, 0x4, 6);
const atFirst = (vfs = 0) => listing({ address: PF, control: 0, vfs });
const atLast = (control: number) => listing({ address: PF, control: ON, vfs: 1 }, { address: VF, control });
const ending = (trace: TraceWriter) => trace.wait(1500).supported(PLAIN, 1, { vf: 0 });

async function severities(trace: TraceWriter, first: string | null, last: string | null, rule = 'ATS024') {
  const analysis = await analyzeBytes({
    ...(first === null ? {} : { 'a.txt': first }),
    'trace.txt': trace.text(),
    ...(last === null ? {} : { 'b.txt': last }),
  });
  return findingsOf(analysis)
    .filter((row) => row.function === VF && row.rule === rule)
    .map((row) => row.severity);
}

async function labels(trace: TraceWriter, first: string | null, last: string | null): Promise<string[]> {
  const analysis = await analyzeBytes({
    ...(first === null ? {} : { 'a.txt': first }),
    'trace.txt': trace.text(),
    ...(last === null ? {} : { 'b.txt': last }),
  });
  return labelsOf(analysis).filter((label) => label.endsWith(VF));
}

describe('VF Enable of the PF is cleared by a write', () => {
  const clears = (value: number, user: boolean, width: 'word' | 'dword' = 'word') => {
    const trace = running();
    if (width === 'word') trace.write(PF, SRIOV_CONTROL, value, '0x100', user);
    else
      trace.event(
        'pci_user_write_config_dword',
        `(pci_user_write_config_dword+0x4/0x30) where=0x${SRIOV_CONTROL.toString(16)} val=0x${value.toString(16)} cap=0x100 bdf="${PF}"`,
      );
    return ending(trace);
  };

  it('ATS024: a VF that is still there lost Enable', async () => {
    expect(await labels(clears(0x8, true), atFirst(1), atLast(0))).toContain(ATS024);
    expect(await labels(clears(0x8, false), atFirst(1), atLast(0))).toContain(ATS024);
    expect(await labels(clears(0x0000, true, 'dword'), atFirst(1), atLast(0))).toContain(ATS024);
  });

  it('says so, and names the write', async () => {
    const analysis = await analyzeBytes({
      'a.txt': atFirst(1),
      'trace.txt': clears(0x8, true).text(),
      'b.txt': atLast(0),
    });
    const finding = findingsOf(analysis).find((row) => row.rule === 'ATS024');
    expect(finding?.message).toBe(
      `VF ${VF} lost ATS Enable when VF Enable of its PF ${PF} was cleared, and nobody set it again.`,
    );
    expect(finding?.expected).toBe('VFs are removed before VF Enable is cleared.');
    const evidence = rowsOf(analysis.evidence).filter((row) => row.finding === finding?.finding);
    expect(evidence.map((row) => row.role)).toEqual([`ATS of VF ${VF} is on`, 'VF Enable is cleared']);
    expect(evidence[1].source).toBe(1);
  });

  it('says after what the register kept it', async () => {
    const analysis = await analyzeBytes({
      'a.txt': atFirst(1),
      'trace.txt': clears(0x8, true).text(),
      'b.txt': atLast(ON),
    });
    expect(findingsOf(analysis).find((row) => row.rule === 'ATS024')?.message).toBe(
      `Nobody set ATS Enable of VF ${VF} again after VF Enable of its PF ${PF} was cleared; this hardware kept it.`,
    );
  });

  it('near miss: VF Enable stays set', async () => {
    expect(await labels(clears(0x9, true), atFirst(1), null)).not.toContain(ATS024);
  });

  it('where the register is, switching SR-IOV on shows', async () => {
    const made = (numVfs: number, control: number) => {
      const trace = readyPf(new TraceWriter());
      trace.call('sriov_enable', PF, {
        ret: 0,
        inside: () => {
          trace.write(PF, numVfs, 0x1).write(PF, control, 0x9);
          liveVf(trace);
        },
      });
      return ending(trace.write(PF, SRIOV_CONTROL, 0x8, '0x100', true));
    };
    expect(await labels(made(0x120, SRIOV_CONTROL), null, null)).toContain(ATS024);
    expect(await labels(made(0x124, SRIOV_CONTROL), null, null)).not.toContain(ATS024);
    expect(await labels(made(0x130, 0x128), null, null)).not.toContain(ATS024);
  });

  it('near miss: where the register is, is unknown', async () => {
    expect(await labels(clears(0x8, true), null, null)).not.toContain(ATS024);
  });

  it('near miss: SR-IOV is set up with VF Enable clear, and a listing shows the VF that comes then', async () => {
    const trace = readyPf(new TraceWriter()).write(PF, SRIOV_CONTROL, 0x10);
    const analysis = await analyzeBytes({
      'a.txt': atFirst(),
      'trace.txt': ending(liveVf(trace)).text(),
      'b.txt': atLast(ON),
    });
    const coverage = rowsOf(analysis.ruleCoverage).find((row) => row.rule === 'ATS024');
    expect(coverage).toMatchObject({ evaluations: 0, unknown: 0, findings: 0 });
  });

  it('near miss: the VF was removed first', async () => {
    const trace = running();
    trace
      .call('pci_iov_remove_virtfn', PF)
      .call('pci_stop_and_remove_bus_device', VF, {
        inside: () => trace.disable(VF, { ...vfState, en: [1, 0] }),
      })
      .write(PF, SRIOV_CONTROL, 0x8);
    expect(await labels(ending(trace), atFirst(1), null)).toEqual([]);
  });
});

describe('how long nothing came', () => {
  const pfReset = () => running().call('pcie_flr', PF, { ret: 0 });

  it('the recording goes on with events that tell the model nothing', async () => {
    const quiet = pfReset()
      .wait(1500)
      .event('sched_switch', 'prev_comm=sh prev_pid=1 ==> next_comm=sh next_pid=2');
    expect(await labels(quiet, null, null)).toEqual([ATS024]);
  });

  it('near miss: it ends within a second, whatever the kernel log says later', async () => {
    const short = pfReset()
      .wait(500)
      .event('sched_switch', 'prev_comm=sh prev_pid=1 ==> next_comm=sh next_pid=2');
    const analysis = await analyzeBytes({
      'trace.txt': short.text(),
      'dmesg.txt': '[    0.000000] Linux version 7.2.13 (x) #1 SMP\n[   90.000000] random: crng init done\n',
    });
    expect(labelsOf(analysis)).not.toContain(ATS024);
  });
});

describe('a register that is shown to have kept Enable', () => {
  const pfReset = (then: (trace: TraceWriter) => unknown = () => {}) => {
    const trace = running().call('pcie_flr', PF, { ret: 0 });
    then(trace);
    return ending(trace);
  };
  const reads = (value: number) => (trace: TraceWriter) =>
    trace.event(
      'pci_read_config_word_ret',
      `(pci_ats_page_aligned+0x3c/0x70 <- pci_read_config_word) where=0x106 val=0x${value.toString(16)} cap=0x100 bdf="${VF}"`,
    );

  it('ATS024 where nothing shows it', async () => {
    expect(await labels(pfReset(), null, null)).toEqual([ATS024]);
    expect(await labels(pfReset(reads(0)), null, null)).toEqual([ATS024]);
  });

  it('a warning where a read or a listing shows Enable still set, even after the VF was used', async () => {
    expect(await severities(pfReset(), null, null)).toEqual(['error']);
    expect(await severities(pfReset(reads(ON)), null, null)).toEqual(['warning']);
    expect(await severities(pfReset(), atFirst(), atLast(ON))).toEqual(['warning']);
    const use = (trace: TraceWriter) => trace.call('__iommu_attach_device', VF, { ret: 0 });
    expect(await severities(pfReset(use), null, null)).toEqual(['error']);
    expect(await severities(pfReset(use), atFirst(), atLast(ON))).toEqual(['warning']);
  });

  it('the last look counts', async () => {
    const twice = (first: number, second: number) => (trace: TraceWriter) => {
      reads(first)(trace);
      reads(second)(trace);
    };
    expect(await severities(pfReset(twice(ON, 0)), null, null)).toEqual(['error']);
    expect(await severities(pfReset(twice(0, ON)), null, null)).toEqual(['warning']);
  });

  it('a look that does not show Enable counts for nothing', async () => {
    const half = (trace: TraceWriter) =>
      trace.event(
        'pci_read_config_byte_ret',
        `(x+0x3c/0x70 <- pci_read_config_byte) where=0x106 val=0x0 cap=0x100 bdf="${VF}"`,
      );
    const both = (trace: TraceWriter) => {
      reads(ON)(trace);
      half(trace);
    };
    expect(await severities(pfReset(both), null, null)).toEqual(['warning']);
    const alone = ending(
      running()
        .call('pci_reset_function', VF, { ret: 0, inside: () => {} })
        .call('pcie_flr', VF, { ret: 0 }),
    );
    expect(await severities(alone, atFirst(), atLast(ON), 'ATS023')).toEqual(['warning']);
    const looked = running()
      .call('pci_reset_function', VF, { ret: 0, inside: () => {} })
      .call('pcie_flr', VF, { ret: 0 });
    both(looked);
    expect(await severities(ending(looked), null, null, 'ATS023')).toEqual(['warning']);
  });

  it('says that the hardware kept it, and names the look', async () => {
    const analysis = await analyzeBytes({ 'trace.txt': pfReset(reads(ON)).text() });
    const finding = findingsOf(analysis).find((row) => row.rule === 'ATS024');
    expect(finding?.message).toBe(
      `Nobody set ATS Enable of VF ${VF} again after the reset of its PF ${PF}; this hardware kept it.`,
    );
    const roles = rowsOf(analysis.evidence).filter((row) => row.finding === finding?.finding);
    expect(roles.at(-1)?.role).toBe('the register still has Enable');
  });

  it('near miss: somebody sets it after the look', async () => {
    const restored = (trace: TraceWriter) => {
      reads(ON)(trace);
      trace.call('pci_restore_ats_state', VF, { inside: () => trace.write(VF, 0x106, ON) });
    };
    expect(await labels(pfReset(restored), null, null)).toEqual([]);
  });

  it('a listing that shows it clear leaves ATS024, and ATS030 does not repeat it', async () => {
    expect(await labels(pfReset(), atFirst(), atLast(0))).toEqual([ATS024]);
  });

  it('what comes after the VF was used comes too late', async () => {
    const late = (trace: TraceWriter) =>
      trace
        .call('__iommu_attach_device', VF, { ret: 0 })
        .call('pci_restore_ats_state', VF, { inside: () => trace.write(VF, 0x106, ON) });
    expect(await labels(pfReset(late), null, null)).toEqual([ATS024]);
  });

  it('ATS023 likewise', async () => {
    const reset = () =>
      ending(
        running()
          .call('pci_reset_function', VF, { ret: 0, inside: () => {} })
          .call('pcie_flr', VF, { ret: 0 }),
      );
    expect(await severities(reset(), null, null, 'ATS023')).toEqual(['error']);
    expect(await severities(reset(), atFirst(), atLast(0), 'ATS023')).toEqual(['error']);
    expect(await severities(reset(), atFirst(), atLast(ON), 'ATS023')).toEqual(['warning']);
  });
});

it('a VF that only a listing from after the recording shows belongs to the PF that was there when it appeared', async () => {
  const trace = readyPf(new TraceWriter());
  trace.call('pci_stop_and_remove_bus_device', PF);
  liveVf(readyPf(trace)).write(PF, 0x4, 6).call('pcie_flr', PF, { ret: 0 });
  const analysis = await analyzeBytes({
    'a.txt': atFirst(),
    'trace.txt': ending(trace).text(),
    'b.txt': atLast(0),
  });
  const functions = rowsOf(analysis.functions);
  const pf = functions.filter((row) => row.function === PF);
  expect(pf.map((row) => row.generation)).toEqual([0, 1]);
  expect(functions.find((row) => row.function === VF)?.pf_fn).toBe(pf[1].fn);
  expect(labelsOf(analysis)).toContain(ATS024);
});
