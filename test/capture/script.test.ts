import { existsSync, readdirSync, rmSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { PROBES } from '../../capture/probes.ts';
import { FakeMachine, SHELLS } from './fake-kernel.ts';

for (const shell of SHELLS) {
  describe(`atscope-capture under ${shell.join(' ')}`, () => {
    let machine: FakeMachine;
    const boot = () => {
      machine = new FakeMachine(shell);
      return machine;
    };
    afterEach(() => machine.remove());

    it('takes everything an accepting kernel gives, and leaves nothing behind', () => {
      boot().hasFunctions(PROBES.map((row) => row.known.symbol));
      const started = machine.start();
      expect([started.status, started.err]).toEqual([0, expect.stringMatching(/recording with \d+ probes/)]);
      expect(started.err).toMatch(/overhead: .*8192 KiB x 2 CPUs/);
      const only = PROBES.filter((row) => row.without === '' && !row.onlyForDevice).map((row) => row.name);
      const installed = machine.fates('installed').filter((row) => row[1] !== 'e');
      expect(installed.map((row) => row[2])).toEqual(only);
      expect(new Set(installed.map((row) => row[4]))).toEqual(new Set(['full']));
      const spared = new Map(machine.fates('spared').map((row) => [row[2], row[5]]));
      expect(spared.get('pci_ats_supported')).toBe('the return names the device');
      expect(spared.get('pci_ats_always_on')).toBe('pci_ats_required() tells the same');
      expect(machine.run('status').out).toContain('300 events in the buffers, 0 lost');
      const stopped = machine.run('stop');
      expect([stopped.status, stopped.err]).toEqual([
        0,
        `atscope-capture: saved in ${machine.path('out')}\n`,
      ]);
      expect(machine.leftovers()).toEqual([]);
      expect(readdirSync(machine.path('out')).sort()).toEqual([
        'cmdline.txt',
        'kmsg.txt',
        'losses.txt',
        'lspci-after.txt',
        'lspci-before.txt',
        'manifest.txt',
        'probes.txt',
        'topology-after.txt',
        'topology-before.txt',
        'trace.txt',
      ]);
    });

    it('probes the entry too where the return alone is wanted and cannot name the device', () => {
      boot().hasFunctions(PROBES.map((row) => row.known.symbol));
      // Before 6.9 a return probe takes no argument of the function.
      machine.write('fake/refuse', '^r.*(dev->|[$]arg)\n');
      machine.start();
      const fates = new Map(machine.fates('installed').map((row) => [row[2], row[4]]));
      expect(fates.get('pci_ats_supported_ret')).toBe('result');
      const entries = PROBES.filter((row) => row.onlyForDevice && row.without === '').map((row) => row.name);
      expect(entries.toSorted()).toEqual([
        'pci_ats_page_aligned',
        'pci_ats_queue_depth',
        'pci_ats_required',
        'pci_ats_supported',
        'pci_reset_pri',
      ]);
      for (const name of entries) expect([name, fates.get(name)]).toEqual([name, 'full']);
    });

    it('writes to nothing but its own instance and its own probes', () => {
      boot();
      machine.start();
      machine.run('stop');
      const written = machine.read('fake/written').trim().split('\n');
      expect(written.filter((line) => !line.startsWith('instances/atscope/'))).toEqual([]);
      expect(machine.read('fake/removed')).toMatch(/^(-:atscope\/\w+\n)+$/);
    });

    it('sets clock, buffer, filters and the marks with three clocks', () => {
      boot();
      machine.start('--clock', 'boot', '--buffer-kb', '512');
      const written = machine.read('fake/written');
      expect(written).toContain('instances/atscope/trace_clock boot\n');
      expect(written).toContain('instances/atscope/buffer_size_kb 512\n');
      expect(written).toContain('events/atscope/pci_write_config_word/filter where >= 256\n');
      expect(written).toContain('events/atscope/pci_af_flr/filter probe == 0\n');
      expect(written).toMatch(/events\/intel_iommu\/qi_submit\/filter \(\(qw0 & 1\)/);
      expect(machine.read(`sys/kernel/tracing/instances/atscope/trace`)).toMatch(
        /tracing_mark_write: atscope: started wall=\d+(?:\.\d+)? boot=1234\.56 mono_ns=1234567890123 clock=boot kernel=6\.12/,
      );
    });

    it('saves a trace.dat when asked and trace-cmd is there, and text when that fails', () => {
      boot().addProgram(
        'trace-cmd',
        `[ "$*" = "extract -B atscope -o $ATSCOPE_ROOT/out/trace.dat" ] && echo dat > "$5"`,
      );
      machine.start('--dat');
      machine.run('stop');
      expect(machine.read('out/trace.dat')).toBe('dat\n');
      expect(existsSync(machine.path('out/trace.txt'))).toBe(false);
      machine.addProgram('trace-cmd', 'exit 1');
      machine.run('start', '--dir', machine.path('second'), '--dat');
      expect(machine.run('stop').err).toContain('saving text');
      expect(existsSync(machine.path('second/trace.txt'))).toBe(true);
      expect(machine.leftovers()).toEqual([]);
    });

    it('takes less buffer for each CPU on a large machine', () => {
      boot();
      for (let cpu = 2; cpu < 64; cpu++)
        machine.write(`fake/instance/per_cpu/cpu${cpu}/stats`, 'entries: 0\n');
      expect(machine.start().err).toContain('buffers: 4096 KiB x 64 CPUs');
    });

    it.each([
      ['trace_clock', '--clock mono: this kernel has local global mono boot.'],
      ['buffer_size_kb', 'no memory for 8192 KiB on each CPU. Ask for less with --buffer-kb.'],
      ['tracing_on 1', 'cannot turn recording on.'],
    ])('cleans up when the kernel refuses %s', (setting, message) => {
      boot();
      machine.write('fake/refuse-put', `${setting}\n`);
      const started = machine.start();
      expect([started.status, started.err]).toEqual([1, expect.stringContaining(message)]);
      expect(machine.leftovers()).toEqual([]);
    });

    it.each([
      ['HUP', 129],
      ['INT', 130],
      ['TERM', 143],
    ] as const)('cleans up when SIG%s meets it half installed', (signal, status) => {
      boot().onProbe(`case $1 in */pci_enable_pasid) kill -${signal} $2 ;; esac`);
      expect(machine.start().status).toBe(status);
      expect(machine.leftovers()).toEqual([]);
      expect(existsSync(machine.path('out'))).toBe(false);
    });

    it('refuses politely without root, without tracefs and without kprobe events', () => {
      boot();
      machine.write('fake/user', '1000\n');
      expect(machine.start()).toMatchObject({ status: 1, err: expect.stringContaining('needs root') });
      machine.write('fake/user', '0\n');
      machine.run('stop');
      rmSync(machine.path('sys/kernel/tracing'), { recursive: true });
      expect(machine.start().err).toContain('mount -t tracefs nodev /sys/kernel/tracing');
      machine.write(`sys/kernel/tracing/trace`, '');
      expect(machine.start().err).toContain('CONFIG_KPROBE_EVENTS');
      expect(existsSync(machine.path('out'))).toBe(false);
    });

    it('does not begin twice, nor over leftovers, and removes those', () => {
      boot();
      machine.start();
      expect(machine.run('start').err).toContain('it records already');
      expect(machine.run('stop', '--discard').status).toBe(0);
      expect(machine.leftovers()).toEqual([]);
      machine.write(`sys/kernel/tracing/events/atscope/old/enable`, '0\n');
      expect(machine.run('start').err).toContain('stop --discard');
      expect(machine.run('stop', '--discard').status).toBe(0);
      expect(machine.leftovers()).toEqual([]);
      expect(machine.run('stop').err).toContain('nothing is being recorded');
    });

    it('goes on recording when there is no room to save, and says how much it needs', () => {
      boot();
      machine.start();
      machine.write('fake/free-kb', '17\n');
      const stopped = machine.run('stop');
      expect(stopped.status).toBe(1);
      expect(stopped.err).toMatch(/needs about \d+ KiB and .* has 17/);
      expect(existsSync(machine.path(`sys/kernel/tracing/instances/atscope`))).toBe(true);
      machine.write('fake/free-kb', '999999\n');
      expect(machine.run('stop').status).toBe(0);
      expect(machine.leftovers()).toEqual([]);
    });

    it('run keeps the recording when there is no room to save it', () => {
      boot();
      machine.write('fake/free-kb', '17\n');
      const done = machine.run('run', '--dir', machine.path('out'), '--', 'true');
      expect([done.status, done.err]).toEqual([1, expect.stringContaining('goes on recording')]);
      machine.write('fake/free-kb', '999999\n');
      expect(machine.run('bundle').status).toBe(0);
      expect(machine.leftovers()).toEqual([]);
    });

    it('does not clean up after another capture that begins at the same time', () => {
      boot();
      machine.write('run/atscope-capture/names', '');
      expect(machine.start()).toMatchObject({
        status: 1,
        err: expect.stringContaining('another capture begins'),
      });
      expect(existsSync(machine.path('run/atscope-capture/names'))).toBe(true);
      expect(existsSync(machine.path('out'))).toBe(false);
      expect(machine.run('stop', '--discard').status).toBe(0);
      expect(machine.leftovers()).toEqual([]);
    });

    it('cleans up and says so when the room runs out while it saves', () => {
      boot();
      machine.start();
      // A directory in the place of the file stands for a disk that takes no more.
      machine.write('out/trace.txt/full', '');
      const stopped = machine.run('stop');
      expect([stopped.status, stopped.err]).toEqual([1, expect.stringContaining('saved in part only')]);
      expect(machine.read('out/manifest.txt')).toContain('complete=no');
      expect(machine.leftovers()).toEqual([]);
    });

    it('turns itself off at the first WARN when asked, by a trigger of its own instance', () => {
      boot();
      machine.start('--stop-at-warn');
      expect(machine.read('fake/written')).toContain(
        'instances/atscope/events/atscope/stop_at_warn/trigger traceoff\n',
      );
      machine.run('stop');
      expect(machine.read('fake/written')).toContain('stop_at_warn/trigger !traceoff\n');
      expect(machine.leftovers()).toEqual([]);
      machine.write('fake/release', '5.10.200\n');
      expect(machine.run('start', '--stop-at-warn').err).toContain('needs kernel 5.18');
      expect(machine.leftovers()).toEqual([]);
    });

    it('run records around a command, keeps its input and its exit status, and packs the bundle', () => {
      boot();
      const bundle = machine.path('b.tar');
      const done = machine.run(
        'run',
        '--dir',
        machine.path('out'),
        '-o',
        bundle,
        '--',
        'sh',
        '-c',
        'read -r line; echo "did $line"; exit 7',
      );
      expect([done.status, done.out]).toEqual([7, 'did typed\n']);
      expect(existsSync(bundle)).toBe(true);
      expect(machine.leftovers()).toEqual([]);
    });

    it('run answers a signal at once: the command ends, the bundle is still made', async () => {
      boot();
      const bundle = machine.path('b.tar');
      const args = [
        'run',
        '--dir',
        machine.path('out'),
        '-o',
        bundle,
        '--',
        'sh',
        '-c',
        'echo go; exec sleep 30',
      ];
      const begun = Date.now();
      const done = await machine.runAndSignal('SIGTERM', 'go', ...args);
      expect(Date.now() - begun).toBeLessThan(10_000);
      expect([done.status, done.err]).toEqual([143, expect.stringContaining('bundle: ')]);
      expect(existsSync(bundle)).toBe(true);
      expect(machine.leftovers()).toEqual([]);
    });

    it('prints parameters that fit into the kernel command line beside what is there', () => {
      boot();
      const line = machine.run('boot').out;
      expect(line).toMatch(/^kprobe_event=r:ats\/pci_ats_supported_ret,pci_ats_supported,ret=\$retval:u8,/);
      machine.write('fake/release', '6.6.30\n');
      expect(machine.run('boot').out).toContain('r:ats/pci_prepare_ats_ret,pci_prepare_ats,ret=$retval:s32;');
      expect(machine.run('boot').out).toContain('p:ats/pci_disable_ats,pci_disable_ats,vf=dev->is_virtfn');
      machine.write('fake/release', '6.1.0-18-amd64\n');
      expect(machine.run('boot').out).toContain('p:ats/pci_disable_ats,pci_disable_ats,dev=$arg1:x64;');
      machine.write('fake/release', '7.2.13\n');
      machine.write('proc/cmdline', `${'x'.repeat(1200)}\n`);
      const short = machine.run('boot').out;
      expect(short.length).toBeLessThan(line.length);
      expect(short.length + 1200).toBeLessThanOrEqual(2047);
      machine.write('proc/cmdline', `${'x'.repeat(2000)}\n`);
      expect(machine.run('boot')).toMatchObject({
        status: 1,
        err: expect.stringContaining('2000 bytes already'),
      });
    });

    it('packs what probes of the command line recorded, and changes nothing', () => {
      boot();
      machine.write(
        `sys/kernel/tracing/kprobe_events`,
        'p:ats/pci_disable_ats pci_disable_ats en=dev->ats_enabled\n',
      );
      machine.write(`sys/kernel/tracing/trace`, machine.read('fake/instance/trace'));
      const done = machine.run('bundle', '--boot', '-o', machine.path('b.tar'));
      expect([done.status, done.err]).toEqual([0, expect.stringContaining('bundle: ')]);
      expect(existsSync(machine.path('fake/written'))).toBe(false);
    });

    it.each([
      [['record'], 'there is no command record'],
      [['start', '--buffer-kb', 'much'], 'expected a number'],
      [['start', '--without', 'ats,nothing'], '--without nothing: there is no such group'],
      [['start', '--fast'], 'there is no option --fast'],
      [['run'], 'run needs a command'],
      [['start', '--clock'], '--clock needs a value'],
    ])('%j is a mistake that it explains', (args, message) => {
      boot();
      expect(machine.run(...args)).toMatchObject({ status: 2, err: expect.stringContaining(message) });
    });
  });
}
