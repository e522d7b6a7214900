import { type Table, TableBuilder, WHAT_IF } from '../tables/index.ts';
import { type EventKindName, UNKNOWN } from './events.ts';
import type { FeatureName, Features, Profile } from './features.ts';
import type { Finding } from './findings.ts';
import { type ContractFeatures, EINVAL, outcomeOf, supported, triOf } from './predict.ts';
import type { CompletedCall } from './rules/rule.ts';
import { resultText } from './rules/text.ts';

/** A call that another kernel would have answered differently. */
export interface Difference {
  readonly call: number;
  readonly event: number;
  readonly fn: number;
  readonly kind: EventKindName;
  readonly observed: number;
  readonly predicted: number;
  readonly why: string;
}

const WHY: Record<string, string> = {
  unsupported: 'the support test also asks about the PF, which does not support ATS',
  enabled: 'ATS is on already',
  'below-minimum': 'the page shift is below 12',
  'vf-shift': 'the page shift is not the one of the PF',
  accepted: 'nothing speaks against it',
};

/** Collects, call by call, where a kernel with other features would have answered differently. */
export class WhatIf {
  readonly profile: Profile;
  readonly differences: Difference[] = [];
  /** Events of VFs that were refused because nothing had prepared their PF, which on the other kernel a probe does. */
  readonly unprepared = new Set<number>();
  private readonly features: ContractFeatures;
  private readonly recorded: Features;

  /** @param recorded how the kernel of the recording behaves. */
  constructor(profile: Profile, recorded: Features) {
    this.profile = profile;
    this.recorded = recorded;
    this.features = {
      pfAware: triOf(profile.features.supported_is_pf_aware),
      checksVfShift: triOf(profile.features.prepare_checks_vf_shift),
    };
  }

  /** Looks at a call with the state before it. A call whose answer under the other kernel is not certain is left out. */
  look(done: CompletedCall): void {
    if (this.isUnprepared(done)) this.unprepared.add(done.event);
    const answer = this.answerTo(done);
    if (!answer || done.result === UNKNOWN || answer.result === done.result) return;
    this.differences.push({
      call: done.call,
      event: done.event,
      fn: done.fn.fn,
      kind: done.kind,
      observed: done.result,
      predicted: answer.result,
      why: answer.why,
    });
  }

  /** Before `pci_prepare_ats()` a PF had a page shift only once it was enabled: never in the identity domain (contract 5.6). */
  private isUnprepared({ kind, fn, result, operands }: CompletedCall): boolean {
    return (
      kind === 'ats.enable' &&
      fn.isVf === 1 &&
      result === EINVAL &&
      operands.pfStu === 0 &&
      this.recorded.get('prepare_exists') === false &&
      this.profile.features.prepare_exists === true
    );
  }

  private answerTo(done: CompletedCall): { result: number; why: string } | null {
    // What the support test answered on this kernel says nothing of its answer on the other one.
    const operands = { ...done.operands, answered: done.fn.isVf === 1 ? UNKNOWN : done.operands.answered };
    if (done.kind === 'ats.supported') {
      const own = done.fn.isVf === 1 && done.result === 1 ? { ...operands, cap: 1, untrusted: 0 } : operands;
      const answer = supported(own, this.features);
      return answer === UNKNOWN
        ? null
        : { result: answer, why: answer === 0 ? WHY.unsupported : WHY.accepted };
    }
    if (done.kind !== 'ats.prepare' && done.kind !== 'ats.enable') return null;
    const outcome = outcomeOf(done.kind, operands, this.features);
    return outcome && { result: outcome.result, why: WHY[outcome.name] };
  }
}

/** Which feature makes the probe of a driver fail when prepare does; all drivers count, the trace need not name one. */
const PROBE_FEATURES: Readonly<Record<string, FeatureName>> = {
  intel_iommu_: 'vtd_probe_fails_on_prepare',
  amd_iommu_: 'amd_probe_fails_on_prepare',
  arm_smmu_: 'smmu_probe_fails_on_prepare',
};

/** What would have become of a finding under the other kernel. */
export function fateOf(
  finding: Finding,
  whatIf: WhatIf,
  positionOf: (event: number) => number,
): { fate: string; why: string } {
  const refusedBefore = whatIf.differences.find(
    (difference) =>
      difference.fn === finding.fn?.fn &&
      difference.predicted !== 0 &&
      difference.kind !== 'ats.supported' &&
      positionOf(difference.event) <= positionOf(finding.event),
  );
  if (refusedBefore) {
    const probeFails = Object.values(PROBE_FEATURES).some((name) => whatIf.profile.features[name] === true);
    const own = refusedBefore.event === finding.event;
    return own
      ? {
          fate: 'refused',
          why: `the call returns ${resultText(refusedBefore.predicted)}: ${refusedBefore.why}`,
        }
      : {
          fate: 'prevented',
          why: `an earlier call of the function returns ${resultText(refusedBefore.predicted)} (${refusedBefore.why})${
            probeFails ? ', and the probe of the driver fails with it' : ''
          }`,
        };
  }
  const unsupported = whatIf.differences.find(
    (difference) =>
      difference.fn === finding.fn?.fn &&
      difference.kind === 'ats.supported' &&
      positionOf(difference.event) <= positionOf(finding.event),
  );
  if (unsupported) return { fate: 'prevented', why: `pci_ats_supported() answers no: ${unsupported.why}` };
  if (finding.rule === 'ATS017') {
    const driver = Object.keys(PROBE_FEATURES).find((prefix) => finding.message.startsWith(prefix));
    if (driver !== undefined && whatIf.profile.features[PROBE_FEATURES[driver]] === true)
      return { fate: 'prevented', why: 'the probe of the driver fails when prepare does' };
  }
  if (whatIf.unprepared.has(finding.event))
    return {
      fate: 'prevented',
      why: 'the IOMMU driver prepares the PF when it probes it, whatever domain the PF gets',
    };
  if (WARNED_EVERYWHERE.has(finding.rule)) return { fate: 'loud', why: 'so does every kernel' };
  if (LOUD.has(finding.rule) && whatIf.profile.features.driver_warns_on_enable_failure === true) {
    return { fate: 'loud', why: 'SMMUv3 and VT-d WARN when ATS cannot be enabled' };
  }
  return { fate: 'same', why: UNCHANGED[finding.rule] ?? 'this kernel does nothing about it' };
}

/** The PCI core WARNs at these in every version (rules, table L). */
const WARNED_EVERYWHERE: ReadonlySet<string> = new Set(['ATS013', 'ATS014', 'ATS015']);

const NOBODY_READS = 'no kernel compares the register with what it believes';
/** Why nothing changes, where that is more than that this kernel is like the other one. */
const UNCHANGED: Readonly<Record<string, string>> = {
  ATS012: NOBODY_READS,
  ATS028: NOBODY_READS,
  ATS029: NOBODY_READS,
  ATS030: NOBODY_READS,
  ATS040: 'the functions are exported, and nothing checks who calls them',
};

/** Findings about a failed enable, which some kernels announce with a WARN. */
const LOUD: ReadonlySet<string> = new Set(['ATS004', 'ATS094', 'ATS016']);

/** The differences and the fates of the findings as one table. */
export function whatIfTable(
  whatIf: WhatIf | null,
  findings: readonly Finding[],
  addressOf: (fn: number) => string,
  positionOf: (event: number) => number,
  timeOf: (event: number) => bigint | null,
): Table<typeof WHAT_IF> {
  const builder = new TableBuilder(WHAT_IF);
  if (!whatIf) return builder.finish();
  for (const { call, event, fn, kind, observed, predicted, why } of whatIf.differences) {
    builder.append({
      profile: whatIf.profile.id,
      subject: 'call',
      call,
      finding: null,
      function: addressOf(fn),
      time_ns: timeOf(event),
      what: kind,
      observed: kind === 'ats.supported' ? (observed ? 'yes' : 'no') : resultText(observed),
      predicted: kind === 'ats.supported' ? (predicted ? 'yes' : 'no') : resultText(predicted),
      why,
    });
  }
  for (const finding of findings.filter((candidate) => candidate.severity !== 'note')) {
    const { fate, why } = fateOf(finding, whatIf, positionOf);
    builder.append({
      profile: whatIf.profile.id,
      subject: 'finding',
      call: null,
      finding: finding.id,
      function: finding.fn?.address ?? null,
      time_ns: timeOf(finding.event),
      what: `${finding.rule} ${finding.name}`,
      observed: finding.severity,
      predicted: fate,
      why,
    });
  }
  return builder.finish();
}
