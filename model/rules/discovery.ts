import { type EventKindName, UNKNOWN } from '../events.ts';
import { CORE_CAP, CORE_EN, CORE_UNTRUSTED, HW_EN } from '../state.ts';
import type { FunctionRecord } from '../topology.ts';
import { NOTE } from './notes.ts';
import type { Rule, RuleContext } from './rule.ts';

/** What shows the register as it is, whoever wrote it. */
const READS: readonly EventKindName[] = ['config.read', 'listing.control', 'hw.read'];

const QUIRK_SERIES = '"PCI: Ensure ATS disabled via quirk before notifying IOMMU drivers"';

/** A quirk took ATS from a function that an IOMMU driver has probed. */
function quirkedAfterProbe(context: RuleContext, fn: FunctionRecord, event: number): void {
  if (!fn.probed) return context.passed();
  context.fire('ATS020', {
    fn: fn.fn,
    event,
    message: `${fn.address} lost its ATS capability to a quirk after its IOMMU driver had probed it.`,
    expected: 'Quirks run before the IOMMU driver looks.',
    observed: 'The quirk ran after the probe.',
    evidence: [...context.because(fn.fn, CORE_CAP, 'the capability is known'), { role: 'it is gone', event }],
    key: 'quirk',
  });
}

function quirkedWhileOn(context: RuleContext, fn: FunctionRecord, event: number): void {
  const on = context.state.get(fn.fn, CORE_EN);
  if (on === UNKNOWN) return context.undecided('whether ATS was on is unknown');
  if (on === 0) return context.passed();
  context.fire('ATS021', {
    fn: fn.fn,
    event,
    since: context.state.setBy(fn.fn, CORE_EN),
    message: `A quirk took the ATS capability of ${fn.address} away while ATS is on: disable will now write PCI Status and leave ATS on.`,
    expected: 'No quirk touches ATS while it is on.',
    observed: 'The capability offset became 0 with ats_enabled = 1.',
    evidence: [...context.because(fn.fn, CORE_EN, 'ATS is on'), { role: 'the capability is gone', event }],
    key: 'quirk',
  });
}

export const DISCOVERY_RULES: readonly Rule[] = [
  {
    id: 'ATS020',
    name: 'support-answer-changed',
    severity: 'error',
    layers: ['core'],
    condition:
      'For one generation of a function the support test answers differently at two times, or a quirk takes its ATS away after the IOMMU driver probed it.',
    versions:
      '6.1, 6.12 and 7.2, for functions that appear after boot. Not where quirks run before discovery.',
    meaning:
      'Probe and release take different branches: VT-d leaves a freed object in its tree, AMD keeps a stale flag.',
    fix: `Take ${QUIRK_SERIES}.`,
    needs: [['ats.supported', 'log.quirk', 'ats.init']],
    references: ['drivers/pci/quirks.c quirk_no_ats()', QUIRK_SERIES],
    calls: ['ats.supported'],
    outcomes: ['accepted', 'refused'],
    onCall(context, done) {
      const { fn, pf } = done;
      const before = context.recall(fn.fn, NOTE.answer);
      const since = context.recall(fn.fn, NOTE.answerEvent);
      context.remember(fn.fn, NOTE.answer, done.result);
      if (before === done.result) return context.passed();
      context.remember(fn.fn, NOTE.answerEvent, done.event);
      if (before === UNKNOWN) return context.undecided('the support test was asked once only');
      const why =
        pf && context.state.get(pf.fn, CORE_CAP) === 0
          ? ` Its PF ${pf.address} has no ATS capability any more.`
          : '';
      context.fire('ATS020', {
        fn: fn.fn,
        event: done.event,
        since,
        message: `pci_ats_supported() of ${fn.address} answered ${before === 1 ? 'yes' : 'no'} before and ${done.result === 1 ? 'yes' : 'no'} now.${why}`,
        expected: 'One answer as long as the function lives.',
        observed: `${before} became ${done.result}.`,
        evidence: [
          { role: 'the first answer', event: since },
          { role: 'the other answer', event: done.event },
        ],
        key: `${before}->${done.result}`,
      });
    },
    onCapabilityGone: quirkedAfterProbe,
    points: ['log.quirk'],
    onPoint(context, _kind, fn, event) {
      if (fn && context.timeOf(event) !== null) quirkedAfterProbe(context, fn, event);
    },
  },
  {
    id: 'ATS021',
    name: 'quirk-while-enabled',
    severity: 'error',
    layers: ['core', 'hw'],
    condition:
      'A quirk takes the capability away while ATS is on, or disable or restore of a function writes two bytes at config offset 6 (PCI Status).',
    versions: 'All with quirks in the final phase.',
    meaning: 'The later disable clears bits of PCI Status and leaves ATS on in the device for ever.',
    fix: `Take ${QUIRK_SERIES}.`,
    needs: [['ats.enable'], ['log.quirk', 'config.write', 'ats.disable']],
    causes: ['ATS020'],
    references: ['drivers/pci/ats.c pci_disable_ats()', 'drivers/pci/quirks.c'],
    onCapabilityGone: quirkedWhileOn,
    points: ['log.quirk', 'config.write'],
    onPoint(context, kind, fn, event) {
      if (!fn) return;
      if (kind === 'log.quirk' && context.timeOf(event) !== null) return quirkedWhileOn(context, fn, event);
      if (context.value(event, 'where') !== 6 || context.value(event, 'width') !== 2) return;
      const call = context.callAround(event);
      const inside =
        call >= 0 &&
        (context.kindOfCall(call) === 'ats.disable' || context.kindOfCall(call) === 'ats.restore');
      if (!inside) return;
      context.fire('ATS021', {
        fn: fn.fn,
        event,
        message: `${context.symbolOf(call) ?? 'An ATS call'} of ${fn.address} wrote PCI Status instead of ATS Control: the capability offset is 0.`,
        expected: 'The write goes to the ATS capability.',
        observed: 'A write at config offset 6.',
        evidence: [{ role: 'the write', event }],
        key: 'status-write',
      });
    },
  },
  {
    id: 'ATS022',
    name: 'untrusted-ats-on',
    severity: 'error',
    layers: ['core', 'hw'],
    condition:
      'ATS is enabled, or reads as enabled in the register, on a function that the PCI core does not trust, or whose PF it does not trust.',
    versions:
      'The kernel refuses for the function itself; a VF of an untrusted PF is accepted where the support test is not PF-aware.',
    meaning: 'An external device can bypass translation.',
    fix: 'Correct firmware or topology; or find who wrote the register (ATS028).',
    needs: [['ats.enable', 'config.write', 'config.write_user', 'config.read', 'listing.control']],
    causes: ['ATS028'],
    references: ['drivers/pci/ats.c pci_ats_supported()'],
    calls: ['ats.enable'],
    outcomes: ['accepted'],
    onCall(context, done) {
      untrustedOn(context, done.fn, done.pf, done.event, 'pci_enable_ats() returned 0.');
    },
    onWrite(context, write) {
      if (write.enable !== 1) return;
      untrustedOn(
        context,
        write.fn,
        context.topology.pfOf(write.fn),
        write.event,
        'ATS Control was written with Enable.',
      );
    },
    onStable(context, fn) {
      const read = context.state.setBy(fn.fn, HW_EN);
      if (context.state.get(fn.fn, HW_EN) !== 1 || !READS.includes(context.kindOf(read))) return;
      untrustedOn(context, fn, context.topology.pfOf(fn), read, 'ATS Control reads with Enable set.');
    },
  },
];

function untrustedOn(
  context: RuleContext,
  fn: FunctionRecord,
  pf: FunctionRecord | null,
  event: number,
  observed: string,
): void {
  const own = context.state.get(fn.fn, CORE_UNTRUSTED);
  const ofPf = pf ? context.state.get(pf.fn, CORE_UNTRUSTED) : UNKNOWN;
  if (own !== 1 && ofPf !== 1) {
    if (own === UNKNOWN) return context.undecided('whether the function is trusted is unknown');
    return context.passed();
  }
  const culprit = own === 1 ? fn : (pf as FunctionRecord);
  context.fire('ATS022', {
    fn: fn.fn,
    event,
    message: `ATS of ${fn.address} is on although the PCI core does not trust ${own === 1 ? 'it' : `its PF ${culprit.address}`}.`,
    expected: 'ATS stays off on untrusted devices.',
    observed,
    evidence: [
      ...context.because(culprit.fn, CORE_UNTRUSTED, `${culprit.address} is untrusted`),
      { role: 'ATS is on', event },
    ],
  });
}
