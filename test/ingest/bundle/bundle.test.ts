import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { quote } from '../../../ingest/quote.ts';
import { type ReadInputs, readInputs } from '../../../ingest/read.ts';
import type { Analysis } from '../../../model/analysis.ts';
import { analyze } from '../../../model/analyze.ts';
import { modelWants } from '../../../model/lift/ftrace.ts';
import { rowAt, rowsOf } from '../../../tables/index.ts';
import { FakeMachine, SHELLS } from '../../capture/fake-kernel.ts';
import { analyzeBytes, labelsOf } from '../../support/pipeline.ts';
import { tarOf } from './tar-writer.ts';

const CAPTURES = join(import.meta.dirname, '..', '..', 'fixtures', 'captures');
const folder = mkdtempSync(join(tmpdir(), 'atscope-bundle-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MANIFEST = 'atscope_bundle=1\nkernel_release=6.12.107+deb12-amd64\nclock=mono\ncomplete=yes\n';
const TOPOLOGY = [
  'function 0000:01:00.0 iommu_group=5 driver=virtio-pci removable=fixed sriov_numvfs=2 virtfn0=0000:01:00.1 virtfn1=0000:01:00.2',
  'function 0000:01:00.1 physfn=0000:01:00.0 iommu_group=7',
  'function 0000:01:00.2',
  'function 0000:02:00.0 driver=nvme',
  'no function',
  '',
].join('\n');

async function read(bytes: Uint8Array, name = 'b.tar'): Promise<ReadInputs> {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return readInputs([path], { needs: { wants: modelWants } });
}

async function analyzeTar(bytes: Uint8Array, name?: string): Promise<Analysis> {
  const inputs = await read(bytes, name);
  try {
    return await analyze(inputs.recorded, {
      tool: 'atscope test',
      gate: 'error',
      profile: null,
      quote: (places) => quote(inputs, places),
    });
  } finally {
    inputs.close();
  }
}

const fixture = (capture: string, file: string) => readFileSync(join(CAPTURES, capture, file));
const dmesgOf = (capture: string) => fixture(capture, 'dmesg.txt');

describe('bundles of the recorded captures', () => {
  for (const capture of readdirSync(CAPTURES)) {
    const files = readdirSync(join(CAPTURES, capture));
    const trace = files.find((file) => file === 'trace.txt' || file === 'boot-trace.txt');
    if (!trace) continue;
    it(`${capture} gives the findings and the verdict of its files`, async () => {
      const [plain, bundled] = await Promise.all([
        analyzeBytes({ 'trace.txt': fixture(capture, trace), 'kmsg.txt': dmesgOf(capture) }),
        analyzeTar(
          tarOf({
            'manifest.txt': MANIFEST.replace(/kernel_release=.*\n/, ''),
            'kmsg.txt': dmesgOf(capture),
            'trace.txt': fixture(capture, trace),
          }),
          `${capture}.tar`,
        ),
      ]);
      expect(labelsOf(bundled)).toEqual(labelsOf(plain));
      expect(rowAt(bundled.verdict, 0).verdict).toBe(rowAt(plain.verdict, 0).verdict);
      expect(rowsOf(bundled.evidence).map((row) => row.text)).toEqual(
        rowsOf(plain.evidence).map((row) => row.text),
      );
    });
  }

  it.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))(
    'what the script itself packs under %s is judged like the recording in it',
    async (_, shell) => {
      const machine = new FakeMachine(shell);
      try {
        const path = machine.path('b.tar');
        machine.run('run', '--dir', machine.path('out'), '-o', path, '--', 'true');
        const bundled = await analyzeTar(readFileSync(path), 'script.tar');
        const plain = await analyzeBytes({
          'trace.txt': fixture('6.12-s2', 'trace.txt'),
          'kmsg.txt': dmesgOf('6.12-s2'),
        });
        expect(labelsOf(bundled)).toEqual(labelsOf(plain));
        expect(rowsOf(bundled.sources).map((row) => [row.path.split(':')[1], row.format])).toEqual([
          ['trace.txt', 'ftrace-text'],
          ['kmsg.txt', 'kernel-log'],
          ['lspci-before.txt', 'lspci'],
          ['lspci-after.txt', 'lspci'],
          ...['manifest', 'probes', 'losses', 'cmdline', 'topology-before', 'topology-after'].map((name) => [
            `${name}.txt`,
            'capture-facts',
          ]),
        ]);
      } finally {
        machine.remove();
      }
    },
  );
});

it('a trace.dat is read and quoted where it stands in the archive', async () => {
  const dat = readFileSync(join(CAPTURES, '..', 'trace-dat', 'series-s2c.zstd.dat'));
  const [plain, bundled] = await Promise.all([
    analyzeBytes({ 'trace.dat': dat }),
    analyzeTar(tarOf({ 'manifest.txt': 'clock=mono\n', 'trace.dat': dat }), 'dat.tar'),
  ]);
  expect(labelsOf(plain).length).toBeGreaterThan(0);
  expect(labelsOf(bundled)).toEqual(labelsOf(plain));
  expect(rowsOf(bundled.evidence).map((row) => row.text)).toEqual(
    rowsOf(plain.evidence).map((row) => row.text),
  );
});

describe('the facts of a bundle', () => {
  const trace = fixture('6.12-s1', 'trace.txt');

  it('tell the kernel and the clock of its recordings', async () => {
    const analysis = await analyzeTar(tarOf({ 'manifest.txt': MANIFEST, 'trace.txt': trace }));
    const [source] = rowsOf(analysis.sources);
    expect([source.kernel_release, source.clock]).toEqual(['6.12.107+deb12-amd64', 'mono']);
    expect(rowAt(analysis.verdict, 0).profile).toContain('6.12');
  });

  it('account for every byte, and call members by bundle and name', async () => {
    const inputs = await read(
      tarOf({ 'manifest.txt': MANIFEST, 'trace.txt': trace, 'photo.jpg': '\xff\xd8\xff', 'empty.txt': '' }),
    );
    inputs.close();
    const rows = rowsOf(inputs.recorded.sources);
    expect(rows.map((row) => [row.path, row.format])).toEqual([
      [join(folder, 'b.tar:trace.txt'), 'ftrace-text'],
      [join(folder, 'b.tar:photo.jpg'), 'not-used'],
      [join(folder, 'b.tar:manifest.txt'), 'capture-facts'],
    ]);
    for (const row of rows) {
      const sum =
        row.record_bytes + row.continuation_bytes + row.marker_bytes + row.comment_bytes + row.unparsed_bytes;
      expect([row.path, sum]).toEqual([row.path, row.bytes]);
    }
  });

  it('link PFs and VFs, from either side', async () => {
    const inputs = await read(tarOf({ 'trace.txt': trace, 'topology-after.txt': TOPOLOGY }));
    inputs.close();
    const functions = rowsOf(inputs.recorded.pciFunctions);
    expect(functions.map((row) => [row.function, row.is_vf, row.pf, row.iommu_group, row.driver])).toEqual([
      ['0000:01:00.0', false, null, 5, 'virtio-pci'],
      ['0000:01:00.1', true, '0000:01:00.0', 7, null],
      ['0000:01:00.2', true, '0000:01:00.0', null, null],
      ['0000:02:00.0', false, null, null, 'nvme'],
    ]);
  });

  it('tell the model what is a VF and what is not, and whose', async () => {
    const bare = [
      '# tracer: nop',
      '#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION',
      '              sh-1       [000] .....     1.000000: pci_enable_ats: (pci_enable_ats+0x0/0xa0) ps=12 bdf="0000:01:00.1"',
      '              sh-1       [000] .....     1.000100: pci_enable_ats_ret: (iommu_enable_pci_caps+0x4a/0x60 <- pci_enable_ats) ret=0',
      '              sh-1       [000] .....     1.000200: pci_enable_ats: (pci_enable_ats+0x0/0xa0) ps=12 bdf="0000:02:00.0"',
      '              sh-1       [000] .....     1.000300: pci_enable_ats_ret: (iommu_enable_pci_caps+0x4a/0x60 <- pci_enable_ats) ret=0',
      '',
    ].join('\n');
    const functions = async (more: Record<string, string>) => {
      const analysis = await analyzeTar(tarOf({ 'trace.txt': bare, ...more }));
      return rowsOf(analysis.functions).map((row) => [row.function, row.kind, row.pf]);
    };
    expect(await functions({})).toEqual([
      ['0000:01:00.1', 'unknown', null],
      ['0000:02:00.0', 'unknown', null],
    ]);
    expect(await functions({ 'topology-before.txt': TOPOLOGY })).toEqual(
      expect.arrayContaining([
        ['0000:01:00.1', 'vf', '0000:01:00.0'],
        ['0000:02:00.0', 'function', null],
      ]),
    );
  });

  it('say what was not observed and why', async () => {
    const probes = [
      'installed|p|pci_enable_ats|pci_enable_ats|pointer|ps=$arg2:s32 dev=$arg1:x64',
      'refused|r|pci_enable_ats_ret|pci_enable_ats|none|full: no BTF',
      'missing|p|sriov_enable|sriov_enable|none|this kernel has no such function',
      'off|e|intel_iommu:qi_submit|-|none|left out with --without invalidate',
      '',
    ].join('\n');
    const analysis = await analyzeTar(tarOf({ 'trace.txt': trace, 'probes.txt': probes }));
    const notes = rowsOf(analysis.importLog).map((row) => [row.code, row.message]);
    expect(notes).toEqual([
      ['probes-refused', 'the kernel refused 1 probes: pci_enable_ats_ret (full: no BTF)'],
      ['probes-missing', 'this kernel has no such function or trace event: sriov_enable'],
      ['probes-left-out', 'not recorded, as the capture was asked: --without invalidate'],
      ['probes-without-names', 'the kernel gave these no device name: pci_enable_ats'],
    ]);
  });

  describe('and its list of probes', () => {
    const listed = async (lines: string, more: Record<string, Uint8Array | string> = {}) => {
      const analysis = await analyzeTar(tarOf({ 'trace.txt': trace, 'probes.txt': lines, ...more }));
      const rules = new Map(rowsOf(analysis.ruleCoverage).map((row) => [row.rule, row]));
      return { analysis, rule: (id: string) => [rules.get(id)?.status, rules.get(id)?.why] };
    };
    const entry = (fate: string, symbol: string, text = '') => `${fate}|p|${symbol}|${symbol}|full|${text}\n`;

    it('is a table', async () => {
      const { analysis } = await listed(
        'installed|p|pci_enable_ats|pci_enable_ats|full|ps=ps\noff|e|intel_iommu:qi_submit|-|none|left out with --without invalidate\n',
        { 'losses.txt': 'missed pci_enable_ats hits=9 misses=2\n' },
      );
      expect(rowsOf(analysis.probes)).toEqual([
        {
          source: 0,
          fate: 'installed',
          kind: 'entry',
          event: 'pci_enable_ats',
          symbol: 'pci_enable_ats',
          level: 'full',
          text: 'ps=ps',
          left_out: null,
          missed: 2n,
        },
        {
          source: 0,
          fate: 'off',
          kind: 'event',
          event: 'intel_iommu:qi_submit',
          symbol: null,
          level: 'none',
          text: 'left out with --without invalidate',
          left_out: 'invalidate',
          missed: 0n,
        },
      ]);
    });

    it('makes the silence of a probe mean that nothing happened', async () => {
      const none = await listed('');
      expect(none.rule('ATS033')).toEqual(['not_evaluable', expect.stringContaining('pci_enable_pri()')]);
      const there = await listed(entry('installed', 'pci_enable_pri'));
      expect(there.rule('ATS033')).toEqual(['not_applicable', 'Nothing happened that this rule is about.']);
    });

    it('does not where a probe missed calls, or another trace had none', async () => {
      const probes = entry('installed', 'pci_enable_pri');
      const missed = await listed(probes, { 'losses.txt': 'missed pci_enable_pri hits=0 misses=2\n' });
      expect(missed.rule('ATS033')).toEqual([
        'not_evaluable',
        'pci_enable_pri() could not be recorded 2 times, so silence says nothing: record with --light.',
      ]);
      const other = await analyzeBytes({ 'trace.txt': fixture('6.12-s1', 'trace.txt') });
      expect(rowsOf(other.probes)).toEqual([]);
    });

    it.each([
      [
        'off|p|pci_enable_pri|pci_enable_pri|none|left out with --without pasid\n',
        'Left out when recording: record without --without pasid.',
      ],
      [
        'off|r|pci_read_config_word_ret|pci_read_config_word|none|left out with --without read\n',
        'Left out when recording: record without --without read (or --light).',
      ],
      [
        'refused|p|pci_enable_pri|pci_enable_pri|none|full: no BTF\n',
        'The kernel refused to record pci_enable_pri() (full: no BTF). Kernels from 6.9 on take every probe of the kit, older ones more with --offsets.',
      ],
      [
        entry('missing', 'pci_enable_pri'),
        'This kernel has no pci_enable_pri(), or the compiler inlined it.',
      ],
    ])('names the option of the kit that helps: %j', async (lines, why) => {
      const { rule } = await listed(lines);
      expect(rule(lines.includes('read') ? 'ATS007' : 'ATS033')).toEqual(['not_evaluable', why]);
    });
  });

  it('count the kernel log as recorded although nothing in it was a fault', async () => {
    const analysis = await analyzeTar(tarOf({ 'trace.txt': trace, 'kmsg.txt': dmesgOf('6.12-s1') }));
    const row = rowsOf(analysis.ruleCoverage).find(({ rule }) => rule === 'ATS036');
    expect(row?.status).toBe('not_applicable');
  });

  it.each([
    ['cpu1 entries=5 overrun=0 commit_overrun=0 dropped_events=3\n', 'dropped', 3n],
    ['missed pci_enable_ats_ret hits=9 misses=2\n', 'lost', 2n],
  ])('make %j a loss, so that silence is no pass', async (text, kind, count) => {
    const analysis = await analyzeTar(tarOf({ 'trace.txt': trace, 'losses.txt': text }));
    expect(rowsOf(analysis.losses).map((row) => [row.kind, row.count])).toEqual([[kind, count]]);
    expect(rowAt(analysis.verdict, 0).verdict).toBe('inconclusive');
  });

  it('make a capture that could not be saved whole inconclusive', async () => {
    const manifest = MANIFEST.replace('complete=yes', 'complete=no');
    const analysis = await analyzeTar(tarOf({ 'trace.txt': trace, 'manifest.txt': manifest }));
    expect(rowAt(analysis.verdict, 0).verdict).toBe('inconclusive');
  });
});

describe('what may be a bundle', () => {
  it('takes any tar of recordings, packed or not, in a folder or not', async () => {
    const files = { 'x/dmesg.txt': dmesgOf('6.12-s2'), 'x/trace.txt': fixture('6.12-s2', 'trace.txt') };
    const analysis = await analyzeTar(gzipSync(tarOf(files)), 'any.tar.gz');
    expect(labelsOf(analysis)).toContain('ATS004@0000:01:00.2');
  });

  it.each([
    [tarOf({}), 'no format known here'],
    [tarOf({ 'empty.txt': '' }), 'no file with content'],
    [tarOf({ 'manifest.txt': MANIFEST, 'a.bin': 'nothing' }), 'no file in this tar is a recording'],
    [tarOf({ 'trace.txt': 'x'.repeat(5000) }).subarray(0, 2000), 'cut or damaged'],
  ])('explains what is wrong with one that cannot be used', async (bytes, message) => {
    await expect(read(bytes)).rejects.toThrow(message);
  });
});
