import { createHash } from 'node:crypto';
import { RULE_BY_ID } from './rules/index.ts';
import type { Draft, EvidenceItem, Rule, Severity } from './rules/rule.ts';
import type { FunctionRecord, Topology } from './topology.ts';

/** A finding with its links. */
export interface Finding {
  id: number;
  readonly rule: string;
  readonly name: string;
  readonly severity: Severity;
  readonly fn: FunctionRecord | null;
  /** Event that showed it, or -1. */
  readonly event: number;
  /** Event that made it so, or -1. */
  readonly since: number;
  readonly message: string;
  readonly expected: string;
  readonly observed: string;
  readonly evidence: readonly EvidenceItem[];
  readonly causes: Finding[];
  signature: string;
  /** Position in the replay at which it was fired. */
  readonly position: number;
}

/** A caller that repeats one mistake without end is listed so often; what follows is counted. */
const MOST_ALIKE = 64;

interface Fired {
  readonly rule: string;
  readonly draft: Draft;
  /** Position in the replay: findings of one moment come in the order of the rules. */
  readonly position: number;
  count: number;
}

const SEVERITY_RANK: Record<Severity, number> = { error: 0, warning: 1, note: 2 };

/** Collects what rules fire, and settles precedence: one finding for one fact, causes before consequences. */
export class FindingCollector {
  private readonly fired: Fired[] = [];
  private readonly seen = new Map<string, Fired>();
  /** How many findings are alike, and the last of them that is listed. */
  private readonly alike = new Map<string, { times: number; last: Fired }>();

  /** `scope` keeps a rule to one finding per generation or per key; later ones are counted. */
  fire(rule: string, draft: Draft, position: number, scope: 'each' | 'state' | 'generation' | 'key'): void {
    const entry = { rule, draft, position, count: 1 };
    if (scope === 'each' || scope === 'state') {
      if (scope === 'state' && this.isKnown(`${rule}|${draft.fn}|${draft.key} ${draft.since}`, entry)) return;
      const key = `${rule}|${draft.fn}|${draft.key}`;
      const alike = this.alike.get(key);
      if (!alike) this.alike.set(key, { times: 1, last: entry });
      else if (alike.times++ < MOST_ALIKE) alike.last = entry;
      else {
        alike.last.count++;
        return;
      }
    } else if (
      this.isKnown(
        `${rule}|${scope === 'key' ? (draft.key ?? '') : `${draft.fn ?? draft.key} ${draft.matter ?? ''}`}`,
        entry,
      )
    )
      return;
    this.fired.push(entry);
  }

  private isKnown(key: string, entry: Fired): boolean {
    const known = this.seen.get(key);
    if (!known) this.seen.set(key, entry);
    else if (RULE_BY_ID.get(entry.rule)?.once) known.count++;
    return known !== undefined;
  }

  /**
   * The findings in the order in which a person should read them.
   * @param positionOf place of an event in the replay, -1 for no event.
   */
  finish(topology: Topology, positionOf: (event: number) => number = (event) => event): Finding[] {
    const others = byRuleAndFunction(this.fired, ({ rule, draft }) => `${rule} ${draft.fn}`);
    const findings = this.fired
      .filter((entry) => !isReplaced(entry, others, positionOf))
      .map((entry) => this.toFinding(entry, topology));
    findings.sort((a, b) => a.position - b.position || (a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : 0));
    linkCauses(findings);
    const ordered = causesFirst(findings);
    sign(ordered);
    return ordered;
  }

  private toFinding({ rule, draft, count, position }: Fired, topology: Topology): Finding {
    const row = RULE_BY_ID.get(rule);
    if (!row) throw new Error(`no rule ${rule}`);
    return {
      id: 0,
      rule,
      name: row.name,
      severity: draft.severity ?? row.severity,
      fn: draft.fn === null ? null : topology.at(draft.fn),
      event: draft.event,
      since: draft.since ?? -1,
      message: draft.message + repetition(row, draft, count),
      expected: draft.expected,
      observed: draft.observed,
      evidence: draft.evidence,
      causes: [],
      signature: `${rule}|${nameOf(draft, topology)}|${draft.key ?? ''}`,
      position,
    };
  }
}

function repetition({ once, tellsCount }: Rule, draft: Draft, count: number): string {
  if (count < 2 || (once === 'generation' && !tellsCount)) return '';
  if (once === 'key' || tellsCount) return ` (The first of ${count}.)`;
  return draft.event < 0 ? '' : ` (${count - 1} more like it followed and are not listed.)`;
}

function byRuleAndFunction<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/** A rule that says more about the same function at the same event, or about the same state, stands alone. */
function isReplaced(
  entry: Fired,
  others: ReadonlyMap<string, readonly Fired[]>,
  positionOf: (event: number) => number,
): boolean {
  return (RULE_BY_ID.get(entry.rule)?.replacedBy ?? []).some((rule) =>
    others.get(`${rule} ${entry.draft.fn}`)?.some((other) => isSameMatter(entry, other, positionOf)),
  );
}

function isSameMatter(entry: Fired, other: Fired, positionOf: (event: number) => number): boolean {
  if (entry.draft.event === other.draft.event || entry.rule === 'ATS001') return true;
  if (entry.rule !== 'ATS030') return false;
  // The register lost Enable in the reset that the other finding is about, not before it.
  const { since = -1 } = entry.draft;
  return positionOf(since) >= positionOf(other.draft.since ?? -1);
}

/** The address of the function; a pointer differs from run to run and is left out. */
function nameOf(draft: Draft, topology: Topology): string {
  const address = draft.fn === null ? '-' : topology.at(draft.fn).address;
  return address.startsWith('0x') ? '-' : address;
}

/** The latest earlier finding on the same function, or on its PF, whose rule may be the root of this one. */
function linkCauses(findings: readonly Finding[]): void {
  const groups = byRuleAndFunction(findings, ({ rule, fn }) => `${rule} ${fn?.fn}`);
  for (const finding of findings) {
    const { fn } = finding;
    if (!fn) continue;
    for (const rule of RULE_BY_ID.get(finding.rule)?.causes ?? []) {
      const related = [...(groups.get(`${rule} ${fn.fn}`) ?? [])];
      if (fn.pf >= 0) related.push(...(groups.get(`${rule} ${fn.pf}`) ?? []));
      const cause = latestBefore(related, finding);
      if (!cause) continue;
      finding.causes.push(cause);
      break;
    }
  }
}

function latestBefore(candidates: readonly Finding[], finding: Finding): Finding | null {
  let latest: Finding | null = null;
  for (const other of candidates) {
    const earlier = other.position <= finding.position || other.event === finding.event;
    if (!earlier || other === finding || reaches(other, finding)) continue;
    if (!latest || other.position >= latest.position) latest = other;
  }
  return latest;
}

function reaches(from: Finding, to: Finding): boolean {
  return from === to || from.causes.some((cause) => reaches(cause, to));
}

function causesFirst(findings: readonly Finding[]): Finding[] {
  const ordered: Finding[] = [];
  const done = new Set<Finding>();
  const visit = (finding: Finding) => {
    if (done.has(finding)) return;
    done.add(finding);
    for (const cause of finding.causes) visit(cause);
    ordered.push(finding);
  };
  for (const finding of findings) visit(finding);
  ordered.forEach((finding, i) => {
    finding.id = i;
  });
  return ordered;
}

/** Hashes what identifies a finding on one board from run to run; equal findings are numbered. */
function sign(findings: readonly Finding[]): void {
  const seen = new Map<string, number>();
  for (const finding of findings) {
    const nth = (seen.get(finding.signature) ?? 0) + 1;
    seen.set(finding.signature, nth);
    const text = nth === 1 ? finding.signature : `${finding.signature}#${nth}`;
    finding.signature = createHash('sha256').update(text).digest('hex').slice(0, 16);
  }
}

/** 0 for an error, 1 for a warning, 2 for a note. */
export function severityRank(severity: string): number {
  return SEVERITY_RANK[severity as Severity] ?? 3;
}
