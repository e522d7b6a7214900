import type { ComparedFinding, RuleStatus, Side } from '../model/gate/side.ts';
import { FINDINGS_SCHEMA } from './findings-json.ts';

/** A file that is no `findings.json`, or one of another version. */
export class FindingsFileError extends Error {
  override name = 'FindingsFileError';
}

/** What a `findings.json` holds, as far as comparing needs it. */
export interface ReadFindings extends Side {
  readonly tool: string;
  readonly verdict: string;
  readonly sentence: string;
  readonly profile: string | null;
  readonly kernels: readonly string[];
  readonly features: ReadonlyMap<string, { readonly value: string; readonly origin: string }>;
}

type Json = Readonly<Record<string, unknown>>;

/** Size above which a file cannot be a `findings.json`: the parser would need a multiple of it. */
export const MAX_FINDINGS_BYTES = 256 << 20;

/**
 * Reads a `findings.json`, the inverse of `findingsJson`. Only what comparing needs is looked at; what is looked at must be
 * as the schema says.
 * @throws FindingsFileError that says what was expected and what is there
 */
export function readFindings(text: string): ReadFindings {
  const file = parse(text);
  if (typeof file.tool !== 'string' || !Array.isArray(file.findings) || !Array.isArray(file.rules))
    throw new FindingsFileError(
      'is JSON, but no findings.json of atscope (it has no tool, findings and rules).',
    );
  if (file.schema !== FINDINGS_SCHEMA) {
    throw new FindingsFileError(
      `is a findings.json of version ${JSON.stringify(file.schema) ?? 'unknown'}, made by ${file.tool}; this program reads version ${FINDINGS_SCHEMA}. Analyze the recording again with this program.`,
    );
  }
  const coverage = object(file.coverage, 'coverage');
  const features = object(file.features, 'features');
  return {
    tool: file.tool,
    verdict: oneOf(file.verdict, ['pass', 'fail', 'inconclusive'], 'verdict'),
    sentence: string(file.sentence, 'sentence'),
    profile: features.profile === null ? null : string(features.profile, 'features.profile'),
    kernels: [
      ...new Set(list(file.sources, 'sources').flatMap((source) => optional(source.kernel_release) ?? [])),
    ],
    features: new Map(
      Object.entries(object(features.values, 'features.values')).map(([name, value]) => {
        const feature = object(value, `features.values.${name}`);
        return [name, { value: string(feature.value, name), origin: string(feature.origin, name) }];
      }),
    ),
    findings: list(file.findings, 'findings').map(findingOf),
    rules: new Map(list(file.rules, 'rules').map(ruleOf)),
    functions: new Set(strings(file.functions, 'functions')),
    gaps: list(coverage.reasons, 'coverage.reasons')
      .filter((reason) => reason.decisive === true && reason.code !== 'baseline-not-evaluated')
      .map((reason) => string(reason.reason, 'coverage.reasons.reason')),
  };
}

function parse(text: string): Json {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new FindingsFileError(`is no findings.json: it is not JSON (${(error as Error).message}).`);
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    throw new FindingsFileError('is JSON, but no findings.json of atscope (an object was expected).');
  return data as Json;
}

function findingOf(finding: Json, index: number): ComparedFinding {
  const at = `findings[${index}]`;
  return {
    finding: null,
    rule: string(finding.rule, `${at}.rule`),
    name: string(finding.name, `${at}.name`),
    severity: oneOf(finding.severity, ['error', 'warning', 'note'], `${at}.severity`),
    function: optional(finding.function),
    message: string(finding.message, `${at}.message`),
    signature: string(finding.signature, `${at}.signature`),
  };
}

function ruleOf(rule: Json, index: number): [string, RuleStatus] {
  const at = `rules[${index}]`;
  return [
    string(rule.rule, `${at}.rule`),
    {
      status: oneOf(rule.status, ['evaluated', 'not_evaluable', 'not_applicable'], `${at}.status`),
      why: string(rule.why, `${at}.why`),
      decidedOn: new Set(strings(rule.decided_on, `${at}.decided_on`)),
      undecidedOn: new Map(
        list(rule.undecided_on, `${at}.undecided_on`).map((item) => [
          string(item.function, `${at}.undecided_on.function`),
          string(item.why, `${at}.undecided_on.why`),
        ]),
      ),
    },
  ];
}

function wrong(where: string, expected: string): FindingsFileError {
  return new FindingsFileError(
    `is no findings.json that can be used: ${where} is not ${expected}. Was it edited?`,
  );
}

function object(value: unknown, where: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(where, 'an object');
  return value as Json;
}

function list(value: unknown, where: string): Json[] {
  if (!Array.isArray(value)) throw wrong(where, 'a list');
  return value.map((item, index) => object(item, `${where}[${index}]`));
}

function strings(value: unknown, where: string): string[] {
  if (!Array.isArray(value)) throw wrong(where, 'a list');
  return value.map((item, index) => string(item, `${where}[${index}]`));
}

function string(value: unknown, where: string): string {
  if (typeof value !== 'string') throw wrong(where, 'text');
  return value;
}

function oneOf(value: unknown, words: readonly string[], where: string): string {
  if (typeof value !== 'string' || !words.includes(value)) throw wrong(where, `one of ${words.join(', ')}`);
  return value;
}

function optional(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
