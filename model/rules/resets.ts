import { KIND, kindMask, UNKNOWN } from '../events.ts';
import { CORE_EN, CORE_SUPPORTED } from '../state.ts';
import type { FunctionRecord } from '../topology.ts';
import { NOTE } from './notes.ts';
import type { CompletedCall, Rule, RuleContext } from './rule.ts';
import { KEPT_NOTE, keptEvidence, keptText } from './text.ts';

const RESETS = kindMask('reset.flr', 'reset.function', 'hw.reset');

/** VT-d in scalable mode blocks the translation of a function for its reset and leaves ATS on (contract 5.7). */
function onInBracket(context: RuleContext, { fn, event }: CompletedCall, bracket: number): void {
  if (!context.wasRecorded('ats.disable'))
    return context.undecided(
      'pci_disable_ats() was never recorded, so whether ATS went off for the reset cannot be told',
    );
  context.fire('ATS025', {
    fn: fn.fn,
    event,
    since: context.state.setBy(fn.fn, CORE_EN),
    message: `${fn.address} was reset with ATS on: the reset bracket blocked its translation and left ATS on, as VT-d does in scalable mode.`,
    expected: 'Nothing is broken by it: the kernel does so by design.',
    observed: 'ats_enabled = 1 throughout the reset, inside a reset bracket.',
    evidence: [
      ...context.because(fn.fn, CORE_EN, 'ATS is on'),
      { role: 'the bracket opens', event: bracket },
      { role: 'the reset', event },
    ],
    key: 'blocked',
    matter: 'blocked',
  });
}

/** ATS024: Enable of a VF, which what happened to its PF has cleared, must be set again. */
function expectEnable(context: RuleContext, vf: FunctionRecord, event: number): void {
  const on = context.state.get(vf.fn, CORE_EN);
  if (vf.removing || on === 0) return;
  const observable = context.showsControlWrites(vf.fn) || context.wasRecorded('ats.restore');
  if (on === UNKNOWN || !observable)
    return context.undecided('whether the VFs had ATS on, or got it back, is not recorded');
  const pf = `PF ${context.topology.pfOf(vf)?.address ?? 'that is not known'}`;
  const isReset = RESETS[KIND[context.kindOf(event)]] === 1;
  const lost = isReset ? `in the reset of its ${pf}` : `when VF Enable of its ${pf} was cleared,`;
  const kept = isReset ? `the reset of its ${pf}` : `VF Enable of its ${pf} was cleared`;
  const because = context.because(vf.fn, CORE_EN, `ATS of VF ${vf.address} is on`);
  context.expect({
    rule: 'ATS024',
    fn: vf.fn,
    event,
    beforeUse: true,
    beforeRemoval: false,
    overdue: (at, harmless) => ({
      fn: vf.fn,
      event: at,
      since: event,
      severity: harmless < 0 ? undefined : 'warning',
      message:
        harmless < 0
          ? `VF ${vf.address} lost ATS Enable ${lost} and nobody set it again.`
          : `Nobody set ATS Enable of VF ${vf.address} again after ${kept}; this hardware kept it.`,
      expected: isReset
        ? 'VFs are stopped before their PF is reset, or restored after it.'
        : 'VFs are removed before VF Enable is cleared.',
      observed: `${
        at === event
          ? 'Nothing on the VF until the end of the recording.'
          : 'The VF is used again without it.'
      }${keptText(harmless)}`,
      evidence: [
        ...because,
        { role: isReset ? `${pf} is reset` : 'VF Enable is cleared', event },
        // At the end of the recording this is the same event again, which is told once.
        { role: 'the VF is used', event: at },
        ...keptEvidence(harmless),
      ],
    }),
  });
}

export const RESET_RULES: readonly Rule[] = [
  {
    id: 'ATS024',
    name: 'vf-drift-after-pf-reset',
    severity: 'error',
    severityNote: KEPT_NOTE,
    layers: ['core', 'hw'],
    condition:
      'A PF is reset, or its VF Enable is cleared, while a VF of it has ATS on, the VF is not removed, and nothing sets its Enable again before it is next used, or for a second until the end.',
    versions: 'All, including 7.2: the reset brackets cover only the PF.',
    meaning: 'The reset of a PF clears VF Enable and resets its VFs; they lose Enable behind the core.',
    fix: 'The PF driver must stop its VFs before the reset and restore them after it.',
    needs: [['reset.flr', 'hw.reset'], ['ats.enable'], ['config.write', 'ats.restore']],
    references: ['PCIe 9.2.2', 'drivers/pci/iov.c sriov_restore_state()'],
    onVfsCleared(context, vfs, event) {
      for (const vf of vfs) expectEnable(context, vf, event);
    },
    calls: ['ats.enable', 'ats.disable', 'ats.restore', 'device.remove', 'iommu.release'],
    /** Something set Enable of a VF again, or switched it off properly, or it is going away. */
    onCall(context, done) {
      const { kind, fn, result } = done;
      if (kind === 'ats.enable' && result !== 0) return;
      if (kind === 'ats.restore' && context.showsControlWrites(fn.fn)) return;
      context.met('ATS024', fn.fn);
    },
    onWrite(context, write) {
      if (write.enable === 1) context.met('ATS024', write.fn.fn);
    },
    onShown(context, fn, event, enable) {
      if (enable !== UNKNOWN) context.harmless('ATS024', fn.fn, enable === 1 ? event : -1);
    },
    points: ['iommu.group_remove'],
    onPoint(context, _kind, fn) {
      if (fn) context.met('ATS024', fn.fn);
    },
  },
  {
    id: 'ATS025',
    name: 'reset-not-quiesced',
    severity: 'note',
    severityNote:
      'warning on kernels with reset brackets, when the reset is not inside one; a note inside one that leaves ATS on',
    layers: ['drv', 'core'],
    condition:
      'A function is reset while the core has ATS on: without a reset bracket, or inside one that did not switch it off.',
    versions:
      '6.1, 6.12: always so. 7.2: bus and slot resets; on VT-d scalable mode ATS stays on although translation is blocked.',
    meaning: 'Invalidations that race the reset can time out.',
    fix: 'Reset brackets (pci_dev_reset_iommu_prepare/done).',
    needs: [['reset.flr', 'reset.function']],
    once: 'generation',
    references: ['drivers/pci/pci.c pcie_flr(), pci_reset_bus()'],
    calls: ['reset.flr', 'reset.function'],
    onCall(context, done) {
      // Other resets of a function call one of those that are looked at; this one resets a whole bus or slot.
      if (done.kind === 'reset.function' && context.symbolOf(done.call) !== 'pci_reset_bus') return;
      if (done.kind === 'reset.function' && done.result !== 0) return;
      if (done.exit < 0 || done.enter < 0) return;
      const { fn } = done.fn;
      const bracket = context.recall(fn, NOTE.bracketEvent);
      const bracketed = context.positionOf(bracket) > context.positionOf(done.enter);
      const on = context.state.get(fn, CORE_EN);
      if (bracketed && on !== 1) return context.passed();
      if (on === UNKNOWN) return context.undecided('whether ATS was on during the reset is unknown');
      const setBy = context.state.setBy(fn, CORE_EN);
      if (on === 0 || context.positionOf(setBy) > context.positionOf(done.enter)) return context.passed();
      if (bracketed) return onInBracket(context, done, bracket);
      const brackets = context.feature('reset_brackets');
      if (brackets === true && !context.wasRecorded('reset.prepare')) {
        return context.undecided('reset brackets are not recorded');
      }
      context.fire('ATS025', {
        fn,
        event: done.event,
        since: setBy,
        severity: brackets === true ? 'warning' : undefined,
        message: `${done.fn.address} was reset with ATS on; nothing kept invalidations away from it.`,
        expected:
          brackets === true
            ? 'A reset bracket around the reset.'
            : 'Nothing: this kernel has no reset brackets.',
        observed: 'ats_enabled = 1 throughout the reset.',
        evidence: [...context.because(fn, CORE_EN, 'ATS is on'), { role: 'the reset', event: done.event }],
      });
    },
  },
  {
    id: 'ATS026',
    name: 'reset-bracket-unbalanced',
    severity: 'error',
    layers: ['drv'],
    condition:
      'pci_dev_reset_iommu_prepare() of a function that supports ATS is not followed by pci_dev_reset_iommu_done(), or done comes without prepare.',
    versions: '7.2 and later.',
    meaning: 'The device stays parked in the blocked domain, or its PASIDs stay detached.',
    fix: 'Every path out of a reset must call done.',
    needs: [['reset.prepare'], ['reset.done']],
    causes: ['ATS020'],
    references: ['drivers/iommu/iommu.c pci_dev_reset_iommu_prepare()'],
    entries: ['reset.prepare', 'reset.done'],
    onEnter(context, call, fn, event) {
      if (context.kindOf(event) === 'reset.prepare') {
        const depth = context.recall(fn.fn, NOTE.bracketDepth);
        context.remember(fn.fn, NOTE.bracketDepth, (depth === UNKNOWN ? 0 : depth) + 1);
        context.remember(fn.fn, NOTE.bracketEvent, event);
        // Without support, or when it fails, the bracket does nothing and done does nothing.
        const failed = context.resultOf(call) !== 0 && context.resultOf(call) !== UNKNOWN;
        if (failed || context.state.get(fn.fn, CORE_SUPPORTED) === 0 || !context.wasRecorded('reset.done'))
          return;
        context.expect({
          rule: 'ATS026',
          fn: fn.fn,
          event,
          beforeUse: false,
          beforeRemoval: true,
          overdue: (at) => ({
            fn: fn.fn,
            event: at,
            since: event,
            message: `The reset bracket of ${fn.address} was opened and never closed: the device stays in the blocked domain.`,
            expected: 'pci_dev_reset_iommu_done() after pci_dev_reset_iommu_prepare().',
            observed: 'No pci_dev_reset_iommu_done() of the function.',
            evidence: [{ role: 'the bracket opens', event }],
            key: 'open',
          }),
        });
        return;
      }
      const depth = context.recall(fn.fn, NOTE.bracketDepth);
      // Not known is far below 0.
      if (depth <= 0) {
        if (!fn.startSeen || !context.wasRecorded('reset.prepare')) {
          return context.undecided('the bracket may have been opened before the recording');
        }
        return context.fire('ATS026', {
          fn: fn.fn,
          event,
          message: `The reset bracket of ${fn.address} is closed without having been opened.`,
          expected: 'pci_dev_reset_iommu_prepare() before pci_dev_reset_iommu_done().',
          observed: 'No open bracket.',
          evidence: [{ role: 'the bracket closes', event }],
          key: 'close',
        });
      }
      context.remember(fn.fn, NOTE.bracketDepth, depth - 1);
      if (depth === 1) context.met('ATS026', fn.fn);
    },
  },
];
