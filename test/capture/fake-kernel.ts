import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const FIXTURES = join(ROOT, 'test', 'fixtures');
export const SCRIPT = join(ROOT, 'capture', 'atscope-capture');

/** Shells that the script must run under, of those installed. */
export const SHELLS: readonly (readonly string[])[] = [['dash'], ['busybox', 'ash']].filter(
  ([program, ...rest]) => spawnSync(program, [...rest, '-c', 'exit 0']).status === 0,
);

/** Functions of the kernel in most tests: some of each sort, because every probe costs the fake kernel a process. */
const FEW =
  'pci_ats_supported pci_prepare_ats pci_enable_ats pci_disable_ats pci_enable_pasid intel_iommu_probe_device ' +
  '__iommu_attach_device intel_iommu_attach_device pci_iov_add_virtfn sriov_enable pci_enable_sriov pci_af_flr ' +
  'pci_write_config_word pci_read_config_word';

/** Event systems of the kernel itself. */
const STOCK_SYSTEMS: readonly string[] = ['intel_iommu', 'iommu'];

/** Fills a folder with the programs of busybox. */
function addApplets(folder: string): void {
  mkdirSync(folder);
  const busybox = String(spawnSync('sh', ['-c', 'command -v busybox']).stdout).trim();
  const names = String(spawnSync(busybox, ['--list']).stdout)
    .trim()
    .split('\n');
  for (const name of new Set([...names, 'busybox'])) symlinkSync(busybox, join(folder, name));
}

export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** A machine made of plain files, and the script with a kernel that answers its writes. */
export class FakeMachine {
  readonly root = mkdtempSync(join(tmpdir(), 'atscope-kernel-'));
  private readonly shell: readonly string[];
  private readonly script: string;

  constructor(shell: readonly string[]) {
    this.shell = shell;
    this.script = join(this.root, 'fake', 'script');
    const fake = readFileSync(join(FIXTURES, 'capture', 'fake-kernel.sh'), 'utf8');
    this.write(
      'fake/script',
      readFileSync(SCRIPT, 'utf8').replace(/^main "\$@"$/m, () => `${fake}\nmain "$@"`),
    );
    if (shell[0] === 'busybox') addApplets(this.path('applets'));
    // Not the one of this machine, which knows this machine's kernel.
    this.addProgram('pahole', 'exit 1');
    this.addKernel();
    this.addDevices();
  }

  path(name: string): string {
    return join(this.root, name);
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), text);
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  /** The kernel has these functions and no others. */
  hasFunctions(symbols: readonly string[]): void {
    const lines = symbols.map((symbol, i) => `ffffffff81${String(i).padStart(6, '0')} T ${symbol}`);
    this.write('proc/kallsyms', `${lines.join('\n')}\n`);
  }

  /** The kernel refuses definitions that match one of these extended regular expressions. */
  refuse(...patterns: readonly string[]): void {
    this.write('fake/refuse', `${patterns.join('\n')}\n`);
  }

  /** Runs a program of the test when a probe is installed; it gets the event and the pid of the script. */
  onProbe(body: string): void {
    this.write('fake/on-probe', `#!/bin/sh\n${body}\n`);
    chmodSync(this.path('fake/on-probe'), 0o755);
  }

  /** What the script has made in the kernel, or changed there, and not undone. */
  leftovers(): string[] {
    const left = readdirSync(this.path('run')).map((name) => `run/${name}`);
    for (const name of readdirSync(this.path('sys/kernel/tracing/instances'))) left.push(`instances/${name}`);
    for (const system of readdirSync(this.path('sys/kernel/tracing/events')))
      if (!STOCK_SYSTEMS.includes(system)) left.push(`events/${system}`);
    if (this.read('sys/kernel/tracing/tracing_on') !== '1\n') left.push('tracing_on');
    return left;
  }

  /** Lines of `probes.txt` with one fate, by their columns. */
  fates(fate: string): string[][] {
    const lines = this.read('out/probes.txt')
      .split('\n')
      .map((line) => line.split('|'));
    return lines.filter((columns) => columns[0] === fate);
  }

  /** `atscope-capture start` into the directory `out`. */
  start(...args: readonly string[]): Ran {
    return this.run('start', '--dir', this.path('out'), ...args);
  }

  run(...args: readonly string[]): Ran {
    const [program, ...rest] = this.shell;
    const options = { env: this.env, cwd: this.root, input: 'typed\n' };
    const done = spawnSync(program, [...rest, this.script, ...args], options);
    return { status: done.status ?? -1, out: String(done.stdout), err: String(done.stderr) };
  }

  /** Runs the script and sends it a signal once a line of `what` is on its standard output. */
  async runAndSignal(signal: NodeJS.Signals, what: string, ...args: readonly string[]): Promise<Ran> {
    const [program, ...rest] = this.shell;
    const child = spawn(program, [...rest, this.script, ...args], { env: this.env, cwd: this.root });
    let out = '';
    let err = '';
    child.stdout.on('data', (data) => {
      const before = out;
      out += String(data);
      if (!before.includes(what) && out.includes(what)) child.kill(signal);
    });
    child.stderr.on('data', (data) => {
      err += String(data);
    });
    const status = await new Promise<number>((resolve) => {
      child.on('close', (code) => resolve(code ?? -1));
    });
    return { status, out, err };
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  /** Adds a program to those the script finds first. */
  addProgram(name: string, body: string): void {
    this.write(`bin/${name}`, `#!/bin/sh\n${body}\n`);
    chmodSync(this.path(`bin/${name}`), 0o755);
  }

  /** Under busybox there is nothing but busybox. */
  private get env() {
    const others = this.shell[0] === 'busybox' ? this.path('applets') : process.env.PATH;
    return { PATH: `${this.path('bin')}:${others}`, ATSCOPE_ROOT: this.root };
  }

  private addKernel(): void {
    const tracing = 'sys/kernel/tracing';
    this.write(`${tracing}/trace`, '# tracer: nop\n');
    this.write(`${tracing}/tracing_on`, '1\n');
    this.write(`${tracing}/trace_clock`, '[local] global mono boot\n');
    this.write(`${tracing}/buffer_size_kb`, '1408\n');
    this.write(`${tracing}/kprobe_events`, '');
    this.write(`${tracing}/error_log`, '');
    for (const event of [
      'iommu/add_device_to_group',
      'iommu/attach_device_to_domain',
      'intel_iommu/qi_submit',
    ]) {
      this.write(`${tracing}/events/${event}/enable`, '0\n');
      this.write(`${tracing}/events/${event}/filter`, 'none\n');
    }
    mkdirSync(this.path(`${tracing}/instances`));
    const trace = readFileSync(join(FIXTURES, 'captures', '6.12-s2', 'trace.txt'), 'utf8');
    this.write('fake/instance/trace', trace);
    this.write('fake/instance/tracing_on', '1\n');
    this.write('fake/instance/trace_clock', '[local] global mono boot\n');
    for (const cpu of [0, 1]) {
      this.write(
        `fake/instance/per_cpu/cpu${cpu}/stats`,
        'entries: 150\noverrun: 0\ncommit overrun: 0\nbytes: 20480\noldest event ts:     1.0\nnow ts:    9.0\ndropped events: 0\nread events: 0\n',
      );
    }
    this.write('fake/dmesg', readFileSync(join(FIXTURES, 'captures', '6.12-s2', 'dmesg.txt'), 'utf8'));
    this.write('proc/cmdline', 'root=/dev/sda1 quiet intel_iommu=on\n');
    this.write('proc/uptime', '1234.56 2345.67\n');
    this.write(
      'proc/timer_list',
      'Timer List Version: v0.9\nHRTIMER_MAX_CLOCK_BASES: 8\nnow at 1234567890123 nsecs\n',
    );
    this.hasFunctions(FEW.split(' '));
    this.write('sys/kernel/btf/vmlinux', 'x');
    mkdirSync(this.path('run'));
  }

  private addDevices(): void {
    const config = Buffer.alloc(4096);
    config.writeUInt16LE(0x1af4, 0);
    config.writeUInt16LE(0x1041, 2);
    // ATS, version 1, the only extended capability; enabled with unit 0.
    config.writeUInt32LE(0x0001000f, 0x100);
    config.writeUInt16LE(0x8000, 0x106);
    for (const [address, physfn] of [
      ['0000:01:00.0', null],
      ['0000:01:00.1', '0000:01:00.0'],
    ] as const) {
      const device = `sys/bus/pci/devices/${address}`;
      this.write(`${device}/class`, '0x020000\n');
      this.write(`${device}/vendor`, '0x1af4\n');
      this.write(`${device}/device`, '0x1041\n');
      this.write(`${device}/removable`, 'fixed\n');
      writeFileSync(this.path(`${device}/config`), config);
      mkdirSync(this.path('sys/kernel/iommu_groups/7'), { recursive: true });
      symlinkSync('../../../../kernel/iommu_groups/7', this.path(`${device}/iommu_group`));
      if (physfn) symlinkSync(`../${physfn}`, this.path(`${device}/physfn`));
      else this.write(`${device}/sriov_numvfs`, '1\n');
    }
    symlinkSync('../0000:01:00.1', this.path('sys/bus/pci/devices/0000:01:00.0/virtfn0'));
  }
}
