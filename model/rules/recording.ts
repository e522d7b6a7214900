import { type EventKindName, kindMask, UNKNOWN } from '../events.ts';
import type { FunctionRecord } from '../topology.ts';
import type { Rule, RuleContext } from './rule.ts';
import { resultText, shiftText, warnDeviceText } from './text.ts';

const NAMES = { 'ats.prepare': 'pci_prepare_ats', 'ats.enable': 'pci_enable_ats' } as const;

/** The function called, for the two kinds of call that these rules look at. */
function nameOf(kind: EventKindName): string {
  return NAMES[kind as keyof typeof NAMES];
}

const PROBE = kindMask('iommu.probe');

const CAUSE_TEXT: Record<string, string> = {
  unsupported: 'the function (or its PF) does not support ATS',
  enabled: 'ATS was on already',
  'below-minimum': 'the page shift is below 12',
  'vf-shift': 'the PF holds another page shift',
};

/** Rules about the recording itself. ATS090 to ATS092 are fired by the replay, which knows what it could not know. */
export const RECORDING_RULES: readonly Rule[] = [
  {
    id: 'ATS090',
    name: 'trace-incomplete',
    severity: 'note',
    layers: ['trace'],
    condition:
      'Calls without their other end, functions whose start is not in the recording, or events that were lost.',
    versions: 'All.',
    meaning: 'What is unknown because of it is left unjudged.',
    fix: 'Record from before the functions appear, with larger buffers.',
    needs: [],
    references: [],
  },
  {
    id: 'ATS091',
    name: 'pf-unseen',
    severity: 'note',
    layers: ['trace'],
    condition: 'Rules about a VF were skipped because the recording does not name its PF.',
    versions: 'All.',
    meaning: 'The translation unit of the VF is that of its PF, which is unknown.',
    once: 'generation',
    fix: 'Record pci_iov_add_virtfn() and the calls on the PF, or add lspci output.',
    needs: [],
    references: [],
  },
  {
    id: 'ATS092',
    name: 'resynchronised',
    severity: 'note',
    layers: ['trace'],
    condition:
      'What was known of a function is contradicted, and the calls that change it are not all recorded or not in a known order; or its address is used a second time without a removal.',
    versions: 'All.',
    meaning: 'The model took the new evidence and went on.',
    once: 'generation',
    fix: 'Record without loss.',
    needs: [],
    references: [],
  },
  {
    id: 'ATS093',
    name: 'kernel-contradicts-model',
    severity: 'warning',
    layers: ['trace'],
    condition:
      'A call has an outcome that is impossible for the assumed features and the known state, or a function shows a state that the recorded calls do not leave, with no loss in between.',
    versions: 'All; never on a complete recording with the right features.',
    meaning: 'The wrong feature profile, a path the model does not know, or a kernel bug.',
    fix: 'Check the profile (--features); report the recording if it is right.',
    needs: [['ats.prepare', 'ats.enable', 'ats.disable', 'ats.supported']],
    replacedBy: ['ATS001', 'ATS002', 'ATS003', 'ATS004', 'ATS009', 'ATS013', 'ATS014', 'ATS015'],
    references: [],
    calls: ['ats.prepare', 'ats.enable'],
    outcomes: ['accepted', 'refused'],
    onCall(context, done) {
      if (done.explanations.length > 0) return context.passed();
      context.fire('ATS093', {
        fn: done.fn.fn,
        event: done.event,
        message: `${nameOf(done.kind)}() of ${done.fn.address} returned ${resultText(done.result)}, which the assumed kernel cannot do in the known state.`,
        expected: 'One of the outcomes of the contract.',
        observed: `${nameOf(done.kind)}(${done.fn.address}, ${done.pageShift === UNKNOWN ? '?' : done.pageShift}) returned ${resultText(done.result)}.`,
        evidence: [{ role: 'the call', event: done.event }],
        key: `${done.kind} ${done.result}`,
      });
    },
  },
  {
    id: 'ATS094',
    name: 'enable-failed-unexplained',
    severity: 'warning',
    layers: ['trace'],
    condition:
      'prepare or enable failed and its causes cannot be told apart, or nothing names the function. A prepare of a named function that may have failed for want of support is left open, and one that names none where its probe went on: some drivers prepare every device.',
    versions: 'All.',
    meaning: 'The function runs without ATS; what is missing to say why is listed.',
    fix: 'Record pci_ats_supported() (return) and the calls on the PF.',
    needs: [['ats.prepare', 'ats.enable', 'log.warn', 'log.enable_failed']],
    replacedBy: ['ATS003', 'ATS004', 'ATS009', 'ATS013', 'ATS014', 'ATS093'],
    references: [],
    calls: ['ats.prepare', 'ats.enable'],
    outcomes: ['refused'],
    onCall(context, done) {
      if (done.explanations.length < 2) return context.passed();
      // Some drivers prepare every device: a refusal because of missing support is routine, not worth a warning.
      if (done.kind === 'ats.prepare' && done.explanations.includes('unsupported')) {
        return context.undecided('whether the function supports ATS is unknown');
      }
      context.fire('ATS094', {
        fn: done.fn.fn,
        event: done.event,
        message: `${nameOf(done.kind)}() of ${done.fn.address} with ${shiftText(done.pageShift)} failed; it may be that ${done.explanations
          .map((name) => CAUSE_TEXT[name] ?? name)
          .join(', or that ')}.`,
        expected: 'Success.',
        observed: `${nameOf(done.kind)}() returned ${resultText(done.result)}.`,
        evidence: [{ role: 'the call', event: done.event }],
        key: `${done.kind} ${done.result}`,
      });
    },
    onUnnamedCall(context, call, event) {
      const kind = context.kindOfCall(call);
      const result = context.resultOf(call);
      if (!(kind in NAMES) || result === 0 || result === UNKNOWN) return;
      // Some drivers prepare every device; a refusal matters where the probe failed with it.
      const probe = kind === 'ats.prepare' ? context.enclosing(call, PROBE) : -1;
      if (kind === 'ats.prepare' && (context.resultOf(probe) === 0 || context.resultOf(probe) === UNKNOWN))
        return;
      const name = nameOf(kind);
      const task = context.taskText(event);
      context.fire('ATS094', {
        fn: null,
        event,
        message: `${name}() returned ${resultText(result)} for a function that the recording does not name, ${task}${
          probe >= 0 ? '; the probe of the IOMMU driver failed with it' : ''
        }.`,
        expected: 'Success.',
        observed: `${name}() returned ${resultText(result)}.`,
        evidence: [{ role: 'the call', event }],
        key: `${kind} ${result} unnamed`,
      });
    },
    onLoneWarn(context, event, symbol, fn) {
      if (!DRIVER_ENABLE_WARNS.has(symbol)) return;
      lonelyEnableFailure(context, event, symbol, fn);
    },
  },
];

/** Functions of IOMMU drivers that WARN when ATS cannot be enabled (with the series). */
export const DRIVER_ENABLE_WARNS: ReadonlySet<string> = new Set([
  'iommu_enable_pci_ats',
  'arm_smmu_enable_ats',
  'arm_smmu_attach_commit',
]);

function lonelyEnableFailure(
  context: RuleContext,
  event: number,
  symbol: string,
  fn: FunctionRecord | null,
): void {
  const task = context.taskText(event);
  context.fire('ATS094', {
    fn: fn ? fn.fn : null,
    event,
    message: `ATS of ${fn ? fn.address : 'a function'} could not be enabled: the IOMMU driver WARNs in ${symbol}(), ${task}. ${warnDeviceText(fn !== null)}`,
    expected: 'Success.',
    observed: `WARN in ${symbol}(), ${task}.`,
    evidence: [{ role: 'the WARN of the driver', event }],
    key: `warn ${symbol} ${context.commText(event) ?? '?'}`,
  });
}
