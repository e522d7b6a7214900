import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../tables/index.ts';
import { analyzeBytes, findingsOf, labelsOf } from '../support/pipeline.ts';

const PDEV = '0xff11000003568000';
const DEV = '0xff110000035680d0';

/** Function graph with arguments, times and tasks, as 7.2 prints it. */
function graph(...calls: readonly string[]): string {
  const lines = calls.map(
    (call, i) =>
      `   50.${String(232315 + i * 10).padStart(6, '0')} |   1)     sh-50      |   2.744 us    |  ${call}`,
  );
  return `# tracer: function_graph\n#\n#     TIME        CPU  TASK/PID         DURATION                  FUNCTION CALLS\n#      |          |     |    |           |   |                     |   |   |   |\n${lines.join('\n')}\n`;
}

const probed = (dev: string, pdev: string, alias: string, rest: readonly string[]) => [
  `intel_iommu_probe_device(dev=${dev}) {`,
  `  pci_ats_supported(dev=${pdev}); /* ret=0x1 */`,
  `  pci_prepare_ats(dev=${pdev}, ps=12); /* ret=0x0 */`,
  '} /* intel_iommu_probe_device ret=0xff1100000022e780 */',
  `intel_iommu_attach_device(domain=0xff11000002c45a00, dev=${dev}, old=0x0) {`,
  `  domain_context_mapping_cb(pdev=${pdev}, alias=${alias}, opaque=0xff11000002c45a00); /* ret=0x0 */`,
  ...rest,
  '} /* intel_iommu_attach_device ret=0x0 */',
];

const refused = (pdev: string) => `  pci_enable_ats(dev=${pdev}, ps=13); /* ret=-22 */`;

describe('devices known by a pointer', () => {
  it('are named by their requester id, and the line that names them is evidence', async () => {
    const analysis = await analyzeBytes({
      'trace.txt': graph(...probed(DEV, PDEV, '0x101', [refused(PDEV)])),
    });
    expect(labelsOf(analysis)).toEqual(['ATS004@0000:01:00.1']);
    expect(rowsOf(analysis.functions).map((row) => row.function)).toEqual(['0000:01:00.1']);
    const evidence = rowsOf(analysis.evidence).filter((row) => row.role === 'names the device');
    expect(evidence.map((row) => /alias=0x101/.test(row.text))).toEqual([true]);
  });

  it('take the first alias of a walk only: the others are bridges', async () => {
    const bridge = `  domain_context_mapping_cb(pdev=${PDEV}, alias=0x200, opaque=0xff11000002c45a00); /* ret=0x0 */`;
    const analysis = await analyzeBytes({
      'trace.txt': graph(...probed(DEV, PDEV, '0x308', [bridge, refused(PDEV)])),
    });
    expect(labelsOf(analysis)).toEqual(['ATS004@0000:03:01.0']);
  });

  it('stay pointers where nothing names them', async () => {
    const story = probed(DEV, PDEV, '0x101', [refused(PDEV)]).filter((line) => !line.includes('alias'));
    const analysis = await analyzeBytes({ 'trace.txt': graph(...story) });
    expect(findingsOf(analysis).map((row) => [row.rule, row.function])).toEqual([['ATS004', null]]);
  });

  it('are two devices where memory was used again, and nothing unclear is given to either', async () => {
    const between = [
      `intel_iommu_release_device(dev=${DEV}); /* ret=0x0 */`,
      `pci_ats_supported(dev=${PDEV}); /* ret=0x1 */`,
    ];
    const analysis = await analyzeBytes({
      'trace.txt': graph(
        ...probed(DEV, PDEV, '0x101', [refused(PDEV)]),
        ...between,
        ...probed(DEV, PDEV, '0x102', []),
      ),
    });
    const functions = rowsOf(analysis.atsEvents).map((row) => row.function);
    expect(new Set(functions)).toEqual(new Set(['0000:01:00.1', PDEV, '0000:01:00.2']));
    // The refused call stands behind the alias that names its device.
    expect(labelsOf(analysis)).toContain('ATS004@0000:01:00.1');
    expect(labelsOf(analysis)).not.toContain('ATS004@0000:01:00.2');
  });

  it('a struct device that lies elsewhere in another device is not joined with it', async () => {
    const story = [
      `iommu_probe_device(dev=${DEV}) {`,
      `  pci_ats_supported(dev=${PDEV}); /* ret=0x1 */`,
      '  pci_ats_supported(dev=0xff11000003568008); /* ret=0x1 */',
      '} /* iommu_probe_device ret=0x0 */',
    ];
    const analysis = await analyzeBytes({ 'trace.txt': graph(...story) });
    expect(rowsOf(analysis.functions).map((row) => row.function)).toContain(DEV);
  });
});

describe('probes that trace-cmd report prints with addresses', () => {
  const line = (time: string, body: string) => `              sh-50    [000] .....    ${time}: ${body}\n`;
  const supported = line(
    '15.957292',
    'f_supported_ret: (ffffffff8160c374 <- ffffffff816ee4ff) ret=1 bdf="0000:01:00.1"',
  );
  const prepare = line(
    '15.966498',
    'f_prepare_ret: (ffffffff8160c744 <- ffffffff816d457e) ps=12 ret=0 bdf="0000:01:00.1"',
  );
  const enable = line(
    '15.967383',
    'f_enable_ret: (ffffffff8160c7e4 <- ffffffff816d306a) ps=13 ret=-22 bdf="0000:01:00.1"',
  );

  it('are told by the words of their names, where a page shift is printed', async () => {
    const analysis = await analyzeBytes({ 'report.txt': `cpus=2\n${supported}${prepare}${enable}` });
    expect(labelsOf(analysis)).toEqual(['ATS004@0000:01:00.1']);
  });

  it('are told by another probe at the same address', async () => {
    const named = line('15.967278', 'pci_enable_ats__entry: (ffffffff8160c7e4)');
    const other = enable.replace('f_enable_ret', 'lab_probe_two');
    const analysis = await analyzeBytes({ 'report.txt': `cpus=2\n${supported}${prepare}${named}${other}` });
    expect(labelsOf(analysis)).toEqual(['ATS004@0000:01:00.1']);
  });

  it('mean nothing where neither name nor address tells', async () => {
    const analysis = await analyzeBytes({
      'report.txt': `cpus=2\n${line('1.000000', 'my_probe: (ffffffff8160c7e4) ps=13 ret=-22 bdf="0000:01:00.1"')}`,
    });
    expect(rowsOf(analysis.atsEvents)).toEqual([]);
  });
});
