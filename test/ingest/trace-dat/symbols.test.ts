import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Symbols } from '../../../ingest/trace-dat/symbols.ts';

interface Line {
  readonly address: bigint;
  readonly type: string;
  readonly name: string;
  readonly module: string | null;
}

const textOf = (lines: readonly Line[], width: number) =>
  lines
    .map(
      ({ address, type, name, module }) =>
        `${address.toString(16).padStart(width, '0')} ${type} ${name}${module ? `\t[${module}]` : ''}\n`,
    )
    .join('');

const symbolsOf = (text: string) => new Symbols(Buffer.from(text, 'latin1'));

/** What the kernel answers (kallsyms_lookup): the last symbol at or before the address, of equal ones the first. */
function expected(lines: readonly Line[], address: bigint): { name: string; offset: number } | null {
  let best: Line | null = null;
  for (const line of lines) {
    if (/a/i.test(line.type) || line.address > address) continue;
    if (!best || line.address > best.address) best = line;
  }
  if (!best || best.address === 0n || best.address >> 32n !== address >> 32n) return null;
  return { name: best.name, offset: Number(address - best.address) };
}

const address = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt(0xffffffff81000000n, 0xffffffff81000100n) },
  { weight: 3, arbitrary: fc.bigInt(0xffffffffc0000000n, 0xffffffffc0000100n) },
  { weight: 1, arbitrary: fc.bigInt(0n, 0xffffffffffffffffn) },
);
const line: fc.Arbitrary<Line> = fc.record({
  address,
  type: fc.constantFrom('T', 't', 'A', 'a', 'D'),
  name: fc.stringMatching(/^[a-z_.]{1,12}$/),
  module: fc.option(fc.stringMatching(/^[a-z_]{1,8}$/)),
});

describe('symbols', () => {
  it('finds what the kernel finds, in whatever order the lines stand', () => {
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 40 }),
        fc.nat(40),
        fc.array(address, { minLength: 1, maxLength: 10 }),
        fc.constantFrom(1, 16),
        (lines, sorted, asked, width) => {
          // The kernel's own come in order, those of modules after them in any.
          const byAddress = (a: Line, b: Line) =>
            a.address < b.address ? -1 : a.address > b.address ? 1 : 0;
          const all = [...lines.slice(0, sorted).sort(byAddress), ...lines.slice(sorted)];
          const symbols = symbolsOf(textOf(all, width));
          for (const at of [...asked, ...all.map((one) => one.address)]) {
            const found = symbols.at(Number(at & 0xffffffffn), Number(at >> 32n));
            expect(found && { name: found.name, offset: found.offset }).toEqual(expected(all, at));
          }
        },
      ),
    );
  });

  it('tells the size up to the next symbol of the same module, and passes over lines that are none', () => {
    const symbols = symbolsOf(
      [
        'ffffffff81000000 T first',
        'ffffffff81000010 t second',
        'ffffffff8100001g t no_address',
        'ffffffff810000200 T seventeen_digits',
        '',
        'ffffffff8100zz',
        'ffffffff81000040 T third',
        'ffffffffc0000000 t in_module [mod]',
      ].join('\n'),
    );
    expect(symbols.at(0x81000004, 0xffffffff)).toEqual({ name: 'first', module: null, offset: 4, size: 16 });
    expect(symbols.at(0x81000018, 0xffffffff)).toMatchObject({ name: 'second', offset: 8, size: 48 });
    expect(symbols.at(0x81000048, 0xffffffff)).toMatchObject({ name: 'third', size: 0 });
    expect(symbols.at(0xc0000001, 0xffffffff)).toMatchObject({ name: 'in_module', module: 'mod' });
    expect(symbols.addressOf('third')).toBe(0xffffffff81000040n);
  });
});
