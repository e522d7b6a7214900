import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { accounted, detected, fixture, read } from './read.ts';

test('logs of each form are detected, also with much console output between', () => {
  for (const name of ['7.2-s5', '6.12-s2', 'old-stamps'])
    expect(detected(fixture(name)).confidence).toBeGreaterThan(90);
  const bare = fixture('7.2-s5').toString().replace(/^\S+ /gm, '');
  expect(detected(bare)).toMatchObject({ confidence: 92, detail: 'log without times' });
  const noisy = fixture('7.2-s5').toString().replace(/^/gm, '[    1.000000] a line of the guest\n'.repeat(5));
  expect(detected(noisy).confidence).toBeGreaterThan(90);
});

test('traces, logs and listings of others are not claimed', () => {
  const folders = [
    ...readdirSync('test/fixtures/captures').map((name) => `test/fixtures/captures/${name}`),
    'test/fixtures/lspci',
  ];
  for (const folder of folders) {
    for (const file of readdirSync(folder)) {
      if (file.startsWith('qemu-trace')) continue;
      expect(detected(readFileSync(`${folder}/${file}`)).confidence, file).toBeLessThan(20);
    }
  }
  for (const text of ['', 'hello\n', 'x_y z\n', new Uint8Array(100), new Uint8Array(24).fill(255)]) {
    expect(detected(text).confidence).toBe(0);
  }
});

test('a log without times gives the same accesses', () => {
  const bytes = fixture('7.2-s5');
  const bare = read(bytes.toString().replace(/^\S+ /gm, ''));
  const without = ({ accesses }: typeof bare) =>
    accesses.map((row) => ({ ...row, time_ns: null, offset: 0n, length: 0 }));
  expect(without(bare)).toEqual(without(read(bytes)));
  expect(bare.accesses.every((row) => row.time_ns === null)).toBe(true);
});

test('damaged and made-up logs do not throw, and every byte is in one bucket', () => {
  const whole = Buffer.concat([fixture('7.2-s5'), fixture('old-stamps').subarray(0, 4000)]);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.uint8Array({ maxLength: 6 })), { maxLength: 12 }),
      fc.nat(whole.length),
      fc.constantFrom(7, 4096),
      (edits, end, chunkSize) => {
        const bytes = Buffer.from(whole);
        for (const [at, edit] of edits) bytes.set(edit.subarray(0, bytes.length - at), at);
        const trace = read(bytes.subarray(0, end), { chunkSize });
        expect(accounted(trace)).toBe(BigInt(end));
      },
    ),
    { numRuns: 60 },
  );
});

test('hostile logs end', () => {
  const stamp = '2026-11-22T22:07:28.601247Z ';
  const inputs = [
    `${stamp}pci_cfg_write ${'a '.repeat(500_000)}\n`,
    `${stamp}a_b ${'x=1 '.repeat(250_000)}\n`,
    `${stamp}a_b ${Array.from({ length: 50_000 }, (_, i) => `k${'abcdefghij'[i % 10]}${i.toString(36).replace(/\d/g, 'z')}=1`).join(' ')}\n`,
    `${stamp}${'a_'.repeat(500_000)}\n`,
    `${'9'.repeat(500_000)}\n`,
    `x ${'1@1.'.repeat(200_000)}\n`,
    `${stamp}a_b \n${'\0'.repeat(500_000)}\n`,
    `${stamp}vtd_inv_desc ${'type device high 0x'.repeat(20_000)}\n`,
  ];
  for (const input of inputs) {
    const trace = read(input);
    expect(accounted(trace)).toBe(trace.source.bytes);
    for (const table of trace.recorded.events) expect(table.columns.length).toBeLessThan(100);
  }
}, 20_000);

test('NUL bytes and long lines are said', () => {
  const text = `1@1.000000:a_b \n\0\0\n1@2.000000:a_b ${'x'.repeat(1_100_000)}\n`;
  const trace = read(text);
  for (const chunkSize of [4096, 1 << 20, 1 << 22]) expect(read(text, { chunkSize })).toEqual(trace);
  expect(trace.log.map((row) => row.code)).toEqual(['unparsed-line', 'long-line']);
  expect(trace.source.unparsed_bytes).toBe(3n);
});
