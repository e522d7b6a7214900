/** Arguments of a probe event, in the order printed. */
type Arguments = Record<string, string | number>;

export interface CallOptions {
  /** Page shift argument. */
  ps?: number;
  /** Result; absent for functions that return nothing. */
  ret?: number | string;
  /** `ats_enabled` before and after the call. */
  en?: [number, number];
  /** `ats_stu` before and after the call. */
  stu?: [number, number];
  cap?: string;
  vf?: number;
  pf?: number;
  /** Where the return probe says the call came from. */
  caller?: string;
  /** Written before the return. */
  inside?: () => void;
  /** Leave out the return event. */
  noReturn?: boolean;
  /** Leave out the entry event. */
  noEntry?: boolean;
  /** Print an empty device name. */
  unnamed?: boolean;
  args?: Arguments;
}

const DRIVER = 'iommu_enable_pci_caps+0x4a/0x60';

/**
 * Writes a tracefs text as the kernel would, event by event, for tests that need a story no capture tells. Time goes on
 * by 100 us an event.
 */
export class TraceWriter {
  readonly lines: string[] = [];
  task = 'sh-100';
  cpu = 0;
  private microseconds = 1_000_000;
  private entries = 0;

  /** Lets time pass. */
  wait(milliseconds: number): this {
    this.microseconds += milliseconds * 1000;
    return this;
  }

  /** The next event has the time of the last one. */
  atSameTime(): this {
    this.microseconds -= 100;
    return this;
  }

  event(name: string, body: string): this {
    this.microseconds += 100;
    const seconds = Math.floor(this.microseconds / 1e6);
    const fraction = String(this.microseconds % 1e6).padStart(6, '0');
    this.lines.push(
      `${this.task.padStart(23)}     [${String(this.cpu).padStart(3, '0')}] ..... ${String(seconds).padStart(5)}.${fraction}: ${name}: ${body}`,
    );
    this.entries++;
    return this;
  }

  raw(line: string): this {
    this.lines.push(line);
    return this;
  }

  /** An entry and its return. */
  call(symbol: string, device: string, options: CallOptions = {}): this {
    const shared = {
      ...(options.vf === undefined ? {} : { vf: options.vf }),
      ...(options.pf === undefined ? {} : { pf: options.pf }),
    };
    const print = (when: 0 | 1, extra: Arguments): string => {
      const args: Arguments = {
        ...(options.ps === undefined ? {} : { ps: options.ps }),
        ...options.args,
        ...extra,
        ...shared,
      };
      if (options.en) args.en = options.en[when];
      if (options.cap) args.cap = options.cap;
      if (options.stu) args.stu = options.stu[when];
      args.bdf = options.unnamed ? '""' : `"${device}"`;
      return Object.entries(args)
        .map(([name, value]) => `${name}=${value}`)
        .join(' ');
    };
    if (!options.noEntry) this.event(symbol, `(${symbol}+0x4/0xa0) ${print(0, {})}`);
    options.inside?.();
    if (!options.noReturn) {
      const result: Arguments = options.ret === undefined ? {} : { ret: options.ret };
      this.event(`${symbol}_ret`, `(${options.caller ?? DRIVER} <- ${symbol}) ${print(1, result)}`);
    }
    return this;
  }

  prepare(device: string, ps: number, ret: number, options: CallOptions = {}): this {
    return this.call('pci_prepare_ats', device, {
      caller: 'intel_iommu_probe_device+0x4d9/0x8e0',
      ...options,
      ps,
      ret,
    });
  }

  enable(device: string, ps: number, ret: number, options: CallOptions = {}): this {
    return this.call('pci_enable_ats', device, { ...options, ps, ret });
  }

  disable(device: string, options: CallOptions = {}): this {
    return this.call('pci_disable_ats', device, {
      caller: 'device_block_translation+0x136/0x190',
      ...options,
    });
  }

  supported(device: string, ret: 0 | 1, options: CallOptions = {}): this {
    return this.call('pci_ats_supported', device, {
      caller: 'intel_iommu_probe_device+0x5eb/0x8e0',
      ...options,
      ret,
      noEntry: true,
    });
  }

  write(device: string, where: number, value: number, cap = '0x100', user = false): this {
    const symbol = user ? 'pci_user_write_config_word' : 'pci_write_config_word';
    return this.event(
      'cfg',
      `(${symbol}+0x4/0x40) where=0x${where.toString(16)} val=0x${value.toString(16)} cap=${cap} bdf="${device}"`,
    );
  }

  /** A function that appears: added, capability found, not yet probed. */
  appear(device: string, options: { vf?: 0 | 1; cap?: string } = {}): this {
    const { vf = 0, cap = '0x100' } = options;
    this.event('add', `(pci_device_add+0x4/0x640) vf=${vf} bdf="${device}"`);
    this.call('pci_ats_init', device, {
      vf,
      pf: 0,
      en: [0, 0],
      stu: [0, 0],
      cap,
      noEntry: true,
      caller: 'pci_device_add+0x1e6/0x640',
    });
    return this;
  }

  /** A VF that appears under its PF; what follows on it goes into `inside`. */
  addVf(pf: string, vf: string, index: number, inside: () => void = () => {}, cap = '0x100'): this {
    return this.call('pci_iov_add_virtfn', pf, {
      args: { id: index },
      ret: 0,
      inside: () => {
        this.appear(vf, { vf: 1, cap });
        inside();
      },
    });
  }

  text(): string {
    const header = [
      '# tracer: nop',
      '#',
      `# entries-in-buffer/entries-written: ${this.entries}/${this.entries}   #P:2`,
      '#',
      '#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION',
    ];
    return `${[...header, ...this.lines].join('\n')}\n`;
  }
}
