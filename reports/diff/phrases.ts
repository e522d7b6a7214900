import type { CallDifference, ComparedCall } from '../../model/gate/compare-calls.ts';
import type { Difference, DiffSide, Outcome, RuleDifference } from '../../model/gate/difference.ts';
import { comparisonCounts } from '../gate-phrases.ts';
import { counted } from '../phrases.ts';
import { thousands } from '../thousands.ts';

const ERRORS: Readonly<Record<string, string>> = {
  '-1': 'EPERM',
  '-2': 'ENOENT',
  '-5': 'EIO',
  '-6': 'ENXIO',
  '-12': 'ENOMEM',
  '-16': 'EBUSY',
  '-19': 'ENODEV',
  '-22': 'EINVAL',
  '-25': 'ENOTTY',
  '-34': 'ERANGE',
  '-38': 'ENOSYS',
  '-95': 'EOPNOTSUPP',
  '-110': 'ETIMEDOUT',
  '-517': 'EPROBE_DEFER',
};

/** `-EINVAL`, `0`, or that no result was recorded. */
function resultWord(result: bigint | null): string {
  if (result === null) return 'result not recorded';
  const name = ERRORS[String(result)];
  return name === undefined ? `returned ${result}` : `returned -${name}`;
}

/** `page shift 13, returned -EINVAL, with a kernel WARN`, or that the call is not there. */
export function callText(call: ComparedCall | null): string {
  if (call === null) return 'no such call';
  return [
    ...(call.page_shift === null ? [] : [`page shift ${call.page_shift}`]),
    resultWord(call.result),
    ...(call.warned ? ['with a kernel WARN'] : []),
  ].join(', ');
}

/** `ats.enable of 0000:01:00.2, call 1`. */
export function callTitle({ kind, function: address, nth }: CallDifference): string {
  return `${kind} of ${address ?? 'a function that nothing names'}, call ${nth}`;
}

/** Calls that both sides have, with another result, page shift or WARN. */
export function changedCalls(calls: readonly CallDifference[]): readonly CallDifference[] {
  return calls.filter((call) => call.before !== null && call.after !== null);
}

/** Calls that one side has more of, counted by kind: `2 ats.disable, 1 vf.add`. */
export function extraCalls(calls: readonly CallDifference[], side: 'before' | 'after'): string {
  const counts = new Map<string, number>();
  for (const call of calls) {
    if (call[side] === null || call[side === 'before' ? 'after' : 'before'] !== null) continue;
    counts.set(call.kind, (counts.get(call.kind) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, count]) => `${thousands(count)} ${kind}`)
    .join(', ');
}

export function featureText(value: { readonly value: string; readonly origin: string } | null): string {
  return value === null ? 'not known to it' : `${value.value} (${value.origin})`;
}

const STATUS_WORDS: Readonly<Record<string, string>> = {
  evaluated: 'judged',
  not_evaluable: 'could not be judged',
  not_applicable: 'nothing to judge',
};

export function statusText(status: string | null): string {
  return status === null ? 'not run' : (STATUS_WORDS[status] ?? status);
}

/** What a side is: verdict, kernel, profile. */
export function sideText(side: DiffSide): string {
  const kernel = side.kernels.length > 0 ? side.kernels.join(', ') : 'kernel not recorded';
  return `${side.kind}, ${side.verdict}; ${kernel}, judged as ${side.profile ?? 'an unknown kernel'}`;
}

/** The difference in one line. */
export function headline(diff: Difference): string {
  const changed = diff.calls === null ? null : changedCalls(diff.calls).length;
  return [
    comparisonCounts(diff.findings),
    ...(changed === null ? [] : [`${counted(changed, 'call')} answered differently`]),
    ...(diff.features.length > 0
      ? [
          `${counted(diff.features.length, 'feature')} of the kernel ${diff.features.length === 1 ? 'differs' : 'differ'}`,
        ]
      : []),
  ].join('; ');
}

/** Why calls are not compared. */
export function noCallsText(diff: Difference): string {
  const which = [
    ...(diff.before.calls ? [] : [diff.before.label]),
    ...(diff.after.calls ? [] : [diff.after.label]),
  ];
  return `Not compared: ${which.join(' and ')} ${which.length === 1 ? 'is' : 'are'} findings.json, which holds no calls. Give the recording, or a database that "atscope ingest" wrote.`;
}

const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = {
  worse: 'WORSE',
  inconclusive: 'INCONCLUSIVE',
  no_worse: 'NO WORSE',
};

export function outcomeWord(outcome: Outcome): string {
  return OUTCOME_WORDS[outcome];
}

/** Why a rule was not judged, and on which side. */
export function ruleWhy({ after, why }: RuleDifference): string {
  return why === ''
    ? ''
    : `${after === 'evaluated' ? 'Before' : 'After'}: ${why[0].toLowerCase()}${why.slice(1)}`;
}
