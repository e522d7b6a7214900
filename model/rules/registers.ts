import { UNKNOWN } from '../events.ts';
import { CORE_CAP, CORE_EN, CORE_STU, HW_EN, HW_STU } from '../state.ts';
import type { ControlWrite, Rule, RuleContext } from './rule.ts';
import { otherView, viewsText } from './text.ts';

/** Whether a written value differs from the one before; UNKNOWN when neither the register nor the core tells it. */
function changes(context: RuleContext, write: ControlWrite): number {
  const { state } = context;
  const { fn } = write.fn;
  const differs = (written: number, before: number) =>
    written === UNKNOWN ? 0 : before === UNKNOWN ? UNKNOWN : written === before ? 0 : 1;
  const enBefore = state.isKnown(fn, HW_EN) ? state.get(fn, HW_EN) : state.get(fn, CORE_EN);
  const shift = state.get(fn, CORE_STU);
  const stuBefore = state.isKnown(fn, HW_STU)
    ? state.get(fn, HW_STU)
    : shift === UNKNOWN || shift === 0
      ? UNKNOWN
      : (shift - 12) & 31;
  // STU bits written to a VF do not stick.
  const parts = [differs(write.enable, enBefore), write.fn.isVf === 1 ? 0 : differs(write.stu, stuBefore)];
  if (parts.includes(1)) return 1;
  return parts.includes(UNKNOWN) ? UNKNOWN : 0;
}

function valueText(enable: number, stu: number): string {
  const parts = [];
  if (enable !== UNKNOWN) parts.push(`Enable ${enable}`);
  if (stu !== UNKNOWN) parts.push(`STU ${stu}`);
  return parts.join(', ');
}

export const REGISTER_RULES: readonly Rule[] = [
  {
    id: 'ATS028',
    name: 'config-write-behind-core',
    severity: 'error',
    severityNote: 'note when the write changes neither Enable nor STU, or when the former value is unknown',
    layers: ['hw'],
    condition:
      'A write that touches ATS Control comes from user space, or from none of the functions of the PCI core that write it.',
    versions: 'All, silent.',
    meaning: 'Core and hardware part: setpci, sysfs, a VMM or firmware wrote the register.',
    fix: 'Stop the tool that writes; let the IOMMU driver disable and enable ATS.',
    needs: [['config.write', 'config.write_user', 'hw.write']],
    references: ['drivers/pci/access.c pci_user_write_config_*()', 'drivers/pci/ats.c'],
    onWrite(context, write) {
      if (!write.behindCore) return context.passed();
      const { fn } = write;
      const change = changes(context, write);
      const text = valueText(write.enable, write.stu);
      const task = context.taskText(write.event);
      const source = write.fromUser
        ? `user space (${task})`
        : write.byHardware
          ? 'outside all that the trace recorded'
          : `outside the PCI core (${task})`;
      if (change === UNKNOWN) {
        context.question(
          'write-over-unknown',
          `${fn.address}: ${source} wrote ATS Control (${text}) and the value before is unknown, so whether it changed anything is too.`,
          'Record from before the function is probed, or add "lspci -vvv" output from before the write; atscope-capture has it without --no-config.',
        );
      }
      context.fire('ATS028', {
        fn: fn.fn,
        event: write.event,
        severity: change === 1 ? undefined : 'note',
        message: `ATS Control of ${fn.address} was written from ${source}: ${text}${
          change === 1 ? '' : change === 0 ? ', the values it had' : '; the value before is unknown'
        }.`,
        expected: 'Only prepare, enable, disable and restore of the PCI core write ATS Control.',
        observed: `A write of ${text} from ${source}. ${viewsText(context, fn, write)}`,
        evidence: [
          ...context.because(fn.fn, HW_EN, 'Enable before'),
          ...context.because(fn.fn, CORE_EN, 'belief of the core'),
          ...(write.stu !== UNKNOWN && fn.isVf !== 1
            ? context.because(fn.fn, CORE_STU, 'page shift of the core')
            : []),
          { role: 'the write', event: write.event },
          ...otherView(context, write.event),
        ],
        key: text,
      });
    },
  },
  {
    id: 'ATS029',
    name: 'hw-on-core-off',
    severity: 'error',
    severityNote: 'note before the IOMMU driver has probed the function',
    layers: ['hw', 'core'],
    condition: 'Enable is set in the register while the core has ATS off, and no ATS call is under way.',
    versions:
      'All. 6.1 has no prepare that would clear what firmware left on; later kernels clear it on PFs only.',
    meaning: 'The device may send translation requests that the IOMMU does not accept: faults.',
    fix: 'Find who wrote the register; across kexec clear Enable on VFs too.',
    needs: [
      ['config.write', 'config.write_user', 'config.read', 'listing.control', 'hw.write', 'hw.read'],
      ['ats.enable', 'ats.disable', 'ats.prepare'],
    ],
    causes: ['ATS028', 'ATS021'],
    references: ['PCIe 10.5.1.3'],
    onStable(context, fn, event) {
      const { state } = context;
      const hw = state.get(fn.fn, HW_EN);
      // A core that knows no capability (a quirk, pci=noats) refuses to switch ATS on.
      const believed = state.get(fn.fn, CORE_EN);
      const lacking = believed === UNKNOWN && state.get(fn.fn, CORE_CAP) === 0;
      const core = lacking ? 0 : believed;
      if (hw === UNKNOWN || core === UNKNOWN)
        return context.undecided('Enable of the register or of the core is unknown');
      if (hw !== 1 || core !== 0) return context.passed();
      context.fire('ATS029', {
        fn: fn.fn,
        event,
        severity: fn.probed ? undefined : 'note',
        since: context.later(state.setBy(fn.fn, HW_EN), state.setBy(fn.fn, CORE_EN)),
        message: `${fn.address} has ATS enabled in its register while the PCI core has it off.`,
        expected: 'Enable 0 in ATS Control.',
        observed: `Enable 1 in ATS Control. ${viewsText(context, fn)}`,
        evidence: [
          ...(lacking
            ? context.because(fn.fn, CORE_CAP, 'the core knows no ATS capability')
            : context.because(fn.fn, CORE_EN, 'the core has ATS off')),
          ...context.because(fn.fn, HW_EN, 'the register has it on'),
          ...otherView(context, state.setBy(fn.fn, HW_EN)),
        ],
      });
    },
  },
  {
    id: 'ATS030',
    name: 'hw-off-core-on',
    severity: 'error',
    layers: ['hw', 'core'],
    condition:
      'Enable is clear in the register while the core has ATS on, and neither an ATS call nor a reset is under way.',
    versions: 'All, silent.',
    meaning: 'Invalidations go to a device that will not answer them as expected.',
    fix: 'Find who wrote the register (ATS028); after resets see ATS023 and ATS024.',
    needs: [
      ['config.write', 'config.write_user', 'config.read', 'listing.control', 'hw.write', 'hw.read'],
      ['ats.enable', 'ats.disable'],
    ],
    causes: ['ATS028'],
    replacedBy: ['ATS023', 'ATS024'],
    references: ['PCIe 10.5.1.3'],
    onStable(context, fn, event) {
      const { state } = context;
      const hw = state.get(fn.fn, HW_EN);
      const core = state.get(fn.fn, CORE_EN);
      if (hw === UNKNOWN || core === UNKNOWN)
        return context.undecided('Enable of the register or of the core is unknown');
      if (hw !== 0 || core !== 1) return context.passed();
      context.fire('ATS030', {
        fn: fn.fn,
        event,
        since: context.later(state.setBy(fn.fn, HW_EN), state.setBy(fn.fn, CORE_EN)),
        message: `${fn.address} has ATS disabled in its register while the PCI core has it on.`,
        expected: 'Enable 1 in ATS Control.',
        observed: `Enable 0 in ATS Control. ${viewsText(context, fn)}`,
        evidence: [
          ...context.because(fn.fn, CORE_EN, 'the core has ATS on'),
          ...context.because(fn.fn, HW_EN, 'the register has it off'),
          ...otherView(context, state.setBy(fn.fn, HW_EN)),
        ],
      });
    },
  },
];
