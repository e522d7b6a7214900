import { describe, expect, it } from 'vitest';
import { rowAt, rowsOf } from '../../tables/index.ts';
import { analyzeBytes, findingsOf } from '../support/pipeline.ts';

/** The function_graph tracer alone: calls with what they return, and no probe that would name a device. */
function graph(...calls: readonly string[]): string {
  const head = [
    '# tracer: function_graph',
    '#',
    '# CPU  DURATION                  FUNCTION CALLS',
    '# |     |   |                     |   |   |   |',
  ];
  return `${[...head, ...calls.map((call) => ` 1)   3.806 us    |  ${call}`)].join('\n')}\n`;
}

async function judged(...calls: readonly string[]) {
  const analysis = await analyzeBytes({ 'trace.txt': graph(...calls) }, { profile: '7.2' });
  return {
    found: findingsOf(analysis).map((row) => {
      // A pointer is no address: it stands in the message alone.
      const pointer = /0x[0-9a-f]{16}/.exec(row.message)?.[0];
      return `${row.severity} ${row.rule} ${row.function ?? pointer ?? '-'}`;
    }),
    verdict: rowAt(analysis.verdict, 0).verdict,
    reasons: rowsOf(analysis.verdictReasons).map((row) => row.code),
  };
}

describe('calls with their results and without arguments', () => {
  it('that succeed are inconclusive: nobody knows of which functions they are', async () => {
    const { found, verdict, reasons } = await judged(
      'pci_ats_supported(); /* ret=0x1 */',
      'pci_prepare_ats(); /* ret=0x0 */',
      'pci_enable_ats(); /* ret=0x0 */',
      'pci_disable_ats(); /* ret=0x8000 */',
    );
    expect([found, verdict]).toEqual([[], 'inconclusive']);
    expect(reasons).toContain('unnamed-device');
  });

  it('an enable that fails is told, of no function', async () => {
    expect((await judged('pci_enable_ats(); /* ret=-22 */')).found).toEqual(['warning ATS094 -']);
  });

  it('a prepare that fails is told where the probe around it fails', async () => {
    const probe = (result: string) => [
      'intel_iommu_probe_device() {',
      '  pci_prepare_ats(); /* ret=-22 */',
      `} /* intel_iommu_probe_device ret=${result} */`,
    ];
    expect((await judged(...probe('0xffffffffffffffea'))).found).toEqual(['warning ATS094 -']);
    expect((await judged(...probe('0xff1100000022e780'))).found).toEqual([]);
  });

  it('what a function without result leaves in the register is no result', async () => {
    const { found } = await judged(
      'pci_disable_ats(); /* ret=-22 */',
      'pci_restore_ats_state(); /* ret=-16 */',
    );
    expect(found).toEqual([]);
  });
});

describe('calls with their arguments', () => {
  const DEV = '0xff11000003568000';

  it('tell of a function by its pointer: a shift that only its PF can have refused', async () => {
    const { found } = await judged(
      `pci_ats_supported(dev=${DEV}); /* ret=0x1 */`,
      `pci_enable_ats(dev=${DEV}, ps=13); /* ret=-22 */`,
    );
    expect(found).toEqual([`error ATS004 ${DEV}`]);
  });

  it('a second enable, a shift below the minimum, a disable of what is off', async () => {
    const { found } = await judged(
      `pci_enable_ats(dev=${DEV}, ps=12); /* ret=0x0 */`,
      `pci_enable_ats(dev=${DEV}, ps=12); /* ret=-16 */`,
      `pci_disable_ats(dev=${DEV}); /* ret=0x0 */`,
      `pci_disable_ats(dev=${DEV}); /* ret=0x0 */`,
      `pci_prepare_ats(dev=${DEV}, ps=11); /* ret=-22 */`,
    );
    expect(found).toEqual([`error ATS013 ${DEV}`, `error ATS015 ${DEV}`, `error ATS009 ${DEV}`]);
  });

  it('another pointer is another function', async () => {
    const { found } = await judged(
      `pci_enable_ats(dev=${DEV}, ps=12); /* ret=0x0 */`,
      `pci_enable_ats(dev=0xff11000003569000, ps=12); /* ret=0x0 */`,
      `pci_disable_ats(dev=${DEV}); /* ret=0x0 */`,
    );
    expect(found).toEqual([]);
  });
});
