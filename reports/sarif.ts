import type { Analysis } from '../model/analysis.ts';
import { DOCUMENTED_RULES } from '../model/rules/document.ts';
import { rowsOf } from '../tables/index.ts';
import { type EvidenceLine, type Finding, type Story, storyRowsOf, tellStory } from './story.ts';
import { clip, visible } from './visible.ts';

const MAX_TEXT = 2000;
const MAX_RELATED = 20;

function text(value: string): { text: string } {
  return { text: visible(clip(value, MAX_TEXT).text) };
}

/** A path as a relative or absolute URI reference. */
function uriOf(path: string): string {
  return path
    .split('/')
    .map(encodeURIComponent)
    .join('/')
    .replace(/^(?=[^/]*:)/, './');
}

function location(line: EvidenceLine): object {
  const region = line.line === null ? { byteOffset: Number(line.offset) } : { startLine: line.line };
  const snippet = line.line === null ? {} : { snippet: text(line.text) };
  return {
    physicalLocation: { artifactLocation: { uri: uriOf(line.source) }, region: { ...region, ...snippet } },
  };
}

type Splats = ReadonlyMap<string, { readonly file: string; readonly line: number | null }>;

/** The kernel source lines that WARNs among the evidence name. */
function kernelLocations(finding: Finding, splats: Splats): object[] {
  return finding.evidence.flatMap((line) => {
    const splat = splats.get(`${line.source}\n${line.line}`);
    if (!splat) return [];
    const region = splat.line === null ? {} : { region: { startLine: splat.line } };
    const artifactLocation = { uri: uriOf(splat.file), uriBaseId: 'KERNEL' };
    return [
      { physicalLocation: { artifactLocation, ...region }, message: { text: 'The kernel warned here.' } },
    ];
  });
}

const DOCUMENTED = new Map(DOCUMENTED_RULES.map((rule) => [rule.id, rule]));

/** What a viewer shows of a rule; of a check in SQL only its name is known. */
function ruleDescriptor({ rule: id, name }: Story['rules'][number]): object {
  const rule = DOCUMENTED.get(id);
  if (!rule) return { id, name, shortDescription: { text: name } };
  const parts: readonly (readonly [string, string])[] = [
    ['Meaning', rule.meaning],
    ['What to do', rule.fix],
    ['Kernels', rule.versions],
  ];
  return {
    id,
    name,
    shortDescription: { text: rule.name.replaceAll('-', ' ') },
    fullDescription: { text: rule.condition },
    help: { text: parts.map(([title, words]) => `${title}: ${words}`).join('\n') },
    defaultConfiguration: { level: rule.severity },
    properties: { layers: rule.layers },
  };
}

/** SARIF's words for where a finding stands against the baseline. */
const BASELINE_STATE: Readonly<Record<string, string>> = {
  new: 'new',
  changed: 'updated',
  still: 'unchanged',
};

/** The source as a whole, for a finding that no single record shows: viewers want a place. */
function wholeSource(finding: Finding, story: Story): object[] {
  const path = finding.sourcePath ?? story.sources[0]?.path;
  return path === undefined ? [] : [{ physicalLocation: { artifactLocation: { uri: uriOf(path) } } }];
}

function resultOf(
  finding: Finding,
  story: Story,
  ruleIndex: ReadonlyMap<string, number>,
  splats: Splats,
): object {
  const { suppression, status } = finding;
  const shown = finding.evidence.at(-1);
  const related = [
    ...finding.evidence.slice(0, -1).map((line) => ({ ...location(line), message: text(line.role) })),
    ...kernelLocations(finding, splats),
  ].slice(0, MAX_RELATED);
  return {
    ruleId: finding.rule,
    ruleIndex: ruleIndex.get(finding.rule) ?? -1,
    level: finding.severity,
    message: text(`${finding.message} Expected: ${finding.expected} Observed: ${finding.observed}`),
    locations: shown ? [location(shown)] : wholeSource(finding, story),
    relatedLocations: related,
    partialFingerprints: { 'atscopeSignature/v1': finding.signature },
    ...(status === null ? {} : { baselineState: BASELINE_STATE[status] }),
    ...(suppression === null
      ? {}
      : {
          suppressions: [
            {
              kind: 'external',
              status: 'accepted',
              justification: visible(clip(suppression.reason, MAX_TEXT).text),
              properties: { expires: suppression.expires },
            },
          ],
        }),
    properties: {
      function: finding.function,
      pf: finding.pf,
      gating: finding.gating,
      timeNs: finding.time_ns === null ? null : String(finding.time_ns),
      causedBy: [...new Set(finding.causes.map((cause) => cause.signature))],
    },
  };
}

function notifications(story: Story): object[] {
  return story.reasons.map((reason) => ({
    level: reason.decisive ? 'warning' : 'note',
    message: text(reason.settle ? `${reason.reason} Record next time: ${reason.settle}` : reason.reason),
    descriptor: { id: reason.code },
  }));
}

/** The findings as a SARIF 2.1.0 log, fingerprinted by signature. */
export function sarifLog(analysis: Analysis): object {
  const story = tellStory(storyRowsOf(analysis));
  const paths = new Map(story.sources.map((source) => [source.source, source.path]));
  const splats = new Map(
    rowsOf(analysis.splats).flatMap((splat) =>
      splat.file === null
        ? []
        : [
            [
              `${paths.get(splat.source)}\n${splat.line}`,
              { file: splat.file, line: splat.file_line },
            ] as const,
          ],
    ),
  );
  const ruleIndex = new Map(story.rules.map((rule, index) => [rule.rule, index]));
  const [name, version] = story.verdict.tool.split(' ');
  const codes = [...new Set(story.reasons.map((reason) => reason.code))];
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name,
            ...(version ? { version } : {}),
            rules: story.rules.map(ruleDescriptor),
            notifications: codes.map((id) => ({ id })),
          },
        },
        originalUriBaseIds: { KERNEL: { description: { text: 'Root of the kernel source tree.' } } },
        invocations: [{ executionSuccessful: true, toolExecutionNotifications: notifications(story) }],
        results: story.all.map((finding) => resultOf(finding, story, ruleIndex, splats)),
        properties: { verdict: story.verdict.verdict, profile: story.verdict.profile },
      },
    ],
  };
}
