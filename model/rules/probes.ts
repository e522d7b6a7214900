import { kindMask, UNKNOWN } from '../events.ts';
import type { FeatureName } from '../features.ts';
import { driverOf } from '../known-functions.ts';
import { CORE_SUPPORTED } from '../state.ts';
import type { FunctionRecord } from '../topology.ts';
import { NOTE } from './notes.ts';
import type { CompletedCall, Rule, RuleContext } from './rule.ts';
import { resultText, shiftText } from './text.ts';

const SERIES = 'kernel series "iommu: Standardize ATS robustness and state tracking"';
const ENODEV = -19;
const PROBE = kindMask('iommu.probe');

/** Which feature says that the probe of this driver fails when prepare fails. */
const PROBE_FEATURE: readonly (readonly [prefix: string, feature: FeatureName])[] = [
  ['intel_', 'vtd_probe_fails_on_prepare'],
  ['amd_', 'amd_probe_fails_on_prepare'],
  ['arm_smmu_', 'smmu_probe_fails_on_prepare'],
];

/** The driver works on a function whose probe failed. */
function usedAfterFailedProbe(
  context: RuleContext,
  done: { fn: CompletedCall['fn'] },
  event: number,
  what: string,
): void {
  const failed = context.recall(done.fn.fn, NOTE.failedProbe);
  if (failed === UNKNOWN) return;
  context.remember(done.fn.fn, NOTE.failedProbeUsed, failed);
  context.fire('ATS041', {
    fn: done.fn.fn,
    event,
    since: failed,
    message: `The IOMMU driver works on ${done.fn.address} (${what}) after its probe of it failed.`,
    expected: 'Nothing of the driver runs on a function that it refused.',
    observed: `${what} after a failed probe.`,
    evidence: [
      { role: 'the probe fails', event: failed },
      { role: 'the driver goes on', event },
    ],
    key: what,
  });
}

/**
 * The kernel used freed memory or a bad address in a driver: the splat names no device, so the functions whose probe by that driver failed are
 * asked. A use that the trace showed has been told already.
 */
function badAccess(context: RuleContext, event: number): void {
  const symbol = context.symbolAt(event) ?? '';
  const refused: FunctionRecord[] = [];
  for (const fn of context.topology.inForce()) {
    const failed = context.recall(fn.fn, NOTE.failedProbe);
    // Neither is known where no probe of the function failed.
    if (context.recall(fn.fn, NOTE.failedProbeUsed) === failed) continue;
    if (driverOf(context.symbolAt(failed) ?? '') === driverOf(symbol)) refused.push(fn);
  }
  if (refused.length === 0) return;
  if (context.timeOf(event) === null)
    return context.undecided('the order of the splat and the failed probe is unknown');
  const fn = refused.length === 1 ? refused[0] : null;
  const failures = refused.map(({ fn: id, address }) => ({
    role: `the probe of ${address} fails`,
    event: context.recall(id, NOTE.failedProbe),
  }));
  context.fire('ATS041', {
    fn: fn?.fn ?? null,
    event,
    since: fn ? failures[0].event : undefined,
    message: `The kernel used freed memory, or an address that cannot be, in ${symbol}() after the IOMMU driver's probe of ${refused
      .map(({ address }) => address)
      .join(', ')} failed.`,
    expected: 'Nothing of the driver runs on a function that it refused.',
    observed: `A splat in ${symbol}(), ${context.taskText(event)}.`,
    evidence: [...failures, { role: 'the splat of the kernel', event }],
    key: `splat ${symbol}`,
  });
}

export const PROBE_RULES: readonly Rule[] = [
  {
    id: 'ATS017',
    name: 'prepare-failure-ignored',
    severity: 'warning',
    layers: ['drv'],
    condition:
      'pci_prepare_ats() fails inside the probe of an IOMMU driver, the function is known to support ATS, and the probe succeeds.',
    versions: '6.12: VT-d, AMD, SMMUv3. 7.2: VT-d, AMD. Series: AMD only.',
    meaning: 'The device goes on with a page shift that was never set; its VFs will meet ATS003 and ATS004.',
    fix: 'Fail the probe, as the series does.',
    needs: [['ats.prepare'], ['iommu.probe']],
    causes: ['ATS009', 'ATS003', 'ATS014'],
    references: ['drivers/iommu/intel/iommu.c intel_iommu_probe_device()', SERIES],
    calls: ['ats.prepare', 'iommu.probe'],
    onCall(context, done) {
      const { fn } = done;
      if (done.kind === 'ats.prepare') {
        const failed = done.result !== 0 && done.result !== UNKNOWN;
        const probe = context.enclosing(done.call, PROBE) >= 0;
        context.remember(fn.fn, NOTE.prepareFailedInProbe, failed && probe ? done.event : UNKNOWN);
        context.remember(fn.fn, NOTE.prepareShift, done.pageShift);
        return;
      }
      if (done.exit < 0) return;
      const failed = context.recall(fn.fn, NOTE.prepareFailedInProbe);
      context.remember(fn.fn, NOTE.prepareFailedInProbe, UNKNOWN);
      if (failed === UNKNOWN) return context.passed();
      if (done.result === UNKNOWN) return context.undecided('the result of the probe was not recorded');
      if (context.state.get(fn.fn, CORE_SUPPORTED) !== 1) {
        return context.undecided(
          'whether the function supports ATS is unknown, and drivers prepare others too',
        );
      }
      if (done.result !== 0) return context.passed();
      const symbol = context.symbolOf(done.call) ?? '';
      const impossible = PROBE_FEATURE.some(
        ([prefix, feature]) => symbol.startsWith(prefix) && context.feature(feature) === true,
      );
      context.fire('ATS017', {
        fn: fn.fn,
        event: done.event,
        since: failed,
        message: `${symbol}() went on with ${fn.address} although pci_prepare_ats() with ${shiftText(
          context.recall(fn.fn, NOTE.prepareShift),
        )} failed${impossible ? ', which the assumed kernel does not do' : ''}.`,
        expected: 'The probe fails when prepare fails.',
        observed: 'The probe returned success.',
        evidence: [
          ...context.because(fn.fn, CORE_SUPPORTED, 'the function supports ATS'),
          { role: 'prepare fails', event: failed },
          { role: 'the probe succeeds', event: done.event },
        ],
      });
    },
  },
  {
    id: 'ATS041',
    name: 'used-after-failed-probe',
    severity: 'error',
    layers: ['drv'],
    condition:
      'The probe of an IOMMU driver returned an error, and without a successful probe since, the driver releases or attaches the function or changes its ATS or PASID, or the kernel reports a use of freed memory or of a bad address in that driver.',
    versions:
      'SMMUv3 up to 7.2 leaves a dangling pointer; VT-d when support answers differ (ATS020); AMD keeps its object by design.',
    meaning: 'Use after free on the error path of the probe.',
    fix: 'Clear the per-device pointer on the error path.',
    needs: [['iommu.probe']],
    references: [
      'drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c arm_smmu_probe_device()',
      `v7 of the ${SERIES}`,
    ],
    calls: ['iommu.probe', 'ats.enable', 'ats.disable', 'pasid.enable', 'pasid.disable'],
    onCall(context, done) {
      if (done.kind === 'iommu.probe') {
        const symbol = context.symbolOf(done.call) ?? '';
        const failed =
          done.result !== UNKNOWN &&
          done.result !== 0 &&
          done.result !== ENODEV &&
          // AMD keeps its object through a failed probe by design.
          driverOf(symbol) !== 'amd';
        context.remember(done.fn.fn, NOTE.failedProbe, failed ? done.event : UNKNOWN);
        if (!failed) context.passed();
        return;
      }
      if (context.callerKind(done.event) !== 'iommu') return;
      usedAfterFailedProbe(
        context,
        done,
        done.event,
        `${context.symbolOf(done.call) ?? done.kind}() returned ${resultText(done.result)}`,
      );
    },
    points: ['log.bad_access'],
    onPoint: (context, _kind, _fn, event) => badAccess(context, event),
    entries: ['iommu.release', 'iommu.attach'],
    onEnter(context, call, fn, event) {
      const symbol = context.symbolOf(call) ?? '';
      if (/^(intel_iommu_|arm_smmu_)/.test(symbol))
        usedAfterFailedProbe(context, { fn }, event, `${symbol}()`);
    },
  },
];
