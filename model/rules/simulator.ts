import { UNKNOWN } from '../events.ts';
import { HW_EN } from '../state.ts';
import type { Rule } from './rule.ts';

/** Rules on what only a model of the hardware tells: the messages between function and translation agent. */
export const SIMULATOR_RULES: readonly Rule[] = [
  {
    id: 'ATS042',
    name: 'invalidation-unanswered',
    severity: 'error',
    layers: ['hw'],
    condition:
      'A function is sent an invalidation request and never completes it: the log goes on for 10 times the slowest completion, or 90 s, or the tag is used again; no reset of the function ends it.',
    versions: 'No matter of the kernel: a log of a simulator or test bench shows it.',
    meaning:
      'The function drops invalidation requests, or answers with another tag; an IOMMU driver would wait until its time-out.',
    fix: 'Look at the completion path of the function: every request is answered once, reset and disable included.',
    needs: [['invalidation.request'], ['invalidation.completion']],
    causes: ['ATS034'],
    references: ['PCIe 10.3.1', 'PCIe 10.3.2'],
  },
  {
    id: 'ATS043',
    name: 'translation-request-while-off',
    severity: 'error',
    layers: ['hw'],
    condition: 'A function sends a translation request while Enable of its ATS Control is clear.',
    versions: 'No matter of the kernel: a log of a simulator or test bench shows it.',
    meaning: 'The function ignores Enable: an IOMMU answers such requests with an error and reports a fault.',
    fix: 'Gate the request path of the function with its own Enable; a VF has an Enable of its own.',
    needs: [
      ['translation.request'],
      ['hw.write', 'hw.read', 'hw.vf_on', 'ats.enable', 'ats.disable', 'ats.prepare'],
    ],
    causes: ['ATS028', 'ATS030'],
    references: ['PCIe 10.5.1.3'],
    points: ['translation.request'],
    onPoint(context, _kind, fn, event) {
      if (!fn) return;
      const enabled = context.state.get(fn.fn, HW_EN);
      if (enabled === UNKNOWN) return context.undecided('Enable of the register is unknown');
      const since = context.state.setBy(fn.fn, HW_EN);
      // What was sent at the instant of the change may have been sent before it.
      if (enabled === 1 || context.timeOf(since) === context.timeOf(event)) return context.passed();
      context.fire('ATS043', {
        fn: fn.fn,
        event,
        since,
        message: `${fn.address} sent a translation request with ATS disabled in its register.`,
        expected: 'No translation request while Enable is 0.',
        observed: 'A translation request with Enable 0.',
        evidence: [...context.because(fn.fn, HW_EN, 'Enable is clear'), { role: 'the request', event }],
      });
    },
  },
];
