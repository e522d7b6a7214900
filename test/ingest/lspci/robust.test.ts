import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { accounted, detected, fixture, listed, read } from './read.ts';

describe('detection', () => {
  test.each(['vvv.before', 'vvv.drift1', 'xxxx.vfs'])('%s', (name) => {
    expect(detected(fixture(name)).confidence).toBeGreaterThan(90);
  });

  test('short listings and quoted ones', () => {
    expect(detected('00:00.0 Host bridge: A\n00:01.0 VGA: B\n').confidence).toBeGreaterThan(80);
    expect(detected('> 00:00.0 Host bridge: A\r\n> 00:01.0 VGA: B\r\n').confidence).toBeGreaterThan(80);
    expect(detected('0000:00:00.0 0600: 8086:1234\n').confidence).toBeGreaterThan(80);
  });

  test('traces, logs and other things are not claimed', () => {
    for (const folder of readdirSync('test/fixtures/captures')) {
      for (const file of readdirSync(`test/fixtures/captures/${folder}`)) {
        if (file.startsWith('lspci')) continue;
        expect(
          detected(readFileSync(`test/fixtures/captures/${folder}/${file}`)).confidence,
          file,
        ).toBeLessThan(20);
      }
    }
    expect(detected('hello\nworld\n').confidence).toBe(0);
    expect(detected(new Uint8Array(100)).confidence).toBe(0);
    expect(detected('').confidence).toBe(0);
    expect(detected(`[    1.0] a\n`.repeat(50) + listed('01:00.0')).confidence).toBeLessThan(20);
  });
});

test('an input without a function gives no rows', async () => {
  for (const text of ['', '\n', 'nothing\n', '\tCapabilities: [100] x\n', '00: 00 00\n']) {
    const listing = await read(text);
    expect(listing.rows).toEqual([]);
    expect(accounted(listing)).toBe(listing.source.bytes);
  }
});

test('an end without a line end is a cut', async () => {
  const { rows, log, source } = await read('01:00.0 A: B\n\tKernel driver in use: vir');
  expect(rows[0].driver).toBe(null);
  expect(log.map((row) => row.code)).toEqual(['cut']);
  expect(source.complete).toBe(false);
});

test('damaged and made-up listings do not throw, and every byte is in one bucket', async () => {
  const whole = Buffer.concat([fixture('vvv.vfs'), fixture('xxxx.before')]);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.uint8Array({ maxLength: 6 })), { maxLength: 12 }),
      fc.nat(whole.length),
      async (edits, end) => {
        const bytes = Buffer.from(whole);
        for (const [at, edit] of edits) bytes.set(edit.subarray(0, bytes.length - at), at);
        const listing = await read(bytes.subarray(0, end), 4096);
        expect(accounted(listing)).toBe(BigInt(end));
      },
    ),
    { numRuns: 60 },
  );
});

test('hostile listings end', async () => {
  const everyPf = Array.from({ length: 2000 }, (_, i) => {
    const address = `${(i >> 8).toString(16).padStart(2, '0')}:${((i >> 3) & 31).toString(16).padStart(2, '0')}.${i & 7}`;
    return listed(address, { sriov: { enable: true, total: 65535, num: 65535, offset: 1, stride: 1 } });
  }).join('');
  const inputs = [
    everyPf,
    `01:00.0 A: B\n${'\tCapabilities: [100 v1] Address Translation Service (ATS)\n'.repeat(20000)}`,
    `01:00.0 ${'(rev 01) '.repeat(50000)}\n`,
    `01:00.0 A: ${'('.repeat(200000)}\n`,
    `${' '.repeat(300000)}x\n`,
    `${'|'.repeat(300000)}\n`,
    `${'> '.repeat(300000)}\n`,
    `01:00.0 A: B\n\t${'x'.repeat(2_000_000)}\n`,
  ];
  for (const input of inputs) {
    const listing = await read(input);
    expect(accounted(listing)).toBe(listing.source.bytes);
  }
}, 20_000);
