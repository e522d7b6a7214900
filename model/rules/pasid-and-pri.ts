import { UNKNOWN } from '../events.ts';
import { CORE_EN, CORE_PASID, CORE_PRI, HW_EN, HW_PASID } from '../state.ts';
import { NOTE } from './notes.ts';
import type { CompletedCall, Rule, RuleContext } from './rule.ts';

/** Functions that use the PASID and PRI registers of a PF: itself and its VFs. */
function users(context: RuleContext, done: CompletedCall) {
  return [done.fn, ...done.fn.vfs.map((vf) => context.topology.at(vf)).filter((vf) => !vf.removing)];
}

/** The value the PASID Control register gets from a call; UNKNOWN when that is not recorded. */
function pasidWritten(done: CompletedCall): number {
  if (done.kind === 'pasid.disable') return 0;
  return done.features === UNKNOWN ? UNKNOWN : (done.features & 6) | 1;
}

/** A call of enable or disable that changed something. */
const changesPasid = (done: CompletedCall) => done.result === 0 || done.kind === 'pasid.disable';

export const PASID_AND_PRI_RULES: readonly Rule[] = [
  {
    id: 'ATS031',
    name: 'pasid-changed-under-ats',
    severity: 'error',
    severityNote: 'warning where a restore after a reset does it (SMMUv3 of 7.2)',
    layers: ['hw'],
    condition:
      'PASID Enable, Execute or Privileged change in the register while ATS Enable is set in the function or in a VF of it.',
    versions:
      'All drivers keep the order in attach and release; SMMUv3 of 7.2 breaks it after every reset of a device with both.',
    meaning: 'The specification leaves the behaviour of the device undefined.',
    fix: 'Restore PASID before the re-attach that enables ATS.',
    needs: [
      ['pasid.enable', 'pasid.disable', 'hw.write'],
      ['ats.enable', 'hw.write'],
    ],
    references: ['PCIe 10.5.1.3', 'drivers/pci/pci.c pci_restore_state()'],
    onHardwareReset: (context, fn, event) => context.remember(fn.fn, NOTE.pasidCleared, event),
    calls: ['pasid.enable', 'pasid.disable', 'pasid.restore'],
    callsOf: ['pf'],
    onCall(context, done) {
      if (done.kind === 'pasid.restore') return restoredUnderAts(context, done);
      if (!changesPasid(done)) return;
      context.remember(done.fn.fn, NOTE.pasidCleared, UNKNOWN);
      const before = context.state.get(done.fn.fn, HW_PASID);
      const after = pasidWritten(done);
      if (before === UNKNOWN || after === UNKNOWN)
        return context.undecided('the value of PASID Control is unknown');
      const live = users(context, done).filter((fn) => context.state.get(fn.fn, HW_EN) === 1);
      if (before === after || live.length === 0) return context.passed();
      context.fire('ATS031', {
        fn: done.fn.fn,
        event: done.event,
        message: `PASID Control of ${done.fn.address} changed from ${before} to ${after} while ATS is enabled in ${live.map((fn) => fn.address).join(', ')}.`,
        expected: 'PASID changes only while ATS Enable is clear.',
        observed: `${context.symbolOf(done.call) ?? done.kind}() with ATS Enable set.`,
        evidence: [
          ...context.because(done.fn.fn, HW_PASID, 'PASID Control before'),
          ...live.flatMap((fn) => context.because(fn.fn, HW_EN, `ATS of ${fn.address} is enabled`)),
          { role: 'the change', event: done.event },
        ],
        key: `${before}->${after}`,
      });
    },
    onPasidWrite(context, fn, event, bits) {
      const before = context.state.get(fn.fn, HW_PASID);
      if (before === UNKNOWN || bits === UNKNOWN)
        return context.undecided('the value of PASID Control is unknown');
      const live = [fn, ...fn.vfs.map((vf) => context.topology.at(vf))].filter(
        (user) => context.state.get(user.fn, HW_EN) === 1,
      );
      if (before === bits || live.length === 0) return context.passed();
      context.fire('ATS031', {
        fn: fn.fn,
        event,
        message: `PASID Control of ${fn.address} changed from ${before} to ${bits} while ATS is enabled in ${live.map((user) => user.address).join(', ')}.`,
        expected: 'PASID changes only while ATS Enable is clear.',
        observed: 'A write to PASID Control with ATS Enable set, in the log of the hardware.',
        evidence: [
          ...context.because(fn.fn, HW_PASID, 'PASID Control before'),
          ...live.flatMap((user) => context.because(user.fn, HW_EN, `ATS of ${user.address} is enabled`)),
          { role: 'the change', event },
        ],
        key: `${before}->${bits}`,
      });
    },
  },
  {
    id: 'ATS032',
    name: 'pasid-order',
    severity: 'warning',
    layers: ['core'],
    condition:
      'pci_enable_pasid() returns 0, or pci_disable_pasid() is called, on a PF or plain function while the core has ATS on.',
    versions: 'No driver read does this in its normal path.',
    meaning: 'The same as ATS031 where the register is not known.',
    fix: 'Enable PASID before ATS, disable it after.',
    needs: [['pasid.enable', 'pasid.disable'], ['ats.enable']],
    replacedBy: ['ATS031'],
    references: ['PCIe 10.5.1.3'],
    calls: ['pasid.enable', 'pasid.disable'],
    onCall(context, done) {
      if (!changesPasid(done) || done.fn.isVf !== 0) return;
      const on = context.state.get(done.fn.fn, CORE_EN);
      if (on === UNKNOWN) return context.undecided('whether ATS was on is unknown');
      // Where the register is known, ATS031 has judged already.
      const known =
        context.state.get(done.fn.fn, HW_PASID) !== UNKNOWN &&
        pasidWritten(done) !== UNKNOWN &&
        context.state.get(done.fn.fn, HW_EN) !== UNKNOWN;
      if (on === 0 || known) return context.passed();
      context.fire('ATS032', {
        fn: done.fn.fn,
        event: done.event,
        message: `${context.symbolOf(done.call) ?? done.kind}() of ${done.fn.address} while ATS is on.`,
        expected: 'PASID on before ATS, off after it.',
        observed: 'ats_enabled = 1 during the call.',
        evidence: [
          ...context.because(done.fn.fn, CORE_EN, 'ATS is on'),
          { role: 'the PASID call', event: done.event },
        ],
        key: done.kind,
      });
    },
  },
  {
    id: 'ATS033',
    name: 'pri-without-ats',
    severity: 'warning',
    layers: ['core'],
    condition:
      'PRI of a PF or plain function stays enabled with ATS off on it and on all its VFs until the recording ends, for a second at least; or a VF is granted PRI while its PF has PRI off.',
    versions:
      'Windows inside one attach or detach are legal: 6.1 enables PRI before ATS, AMD disables ATS first.',
    meaning: 'Page requests that can never be answered through ATS.',
    fix: 'Enable and disable both together.',
    needs: [['pri.enable'], ['ats.enable']],
    references: ['drivers/pci/ats.c pci_enable_pri()'],
    calls: ['pri.enable', 'pri.disable', 'ats.enable', 'ats.disable'],
    onCall(context, done) {
      const { fn, event } = done;
      if (done.kind === 'pri.disable') return context.met('ATS033', fn.fn);
      if (done.kind === 'ats.disable') return priLeftOn(context, done);
      if (done.kind === 'ats.enable') {
        if (done.result !== 0) return;
        context.met('ATS033', fn.fn);
        if (done.pf) context.met('ATS033', done.pf.fn);
        return;
      }
      if (done.result !== 0) return;
      if (fn.isVf === 1) return vfReliesOnPri(context, done);
      if (fn.isVf !== 0) return context.undecided('whether the function is a VF is unknown');
      const on = users(context, done).map((user) => context.state.get(user.fn, CORE_EN));
      if (on.includes(1)) return context.passed();
      if (on.includes(UNKNOWN)) return context.undecided('whether ATS was on is unknown');
      context.expect({
        rule: 'ATS033',
        fn: fn.fn,
        event,
        beforeUse: false,
        beforeRemoval: false,
        overdue: () => ({
          fn: fn.fn,
          event,
          message: `PRI of ${fn.address} was enabled and ATS stayed off on it and on all its VFs.`,
          expected: 'ATS is on wherever PRI is.',
          observed: 'No pci_enable_ats() after pci_enable_pri().',
          evidence: [{ role: 'PRI is enabled', event }],
          key: 'pf',
        }),
      });
    },
  },
];

/** Restore sets PASID Control again: a change under ATS where the re-attach of a reset bracket has enabled ATS before it. */
function restoredUnderAts(context: RuleContext, done: CompletedCall): void {
  const { fn } = done;
  const cleared = context.recall(fn.fn, NOTE.pasidCleared);
  if (cleared === UNKNOWN) return;
  context.remember(fn.fn, NOTE.pasidCleared, UNKNOWN);
  const on = context.state.get(fn.fn, CORE_PASID);
  if (on === UNKNOWN) return context.undecided('whether the core has PASID on is unknown');
  if (on === 0) return context.passed();
  const live = users(context, done).filter((user) => context.state.get(user.fn, HW_EN) === 1);
  if (live.length === 0) return context.passed();
  context.fire('ATS031', {
    fn: fn.fn,
    event: done.event,
    since: cleared,
    severity: 'warning',
    message: `PASID Control of ${fn.address} is restored after a reset while ATS is enabled again in ${live.map((user) => user.address).join(', ')}.`,
    expected: 'PASID is restored before ATS is enabled.',
    observed:
      'The reset cleared PASID Control; the re-attach enabled ATS; the restore then set PASID Enable.',
    evidence: [
      { role: 'the reset clears PASID Control', event: cleared },
      ...live.flatMap((user) => context.because(user.fn, HW_EN, `ATS of ${user.address} is enabled`)),
      { role: 'the restore', event: done.event },
    ],
    key: 'restore',
  });
}

/** ATS goes off in the last function that uses the PRI of this one. */
function priLeftOn(context: RuleContext, done: CompletedCall): void {
  const { event, fn } = done;
  const owner = fn.isVf === 1 ? done.pf : fn;
  if (!owner || context.state.get(owner.fn, CORE_PRI) !== 1) return;
  const others = [owner, ...owner.vfs.map((vf) => context.topology.at(vf))].filter(
    (user) => user !== fn && !user.removing,
  );
  if (others.some((user) => context.state.get(user.fn, CORE_EN) !== 0)) return;
  if (!context.wasRecorded('pri.disable'))
    return context.undecided('whether the function still has PRI on is unknown');
  context.expect({
    rule: 'ATS033',
    fn: owner.fn,
    event,
    beforeUse: false,
    beforeRemoval: false,
    overdue: () => ({
      fn: owner.fn,
      event,
      message: `ATS went off in ${fn.address} and PRI of ${owner.address} stayed on, with ATS off on it and on all its VFs.`,
      expected: 'PRI goes off with ATS.',
      observed: 'No pci_disable_pri() after pci_disable_ats().',
      evidence: [...context.because(owner.fn, CORE_PRI, 'PRI is on'), { role: 'ATS goes off', event }],
      key: 'left',
    }),
  });
}

function vfReliesOnPri(context: RuleContext, done: CompletedCall): void {
  const { pf } = done;
  if (!pf) return context.undecided('whether the PF has PRI on is unknown');
  const pri = context.state.get(pf.fn, CORE_PRI);
  if (pri === UNKNOWN) return context.undecided('whether the PF has PRI on is unknown');
  if (pri === 1) return context.passed();
  context.fire('ATS033', {
    fn: done.fn.fn,
    event: done.event,
    message: `VF ${done.fn.address} was granted PRI although its PF ${pf.address} has it off.`,
    expected: 'pci_enable_pri() of a VF succeeds only while its PF has PRI on.',
    observed: 'pci_enable_pri() returned 0.',
    evidence: [
      ...context.because(pf.fn, CORE_PRI, `PRI of PF ${pf.address} is off`),
      { role: 'the VF is granted PRI', event: done.event },
    ],
    key: 'vf',
  });
}
