import type { Analysis } from '../model/analysis.ts';
import { type EvidenceLine, type Finding, type Story, storyRowsOf, tellStory } from './story.ts';
import { clip } from './visible.ts';

/** Version of the format of `findings.json`. It goes up when a field is removed, renamed, or changes its meaning. */
export const FINDINGS_SCHEMA = 1;

/** A record longer than this is cut in the evidence; the recording itself has the rest. */
const MAX_EVIDENCE_TEXT = 4096;

function timeText(ns: bigint | null): string | null {
  return ns === null ? null : String(ns);
}

function signatures(findings: readonly Finding[]): string[] {
  return [...new Set(findings.map((finding) => finding.signature))];
}

function evidenceObject(line: EvidenceLine): object {
  const { text, omitted } = clip(line.text, MAX_EVIDENCE_TEXT);
  return {
    source: line.source,
    ...(line.line === null ? { offset: Number(line.offset) } : { line: line.line }),
    time_ns: timeText(line.timeNs),
    text: omitted === 0 ? text : `${text} ... (${omitted} characters more)`,
  };
}

function findingObject(finding: Finding): object {
  return {
    rule: finding.rule,
    name: finding.name,
    severity: finding.severity,
    function: finding.function,
    pf: finding.pf,
    generation: finding.generation,
    time_ns: timeText(finding.time_ns),
    source: finding.sourcePath,
    message: finding.message,
    expected: finding.expected,
    observed: finding.observed,
    cause_of: signatures(finding.consequences),
    caused_by: signatures(finding.causes),
    evidence: finding.evidence.map(evidenceObject),
    signature: finding.signature,
    gating: finding.gating,
    status: finding.status,
    suppressed: finding.suppression && {
      reason: finding.suppression.reason,
      expires: finding.suppression.expires,
      source: finding.suppression.source,
      line: finding.suppression.line,
    },
  };
}

function sourceObjects(story: Story): object[] {
  return story.sources.map((source) => {
    const losses = story.losses.filter((loss) => loss.source === source.source);
    return {
      path: source.path,
      format: source.format,
      detail: source.detail,
      bytes: Number(source.bytes),
      records: Number(source.records),
      unparsed: Number(source.unparsed),
      complete: source.complete,
      losses: losses.length,
      lost_records: losses.some((loss) => loss.count === null)
        ? null
        : losses.reduce((sum, loss) => sum + Number(loss.count), 0),
      first_ns: timeText(source.first_ns),
      last_ns: timeText(source.last_ns),
      kernel_release: source.kernel_release,
      clock: source.clock,
    };
  });
}

function coverageObject(story: Story): object {
  const withStatus = (status: string) => story.rules.filter((rule) => rule.status === status).length;
  const total = (pick: (source: Story['sources'][number]) => bigint) =>
    story.sources.reduce((sum, source) => sum + Number(pick(source)), 0);
  return {
    bytes: total((source) => source.bytes),
    unparsed_bytes: total((source) => source.unparsed_bytes),
    records: total((source) => source.records),
    unparsed: total((source) => source.unparsed),
    losses: story.losses.length,
    events: story.eventCount,
    functions: story.functions.length,
    rules: {
      evaluated: withStatus('evaluated'),
      not_evaluable: withStatus('not_evaluable'),
      not_applicable: withStatus('not_applicable'),
    },
    reasons: story.reasons.map(({ code, decisive, reason, settle }) => ({ code, decisive, reason, settle })),
  };
}

function ruleObjects(story: Story): object[] {
  const decided = new Map<string, Set<string>>();
  const undecided = new Map<string, Map<string, string>>();
  for (const row of story.ruleFunctions) {
    if (row.evaluations > 0) {
      const on = decided.get(row.rule) ?? new Set();
      decided.set(row.rule, on.add(row.function));
    }
    if (row.unknown > 0) {
      const on = undecided.get(row.rule) ?? new Map<string, string>();
      if (!on.has(row.function)) on.set(row.function, row.why);
      undecided.set(row.rule, on);
    }
  }
  return story.rules.map(({ rule, name, status, why }) => ({
    rule,
    name,
    status,
    why,
    decided_on: [...(decided.get(rule) ?? [])].sort(),
    undecided_on: [...(undecided.get(rule) ?? [])]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([address, reason]) => ({ function: address, why: reason })),
  }));
}

function comparisonObject(story: Story): object | null {
  const [baseline] = story.baseline;
  if (!baseline) return null;
  const count = (status: string) => story.comparison.filter((row) => row.status === status).length;
  return {
    baseline: {
      path: baseline.path,
      tool: baseline.tool,
      verdict: baseline.verdict,
      findings: baseline.findings,
    },
    new: count('new'),
    changed: count('changed'),
    still: count('still'),
    not_evaluated: count('not_evaluated'),
    fixed: count('fixed'),
    findings: story.comparison.map(
      ({ status, rule, name, function: address, severity, baseline_severity, signature, message, why }) => ({
        status,
        rule,
        name,
        function: address,
        severity,
        baseline_severity,
        signature,
        message,
        why,
      }),
    ),
  };
}

/** `findings.json` as an object; its schema is `findings.schema.json` beside this file. */
export function findingsJson(analysis: Analysis): object {
  const story = tellStory(storyRowsOf(analysis));
  return {
    schema: FINDINGS_SCHEMA,
    tool: story.verdict.tool,
    verdict: story.verdict.verdict,
    sentence: story.verdict.sentence,
    gate: {
      fail_on: story.verdict.gate,
      findings: story.baseline[0]?.gate ?? 'any',
      failing: story.all.filter((finding) => finding.gating).length,
    },
    features: {
      profile: story.verdict.profile,
      values: Object.fromEntries(
        story.features.map(({ feature, value, origin }) => [feature, { value, origin }]),
      ),
    },
    sources: sourceObjects(story),
    findings: story.all.map(findingObject),
    comparison: comparisonObject(story),
    suppressions: story.suppressions.map(({ suppression: _, ...row }) => row),
    rules: ruleObjects(story),
    functions: [...new Set(story.functions.map((row) => row.function))].sort(),
    coverage: coverageObject(story),
  };
}
