import { kindMask, UNKNOWN } from '../events.ts';
import { driverOf, type IommuDriver } from '../known-functions.ts';
import { EBUSY } from '../predict.ts';
import { CORE_CAP, CORE_EN, CORE_SUPPORTED, CORE_UNTRUSTED } from '../state.ts';
import type { FunctionRecord } from '../topology.ts';
import { NOTE } from './notes.ts';
import type { CompletedCall, Rule, RuleContext } from './rule.ts';
import { resultText, shiftText, warnDeviceText } from './text.ts';

const ATTACH = kindMask('iommu.attach');

/** What the kernel itself says: its return value or its WARN. */
function kernelSaysOn(done: CompletedCall): boolean {
  return done.result === EBUSY || done.warn >= 0;
}

function callEvidence(context: RuleContext, done: CompletedCall, state: string) {
  return [
    ...context.because(done.fn.fn, CORE_EN, state),
    { role: 'the call', event: done.event },
    { role: 'the WARN of the kernel', event: done.warn },
  ];
}

/** Who called, in words: a bare address outside the kernel image belongs to a module that is gone by now. */
function callerName(context: RuleContext, event: number): string {
  const text = context.callerText(event) ?? 'an unnamed caller';
  return /^(0x)?[0-9a-f]{16}$/.test(text) ? `a module (${text})` : text;
}

function callerOf(context: RuleContext, done: CompletedCall): string {
  return context.callerKind(done.event) === 'unknown'
    ? ''
    : `, called from ${callerName(context, done.event)}`;
}

/** Names who called without addresses, for signatures. */
function callerKey(context: RuleContext, done: CompletedCall): string {
  return `by=${context.callerKind(done.event)}`;
}

export const CALL_RULES: readonly Rule[] = [
  {
    id: 'ATS013',
    name: 'double-enable',
    severity: 'error',
    layers: ['core', 'drv'],
    condition: 'pci_enable_ats() while the core has ATS on, or it returns -EBUSY, or it WARNs.',
    versions: 'All: WARN and -EBUSY, nothing changes.',
    meaning: 'The driver lost track: it believes ATS off while the core has it on.',
    fix: 'Correct the flag of the driver; look for an object rebuilt without a release.',
    needs: [['ats.enable', 'log.warn']],
    causes: ['ATS040', 'ATS027'],
    references: ['drivers/pci/ats.c pci_enable_ats()'],
    calls: ['ats.enable'],
    onCall(context, done) {
      const on = context.state.get(done.fn.fn, CORE_EN);
      if (!kernelSaysOn(done) && on !== 1) {
        return on === UNKNOWN && done.result !== 0
          ? context.undecided('whether ATS was on is unknown')
          : context.passed();
      }
      if (done.result === 0) return;
      context.fire('ATS013', {
        fn: done.fn.fn,
        event: done.event,
        since: context.state.setBy(done.fn.fn, CORE_EN),
        message: `ATS of ${done.fn.address} is enabled a second time${callerOf(context, done)}.`,
        expected: 'pci_enable_ats() only while ATS is off.',
        observed: `pci_enable_ats(${done.fn.address}, ${done.pageShift === UNKNOWN ? '?' : done.pageShift}) returned ${resultText(done.result)} while ATS was on.`,
        evidence: callEvidence(context, done, 'ATS is on already'),
        key: callerKey(context, done),
      });
    },
    onLoneWarn: (context, event, symbol, fn) =>
      loneWarn(context, event, fn, symbol, 'pci_enable_ats', 'ATS013', 'enabled a second time'),
  },
  {
    id: 'ATS014',
    name: 'prepare-while-enabled',
    severity: 'error',
    layers: ['core', 'drv'],
    condition:
      'pci_prepare_ats() while the core has ATS on, or it returns -EBUSY, or it WARNs on a kernel whose prepare WARNs for nothing else.',
    versions:
      '6.12 and later: WARN and -EBUSY; then the probe fails on SMMUv3 of 7.2 and on the drivers of the series.',
    meaning: 'An IOMMU driver probes a device again that was never released.',
    fix: 'Release with ATS off (see ATS027).',
    needs: [['ats.prepare', 'log.warn']],
    causes: ['ATS027', 'ATS040'],
    references: ['drivers/pci/ats.c pci_prepare_ats()'],
    calls: ['ats.prepare'],
    onCall(context, done) {
      const on = context.state.get(done.fn.fn, CORE_EN);
      const mandate = context.feature('prepare_warns_unsupported') !== false;
      const says = done.result === EBUSY || (done.warn >= 0 && !mandate);
      if (!says && on !== 1) {
        return on === UNKNOWN && done.result !== 0
          ? context.undecided('whether ATS was on is unknown')
          : context.passed();
      }
      if (done.result === 0) return;
      context.fire('ATS014', {
        fn: done.fn.fn,
        event: done.event,
        since: context.state.setBy(done.fn.fn, CORE_EN),
        message: `${done.fn.address} is prepared while ATS is on${callerOf(context, done)}.`,
        expected: 'pci_prepare_ats() only while ATS is off.',
        observed: `pci_prepare_ats(${done.fn.address}, ${done.pageShift === UNKNOWN ? '?' : done.pageShift}) returned ${resultText(done.result)} while ATS was on.`,
        evidence: callEvidence(context, done, 'ATS is on'),
        key: callerKey(context, done),
      });
    },
    onLoneWarn: (context, event, symbol, fn) =>
      loneWarn(context, event, fn, symbol, 'pci_prepare_ats', 'ATS014', 'prepared while ATS is on'),
  },
  {
    id: 'ATS015',
    name: 'disable-not-enabled',
    severity: 'error',
    layers: ['core', 'drv'],
    condition: 'pci_disable_ats() while the core has ATS off, or it WARNs.',
    versions: 'All: WARN, the hardware is not touched.',
    meaning:
      'The caller believes ATS on while the core has it off. On SMMUv3 this is the symptom of an enable that failed earlier (ATS016): look back.',
    fix: 'Find what made the belief wrong: a failed enable, or somebody who switched ATS off behind the driver.',
    needs: [['ats.disable', 'log.warn']],
    causes: ['ATS040', 'ATS016', 'ATS004', 'ATS003', 'ATS009'],
    references: ['drivers/pci/ats.c pci_disable_ats()'],
    calls: ['ats.disable'],
    onCall(context, done) {
      const on = context.state.get(done.fn.fn, CORE_EN);
      const since = context.state.setBy(done.fn.fn, CORE_EN);
      // A return shows the state only after the rules have looked.
      const isShown = since === done.enter;
      if (done.warn < 0 && (on === UNKNOWN || (on === 0 && !isShown && !context.wasRecorded('ats.enable'))))
        return context.undecided('whether ATS was on is unknown');
      if (done.warn < 0 && on === 1) return context.passed();
      context.fire('ATS015', {
        fn: done.fn.fn,
        event: done.event,
        since,
        message: `ATS of ${done.fn.address} is disabled although it is not on${callerOf(context, done)}.`,
        expected: 'pci_disable_ats() only while ATS is on.',
        observed:
          done.warn >= 0
            ? 'The kernel WARNs in pci_disable_ats().'
            : 'pci_disable_ats() with ats_enabled = 0.',
        evidence: callEvidence(context, done, 'ATS is off'),
        key: callerKey(context, done),
      });
    },
    onLoneWarn: (context, event, symbol, fn) =>
      loneWarn(context, event, fn, symbol, 'pci_disable_ats', 'ATS015', 'disabled although it is not on'),
  },
  {
    id: 'ATS016',
    name: 'driver-believes-enabled',
    severity: 'error',
    layers: ['drv', 'core'],
    condition:
      'Enable failed (and not because ATS was on already, which is ATS013) and the driver goes on as if ATS were on: on SMMUv3 always when the call comes from its attach and that does not fail, on VT-d when a cache tag of type devtlb is assigned while the core has ATS off.',
    versions:
      'SMMUv3 6.1, 6.12, 7.2: only an error line. Series: a WARN, the belief stays. VT-d and AMD set their belief on success only.',
    meaning:
      'The driver sends invalidations to a device that has ATS off; they may time out, and the next detach WARNs (ATS015).',
    fix: 'The early checks of the series; or set the belief from the result of pci_enable_ats().',
    needs: [['ats.enable', 'cachetag.assign', 'log.enable_failed']],
    causes: ['ATS003', 'ATS004', 'ATS009', 'ATS040'],
    references: [
      'drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c arm_smmu_attach_commit()',
      'drivers/iommu/intel/cache.c',
    ],
    calls: ['ats.enable'],
    onCall(context, done) {
      if (done.result === UNKNOWN)
        return context.undecided('the result of pci_enable_ats() was not recorded');
      if (done.result !== 0) context.remember(done.fn.fn, NOTE.enableFailed, done.event);
      // With -EBUSY the core has ATS on, as the driver believes.
      if (done.result === 0 || done.result === EBUSY || !isSmmuCall(context, done)) return context.passed();
      const attached = context.resultOf(context.enclosing(done.call, ATTACH));
      if (attached !== 0 && attached !== UNKNOWN) return context.passed();
      context.fire('ATS016', {
        fn: done.fn.fn,
        event: done.event,
        message: `The SMMUv3 driver counts ${done.fn.address} as ATS-enabled although pci_enable_ats() failed.`,
        expected: 'The driver believes what the core answered.',
        observed: `pci_enable_ats(${done.fn.address}, ${done.pageShift === UNKNOWN ? '?' : done.pageShift}) returned ${resultText(done.result)}; the attach goes on with ATS believed on.`,
        evidence: [{ role: 'the enable fails', event: done.event }],
        key: 'smmu',
      });
    },
    points: ['log.enable_failed'],
    onPoint(context, _kind, fn, event) {
      // Where the call itself is recorded, it has told this already.
      if (fn && context.recall(fn.fn, NOTE.enableFailed) !== UNKNOWN) return;
      const shift = context.value(event, 'pageShift');
      context.fire('ATS016', {
        fn: fn ? fn.fn : null,
        event,
        message: `The SMMUv3 driver could not enable ATS of ${fn ? fn.address : 'a function'} with ${shiftText(shift)}, says so, and counts it as ATS-enabled all the same.`,
        expected: 'The driver believes what the core answered.',
        observed: '"Failed to enable ATS" in the kernel log; the attach goes on with ATS believed on.',
        evidence: [{ role: 'the driver says that the enable failed', event }],
        key: 'smmu',
      });
    },
    onBelief(context, fn, event) {
      const on = context.state.get(fn.fn, CORE_EN);
      if (context.kindOf(event) !== 'cachetag.assign') return;
      if (on === UNKNOWN || (on === 0 && !context.wasRecorded('ats.enable')))
        return context.undecided('whether the core has ATS on is unknown');
      if (on === 1) return context.passed();
      context.fire('ATS016', {
        fn: fn.fn,
        event,
        since: context.state.setBy(fn.fn, CORE_EN),
        message: `VT-d registers ${fn.address} as a user of device-TLB invalidations although the core has ATS off.`,
        expected: 'A device-TLB cache tag only while ATS is on.',
        observed: 'cache_tag_assign of type devtlb with ats_enabled = 0.',
        evidence: [
          ...context.because(fn.fn, CORE_EN, 'ATS is off'),
          { role: 'the driver assigns a device-TLB tag', event },
        ],
        key: 'vtd',
      });
    },
  },
  {
    id: 'ATS018',
    name: 'prepare-unsupported',
    severity: 'note',
    severityNote: 'error on kernels whose prepare WARNs for unsupported functions',
    layers: ['core', 'drv'],
    condition: 'pci_prepare_ats() fails on a function that is known not to support ATS.',
    versions: '6.12 and 7.2: silent -EINVAL. With the mandate of the AMD series: WARN.',
    meaning:
      'The caller skipped the support test: AMD up to 7.2 and SMMUv3 of 6.12 do so for every PCI device.',
    fix: 'Ask pci_ats_supported() first.',
    once: 'key',
    needs: [['ats.prepare']],
    references: ['drivers/pci/ats.c pci_prepare_ats()'],
    calls: ['ats.prepare'],
    outcomes: ['refused'],
    onCall(context, done) {
      if (done.explanations.length !== 1 || done.explanations[0] !== 'unsupported') return context.passed();
      const driver = driverOfCall(context, done);
      context.fire('ATS018', {
        fn: done.fn.fn,
        event: done.event,
        severity: context.feature('prepare_warns_unsupported') === true ? 'error' : undefined,
        message: `${driver} prepared ${done.fn.address} although it does not support ATS.`,
        expected: 'Prepare only functions that support ATS.',
        observed: 'pci_prepare_ats() returned -EINVAL.',
        evidence: [
          ...[CORE_CAP, CORE_UNTRUSTED, CORE_SUPPORTED]
            .flatMap((field) => context.because(done.fn.fn, field, 'fitness for ATS'))
            .slice(0, 1),
          { role: 'the call', event: done.event },
        ],
        key: driver,
      });
    },
  },
  {
    id: 'ATS019',
    name: 'enable-without-prepare',
    severity: 'warning',
    severityNote: 'note for a function that is no PF',
    layers: ['core'],
    condition:
      'On a kernel with prepare, a PF or plain function that appeared within the recording is enabled without having been prepared.',
    versions: '6.12 and later, silent; not applicable on 6.1.',
    meaning: 'VFs that came before this point were checked against page shift 0.',
    fix: 'Prepare at IOMMU probe.',
    needs: [['ats.enable'], ['ats.prepare'], ['device.add']],
    causes: ['ATS009', 'ATS017'],
    references: ['drivers/pci/ats.c'],
    calls: ['ats.enable'],
    callsOf: ['pf'],
    outcomes: ['accepted'],
    onCall(context, done) {
      if (
        !done.fn.startSeen ||
        context.feature('prepare_exists') !== true ||
        !context.wasRecorded('ats.prepare')
      ) {
        return context.undecided('the function appeared before the recording, or prepare is not recorded');
      }
      if (done.fn.prepared) return context.passed();
      if (done.fn.mayBePrepared) return context.undecided('the result of a prepare was not recorded');
      context.fire('ATS019', {
        fn: done.fn.fn,
        event: done.event,
        severity: done.fn.isPf === 1 ? undefined : 'note',
        message: `${done.fn.address} is enabled with ${shiftText(done.pageShift)} without ever having been prepared.`,
        expected: 'Prepare comes before enable.',
        observed: 'No prepare of this function since it appeared.',
        evidence: [
          { role: 'the function appears', event: done.fn.firstEvent },
          { role: 'the function is enabled', event: done.event },
        ],
      });
    },
  },
  {
    id: 'ATS040',
    name: 'called-behind-driver',
    severity: 'warning',
    layers: ['core', 'drv'],
    condition:
      'prepare, enable or disable of a function succeeds and its caller is known to be neither an IOMMU driver nor the IOMMU core.',
    versions: 'All: the functions are exported to modules.',
    meaning:
      'The core changed state and the belief of the driver did not: expect ATS013 or ATS015 at its next step.',
    fix: 'Remove the call; only the IOMMU driver of the device may change its ATS state.',
    needs: [['ats.prepare', 'ats.enable', 'ats.disable']],
    references: ['drivers/pci/ats.c EXPORT_SYMBOL_GPL'],
    calls: ['ats.prepare', 'ats.enable', 'ats.disable'],
    onCall(context, done) {
      const { kind } = done;
      const succeeded =
        kind === 'ats.disable'
          ? context.state.get(done.fn.fn, CORE_EN) === 1 && done.warn < 0
          : done.result === 0;
      if (!succeeded) return;
      const who = context.callerKind(done.event);
      if (who === 'unknown') return context.undecided('the caller is not named');
      if (who === 'iommu') return context.passed();
      const toldBy = context.callerToldBy(done.event);
      const verb = kind === 'ats.prepare' ? 'prepared' : kind === 'ats.enable' ? 'enabled' : 'disabled';
      context.fire('ATS040', {
        fn: done.fn.fn,
        event: done.event,
        message: `ATS of ${done.fn.address} was ${verb} behind the back of its IOMMU driver, from ${callerName(context, done.event)}.`,
        expected: 'Only the IOMMU driver of the device changes its ATS state.',
        observed: `The call came from ${callerName(context, done.event)}, which is no part of an IOMMU driver.`,
        evidence: [
          ...(kind === 'ats.disable' ? context.because(done.fn.fn, CORE_EN, 'ATS is on') : []),
          ...(toldBy === done.event ? [] : [{ role: 'who calls', event: toldBy }]),
          { role: 'the call', event: done.event },
        ],
        key: kind,
      });
    },
  },
];

const PROBE = kindMask('iommu.probe');
const DRIVER_NAMES: Readonly<Record<IommuDriver, string>> = { intel: 'VT-d', amd: 'AMD', smmu: 'SMMUv3' };

/** The IOMMU driver that made a call, by its caller or by the probe around it; without addresses, for signatures. */
function driverOfCall(context: RuleContext, done: CompletedCall): string {
  const caller = context.callerText(done.event);
  const driver =
    driverOf(caller ?? '') ?? driverOf(context.symbolOf(context.enclosing(done.call, PROBE)) ?? '');
  if (driver) return `The ${DRIVER_NAMES[driver]} driver`;
  const module = /\[([\w-]+)\]$/.exec(caller ?? '')?.[1];
  return module ? `The module ${module}` : 'A caller that is not named';
}

function isSmmuCall(context: RuleContext, done: CompletedCall): boolean {
  if (/^_*arm_smmu_/.test(context.callerText(done.event) ?? '')) return true;
  return context.symbolOf(context.enclosing(done.call, ATTACH))?.startsWith('arm_smmu_') ?? false;
}

/** A WARN of the log whose call is not in any trace: the kernel itself says that it happened, but not to whom. */
function loneWarn(
  context: RuleContext,
  event: number,
  fn: FunctionRecord | null,
  symbol: string,
  ours: string,
  rule: string,
  what: string,
): void {
  if (symbol !== ours) return;
  const task = context.taskText(event);
  context.fire(rule, {
    fn: fn ? fn.fn : null,
    event,
    message: `${fn ? fn.address : 'A function'} was ${what}: the kernel WARNs in ${symbol}(), ${task}. ${warnDeviceText(fn !== null)}`,
    expected: 'No WARN in the ATS core.',
    observed: `WARN in ${symbol}(), ${task}.`,
    evidence: [{ role: 'the WARN of the kernel', event }],
    key: `warn ${context.commText(event) ?? '?'}`,
  });
}
