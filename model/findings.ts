import { createHash } from 'node:crypto';
import { RULE_BY_ID } from './rules/index.ts';
import type { Draft, EvidenceItem, Severity } from './rules/rule.ts';
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
}

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
  readonly counts = new Map<string, number>();

  /** `scope` keeps a rule to one finding per generation or per recording; later ones are counted. */
  fire(
    rule: string,
    draft: Draft,
    position: number,
    scope: 'each' | 'state' | 'generation' | 'recording',
  ): void {
    if (scope !== 'each') {
      const key = [
        rule,
        scope === 'recording' ? '' : draft.fn,
        scope === 'state' ? `${draft.key} ${draft.since}` : '',
      ].join('|');
      const known = this.seen.get(key);
      if (known) {
        known.count++;
        return;
      }
      const entry = { rule, draft, position, count: 1 };
      this.seen.set(key, entry);
      this.fired.push(entry);
    } else this.fired.push({ rule, draft, position, count: 1 });
    this.counts.set(rule, (this.counts.get(rule) ?? 0) + 1);
  }

  /** The findings in the order in which a person should read them. */
  finish(topology: Topology): Finding[] {
    const kept = this.fired.filter((entry) => !this.isReplaced(entry));
    const findings = kept.map((entry) => this.toFinding(entry, topology));
    findings.sort(
      (a, b) => positionOf(kept, a) - positionOf(kept, b) || (a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : 0),
    );
    linkCauses(findings);
    const ordered = causesFirst(findings);
    sign(ordered);
    return ordered;
  }

  /** A rule that says more about the same function at the same event, or about the same state, stands alone. */
  private isReplaced(entry: Fired): boolean {
    const by = RULE_BY_ID.get(entry.rule)?.replacedBy ?? [];
    return this.fired.some(
      (other) =>
        by.includes(other.rule) && other.draft.fn === entry.draft.fn && this.isSameMatter(entry, other),
    );
  }

  private isSameMatter(entry: Fired, other: Fired): boolean {
    const { replacedBy } = RULE_BY_ID.get(entry.rule) ?? {};
    if (!replacedBy) return false;
    return entry.draft.event === other.draft.event || entry.rule === 'ATS001' || entry.rule === 'ATS030';
  }

  private toFinding({ rule, draft, count }: Fired, topology: Topology): Finding {
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
      message:
        row.once === 'recording' && count > 1 ? `${draft.message} (The first of ${count}.)` : draft.message,
      expected: draft.expected,
      observed: draft.observed,
      evidence: draft.evidence,
      causes: [],
      signature: `${rule}|${nameOf(draft, topology)}|${draft.key ?? ''}`,
    };
  }
}

/** The address of the function; a pointer differs from run to run and is left out. */
function nameOf(draft: Draft, topology: Topology): string {
  const address = draft.fn === null ? '-' : topology.at(draft.fn).address;
  return address.startsWith('0x') ? '-' : address;
}

function positionOf(kept: readonly Fired[], finding: Finding): number {
  return (
    kept.find((entry) => entry.draft.event === finding.event && entry.rule === finding.rule)?.position ?? 0
  );
}

/** The latest earlier finding on the same function, or on its PF, whose rule may be the root of this one. */
function linkCauses(findings: readonly Finding[]): void {
  findings.forEach((finding, i) => {
    for (const rule of RULE_BY_ID.get(finding.rule)?.causes ?? []) {
      for (let k = findings.length - 1; k >= 0; k--) {
        const other = findings[k];
        if (k === i || other.rule !== rule || !other.fn || !finding.fn) continue;
        const related = other.fn === finding.fn || other.fn.fn === finding.fn.pf;
        const earlier = k < i || other.event === finding.event;
        if (related && earlier && !reaches(other, finding)) {
          finding.causes.push(other);
          break;
        }
      }
      if (finding.causes.length > 0) break;
    }
  });
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
