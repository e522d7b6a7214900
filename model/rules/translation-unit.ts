import { UNKNOWN } from '../events.ts';
import { CORE_EN, CORE_STU, HW_STU } from '../state.ts';
import type { FunctionRecord } from '../topology.ts';
import { NOTE } from './notes.ts';
import type { CompletedCall, Rule, RuleContext } from './rule.ts';
import { otherView, resultText, shiftText, viewsText } from './text.ts';

function lostInReset(context: RuleContext, pf: FunctionRecord, done: CompletedCall): void {
  const reset = context.recall(pf.fn, NOTE.stuLost);
  // A write or a read of the register since then is judged by what it shows.
  if (reset === UNKNOWN || context.state.get(pf.fn, HW_STU) !== UNKNOWN || done.pfBusy) return;
  const shift = context.state.get(pf.fn, CORE_STU);
  if (shift === UNKNOWN) return context.undecided('the STU of the register or of the core is unknown');
  context.fire('ATS012', {
    fn: pf.fn,
    event: done.event,
    since: reset,
    severity: 'warning',
    message: `${pf.address} was reset after it had been prepared with ${shiftText(shift)}, and nobody wrote its STU again: VF ${done.fn.address} now uses what the reset left (STU 0, 4 KiB).`,
    expected: `STU ${(shift - 12) & 31} in ATS Control of the PF.`,
    observed: 'No prepare, no enable and no write of ATS Control of the PF after its reset.',
    evidence: [
      ...context.because(pf.fn, CORE_STU, 'page shift of the core'),
      { role: 'the PF is reset', event: reset },
      { role: 'the VF is enabled', event: done.event },
    ],
    key: `reset ${shift}`,
  });
}

function nameOf(done: CompletedCall): string {
  return done.kind === 'ats.prepare' ? 'pci_prepare_ats' : 'pci_enable_ats';
}

export const TRANSLATION_UNIT_RULES: readonly Rule[] = [
  {
    id: 'ATS009',
    name: 'stu-below-minimum',
    severity: 'error',
    layers: ['core'],
    condition:
      'prepare or enable is called with a page shift below 12, and not while ATS is on: then the kernel answers -EBUSY first (ATS013, ATS014).',
    versions: 'All: -EINVAL, silent (prepare exists from 6.12).',
    meaning: 'The IOMMU reports a page size below 4 KiB, or a caller passes a size where a shift belongs.',
    fix: 'Correct the caller: it must pass log2 of the page size.',
    needs: [['ats.prepare', 'ats.enable']],
    references: ['drivers/pci/ats.c PCI_ATS_MIN_STU'],
    calls: ['ats.prepare', 'ats.enable'],
    onCall(context, done) {
      if (done.pageShift === UNKNOWN) return context.undecided('the page shift of the call was not recorded');
      // With ATS on the kernel answers -EBUSY before it looks at the shift: that is ATS013 or ATS014.
      if (done.pageShift >= 12 || done.result === -16) return context.passed();
      context.fire('ATS009', {
        fn: done.fn.fn,
        event: done.event,
        message: `${nameOf(done)}() of ${done.fn.address} was asked for page shift ${done.pageShift}; ATS knows nothing below 12 (4 KiB).`,
        expected: 'A page shift of 12 or more.',
        observed: `${nameOf(done)}(${done.fn.address}, ${done.pageShift}) returned ${resultText(done.result)}.`,
        evidence: [{ role: 'the call', event: done.event }],
        key: `${done.kind} ps=${done.pageShift}`,
      });
    },
  },
  {
    id: 'ATS010',
    name: 'stu-not-encodable',
    severity: 'error',
    layers: ['core', 'hw'],
    condition: 'prepare or enable of a PF or plain function returns 0 for a page shift above 43.',
    versions: 'All accept it silently: 44 is stored as 44 and programs STU 0; 268 is stored as 12.',
    meaning:
      'Core and hardware disagree from the first moment: the register field has 5 bits, the core keeps 8.',
    fix: 'Correct the caller; the core has no upper check.',
    needs: [['ats.prepare', 'ats.enable']],
    references: ['drivers/pci/ats.c', 'include/uapi/linux/pci_regs.h PCI_ATS_CTRL_STU()'],
    calls: ['ats.prepare', 'ats.enable'],
    callsOf: ['pf', 'unknown'],
    outcomes: ['accepted'],
    onCall(context, done) {
      if (done.fn.isVf === UNKNOWN) return context.undecided('whether the function is a VF is unknown');
      if (done.pageShift === UNKNOWN) return context.undecided('the page shift of the call was not recorded');
      if (done.pageShift <= 43) return context.passed();
      const stored = done.pageShift & 0xff;
      const field = (stored - 12) & 31;
      context.fire('ATS010', {
        fn: done.fn.fn,
        event: done.event,
        message: `${nameOf(done)}() of ${done.fn.address} accepted page shift ${done.pageShift}: the core stores ${stored}, the register gets STU ${field}.`,
        expected: 'A page shift between 12 and 43: STU has 5 bits.',
        observed: `${nameOf(done)}(${done.fn.address}, ${done.pageShift}) returned 0.`,
        evidence: [{ role: 'the call', event: done.event }],
        key: `${done.kind} ps=${done.pageShift}`,
      });
    },
  },
  {
    id: 'ATS011',
    name: 'prepare-enable-stu-differ',
    severity: 'warning',
    layers: ['core'],
    condition:
      'A PF or plain function is prepared with one page shift and then enabled with another, without a prepare in between.',
    versions: '6.12 and later, silent: enable overwrites what prepare stored.',
    meaning:
      'The driver breaks the two-step contract; VFs prepared in between were checked against the first shift.',
    fix: 'Enable with the shift of prepare. The page-size bitmap may have changed between probe and attach.',
    needs: [['ats.prepare'], ['ats.enable']],
    references: ['drivers/pci/ats.c pci_enable_ats()'],
    calls: ['ats.enable'],
    callsOf: ['pf'],
    outcomes: ['accepted'],
    onCall(context, done) {
      const prepared = done.fn.prepared;
      if (!prepared || done.fn.mayBePrepared || done.pageShift === UNKNOWN)
        return context.undecided('no prepare of the function was recorded');
      if (prepared.pageShift === done.pageShift) return context.passed();
      context.fire('ATS011', {
        fn: done.fn.fn,
        event: done.event,
        since: prepared.event,
        message: `${done.fn.address} was prepared with ${shiftText(prepared.pageShift)} and enabled with ${shiftText(done.pageShift)}.`,
        expected: 'Enable uses the page shift of prepare.',
        observed: `pci_enable_ats(${done.fn.address}, ${done.pageShift}) returned 0 and overwrote ${prepared.pageShift}.`,
        evidence: [
          { role: 'the function is prepared', event: prepared.event },
          { role: 'the function is enabled', event: done.event },
        ],
        key: `${prepared.pageShift}->${done.pageShift}`,
      });
    },
  },
  {
    id: 'ATS012',
    name: 'stu-drift',
    severity: 'error',
    severityNote: 'warning where a reset must have cleared the field and nothing shows it',
    layers: ['core', 'hw'],
    condition:
      'The STU field of the register of a PF or plain function differs from the page shift of the core minus 12, while the function or a VF of it has ATS on.',
    versions:
      'All. Invisible for 4 KiB. After a reset a PF that was only prepared loses its STU and nobody writes it again.',
    meaning: 'Requests are translated at another granularity than the IOMMU assumes.',
    fix: 'Restore STU of prepared functions after a reset; stop whatever wrote the register.',
    needs: [
      ['config.write', 'config.write_user', 'config.read', 'listing.control', 'hw.write', 'hw.read'],
      ['ats.prepare', 'ats.enable'],
    ],
    causes: ['ATS028', 'ATS040'],
    references: ['drivers/pci/ats.c pci_restore_ats_state()'],
    onHardwareReset(context, fn, event) {
      const shift = context.state.get(fn.fn, CORE_STU);
      // The own shift of a VF stays 0 for life.
      const isOnlyPrepared = context.state.get(fn.fn, CORE_EN) === 0 && shift > 12;
      context.remember(fn.fn, NOTE.stuLost, isOnlyPrepared ? event : UNKNOWN);
    },
    calls: ['ats.prepare', 'ats.enable'],
    onCall(context, done) {
      const { fn, pf, kind, result } = done;
      if (result === 0) context.remember(fn.fn, NOTE.stuLost, UNKNOWN);
      if (kind === 'ats.enable' && result === 0 && pf) lostInReset(context, pf, done);
    },
    onStable(context, fn, event) {
      const { state } = context;
      if (fn.isVf !== 0) return;
      const shift = state.get(fn.fn, CORE_STU);
      const field = state.get(fn.fn, HW_STU);
      if (shift === UNKNOWN || field === UNKNOWN)
        return context.undecided('the STU of the register or of the core is unknown');
      if (shift === 0 || field === ((shift - 12) & 31)) return context.passed();
      const users = [fn, ...fn.vfs.map((vf) => context.topology.at(vf))].filter(
        (user) => !user.removing && state.get(user.fn, CORE_EN) === 1,
      );
      if (users.length === 0) return context.passed();
      context.fire('ATS012', {
        fn: fn.fn,
        event,
        since: state.setBy(fn.fn, HW_STU),
        message: `${fn.address} has STU ${field} in its register (${shiftText(field + 12)}), but the core programmed ${shiftText(shift)}; in use by ${users
          .map((user) => user.address)
          .join(', ')}.`,
        expected: `STU ${(shift - 12) & 31} in ATS Control.`,
        observed: `STU ${field} in ATS Control. ${viewsText(context, fn)}`,
        evidence: [
          ...context.because(fn.fn, CORE_STU, 'page shift of the core'),
          ...users.flatMap((user) => context.because(user.fn, CORE_EN, `ATS of ${user.address} is on`)),
          ...context.because(fn.fn, HW_STU, 'STU of the register'),
          ...otherView(context, state.setBy(fn.fn, HW_STU)),
        ],
        key: `core=${shift} hw=${field}`,
      });
    },
  },
];
