import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SHORTEST_WORD, WordSearch } from '../../model/lift/word-search.ts';

/** What a search of each row for each word finds. */
function eachByEach(words: readonly string[], rows: readonly string[]) {
  return rows.flatMap((text, row) =>
    words.flatMap((wanted, word) => (Buffer.from(text).includes(wanted) ? [{ row, word }] : [])),
  );
}

function search(words: readonly string[], rows: readonly string[]) {
  const texts = rows.map((text) => Buffer.from(text));
  const offsets = [0];
  for (const text of texts) offsets.push((offsets.at(-1) as number) + text.length);
  // What stands behind the last text is none of it.
  const bytes = Buffer.concat([...texts, Buffer.from(words.join(''))]);
  return new WordSearch(words).find(bytes, Int32Array.from(offsets), rows.length);
}

describe('a search for many words', () => {
  test('finds what a search of each row for each word finds', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', ' '), minLength: SHORTEST_WORD, maxLength: 9 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', 'é'), maxLength: 30 });
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 5 }),
        fc.array(text, { maxLength: 8 }),
        (words, rows) => {
          expect(search(words, rows)).toEqual(eachByEach(words, rows));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('does not find a word that begins in one row and ends in the next', () => {
    expect(search(['resetting'], ['0000:01:00.0: rese', 'tting'])).toEqual([]);
    expect(search(['resetting'], ['', 'x', 'resetting', '', 'resetting'])).toEqual([
      { row: 2, word: 0 },
      { row: 4, word: 0 },
    ]);
  });

  test('refuses words that it could miss', () => {
    expect(() => new WordSearch(['short'])).toThrow('"short" is too short');
  });
});
