import { UNKNOWN } from '../events.ts';
import type { Features } from '../features.ts';
import type { CompletedCall } from '../rules/rule.ts';

/**
 * Takes what the outcome of a call shows of the kernel's behaviour (contract section 12).
 * @returns true when it changed what is assumed.
 */
export function correctFeatures(features: Features, done: CompletedCall): boolean {
  const before = features.corrections.length;
  observe(features, done);
  return features.corrections.length > before;
}

function observe(features: Features, done: CompletedCall): void {
  const { kind, result, event, fn } = done;
  if (kind === 'ats.prepare') features.observe('prepare_exists', true, event, 'pci_prepare_ats() was called');
  if (fn.isVf !== 1 || kind === 'ats.disable' || kind === 'ats.restore') return;
  const { operands } = done;
  if (kind === 'ats.supported' && result === 1 && operands.pfSupported === 0) {
    features.observe(
      'supported_is_pf_aware',
      false,
      event,
      `the VF ${fn.address} supports ATS although its PF does not`,
    );
  }
  if (kind !== 'ats.prepare' && kind !== 'ats.enable') return;
  if (result === 0 && operands.pfSupported === 0) {
    features.observe(
      'supported_is_pf_aware',
      false,
      event,
      `the VF ${fn.address} was accepted although its PF does not support ATS`,
    );
  }
  if (kind !== 'ats.prepare' || done.pfBusy || operands.pageShift === UNKNOWN) return;
  if (result === 0 && operands.pfStu !== UNKNOWN && operands.pfStu !== operands.pageShift) {
    features.observe(
      'prepare_checks_vf_shift',
      false,
      event,
      `prepare of VF ${fn.address} accepted another page shift than its PF holds`,
    );
  }
  const onlyTheShift = operands.enabled === 0 && operands.pageShift >= 12 && operands.answered === 1;
  if (result === -22 && onlyTheShift && operands.pfStu !== operands.pageShift) {
    features.observe(
      'prepare_checks_vf_shift',
      true,
      event,
      `prepare of VF ${fn.address} was refused and only its page shift explains it`,
    );
  }
}
