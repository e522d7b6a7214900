import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cellsOf } from '../../../ingest/ats-events/mapped-lines.ts';
import { parseMapping } from '../../../ingest/ats-events/mapping.ts';
import { timeOf } from '../../../ingest/ats-events/values.ts';
import { readSources } from '../../../ingest/read.ts';
import { MemorySource } from '../../../ingest/source.ts';
import { rowAt, rowsOf } from '../../../tables/index.ts';

async function read(text: string | Uint8Array, chunkSize?: number) {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const { recorded } = await readSources([new MemorySource('run.jsonl', bytes)], {
    needs: { wants: () => true },
    format: 'ats-events',
    chunkSize,
  });
  const source = rowAt(recorded.sources, 0);
  const accounted =
    source.record_bytes +
    source.comment_bytes +
    source.unparsed_bytes +
    source.marker_bytes +
    source.continuation_bytes;
  return { recorded, source, accounted, log: rowsOf(recorded.importLog).map((row) => row.message) };
}

const HEADER = '{"ats_events": 1, "time_unit": "us"}\n';
const GOOD = '{"time": 1.5, "event": "enable", "function": "01:00.0", "page_shift": 12, "result": 0}\n';

describe('errors name line, field and expectation', () => {
  test.each([
    ['{"time": 1, "event": "enabel", "function": "01:00.0"}', 'line 2: "event": expected one of add, '],
    ['{"time": "soon", "event": "reset", "function": "01:00.0"}', 'line 2: "time": expected a time'],
    ['{"event": "reset", "function": "01:00.0"}', 'line 2: "time": expected a time, e.g. 1200'],
    [
      '{"time": 1, "event": "reset"}',
      'line 2: "function": expected a value in an event "reset", found nothing',
    ],
    [
      '{"time": 1, "event": "reset", "function": "gpu0"}',
      'line 2: "function": expected the address of a PCI function',
    ],
    [
      '{"time": 1, "event": "enable", "function": "01:00.0"}',
      'line 2: "page_shift": expected one of the fields page_shift, stu in an event "enable"',
    ],
    [
      '{"time": 1, "event": "enable", "function": "01:00.0", "stu": 0, "result": "OK!"}',
      'line 2: "result": expected 0, a negative error number or its name',
    ],
    [
      '{"time": 1, "event": "enable", "function": "01:00.0", "stu": 0, "phase": "begin"}',
      'line 2: "phase": expected "call", "enter" or "return", found "begin"',
    ],
    [
      '{"time": 1, "event": "register_write", "function": "01:00.0", "register": "ATS", "value": 1}',
      'line 2: "register": expected one of ats_control, pasid_control, pri_control',
    ],
    [
      '{"time": 99999999999999999999, "event": "reset", "function": "01:00.0"}',
      'line 2: "time": expected a time below',
    ],
    ['time 1 event', 'line 2: expected one JSON object, found "time 1 event"'],
    ['[1, 2]', 'line 2: expected one JSON object with fields'],
  ])('%s', async (line, message) => {
    const { log, source, accounted, recorded } = await read(`${HEADER}${line}\n${GOOD}`);
    expect(log).toEqual([expect.stringContaining(message)]);
    expect([source.unparsed, source.records, accounted]).toEqual([1n, 1n, source.bytes]);
    expect(recorded.events.map((table) => table.def.name)).toEqual(['sim_enable']);
  });

  test('a header without a unit leaves only times that have their own', async () => {
    const { log, source } = await read(`{"ats_events": 1}\n${GOOD}${GOOD.replace('1.5', '"1.5us"')}`);
    expect(log).toEqual([
      expect.stringContaining('line 2: "time": expected a unit: "time_unit" in the header'),
    ]);
    expect(source).toMatchObject({ records: 1n, first_ns: 1500n });
  });

  test('another version of the format is told', async () => {
    const { log } = await read('{"ats_events": 2, "time_unit": "ns"}\n');
    expect(log).toEqual([
      expect.stringContaining('"ats_events": expected 1, the version of the format, found 2'),
    ]);
  });
});

test('times of any unit are exact', () => {
  expect(timeOf('1.000000001', 's')).toBe(1_000_000_001n);
  expect(timeOf('123456789012345678', 'fs')).toBe(123_456_789_012n);
  expect(timeOf('9007199254740993 ns', null)).toBe(9_007_199_254_740_993n);
  expect(timeOf(2.5, 'us')).toBe(2500n);
  expect(timeOf('1e3', 'ps')).toBe(1n);
  expect(timeOf('-3', 'ns')).toBe(-3n);
});

test('the same rows at every chunk size and with CRLF; a cut line is told', async () => {
  const text = HEADER + GOOD + GOOD.replace('enable', 'disable') + GOOD.slice(0, 30);
  const rows = async (bytes: string, chunk?: number) => {
    const { recorded, accounted, source } = await read(bytes, chunk);
    expect(accounted).toBe(source.bytes);
    return recorded.events.map((table) =>
      rowsOf(table as never).map((row) => ({ ...(row as object), offset: 0, length: 0 })),
    );
  };
  const whole = await rows(text);
  expect(whole.map((table) => table.length)).toEqual([1, 1]);
  for (const chunk of [1, 7, 64, 4096]) expect(await rows(text, chunk)).toEqual(whole);
  expect(await rows(text.replaceAll('\n', '\r\n'))).toEqual(whole);
});

test('whatever the bytes, every one is accounted for and nothing is thrown', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          fc.constantFrom(
            HEADER,
            GOOD,
            '{"time":1,"event":"add","function":"0x0100","__proto__":{"a":1}}\n',
            '{}\n',
            '\n',
          ),
          fc.json().map((text) => `${text}\n`),
          fc.string({ maxLength: 40 }).map((text) => `${text}\n`),
        ),
        { maxLength: 30 },
      ),
      async (lines) => {
        const { source, accounted } = await read(lines.join(''));
        expect(accounted).toBe(source.bytes);
      },
    ),
    { numRuns: 60 },
  );
});

test('cells of separated values', () => {
  expect(cellsOf('a, b ,,"c,""d""",e', ',')).toEqual(['a', 'b', '', 'c,"d"', 'e']);
  expect(cellsOf('', ',')).toEqual(['']);
  expect(cellsOf('"open', ',')).toEqual(['open']);
  expect(cellsOf('a;"b"x;c', ';')).toEqual(['a', 'b', 'c']);
});

describe('a mapping file that cannot be used says why', () => {
  test.each([
    ['format: xml\ntime_unit: ns', 'map.yaml: format: expected "csv" or "regex", found "xml".'],
    [
      'format: csv\nfields: {time: t}',
      'map.yaml: time_unit: expected one of fs, ps, ns, us, ms, s, found nothing.',
    ],
    ['format: csv\ntime_unit: ns', 'map.yaml: fields: expected which column holds which field'],
    [
      'format: csv\ntime_unit: ns\nfields: {tiem: t}',
      'map.yaml: fields.tiem: expected one of our fields: time, ',
    ],
    [
      'format: csv\ntime_unit: ns\nfields: {time: t}\nvalues: {event: {GO: start}}',
      'map.yaml: values.event.GO: expected one of our events: add, ',
    ],
    ['time_unit: ns\nlines: [{match: "("}]', 'map.yaml: lines[0].match: expected a regular expression ('],
    ['time_unit: ns\nlines: []', 'map.yaml: lines: expected at least one'],
    ['colour: red', 'map.yaml: colour: expected one of the keys format, '],
    ['a: [', 'map.yaml: is no YAML: '],
    ['- 1', 'map.yaml: the mapping: expected keys with values, found [1].'],
  ])('%s', (text, message) => {
    expect(() => parseMapping(text, 'map.yaml')).toThrow(message);
  });
});
