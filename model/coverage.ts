import {
  MACHINE_COVERAGE,
  type RowOf,
  RULE_COVERAGE,
  RULE_FUNCTIONS,
  type Table,
  TableBuilder,
} from '../tables/index.ts';
import { EVENT_KINDS, type EventKindName } from './events.ts';
import type { Finding } from './findings.ts';
import { FUNCTION_BY_SYMBOL, KNOWN_TRACEPOINTS } from './known-functions.ts';
import { MACHINE_TRANSITIONS } from './reference-machine.ts';
import type { ReplayResult } from './replay/replay.ts';
import { RULES } from './rules/index.ts';
import type { Rule } from './rules/rule.ts';

type Row = RowOf<typeof RULE_COVERAGE>;

/** What to record for events of a kind, in the words of a user. */
export function recipeFor(kinds: readonly EventKindName[]): string {
  const symbols = new Set<string>();
  for (const kind of kinds) {
    const probe = [...FUNCTION_BY_SYMBOL.values()].find((known) => known.kind === kind);
    const tracepoint = Object.entries(KNOWN_TRACEPOINTS).find(([, of]) => of === kind)?.[0];
    if (probe) symbols.add(`${probe.symbol}()`);
    else if (tracepoint) symbols.add(`the trace event ${tracepoint}`);
    else if (kind.startsWith('log.')) symbols.add('the kernel log');
  }
  return [...symbols].join(' or ');
}

/** For each rule whether the recording could be judged by it, and if not, what would make it so. */
export function ruleCoverage(
  replay: ReplayResult,
  findings: readonly Finding[],
): Table<typeof RULE_COVERAGE> {
  const builder = new TableBuilder(RULE_COVERAGE);
  const seen = new Set(
    EVENT_KINDS.filter((_, kind) => replay.kindCounts[kind] > 0).map((kind) => kind.name as EventKindName),
  );
  for (const rule of RULES) builder.append(coverageOf(rule, replay, findings, seen));
  return builder.finish();
}

function coverageOf(
  rule: Rule,
  replay: ReplayResult,
  findings: readonly Finding[],
  seen: ReadonlySet<EventKindName>,
): Row {
  const count = replay.counts[rule.id];
  const fired = findings.filter((finding) => finding.rule === rule.id).length;
  const base = {
    rule: rule.id,
    name: rule.name,
    evaluations: count?.decided ?? 0,
    unknown: count?.undecided ?? 0,
    findings: fired,
  };
  const missing = rule.needs.filter((any) => !any.some((kind) => seen.has(kind)));
  if (base.evaluations > 0 || fired > 0 || rule.needs.length === 0) {
    const why =
      base.unknown > 0 && count?.why
        ? `${base.unknown} time${base.unknown === 1 ? '' : 's'} undecided: ${count.why}.`
        : '';
    return { ...base, status: 'evaluated', why };
  }
  if (missing.length > 0) {
    return {
      ...base,
      status: 'not_evaluable',
      why: `Nothing of this was recorded: ${missing.map(recipeFor).join('; and ')}.`,
    };
  }
  if (base.unknown > 0)
    return { ...base, status: 'not_evaluable', why: `${count?.why ?? 'an operand is unknown'}.` };
  return { ...base, status: 'not_applicable', why: 'Nothing happened that this rule is about.' };
}

/** The same for each function on which a rule had something to decide. */
export function ruleFunctions(replay: ReplayResult): Table<typeof RULE_FUNCTIONS> {
  const builder = new TableBuilder(RULE_FUNCTIONS);
  for (const rule of RULES) {
    const counts = replay.counts[rule.id];
    if (!counts) continue;
    const fns = new Set<number>(counts.undecidedOn.keys());
    counts.decidedOn.forEach((_, fn) => {
      fns.add(fn);
    });
    for (const fn of [...fns].sort((a, b) => a - b)) {
      const unknown = counts.undecidedOn.get(fn);
      builder.append({
        rule: rule.id,
        fn,
        function: replay.topology.at(fn).address,
        evaluations: counts.decidedOn[fn] ?? 0,
        unknown: unknown?.times ?? 0,
        why: unknown?.why ?? '',
      });
    }
  }
  return builder.finish();
}

/** Which transitions of the reference machine the recording took, out of all. */
export function machineCoverage(replay: ReplayResult): Table<typeof MACHINE_COVERAGE> {
  const builder = new TableBuilder(MACHINE_COVERAGE);
  for (const transition of MACHINE_TRANSITIONS) {
    const { kind, from, event, to, nature } = transition;
    const taken = replay.machineCoverage.countOf(transition);
    builder.append({ kind, from_state: from, event, to_state: to, nature, taken });
  }
  return builder.finish();
}
