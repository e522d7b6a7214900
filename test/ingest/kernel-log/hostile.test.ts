import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rowsOf } from '../../../tables/index.ts';
import { accounted, decodeLog, readCases } from './corpus.ts';

const CASES = readCases();

async function survives(log: Uint8Array): Promise<void> {
  const { out, tables } = await decodeLog(log, 4096);
  expect(accounted(out)).toBe(log.length);
  expect(tables.logRecords.length).toBe(out.records);
}

/** A case with some of its bytes replaced, dropped or doubled. */
function damaged(log: Buffer, edits: readonly (readonly [number, number, number])[]): Buffer {
  let bytes = Buffer.from(log);
  for (const [where, kind, value] of edits) {
    const at = where % (bytes.length + 1);
    if (kind === 0 && at < bytes.length) bytes[at] = value;
    else if (kind === 1) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + (value % 9))]);
    else
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - value), bytes.length)]);
  }
  return bytes;
}

describe('hostile input', { timeout: 30_000 }, () => {
  test('damaged cases are read to their ends', async () => {
    const edit = fc.tuple(fc.nat(100_000), fc.nat(2), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(CASES.length - 1),
        fc.array(edit, { minLength: 1, maxLength: 12 }),
        (index, edits) => survives(damaged(CASES[index].log, edits)),
      ),
      { numRuns: 150, seed: 8 },
    );
  });

  test('any bytes are read to their ends', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), survives), { numRuns: 200, seed: 8 });
  });

  test.each([
    ['one line of 10 MB', `[    1.000000] ${'x'.repeat(10_000_000)}\n`],
    ['brackets that open no time', `[    1.000000] ${'[ 1'.repeat(200_000)}\n`],
    ['heads without end in one line', '[    1.000000] a'.repeat(60_000)],
    ['quoting without end', `${'>'.repeat(900_000)}\n`],
    ['prefixes without end', '2026-11-22T22:06:08Z '.repeat(40_000)],
    ['a banner with a long place', `[    1.000000] WARNING: ${'a:1'.repeat(300_000)} at\n`],
    ['logs of LAVA in logs of LAVA', `[    1.000000] x\n${'- {"dt": 1, "msg": "'.repeat(40_000)}\\q"\n`],
    ['objects in objects', '{"msg":'.repeat(100_000)],
    [
      'frames without end',
      `[    1.000000] WARNING: CPU: 1 PID: 2 at a.c:1 f+0x1/0x2\n[    1.000000] Call Trace:\n${'[    1.000000]  g+0x1/0x2\n'.repeat(20_000)}`,
    ],
    [
      'splats of many callers',
      Array.from({ length: 5000 }, (_, i) => `[    1.000000][T${i}] BUG: of ${i}\n`).join(''),
    ],
  ])('%s', async (_, text) => {
    const started = performance.now();
    await survives(Buffer.from(text));
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  test('a line that is too long is cut and noted', async () => {
    const { tables } = await decodeLog(
      Buffer.from(`[    1.000000] ${'x'.repeat(2_000_000)}\n[    2.000000] y\n`),
    );
    const rows = rowsOf(tables.logRecords);
    expect(rows.map((row) => row.time_ns)).toEqual([1_000_000_000n, 2_000_000_000n]);
    expect(rows[0].message.length).toBe(1_048_576 - 15);
    expect(rowsOf(tables.importLog).map((row) => row.code)).toEqual(['long-line']);
  });
});
