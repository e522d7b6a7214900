import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { bootCommandLine, bootDefinitions, COMMAND_LINE_LIMIT } from '../../capture/boot.ts';
import { pickAlternative, syntaxOf } from '../../capture/kernel.ts';
import { GROUPS } from '../../capture/recipes.ts';
import { CAPTURE_FORMS, type CaptureFlags, runCapture } from '../../cli/capture.ts';
import { rowsOf } from '../../tables/index.ts';
import { analyzeBytes } from '../support/pipeline.ts';
import { SCRIPT } from './fake-kernel.ts';

function printed(flags: Partial<CaptureFlags>): string {
  let text = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    runCapture({ print: 'script', ...flags });
  } finally {
    spy.mockRestore();
  }
  return text;
}

afterEach(() => vi.restoreAllMocks());

describe('atscope capture', () => {
  it('prints the script as it stands in the repository', () => {
    expect(printed({})).toBe(readFileSync(SCRIPT, 'utf8'));
  });

  it('prints definitions that the kernel can take', () => {
    const lineOf = (kernel: string, event: string) =>
      printed({ print: 'probes', kernel })
        .split('\n')
        .find((line) => line.split(' ')[0].endsWith(`/${event}`));
    expect(lineOf('6.12.107+deb12-amd64', 'pci_enable_ats_ret')).toBe(
      'r10:ats/pci_enable_ats_ret pci_enable_ats ps=ps ret=$retval:s32 vf=dev->is_virtfn pf=dev->is_physfn en=dev->ats_enabled cap=dev->ats_cap:x16 stu=dev->ats_stu bdf=dev->dev.kobj.name:string',
    );
    // Return probes have arguments from 6.9 on, names of arguments come with 6.6.
    expect(lineOf('6.6.1', 'pci_enable_ats_ret')).toBe(
      'r10:ats/pci_enable_ats_ret pci_enable_ats ret=$retval:s32',
    );
    expect(lineOf('6.6.1', 'pci_enable_ats')).toContain('bdf=dev->dev.kobj.name:string');
    expect(lineOf('6.1.100', 'pci_enable_ats')).toBe(
      'p:ats/pci_enable_ats pci_enable_ats ps=$arg2:s32 dev=$arg1:x64',
    );
    expect(lineOf('6.1.100', 'intel_iommu_release_device')).toBe(
      'p:ats/intel_iommu_release_device intel_iommu_release_device bdf=+0(+0($arg1)):string',
    );
    expect(lineOf('5.10', 'pci_af_flr_ret')).toBeUndefined();
  });

  it('prints one boot line within what a kernel takes, whatever is there already', () => {
    for (const kernel of ['5.15.1', '6.6.2', '6.12.1', '7.2.13']) {
      const syntax = syntaxOf(kernel);
      const definitions = bootDefinitions((row) => (syntax ? pickAlternative(row, syntax) : null));
      for (let used = 0; used < 2100; used += 50) {
        const line = bootCommandLine(definitions, used);
        if (line === '') continue;
        expect(line).not.toContain('\n');
        expect(used + (used > 0 ? 1 : 0) + line.length).toBeLessThanOrEqual(COMMAND_LINE_LIMIT);
        expect(line).toMatch(/^kprobe_event=[^ ]+ trace_event=[^ ]+ trace_buf_size=2M trace_clock=mono$/);
      }
    }
    const line = printed({ print: 'boot', cmdline: 'quiet' });
    for (const event of ['pci_prepare_ats_ret', 'pci_enable_ats_ret', 'pci_disable_ats', 'pci_device_add'])
      expect(line).toContain(`:ats/${event},`);
  });

  it.each(['trace-cmd', 'perf'])('prints a shell script for %s that a shell understands', (form) => {
    const script = printed({ print: form, kernel: '6.12.1' });
    expect(spawnSync('sh', ['-n'], { input: script }).status).toBe(0);
    expect(script).toContain('r10:ats/pci_enable_ats_ret pci_enable_ats ps=ps ret=$retval:s32');
    expect(script).toContain("echo 'probe == 0' > events/ats/pci_af_flr/filter");
    expect(script).toContain('intel_iommu:qi_submit');
  });

  it('prints a bpftrace program whose output can be analyzed', async () => {
    const program = printed({ print: 'bpftrace' });
    const formats = [...program.matchAll(/printf\("(%16s.*?)\\n", /g)].map((match) => match[1]);
    expect(formats.length).toBe(9);
    const lines = formats.map((format, i) => {
      const values: Record<string, string> = {
        '%16s': 'sh'.padStart(16),
        '%-7d': '77'.padEnd(7),
        '%03d': '001',
      };
      return format
        .replace('%d.%06d', `12.${String(i).padStart(6, '0')}`)
        .replaceAll('\\"', '"')
        .replace(/%16s|%-7d|%03d/g, (text) => values[text])
        .replace('ps=%d', 'ps=12')
        .replace('"%s"', '"0000:01:00.0"')
        .replace(/0x%x/g, '0x100')
        .replace(/%d/g, '0');
    });
    const analysis = await analyzeBytes({ 'trace.txt': `# tracer: nop\n#\n${lines.join('\n')}\n` });
    const events = rowsOf(analysis.atsEvents).map((row) => `${row.kind} ${row.phase} ${row.function}`);
    expect(events).toContain('ats.enable enter 0000:01:00.0');
    expect(events).toContain('ats.enable return 0000:01:00.0');
    expect(events).toContain('ats.supported return 0000:01:00.0');
    expect(rowsOf(analysis.sources)[0].unparsed).toBe(0n);
  });

  it.each([
    [{ print: 'strace' }, `expected one of ${CAPTURE_FORMS.join(', ')}`],
    [{ print: 'probes', kernel: 'new' }, '--kernel new: expected a release'],
    [{ print: 'boot', cmdline: 'x'.repeat(2040) }, 'no probe fits'],
    [{ print: 'bpftrace', kernel: '5.10' }, 'needs BTF'],
  ])('explains the mistake in %j', (flags, message) => {
    expect(() => printed(flags)).toThrow(message);
  });
});

describe('docs/capturing.md', () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'capturing.md'), 'utf8');
  const script = readFileSync(SCRIPT, 'utf8');

  it('tells every group, form and member', () => {
    const packed = /MEMBERS='([^']+)'/.exec(script)?.[1].split(/\s+/) ?? [];
    expect(packed.length).toBe(11);
    const forms = CAPTURE_FORMS.filter((form) => form !== 'script');
    const wanted = [...Object.keys(GROUPS), ...packed, ...forms].filter((name) => name !== '');
    expect(wanted.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });

  it('uses no option that the script does not have', () => {
    const options = new Set(text.match(/(?<=[\s`(])--[a-z-]+/g));
    const known = new Set([
      ...(script.match(/--[a-z-]+/g) ?? []),
      '--out',
      '--print',
      '--kernel',
      '--cmdline',
    ]);
    expect([...options].filter((option) => !known.has(option))).toEqual([]);
  });
});
