import { describe, expect, test } from 'vitest';
import { rowsOf } from '../../../tables/index.ts';
import { accounted, type Case, decodeLog, describeLog, readCases, writeExpected } from './corpus.ts';

const CASES = readCases();
const UPDATE = process.env.UPDATE === '1';

/** Splats without their places, which a prefix or another line end moves. */
async function splatsOf(log: Uint8Array): Promise<readonly string[]> {
  const { out, tables } = await decodeLog(log);
  expect(accounted(out)).toBe(log.length);
  return rowsOf(tables.splats).map((row) =>
    [row.kind, row.file, row.file_line, row.symbol, row.cpu, row.pid, row.comm, row.title].join(' '),
  );
}

function eachLine(log: Buffer, prefix: string): Buffer {
  return Buffer.from(log.toString('latin1').replace(/^(?=[^\n]*\n)/gm, prefix), 'latin1');
}

const VARIED: readonly Case[] = CASES.filter((one) => one.options.get('variants') !== 'no');

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
    let records = 0;
    for (let at = one.log.indexOf(10); at >= 0; at = one.log.indexOf(10, at + 1)) {
      const { out, tables } = await decodeLog(one.log.subarray(0, at + 1));
      expect(accounted(out)).toBe(at + 1);
      expect(tables.logRecords.length).toBe(out.records);
      records = Math.max(records, out.records);
      for (const splat of rowsOf(tables.splats)) expect(splat.last_seq).toBeLessThan(out.records);
    }
    expect(records).toBeGreaterThanOrEqual((await decodeLog(one.log)).out.records);
  });
});

describe.each(VARIED)('$name in other clothes', (one) => {
  test('with CRLF', async () => {
    const crlf = Buffer.from(one.log.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1');
    expect(await splatsOf(crlf)).toEqual(await splatsOf(one.log));
  });

  test.each(['> ', '> > ', '2026-11-22T22:06:08.8157420Z '])('with %j before every line', async (prefix) => {
    expect(await splatsOf(eachLine(one.log, prefix))).toEqual(await splatsOf(one.log));
  });
});
