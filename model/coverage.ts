import {
  MACHINE_COVERAGE,
  type RowOf,
  RULE_COVERAGE,
  RULE_FUNCTIONS,
  type Table,
  TableBuilder,
} from '../tables/index.ts';
import type { EventKindName } from './events.ts';
import type { FeatureName, Features } from './features.ts';
import type { Finding } from './findings.ts';
import { FUNCTION_BY_SYMBOL, KNOWN_TRACEPOINTS } from './known-functions.ts';
import type { Blindness, Observation } from './observation.ts';
import { MACHINE_TRANSITIONS } from './reference-machine.ts';
import type { ReplayResult } from './replay/replay.ts';
import { reasonText } from './rules/advice.ts';
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
    else if (kind.startsWith('listing.')) symbols.add('the output of lspci -vvv');
  }
  // A log of the hardware exists only where the hardware is a model: it is named where nothing else will do.
  if (symbols.size === 0 && kinds.some((kind) => OF_A_MODEL.test(kind)))
    symbols.add('the log of a model of the hardware (QEMU -trace, an ATS event log)');
  return [...symbols].join(' or ');
}

/** Kinds that only a log of QEMU, a simulator or a test bench has. */
const OF_A_MODEL = /^(hw|translation|invalidation|page)\./;

/** For each rule whether the recording could be judged by it, and if not, what would make it so. */
export function ruleCoverage(
  replay: ReplayResult,
  findings: readonly Finding[],
  features: Features,
): Table<typeof RULE_COVERAGE> {
  const builder = new TableBuilder(RULE_COVERAGE);
  for (const rule of RULES) builder.append(coverageOf(rule, replay, findings, features));
  return builder.finish();
}

/** Calls that only kernels with a feature have. */
const FEATURE_OF: Partial<Record<EventKindName, FeatureName>> = {
  'ats.prepare': 'prepare_exists',
  'ats.required': 'required_devices',
  'reset.prepare': 'reset_brackets',
  'reset.done': 'reset_brackets',
};

function isWithout(features: Features, kind: EventKindName): boolean {
  const feature = FEATURE_OF[kind];
  return feature !== undefined && features.get(feature) === false;
}

function coverageOf(rule: Rule, replay: ReplayResult, findings: readonly Finding[], features: Features): Row {
  const { observation } = replay;
  const count = replay.countOf(rule.id);
  const fired = findings.filter((finding) => finding.rule === rule.id).length;
  const base = {
    rule: rule.id,
    name: rule.name,
    evaluations: count?.decided ?? 0,
    unknown: count?.undecided ?? 0,
    findings: fired,
  };
  const missing = rule.needs.filter((any) => !any.some((kind) => observation.watched(kind)));
  if (base.evaluations > 0 || fired > 0 || rule.needs.length === 0) {
    const why =
      base.unknown > 0 && count?.why
        ? `${base.unknown} time${base.unknown === 1 ? '' : 's'} undecided: ${reasonText(count.why)}`
        : '';
    return { ...base, status: 'evaluated', why };
  }
  const never = missing.find((any) => any.every((kind) => isWithout(features, kind)));
  if (never) return { ...base, status: 'not_applicable', why: `This kernel has no ${recipeFor(never)}.` };
  if (rule.needs.some((any) => any.every((kind) => OF_A_MODEL.test(kind)) && missing.includes(any)))
    return { ...base, status: 'not_applicable', why: `Only ${recipeFor(rule.needs[0])} shows this.` };
  if (missing.length > 0) {
    return {
      ...base,
      status: 'not_evaluable',
      why: missingText(missing, observation),
    };
  }
  if (base.unknown > 0)
    return { ...base, status: 'not_evaluable', why: reasonText(count?.why ?? 'an operand is unknown') };
  return { ...base, status: 'not_applicable', why: 'Nothing happened that this rule is about.' };
}

/** The same for each function on which a rule had something to decide. */
export function ruleFunctions(replay: ReplayResult): Table<typeof RULE_FUNCTIONS> {
  const builder = new TableBuilder(RULE_FUNCTIONS);
  for (const rule of RULES) {
    for (const { fn, decided, undecided, why } of replay.countOf(rule.id).perFunction()) {
      builder.append({
        rule: rule.id,
        fn,
        function: replay.topology.at(fn).address,
        evaluations: decided,
        unknown: undecided,
        why: why ?? '',
      });
    }
  }
  return builder.finish();
}

/** What is missing, and why: with the list of probes of a bundle, the reason and the option of the kit that helps. */
function missingText(missing: readonly (readonly EventKindName[])[], observation: Observation): string {
  const plain: string[] = [];
  const known: Exclude<Blindness, { why: 'not-recorded' }>[] = [];
  const absent: string[] = [];
  for (const kinds of missing) {
    const blindness = observation.blindness(kinds);
    if (blindness.why === 'not-recorded') plain.push(recipeFor(kinds));
    else if (blindness.why === 'absent') absent.push(...blindness.names);
    else known.push(blindness);
  }
  if (absent.length > 0) known.push({ why: 'absent', names: absent });
  return [
    ...(plain.length > 0 ? [`Nothing of this was recorded: ${plain.join('; and ')}.`] : []),
    ...new Set(known.map(blindnessText)),
  ].join(' ');
}

/** Why something was not observed, in a sentence for the user of the kit. */
export function blindnessText(blindness: Exclude<Blindness, { why: 'not-recorded' }>): string {
  switch (blindness.why) {
    case 'left-out':
      return `Left out when recording: record without --without ${blindness.groups.join(',')}${
        blindness.groups.every((group) => LIGHT.has(group)) ? ' (or --light)' : ''
      }.`;
    case 'refused':
      return `The kernel refused to record ${some(blindness.names)} (${blindness.reason}). Kernels from 6.9 on take every probe of the kit, older ones more with --offsets.`;
    case 'missed':
      return `${some(blindness.names)} could not be recorded ${blindness.count} times, so silence says nothing: record with --light.`;
    case 'absent':
      return `This kernel has no ${some(blindness.names)}, or the compiler inlined it.`;
  }
}

/** Groups that the kit leaves out with --light. */
const LIGHT: ReadonlySet<string> = new Set(['read', 'invalidate']);

function some(names: readonly string[]): string {
  return names.length > 3
    ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`
    : names.join(' or ');
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
