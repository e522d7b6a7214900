import { describe, expect, test } from 'vitest';
import { rowsOf } from '../../../tables/index.ts';
import {
  accounted,
  type Case,
  decodeLog,
  describeLog,
  readCases,
  recordLines,
  writeExpected,
} from './corpus.ts';

const CASES = readCases();
const UPDATE = process.env.UPDATE === '1';

/** What a log tells, without the places, which a prefix or another line end moves. */
async function toldBy(log: Uint8Array) {
  const { out, tables } = await decodeLog(log);
  expect(accounted(out)).toBe(log.length);
  return {
    release: out.kernelRelease,
    records: rowsOf(tables.logRecords).map(({ offset, length, line, ...row }) => row),
    splats: rowsOf(tables.splats).map(({ offset, length, line, ...row }) => row),
    frames: rowsOf(tables.splatFrames),
    losses: rowsOf(tables.losses).map(({ offset, line, ...row }) => row),
  };
}

function eachLine(log: Buffer, prefix: string): Buffer {
  const lines = log.toString('latin1').split('\n');
  const last = lines.pop() ?? '';
  return Buffer.from([...lines.map((line) => prefix + line), last && prefix + last].join('\n'), 'latin1');
}

const VARIED: readonly Case[] = CASES.filter((one) => one.options.get('variants') !== 'no');
/** What a wrapped line is depends on its width, which a prefix changes. */
const PREFIXED = VARIED.filter((one) => one.options.get('variants') !== 'line-ends');

test('the corpus has at least sixty cases', () => {
  expect(CASES.length).toBeGreaterThanOrEqual(60);
});

describe.each(CASES)('$name', (one) => {
  test('gives what is expected', async () => {
    const decoded = await decodeLog(one.log);
    expect(accounted(decoded.out)).toBe(one.log.length);
    const text = describeLog(decoded);
    if (UPDATE) writeExpected(one.name, text);
    else expect(text).toBe(one.expected);
  });

  test.each([1, 7, 64, 4096])('gives the same in chunks of %i bytes', async (chunkSize) => {
    expect(describeLog(await decodeLog(one.log, chunkSize))).toBe(describeLog(await decodeLog(one.log)));
  });

  test('may be cut after every line', async () => {
    const whole = recordLines((await decodeLog(one.log)).tables);
    let records = 0;
    for (let at = one.log.indexOf(10); at >= 0; at = one.log.indexOf(10, at + 1)) {
      const { out, tables } = await decodeLog(one.log.subarray(0, at + 1));
      expect(accounted(out)).toBe(at + 1);
      expect(tables.logRecords.length).toBe(out.records);
      // What stands before the cut is read as in the whole log; its last record may go on behind it. A `cut` in
      // the header of a case says why not.
      const before = recordLines(tables).slice(0, -1);
      if (!one.options.has('cut')) expect(before).toEqual(whole.slice(0, before.length));
      records = Math.max(records, out.records);
      for (const splat of rowsOf(tables.splats)) expect(splat.last_seq).toBeLessThan(out.records);
    }
    expect(records).toBeGreaterThanOrEqual((await decodeLog(one.log)).out.records);
  });
});

describe.each(VARIED)('$name in other clothes', (one) => {
  test('with CRLF', async () => {
    const crlf = Buffer.from(one.log.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1');
    expect(await toldBy(crlf)).toEqual(await toldBy(one.log));
  });
});

describe.each(PREFIXED)('$name behind prefixes', (one) => {
  test.each(['> ', '> > ', '| '])('%j before every line', async (prefix) => {
    expect(await toldBy(eachLine(one.log, prefix))).toEqual(await toldBy(one.log));
  });

  // A CI system that prints the time of each line wraps none of them.
  test.skipIf(one.options.get('wrapped') === 'yes')(
    'the time of a CI system, which only records without a time take',
    async () => {
      const want = await toldBy(one.log);
      const got = await toldBy(eachLine(one.log, '2026-11-22T22:06:08.8157420Z '));
      const timed = want.records.map((row) => row.time_ns !== null);
      const withoutTimes = <Row extends object>(rows: readonly Row[], keep: (row: number) => boolean) =>
        rows.map((row, i) =>
          keep(i) ? row : { ...row, time_ns: null, time_kind: 'none', from_ns: null, to_ns: null },
        );
      const ofRecord = want.splats.map((row) => timed[row.first_seq]);
      expect(withoutTimes(got.records, (i) => timed[i])).toEqual(withoutTimes(want.records, (i) => timed[i]));
      expect(withoutTimes(got.splats, (i) => ofRecord[i])).toEqual(
        withoutTimes(want.splats, (i) => ofRecord[i]),
      );
      expect(got.frames).toEqual(want.frames);
      expect(got.release).toEqual(want.release);
      expect(withoutTimes(got.losses, () => false)).toEqual(withoutTimes(want.losses, () => false));
    },
  );
});
