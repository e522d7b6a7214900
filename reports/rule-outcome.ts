import { until } from './gate-phrases.ts';
import type { Finding, Story } from './story.ts';

/** Whether a rule was judged on a kind of function. */
export interface Outcome {
  readonly judged: boolean;
  /** Why not, or on which functions not; empty when there is nothing to say. */
  readonly why: string;
}

type Rule = Story['rules'][number];

/** Whether a rule was judged on PFs, VFs or other functions: on none of them is no pass. */
export function kindOutcome(story: Story, rule: Rule, kind: string): Outcome {
  if (rule.status !== 'evaluated') return { judged: false, why: rule.why || rule.status };
  const rows = story.ruleFunctions.filter((row) => row.rule === rule.rule);
  // Checks in SQL and rules about the recording as a whole keep no account of single functions.
  if (rows.length === 0) return { judged: true, why: '' };
  const kinds = new Map(
    story.functions.map((row) => [row.fn, row.kind === 'pf' || row.kind === 'vf' ? row.kind : 'function']),
  );
  const own = rows.filter((row) => kinds.get(row.fn) === kind);
  const undecided = own.filter((row) => row.unknown > 0);
  const names = [...new Set(undecided.map((row) => row.function))];
  const some = names.slice(0, 4).join(', ') + (names.length > 4 ? ` and ${names.length - 4} more` : '');
  const why = undecided.length === 0 ? '' : `Undecided on ${some}: ${undecided[0].why}.`;
  const judged = own.some((row) => row.evaluations > 0);
  if (judged || why !== '') return { judged, why };
  const what = { pf: 'PF', vf: 'VF' }[kind] ?? 'function that is neither PF nor VF';
  return { judged: false, why: `Nothing happened on any ${what} that this rule is about.` };
}

/** Why what was found does not fail, where nobody should take it for a pass; null where it may pass. */
export function whyNotFailing(found: readonly Finding[]): string | null {
  const grave = found.filter((finding) => !finding.gating && finding.severity !== 'note');
  const suppressed = grave.find((finding) => finding.suppression !== null)?.suppression;
  if (suppressed) return `Suppressed ${until(suppressed.expires)}: ${suppressed.reason}`;
  const known = grave.find((finding) => finding.status === 'still' || finding.status === 'changed');
  return known ? `Known from the baseline: ${known.message}` : null;
}
