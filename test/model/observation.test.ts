import { describe, expect, it } from 'vitest';
import { EVENT_KINDS, type EventKindName, KIND } from '../../model/events.ts';
import { Observation, watchOf } from '../../model/observation.ts';
import { PROBES, type RowOf, SOURCES } from '../../tables/index.ts';
import { tableOf } from '../reports/sample.ts';

type Probe = Partial<RowOf<typeof PROBES>>;
type Input = readonly [format: string, records?: bigint];

const probe = (row: Probe): RowOf<typeof PROBES> => ({
  source: 0,
  fate: 'installed',
  kind: 'entry',
  event: 'own',
  symbol: 'pci_enable_ats',
  level: 'full',
  text: 'its arguments',
  left_out: null,
  missed: 0n,
  ...row,
});

const source = (format: string, records: bigint, number: number): RowOf<typeof SOURCES> => ({
  source: number,
  path: `input-${number}`,
  format,
  detail: null,
  bytes: 1n,
  records,
  record_bytes: 1n,
  continuation_bytes: 0n,
  marker_bytes: 0n,
  comment_bytes: 0n,
  unparsed_bytes: 0n,
  unparsed: 0n,
  clock: null,
  time_unit: 'ns',
  precision_ns: null,
  first_ns: null,
  last_ns: null,
  kernel_release: null,
  complete: true,
  taken: null,
});

const watch = (probes: readonly Probe[], inputs: readonly Input[] = [['trace-dat']]) =>
  watchOf(
    tableOf(
      SOURCES,
      inputs.map(([format, records = 5n], number) => source(format, records, number)),
    ),
    tableOf(PROBES, probes.map(probe)),
  );

const countsOf = (...kinds: readonly EventKindName[]) => {
  const counts = new Int32Array(EVENT_KINDS.length);
  for (const kind of kinds) counts[KIND[kind]]++;
  return counts;
};

const observed = (
  probes: readonly Probe[],
  { kinds = [], inputs }: { kinds?: readonly EventKindName[]; inputs?: readonly Input[] } = {},
) => new Observation(countsOf(...kinds), watch(probes, inputs));

describe('an event of a kind would be shown', () => {
  it('where there is one, or where its probe was installed', () => {
    expect(observed([]).wouldShow('ats.enable')).toBe(false);
    expect(observed([], { kinds: ['ats.enable'] }).wouldShow('ats.enable')).toBe(true);
    expect(observed([{}]).wouldShow('ats.enable')).toBe(true);
    expect(observed([{}]).wouldShow('ats.disable')).toBe(false);
    for (const fate of ['refused', 'missing', 'spared', 'off'])
      expect(observed([{ fate }]).wouldShow('ats.enable')).toBe(false);
  });

  it('not where a probe could not run each time, whatever else there is', () => {
    const missed = [{ missed: 1n }, { kind: 'return' }];
    expect(observed(missed, { kinds: ['ats.enable'] }).wouldShow('ats.enable')).toBe(false);
  });

  it('of a function of one IOMMU driver only where there is one', () => {
    const intel = [{ symbol: 'intel_iommu_probe_device' }];
    expect(observed(intel).wouldShow('iommu.probe')).toBe(false);
    expect(observed(intel, { kinds: ['iommu.probe'] }).wouldShow('iommu.probe')).toBe(true);
  });

  it('of a trace event by its name, with or without its system', () => {
    for (const event of ['iommu:add_device_to_group', 'iommu_add_device_to_group'])
      expect(observed([{ symbol: null, event, kind: 'event' }]).wouldShow('iommu.group_add')).toBe(
        event.includes(':'),
      );
    expect(observed([{ symbol: null, event: 'sched:sched_switch' }]).watched('ats.enable')).toBe(false);
  });

  it('of a read by the probe of its return alone', () => {
    const read = (kind: string) =>
      observed([{ symbol: 'pci_read_config_word', kind }]).wouldShow('config.read');
    expect([read('entry'), read('return')]).toEqual([false, true]);
    expect(observed([{ symbol: 'pci_write_config_word' }]).wouldShow('config.write')).toBe(true);
    expect(observed([{ symbol: 'no_function_of_ours' }]).wouldShow('ats.enable')).toBe(false);
  });
});

describe('lists of probes', () => {
  const shown = (inputs: readonly Input[], sources: readonly number[]) =>
    observed(
      sources.map((one) => ({ source: one })),
      { inputs },
    ).wouldShow('ats.enable');

  it('count where every trace has one', () => {
    expect(shown([['trace-dat'], ['ftrace-text']], [0, 1])).toBe(true);
    expect(shown([['trace-dat'], ['ftrace-text']], [0])).toBe(false);
    expect(shown([['trace-dat'], ['trace-dat']], [1])).toBe(false);
    expect(shown([['trace-dat'], ['ftrace-text', 0n]], [0])).toBe(true);
    expect(shown([['trace-dat'], ['kernel-log'], ['lspci'], ['qemu-trace']], [0])).toBe(true);
  });
});

describe('somebody looked for events of a kind', () => {
  it('where there is one, or a probe that ran each time', () => {
    expect(observed([]).watched('ats.enable')).toBe(false);
    expect(observed([], { kinds: ['ats.enable'] }).watched('ats.enable')).toBe(true);
    expect(observed([{}]).watched('ats.enable')).toBe(true);
    expect(observed([{ missed: 2n }]).watched('ats.enable')).toBe(false);
    expect(observed([{ fate: 'refused' }]).watched('ats.enable')).toBe(false);
    expect(observed([{ symbol: 'intel_iommu_probe_device' }]).watched('iommu.probe')).toBe(true);
  });

  it('of the kernel log where there is a log with records', () => {
    expect(observed([], { inputs: [['kernel-log']] }).watched('log.timeout')).toBe(true);
    expect(observed([], { inputs: [['kernel-log', 0n]] }).watched('log.timeout')).toBe(false);
    expect(observed([], { inputs: [['trace-dat']] }).watched('log.timeout')).toBe(false);
    expect(observed([], { inputs: [['kernel-log']] }).watched('ats.enable')).toBe(false);
  });
});

describe('why nothing of some kinds was observed', () => {
  const why = (...probes: readonly Probe[]) => observed(probes).blindness(['ats.enable', 'iommu.group_add']);

  it('is told in the order of what helps most', () => {
    const off = [
      { fate: 'off', left_out: 'iommu' },
      { fate: 'off', left_out: 'ats' },
      { fate: 'off', left_out: 'ats' },
    ];
    const refused = { fate: 'refused', text: 'Invalid argument' };
    const missing = { fate: 'missing', symbol: null, event: 'iommu:add_device_to_group' };
    expect(why({ missed: 2n }, { missed: 3n }, ...off, refused)).toEqual({
      why: 'missed',
      count: 5n,
      names: ['pci_enable_ats()'],
    });
    expect(why(...off, refused, missing)).toEqual({ why: 'left-out', groups: ['ats', 'iommu'] });
    expect(why(missing, refused)).toEqual({
      why: 'refused',
      reason: 'Invalid argument',
      names: ['pci_enable_ats()'],
    });
    expect(why(missing)).toEqual({ why: 'absent', names: ['trace event iommu:add_device_to_group'] });
    expect(why({ fate: 'off', left_out: null })).toEqual({ why: 'not-recorded' });
    expect(why()).toEqual({ why: 'not-recorded' });
  });
});

describe('of several parts each shows what its own traces recorded', () => {
  const probes = [{ source: 1 }, { source: 0, symbol: 'pci_disable_ats' }];
  const inputs: Input[] = [['trace-dat'], ['trace-dat']];
  const parts = [
    { sources: [0], counts: countsOf('ats.prepare') },
    { sources: [1], counts: countsOf('ats.restore') },
  ];
  const shown = (observation: Observation) =>
    (['ats.prepare', 'ats.enable', 'ats.disable', 'ats.restore'] as const).filter((kind) =>
      observation.wouldShow(kind),
    );

  it('and all of them together what any has', () => {
    const observation = new Observation(countsOf('ats.prepare', 'ats.restore'), watch(probes, inputs), parts);
    expect(shown(observation)).toEqual(['ats.prepare', 'ats.disable']);
    observation.enter(1);
    expect(shown(observation)).toEqual(['ats.enable', 'ats.restore']);
    observation.enter(null);
    expect(shown(observation)).toEqual(['ats.prepare', 'ats.enable', 'ats.disable', 'ats.restore']);
  });
});
