/**
 * Kernel behaviour as data. Version numbers do not order it (6.12.117 is newer in behaviour than 7.2.13), so rules ask
 * for features, never for versions. The profiles are rows read from kernel sources; what the recording shows corrects
 * them.
 */
export const FEATURE_DEFS = {
  prepare_exists: 'The kernel has `pci_prepare_ats()`: the translation unit is set at IOMMU probe.',
  supported_is_pf_aware: '`pci_ats_supported()` of a VF also asks about its PF.',
  prepare_checks_vf_shift: '`pci_prepare_ats()` of a VF fails when its page shift is not the one of its PF.',
  prepare_warns_unsupported: '`pci_prepare_ats()` WARNs on a function that does not support ATS.',
  vtd_probe_fails_on_prepare: 'The VT-d probe fails when prepare fails.',
  amd_probe_fails_on_prepare: 'The AMD probe fails when prepare fails.',
  smmu_probe_fails_on_prepare: 'The SMMUv3 probe fails when prepare fails.',
  driver_warns_on_enable_failure: 'SMMUv3 and VT-d WARN when ATS cannot be enabled.',
  reset_brackets:
    'A function reset parks the device in the blocked domain (`pci_dev_reset_iommu_prepare/done`).',
  required_devices: 'Some devices must have ATS on (`pci_ats_required()`).',
  quirk_in_header_phase: 'ATS quirks run before capability discovery, not after the IOMMU probe.',
  warn_names_file_first: 'WARN lines read `WARNING: file:line at function`.',
} as const;

export type FeatureName = keyof typeof FEATURE_DEFS;

/** Three-valued: null is unknown. */
export type FeatureSet = Record<FeatureName, boolean | null>;

export interface Profile {
  readonly id: string;
  readonly doc: string;
  readonly features: FeatureSet;
}

const FEATURE_NAMES = Object.keys(FEATURE_DEFS) as FeatureName[];

/** One letter per feature in the order of `FEATURE_DEFS`: y, n or ?. */
function features(letters: string): FeatureSet {
  return Object.fromEntries(
    FEATURE_NAMES.map((name, i) => [name, letters[i] === 'y' ? true : letters[i] === 'n' ? false : null]),
  ) as FeatureSet;
}

/** The kernels whose sources were read; of 6.16 to 7.1 the machine code of amd64, so nothing is known of SMMUv3 there. */
export const PROFILES: readonly Profile[] = [
  { id: '6.1', doc: '6.1.192: no prepare step', features: features('nnnnnnnnnnnn') },
  {
    id: '6.12-old',
    doc: '6.12 up to .116: prepare step, support test looks at the function only',
    features: features('ynnnnnnnnnnn'),
  },
  {
    id: '6.12-new',
    doc: '6.12.117 and .118: the support test is PF-aware',
    features: features('yynnnnnnnnnn'),
  },
  { id: '6.16', doc: '6.16.12, 6.17.13, 6.18.15: as 6.12-old', features: features('ynnnnn?nnnnn') },
  { id: '6.19', doc: '6.19.13: WARN lines name the file first', features: features('ynnnnn?nnnny') },
  { id: '7.0', doc: '7.0.13, 7.1.13: reset brackets', features: features('ynnnnn?nynny') },
  {
    id: '7.2',
    doc: '7.2.13: required devices, reset brackets; support test not PF-aware',
    features: features('ynnnnnynyyny'),
  },
  {
    id: 'series',
    doc: '7.3.4, and 7.2 with "iommu: Standardize ATS robustness and state tracking"',
    features: features('yyynynyyyyny'),
  },
  {
    id: 'amd-series',
    doc: 'series with "Refactors for AMD IOMMU / ATS robustness"',
    features: features('yyyyyyyyyyny'),
  },
  {
    id: 'no-ats-quirk',
    doc: 'amd-series with "Ensure ATS disabled via quirk before notifying IOMMU drivers"',
    features: features('yyyyyyyyyyyy'),
  },
];

export const UNKNOWN_FEATURES: FeatureSet = features('????????????');

/** Which profile a release string stands for. `last` is the highest stable number the sources were read for. */
const RELEASES: readonly {
  readonly series: string;
  readonly first: number;
  readonly last: number;
  readonly profile: string;
}[] = [
  { series: '6.1', first: 0, last: 192, profile: '6.1' },
  { series: '6.12', first: 0, last: 116, profile: '6.12-old' },
  { series: '6.12', first: 117, last: 118, profile: '6.12-new' },
  { series: '6.16', first: 0, last: 12, profile: '6.16' },
  { series: '6.17', first: 0, last: 13, profile: '6.16' },
  { series: '6.18', first: 0, last: 15, profile: '6.16' },
  { series: '6.19', first: 0, last: 13, profile: '6.19' },
  { series: '7.0', first: 0, last: 13, profile: '7.0' },
  { series: '7.1', first: 0, last: 13, profile: '7.0' },
  { series: '7.2', first: 0, last: 13, profile: '7.2' },
  { series: '7.3', first: 0, last: 4, profile: 'series' },
];

/** Features that stable updates and vendors are known to take in: beyond the sources read they are unknown. */
const BACKPORTED: readonly FeatureName[] = [
  'supported_is_pf_aware',
  'prepare_checks_vf_shift',
  'vtd_probe_fails_on_prepare',
  'driver_warns_on_enable_failure',
];

export function profileById(id: string): Profile | null {
  return PROFILES.find((profile) => profile.id === id) ?? null;
}

export interface ProfileChoice {
  readonly profile: Profile | null;
  readonly features: FeatureSet;
  /** Why this profile. */
  readonly why: string;
  /** Where there is no profile: what would give one. */
  readonly settle?: string;
}

/**
 * The profile of a release string such as `6.12.107+deb12-amd64`. A release of a known series outside the range that
 * was read keeps the series' profile, but what stable updates change is unknown there, as it is for a kernel with a
 * name of its own (`7.2.13-mytree`), which may carry patches.
 */
export function chooseProfile(release: string | null): ProfileChoice {
  if (release === null) {
    return {
      profile: null,
      features: { ...UNKNOWN_FEATURES },
      why: 'no source names the kernel release',
      settle: 'Add the kernel log (it names the release), or name a profile with --features.',
    };
  }
  const match = /^(\d+\.\d+)(?:\.(\d+))?(.*)$/.exec(release);
  const inSeries = match ? RELEASES.filter((row) => row.series === match[1]) : [];
  if (!match || inSeries.length === 0) {
    return {
      profile: null,
      features: { ...UNKNOWN_FEATURES },
      why: `kernel ${release} is of a series whose sources were not read; its behaviour is learned from the recording`,
      settle: 'Name the profile that comes nearest with --features: atscope analyze --help lists them.',
    };
  }
  const patch = Number(match[2] ?? '0');
  const row = inSeries.find((candidate) => patch >= candidate.first && patch <= candidate.last);
  const nearest = row ?? inSeries.filter((candidate) => candidate.first <= patch).at(-1) ?? inSeries[0];
  const profile = profileById(nearest.profile) as Profile;
  const vendor = isVendorName(match[3]);
  if (row && !vendor) return { profile, features: { ...profile.features }, why: `kernel ${release}` };
  const loosened = { ...profile.features };
  for (const name of BACKPORTED) loosened[name] = null;
  return {
    profile,
    features: loosened,
    why: vendor
      ? `kernel ${release} has a name of its own: features that patches change are learned from the recording`
      : `kernel ${release} is not among the sources read: features that updates change are learned from the recording`,
  };
}

/** Distribution suffixes (`+deb12-amd64`, `-1-generic`, `-200.fc40.x86_64`) name a build, not a patched tree. */
function isVendorName(suffix: string): boolean {
  return (
    suffix !== '' &&
    !/^([+.-](deb\d+u?\d*|amd64|arm64|generic|cloud|\d+|fc\d+|el\d+|x86_64|aarch64|default|rc\d+))+$/.test(
      suffix,
    )
  );
}

export interface FeatureCorrection {
  readonly feature: FeatureName;
  readonly value: boolean;
  /** Event that showed it. */
  readonly event: number;
  readonly why: string;
}

/** The features in force during a replay: a choice, corrected by what the recording shows. */
export class Features {
  readonly choice: ProfileChoice;
  /** True when the user named the profile: then nothing is corrected, and contradictions are reported. */
  readonly forced: boolean;
  readonly corrections: FeatureCorrection[] = [];
  private readonly set: FeatureSet;

  constructor(choice: ProfileChoice, forced: boolean) {
    this.choice = choice;
    this.forced = forced;
    this.set = { ...choice.features };
  }

  get(name: FeatureName): boolean | null {
    return this.set[name];
  }

  /** Takes what an event shows. Returns false when the user forbade corrections and the feature differs. */
  observe(feature: FeatureName, value: boolean, event: number, why: string): boolean {
    if (this.set[feature] === value) return true;
    if (this.forced) return false;
    this.set[feature] = value;
    this.corrections.push({ feature, value, event, why });
    return true;
  }
}
