import { reaches } from '../verdict.ts';
import { type ComparedRow, compareFindings, isWorse } from './compare.ts';
import { type CallDifference, type ComparedCall, compareCalls } from './compare-calls.ts';
import type { Side } from './side.ts';

/** One of the two things that a difference is between. */
export interface DiffSide extends Side {
  /** As the user named it. */
  readonly label: string;
  /** `recording`, `database` or `findings.json`. */
  readonly kind: string;
  readonly verdict: string;
  readonly sentence: string;
  readonly profile: string | null;
  readonly kernels: readonly string[];
  readonly features: ReadonlyMap<string, { readonly value: string; readonly origin: string }>;
  /** In the order of the story; null for a findings.json, which has none. */
  readonly calls: readonly ComparedCall[] | null;
}

export interface FeatureDifference {
  readonly feature: string;
  /** Value and where it is known from; null where the side does not know the feature. */
  readonly before: { readonly value: string; readonly origin: string } | null;
  readonly after: { readonly value: string; readonly origin: string } | null;
}

export interface RuleDifference {
  readonly rule: string;
  /** Status, or null where the rule was not run. */
  readonly before: string | null;
  readonly after: string | null;
  /** Why the side that did not judge it did not. */
  readonly why: string;
}

/** Everything in which two analyses differ. */
export interface Difference {
  readonly before: DiffSide;
  readonly after: DiffSide;
  readonly findings: readonly ComparedRow[];
  /** Null where a side has no calls to compare. */
  readonly calls: readonly CallDifference[] | null;
  readonly features: readonly FeatureDifference[];
  readonly rules: readonly RuleDifference[];
  readonly onlyBefore: readonly string[];
  readonly onlyAfter: readonly string[];
}

/** Compares two analyses: findings, calls, features, what could be judged, functions. */
export function difference(before: DiffSide, after: DiffSide): Difference {
  return {
    before,
    after,
    findings: compareFindings(after, before),
    calls: before.calls && after.calls && compareCalls(before.calls, after.calls),
    features: featureDifferences(before, after),
    rules: ruleDifferences(before, after),
    onlyBefore: missing(before.functions, after.functions),
    onlyAfter: missing(after.functions, before.functions),
  };
}

/** `worse`: something is new or graver; `inconclusive`: the second side could not have shown that it is not. */
export type Outcome = 'worse' | 'inconclusive' | 'no_worse';

/** What the difference means for findings of the gate and above. */
export function outcomeOf({ after, findings }: Difference, gate: 'error' | 'warning'): Outcome {
  if (findings.some((row) => isWorse(row) && reaches(row.severity ?? 'note', gate))) return 'worse';
  const unsettled = findings.some(
    (row) => row.status === 'not_evaluated' && reaches(row.baseline_severity ?? 'note', gate),
  );
  return unsettled || after.gaps.length > 0 ? 'inconclusive' : 'no_worse';
}

function featureDifferences(before: DiffSide, after: DiffSide): FeatureDifference[] {
  const names = [...new Set([...before.features.keys(), ...after.features.keys()])];
  return names.flatMap((feature) => {
    const [one, other] = [before.features.get(feature) ?? null, after.features.get(feature) ?? null];
    return one?.value === other?.value ? [] : [{ feature, before: one, after: other }];
  });
}

function ruleDifferences(before: DiffSide, after: DiffSide): RuleDifference[] {
  const ids = [...new Set([...before.rules.keys(), ...after.rules.keys()])].sort();
  return ids.flatMap((rule) => {
    const [one, other] = [before.rules.get(rule), after.rules.get(rule)];
    if (one?.status === other?.status) return [];
    const silent = other?.status === 'evaluated' ? one : other;
    return [
      {
        rule,
        before: one?.status ?? null,
        after: other?.status ?? null,
        why: silent?.why ?? 'It was not run.',
      },
    ];
  });
}

function missing(from: ReadonlySet<string> | null, than: ReadonlySet<string> | null): string[] {
  if (!from || !than) return [];
  // A pointer differs from run to run and names nothing.
  return [...from].filter((address) => !than.has(address) && !address.startsWith('0x')).sort();
}
