import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../tables/index.ts';
import { analyzeBytes, findingsOf, labelsOf } from '../support/pipeline.ts';
import { TraceWriter } from '../support/trace-writer.ts';
import { liveVf, on, PF, PLAIN, readyPf, VF, vfState } from './rule-cases/steps.ts';

/** qw0 of a device-TLB invalidation descriptor for 01:00.1. */
const INVALIDATE_VF = 'dev_tlb_inv dmar0: 0x10100000003 0x7ffffffffffff001 0x0 0x0';

const running = () => liveVf(readyPf(new TraceWriter())).write(PF, 0x4, 6);

describe('events that are no call', () => {
  it('an invalidation uses the function: what it lacks then, shows there', async () => {
    const trace = running()
      .call('pcie_flr', PF, { ret: 0 })
      .wait(200)
      .event('qi_submit', INVALIDATE_VF)
      .wait(1500);
    const analysis = await analyzeBytes({ 'trace.txt': trace.supported(PLAIN, 1, { vf: 0 }).text() });
    const finding = findingsOf(analysis).find((row) => row.rule === 'ATS024');
    expect(finding?.observed).toBe('The VF is used again without it.');
  });

  it('the group lets a function go: it is released', async () => {
    const trace = running()
      .enable(PLAIN, 12, 0, { vf: 0, ...on })
      .disable(PLAIN, { vf: 0, en: [1, 0] })
      .event('remove_device_from_group', `IOMMU: groupID=9 device=${VF}`)
      .wait(1500)
      .supported(PLAIN, 1, { vf: 0 });
    expect(labelsOf(await analyzeBytes({ 'trace.txt': trace.text() }))).toContain(`ATS027@${VF}`);
  });

  it('a quirk of the log takes the capability away, where it has a time', async () => {
    const capsAfter = async (quirk: string) => {
      const log = `[    0.000000] Linux version 7.2.13 (x) #1 SMP\n[    1.000000] pci ${PLAIN}: Adding to iommu group 3\n${quirk}\n`;
      const { transitions } = await analyzeBytes({ 'dmesg.txt': log });
      return rowsOf(transitions)
        .filter((row) => row.field === 'cap')
        .map((row) => row.new_value);
    };
    expect(await capsAfter(`[    2.000000] pci ${PLAIN}: disabling ATS`)).toEqual([0]);
    const untimed = await analyzeBytes({
      'dmesg.txt': `pci ${PLAIN}: Adding to iommu group 3\npci ${PLAIN}: disabling ATS\n`,
    });
    expect(rowsOf(untimed.transitions)).toEqual([]);
  });

  it('the log says that a function has left its group: a quirk after that is none behind the driver', async () => {
    const rules = async (...messages: readonly string[]) => {
      const lines = [
        'Linux version 7.2.13 (x) #1 SMP',
        ...messages.map((message) => `pci ${PLAIN}: ${message}`),
      ];
      const log = lines.map((message, i) => `[    ${i}.000000] ${message}\n`).join('');
      return labelsOf(await analyzeBytes({ 'dmesg.txt': log }));
    };
    const [added, removed, quirk] = [
      'Adding to iommu group 3',
      'Removing from iommu group 3',
      'disabling ATS',
    ];
    expect(await rules(added, quirk)).toEqual([`ATS020@${PLAIN}`]);
    expect(await rules(added, removed, quirk)).toEqual([]);
  });

  it('a write that leaves Enable clear restores nothing', async () => {
    const trace = running();
    trace
      .enable(PLAIN, 12, 0, { vf: 0, ...on })
      .disable(PLAIN, { vf: 0, en: [1, 0] })
      .call('pci_reset_function', VF, {
        ret: 0,
        inside: () => trace.call('pcie_flr', VF, { ret: 0 }).write(VF, 0x106, 0x0),
      })
      .wait(1500)
      .supported(PLAIN, 1, { vf: 0 });
    expect(labelsOf(await analyzeBytes({ 'trace.txt': trace.text() }))).toContain(`ATS023@${VF}`);
  });

  it('a read of the upper byte shows Enable and no STU', async () => {
    const read = (symbol: string, where: string, value: string) =>
      running().event(
        `${symbol}_ret`,
        `(x+0x3c/0x70 <- ${symbol}) where=${where} val=${value} cap=0x100 bdf="${VF}"`,
      );
    const upper = read('pci_read_config_byte', '0x107', '0x80');
    expect(labelsOf(await analyzeBytes({ 'trace.txt': upper.text() }))).toEqual([]);
    const word = read('pci_read_config_word', '0x106', '0x8001');
    expect(labelsOf(await analyzeBytes({ 'trace.txt': word.text() }))).toEqual([`ATS007@${VF}`]);
  });

  it('a tag of the IOTLB says nothing of what the driver believes', async () => {
    const tagged = (type: string) =>
      running()
        .disable(VF, { ...vfState, en: [1, 0] })
        .event('cache_tag_assign', `dmar0/${VF} type ${type} did 9 pasid 0 ref 1`);
    expect(labelsOf(await analyzeBytes({ 'trace.txt': tagged('iotlb').text() }))).not.toContain(
      `ATS016@${VF}`,
    );
    expect(labelsOf(await analyzeBytes({ 'trace.txt': tagged('devtlb').text() }))).toContain(`ATS016@${VF}`);
  });
});
