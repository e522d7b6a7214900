import { type LOSSES, type RowOf, rowsOf, type SOURCES, type Table } from '../tables/index.ts';
import { KIND, kindMask, UNKNOWN } from './events.ts';
import type { Finding } from './findings.ts';
import { EBUSY, EINVAL } from './predict.ts';
import { type Reason, someOf } from './reason.ts';
import type { ReplayResult } from './replay/replay.ts';
import { type Scope, stretchText } from './scope.ts';
import { CORE_EN, DRV_EN, HW_EN, HW_STU, originNumber } from './state.ts';

export type VerdictWord = 'pass' | 'fail' | 'inconclusive';

export interface Verdict {
  readonly verdict: VerdictWord;
  readonly gate: 'error' | 'warning';
  readonly sentence: string;
  readonly reasons: readonly Reason[];
}

/** What a recording needs for the model to see anything at all. */
const WHAT_TO_RECORD =
  'Record with the kit, begun before the device is bound: atscope capture > atscope-capture; sh atscope-capture run -- COMMAND.';

/**
 * The verdict: fail when a finding reaches the gate; inconclusive when there is nothing to judge, or when what is
 * missing could hide or fake the story; pass otherwise.
 * @param scope where the traces looked.
 * @param more reasons that others have found.
 */
export function judge(
  findings: readonly Finding[],
  replay: ReplayResult,
  sources: Table<typeof SOURCES>,
  losses: Table<typeof LOSSES>,
  gate: 'error' | 'warning',
  scope: Scope,
  more: readonly Reason[] = [],
): Verdict {
  const gating = findings.filter((finding) => reaches(finding.severity, gate));
  const reasons = [
    // What two listings show is more than that no call was recorded.
    ...questionReasons(replay, true),
    ...evidenceReasons(replay),
    ...lossReasons(losses, sources),
    ...questionReasons(replay, false),
    ...scope.reasons,
    ...more,
  ];
  if (gating.length > 0) {
    const found = gating.map(({ rule, fn }) => ({ rule, function: fn?.address ?? null }));
    return { verdict: 'fail', gate, sentence: failSentence(found), reasons };
  }
  const decisive = reasons.filter((reason) => reason.decisive);
  if (decisive.length > 0) {
    return {
      verdict: 'inconclusive',
      gate,
      sentence: inconclusiveSentence(decisive[0].reason, foundText(findings)),
      reasons,
    };
  }
  return { verdict: 'pass', gate, sentence: passSentence(findings, replay, scope), reasons };
}

/** True for a severity that fails a run. */
export function reaches(severity: string, gate: string): boolean {
  return severity === 'error' || (gate === 'warning' && severity === 'warning');
}

/** The verdict on findings that fail, in one sentence. */
export function failSentence(
  gating: readonly { readonly rule: string; readonly function: string | null }[],
): string {
  const functions = [...new Set(gating.flatMap((finding) => finding.function ?? []))].sort();
  const unnamed = gating.filter((finding) => finding.function === null).length;
  const where = [
    ...(functions.length > 0
      ? [functions.slice(0, 6).join(', ') + (functions.length > 6 ? ` and ${functions.length - 6} more` : '')]
      : []),
    ...(unnamed > 0 ? [`${unnamed === 1 ? 'a function' : 'functions'} that nothing names`] : []),
  ].join(' and ');
  const rules = [...new Set(gating.map((finding) => finding.rule))].sort().join(', ');
  return `ATS state is inconsistent on ${where} (${rules}).`;
}

/** What was found where nothing reaches the gate. */
export function foundText(findings: Iterable<{ readonly severity: string }>): string {
  let warnings = 0;
  for (const { severity } of findings) if (severity === 'warning') warnings++;
  if (warnings === 0) return 'Nothing wrong was found';
  return `${warnings === 1 ? '1 warning was' : `${warnings} warnings were`} found and no error`;
}

/** The verdict where nothing fails and something decisive is missing, in one sentence. */
export function inconclusiveSentence(reason: string, found: string): string {
  return `${found}, but the recording cannot show that all is well: ${lowerFirst(reason)}`;
}

function passSentence(findings: readonly Finding[], replay: ReplayResult, scope: Scope): string {
  const warnings = findings.filter((finding) => finding.severity === 'warning').length;
  const calls = replay.calls.length;
  const { functions, others, stretches } = scope;
  const shown = functions.slice(0, 6).join(', ');
  const withAts = functions.length > 6 ? `${shown} and ${functions.length - 6} more` : shown;
  const named = others.length > 0 ? `${withAts} (and ${counted(others.length, 'other')})` : withAts;
  const when = stretches.length > 0 ? ` from ${stretchText(stretches)}` : '';
  return `No contradiction between ${showsRegisters(replay) ? 'register, ' : ''}PCI core and IOMMU driver${when} on ${named} (${counted(calls, 'call')})${
    warnings > 0 ? `; ${counted(warnings, 'warning')}` : ''
  }${showsRegisters(replay) ? '' : '; no register was recorded'}.`;
}

/** A write or a read of ATS Control, or a listing of it, was seen; what calls are known to write is no such sight. */
function showsRegisters({ transitions }: ReplayResult): boolean {
  for (const change = transitions.read(); change.next(); )
    if (IN_REGISTER.has(change.field) && SEEN.has(change.origin)) return true;
  return false;
}

/** Probes of an IOMMU driver that failed, where no prepare was recorded that may have been the reason. */
function probesFailedUnseen({ calls, observation, resultOf, fnOf, topology }: ReplayResult): string[] {
  if (observation.wouldShow('ats.prepare')) return [];
  const failed = new Set<string>();
  for (let call = 0; call < calls.length; call++) {
    const result = calls.kind[call] === PROBE ? resultOf(call) : UNKNOWN;
    if ((result !== EINVAL && result !== EBUSY) || fnOf[calls.exit[call]] < 0) continue;
    failed.add(topology.at(fnOf[calls.exit[call]]).address);
  }
  return [...failed].sort();
}

/** ATS went on or off, by what events print, write or tell, and no call that switches it so was recorded. */
function switchedUnseen(replay: ReplayResult, to: 0 | 1): string[] {
  const { observation, transitions, topology } = replay;
  if (observation.wouldShow(to === 1 ? 'ats.enable' : 'ats.disable')) return [];
  const found = new Set<string>();
  for (const change = transitions.read(); change.next(); ) {
    if (change.to !== to || !(to === 1 ? TURNED_ON : TURNED_OFF).has(change.field)) continue;
    if (to === 0 && (change.from !== 1 || !UNSEEN.has(change.origin))) continue;
    found.add(topology.at(change.fn).address);
  }
  return [...found].sort();
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

const IN_REGISTER: ReadonlySet<number> = new Set([HW_EN, HW_STU]);
const SEEN: ReadonlySet<number> = new Set([originNumber('write'), originNumber('observed')]);
const TURNED_ON: ReadonlySet<number> = new Set([CORE_EN, DRV_EN]);
const TURNED_OFF: ReadonlySet<number> = new Set([CORE_EN]);
const UNSEEN: ReadonlySet<number> = new Set([originNumber('learned'), originNumber('observed')]);
const PROBE = KIND['iommu.probe'];

/** Calls that tell something about the ATS state of a function. */
const ATS_CALLS = kindMask('ats.supported', 'ats.prepare', 'ats.enable', 'ats.disable', 'ats.restore');
/** Calls that are judged by what they return. */
const JUDGED_BY_RESULT = kindMask('ats.prepare', 'ats.enable');

function showsAtsCalls({ calls }: ReplayResult): boolean {
  for (let call = 0; call < calls.length; call++) if (ATS_CALLS[calls.kind[call]]) return true;
  return false;
}

function callsWithoutResult({ calls, resultOf }: ReplayResult): number {
  let count = 0;
  for (let call = 0; call < calls.length; call++)
    if (JUDGED_BY_RESULT[calls.kind[call]] && resultOf(call) === UNKNOWN) count++;
  return count;
}

function evidenceReasons(replay: ReplayResult): Reason[] {
  const reasons: Reason[] = [];
  if (!showsAtsCalls(replay)) {
    reasons.push({
      code: 'no-ats-evidence',
      decisive: true,
      reason: 'The recording shows no call of the ATS functions of the PCI core.',
      settle: WHAT_TO_RECORD,
    });
  }
  if (replay.unnamedCalls > 0) {
    reasons.push({
      code: 'unnamed-device',
      decisive: true,
      reason: `${replay.unnamedCalls} ATS call${replay.unnamedCalls === 1 ? ' names' : 's name'} no device (an empty or missing name), so ${
        replay.unnamedCalls === 1 ? 'it was' : 'they were'
      } given to none, and what they may have changed is unknown.`,
      settle:
        'Put the string argument last in the probe definition: a bitfield argument before the end of the record overwrites it. atscope-capture does; where it cannot name devices, on kernels before 6.6, give it --offsets dev=N.',
    });
  }
  for (const [to, name] of [
    [1, 'pci_enable_ats'],
    [0, 'pci_disable_ats'],
  ] as const) {
    const functions = switchedUnseen(replay, to);
    if (functions.length === 0) continue;
    reasons.push({
      code: 'switch-unseen',
      decisive: true,
      reason: `ATS went ${to === 1 ? 'on' : 'off'} in ${someOf(functions)}, and no call of ${name}() was recorded: whether each was as it must be is unknown.`,
      settle: `Probe ${name}(), entry and return; atscope-capture does, unless --without ats leaves it out.`,
    });
  }
  const failed = probesFailedUnseen(replay);
  if (failed.length > 0) {
    reasons.push({
      code: 'probe-failed',
      decisive: true,
      reason: `The IOMMU driver refused ${someOf(failed)}, and no call of pci_prepare_ats() was recorded that would say why.`,
      settle:
        'Probe pci_prepare_ats(), entry and return; atscope-capture does, unless --without ats leaves it out.',
    });
  }
  const unfinished = callsWithoutResult(replay);
  if (unfinished > 0) {
    reasons.push({
      code: 'result-unrecorded',
      decisive: true,
      reason: `The result of ${unfinished} prepare or enable call${unfinished === 1 ? '' : 's'} was not recorded, so whether ATS could be switched on is unknown.`,
      settle:
        'Add return probes with $retval (as s32) to pci_prepare_ats and pci_enable_ats; atscope-capture does, and its status says what the kernel refused.',
    });
  }
  return reasons;
}

function lossReasons(losses: Table<typeof LOSSES>, sources: Table<typeof SOURCES>): Reason[] {
  const origins = rowsOf(sources);
  const bySource = new Map<number, { rows: number; count: bigint; open: boolean; kinds: Set<string> }>();
  const suppressed: RowOf<typeof LOSSES>[] = [];
  for (const loss of rowsOf(losses)) {
    if (loss.kind === 'suppressed') {
      if (REPORTER.test(loss.message)) suppressed.push(loss);
      continue;
    }
    const sum = bySource.get(loss.source) ?? { rows: 0, count: 0n, open: false, kinds: new Set<string>() };
    sum.rows++;
    sum.kinds.add(loss.kind);
    if (loss.count === null) sum.open = true;
    else sum.count += loss.count;
    bySource.set(loss.source, sum);
  }
  const lost = [...bySource].map(([source, { rows, count, open, kinds }]): Reason => {
    const { path, format } = origins[source];
    if (kinds.size === 1 && kinds.has('cut')) {
      return {
        code: 'cut',
        decisive: true,
        reason: `${path} ends before its recording does; the story is known up to the cut only.`,
        settle:
          'Copy the file again, whole; where atscope-capture says that it could not save everything, give it a --dir with more room.',
      };
    }
    if (kinds.has('other-cpus')) {
      return {
        code: 'other-cpus',
        decisive: true,
        reason: `${path} lacks ${count} events that its header counts: it is the file of one CPU, or was cut.`,
        settle: 'Give the trace of all CPUs (trace, not per_cpu/cpuN/trace), whole.',
      };
    }
    const isLog = format === 'kernel-log';
    const many = open ? (count > 0n ? `at least ${count}` : 'an unknown number of') : String(count);
    return {
      code: 'lost-events',
      decisive: true,
      reason: `${path} lost ${many} ${isLog ? 'messages' : 'events'} in ${rows} place${rows === 1 ? '' : 's'}; state is unknown after each.`,
      settle: isLog
        ? "Take the log again with a larger buffer (log_buf_len=16M on the kernel's command line), or from the journal or a serial console."
        : 'Record again with larger buffers (atscope-capture start --buffer-kb, trace-cmd record -b) or fewer events (--light).',
    };
  });
  return [...lost, ...suppressedReasons(suppressed)];
}

/** Functions that report faults and time-outs of IOMMUs and errors of PCI functions. */
const REPORTER =
  /^_*(?:dmar_|qi_|intel_iommu|amd_iommu|iommu_|arm_smmu|pci_|pcie|aer_|report_iommu|handle_iommu)\w*: /;

/** Reports that a rate limit of the kernel left out may have named a function. */
function suppressedReasons(losses: readonly RowOf<typeof LOSSES>[]): Reason[] {
  if (losses.length === 0) return [];
  const count = losses.reduce((sum, loss) => sum + (loss.count ?? 0n), 0n);
  const functions = [
    ...new Set(losses.map((loss) => `${loss.message.slice(0, loss.message.indexOf(':'))}()`)),
  ];
  return [
    {
      code: 'suppressed-reports',
      decisive: true,
      reason: `The kernel left out ${count} reports of ${functions.join(', ')}, so faults and time-outs may be missing.`,
      settle:
        'Record the trace event iommu:io_page_fault as well, which no rate limit drops (VT-d does not report through it).',
    },
  ];
}

function questionReasons(replay: ReplayResult, ofListings: boolean): Reason[] {
  return replay.questions.filter((question) => (question.code === 'listings-differ') === ofListings);
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text[0].toLowerCase() + text.slice(1) : text;
}
