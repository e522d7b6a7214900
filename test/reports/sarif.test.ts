import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { applyGate } from '../../model/gate/apply.ts';
import { sideOf } from '../../model/gate/side.ts';
import { sarifLog } from '../../reports/sarif.ts';
import { EVIDENCE, FINDINGS, SPLATS, VERDICT_REASONS } from '../../tables/index.ts';
import { analyzeCapture } from '../support/capture.ts';
import { at, evidenceRow, findingRow, sampleAnalysis, tableOf } from './sample.ts';

/** The schema of the standard as the SARIF project ships it. It is draft 4, whose `id` is `$id` today. */
function officialSchema() {
  const path = createRequire(import.meta.url).resolve(
    '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json',
  );
  const { id, $schema: _, ...schema } = JSON.parse(readFileSync(path, 'utf8'));
  return { $id: id, ...schema };
}

const validate = new Ajv({
  strict: false,
  allErrors: true,
  unicodeRegExp: false,
  formats: { uri: /^[a-z][a-z0-9+.-]*:/i, 'uri-reference': /^[^\s\\<>"]*$/, 'date-time': true },
}).compile(officialSchema());

interface Sarif {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly level: string;
      readonly baselineState?: string;
      readonly suppressions?: readonly { readonly justification: string }[];
      readonly partialFingerprints: Record<string, string>;
      readonly locations: readonly unknown[];
      readonly relatedLocations: readonly unknown[];
    }[];
  }[];
}

function valid(log: object): Sarif {
  const json = JSON.parse(JSON.stringify(log));
  validate(json);
  expect(validate.errors ?? []).toEqual([]);
  return json;
}

test('the schema refuses what is no SARIF', () => {
  expect(validate({ version: '2.1.0' })).toBe(false);
  expect(validate({ version: '2.1.0', runs: [{ tool: { driver: { name: 'x' } }, results: [{}] }] })).toBe(
    false,
  );
});

test('results point at rules, records and kernel sources, and carry the signature', () => {
  const splat = {
    source: 1,
    splat: 0,
    boot: 0,
    kind: 'warn',
    time_ns: at(0),
    file: 'drivers/pci/ats.c',
    file_line: 128,
    symbol: 'pci_disable_ats',
    symbol_offset: 106,
    module: null,
    cpu: 1,
    pid: 150,
    uid: null,
    comm: 'sh',
    taint: null,
    kernel_release: null,
    hardware: null,
    title: 'WARNING',
    first_seq: 1,
    last_seq: 9,
    complete: true,
    offset: 0n,
    length: 10,
    line: 411,
  };
  const [run] = valid(sarifLog(sampleAnalysis({ splats: tableOf(SPLATS, [splat]) }))).runs;
  for (const result of run.results) {
    if (result.ruleIndex >= 0) expect(run.tool.driver.rules[result.ruleIndex].id).toBe(result.ruleId);
  }
  expect(run.results[0]).toMatchObject({
    ruleId: 'ATS003',
    level: 'error',
    partialFingerprints: { 'atscopeSignature/v1': 'ATS003:0000:01:00.2:0' },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: 'captures/board-7/trace.txt' },
          region: { startLine: 60 },
        },
      },
    ],
  });
  expect(run.results[3].relatedLocations).toEqual([
    {
      physicalLocation: {
        artifactLocation: { uri: 'drivers/pci/ats.c', uriBaseId: 'KERNEL' },
        region: { startLine: 128 },
      },
      message: { text: 'The kernel warned here.' },
    },
  ]);
});

test('a finding that no record shows points at its source; a rule tells what it means', () => {
  const [run] = valid(sarifLog(sampleAnalysis({ evidence: tableOf(EVIDENCE, []) }))).runs;
  expect(run.results[0].locations).toEqual([
    { physicalLocation: { artifactLocation: { uri: 'captures/board-7/trace.txt' } } },
  ]);
  expect(run.tool.driver.rules.find((rule) => rule.id === 'ATS003')).toMatchObject({
    shortDescription: { text: 'vf prepare stu mismatch' },
    defaultConfiguration: { level: 'error' },
  });
});

test('hostile text of a recording keeps to the schema and shows no control character', () => {
  const nasty = 'a\x00\x1b[31m\u202e\ud800 ::error::x\nb %0A </script>';
  const log = sarifLog(
    sampleAnalysis({
      findings: tableOf(FINDINGS, [findingRow(0, { message: nasty, expected: nasty, function: nasty })]),
      evidence: tableOf(EVIDENCE, [
        evidenceRow(0, 0, { text: nasty, role: nasty }),
        evidenceRow(0, 1, { text: nasty, line: null, offset: 99n }),
      ]),
      verdictReasons: tableOf(VERDICT_REASONS, [
        { position: 0, code: 'lost-events', decisive: true, reason: nasty, settle: nasty },
      ]),
    }),
  );
  valid(log);
  const texts: string[] = [];
  JSON.stringify(log, (key, value) => {
    if (key === 'text') texts.push(value);
    return value;
  });
  expect(texts.join('')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
});

for (const name of ['6.12-s2', '6.12-s3', '6.12-s11', '7.2-s5', '7.2-series-s2c']) {
  test(`${name} is valid SARIF, also with a baseline and suppressions`, async () => {
    const analysis = await analyzeCapture(name);
    const plain = valid(sarifLog(analysis)).runs[0];
    const gated = applyGate(analysis, {
      baseline: { ...sideOf(analysis), path: 'b.json', tool: 'atscope', verdict: 'fail' },
      gate: 'new',
      suppressions: {
        source: 's.yaml',
        list: [
          {
            line: 3,
            rule: null,
            function: '*',
            signature: null,
            message: null,
            reason: 'known',
            expires: null,
          },
        ],
      },
      today: '2026-01-01',
    });
    const { results } = valid(sarifLog(gated)).runs[0];
    expect(results.map((result) => result.partialFingerprints)).toEqual(
      expect.arrayContaining(plain.results.map((result) => result.partialFingerprints)),
    );
    for (const result of results.slice(0, plain.results.length))
      expect(result.baselineState).toBe('unchanged');
  });
}
