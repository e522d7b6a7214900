import { type EventKindName, UNKNOWN } from '../events.ts';
import { CORE_CAP, CORE_EN, CORE_STU, CORE_SUPPORTED, CORE_UNTRUSTED, HW_EN, HW_STU } from '../state.ts';
import type { FunctionRecord } from '../topology.ts';
import type { CompletedCall, EvidenceItem, Rule, RuleContext } from './rule.ts';
import { resultText, shiftText } from './text.ts';

const SERIES = 'kernel series "iommu: Standardize ATS robustness and state tracking"';

/** Why a rule about a VF and its PF stays undecided where nothing ties the two together. */
const PF_NOT_NAMED = 'which function is the PF of the VF is not recorded';

/** How a VF was found fit, by the call that says so. */
const ACCEPTED: Partial<Record<EventKindName, string>> = {
  'ats.supported': 'pci_ats_supported() of the VF returned true.',
  'ats.prepare': 'pci_prepare_ats() of the VF returned 0.',
  'ats.enable': 'pci_enable_ats() of the VF returned 0.',
};

/** Why the PF is known to be unfit for ATS. */
function pfUnfit(context: RuleContext, pf: FunctionRecord): EvidenceItem[] {
  const { state } = context;
  if (state.get(pf.fn, CORE_CAP) === 0)
    return context.because(pf.fn, CORE_CAP, `PF ${pf.address} has no ATS capability`);
  if (state.get(pf.fn, CORE_UNTRUSTED) === 1)
    return context.because(pf.fn, CORE_UNTRUSTED, `PF ${pf.address} is untrusted`);
  return context.because(pf.fn, CORE_SUPPORTED, `PF ${pf.address} does not support ATS`);
}

/** VFs of a PF that the core knows to have ATS on. One that is going away, or is gone, uses nothing any more. */
function liveVfs(context: RuleContext, pf: FunctionRecord): FunctionRecord[] {
  return pf.vfs
    .map((fn) => context.topology.at(fn))
    .filter((vf) => !vf.removing && context.state.get(vf.fn, CORE_EN) === 1);
}

/** The shift of the PF is the last test of the kernel that refuses: where it comes first, nothing else explains -EINVAL. */
function onlyShiftExplains(done: CompletedCall): boolean {
  return done.explanations[0] === 'vf-shift';
}

/** A refusal that only the shift of a PF explains comes from a VF, even where nothing says what the function is. */
function mustBeVf(done: CompletedCall): boolean {
  return done.fn.isVf === 1 || onlyShiftExplains(done);
}

/** The shift the PF holds differs from the one asked for: by its known value, or because nothing else explains -EINVAL. */
function pfShiftDiffers(done: CompletedCall): 'known' | 'only-explanation' | 'no' | 'unknown' {
  const { pfStu, pageShift } = done.operands;
  if (pageShift === UNKNOWN) return 'unknown';
  if (pfStu !== UNKNOWN) return pfStu === pageShift ? 'no' : 'known';
  return onlyShiftExplains(done) ? 'only-explanation' : 'unknown';
}

function pfShiftEvidence(context: RuleContext, done: CompletedCall): EvidenceItem[] {
  const items = done.pf
    ? context.because(done.pf.fn, CORE_STU, `translation unit of PF ${done.pf.address}`)
    : [];
  if (items.length > 0) return items;
  return [
    ...context.because(done.fn.fn, CORE_SUPPORTED, 'the function supports ATS'),
    ...context.because(done.fn.fn, CORE_EN, 'ATS was off before the call'),
  ];
}

function pfShiftText(done: CompletedCall): string {
  const pf = done.pf ? `PF ${done.pf.address}` : 'its PF';
  return done.operands.pfStu === UNKNOWN
    ? `${pf} holds another page shift (every other cause of -EINVAL is ruled out)`
    : `${pf} holds ${shiftText(done.operands.pfStu)}`;
}

export const PF_AND_VF_RULES: readonly Rule[] = [
  {
    id: 'ATS001',
    name: 'vf-supported-pf-not',
    severity: 'warning',
    severityNote: 'error on kernels whose support test is PF-aware',
    layers: ['core'],
    condition:
      'pci_ats_supported() of a VF answers true, or prepare or enable of it returns 0, while its PF has no usable ATS capability or is untrusted.',
    versions: 'Normal and silent on 6.1, 6.12-old and 7.2; impossible on 6.12-new and with the series.',
    meaning: 'The VF is offered ATS that its PF does not have or was quirked out of.',
    fix: 'Take the PF-aware support test (first patch of the series). Until then: pci=noats.',
    needs: [['ats.supported', 'ats.prepare', 'ats.enable']],
    replacedBy: ['ATS002'],
    once: 'generation',
    references: ['drivers/pci/ats.c pci_ats_supported()', SERIES],
    calls: ['ats.supported', 'ats.prepare', 'ats.enable'],
    callsOf: ['vf'],
    outcomes: ['accepted'],
    onCall(context, done) {
      const { fn, pf, kind } = done;
      if (!pf) return context.undecided(PF_NOT_NAMED);
      if (done.operands.pfSupported === UNKNOWN)
        return context.undecided('whether the PF supports ATS is unknown');
      if (done.operands.pfSupported !== 0) return context.passed();
      context.fire('ATS001', {
        fn: fn.fn,
        event: done.event,
        severity: context.feature('supported_is_pf_aware') === true ? 'error' : undefined,
        message: `VF ${fn.address} is said to support ATS although its PF ${pf.address} does not.`,
        expected: 'A VF supports ATS only if its PF does.',
        observed: ACCEPTED[kind] ?? '',
        evidence: [...pfUnfit(context, pf), { role: 'the VF is accepted', event: done.event }],
      });
    },
  },
  {
    id: 'ATS002',
    name: 'vf-enabled-pf-unusable',
    severity: 'error',
    layers: ['core', 'hw'],
    condition: 'pci_enable_ats() of a VF returns 0 while its PF is known not to support ATS.',
    versions: 'Possible on 6.1, 6.12-old and 7.2 when the PF was prepared before it became unusable.',
    meaning:
      'A device of a class known to be broken issues translated requests: wrong invalidations, stale translations, memory corruption.',
    fix: 'Take the PF-aware support test (first patch of the series). Until then: pci=noats.',
    needs: [['ats.enable']],
    causes: ['ATS020'],
    references: ['drivers/pci/ats.c pci_enable_ats()', SERIES],
    calls: ['ats.enable'],
    callsOf: ['vf'],
    outcomes: ['accepted'],
    onCall(context, done) {
      const { fn, pf } = done;
      if (!pf) return context.undecided(PF_NOT_NAMED);
      if (done.operands.pfSupported === UNKNOWN)
        return context.undecided('whether the PF supports ATS is unknown');
      if (done.operands.pfSupported !== 0) return context.passed();
      context.fire('ATS002', {
        fn: fn.fn,
        event: done.event,
        message: `ATS of VF ${fn.address} was enabled although its PF ${pf.address} must not use it.`,
        expected: 'No VF of an unusable PF has ATS on.',
        observed: `pci_enable_ats() of the VF with ${shiftText(done.pageShift)} returned 0.`,
        evidence: [...pfUnfit(context, pf), { role: 'the VF is enabled', event: done.event }],
        key: `ps=${done.pageShift}`,
      });
    },
  },
  {
    id: 'ATS003',
    name: 'vf-prepare-stu-mismatch',
    severity: 'error',
    layers: ['core'],
    condition:
      'pci_prepare_ats() of a VF asks for another page shift than its PF holds (a PF that was never prepared holds 0).',
    versions: 'Silently accepted on 6.12 and 7.2; refused with -EINVAL by the series.',
    meaning:
      'PF and VF would translate at different granularity: two IOMMUs with different smallest pages, or the PF was never probed.',
    fix: 'Give PF and VF the same IOMMU page size; probe the PF first.',
    needs: [['ats.prepare']],
    references: ['drivers/pci/ats.c pci_prepare_ats()', SERIES],
    calls: ['ats.prepare'],
    callsOf: ['vf', 'unknown'],
    onCall(context, done) {
      if (!mustBeVf(done)) return;
      const differs = pfShiftDiffers(done);
      if (differs === 'no') return context.passed();
      if (differs === 'unknown')
        return context.undecided(done.pf ? 'the page shift of the PF is unknown' : PF_NOT_NAMED);
      if (done.pfBusy) return context.undecided('the PF was being prepared or enabled at the same time');
      const answer =
        done.result === UNKNOWN
          ? ''
          : done.result === 0
            ? '; the kernel did not object'
            : '; the kernel refused it';
      context.fire('ATS003', {
        fn: done.fn.fn,
        event: done.event,
        message: `VF ${done.fn.address} is prepared with ${shiftText(done.pageShift)}, but ${pfShiftText(done)}${answer}.`,
        expected:
          'A VF is prepared with the page shift of its PF: the STU of a VF is hardwired to 0 and the one of the PF applies.',
        observed: `pci_prepare_ats(${done.fn.address}, ${done.pageShift}) returned ${resultText(done.result)}.`,
        evidence: [...pfShiftEvidence(context, done), { role: 'the VF is prepared', event: done.event }],
        key: `ps=${done.pageShift} pf=${done.operands.pfStu}`,
      });
    },
  },
  {
    id: 'ATS004',
    name: 'vf-enable-stu-mismatch',
    severity: 'error',
    layers: ['core'],
    condition:
      'pci_enable_ats() of a VF returns -EINVAL, the VF supports ATS, the page shift is 12 or more, and the PF holds another one.',
    versions:
      'All. Silent in the core; SMMUv3 prints an error line; SMMUv3 and VT-d WARN with the series; AMD says nothing.',
    meaning: 'The VF runs without ATS, though its driver may think otherwise.',
    fix: 'Give PF and VF the same IOMMU page size. On 6.1: the PF must have been enabled once (not in an identity domain).',
    needs: [['ats.enable']],
    causes: ['ATS001', 'ATS003', 'ATS006'],
    references: ['drivers/pci/ats.c pci_enable_ats()'],
    calls: ['ats.enable'],
    callsOf: ['vf', 'unknown'],
    onCall(context, done) {
      if (!mustBeVf(done)) return;
      if (done.result === UNKNOWN) return context.undecided('the result of pci_enable_ats() is unknown');
      if (!done.explanations.includes('vf-shift')) return context.passed();
      if (!onlyShiftExplains(done)) return context.undecided('other causes of -EINVAL cannot be ruled out');
      if (done.pfBusy) return context.undecided('the PF was being prepared or enabled at the same time');
      context.fire('ATS004', {
        fn: done.fn.fn,
        event: done.event,
        message: `ATS of VF ${done.fn.address} could not be enabled: asked for ${shiftText(done.pageShift)}, but ${pfShiftText(done)}.`,
        expected: 'A VF is enabled with the page shift that its PF holds.',
        observed: `pci_enable_ats(${done.fn.address}, ${done.pageShift}) returned -EINVAL; the VF goes on without ATS.`,
        evidence: [
          ...pfShiftEvidence(context, done),
          ...context.because(done.fn.fn, CORE_SUPPORTED, 'the function supports ATS'),
          { role: 'the VF is refused', event: done.event },
          { role: 'the WARN of the driver', event: done.driverWarn },
        ],
        key: `ps=${done.pageShift} pf=${done.operands.pfStu}`,
      });
    },
  },
  {
    id: 'ATS005',
    name: 'vf-before-pf',
    severity: 'warning',
    layers: ['core'],
    condition:
      'A VF is prepared or enabled, and its PF, which supports ATS, appeared within the recording and was never prepared nor enabled since.',
    versions: 'All: the order of enable matters on 6.1, the order of prepare from 6.12.',
    meaning: 'SR-IOV was enabled before the IOMMU driver probed the PF, or that probe failed.',
    fix: 'Probe the PF before VFs are made; look for the failed probe of the PF.',
    needs: [['ats.prepare', 'ats.enable'], ['device.add']],
    replacedBy: ['ATS003', 'ATS004'],
    references: ['drivers/pci/ats.c'],
    calls: ['ats.prepare', 'ats.enable'],
    callsOf: ['vf'],
    onCall(context, done) {
      const { pf } = done;
      if (!pf) return context.undecided(PF_NOT_NAMED);
      if (!pf.startSeen) return context.undecided('the PF appeared before the recording began');
      const stu = context.state.get(pf.fn, CORE_STU);
      if (stu === UNKNOWN || done.operands.pfSupported === UNKNOWN)
        return context.undecided('the state of the PF is unknown');
      if (stu !== 0 || done.operands.pfSupported !== 1 || done.pfBusy) return context.passed();
      context.fire('ATS005', {
        fn: done.fn.fn,
        event: done.event,
        message: `VF ${done.fn.address} is ${done.kind === 'ats.prepare' ? 'prepared' : 'enabled'} before its PF ${pf.address} was ever prepared.`,
        expected: 'The PF is prepared before its VFs.',
        observed: `PF ${pf.address} appeared in this recording and has seen neither prepare nor enable.`,
        evidence: [
          { role: `PF ${pf.address} appears`, event: pf.firstEvent },
          { role: 'the VF is used', event: done.event },
        ],
        key: done.kind,
      });
    },
  },
  {
    id: 'ATS006',
    name: 'pf-stu-changed-under-vfs',
    severity: 'error',
    layers: ['core', 'hw'],
    condition:
      'prepare or enable of a PF returns 0 with another page shift than it held, while a VF of it has ATS on; or a log of the hardware shows the same in the registers.',
    versions: 'All, silent: prepare only looks at the Enable of the PF itself.',
    meaning: 'The translation unit of running VFs changes under way.',
    fix: 'Never prepare a PF again while VFs live; tear the VFs down first.',
    needs: [['ats.prepare', 'ats.enable', 'hw.write']],
    causes: ['ATS040'],
    references: ['drivers/pci/ats.c pci_prepare_ats(), pci_enable_ats()'],
    calls: ['ats.prepare', 'ats.enable'],
    callsOf: ['pf'],
    outcomes: ['accepted'],
    onCall(context, done) {
      const { fn } = done;
      if (fn.vfs.length === 0) return;
      const before = context.state.get(fn.fn, CORE_STU);
      if (before === UNKNOWN || done.pageShift === UNKNOWN)
        return context.undecided('the former page shift of the PF is unknown');
      const vfs = liveVfs(context, fn);
      if ((done.pageShift & 0xff) === before || vfs.length === 0) return context.passed();
      context.fire('ATS006', {
        fn: fn.fn,
        event: done.event,
        message: `PF ${fn.address} changed from ${shiftText(before)} to ${shiftText(done.pageShift)} while ${vfs.length} of its VFs ${
          vfs.length === 1 ? 'has' : 'have'
        } ATS on (${vfs.map((vf) => vf.address).join(', ')}).`,
        expected: 'The translation unit of a PF does not change while a VF uses it.',
        observed: `${done.kind === 'ats.prepare' ? 'pci_prepare_ats' : 'pci_enable_ats'}(${fn.address}, ${done.pageShift}) returned 0.`,
        evidence: [
          ...context.because(fn.fn, CORE_STU, 'former page shift of the PF'),
          ...vfs.flatMap((vf) => context.because(vf.fn, CORE_EN, `VF ${vf.address} has ATS on`)),
          { role: 'the PF changes', event: done.event },
        ],
        key: `${before}->${done.pageShift}`,
      });
    },
    /** The same in the hardware, where only its own log tells: the kernel's view is judged by its calls. */
    onWrite(context, write) {
      const { fn, stu, event } = write;
      if (!write.byHardware || fn.vfs.length === 0 || stu === UNKNOWN) return;
      const before = context.state.get(fn.fn, HW_STU);
      if (before === UNKNOWN || context.state.isKnown(fn.fn, CORE_STU)) return;
      const vfs = fn.vfs
        .map((id) => context.topology.at(id))
        .filter((vf) => context.state.get(vf.fn, HW_EN) === 1);
      if (stu === before || vfs.length === 0) return context.passed();
      context.fire('ATS006', {
        fn: fn.fn,
        event,
        since: context.state.setBy(fn.fn, HW_STU),
        message: `The register of PF ${fn.address} changed from STU ${before} to STU ${stu} while ${vfs.length} of its VFs ${
          vfs.length === 1 ? 'has' : 'have'
        } ATS enabled (${vfs.map((vf) => vf.address).join(', ')}).`,
        expected: 'The translation unit of a PF does not change while a VF uses it.',
        observed: `A write of STU ${stu} to ATS Control.`,
        evidence: [
          ...context.because(fn.fn, HW_STU, 'former STU of the PF'),
          ...vfs.flatMap((vf) => context.because(vf.fn, HW_EN, `VF ${vf.address} has ATS enabled`)),
          { role: 'the PF changes', event },
        ],
        key: `hw ${before}->${stu}`,
      });
    },
  },
  {
    id: 'ATS007',
    name: 'vf-stu-field-nonzero',
    severity: 'warning',
    layers: ['hw'],
    condition: 'A read of the ATS Control register of a VF shows an STU field other than 0.',
    versions: 'All: the kernel never writes STU to a VF.',
    meaning:
      'Device or emulation breaks the rule that the STU of a VF is hardwired to 0; the unit in force is undefined.',
    fix: 'A device or emulation bug: report it to its maker.',
    needs: [['config.read', 'listing.control', 'hw.read']],
    references: ['PCIe, SR-IOV chapter, ATS of VFs'],
    onRead(context, fn, event, stu) {
      if (fn.isVf === UNKNOWN) return context.undecided('whether the function is a VF is unknown');
      if (fn.isVf !== 1) return;
      if (stu === 0) return context.passed();
      context.fire('ATS007', {
        fn: fn.fn,
        event,
        message: `VF ${fn.address} shows STU ${stu} in its ATS Control register; the field of a VF is hardwired to 0.`,
        expected: 'STU reads 0 on a VF.',
        observed: `STU reads ${stu}.`,
        evidence: [{ role: 'the register is read', event }],
        key: `stu=${stu}`,
      });
    },
  },
  {
    id: 'ATS008',
    name: 'pf-off-vfs-on',
    severity: 'note',
    layers: ['core'],
    condition: 'pci_disable_ats() of a PF while a VF of it has ATS on.',
    versions: 'All, silent and legal: the shift survives and Enable is per function.',
    meaning: 'Fine in itself; a prepare of the PF with another shift would now change running VFs (ATS006).',
    fix: 'Nothing, unless ATS006 follows.',
    once: 'generation',
    needs: [['ats.disable']],
    references: ['drivers/pci/ats.c pci_disable_ats()'],
    calls: ['ats.disable'],
    callsOf: ['pf'],
    onCall(context, done) {
      if (done.fn.vfs.length === 0) return;
      const vfs = liveVfs(context, done.fn);
      if (vfs.length === 0) return context.passed();
      context.fire('ATS008', {
        fn: done.fn.fn,
        event: done.event,
        message: `ATS of PF ${done.fn.address} was switched off while it is on in ${vfs.map((vf) => vf.address).join(', ')}.`,
        expected: 'Nothing is broken by it.',
        observed: 'pci_disable_ats() of the PF.',
        evidence: [
          ...vfs.flatMap((vf) => context.because(vf.fn, CORE_EN, `VF ${vf.address} has ATS on`)),
          { role: 'the PF is disabled', event: done.event },
        ],
      });
    },
  },
];
