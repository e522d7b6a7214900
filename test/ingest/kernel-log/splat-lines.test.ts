import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  armFramesIn,
  frameIn,
  isStackMark,
  noFramePlace,
  readFrame,
} from '../../../ingest/kernel-log/frames.ts';
import {
  isBody,
  isPlainBody,
  noFacts,
  PLAIN_BODY,
  takeFact,
} from '../../../ingest/kernel-log/splat-facts.ts';
import { bannerIn, canBegin } from '../../../ingest/kernel-log/splat-rules.ts';

const bytesOf = (text: string) => Buffer.from(`before${text}after`, 'latin1');
const inBytes = <T>(text: string, read: (bytes: Uint8Array, start: number, end: number) => T): T =>
  read(bytesOf(text), 6, 6 + text.length);

const place = noFramePlace();

/** The frame that the reader of bytes finds in a line, in the form of the patterns. */
function frameInBytes(text: string) {
  if (!inBytes(text, (bytes, start, end) => readFrame(bytes, start, end, place))) return null;
  const part = (start: number, end: number) => bytesOf(text).toString('latin1', start, end);
  const module = place.moduleEnd > place.moduleStart ? part(place.moduleStart, place.moduleEnd) : null;
  return {
    symbol: part(place.symbolStart, place.symbolEnd),
    offset: place.offset,
    module,
    reliable: place.reliable,
  };
}

describe('frames as bytes', () => {
  it.each([
    [' pci_disable_ats+0x8a/0xa0', { symbol: 'pci_disable_ats', offset: 0x8a, module: null, reliable: true }],
    [' ? f.constprop.0+0x16/0xa0', { symbol: 'f.constprop.0', offset: 0x16, module: null, reliable: false }],
    [' ? f+0x10/0x10 [atslab]', { symbol: 'f', offset: 16, module: 'atslab', reliable: false }],
    [' f+0x1/0x2 [mlx5_core 9c4]', { symbol: 'f', offset: 1, module: 'mlx5_core', reliable: true }],
    ['f+0xffffffff', { symbol: 'f', offset: 0xffffffff, module: null, reliable: true }],
  ])('reads %s', (line, frame) => {
    expect(frameInBytes(line)).toEqual(frame);
    expect(frameIn(line)).toEqual(frame);
  });

  it.each([
    '',
    ' ',
    '?',
    ' f',
    ' f+0x',
    ' f+0x1/0x',
    ' f+0x1/0x2 ',
    ' f+0x1/0x2 [',
    ' f+0x1/0x2 [m',
    ' f+0x1/0x2 []',
    ' 0f+0x1/0x2',
    ' f+0x1/0x2 (P)',
  ])('leaves `%s` to the patterns', (line) => {
    expect(frameInBytes(line)).toBeNull();
  });

  it('finds nothing else than the patterns do', () => {
    const piece = fc.constantFrom(
      ' ',
      '? ',
      'f',
      'pci_x',
      '.isra.0',
      ':',
      '+0x',
      '/0x',
      '1f',
      '0',
      ' [',
      'mod',
      '-',
      ' id',
      ']',
      '(P)',
      '\t',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const line = pieces.join('');
        const frame = frameInBytes(line);
        if (frame) expect(frameIn(line)).toEqual(frame);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('registers as bytes', () => {
  it.each(PLAIN_BODY)('a line that begins with `%s` belongs to a splat and is nothing else', (start) => {
    const line = `${start}0000000000000010 f00: 01`;
    expect(inBytes(` ${line}`, isPlainBody)).toBe(true);
    expect(isBody(line)).toBe(true);
    expect(inBytes(line, canBegin)).toBe(false);
    expect(bannerIn(line)).toBeNull();
    expect(takeFact(noFacts(), line, false, true)).toBe(false);
    expect(frameIn(line)).toBeNull();
    expect(armFramesIn(line)).toBeNull();
    expect(isStackMark(line)).toBe(false);
  });

  it.each(['RAX: ', 'Code:', 'RAX: <', 'x', 'pc : f+0x1/0x2', 'sp : '])(
    '`%s` needs a closer look',
    (line) => {
      expect(inBytes(line, isPlainBody)).toBe(false);
    },
  );
});
