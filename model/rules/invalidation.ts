import type { EventKindName } from '../events.ts';
import { KIND, kindMask, UNKNOWN } from '../events.ts';
import { driverOf } from '../known-functions.ts';
import { CORE_EN, HW_EN } from '../state.ts';
import type { FunctionRecord } from '../topology.ts';
import { NOTE } from './notes.ts';
import type { CompletedCall, Draft, Rule, RuleContext } from './rule.ts';

/** A completion wait of another CPU may still be under way this long after ATS went off. */
const IN_FLIGHT_NS = 1_000_000n;
/** A fault this long after a change of ATS may still come from it. */
const AFTERMATH_NS = 1_000_000_000n;

/** The log and the trace event of one error are this near. */
const TOLD_TWICE_NS = 10_000_000n;

/** The same fault, told a moment ago: once by the log and once by the trace. */
function isToldTwice(context: RuleContext, before: number, event: number): boolean {
  const [then, now] = [context.timeOf(before), context.timeOf(event)];
  if (then === null || now === null || now - then >= TOLD_TWICE_NS) return false;
  return (context.commText(before) === null) !== (context.commText(event) === null);
}

const ATTACHING = kindMask('iommu.attach', 'iommu.block', 'iommu.release', 'reset.prepare', 'reset.done');

/** The windows in which an invalidation to a function with ATS off is part of a correct attach or detach. */
function isLegalWindow(context: RuleContext, fn: FunctionRecord, event: number): boolean {
  const call = context.callAround(event);
  if (call >= 0 && (ATTACHING[KIND[context.kindOfCall(call)]] || context.enclosing(call, ATTACHING) >= 0))
    return true;
  const off = context.timeOf(context.state.setBy(fn.fn, CORE_EN));
  const now = context.timeOf(event);
  return off !== null && now !== null && now - off < IN_FLIGHT_NS;
}

const DETACHING: readonly EventKindName[] = [
  'iommu.attach',
  'iommu.block',
  'iommu.release',
  'iommu.group_remove',
  'device.remove',
  'reset.prepare',
];

function invalidated(context: RuleContext, fn: number, event: number): void {
  context.remember(fn, NOTE.invalidated, event);
  context.met('ATS035', fn);
}

function detaches(context: RuleContext, fn: number, event: number): void {
  // The attach that switches ATS on is over when it is on; the first step after that begins the detach.
  if (context.state.get(fn, CORE_EN) === 1 && context.recall(fn, NOTE.detach) === UNKNOWN)
    context.remember(fn, NOTE.detach, event);
}

/** Whether the driver that switches ATS off is known to invalidate before or after it (contract 5.2). */
function invalidatesAtDisable(context: RuleContext, caller: string): boolean {
  switch (caller.startsWith('detach_device') ? 'amd' : driverOf(caller)) {
    case 'smmu':
      return true;
    case 'amd':
      return context.feature('prepare_exists') === false;
    default:
      return context.feature('reset_brackets') === true;
  }
}

/** `domain->type` of the blocked domain: nothing is translated through it, so nothing of it is cached. */
const BLOCKED = 0;

/** ATS035: an invalidation that names the function must still come. */
function expectInvalidation(
  context: RuleContext,
  { fn, event }: CompletedCall,
  isUsual: boolean,
  draft: Pick<Draft, 'message' | 'expected' | 'observed' | 'evidence'>,
): void {
  context.expect({
    rule: 'ATS035',
    fn: fn.fn,
    event,
    beforeUse: false,
    beforeRemoval: true,
    overdue: () => ({ fn: fn.fn, event, severity: isUsual ? 'warning' : undefined, ...draft }),
  });
}

/** Attached to another domain with ATS on all along: what the device has cached of the old one must go. */
function changesDomain(context: RuleContext, done: CompletedCall): void {
  const { fn, enter, call, event } = done;
  if (enter < 0 || done.result !== 0 || context.enclosing(call, ATTACHING) >= 0) return;
  const before = context.recall(fn.fn, NOTE.attached);
  context.remember(fn.fn, NOTE.attached, enter);
  if (before === UNKNOWN || context.state.get(fn.fn, CORE_EN) !== 1) return;
  if (context.positionOf(context.state.setBy(fn.fn, CORE_EN)) > context.positionOf(enter)) return;
  const old = context.value(before, 'domainType');
  if (old === UNKNOWN) return context.undecided('the type of the domain that the function leaves is unknown');
  if (old === BLOCKED) return context.passed();
  if (!context.wasRecorded('invalidate')) return context.undecided('invalidations are not recorded');
  const last = context.recall(fn.fn, NOTE.invalidated);
  if (context.positionOf(last) >= context.positionOf(enter)) return context.passed();
  expectInvalidation(context, done, invalidatesAtDisable(context, context.symbolOf(call) ?? ''), {
    message: `${fn.address} was attached to another domain with ATS on, without a device-TLB invalidation.`,
    expected: 'An invalidation between one domain and the next.',
    observed: 'No invalidation names the function in or after the attach.',
    evidence: [
      ...context.because(fn.fn, CORE_EN, 'ATS is on'),
      { role: 'the domain before', event: before },
      { role: 'the attach', event },
    ],
  });
}

function judgeInvalidation(context: RuleContext, fn: FunctionRecord, event: number): void {
  const core = context.state.get(fn.fn, CORE_EN);
  const hw = context.state.get(fn.fn, HW_EN);
  if (core === UNKNOWN || (core === 0 && !context.wasRecorded('ats.enable')))
    return context.undecided('whether ATS was on is unknown');
  if (core === 1 || hw === 1 || isLegalWindow(context, fn, event)) return context.passed();
  // SMMUv3 invalidates just before it enables and just after it disables (contract 5.2).
  if (
    context.symbolOf(context.callAround(event))?.startsWith('arm_smmu_') &&
    !context.wasRecorded('iommu.attach')
  )
    return context.undecided('attaches are not recorded');
  context.fire('ATS034', {
    fn: fn.fn,
    event,
    since: context.state.setBy(fn.fn, CORE_EN),
    message: `A device-TLB invalidation was sent to ${fn.address}, which has ATS off.`,
    expected: 'Invalidations go to functions that have ATS on.',
    observed: 'ats_enabled = 0, and no attach or detach is under way.',
    evidence: [...context.because(fn.fn, CORE_EN, 'ATS is off'), { role: 'the invalidation', event }],
  });
}

export const INVALIDATION_RULES: readonly Rule[] = [
  {
    id: 'ATS034',
    name: 'invalidation-to-disabled',
    severity: 'warning',
    layers: ['drv', 'core', 'hw'],
    condition:
      'A device-TLB invalidation names a function that has ATS off, in the core and as far as known in its register, outside the attach or detach that switches it and more than a millisecond after that.',
    versions: 'All. VT-d checks its own flag first, so a hit there means a stale cache tag.',
    meaning: 'A stale cache tag or list entry, or a wrong belief (ATS016); time-outs are ahead.',
    fix: 'Remove the entry when ATS goes off.',
    needs: [['invalidate'], ['ats.enable', 'ats.disable']],
    causes: ['ATS016', 'ATS040', 'ATS015'],
    once: 'generation',
    references: [
      'drivers/iommu/intel/cache.c',
      'drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c arm_smmu_atc_inv_master()',
    ],
    points: ['invalidate'],
    onPoint(context, _kind, fn, event) {
      if (fn) judgeInvalidation(context, fn, event);
    },
    entries: ['invalidate'],
    onEnter: (context, _call, fn, event) => judgeInvalidation(context, fn, event),
  },
  {
    id: 'ATS035',
    name: 'no-invalidation-at-disable',
    severity: 'note',
    severityNote:
      'warning for SMMUv3, for AMD on kernels without prepare, and for VT-d on kernels with reset brackets',
    layers: ['drv'],
    condition:
      'ATS of a function goes off, or its domain changes with ATS on, and no device-TLB invalidation names it in the attach, detach or release that does so, nor after it until ATS is on again.',
    versions: 'Expected on AMD 6.12 and 7.2 and on VT-d 6.12; VT-d 7.2, AMD 6.1 and SMMUv3 invalidate.',
    meaning:
      'Whether stale translations can be used then depends on what the device does when Enable goes to 0.',
    fix: 'Invalidate before or after ATS goes off.',
    needs: [['invalidate'], ['ats.disable', 'iommu.attach']],
    causes: ['ATS040'],
    once: 'generation',
    references: ['PCIe 10.3'],
    points: ['invalidate', 'iommu.group_remove'],
    onPoint(context, kind, fn, event) {
      if (!fn) return;
      if (kind === 'invalidate') invalidated(context, fn.fn, event);
      else detaches(context, fn.fn, event);
    },
    entries: ['invalidate', ...DETACHING],
    onEnter(context, _call, fn, event) {
      if (context.kindOf(event) === 'invalidate') invalidated(context, fn.fn, event);
      else detaches(context, fn.fn, event);
    },
    calls: ['ats.enable', 'ats.disable', 'iommu.attach'],
    // A reset empties the translation cache of the device.
    onHardwareReset: (context, fn) => context.met('ATS035', fn.fn),
    onCall(context, done) {
      const { fn, event } = done;
      if (done.kind === 'iommu.attach') return changesDomain(context, done);
      if (done.kind === 'ats.enable') {
        if (done.result !== 0) return;
        context.remember(fn.fn, NOTE.invalidated, UNKNOWN);
        context.remember(fn.fn, NOTE.detach, UNKNOWN);
        return context.overdue('ATS035', fn.fn, event);
      }
      if (context.state.get(fn.fn, CORE_EN) !== 1) return;
      if (!context.wasRecorded('invalidate')) return context.undecided('invalidations are not recorded');
      const last = context.recall(fn.fn, NOTE.invalidated);
      const begin = context.recall(fn.fn, NOTE.detach);
      if (last !== UNKNOWN && begin === UNKNOWN) {
        return context.undecided('where the detach began is not recorded');
      }
      if (last !== UNKNOWN && context.positionOf(last) >= context.positionOf(begin)) return context.passed();
      const isUsual = invalidatesAtDisable(context, context.callerText(event) ?? '');
      expectInvalidation(context, done, isUsual, {
        message: `ATS of ${fn.address} went off without a device-TLB invalidation.`,
        expected: isUsual
          ? 'An invalidation around the disable.'
          : 'Nothing: this driver is known to skip it.',
        observed: 'No invalidation names the function around its disable.',
        evidence: [...context.because(fn.fn, CORE_EN, 'ATS was on'), { role: 'ATS goes off', event }],
      });
    },
  },
  {
    id: 'ATS037',
    name: 'translation-fault-after-change',
    severity: 'note',
    layers: ['hw'],
    condition:
      'A fault of ATS requests, or an Unsupported Request or ACS Violation that ATS requests may have caused, is reported for a function within a second after its ATS state changed.',
    versions: 'All; faults are rate limited and come late.',
    meaning: 'The device used ATS outside its enabled window.',
    fix: 'Look at the order of the enable in the device and in the IOMMU; see ATS029.',
    needs: [['log.fault'], ['ats.enable', 'ats.disable', 'config.write_user']],
    causes: ['ATS029', 'ATS030', 'ATS028'],
    references: ['drivers/iommu/intel/dmar.c', 'drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c'],
    points: ['log.fault'],
    onPoint(context, _kind, fn, event) {
      if (!fn) return;
      const before = context.recall(fn.fn, NOTE.fault);
      context.remember(fn.fn, NOTE.fault, event);
      if (isToldTwice(context, before, event)) return;
      const change = context.later(context.state.setBy(fn.fn, CORE_EN), context.state.setBy(fn.fn, HW_EN));
      const at = context.timeOf(change);
      const now = context.timeOf(event);
      if (at === null || now === null)
        return context.undecided('the order of the fault and the change of ATS is unknown');
      if (now - at > AFTERMATH_NS) return context.passed();
      context.fire('ATS037', {
        fn: fn.fn,
        event,
        since: change,
        message: `${fn.address} caused a fault of ATS requests shortly after its ATS state changed.`,
        expected: 'No ATS requests outside the enabled window.',
        observed: 'The IOMMU or Advanced Error Reporting told of the fault.',
        evidence: [
          { role: 'ATS changes', event: change },
          { role: 'the fault', event },
        ],
      });
    },
  },
];
