import { UNKNOWN } from '../events.ts';
import { CORE_EN, HW_EN } from '../state.ts';
import type { FunctionRecord } from '../topology.ts';
import { NOTE } from './notes.ts';
import type { Draft, Rule, RuleContext } from './rule.ts';
import { KEPT_NOTE, keptEvidence, keptText, otherView, viewsText } from './text.ts';

const DISABLE_UNSEEN = 'pci_disable_ats() was never recorded, so whether ATS was switched off cannot be told';

function lostOrKept({ address }: FunctionRecord, harmless: number): Pick<Draft, 'message' | 'severity'> {
  if (harmless < 0) return { message: `${address} lost ATS Enable in a reset and nobody set it again.` };
  return {
    severity: 'warning',
    message: `${address} was reset with ATS on and nobody set ATS Enable again; this hardware kept it.`,
  };
}

/**
 * ATS023: Enable, which a reset has cleared, must be set again.
 * @param end event that ended the reset and with it the time to do so; -1 while that is open.
 */
function expectEnable(
  context: RuleContext,
  fn: FunctionRecord,
  reset: number,
  end: number,
  { expected, observed }: Pick<Draft, 'expected' | 'observed'>,
): void {
  const because = context.because(fn.fn, CORE_EN, 'the core has ATS on');
  context.expect({
    rule: 'ATS023',
    fn: fn.fn,
    event: reset,
    beforeUse: false,
    beforeRemoval: false,
    dueAt: end,
    overdue: (_at, harmless) => ({
      fn: fn.fn,
      event: end < 0 ? reset : end,
      since: reset,
      ...lostOrKept(fn, harmless),
      expected,
      observed: `${observed}${keptText(harmless)}`,
      evidence: [
        ...because,
        { role: 'the reset', event: reset },
        { role: 'the reset is over', event: end },
        ...keptEvidence(harmless),
      ],
    }),
  });
}

export const LIFE_CYCLE_RULES: readonly Rule[] = [
  {
    id: 'ATS023',
    name: 'enable-lost-in-reset',
    severity: 'error',
    severityNote: KEPT_NOTE,
    layers: ['core', 'hw'],
    condition:
      'The core has ATS on, the function is reset, and by the end of the enclosing reset nothing has set Enable again.',
    versions: 'All. On 7.2 the enable inside the re-attach of the reset bracket counts.',
    meaning: 'The device is silently without ATS; every invalidation to it may time out.',
    fix: 'Use a reset that saves and restores; a driver that calls pcie_flr() itself must restore.',
    needs: [
      ['reset.function', 'reset.flr', 'hw.reset'],
      ['ats.enable', 'ats.disable'],
      ['config.write', 'ats.restore', 'hw.write'],
    ],
    references: ['drivers/pci/pci.c pci_reset_function()', 'drivers/pci/ats.c pci_restore_ats_state()'],
    /** A reset that only the hardware's own log shows: that log shows every write after it, too. */
    onHardwareReset(context, fn, event) {
      if (context.kindOf(event) !== 'hw.reset' || !fn.byKernel || context.wasRecorded('reset.function'))
        return;
      const on = context.state.get(fn.fn, CORE_EN);
      if (on === UNKNOWN) return context.undecided('whether ATS was on before the reset is unknown');
      if (on === 0) return context.passed();
      expectEnable(context, fn, event, -1, {
        expected: 'ATS Control is written with Enable after the reset.',
        observed: 'No such write in the log of the hardware, and the core has ATS on.',
      });
    },
    calls: ['ats.disable', 'ats.restore'],
    onCall: (context, done) => context.met('ATS023', done.fn.fn),
    onShown(context, fn, event, enable) {
      if (enable !== UNKNOWN) context.harmless('ATS023', fn.fn, enable === 1 ? event : -1);
    },
    onWrite(context, write) {
      if (write.enable === 1) context.met('ATS023', write.fn.fn);
    },
    onResetEnd(context, reset) {
      if (reset.failed) return context.passed();
      if (reset.enabledBefore === UNKNOWN)
        return context.undecided('whether ATS was on before the reset is unknown');
      if (reset.enabledBefore !== 1 || reset.enabledAgain) return context.passed();
      if (context.state.get(reset.fn.fn, CORE_EN) !== 1) return context.passed();
      if (!reset.observable) {
        return context.undecided('neither config writes nor pci_restore_ats_state() are recorded');
      }
      expectEnable(context, reset.fn, reset.event, reset.endEvent, {
        expected: 'ATS Control is written with Enable before the reset is over.',
        observed: 'The reset ended without such a write, and the core has ATS on.',
      });
    },
  },
  {
    id: 'ATS027',
    name: 'released-with-ats-on',
    severity: 'error',
    severityNote:
      'note when the link to the function was down already: the device is gone, and only the core counts',
    layers: ['drv', 'core', 'hw'],
    condition:
      'The IOMMU driver let a function go while the core has ATS on, or the function was removed while the core or its register has ATS on.',
    versions: 'All, silent: nothing checks.',
    meaning:
      'The device goes on translating for a context that is gone; its next owner meets ATS013 or ATS014.',
    fix: 'The release path of the driver must disable ATS.',
    needs: [['iommu.release', 'iommu.group_remove', 'device.remove'], ['ats.disable']],
    causes: ['ATS029', 'ATS021', 'ATS028'],
    references: ['drivers/iommu/iommu.c iommu_deinit_device()'],
    entries: ['device.remove'],
    onEnter: (context, _call, fn, event) => context.remember(fn.fn, NOTE.leaving, event),
    onReleased(context, fn, event) {
      const on = context.state.get(fn.fn, CORE_EN);
      if (on !== 1) return leavesRegisterOn(context, fn, event, on);
      if (!context.wasRecorded('ats.disable')) {
        context.question(
          'release-without-disable-probe',
          `${fn.address} was released while ATS was on as far as recorded, but ${DISABLE_UNSEEN}.`,
          'Record pci_disable_ats() (entry and return); atscope-capture does, unless --without ats leaves it out.',
        );
        return context.undecided(DISABLE_UNSEEN);
      }
      const down = context.linkDownOf(fn, event);
      context.fire('ATS027', {
        fn: fn.fn,
        event,
        since: context.state.setBy(fn.fn, CORE_EN),
        severity: down < 0 ? undefined : 'note',
        message: `${fn.address} was released by its IOMMU driver with ATS on${
          down < 0 ? '' : '; the link to it was down already, so only the core still has it on'
        }.`,
        expected: 'ATS is off when the driver lets the function go.',
        observed: 'No pci_disable_ats() of the function between its enable and its release.',
        evidence: [
          ...context.because(fn.fn, CORE_EN, 'ATS is on'),
          { role: 'the link goes down', event: down },
          { role: 'the function is released', event },
        ],
      });
    },
  },
];

/** A function that is removed leaves its register as it is, whatever the core believes. */
function leavesRegisterOn(context: RuleContext, fn: FunctionRecord, event: number, on: number): void {
  const removal = context.recall(fn.fn, NOTE.leaving);
  const hw = context.state.get(fn.fn, HW_EN);
  // A device behind a link that is down is gone; one that is only released may be switched off by its next owner.
  if (hw !== 1 || removal === UNKNOWN || context.linkDownOf(fn, event) >= 0)
    return on === 0 ? context.passed() : context.undecided('whether ATS was on at the release is unknown');
  if (!context.wasRecorded('ats.disable')) return context.undecided(DISABLE_UNSEEN);
  context.fire('ATS027', {
    fn: fn.fn,
    event,
    since: context.state.setBy(fn.fn, HW_EN),
    message: `${fn.address} was removed with ATS enabled in its register.`,
    expected: 'Enable is clear when a function goes away.',
    observed: viewsText(context, fn),
    evidence: [
      ...context.because(fn.fn, HW_EN, 'the register has Enable set'),
      ...otherView(context, context.state.setBy(fn.fn, HW_EN)),
      { role: 'the function is removed', event: removal },
    ],
    key: 'register',
  });
}
