import type { ComparedCall } from '../../model/gate/compare-calls.ts';
import type { Difference, DiffSide, Outcome } from '../../model/gate/difference.ts';

/** Version of the format. It goes up when a field is removed, renamed, or changes its meaning. */
export const DIFF_SCHEMA = 1;

function sideObject(side: DiffSide): object {
  const { label, kind, verdict, sentence, profile, kernels } = side;
  return { label, kind, verdict, sentence, profile, kernels };
}

function callObject(call: ComparedCall | null): object | null {
  return (
    call && {
      page_shift: call.page_shift,
      result: call.result === null ? null : Number(call.result),
      warned: call.warned,
    }
  );
}

/** A difference as an object; its schema is `diff.schema.json` beside this file. */
export function diffJson(diff: Difference, outcome: Outcome, tool: string): object {
  return {
    schema: DIFF_SCHEMA,
    tool,
    outcome,
    before: sideObject(diff.before),
    after: sideObject(diff.after),
    findings: diff.findings.map(({ position: _, finding: __, ...row }) => row),
    calls:
      diff.calls === null
        ? null
        : diff.calls.map(({ kind, function: address, nth, before, after }) => ({
            kind,
            function: address,
            nth,
            before: callObject(before),
            after: callObject(after),
          })),
    features: diff.features,
    rules: diff.rules,
    functions: { only_before: diff.onlyBefore, only_after: diff.onlyAfter },
  };
}
