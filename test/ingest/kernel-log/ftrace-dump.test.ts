import { describe, expect, test } from 'vitest';
import { rowsOf } from '../../../tables/index.ts';
import { analyzeBytes, labelsOf } from '../../support/pipeline.ts';

const VF = '0000:01:00.0';
const ARGUMENTS = `vf=0 pf=0 en=0 cap=0x100 stu=0 bdf="${VF}"`;
/** An oops under `ftrace_dump_on_oops` as the console prints it, ftrace_dump() in kernel/trace/trace.c. Another CPU prints into it. */
const LOG = `[   25.375000][  T190] ------------[ cut here ]------------
[   25.375001][  T190] WARNING: CPU: 1 PID: 190 at drivers/pci/ats.c:132 pci_disable_ats+0x8a/0xa0
[   25.375100][  T190] CPU: 1 UID: 0 PID: 190 Comm: insmod Not tainted 6.12.107+deb12-amd64 #1
[   25.375200][  T190] Kernel panic - not syncing: kernel: panic_on_warn set ...
[   25.375200][  T190] Dumping ftrace buffer:
[   25.375300][  T190] ---------------------------------
[   25.375400][  T190]   insmod-190       1..... 25374714us : e: (pci_enable_ats+0x4/0xf0) ps=12 ${ARGUMENTS}
[   25.375400][    C0] clocksource: Switched to clocksource tsc
[   25.375400][  T190] CPU:1 [LOST 5 EVENTS]
[   25.375400][  T190]   insmod-190       1..... 25374800us : r: (iommu_enable_pci_caps+0x4a/0x60 <- pci_enable_ats) ps=12 ret=-22 ${ARGUMENTS}
[   25.375500][  T190]   insmod-190       1..... 25374990us : d: (pci_disable_ats+0x4/0x60) ${ARGUMENTS}
[   25.375600][  T190] ---------------------------------
[   25.375700][  T190] Call Trace:
[   25.375800][  T190]  intel_iommu_release_device+0x194/0x4f0
[   25.376000][  T190] ---[ end Kernel panic - not syncing: kernel: panic_on_warn set ... ]---
`;

async function read(log: string) {
  const analysis = await analyzeBytes({ 'console.log': log });
  const [, trace] = rowsOf(analysis.sources);
  return {
    findings: labelsOf(analysis),
    evidence: rowsOf(analysis.evidence)
      .filter((row) => row.finding === 0)
      .map((row) => [row.role, row.line, row.text.trim()]),
    splats: rowsOf(analysis.splats).map((row) => [row.kind, row.symbol, row.complete]),
    losses: rowsOf(analysis.losses).map((row) => [row.source, row.kind, row.count, row.line]),
    trace: trace && [trace.format, trace.records, trace.unparsed_bytes],
    events: rowsOf(analysis.atsEvents).map((row) => [row.kind, row.function, row.line]),
  };
}

const RENDERINGS: readonly (readonly [string, (line: string) => string])[] = [
  ['quoted', (line) => `> > ${line}`],
  ['with CRLF', (line) => `${line}\r`],
  ['with levels', (line) => `<4>${line}`],
  ['dmesg -x', (line) => `kern  :warn  : ${line.replace('][', '] [')}`],
  ['behind the time of a CI system', (line) => `2026-11-22T22:06:08.8157420Z ${line}`],
  ['/dev/kmsg', (line) => line.replace(/^\[ +(\d+)\.(\d+)\]\[ +(\w+)\] /, '4,1,$1$2,-,caller=$3;')],
  ['syslog', (line) => `Nov 22 22:06:08 vm kernel: ${line}`],
  ['a log of LAVA', (line) => `- {"dt": "2026-11-22T22:06:08", "lvl": "target", "msg": "${line}"}`],
];

const eachLine = (make: (line: string) => string) => LOG.replace(/.+/g, make);

describe('the ftrace buffer in an oops is a trace of its own', () => {
  test('whose calls, results and losses are judged with the log', async () => {
    const { evidence, ...rest } = await read(LOG);
    expect(rest).toEqual({
      findings: [`ATS015@${VF}`],
      splats: [
        ['warn', 'pci_disable_ats', false],
        ['panic', null, true],
      ],
      losses: [[1, 'lost', 5n, 9]],
      trace: ['ftrace-text', 3n, 0n],
      events: [
        ['ats.enable', VF, 7],
        ['loss', null, 9],
        ['ats.enable', VF, 10],
        ['ats.disable', VF, 11],
        ['log.warn', null, 2],
      ],
    });
    expect(evidence.map(([role, line]) => [role, line])).toEqual([
      ['ATS is off', 10],
      ['the call', 11],
      ['the WARN of the kernel', 2],
    ]);
    expect(evidence[1][2]).toBe(
      `insmod-190       1..... 25374990us : d: (pci_disable_ats+0x4/0x60) ${ARGUMENTS}`,
    );
  });

  test.each(RENDERINGS)('%s', async (_, make) => {
    const { evidence, trace, ...want } = await read(LOG);
    const got = await read(eachLine((line) => make(line)));
    expect({ findings: got.findings, splats: got.splats, losses: got.losses, events: got.events }).toEqual(
      want,
    );
    expect(got.trace?.slice(0, 2)).toEqual(trace?.slice(0, 2));
    expect(got.evidence[1][2]).toContain(`25374990us : d: (pci_disable_ats+0x4/0x60) ${ARGUMENTS}`);
  });

  test('in a log without a last line end is not cut', async () => {
    expect((await read(LOG.trimEnd())).losses).toEqual([[1, 'lost', 5n, 9]]);
  });

  test('cut in it, it is read as far as it goes', async () => {
    const got = await read(LOG.slice(0, LOG.indexOf('[   25.375500]')));
    expect(got.trace?.slice(0, 2)).toEqual(['ftrace-text', 2n]);
  });

  test('of a trace instance is one too, an empty one is none', async () => {
    const instance = LOG.replace('Dumping ftrace buffer:', 'Dumping ftrace instance ats buffer:');
    expect((await read(instance)).findings).toEqual([`ATS015@${VF}`]);
    const lines = LOG.split('\n').filter((line) => !/us : |LOST/.test(line));
    const empty = lines.join('\n').replace('---------------------------------', '   (ftrace buffer empty)');
    expect((await read(empty)).trace).toBeUndefined();
  });
});
