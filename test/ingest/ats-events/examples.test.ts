import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { atsEventsDocument } from '../../../ingest/ats-events/document.ts';
import { mappedFormat, previewMapping } from '../../../ingest/ats-events/mapped-lines.ts';
import { parseMapping } from '../../../ingest/ats-events/mapping.ts';
import { atsEventsSchema } from '../../../ingest/ats-events/schema.ts';
import { readSources } from '../../../ingest/read.ts';
import { MemorySource } from '../../../ingest/source.ts';
import { analyze } from '../../../model/analyze.ts';
import { modelWants } from '../../../model/lift/ftrace.ts';
import { rowAt, rowsOf } from '../../../tables/index.ts';
import { analyzeBytes, findingsOf } from '../../support/pipeline.ts';

const example = (name: string) => readFileSync(`docs/examples/${name}`, 'utf8');
const LOG = example('vf-before-pf.jsonl');

async function throughMapping(text: string, mapping: string) {
  const format = mappedFormat(parseMapping(mapping, 'map.yaml'));
  const source = new MemorySource('run.csv', Buffer.from(text));
  const { recorded } = await readSources([source], { needs: { wants: modelWants }, formatFor: () => format });
  return analyze(recorded, {
    tool: 'atscope test',
    gate: 'error',
    profile: null,
    quote: async (places) => places.map(() => ''),
  });
}

describe('the documented example of a test bench', () => {
  test('shows the VF that comes before its PF, and asks for translations all the same', async () => {
    const analysis = await analyzeBytes({ 'run.jsonl': LOG });
    expect(rowAt(analysis.verdict, 0).verdict).toBe('fail');
    const found = findingsOf(analysis).map(({ rule, function: fn }) => `${rule} ${fn}`);
    expect(found).toEqual(['ATS003 0000:01:00.1', 'ATS004 0000:01:00.1', 'ATS043 0000:01:00.1']);
    expect(rowAt(analysis.sources, 0)).toMatchObject({ format: 'ats-events', unparsed: 0n, clock: 'sim' });
    const extra = analysis.events.find((table) => table.def.name === 'sim_enable');
    expect(rowsOf(extra as never).map((row) => (row as { cycle: bigint }).cycle)).toEqual([260n, 310n]);
  });

  test('its CSV gives the same findings through the mapping', async () => {
    const mapped = await throughMapping(example('vf-before-pf.csv'), example('vf-before-pf.map.yaml'));
    const direct = await analyzeBytes({ 'run.jsonl': LOG });
    const story = (findings: ReturnType<typeof findingsOf>) =>
      findings.map(({ rule, function: fn, time_ns, message, signature }) => [
        rule,
        fn,
        time_ns,
        message,
        signature,
      ]);
    expect(story(findingsOf(mapped))).toEqual(story(findingsOf(direct)));
  });

  test('every line of it is what the JSON Schema asks for', () => {
    const validate = new Ajv2020({ strict: false }).compile(atsEventsSchema());
    for (const line of LOG.split('\n').filter((text) => text.startsWith('{'))) {
      expect(validate(JSON.parse(line)), `${line} ${JSON.stringify(validate.errors)}`).toBe(true);
    }
    expect(validate({ time: 1, event: 'enable', function: '01:00.0' })).toBe(false);
    expect(validate({ time: 1, event: 'enalbe', function: '01:00.0', page_shift: 12 })).toBe(false);
    expect(validate({ time: 1, event: 'reset', function: 'gpu' })).toBe(false);
  });

  test('the pages are what the vocabulary says (npm run docs)', () => {
    const page = atsEventsDocument({
      log: LOG,
      csv: example('vf-before-pf.csv'),
      mapping: example('vf-before-pf.map.yaml'),
      text: example('bench-text.map.yaml'),
    });
    expect(readFileSync('docs/ats-events.md', 'utf8')).toBe(page);
    expect(JSON.parse(readFileSync('docs/ats-events.schema.json', 'utf8'))).toEqual(atsEventsSchema());
  });
});

test('the text mapping of the page reads what its comment shows', () => {
  const mapping = parseMapping(example('bench-text.map.yaml'), 'bench-text.map.yaml');
  const text = [
    '[12.5 us] 01:00.1: ATS enable ps=12 -> 0',
    'something else',
    '[13.0 us] 01:00.1: ATC invalidate req itag=7',
    '[13.1 us] 01:00.9: ATC invalidate cpl itag=7',
  ].join('\n');
  const lines = previewMapping(text, mapping, 10);
  expect(lines.map(({ line, problem }) => [line, problem])).toEqual([
    [1, null],
    [3, null],
    [4, expect.stringContaining('"function": expected the address of a PCI function')],
  ]);
  expect(Object.fromEntries(lines[0].record ?? [])).toEqual({
    event: 'enable',
    time: '12.5 us',
    function: '01:00.1',
    page_shift: '12',
    result: '0',
  });
});
