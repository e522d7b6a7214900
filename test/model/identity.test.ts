import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../tables/index.ts';
import { analyzeBytes } from '../support/pipeline.ts';
import { TraceWriter } from '../support/trace-writer.ts';
import { PF, pfState, VF } from './rule-cases/steps.ts';

const line = (body: string, i: number) => `sh-101 [001] ..... 2.0${String(i).padStart(2, '0')}000: ${body}\n`;
const analyze = (bodies: readonly string[]) => analyzeBytes({ 'trace.txt': bodies.map(line).join('') });

const add = `pci_device_add: (pci_device_add+0x4/0x640) bdf="${PF}"`;
const init = (cap: string) => `pci_ats_init: (pci_ats_init+0x4/0x40) cap=${cap} bdf="${PF}"`;
const initRet = (cap: string) =>
  `pci_ats_init_ret: (pci_device_add+0x1dc/0x6e0 <- pci_ats_init) cap=${cap} bdf="${PF}"`;
const addRet = `pci_device_add_ret: (pci_scan_single_device+0x9a/0xc0 <- pci_device_add) bdf="${PF}"`;
const asked = `pci_ats_supported_ret: (x+0x1/0x2 <- pci_ats_supported) ret=1 bdf="${PF}"`;

describe('whether the recording shows a function appear', () => {
  it.each([
    ['its entry into the bus', [add], true],
    ['the search for its capabilities', [init('0x0')], true],
    ['the end of that search alone', [initRet('0x100')], true],
    ['the end of its entry alone: it had begun before', [addRet], false],
    ['any other call', [asked], false],
  ])('%s', async (_what, bodies, seen) => {
    expect(rowsOf((await analyze(bodies)).functions).map((row) => row.start_seen)).toEqual([seen]);
  });

  it('the search begins before there is a capability: none then tells nothing', async () => {
    const { transitions } = await analyze([add, init('0x0'), initRet('0x100'), asked]);
    const caps = rowsOf(transitions).filter((row) => row.field === 'cap');
    expect(caps.map((row) => row.new_value)).toEqual([1]);
  });

  it('none at the end of the search is none', async () => {
    const { transitions } = await analyze([add, init('0x0'), initRet('0x0')]);
    expect(
      rowsOf(transitions)
        .filter((row) => row.field === 'cap')
        .map((row) => row.new_value),
    ).toEqual([0]);
  });
});

describe('a search for capabilities where the address is known', () => {
  const generations = async (...bodies: readonly string[]) =>
    rowsOf((await analyze(bodies)).functions).map((row) => row.generation);

  it('is that of the next device, once in its life', async () => {
    expect(await generations(init('0x0'), initRet('0x100'), asked)).toEqual([0]);
    const twice = [init('0x0'), initRet('0x100'), asked, init('0x0'), initRet('0x100'), asked];
    expect(await generations(...twice)).toEqual([0, 1]);
    expect(await generations(initRet('0x100'), asked, initRet('0x100'), asked)).toEqual([0, 1]);
  });

  it('is that of the same device where nothing but its entry into the bus came before', async () => {
    expect(await generations(add, init('0x0'), initRet('0x100'), asked)).toEqual([0]);
  });
});

describe('the number of a VF', () => {
  const added = (id: string) => [
    add,
    `pci_iov_add_virtfn: (pci_iov_add_virtfn+0x4/0x430) ${id}bdf="${PF}"`,
    `pci_device_add: (pci_device_add+0x4/0x640) vf=1 bdf="${VF}"`,
    'pci_iov_add_virtfn_ret: (sriov_enable+0x2f8/0x4b0 <- pci_iov_add_virtfn) ret=0',
  ];
  const numberOf = async (id: string) =>
    rowsOf((await analyze(added(id))).functions).find((row) => row.function === VF);

  it('is that which the PF adds, where it is printed', async () => {
    expect(await numberOf('id=2 ')).toMatchObject({ kind: 'vf', pf: PF, vf_index: 2 });
    expect(await numberOf('')).toMatchObject({ kind: 'vf', pf: PF, vf_index: null });
  });
});

describe('a page shift that is gone', () => {
  const state = (stu: number, more = 'vf=0') => `${more} cap=0x100 stu=${stu} bdf="${PF}"`;
  const enabled = `pci_enable_ats_ret: (x+0x1/0x2 <- pci_enable_ats) ps=13 ret=0 en=1 ${state(13)}`;
  const later = (stu: number, more = 'vf=0') =>
    `pci_prepare_ats: (pci_prepare_ats+0x4/0x80) ps=13 en=0 ${state(stu, more)}`;
  const generations = async (...bodies: readonly string[]) =>
    rowsOf((await analyze(bodies)).functions).filter((row) => row.function === PF).length;
  const other = '0000:05:00.0';

  it('is that of another device at the address, where nobody records how devices appear', async () => {
    expect(await generations(enabled, later(0))).toBe(2);
  });

  it.each([
    ['it is still there', [enabled, later(13)]],
    ['nothing was known of it', [later(0), later(0)]],
    ['devices that appear are recorded', [add.replace(PF, other), enabled, later(0)]],
    ['searches for capabilities are recorded', [init('0x0').replace(PF, other), enabled, later(0)]],
    [
      'the event does not show it',
      [enabled, `pci_prepare_ats: (pci_prepare_ats+0x4/0x80) ps=13 bdf="${PF}"`],
    ],
    ['a VF has none', [enabled.replace('vf=0', 'vf=1'), later(0, 'vf=1')]],
  ])('near miss: %s', async (_what, bodies) => {
    expect(await generations(...bodies)).toBe(1);
  });

  it('near miss: a return shows what its call did', async () => {
    const call = `pci_prepare_ats: (pci_prepare_ats+0x4/0x80) ps=13 en=0 ${state(13)}`;
    const end = `pci_prepare_ats_ret: (x+0x1/0x2 <- pci_prepare_ats) ret=0 en=0 ${state(0)}`;
    expect(await generations(enabled, call, end)).toBe(1);
  });
});

describe('what names no device', () => {
  it('an end of a call is about the device of its other end', async () => {
    const { atsEvents } = await analyze([
      add,
      `pci_enable_ats: (pci_enable_ats+0x4/0xd0) ps=12 bdf="${PF}"`,
      'pci_enable_ats_ret: (iommu_enable_pci_ats+0x39/0x50 <- pci_enable_ats) ret=0',
    ]);
    expect(rowsOf(atsEvents).map((row) => row.function)).toEqual([PF, PF, PF]);
  });

  it('an access inside a call may be to any device', async () => {
    const { atsEvents } = await analyze([
      add,
      `pci_enable_ats: (pci_enable_ats+0x4/0xd0) ps=12 bdf="${PF}"`,
      'pci_write_config_word: (pci_write_config_word+0x4/0x40) where=0x106 val=0x8000',
      `pci_enable_ats_ret: (iommu_enable_pci_ats+0x39/0x50 <- pci_enable_ats) ret=0 bdf="${PF}"`,
    ]);
    const write = rowsOf(atsEvents).find((row) => row.kind === 'config.write');
    expect(write?.function).toBeNull();
  });
});

describe('steps of the reference machine that a recording takes', () => {
  async function steps(trace: TraceWriter): Promise<string[]> {
    const { machineCoverage } = await analyzeBytes({ 'trace.txt': trace.text() });
    return rowsOf(machineCoverage)
      .filter((row) => row.taken > 0n)
      .map((row) => `${row.kind}: ${row.from_state} ${row.event} ${row.to_state} x${row.taken}`)
      .toSorted();
  }

  it('are counted once each, and a removal once however many steps it has', async () => {
    const trace = new TraceWriter();
    trace
      .appear(PF)
      .supported(PF, 1, pfState)
      .prepare(PF, 12, 0, { ...pfState, en: [0, 0], stu: [0, 12] })
      .enable(PF, 12, 0, { ...pfState, en: [0, 1], stu: [12, 12] })
      .disable(PF, { ...pfState, en: [1, 0] })
      .call('intel_iommu_release_device', PF)
      .call('pci_stop_and_remove_bus_device', PF)
      .appear(PF);
    expect(await steps(trace)).toEqual([
      'pf: absent device_add fresh x2',
      'pf: enabled disable prepared x1',
      'pf: fresh prepare_ok prepared x1',
      'pf: prepared enable_ok enabled x1',
      'pf: prepared removed absent x1',
    ]);
  });

  it('are not told of a function of which nobody knows whether it is a VF', async () => {
    const trace = new TraceWriter().call('pci_prepare_ats', VF, { args: { ps: 12 }, ret: 0 }).disable(VF);
    expect(await steps(trace)).toEqual([]);
    const added = new TraceWriter()
      .call('pci_device_add', VF)
      .call('pci_prepare_ats', VF, { args: { ps: 12 }, ret: 0 });
    expect(await steps(added)).toEqual([]);
  });
});
