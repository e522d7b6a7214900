import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { findingsJson } from '../../reports/findings-json.ts';
import { EVIDENCE, FINDING_LINKS, FINDINGS, LOSSES } from '../../tables/index.ts';
import { evidenceRow, findingRow, sampleAnalysis, tableOf } from './sample.ts';

const schema = JSON.parse(readFileSync('reports/findings.schema.json', 'utf8'));
const validate = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true }).compile(schema);

function checked(analysis = sampleAnalysis()) {
  const json = JSON.parse(JSON.stringify(findingsJson(analysis)));
  validate(json);
  expect(validate.errors).toBeNull();
  return json;
}

test('holds to its schema and tells the findings', () => {
  const json = checked();
  expect(json).toMatchObject({
    schema: 1,
    tool: 'atscope 0.1.0',
    verdict: 'fail',
    features: { profile: '6.12-old', values: { 'pf-aware': { value: 'no', origin: 'profile' } } },
  });
  expect(json.findings[0]).toMatchObject({
    rule: 'ATS003',
    function: '0000:01:00.2',
    pf: '0000:01:00.0',
    time_ns: '25590861000',
    source: 'captures/board-7/trace.txt',
    cause_of: ['ATS004:0000:01:00.2'],
    caused_by: [],
  });
  expect(json.findings[1].caused_by).toEqual(['ATS003:0000:01:00.2:0']);
  expect(json.findings[3].function).toBeNull();
  expect(json.sources[0]).toMatchObject({
    losses: 1,
    lost_records: 123,
    unparsed: 1,
    first_ns: '25420000000',
  });
  expect(json.coverage.rules).toEqual({ evaluated: 3, not_evaluable: 2, not_applicable: 1 });
  expect(json.coverage.reasons).toHaveLength(1);
});

test('the same analysis gives the same bytes', () => {
  expect(JSON.stringify(findingsJson(sampleAnalysis()))).toBe(JSON.stringify(findingsJson(sampleAnalysis())));
});

test('evidence of a binary source has an offset, long records are cut loudly', () => {
  const evidence = tableOf(EVIDENCE, [
    evidenceRow(0, 0, { line: null, offset: 4660n, time_ns: null }),
    evidenceRow(0, 1, { text: 'x'.repeat(10_000_000) }),
  ]);
  const [finding] = checked(sampleAnalysis({ evidence })).findings;
  expect(finding.evidence[0]).toMatchObject({ offset: 4660, time_ns: null });
  expect(finding.evidence[0]).not.toHaveProperty('line');
  expect(finding.evidence[1].text).toMatch(/^x{4096} \.\.\. \(9995904 characters more\)$/);
});

test('several causes, and a loss of unknown size', () => {
  const loss = { source: 0, kind: 'overwritten', cpu: null, count: null, seq: 0, from_ns: null, to_ns: 5n };
  const json = checked(
    sampleAnalysis({
      findings: tableOf(FINDINGS, [
        findingRow(0),
        findingRow(1),
        findingRow(2, { signature: 'ATS003:0000:01:00.2:1' }),
      ]),
      findingLinks: tableOf(FINDING_LINKS, [
        { cause: 0, consequence: 1 },
        { cause: 0, consequence: 2 },
      ]),
      losses: tableOf(LOSSES, [{ ...loss, offset: 0n, line: null, message: 'overrun' }]),
    }),
  );
  // Two consequences with one signature are named once.
  expect(json.findings[0].cause_of).toEqual(['ATS003:0000:01:00.2:1']);
  expect(json.sources[0]).toMatchObject({ losses: 1, lost_records: null });
});
