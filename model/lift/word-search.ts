/** Words are looked for at every third byte: the first four bytes of a word, or those from its second or third on, stand there. */
const STEP = 3;
const GRAM = 4;
/** Shorter words could stand between two of the places that are looked at. */
export const SHORTEST_WORD = GRAM + STEP - 1;

/** A word may begin so many bytes before the place at hand. */
interface Candidate {
  readonly word: number;
  readonly before: number;
}

/** Which row holds which word. */
export interface WordInRow {
  readonly row: number;
  /** Place in the list of words. */
  readonly word: number;
}

const BITS = 16;

/** A gram as a number of few bits. */
function hashOf(gram: number): number {
  return Math.imul(gram, 0x9e3779b1) >>> (32 - BITS);
}

/**
 * Finds many words in the rows of a text column in one pass. To look for each word by itself reads the text as often as there are
 * words.
 */
export class WordSearch {
  private readonly words: readonly Uint8Array[];
  private readonly mayBe = new Uint8Array(1 << BITS);
  private readonly candidates = new Map<number, Candidate[]>();

  /** @throws RangeError for a word of fewer than `SHORTEST_WORD` bytes. */
  constructor(words: readonly string[]) {
    this.words = words.map((word) => Buffer.from(word));
    this.words.forEach((bytes, word) => {
      if (bytes.length < SHORTEST_WORD) throw new RangeError(`word search: "${words[word]}" is too short`);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      for (let before = 0; before < STEP; before++) {
        const gram = view.getInt32(before, true);
        this.mayBe[hashOf(gram)] = 1;
        this.candidates.set(gram, [...(this.candidates.get(gram) ?? []), { word, before }]);
      }
    });
  }

  /**
   * Rows whose text contains words, in their order and then in that of the words, each pair once.
   * @param offsets where the text of each row begins in `bytes`; one more than there are rows.
   */
  find(bytes: Uint8Array, offsets: ArrayLike<number>, rows: number): WordInRow[] {
    const end = offsets[rows];
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const found: WordInRow[] = [];
    const lastRow = new Int32Array(this.words.length).fill(-1);
    let row = 0;
    for (let at = 0; at + GRAM <= end; at += STEP) {
      const gram = view.getInt32(at, true);
      if (this.mayBe[hashOf(gram)] === 0) continue;
      for (const { word, before } of this.candidates.get(gram) ?? []) {
        const start = at - before;
        if (start < 0 || !this.standsAt(word, bytes, start)) continue;
        row = rowAt(offsets, start, row, rows);
        // A word may begin in one text and end in the next.
        if (lastRow[word] === row || start + this.words[word].length > offsets[row + 1]) continue;
        lastRow[word] = row;
        found.push({ row, word });
      }
    }
    return found.sort((a, b) => a.row - b.row || a.word - b.word);
  }

  private standsAt(word: number, bytes: Uint8Array, start: number): boolean {
    const wanted = this.words[word];
    for (let i = 0; i < wanted.length; i++) if (bytes[start + i] !== wanted[i]) return false;
    return true;
  }
}

/** The row whose text holds the byte at `at`; `near` holds one that is at most two bytes behind it. */
function rowAt(offsets: ArrayLike<number>, at: number, near: number, rows: number): number {
  let low = near;
  while (low > 0 && offsets[low] > at) low--;
  let step = 1;
  while (low + step < rows && offsets[low + step] <= at) step *= 2;
  let high = Math.min(low + step, rows) - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (offsets[middle] <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}
