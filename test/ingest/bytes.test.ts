import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasByte, hexDigit, viewOf } from '../../ingest/ascii.ts';
import { BYTE_CLASS, CONTROL, hasControl } from '../../ingest/paste/clean.ts';

/** Bytes around the borders of what the tests of four bytes at once tell apart. */
const byte = fc.oneof(
  fc.constantFrom(0, 9, 10, 0x1b, 0x1f, 0x20, 0x21, 0x5b, 0x5c, 0x5d, 0x7e, 0x7f, 0x80, 0xff),
  fc.nat(255),
);
const piece = fc
  .array(byte, { maxLength: 40 })
  .chain((bytes) =>
    fc.tuple(fc.constant(Uint8Array.from(bytes)), fc.nat(bytes.length), fc.nat(bytes.length)),
  );

describe('tests of four bytes at once say what tests of each byte say', () => {
  test('control bytes', () => {
    fc.assert(
      fc.property(piece, ([bytes, a, b]) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        const each = bytes.subarray(start, end).some((one) => BYTE_CLASS[one] === CONTROL);
        expect(hasControl(viewOf(bytes), start, end)).toBe(each);
      }),
      { numRuns: 5000 },
    );
  });

  test('any one byte', () => {
    fc.assert(
      fc.property(piece, byte, ([bytes, a, b], wanted) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        expect(hasByte(viewOf(bytes), wanted, start, end)).toBe(bytes.subarray(start, end).includes(wanted));
      }),
      { numRuns: 5000 },
    );
  });
});

test('digits of hexadecimal numbers, and nothing else', () => {
  for (let code = 0; code < 256; code++) {
    const value = /^[0-9a-fA-F]$/.test(String.fromCharCode(code))
      ? Number(`0x${String.fromCharCode(code)}`)
      : -1;
    expect(hexDigit(code)).toBe(value);
  }
});
