import { describe, expect, it } from 'vitest';
import { chooseProfile, PROFILES } from '../../model/features.ts';
import { rowsOf } from '../../tables/index.ts';
import { analyzeBytes } from '../support/pipeline.ts';
import { TraceWriter } from '../support/trace-writer.ts';
import { liveVf, readyPf } from './rule-cases/steps.ts';

const profileOf = (release: string | null) => chooseProfile(release).profile?.id ?? null;

describe('the profile of a release', () => {
  it.each([
    ['6.1.0-50-amd64', '6.1'],
    ['6.12.43+deb12-amd64', '6.12-old'],
    ['6.12.116+deb13-amd64', '6.12-old'],
    ['6.12.117+deb13-amd64', '6.12-new'],
    ['6.12.118+deb13-amd64', '6.12-new'],
    ['6.16.12+deb13-amd64', '6.16'],
    ['6.17.13+deb13-amd64', '6.16'],
    ['6.18.15+deb13-amd64', '6.16'],
    ['6.19.13+deb13-amd64', '6.19'],
    ['7.0.13+deb13-amd64', '7.0'],
    ['7.1.3+deb13-amd64', '7.0'],
    ['7.2.13+deb14-amd64', '7.2'],
    ['7.3.4+deb13-amd64', 'series'],
  ])('%s is %s, as read', (release, profile) => {
    const choice = chooseProfile(release);
    expect(choice.profile?.id).toBe(profile);
    expect(choice.features).toEqual(choice.profile?.features);
    expect(choice.settle).toBeUndefined();
  });

  it('beyond the sources read, what updates take in is unknown', () => {
    for (const release of ['6.18.40', '6.12.200', '7.3.9', '7.2.13-mytree']) {
      const { profile, features, why } = chooseProfile(release);
      expect(profile).not.toBeNull();
      expect(features.supported_is_pf_aware).toBeNull();
      expect(features.prepare_exists).toBe(true);
      expect(why).toMatch(/not among the sources read|name of its own/);
    }
  });

  it('of an unknown kernel nothing is known, and what helps is said', () => {
    for (const [release, help] of [
      ['5.10.0-8-amd64', /comes nearest with --features/],
      ['8.0.1', /comes nearest with --features/],
      ['next', /comes nearest with --features/],
      [null, /kernel log/],
    ] as const) {
      expect(profileOf(release)).toBeNull();
      expect(Object.values(chooseProfile(release).features).every((value) => value === null)).toBe(true);
      expect(chooseProfile(release).settle).toMatch(help);
    }
  });

  it('every profile says of every feature whether the kernel has it, but for drivers that were not read', () => {
    for (const { id, features } of PROFILES) {
      const unknown = Object.entries(features).filter(([, value]) => value === null);
      expect([id, unknown.map(([name]) => name)]).toEqual([
        id,
        ['6.16', '6.19', '7.0'].includes(id) ? ['smmu_probe_fails_on_prepare'] : [],
      ]);
    }
  });
});

describe('rules about what a kernel does not have', () => {
  const coverage = async (profile: string) => {
    const trace = liveVf(readyPf(new TraceWriter()));
    const analysis = await analyzeBytes({ 'trace.txt': trace.text() }, { profile });
    return new Map(rowsOf(analysis.ruleCoverage).map((row) => [row.rule, row]));
  };

  it('ATS026 and ATS038 do not apply without reset brackets and required devices', async () => {
    const old = await coverage('6.12-old');
    expect(old.get('ATS026')).toMatchObject({
      status: 'not_applicable',
      why: 'This kernel has no pci_dev_reset_iommu_prepare().',
    });
    expect(old.get('ATS038')).toMatchObject({
      status: 'not_applicable',
      why: 'This kernel has no pci_ats_required().',
    });
    const recent = await coverage('7.2');
    expect(recent.get('ATS026')?.status).toBe('not_evaluable');
    expect(recent.get('ATS038')?.status).toBe('not_evaluable');
  });
});
