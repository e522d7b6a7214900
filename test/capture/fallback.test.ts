import { afterEach, describe, expect, it } from 'vitest';
import { FakeMachine, SHELLS } from './fake-kernel.ts';

for (const shell of SHELLS) {
  describe(`probes of atscope-capture under ${shell.join(' ')}`, () => {
    let machine: FakeMachine;
    const boot = () => {
      machine = new FakeMachine(shell);
      return machine;
    };
    afterEach(() => machine.remove());

    it('falls back argument by argument, and writes down what was refused and why', () => {
      boot().refuse('->ats_stu', '^r10:.*pci_prepare_ats.*(\\(|bdf|dev=)', ':atscope/pci_enable_ats ');
      machine.start();
      const level = Object.fromEntries(machine.fates('installed').map((row) => [row[2], row[4]]));
      expect([level.pci_disable_ats, level.pci_prepare_ats_ret, level.pci_iov_add_virtfn]).toEqual([
        'name',
        'result',
        'full',
      ]);
      const refused = machine.fates('refused');
      expect(refused.map((row) => row[2])).toEqual(['pci_enable_ats']);
      expect(refused[0][5]).toContain('full: BTF is not available');
      expect(machine.run('status').out).toContain('refused pci_enable_ats: ');
    });

    it('asks a kernel without BTF by position, and by offsets where they are given', () => {
      boot().refuse(
        '[=(]p?dev-',
        '=p?dev\\b',
        '=ps\\b',
        '=(domain|id|where|pos|val|features|reqs|probe|nr_virtfn)\\b',
      );
      machine.start('--offsets', 'dev=208,ats_cap=0x4a');
      const text = Object.fromEntries(
        machine.fates('installed').map((row) => [row[2], row[5].replace(/ \(.*/, '')]),
      );
      expect(text.intel_iommu_probe_device).toBe('bdf=+0(+0($arg1)):string');
      expect(text.pci_enable_ats).toBe('ps=$arg2:s32 bdf=+0(+208($arg1)):string');
      machine.run('stop', '--discard');
      expect(machine.leftovers()).toEqual([]);
      machine.remove();
      boot().refuse('->');
      machine.start();
      const bare = Object.fromEntries(
        machine.fates('installed').map((row) => [row[2], row[5].replace(/ \(.*/, '')]),
      );
      expect(bare.pci_enable_ats).toBe('ps=$arg2:s32 dev=$arg1:x64');
    });

    it('asks pahole for offsets where it is installed', () => {
      boot().refuse('->');
      machine.addProgram(
        'pahole',
        "printf 'struct pci_dev {\\n\\tstruct device dev;   /*   208   720 */\\n\\tu16   ats_cap;   /*  1626  2 */\\n\\tu8  ats_stu; /*  1628     1 */\\n\\tstruct list_head bus_list; /* 0 16 */\\n};\\n'",
      );
      machine.start();
      const text = Object.fromEntries(
        machine.fates('installed').map((row) => [row[2], row[5].replace(/ \(.*/, '')]),
      );
      expect(text.pci_enable_ats).toBe(
        'ps=$arg2:s32 cap=+1626($arg1):x16 stu=+1628($arg1):u8 bdf=+0(+208($arg1)):string',
      );
    });

    it('finds the place of the name itself on kernels without BTF arguments, and cleans up after looking', () => {
      boot().refuse('->');
      const event = (places: string, device: string) =>
        `            dd-7  [001] .....  9.1: look: (pci_user_read_config_dword+0x0/0x90) ${places.replaceAll('@', `="${device}"`)}`;
      // What a kernel prints: pointers that are none, other text, the name at two places.
      const lines = ['0000:01:00.0', '0000:01:00.1'].map((device) =>
        event('p64=(fault) p72="virtio" p208@ p216="" p912@', device),
      );
      machine.write('fake/shown', `${event('p80@', '0000:01:00.0')}\n${lines.join('\n')}\n`);
      machine.onProbe(
        'case $1 in atscope/look) cat "$ATSCOPE_ROOT/fake/shown" >>"$ATSCOPE_ROOT/sys/kernel/tracing/instances/atscope/trace" ;; esac',
      );
      machine.start();
      const text = Object.fromEntries(
        machine.fates('installed').map((row) => [row[2], row[5].replace(/ \(.*/, '')]),
      );
      expect(text.pci_enable_ats).toBe('ps=$arg2:s32 bdf=+0(+208($arg1)):string');
      expect(machine.read('out/manifest.txt')).toContain('offsets=dev=208\noffsets_from=looking\n');
      expect(machine.fates('installed').map((row) => row[2])).not.toContain('look');
      machine.run('stop');
      expect(machine.read('out/trace.txt')).not.toContain('look');
      expect(machine.leftovers()).toEqual([]);
    });

    it('skips functions the kernel does not have, and takes those that stand in for them', () => {
      boot().hasFunctions([
        'pci_enable_ats',
        'intel_iommu_attach_device',
        'sriov_enable',
        'pci_enable_sriov',
      ]);
      machine.start();
      expect(machine.fates('missing').map((row) => row[3])).toContain('__iommu_attach_device');
      const installed = machine.fates('installed').map((row) => row[3]);
      expect(installed).toContain('intel_iommu_attach_device');
      expect(installed).not.toContain('__iommu_attach_device');
      expect(machine.fates('spared').map((row) => row[3])).toContain('pci_enable_sriov');
    });

    it('leaves out what it is asked to', () => {
      boot();
      machine.start('--light', '--without', 'pasid');
      const groups = new Set(machine.fates('off').map((row) => /--without (\w+)/.exec(row[5])?.[1]));
      expect(groups).toEqual(new Set(['pasid', 'read', 'invalidate']));
    });

    it('gives up when the kernel refuses every ATS probe, and cleans up', () => {
      boot().refuse('.');
      const started = machine.start();
      expect([started.status, started.err]).toEqual([
        1,
        expect.stringContaining('no probe on the ATS functions'),
      ]);
      expect(started.err).toContain('probes.txt has its reasons');
      expect(machine.leftovers()).toEqual([]);
    });
  });
}
