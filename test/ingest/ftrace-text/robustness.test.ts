import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ALL_FIXTURES,
  accounted,
  decode,
  digest,
  everything,
  fixture,
  onlyEnable,
  sourceOf,
} from './helpers.ts';

describe('the size of the reads changes nothing', () => {
  test.each(ALL_FIXTURES)('%s', async (name) => {
    const bytes = fixture(name);
    const whole = await decode(bytes, { chunkSize: 1 << 20 });
    expect(accounted(whole)).toBe(bytes.length);
    for (const wants of [everything, onlyEnable]) {
      const expected = digest(await decode(bytes, { wants, chunkSize: 1 << 20 }));
      for (const chunkSize of [1, 7, 64, 4096]) {
        expect(digest(await decode(bytes, { wants, chunkSize }))).toEqual(expected);
      }
    }
  });

  test.each(ALL_FIXTURES)('%s with CRLF', async (name) => {
    const bytes = fixture(name);
    const crlf = Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1');
    const recorded = await decode(crlf);
    expect(accounted(recorded)).toBe(crlf.length);
    const plain = (value: unknown) =>
      JSON.stringify(value, (key, cell) =>
        /^offset$|^length$|bytes$/.test(key) ? undefined : typeof cell === 'bigint' ? String(cell) : cell,
      );
    expect(plain(digest(recorded))).toBe(plain(digest(await decode(bytes))));
  });
});

describe('cut texts', () => {
  test.each(ALL_FIXTURES)('%s behind and in every line', async (name) => {
    const bytes = fixture(name);
    let lf = bytes.indexOf(10);
    for (; lf >= 0; lf = bytes.indexOf(10, lf + 1)) {
      for (const end of [lf + 1, lf, Math.max(0, lf - 9)]) {
        const part = bytes.subarray(0, end);
        const recorded = await decode(part, { wants: onlyEnable, chunkSize: 4096 });
        expect(accounted(recorded)).toBe(end);
        if (end > 0 && part[end - 1] !== 10) expect(sourceOf(recorded).complete).toBe(false);
      }
    }
  });
});

describe('hostile texts', () => {
  const line = '              sh-50      [001] .....     5.674904: e: a=1\n';
  const long = 10_000_000;
  test.each([
    ['one line of 10 MB', 'x'.repeat(long)],
    ['an event of 10 MB', `${line.trimEnd()} b=${'y'.repeat(long)}\n${line}`],
    ['brackets', `${'-1 [1] '.repeat(long / 700)}\n${line}`],
    ['parentheses and brackets', `${')[1]'.repeat(long / 400)}\n`],
    ['bars', `${' 0) |'.repeat(long / 500)}\n`],
    ['quotes', `${line.trimEnd()} a="${'" '.repeat(long / 200)}\n`],
    ['open arguments', ` 0)   1.000 us    |  f(${'(a=1, '.repeat(long / 600)}\n`],
    ['digits', `  sh-50 [000] ..... ${'1'.repeat(long)}: e: a=1\n`],
    ['dashes', `${'-1 '.repeat(long / 300)}\n`],
    ['NULs', `${line}${'\0'.repeat(100_000)}\n${line}`],
    ['line ends', '\n'.repeat(100_000)],
    ['carriage returns', '\r'.repeat(100_000)],
    ['names', Array.from({ length: 10_000 }, (_, i) => line.replace(' e:', ` e${i}:`)).join('')],
    [
      'numbers beyond all types',
      '  sh-9999999999 [99999] ..... 9999999999.999999: e: a=1\nCPU:99999 [LOST 99999999999999999999 EVENTS]\n',
    ],
  ])('%s', async (_, text) => {
    const started = performance.now();
    const recorded = await decode(text, { wants: onlyEnable });
    expect(accounted(recorded)).toBe(text.length);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test('lines longer than 1 MiB are read in part, whatever the size of the reads', async () => {
    const text = `${line}${line.trimEnd()} ${'b=2 '.repeat(300_000)}\n${line}`;
    const results = [];
    for (const chunkSize of [1 << 22, 1 << 20, 99_991]) {
      const recorded = await decode(text, { chunkSize });
      expect(sourceOf(recorded)).toMatchObject({ records: 3n, complete: true });
      results.push(digest(recorded));
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  test('flipped bytes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ALL_FIXTURES),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 40 }),
        async (name, flips) => {
          const bytes = Buffer.from(fixture(name));
          for (const [at, value] of flips) if (bytes.length > 0) bytes[at % bytes.length] = value;
          const whole = await decode(bytes, { wants: onlyEnable });
          expect(accounted(whole)).toBe(bytes.length);
          expect(digest(await decode(bytes, { wants: onlyEnable, chunkSize: 100 }))).toEqual(digest(whole));
        },
      ),
      { numRuns: 150 },
    );
  });

  test('flipped bytes among lines that mostly are passed over', async () => {
    const text: string[] = [];
    for (let i = 0; i < 200; i++) {
      const flags = i % 9 === 0 ? 'd.h1.' : '.....';
      const context = `          my task-${100 + (i % 3)}     [00${i % 2}] ${flags}   ${10 + (i >> 6)}.${String(i).padStart(6, '0')}: `;
      const name = ['map', 'unmap', 'sched_waking', 'mm_page_free', 'mm_page_free_batched'][(i * i) % 5];
      text.push(`${context}${name}: a=${i} b="c"\n`);
    }
    const original = Buffer.from(text.join(''), 'latin1');
    const special = fc.constantFrom(...Buffer.from(' \n[]():.-<0#'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(original.length - 1), fc.oneof(fc.nat(255), special)), { maxLength: 30 }),
        async (flips) => {
          const bytes = Buffer.from(original);
          for (const [at, value] of flips) bytes[at] = value;
          const whole = await decode(bytes, { wants: onlyEnable });
          expect(accounted(whole)).toBe(bytes.length);
          // Of single lines none is passed over.
          expect(digest(await decode(bytes, { wants: onlyEnable, chunkSize: 1 }))).toEqual(digest(whole));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('random lines out of the pieces of real ones', async () => {
    const pieces = [
      'sh',
      '-',
      '50',
      ' ',
      '[001]',
      '.....',
      '5.674904',
      ':',
      'us',
      '|',
      '0)',
      '{',
      '}',
      '/*',
      '*/',
      'f()',
      ';',
      '=>',
      '<-',
      '(',
      ')',
      '=',
      '"',
      '#',
      ' tracer: nop',
      '\n',
      '\r\n',
      '1',
      'type: 4',
      '<stack trace>',
      'CPU:1 [LOST 2 EVENTS]',
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...pieces), { maxLength: 60 }), async (parts) => {
        const text = parts.join('');
        const whole = await decode(text);
        expect(accounted(whole)).toBe(text.length);
        expect(digest(await decode(text, { chunkSize: 3 }))).toEqual(digest(whole));
      }),
      { numRuns: 500 },
    );
  });
});
