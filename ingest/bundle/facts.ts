/** What became of a probe. */
export interface ProbeFate {
  readonly fate: string;
  /** `p` entry, `r` return, `e` trace event. */
  readonly kind: string;
  readonly event: string;
  readonly symbol: string;
  readonly level: string;
  /** Its arguments, or why it is not there. */
  readonly text: string;
}

export interface CpuLosses {
  readonly cpu: number;
  readonly dropped: number;
}

export interface MissedProbe {
  readonly event: string;
  readonly misses: number;
}

/** A function as sysfs shows it. */
export interface FunctionFacts {
  readonly address: string;
  readonly physfn: string | null;
  readonly virtfns: readonly string[];
  readonly iommuGroup: number | null;
  readonly driver: string | null;
  /** From `virtfn` links, or a PF that has the attribute for their number. */
  readonly isPf: boolean;
}

/** What the members of a bundle that are no recordings say about the capture. */
export interface Facts {
  kernelRelease: string | null;
  clock: string | null;
  /** The kit saved everything; false when it says that it could not. */
  complete: boolean;
  probes: readonly ProbeFate[];
  losses: readonly CpuLosses[];
  missed: readonly MissedProbe[];
}

export function newFacts(): Facts {
  return { kernelRelease: null, clock: null, complete: true, probes: [], losses: [], missed: [] };
}

/** Reads `key=value` lines. */
export function readManifest(text: string, facts: Facts): void {
  const values = new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const equals = line.indexOf('=');
      return equals > 0 ? [[line.slice(0, equals), line.slice(equals + 1).trim()]] : [];
    }),
  );
  facts.kernelRelease = values.get('kernel_release') || null;
  facts.clock = values.get('clock') || null;
  facts.complete = values.get('complete') !== 'no';
}

/** Reads `fate|kind|event|function|level|text` lines. */
export function readProbes(text: string, facts: Facts): void {
  facts.probes = text.split('\n').flatMap((line) => {
    const parts = line.split('|');
    if (parts.length < 6) return [];
    const [fate, kind, event, symbol, level] = parts;
    return [{ fate, kind, event, symbol, level, text: parts.slice(5).join('|') }];
  });
}

/** Reads `cpuN entries=.. overrun=.. dropped_events=..` and `missed EVENT hits=.. misses=..` lines. */
export function readLosses(text: string, facts: Facts): void {
  const lines = text.split('\n').map((line) => ({ line, values: valuesIn(line) }));
  facts.losses = lines.flatMap(({ line, values }) => {
    const cpu = /^cpu(\d+) /.exec(line);
    return cpu ? [{ cpu: Number(cpu[1]), dropped: Number(values.get('dropped_events') ?? 0) }] : [];
  });
  facts.missed = lines.flatMap(({ line, values }) => {
    const event = /^missed (\S+) /.exec(line);
    return event ? [{ event: event[1], misses: Number(values.get('misses') ?? 0) }] : [];
  });
}

const ADDRESS = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/;

/** Reads one `function ADDRESS key=value ...` line; null for any other. */
export function readFunction(line: string): FunctionFacts | null {
  const address = /^function (\S+)/.exec(line)?.[1];
  if (!address || !ADDRESS.test(address)) return null;
  const values = valuesIn(line);
  const link = (key: string) => {
    const value = values.get(key);
    return value !== undefined && ADDRESS.test(value) ? value : null;
  };
  const virtfns = [...values.keys()].filter((key) => /^virtfn\d+$/.test(key) && link(key) !== null);
  const group = values.get('iommu_group');
  return {
    address,
    physfn: link('physfn'),
    virtfns: virtfns.map((key) => values.get(key) as string),
    iommuGroup: group !== undefined && /^\d+$/.test(group) ? Number(group) : null,
    driver: values.get('driver') ?? null,
    isPf: virtfns.length > 0 || values.has('sriov_numvfs'),
  };
}

function valuesIn(line: string): ReadonlyMap<string, string> {
  return new Map(
    line.split(' ').flatMap((part): [string, string][] => {
      const equals = part.indexOf('=');
      return equals > 0 ? [[part.slice(0, equals), part.slice(equals + 1)]] : [];
    }),
  );
}
