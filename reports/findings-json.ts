import type { Analysis } from '../model/analysis.ts';
import { type EvidenceLine, type Finding, type Story, storyRowsOf, tellStory } from './story.ts';
import { clip } from './visible.ts';

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

/** `findings.json` as an object; its schema is `findings.schema.json` beside this file. */
export function findingsJson(analysis: Analysis): object {
  const story = tellStory(storyRowsOf(analysis));
  return {
    schema: 1,
    tool: story.verdict.tool,
    verdict: story.verdict.verdict,
    features: {
      profile: story.verdict.profile,
      values: Object.fromEntries(
        story.features.map(({ feature, value, origin }) => [feature, { value, origin }]),
      ),
    },
    sources: sourceObjects(story),
    findings: story.all.map(findingObject),
    rules: story.rules.map(({ rule, status, why }) => ({ rule, status, why })),
    coverage: coverageObject(story),
  };
}
